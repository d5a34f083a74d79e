//! The one place that prints. The result goes to stdout, everything else to stderr: lower case, no full stop,
//! one line each. With `--json` the result is one object on stdout and a failure one on stderr; what else is said is
//! part of them.

mod said;

use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::sync::{Arc, OnceLock};

use hsmcert::ErrorKind;
use serde::Serialize;

use super::failure::Failure;
use super::{diagnostics, exit, json};
use said::{Beside, Said, WithBeside};

/// How to print. A clone is the same report.
#[derive(Debug, Clone)]
pub(super) struct Report {
    json: bool,
    quiet: bool,
    verbose: u8,
    said: Said,
    /// Why a result did not get to where stdout leads.
    undelivered: Arc<OnceLock<io::Error>>,
}

/// A failure as JSON.
#[derive(Serialize)]
pub(super) struct JsonFailure<'a> {
    code: &'static str,
    exit_code: u8,
    message: &'a str,
    causes: &'a [String],
    hints: &'a [String],
    retryable: bool,
}

impl<'a> JsonFailure<'a> {
    pub(super) fn new(failure: &'a Failure) -> Self {
        let (exit_code, code) = exit::code(failure.kind);
        Self {
            code,
            exit_code,
            message: &failure.message,
            causes: &failure.causes,
            hints: &failure.hints,
            retryable: failure.retryable,
        }
    }
}

impl Report {
    pub(super) fn new(json: bool, quiet: bool, verbose: u8) -> Self {
        Self { json, quiet, verbose, said: Said::default(), undelivered: Arc::default() }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet
    }

    pub(super) fn shows_calls(&self) -> bool {
        self.verbose >= 2 && !self.quiet
    }

    /// The result: one object, or text.
    pub(super) fn result(&self, object: &impl Serialize, text: &str) {
        self.result_in_pieces(object, |out| out.write_all(text.as_bytes()));
    }

    /// The same for a text that is too long to be held as a whole.
    pub(super) fn result_in_pieces(
        &self,
        object: &impl Serialize,
        text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = if self.json {
            let object = WithBeside { object, beside: self.said.take() };
            json::write(&object, &mut out)
        } else if self.quiet {
            Ok(())
        } else {
            text(&mut out)
        }
        .and_then(|()| out.flush());
        self.notice(written);
    }

    /// A piece of a result that is long in coming; with `--json` all of it comes at the end.
    pub(super) fn piece(&self, text: &str) {
        if !self.json && !self.quiet {
            self.stdout(text.as_bytes());
        }
    }

    /// Bytes that are the result themselves, such as a CSR on stdout.
    pub(super) fn stdout(&self, bytes: &[u8]) {
        self.notice(self.document(bytes));
    }

    /// The same for what nobody has if it does not arrive.
    ///
    /// # Errors
    /// Also when the reader went away.
    pub(super) fn document(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    }

