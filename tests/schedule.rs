//! Files that start renewals, read by the programs that they are for or by their published schemas.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use support::{Sandbox, Server, SoftToken, free_port, tools};

/// What `schedule` prints for a target, with a token and a folder that need quotes.
fn printed(sandbox: &Sandbox, target: &str) -> String {
    let words =
        ["--module", "/opt/hsm/lib/p11.so", "--token", "web: farm #1 100%", "schedule", target, "/srv/my sites/*.toml"];
    let outcome = sandbox.run(&words).ok();
    assert!(outcome.stderr.contains("next: "), "{}", outcome.stderr);
    outcome.stdout
}

#[test]
fn systemd_takes_service_and_timer() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("units")).unwrap();
    let program = ["--program", "/bin/true", "--out-dir", "units"];
    sandbox
        .run(&[&["--token", "web: farm #1 100%", "schedule", "systemd", "/srv/my sites/*.toml"][..], &program].concat())
        .ok();
    let service = String::from_utf8(sandbox.read("units/hsmcert-renew.service")).unwrap();
    assert!(service.contains("LoadCredential=pin:/etc/hsmcert/pin\n"), "{service}");
    assert!(service.contains(r#" --token "web: farm #1 100%%" --pin-source %d/pin "#), "{service}");
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]).env("SYSTEMD_LOG_LEVEL", "warning");
    let said = verify.arg(sandbox.path("units/hsmcert-renew.service")).arg(sandbox.path("units/hsmcert-renew.timer"));
    let said = said.output().unwrap();
    assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr));
    sandbox.run(&[&["schedule", "systemd"][..], &program].concat()).fails(7).says("--force");
    let other = sandbox.run(&["--pin-source", "file:/run/pin", "schedule", "systemd"]).ok().stdout;
    assert!(other.contains("LoadCredential=pin:/run/pin\n"), "{other}");
    let of_command = sandbox.run(&["--pin-source", "|vault read pin", "schedule", "cron"]).ok().stdout;
    assert!(of_command.contains("--pin-source 'exec:vault read pin'"), "{of_command}");
}

/// A line of `/etc/cron.d` is five fields, a user and a command, in which a percent sign is escaped.
#[test]
fn the_line_of_cron_runs() {
    let sandbox = Sandbox::new();
    let text = printed(&sandbox, "cron");
    let line = text.lines().last().unwrap();
    let fields: Vec<_> = line.splitn(7, ' ').collect();
    assert!(fields[0].parse::<u8>().unwrap() < 60 && fields[2..6] == ["*", "*", "*", "root"], "{line}");
    assert!(fields[1].split(',').all(|hour| hour.parse::<u8>().unwrap() < 24), "{line}");
    assert!(fields[6].ends_with(" | logger -t hsmcert"), "{line}");
    // What sh makes of it.
    let command = fields[6].trim_end_matches(" | logger -t hsmcert").replace(r"\%", "%");
    let (_, arguments) = command.split_once(' ').unwrap();
    let words = tools::run(Command::new("sh").args(["-c", &format!("printf '%s\\n' {arguments}")]), "dash");
    assert!(words.contains("\nweb: farm #1 100%\n") && words.ends_with("\nrenew\n/srv/my sites/*.toml\n"), "{words}");
}

#[test]
fn pipelines_follow_their_schemas() {
    let sandbox = Sandbox::new();
    for (target, schema) in [("github", "vendor.github-workflows"), ("gitlab", "vendor.gitlab-ci")] {
        sandbox.write(&format!("{target}.yml"), printed(&sandbox, target));
        let file = sandbox.path(&format!("{target}.yml"));
        tools::run(
            tools::python("check-jsonschema").args(["--builtin-schema", schema]).arg(&file),
            "check-jsonschema (PyPI)",
        );
    }
}

#[test]
fn kubernetes_takes_the_cron_job() {
    let sandbox = Sandbox::new();
    sandbox.write("job.yaml", printed(&sandbox, "kubernetes"));
    let said = tools::run(
        tools::python("kubernetes-validate").arg("--strict").arg(sandbox.path("job.yaml")),
        "kubernetes-validate (PyPI)",
    );
    assert!(said.contains("cronjob/hsmcert-renew") || said.is_empty(), "{said}");
    assert!(String::from_utf8(sandbox.read("job.yaml")).unwrap().contains("path: \"/opt/hsm/lib\""));
}

