//! Who may write to a module, to the configuration and to the state folder, and with which modes files are made.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use support::{Outcome, Sandbox, Shim, SoftToken, spawnable};

fn change_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_module_that_others_can_replace_is_told() {
    let token = SoftToken::new();
    let folder = token.folder().join("vendor");
    fs::create_dir(&folder).unwrap();
    change_mode(&folder, 0o755);
    let shim = Shim::before(&token).named("vendor/libvendor.so");
    let module = folder.join("libvendor.so");
    change_mode(&module, 0o755);
    let find = || shim.run(&["find-key"]).ok().stderr;
    assert_eq!(find(), "");
    for (place, open, closed) in [(&folder, 0o757, 0o755), (&module, 0o666, 0o755)] {
        change_mode(place, open);
        let who = format!("everybody can write to {}", fs::canonicalize(place).unwrap().display());
        assert_eq!(
            find(),
            format!("warning: {who}, and so replace the module {}, which sees the PIN\n", module.display())
        );
        let told = shim.run(&["find-key", "--json"]).ok().json();
        assert!(told["warnings"][0].as_str().unwrap().starts_with(&who), "{told:#}");
        let doctor = shim.run(&["doctor"]).ok().stdout;
        assert!(doctor.contains(&who) && doctor.contains("chmod go-w "), "{doctor}");
        change_mode(place, closed);
    }
    // A folder like /tmp: nobody can replace what is another's.
    change_mode(&folder, 0o1777);
    assert_eq!(find(), "");
}

/// Of another user's file that user is master; only root can make one here.
#[test]
fn a_configuration_that_others_can_write_is_told() {
    let token = SoftToken::new();
    token.write("hsmcert.toml", "[renewal]\n");
    let configuration = token.path("hsmcert.toml");
    let real = fs::canonicalize(&configuration).unwrap().display().to_string();
    change_mode(&configuration, 0o644);
    let find = || token.run(&["find-key"]).ok().stderr;
    assert_eq!(find(), "");
    change_mode(&configuration, 0o646);
    let expected =
        format!("everybody can write to {real}, and so have hsmcert run commands and modules by hsmcert.toml");
    assert_eq!(find(), format!("warning: {expected}\n"));
    let doctor = token.run(&["doctor"]).ok().stdout;
    assert!(doctor.contains(&expected), "{doctor}");
    // A child says it, and its parent does not.
    assert_eq!(token.run(&["find-key", "--isolate"]).ok().stderr, format!("warning: {expected}\n"));
    change_mode(&configuration, 0o644);
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&configuration, Some(65_534), None).unwrap();
        assert!(find().starts_with("warning: the user 65534 can write to "), "{}", find());
        std::os::unix::fs::chown(&configuration, Some(0), Some(65_534)).unwrap();
        change_mode(&configuration, 0o664);
        assert!(find().starts_with("warning: the group 65534 can write to "), "{}", find());
    }
    // What uses no configuration has nothing to say about it.
    assert_eq!(token.run(&["template", "list"]).ok().stderr, "");
}

#[test]
fn a_module_is_not_found_by_the_working_directory() {
    let token = SoftToken::new();
    token.write("relative.toml", "san.dns = ['a.example']\n[token]\nuri = 'pkcs11:token=x?module-path=lib/p11.so'\n");
    for arguments in [&["new", "relative.toml"][..], &["lint", "relative.toml"]] {
        token.refuses(3, arguments).says("the module-path lib/p11.so is relative").says("relative.toml:3:7");
    }
    // A path of Windows is a whole one, on whichever system the request is looked at.
    token.write(
        "windows.toml",
        r"san.dns = ['a.example']
[token]
uri = 'pkcs11:token=x?module-path=C:\hsm\p11.dll'
",
    );
    token.run(&["lint", "windows.toml"]).ok();
    let mut here = token.hsmcert();
    here.env_remove("HSMCERT_MODULE").env_remove("HSMCERT_TOKEN").args(["new", "windows.toml"]);
    Outcome::of(&mut here).fails(3).says("which is a relative path");
    for profile in ["module = 'p11.so'", "uri = 'pkcs11:token=x?module-path=lib/p11.so'"] {
        token.write("hsmcert.toml", format!("[profile.other]\n{profile}\n"));
        token.refuses(2, &["find-key"]).says("of [profile.other] is a relative path");
    }
}

/// Also where the umask takes nothing away.
#[test]
fn files_have_the_modes_that_they_need() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", "[NewRequest]\nSubject = \"CN=a.example\"\nKeyAlgorithm = ECDSA_P256\n");
    let run = |umask: &str, arguments: &str| {
        let hsmcert = spawnable(&sandbox.hsmcert());
        let line = format!("umask {umask}; exec '{}' {arguments}", hsmcert.get_program().to_str().unwrap());
        let mut shell = assert_cmd::Command::new("sh");
        shell.args(["-c", &line]).env_clear().current_dir(sandbox.path(""));
        shell.envs(hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Outcome::of(&mut shell).ok();
    };
    run("000", "new request.inf request.csr.pem");
    run("022", "dev-ca request.csr.pem request.crt.pem");
    run("022", "accept request.crt.pem --trial");
    let folder = sandbox.folder();
    let (mut private, mut public) = (0, 0);
    for top in ["state/hsmcert", "data/hsmcert"] {
        each(&folder.join(top), &mut |path| {
            let text = fs::read(path).unwrap_or_default();
            // Certificates are for everybody, wherever they are.
            let is_public = text.starts_with(b"-----BEGIN CERTIFICATE");
            if path.is_file() && !is_public {
                // SoftHSM's own files have SoftHSM's modes; nobody gets to them.
                let is_ours = !path.starts_with(folder.join("data/hsmcert/token/tokens"));
                assert!(!is_ours || mode(path) & 0o077 == 0, "{:o} {}", mode(path), path.display());
                private += 1;
            }
        });
    }
    for name in ["state/hsmcert", "data/hsmcert/token"] {
        assert_eq!(mode(&folder.join(name)), 0o700, "{name}");
    }
    for name in sandbox.files().iter().filter(|name| name.ends_with(".pem") && *name != "request.csr.pem") {
        assert_eq!(mode(&sandbox.path(name)), 0o644, "{name}");
        public += 1;
    }
    assert!(private >= 5 && public >= 2, "{private} {public}");
}

#[test]
fn a_state_folder_that_is_open_is_closed_or_told() {
    let token = SoftToken::with_request();
    let own = token.folder().join("state/hsmcert");
    change_mode(&own, 0o755);
    let said = token.run(&["new", "request.inf", "second.csr.pem", "--label", "second", "-v"]).ok().stderr;
    assert!(said.contains("had the mode 755; it is 700 now"), "{said}");
    assert_eq!(mode(&own), 0o700);
    // One that was named is its owner's affair.
    let named = token.path("memory");
    fs::create_dir(&named).unwrap();
    change_mode(&named, 0o777);
    let new = ["new", "request.inf", "third.csr.pem", "--label", "third", "--state-dir", "memory"];
    token.run(&new).ok().says("warning: everybody can write to ").says("change what is remembered in memory");
    assert_eq!(mode(&named), 0o777);
}

fn each(folder: &Path, look: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        look(&path);
        if path.is_dir() {
            each(&path, look);
        }
    }
}
