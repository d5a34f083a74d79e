//! A command meets one fault after the other, each time on the same token, and what each leaves is judged.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::company::records;
use super::{Class, Object, Outcome, Snapshot, SoftToken};

/// Whether all faults are tried, instead of a part of them.
pub fn is_full_run() -> bool {
    std::env::var("HSMCERT_FAULTS").is_ok_and(|value| value == "full")
}

/// A command that changes a token, and what may be between before and after.
#[derive(Debug)]
pub struct Matrix<'a> {
    pub name: &'a str,
    pub arguments: &'a [&'a str],
    /// What else finishes it, where the same command cannot.
    pub otherwise: &'a [&'a str],
    /// Objects before, and those that are left.
    pub between: fn(&[Object], &[Object]) -> bool,
}

/// Nothing is: all is done or nothing.
pub fn nothing_between(_: &[Object], _: &[Object]) -> bool {
    false
}

/// What goes wrong in one run.
#[derive(Debug)]
pub struct Fault {
    pub name: String,
    pub end: End,
}

/// How a run may end, beside success.
#[derive(Debug)]
pub enum End {
    /// It is killed, and the next one finishes whatever it has left.
    Killed,
    /// The same with code 4 and these words: it can do nothing more.
    GivesUp(String),
    /// With one of these codes and all of these words, and what it leaves is settled.
    Fails(RangeInclusive<i32>, Vec<String>),
}

/// What there is, without what each run chooses anew.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    objects: Vec<String>,
    files: Vec<String>,
    memory: Vec<String>,
}

/// The faults of a command.
#[derive(Debug)]
pub struct Trial<'a, 't> {
    matrix: &'a Matrix<'a>,
    token: &'t SoftToken,
    snapshot: Snapshot,
    objects: Vec<Object>,
    before: Shape,
    after: Shape,
    cases: usize,
    finished: usize,
    complaints: Vec<String>,
}

impl<'a> Matrix<'a> {
    /// Looks at the token, and what a good run makes of it.
    pub fn start<'t>(&'a self, token: &'t SoftToken, good: impl FnOnce() -> Outcome) -> Trial<'a, 't> {
        let snapshot = Snapshot::of(token.folder());
        let (objects, before) = (token.objects(), shape(token));
        good().ok();
        let after = shape(token);
        assert_ne!(before, after, "{}: a command that changes nothing proves nothing", self.name);
        Trial { matrix: self, token, snapshot, objects, before, after, cases: 0, finished: 0, complaints: Vec::new() }
    }
}

impl Trial<'_, '_> {
    pub fn restore(&self) {
        self.snapshot.restore();
    }

