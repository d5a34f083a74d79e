//! Asking before something that cannot be undone.

use std::io::{BufRead as _, Write as _};

use super::failure::Failure;
use super::pin::can_ask;
use super::report::{Report, shown};

/// Refuses early what [`confirm`] would refuse: nobody is there, or who wants JSON does not see what the question is about.
pub(super) fn check_possible(yes: bool, report: &Report) -> Result<(), Failure> {
    if yes || (can_ask(report) && !report.is_json()) {
        return Ok(());
    }
    Err(Failure::usage("nobody can be asked, and this cannot be undone").hint("confirm it with --yes"))
}

/// Goes on when `--yes` was given or the question is answered by yes.
#[allow(clippy::print_stderr, reason = "a question, like a PIN prompt, is for the terminal and no output")]
pub(super) fn confirm(question: &str, yes: bool, report: &Report) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    check_possible(yes, report)?;
    eprint!("{} [y/N] ", shown(question));
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    // An unreadable answer is none.
    let _ = std::io::stdin().lock().read_line(&mut answer);
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::usage("not confirmed, so nothing was changed")),
    }
}