#[test]
fn the_windows_task_is_xml() {
    let sandbox = Sandbox::new();
    sandbox.write("task.xml", printed(&sandbox, "windows-task"));
    let read = "import sys, xml.etree.ElementTree as E; n = '{http://schemas.microsoft.com/windows/2004/02/mit/task}'; \
                print(E.parse(sys.argv[1]).find(f'{n}Actions/{n}Exec/{n}Arguments').text)";
    let arguments = tools::run(Command::new("python3").args(["-c", read]).arg(sandbox.path("task.xml")), "python3");
    assert!(
        arguments.contains(r#"--token "web: farm #1 100%" --pin-source C:\ProgramData\hsmcert\pin"#),
        "{arguments}"
    );
}

#[test]
fn what_makes_no_schedule_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.run(&["--trial", "schedule", "cron"]).fails(2).says("not for a schedule");
    sandbox.run(&["--pin-source", "-", "schedule", "cron"]).fails(2).says("exec:COMMAND");
    sandbox.run(&["schedule", "at"]).exits(2);
    sandbox.run(&["schedule", "systemd", "--out-dir", "missing"]).fails(10).says("does not exist");
}

/// The commands of the shipped workflow, from an empty machine's state to a served certificate, and once more.
#[test]
fn the_pipeline_renews_once() {
    let token = SoftToken::new();
    std::fs::create_dir(token.path("sites")).unwrap();
    token.write(
        "sites/www.toml",
        "[subject]\ncn = \"localhost\"\n[san]\ndns = [\"localhost\"]\n[renewal]\nca = \"dev\"\n",
    );
    let workflow = token.run(&["schedule", "github"]).ok().stdout;
    token.write("workflow.yml", &workflow);
    let step = "import sys, yaml; print(yaml.safe_load(open(sys.argv[1]))['jobs']['renew']['steps'][1]['run'])";
    token.write(
        "step.sh",
        tools::run(tools::python("python").args(["-c", step]).arg(token.path("workflow.yml")), "pyyaml"),
    );
    let run = || {
        for file in ["summary", "output"] {
            token.write(file, "");
        }
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_hsmcert")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let mut bash = support::spawnable(&token.hsmcert());
        let environment: Vec<_> =
            bash.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
        bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "step.sh"])
            .current_dir(token.path(""))
            .envs(environment);
        bash.env("PATH", path).env("GITHUB_STEP_SUMMARY", "summary").env("GITHUB_OUTPUT", "output");
        let log = tools::run(&mut bash, "bash");
        (log, String::from_utf8(token.read("output")).unwrap(), String::from_utf8(token.read("summary")).unwrap())
    };
    let (log, output, summary) = run();
    assert!(log.contains("localhost: ") && summary.contains(log.trim()), "{log}\n{summary}");
    assert_eq!(output, "renewed=true\n");
    let issued = token.read("sites/www.fullchain.pem");

    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let mut serve = support::spawnable(&token.hsmcert());
    serve.args(["serve", "sites/www.crt.pem", "--listen", &listen]);
    let _server = Server::start(&token, &mut serve, port);
    let url = format!("https://localhost:{port}/");
    let page =
        tools::run_program("curl", "curl", &token.path(""), &["-sS", "--cacert", "sites/www.fullchain.pem", &url]);
    assert!(page.contains("localhost"), "{page}");

    let (log, output, _) = run();
    assert!(log.contains("not due"), "{log}");
    assert_eq!(output, "renewed=false\n");
    assert_eq!(token.read("sites/www.fullchain.pem"), issued);
}

/// Timers have no shell that expands patterns.
#[test]
fn patterns_are_expanded_by_hsmcert() {
    let sandbox = Sandbox::new();
    for name in ["b.toml", "a.toml", ".hidden.toml", "c.txt"] {
        sandbox.write(name, "[subject]\ncn = \"www.example.com\"\n[san]\ndns = [\"www.example.com\"]\n");
    }
    let linted = sandbox.run(&["lint", "*.toml", "--json"]).ok().json();
    let files: Vec<_> = linted["files"].as_array().unwrap().iter().map(|file| file["file"].as_str().unwrap()).collect();
    assert_eq!(files, ["a.toml", "b.toml"]);
    sandbox.run(&["lint", "*.inf"]).fails(10).says("*.inf: no such file");
    sandbox.write("d?.toml", "[subject]\ncn = \"www.example.com\"\n");
    sandbox.run(&["lint", "d?.toml"]).ok().says("d?.toml");
}

#[test]
fn the_targets_are_told_where_none_is_named() {
    let told = Sandbox::new().run(&["schedule"]).fails(2).says("no target is named");
    assert_eq!(told.stderr.matches("hint: hsmcert schedule ").count(), 6, "{told:?}");
    told.says("hint: hsmcert schedule windows-task a task for Windows' Task Scheduler");
}
