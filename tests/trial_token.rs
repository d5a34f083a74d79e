//! The trial token: what a machine without an HSM does, and when it must not.

mod support;

use std::thread;

use support::{Outcome, SEED_INF, Sandbox};

/// The seed's request without an HSM's provider.
fn request_without_provider() -> String {
    SEED_INF.lines().filter(|line| !line.starts_with("ProviderName")).map(|line| format!("{line}\n")).collect()
}

fn trial_folder(sandbox: &Sandbox) -> std::path::PathBuf {
    sandbox.folder().join("data/hsmcert/token")
}

#[test]
fn nothing_configured_and_no_provider_named_makes_a_trial_token() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", request_without_provider());
    let outcome = sandbox.run(&["new", "request.inf", "request.csr.pem"]).ok();
    support::openssl(&sandbox.folder().join("work"), &["req", "-in", "request.csr.pem", "-verify", "-noout"]);
    let warnings: Vec<_> = outcome.stderr.lines().filter(|line| line.contains("not in an HSM")).collect();
    let [line] = warnings.as_slice() else { panic!("one line says it:\n{}", outcome.stderr) };
    assert!(line.contains("--module"), "how to name a real one: {line}");
}

#[test]
fn every_use_says_that_keys_are_on_this_disk() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", SEED_INF);
    for arguments in [&["new", "request.inf", "--trial"][..], &["find-key"]] {
        sandbox.run(arguments).ok().says("not in an HSM");
    }
    let found = sandbox.run(&["find-key", "--trial", "--json"]).ok().json();
    assert!(found["notes"][0].as_str().unwrap().contains("not in an HSM"), "{found:#}");
}

#[test]
fn a_request_for_an_hsm_that_is_not_here_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", SEED_INF);
    let outcome = sandbox.run(&["new", "request.inf", "request.csr.pem"]).fails(4);
    outcome.says("Cavium Key Storage Provider").says("/opt/cloudhsm").says("--module").says("--trial");
    assert_eq!(sandbox.files(), ["request.inf"]);
    assert!(!trial_folder(&sandbox).exists(), "a key that was asked to be in hardware is not made on this disk");
}

#[test]
fn an_unknown_provider_is_refused_too() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", SEED_INF.replace("Cavium Key Storage Provider", "Acme HSM Provider"));
    sandbox.run(&["new", "request.inf"]).fails(4).says("Acme HSM Provider").says("--module").says("--trial");
    assert!(!trial_folder(&sandbox).exists());
}

#[test]
fn a_software_provider_of_windows_names_no_hardware() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "request.inf",
        SEED_INF.replace("Cavium Key Storage Provider", "Microsoft Software Key Storage Provider"),
    );
    sandbox.run(&["new", "request.inf"]).ok().says("Microsoft Software Key Storage Provider");
}

#[test]
fn hardware_can_be_required() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", request_without_provider());
    for arguments in
        [&["new", "request.inf", "--require-hardware"][..], &["new", "request.inf", "--trial", "--require-hardware"]]
    {
        sandbox.run(arguments).fails(4).says("hint: ");
    }
    let mut command = sandbox.hsmcert();
    Outcome::of(command.env("HSMCERT_REQUIRE_HARDWARE", "1").args(["new", "request.inf"])).fails(4);
    sandbox.write("hsmcert.toml", "require-hardware = true\n");
    sandbox.run(&["new", "request.inf"]).fails(4);
    assert_eq!(sandbox.files(), ["hsmcert.toml", "request.inf"]);
    assert!(!trial_folder(&sandbox).exists());
}

#[test]
fn a_users_own_softhsm_gets_no_trial_token() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", request_without_provider());
    let tokens = sandbox.folder().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let configuration = sandbox.folder().join("softhsm2.conf");
    std::fs::write(&configuration, format!("directories.tokendir = {}\n", tokens.display())).unwrap();
    let run = |arguments: &[&str]| Outcome::of(sandbox.hsmcert().env("SOFTHSM2_CONF", &configuration).args(arguments));
    run(&["new", "request.inf"]).fails(4).says("--token").says("--trial");
    run(&["new", "request.inf", "--trial"]).ok();
    assert_eq!(std::fs::read_dir(&tokens).unwrap().count(), 0, "--trial has its own configuration");
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::new();
    sandbox.run(&["find-key", "--trial"]).ok();
    let folder = trial_folder(&sandbox);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("pin")), 0o600);
}

/// SoftHSM itself makes several tokens of one label when processes race.
#[test]
fn processes_that_start_together_make_one_token() {
    let sandbox = Sandbox::new();
    let outcomes: Vec<_> = thread::scope(|scope| {
        let runs: Vec<_> = (0..8).map(|_| scope.spawn(|| sandbox.run(&["find-key", "--trial"]))).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    for outcome in outcomes {
        outcome.ok();
    }
    let tokens = std::fs::read_dir(trial_folder(&sandbox).join("tokens")).unwrap().count();
    assert_eq!(tokens, 1);
}

#[test]
fn a_home_that_softhsm_cannot_write_down_is_an_error() {
    let sandbox = Sandbox::new();
    let odd = sandbox.folder().join("c#");
    std::fs::create_dir(&odd).unwrap();
    let mut command = sandbox.hsmcert();
    Outcome::of(command.env("XDG_DATA_HOME", &odd).args(["find-key", "--trial"])).fails(10).says("c#").says("hint: ");
}

#[test]
fn a_module_that_leads_nowhere_is_an_error_and_never_the_trial_token() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", request_without_provider());
    sandbox.run(&["new", "request.inf", "--module", "/nowhere/pkcs11.so"]).fails(4).says("/nowhere/pkcs11.so");
    sandbox.run(&["new", "request.inf", "--profile", "luna"]).fails(4).says("luna");
    sandbox.run(&["new", "request.inf", "--profile", "nosuch"]).fails(4).says("nosuch");
    assert!(!trial_folder(&sandbox).exists());
}
