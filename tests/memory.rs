//! After the login no PIN is left in the memory of the process, and no other process of the user may look into it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::FileExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use support::{Shim, SoftToken};

/// A process that waits in the first call after the login, and is ended with the test.
struct LoggedIn(Child, u32);

impl LoggedIn {
    /// `typed` goes to its stdin; `program` is what becomes the process or starts it.
    fn start(shim: &Shim<'_>, mut command: Command, typed: &str) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Left open: a terminal that ends would end the process too.
        child.stdin.as_mut().unwrap().write_all(typed.as_bytes()).unwrap();
        let mut running = Self(child, 0);
        let end = Instant::now() + Duration::from_secs(60);
        while shim.count("C_Login") == 0 {
            assert!(running.0.try_wait().unwrap().is_none() && Instant::now() < end, "no login");
            std::thread::sleep(Duration::from_millis(20));
        }
        running.1 = descendant(running.0.id());
        running
    }

    /// How often the text is in what the process can write to.
    fn holds(&self, text: &str) -> usize {
        // Time for what wipes to come to its end.
        std::thread::sleep(Duration::from_millis(300));
        let maps = fs::read_to_string(format!("/proc/{}/maps", self.1)).unwrap();
        let memory = fs::File::open(format!("/proc/{}/mem", self.1)).unwrap();
        let (mut found, mut looked_at) = (0, 0);
        for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|flags| flags.starts_with("rw"))) {
            let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
            let number = |text: &str| u64::from_str_radix(text, 16).unwrap();
            let (start, end) = (number(start), number(end));
            let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
            // A guard page or a device has nothing to read.
            if memory.read_exact_at(&mut bytes, start).is_ok() {
                looked_at += bytes.len();
                found += bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count();
            }
        }
        assert!(looked_at > 100_000, "the memory was not read");
        found
    }
}

impl Drop for LoggedIn {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-KILL", &self.1.to_string()]).status();
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The last of the processes that it has started.
fn descendant(id: u32) -> u32 {
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
    children.split_whitespace().next().map_or(id, |child| descendant(child.parse().unwrap()))
}

fn waiting(shim: &Shim<'_>, more: &[&str]) -> Command {
    let mut command = support::spawnable(&shim.hsmcert());
    command.env_remove("HSMCERT_PIN").args(["find-key", "--label", "x"]).args(more);
    command
}

#[test]
fn the_pin_is_wiped_after_the_login() {
    let token = SoftToken::new();
    let file = token.folder().join("pin");
    fs::write(&file, format!("{}\n", SoftToken::PIN)).unwrap();
    let file = file.to_str().unwrap();
    let hanging = || Shim::before(&token).hanging("C_FindObjectsInit:1");
    let of_command = format!("exec:cat {file}");
    for (source, typed) in [(file, String::new()), (&of_command, String::new()), ("-", format!("{}\n", SoftToken::PIN))]
    {
        let shim = hanging();
        shim.forget();
        let process = LoggedIn::start(&shim, waiting(&shim, &["--pin-source", source]), &typed);
        assert_eq!(process.holds(SoftToken::PIN), 0, "from {source}");
    }
    // Of two processes the one that does not log in never has it.
    let shim = hanging();
    shim.forget();
    let isolated = waiting(&shim, &["--isolate", "--pin-source", "-"]);
    let mut process = LoggedIn::start(&shim, isolated, &format!("{}\n", SoftToken::PIN));
    assert_ne!(process.1, process.0.id());
    assert_eq!(process.holds(SoftToken::PIN), 0, "in the child");
    let child = std::mem::replace(&mut process.1, process.0.id());
    assert_eq!(process.holds(SoftToken::PIN), 0, "in the parent");
    process.1 = child;
    drop(process);
    // The test finds what is there: an environment variable cannot be wiped (docs/token.md).
    let shim = hanging();
    shim.forget();
    let mut command = waiting(&shim, &[]);
    command.env("HSMCERT_PIN", SoftToken::PIN);
    assert!(LoggedIn::start(&shim, command, "").holds(SoftToken::PIN) > 0);
}

#[test]
fn a_pin_that_is_typed_is_wiped_too() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).hanging("C_FindObjectsInit:1");
    let inner = waiting(&shim, &[]);
    let line = std::iter::once(inner.get_program()).chain(inner.get_args());
    let line: Vec<_> = line.map(|word| word.to_str().unwrap()).collect();
    let mut script = Command::new("script");
    script.args(["--quiet", "--command", &format!("exec {}", line.join(" ")), "/dev/null"]).env_clear();
    script.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(token.path(""));
    let process = LoggedIn::start(&shim, script, &format!("{}\n", SoftToken::PIN));
    assert_eq!(process.holds(SoftToken::PIN), 0);
}

/// `PR_SET_DUMPABLE`: what is in `/proc/PID` belongs to root (prctl(2), proc(5)). `RLIMIT_CORE`: no core file, even where the
/// user wants some.
#[test]
fn nobody_else_looks_into_the_process_and_it_leaves_no_core_file() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::ExitStatusExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    // Where a user without rights can start it.
    let program = folder.path().join("hsmcert");
    fs::copy(env!("CARGO_BIN_EXE_hsmcert"), &program).unwrap();
    let own = fs::metadata("/proc/self").unwrap().uid();
    let mut command = Command::new("prlimit");
    command.args(["--core=unlimited:unlimited"]);
    if own == 0 {
        command.args(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    command.arg(&program);
    // It waits for the rest of its stdin.
    command.args(["lint", "-"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut process = LoggedIn(command.spawn().unwrap(), 0);
    process.1 = process.0.id();
    let (place, end) = (format!("/proc/{}", process.1), Instant::now() + Duration::from_secs(60));
    let is_it = || fs::read_to_string(format!("{place}/comm")).is_ok_and(|name| name.trim() == "hsmcert");
    while !(is_it() && fs::metadata(format!("{place}/mem")).unwrap().uid() == 0) {
        assert!(Instant::now() < end, "it can be looked into");
        std::thread::sleep(Duration::from_millis(20));
    }
    let limits = fs::read_to_string(format!("{place}/limits")).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().collect::<Vec<_>>()[4..6], ["0", "unlimited"], "soft and hard");
    assert!(Command::new("kill").args(["-ABRT", &process.1.to_string()]).status().unwrap().success());
    let status = process.0.wait().unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(6), false));
}
