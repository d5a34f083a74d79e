//! The programs under `examples/` do what they say, with a real token.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::{Class, Outcome, SoftToken, openssl, spawnable};

/// Runs an example with the token's variables. Cargo builds them for a run of all tests; for one of these alone:
/// `cargo build --examples`.
fn example(token: &SoftToken, name: &str, arguments: &[&str]) -> Outcome {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_hsmcert")).with_file_name("examples").join(name);
    assert!(program.exists(), "{} is missing: cargo build --examples", program.display());
    let of_hsmcert = spawnable(&token.hsmcert());
    let mut command = assert_cmd::Command::new(program);
    command.envs(of_hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("TOKEN", SoftToken::LABEL).env("PIN", SoftToken::PIN).current_dir(token.path("")).args(arguments);
    Outcome::of(&mut command)
}

#[test]
fn a_csr_is_made_in_the_token() {
    let token = SoftToken::new();
    token.write("request.toml", "san.dns = ['www.example.com']\n[key]\nalgorithm = 'ecdsa'\n");
    token.write("request.csr.pem", example(&token, "csr_in_token", &["request.toml"]).ok().stdout);
    openssl(&token.path(""), &["req", "-in", "request.csr.pem", "-verify", "-noout"]);
    assert_eq!(token.objects().iter().filter(|object| object.class == Class::Private).count(), 1);
}

#[test]
fn a_link_is_proved_and_a_certificate_without_a_key_is_told() {
    let token = SoftToken::with_certificate();
    let proved = example(&token, "proved_link", &["request.crt.pem"]).ok();
    assert!(
        proved.stdout.contains(" is linked to key ") && proved.stdout.contains("; 2 signatures verified"),
        "{proved:?}"
    );
    let other =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "k", "-subj", "/CN=x", "-out", "other.pem"];
    openssl(&token.path(""), &[&other[..], &["-addext", "basicConstraints=CA:FALSE"]].concat());
    example(&token, "proved_link", &["other.pem"]).exits(1).says("its key is not in this token");
}

#[test]
fn due_dates_are_told_without_a_token() {
    let token = SoftToken::with_certificate();
    for (margin, phase) in [("1d", ": fresh, "), ("5000d", ": due, ")] {
        let told = example(&token, "when_due", &[margin, "request.crt.pem"]).ok();
        assert!(told.stdout.contains(phase), "{told:?}");
    }
}
