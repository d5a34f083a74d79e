//! What the programs are given that hsmcert starts (PIN commands, hooks, CAs, its own child): no PIN, no secret of a CA, and
//! nothing that is not documented. Looked at from outside, by strace.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::company::{Company, NAME, spec};
use support::{Outcome, SoftToken, spawnable};

/// Secrets in hsmcert's own environment; none of them is for anybody else.
const SECRETS: [(&str, &str); 6] = [
    ("HSMCERT_SO_PIN", "officer-8Kd2"),
    ("CLOUDHSM_PIN", "user:cloud-5tWq"),
    ("n3fips_password", "user:fips-9pLz"),
    ("VAULT_SECRET", "hvs.vault-3nRb"),
    ("EST_PASSWORD", "est-7xJc"),
    ("EAB_KEY", "ZWFiLTRtVHM"),
];

/// CAs that are configured and not asked: where their secrets are is known all the same.
const OTHER_CAS: &str = "
[ca.vault]
type = 'vault'
url = 'https://vault.example.com'
role = 'web'
login = { method = 'token', token-source = 'env:VAULT_SECRET' }
[ca.est]
type = 'est'
url = 'https://est.example.com'
user = 'machine'
password-source = 'env:EST_PASSWORD'
[ca.acme]
type = 'acme'
directory = 'https://acme.example.com'
terms-of-service-agreed = true
challenge = 'http-01'
eab-key-id = 'account'
eab-key-source = 'env:EAB_KEY'
";

const HOOKS: &str = "ca = 'company'\npre = ['sh', 'hook.sh']\npost = ['sh', 'hook.sh']\n\
                     deploy = [{ command = ['sh', 'hook.sh'], env = ['FOR_THE_HOOK'] }]";

/// A renewal with all commands that there can be; the PIN comes from one, too.
fn company() -> Company {
    let company = Company::new();
    let configured = String::from_utf8(company.token.read("hsmcert.toml")).unwrap();
    company.token.write("hsmcert.toml", configured + OTHER_CAS);
    company.token.write("web.toml", spec(NAME, HOOKS));
    company.token.write("hook.sh", "env > hook.env\n");
    std::fs::write(company.token.folder().join("pin"), SoftToken::PIN).unwrap();
    company
}

/// One program that was started.
struct Started {
    program: String,
    /// Arguments and environment, as strace writes them.
    given: String,
}

/// Renews under strace; all that was started, hsmcert first.
fn started(token: &SoftToken, more: &[&str]) -> Vec<Started> {
    let hsmcert = spawnable(&token.hsmcert());
    let trace = token.folder().join("trace");
    let mut command = assert_cmd::Command::new("strace");
    command.args(["-f", "-qq", "-v", "-s", "100000", "-e", "trace=execve", "-e", "signal=none", "-o"]).arg(&trace);
    command.arg(hsmcert.get_program()).args(["renew", "web.toml", "--force"]).args(more).env_clear();
    command.envs(hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(token.path(""));
    command.env_remove("HSMCERT_PIN").envs(SECRETS).env("FOR_THE_HOOK", "yes");
    let pin_source = format!("exec:cat {}", token.folder().join("pin").display());
    Outcome::of(command.args(["--pin-source", &pin_source])).ok();
    let trace = std::fs::read_to_string(trace).unwrap();
    let started = trace.lines().filter(|line| line.ends_with(" = 0")).map(|line| {
        let (program, given) = line.split_once("execve(\"").unwrap().1.split_once("\", ").unwrap();
        Started { program: program.to_owned(), given: given.to_owned() }
    });
    started.collect()
}

/// Whether it was given this secret, or the PIN.
fn secrets(started: &Started) -> Vec<&'static str> {
    let all = SECRETS.into_iter().map(|(_, secret)| secret).chain([SoftToken::PIN]);
    all.filter(|secret| started.given.contains(secret)).collect()
}

