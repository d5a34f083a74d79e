//! hsmcert at a terminal, with somebody who answers.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use super::{SoftToken, spawnable};

/// Runs it at a terminal; exit code and all that was printed. `meanwhile` is done when it has asked, before it is answered.
pub fn at_terminal(
    token: &SoftToken,
    arguments: &[&str],
    answer: &str,
    meanwhile: impl FnOnce(),
) -> (Option<i32>, String) {
    let command = spawnable(&token.hsmcert());
    let line = format!("'{}' {}", command.get_program().to_str().unwrap(), arguments.join(" "));
    let mut script = Command::new("script");
    script.args(["-qec", &line, "/dev/null"]).current_dir(token.path("")).env_clear();
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let running = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut running = running.expect("install it with: apt-get install bsdutils");
    let (mut stdout, mut printed) = (running.stdout.take().unwrap(), Vec::new());
    while !String::from_utf8_lossy(&printed).contains("[y/N] ") {
        let mut part = [0; 1024];
        let count = stdout.read(&mut part).unwrap();
        assert!(count > 0, "it does not ask: {}", String::from_utf8_lossy(&printed));
        printed.extend(&part[..count]);
    }
    meanwhile();
    running.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    stdout.read_to_end(&mut printed).unwrap();
    (running.wait().unwrap().code(), String::from_utf8(printed).unwrap())
}
