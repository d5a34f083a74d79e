//! Manual pages and completions, read by the programs that they are for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use support::{Outcome, Sandbox, tools};

/// The commands that `--help` lists.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.run(&["--help"]).ok().stdout;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let first = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    listed.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).map(first).collect()
}

#[test]
fn each_command_has_a_page_that_groff_takes() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("pages")).unwrap();
    sandbox.run(&["man", "--out-dir", "pages"]).ok().says("manual pages written to pages");
    let commands = commands(&sandbox);
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands.iter().filter(|command| *command != "help") {
        let page = sandbox.path(&format!("pages/hsmcert-{command}.1"));
        let shown =
            tools::run(Command::new("groff").args(["-man", "-Tascii", "-P-bcou", "-ww"]).arg(&page), "groff-base");
        assert!(shown.contains(&format!("hsmcert-{command}")) && shown.contains("--json"), "{shown}");
    }
    let one = sandbox.run(&["man", "token", "list"]).ok().stdout;
    assert_eq!(one.as_bytes(), sandbox.read("pages/hsmcert-token-list.1"));
    sandbox.run(&["man", "--out-dir", "pages"]).fails(7).says("--force");
    sandbox.run(&["man", "frobnicate"]).fails(2).says("no command \"frobnicate\"");
}

/// In a terminal of 80 columns no example is torn, and no paragraph has a line that ends early.
#[test]
fn help_fits_into_eighty_columns() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("pages")).unwrap();
    sandbox.run(&["man", "--out-dir", "pages"]).ok();
    let pages = std::fs::read_dir(sandbox.path("pages")).unwrap().map(|page| page.unwrap().file_name());
    for page in pages.map(|page| page.into_string().unwrap()).filter(|page| page != "hsmcert.1") {
        let page = page.trim_start_matches("hsmcert-").trim_end_matches(".1");
        let names = commands(&sandbox);
        let first = names.iter().find(|name| page == *name || page.starts_with(&format!("{name}-"))).unwrap();
        let rest = page[first.len()..].trim_start_matches('-');
        let words = [first.as_str(), rest, "--help"].map(str::to_owned);
        let mut command = sandbox.hsmcert();
        let help = Outcome::of(command.args(words.iter().filter(|word| !word.is_empty())).env("COLUMNS", "80")).ok();
        let (_, after) = help.stdout.split_once("\nOutput:\n").unwrap();
        for paragraph in after.split("\n\n").skip(1) {
            let lines: Vec<&str> = paragraph.trim_end().lines().collect();
            // More options.
            if lines[0].starts_with(' ') || lines.get(1).is_some_and(|line| line.starts_with("      ")) {
                continue;
            }
            if lines[0].starts_with("Example") {
                let is_whole = |line: &&str| line.starts_with("  hsmcert ") || line.starts_with("    ");
                assert!(lines[1..].iter().all(is_whole), "{page}:\n{paragraph}");
                continue;
            }
            for (line, next) in lines.iter().zip(&lines[1..]) {
                let word = next.split(' ').next().unwrap();
                assert!(line.len() + 1 + word.len() > 80, "{page}: {line}\n{next}");
            }
        }
    }
}

/// What bash offers behind `hsmcert fi` and `hsmcert token te`.
#[test]
fn bash_completes_commands() {
    let sandbox = Sandbox::new();
    sandbox.write("completion", sandbox.run(&["completions", "bash"]).ok().stdout);
    for (words, expected) in [("hsmcert fi", "find-key"), ("hsmcert token te", "test")] {
        let script = format!(
            "source {}; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             _hsmcert hsmcert \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD - 1]}}\"; echo \"${{COMPREPLY[@]}}\"",
            sandbox.path("completion").display()
        );
        let offered = tools::run(Command::new("bash").args(["-c", &script]), "bash");
        assert_eq!(offered.trim(), expected);
    }
}

#[test]
fn every_shell_gets_a_script() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(sandbox.run(&["completions", shell]).ok().stdout.contains("find-key"), "{shell}");
    }
    sandbox.run(&["completions", "tcsh"]).exits(2);
}