    /// One run with a fault, and the next one without.
    pub fn meets(&mut self, fault: &Fault, run: impl FnOnce() -> Outcome) {
        self.restore();
        let outcome = run();
        self.cases += 1;
        let (left, strays) = (shape(self.token), strays(self.token));
        if let Some(complaint) = self.complaint(fault, &outcome, &left, &strays) {
            self.complain(fault, complaint, &outcome, &format!("{left:#?} {strays:?}"));
        }
        if left == self.after && strays.is_empty() {
            return;
        }
        self.finished += 1;
        // What is younger than an hour may be of a run that is at work.
        for stray in strays {
            let file = std::fs::File::options().write(true).open(stray).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(2 * 3_600)).unwrap();
        }
        let mut again = self.token.run(self.matrix.arguments);
        if again.code != Some(0) && !self.matrix.otherwise.is_empty() {
            again = self.token.run(self.matrix.otherwise);
        }
        let (left, strays) = (shape(self.token), self::strays(self.token));
        if again.code != Some(0) || left != self.after || !strays.is_empty() {
            let left = format!("before it: code {:?}\n{}\n{left:#?} {strays:?}", outcome.code, outcome.stderr);
            self.complain(fault, "the next run does not finish it", &again, &left);
        }
    }

    fn complaint(&self, fault: &Fault, outcome: &Outcome, left: &Shape, strays: &[PathBuf]) -> Option<&'static str> {
        let Self { matrix, token, objects, before, after, .. } = self;
        if outcome.stderr.contains("panicked") {
            return Some("it panics");
        }
        let is_told = |text: &String| outcome.stderr.contains(text);
        let (code, codes, says) = match (&fault.end, outcome.code) {
            (End::Killed, None) => return None,
            (End::Killed, Some(_)) => return Some("it is not killed"),
            (_, None) => return Some("it is killed by something"),
            (End::GivesUp(says), code) => {
                return (code != Some(4) || !is_told(says)).then_some("it does not say which call it was");
            }
            (End::Fails(codes, says), Some(code)) => (code, codes, says),
        };
        let is_forgotten = (&left.objects, &left.files) == (&after.objects, &after.files);
        match code {
            _ if !strays.is_empty() => Some("it leaves a temporary file"),
            0 if left == after => None,
            0 if is_forgotten && outcome.stderr.contains("remembered") => None,
            0 => Some("it says that it is done"),
            code if !codes.contains(&code) => Some("that is no way to end"),
            _ if !says.iter().all(is_told) => Some("it does not say what was wrong"),
            // What fails when all is done, as the end of the session, may be told.
            _ if left == before || left == after => None,
            _ if (matrix.between)(objects, &token.objects()) => None,
            _ => Some("it leaves something that nobody has written down"),
        }
    }

    fn complain(&mut self, fault: &Fault, complaint: &str, outcome: &Outcome, left: &str) {
        let Fault { name, .. } = fault;
        self.complaints.push(format!("{name}: {complaint}: code {:?}\n{}\n{left}", outcome.code, outcome.stderr));
    }

    /// The figures, in one line.
    #[allow(clippy::print_stdout, reason = "the number of cases is part of the result")]
    #[track_caller]
    pub fn ends(self, places: &str) {
        let Self { matrix, cases, finished, complaints, .. } = self;
        println!("{}: {places}, {cases} faults, {finished} times finished by the next run", matrix.name);
        assert_ne!(finished, 0, "faults that nobody notices prove nothing");
        assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n\n"));
    }
}

fn shape(token: &SoftToken) -> Shape {
    let all = token.objects();
    let is_linked = |object: &Object| all.iter().any(|one| one.class == Class::Private && one.id == object.id);
    let object = |one: &Object| {
        format!("{:?} {}{}", one.class, anonymous(&one.label), if is_linked(one) { "" } else { ", alone" })
    };
    let mut objects: Vec<_> = all.iter().map(object).collect();
    objects.sort();
    let files: Vec<String> = token.files().into_iter().filter(|name| !name.starts_with(".hsmcert-")).collect();
    for name in &files {
        is_whole(name, &token.read(name));
    }
    let folder = token.folder();
    let memory = if folder.join("state/hsmcert").exists() { records(folder) } else { Vec::new() };
    let mut memory: Vec<_> = memory.iter().map(remembered).collect();
    memory.sort();
    Shape { objects, files, memory }
}

/// A renewal's label without id or day.
fn anonymous(label: &str) -> String {
    match label.rsplit_once('.') {
        Some((name, id)) if id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) => format!("{name}.*"),
        _ => label.to_owned(),
    }
}

#[track_caller]
fn is_whole(name: &str, content: &[u8]) {
    let text = String::from_utf8_lossy(content);
    let (begun, ended) = (text.matches("-----BEGIN ").count(), text.matches("-----END ").count());
    let is_pem = name.contains(".pem");
    assert!(
        !content.is_empty() && (!is_pem || (begun > 0 && begun == ended && text.ends_with("-----\n"))),
        "{name}: {text}"
    );
}

/// A record: of which label, and how far it is.
fn remembered(record: &Value) -> String {
    let has = |name: &str| if record[name].is_null() { String::new() } else { format!(" {name}") };
    let label = anonymous(record["label"].as_str().unwrap());
    format!("{label}{}{}{}{}", has("request"), has("accepted"), has("renewal"), has("superseded"))
}

/// Temporary files, which only a run that was killed leaves.
fn strays(token: &SoftToken) -> Vec<PathBuf> {
    let folders = ["work", "state/hsmcert", "data/hsmcert/dev-ca"].map(|name| token.folder().join(name));
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(".hsmcert-")).collect()
}