#[test]
fn no_child_is_given_a_secret() {
    let company = company();
    let all = started(&company.token, &[]);
    // What is looked for would be seen; and the PIN is not even in hsmcert's own.
    assert_eq!(secrets(&all[0]), SECRETS.map(|(_, secret)| secret));
    // The PIN command, pre, the CA, deploy, post; what the CA's script starts comes to that.
    let shells = all.iter().filter(|one| one.program.ends_with("sh")).count();
    assert_eq!(shells, 5, "{:?}", all.iter().map(|one| &one.program).collect::<Vec<_>>());
    for one in &all[1..] {
        assert_eq!(secrets(one), [""; 0], "{}: {}", one.program, one.given);
    }
}

/// The child of `--isolate` is hsmcert and has its environment; its own children have none of the secrets.
#[test]
fn an_isolated_child_hands_nothing_on() {
    let company = company();
    let all = started(&company.token, &["--isolate"]);
    assert_eq!(all[0].program, all[1].program);
    assert!(all[1].given.contains("--isolated-in"), "{}", all[1].given);
    let arguments = |one: &Started| one.given.split_once("], [").unwrap().0.to_owned();
    assert!(!arguments(&all[1]).contains("HSMCERT") && !all[1].given.contains(SoftToken::PIN), "{}", all[1].given);
    assert_eq!(all.iter().filter(|one| one.program == all[0].program).count(), 2, "a child has no child");
    assert!(all.len() > 6);
    for one in &all[2..] {
        assert_eq!(secrets(one), [""; 0], "{}: {}", one.program, one.given);
    }
}

/// The list in the documentation is what a hook gets, no more and no less.
#[test]
fn hooks_get_what_is_documented() {
    let company = company();
    let documented = include_str!("../docs/renew.md").split("**What every command gets.**").nth(1).unwrap();
    let documented: Vec<&str> = documented.split("\n\n").next().unwrap().split('`').skip(1).step_by(2).collect();
    assert!(documented.len() > 15 && documented.contains(&"PATH"), "{documented:?}");
    let mut command = company.token.hsmcert();
    command.args(["renew", "web.toml"]).env("FOR_THE_HOOK", "yes").env("NOT_FOR_THE_HOOK", "no");
    for name in documented.iter().filter(|name| !["PATH", "HOME", "TMPDIR"].contains(name)) {
        command.env(name, "documented");
    }
    Outcome::of(&mut command).ok();
    let given = String::from_utf8(company.token.read("hook.env")).unwrap();
    let given: Vec<&str> = given.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    for name in &documented {
        assert!(given.contains(name), "{name} is documented and not given");
    }
    // The shell itself sets some.
    let of_shell = ["PWD", "OLDPWD", "SHLVL", "_"];
    for name in given {
        let is_known = documented.contains(&name) || of_shell.contains(&name) || name.starts_with("HSMCERT_");
        assert!(is_known, "{name} is given and not documented");
    }
}

#[test]
fn a_pin_is_handed_on_to_nobody_who_asks() {
    let token = SoftToken::with_request();
    for name in ["HSMCERT_PIN", "n3fips_password"] {
        let exec = format!("[ca.company]\ntype = 'exec'\ncommand = ['true']\nenv = ['{name}']\n");
        token.write("hsmcert.toml", exec);
        let refused = token.run(&["submit", "request.csr.pem", "--ca", "company"]).fails(2);
        refused.says(&format!("env names {name}: a command is given no PIN"));
        token.write("hsmcert.toml", format!("[renewal]\npost = {{ command = ['true'], env = ['{name}'] }}\n"));
        token.run(&["find-key"]).fails(2).says(name);
        token.write("hsmcert.toml", format!("[renewal]\ndeploy = [{{ target = 'nginx', env = ['{name}'] }}]\n"));
        token.run(&["find-key"]).fails(2).says(name);
        let acme =
            "directory = 'letsencrypt'\nterms-of-service-agreed = true\nchallenge = 'dns-01'\ncommand = ['true']";
        token.write("hsmcert.toml", format!("[ca.x]\ntype = 'acme'\n{acme}\nenv = ['{name}']\n"));
        token.run(&["find-key"]).fails(2).says(name);
    }
}