    /// A reader that went away (`| head`) is no failure of ours; a disk that is full is.
    fn notice(&self, written: io::Result<()>) {
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            let _ = self.undelivered.set(error);
        }
    }

    /// Whether all results of a command that is done got to where stdout leads.
    pub(super) fn delivered(&self) -> Result<(), Failure> {
        match self.undelivered.get() {
            None => Ok(()),
            Some(error) => Err(Failure::new(
                ErrorKind::Io,
                format!("the command is done, but its result could not be written to stdout: {error}"),
            )),
        }
    }

    /// Something that the user should know.
    pub(super) fn note(&self, text: &str) {
        if self.json {
            self.keep(|beside| beside.notes.push(text.to_owned()));
        } else if !self.quiet {
            say(&format!("note: {}\n", shown(text)));
        }
    }

    /// What somebody must do now, with the device: a JSON object at the end would be too late for whoever is there.
    pub(super) fn at_device(&self, text: &str) {
        if self.json && !io::stderr().is_terminal() {
            self.note(text);
        } else if !self.quiet {
            say(&format!("{}\n", shown(text)));
        }
    }

    /// Something that is probably not what the user wants.
    pub(super) fn warning(&self, text: &str) {
        if self.json {
            self.keep(|beside| beside.warnings.push(text.to_owned()));
        } else if !self.quiet {
            say(&format!("warning: {}\n", shown(text)));
        }
    }

    /// Whether somebody looks at [`Report::progress`]; with `-vv` the calls show how far a work is.
    pub(super) fn shows_progress(&self) -> bool {
        !self.quiet && !self.json && self.verbose < 2 && io::stderr().is_terminal()
    }

    /// How far a long work is: one line at a terminal, which is written again.
    pub(super) fn progress(&self, text: &str) {
        if self.shows_progress() {
            say(&format!("\r{}\u{1b}[K", shown(text)));
        }
    }

    /// Takes the line of [`Report::progress`] away.
    pub(super) fn progress_end(&self) {
        if self.shows_progress() {
            say("\r\u{1b}[K");
        }
    }

    /// Text beside a result that went to stdout.
    pub(super) fn aside(&self, text: &str) {
        if !self.quiet && !self.json {
            say(text);
        }
    }

    /// Why something was chosen (`-v`).
    pub(super) fn choice(&self, text: &str) {
        if self.verbose == 0 || self.quiet {
            return;
        }
        if self.json {
            self.keep(|beside| beside.explanations.push(text.to_owned()));
        } else {
            say(&format!("{}\n", shown(text)));
        }
    }

    /// With `--json`, for the next object; behind the result, as an object of its own on stderr.
    fn keep(&self, say: impl FnOnce(&mut Beside)) {
        if let Some(late) = self.said.keep(say) {
            let _ = json::write(&late, BufWriter::new(io::stderr().lock()));
        }
    }

    /// The findings of a good request file.
    pub(super) fn diagnostics(&self, source: &hsmcert::spec::Source, found: &[hsmcert::spec::Diagnostic]) {
        if self.json {
            self.keep(|beside| beside.diagnostics.extend(diagnostics::json(source, found)));
        } else {
            self.drawn(source, found);
        }
    }

    /// The same for a command whose result has them.
    pub(super) fn drawn(&self, source: &hsmcert::spec::Source, found: &[hsmcert::spec::Diagnostic]) {
        for diagnostic in found {
            self.aside(&diagnostics::draw(source, diagnostic));
        }
    }

    /// The failure, on stderr; its exit code.
    pub(super) fn failure(&self, failure: &Failure) -> u8 {
        let (number, _) = exit::code(failure.kind);
        if failure.kind == ErrorKind::Renewed {
            // Nothing went wrong: the exit code is all that was asked for.
            return number;
        }
        if self.json {
            let object = JsonFailure::new(failure);
            let mut beside = self.said.take();
            if let Some(invalid) = failure.invalid.as_deref() {
                beside.diagnostics.extend(diagnostics::json(&invalid.source, &invalid.diagnostics));
            }
            let object = WithBeside { object: &object, beside };
            let _ = json::write(&object, BufWriter::new(io::stderr().lock()));
            return number;
        }
        self.finding(failure);
        if let Some(invalid) = &failure.invalid {
            say(&format!("error: {}: {}\n", shown(&invalid.source.name), failure.nothing_done));
        }
        number
    }

    /// What one of several files failed with; with `--json` that is part of the result.
    pub(super) fn finding(&self, failure: &Failure) {
        if self.json {
            return;
        }
        match &failure.invalid {
            Some(invalid) => {
                for diagnostic in &invalid.diagnostics {
                    say(&diagnostics::draw(&invalid.source, diagnostic));
                }
            }
            None => say(&format!("error: {}\n", shown(&failure.message))),
        }
        for cause in &failure.causes {
            say(&format!("caused by: {}\n", shown(cause)));
        }
        for hint in &failure.hints {
            say(&format!("hint: {}\n", shown(hint)));
        }
    }
}

/// Text on stderr. Where it cannot be written there is no place left to say so, and the work goes on: the macros of the
/// standard library would panic in the middle of it.
pub(super) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Control characters, and direction overrides, which make a line read as something else.
pub(super) fn is_steering(character: char) -> bool {
    character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text from a token or file with its control characters escaped: labels can hold terminal sequences.
pub(super) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_steering(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(shown("a\u{1b}[31mb\nc\u{202e}"), "a\\u{1b}[31mb\\nc\\u{202e}");
    }
}
