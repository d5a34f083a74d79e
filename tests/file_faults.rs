//! Every system call by which a command changes a file fails, or the process is killed before it, and disks are full or
//! read-only. After each case token, files and memory are as before the command or as after it, or in a state that is written
//! down (`tests/support/fault_cases.rs`) and that the next run finishes; no file is half, and no temporary one stays for good.
//!
//! Files of the module's token are the module's. The common run takes one fault at each call; `HSMCERT_FAULTS=full` takes all
//! (docs/testing.md).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::fault_cases::{self as cases, Case, EC, RSA};
use support::{CHANGING, End, Fault, FileCall, Outcome, SoftToken, is_full_run, spawnable, strace, struck, traced};

/// What a file system may answer, and how that reads.
const ERRORS: [(&str, &str); 4] = [
    ("ENOSPC", "No space left on device"),
    ("EIO", "Input/output error"),
    ("EROFS", "Read-only file system"),
    ("EACCES", "Permission denied"),
];

/// A run with one fault, which must have hit what it was meant for.
fn at(token: &SoftToken, arguments: &[&str], call: &FileCall, injection: &str) -> Outcome {
    let outcome = strace(token, CHANGING, arguments, Some(injection));
    let hit = struck(token).map(|struck| struck.deed());
    assert_eq!(hit.as_deref(), Some(call.deed().as_str()), "{injection}\n{outcome:#?}");
    outcome
}

/// How a command ends whose call failed.
fn end_of(call: &FileCall, reason: &str) -> End {
    let says = match call.line.split('<').next() {
        Some("write(1") => vec!["could not be written to stdout".to_owned(), reason.to_owned()],
        // Nobody hears it, and all is done.
        Some("write(2") => vec![],
        _ => vec![reason.to_owned()],
    };
    End::Fails(10..=10, says)
}

fn run(case: &Case) {
    let (matrix, token) = (case.matrix(), &case.token);
    let mut trial = matrix.start(token, || strace(token, CHANGING, matrix.arguments, None));
    let calls: Vec<FileCall> = traced(token).into_iter().filter(|call| !call.is_of_token()).collect();
    for (index, call) in calls.iter().enumerate() {
        let place = format!("{} ({} of {})", call.deed(), index + 1, calls.len());
        let everything = is_full_run();
        let count = if everything { ERRORS.len() } else { index % 2 };
        for (error, reason) in (0..count).map(|number| ERRORS[(index / 2 + number) % ERRORS.len()]) {
            let fault = Fault { name: format!("{place} {error}"), end: end_of(call, reason) };
            trial.meets(&fault, || at(token, matrix.arguments, call, &call.fail(error)));
        }
        if everything || index % 2 == 0 {
            let fault = Fault { name: format!("{place} killed"), end: End::Killed };
            trial.meets(&fault, || at(token, matrix.arguments, call, &call.kill()));
        }
    }
    trial.ends(&format!("{} system calls", calls.len()));
}

#[test]
fn new() {
    run(&cases::new(EC));
}

#[test]
fn new_rsa() {
    run(&cases::new(RSA));
}

#[test]
fn self_signed() {
    run(&cases::self_signed(EC));
}

#[test]
fn accept() {
    run(&cases::accept(EC));
}

#[test]
fn accept_another() {
    run(&cases::accept_another(EC));
}

#[test]
fn renew() {
    run(&cases::renew(EC));
}

#[test]
fn rename() {
    run(&cases::rename(EC));
}

#[test]
fn delete_key() {
    run(&cases::delete_key(EC));
}

/// What a disk is like while a command runs: a script that makes it so for a folder, and one that ends it.
const DISKS: [(&str, &str, &str); 2] = [
    (
        "full",
        r#"cp -a "$FOLDER" "$FOLDER.in"; mount -t tmpfs -o size=256k none "$FOLDER"; cp -a "$FOLDER.in/." "$FOLDER/"
           cat /dev/zero > "$FOLDER/filler" 2>/dev/null"#,
        r#"rm -r "$FOLDER/filler" "$FOLDER.in"; cp -a "$FOLDER" "$FOLDER.out""#,
    ),
    // What was mounted with these restrictions cannot be mounted without them here.
    ("read-only", r#"mount --bind "$FOLDER" "$FOLDER"; mount -o remount,bind,ro,nosuid,nodev,noexec "$FOLDER""#, ""),
];

/// hsmcert in a namespace in which a folder is on such a disk.
fn on_disk(token: &SoftToken, folder: &str, (begin, end): (&str, &str), arguments: &[&str]) -> Outcome {
    let (folder, hsmcert) = (token.folder().join(folder), spawnable(&token.hsmcert()));
    let script = format!("{begin}\n(cd \"$WORK\" && \"$@\"); code=$?\n{end}\nexit $code");
    let mut command = assert_cmd::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", &script, "sh"]);
    command.arg(hsmcert.get_program()).args(arguments).env_clear().current_dir(token.folder());
    command.envs(hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("FOLDER", &folder).env("WORK", token.path(""));
    let outcome = Outcome::of(&mut command);
    let copied = folder.with_extension("out");
    if copied.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::rename(copied, &folder).unwrap();
    }
    outcome
}

/// By the kernel, and not by strace.
#[test]
fn full_and_read_only_disks() {
    for case in [cases::new(EC), cases::accept(EC), cases::renew(EC), cases::rename(EC), cases::delete_key(EC)] {
        let (matrix, token) = (case.matrix(), &case.token);
        let mut trial = matrix.start(token, || token.run(matrix.arguments));
        for ((disk, begin, end), folder) in DISKS.iter().flat_map(|disk| ["work", "state"].map(|folder| (disk, folder)))
        {
            let fault = Fault { name: format!("{folder} on a {disk} disk"), end: End::Fails(10..=10, vec![]) };
            trial.meets(&fault, || on_disk(token, folder, (begin, end), matrix.arguments));
        }
        trial.ends("4 disks");
    }
}
