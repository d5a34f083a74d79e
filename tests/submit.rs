//! A CSR goes to a CA that is a command or the throw-away CA, and `accept` takes what comes back.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::{Ca, SoftToken, inf};

/// A token with a CSR, and a company's CA as a command.
fn site(script: &str) -> (SoftToken, Ca) {
    let token = SoftToken::new();
    token.write("request.inf", inf("www.example.com"));
    token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    let ca = Ca::new(token.folder(), "Example");
    token.write("ca.sh", script);
    token.write(
        "hsmcert.toml",
        "[ca.company]\ntype = \"exec\"\ncommand = [\"sh\", \"ca.sh\"]\nenv = [\"FOR_THE_CA\"]\n",
    );
    (token, ca)
}

#[test]
fn a_command_issues() {
    let (token, ca) = site("cat > handed-over.pem; cat issued.pem");
    token.write("issued.pem", ca.issue(&token.path("request.csr.pem")));
    let issued = token.run(&["submit", "request.csr.pem", "--ca", "company", "--json"]).ok().json();
    assert_eq!(issued["certificate"], "request.crt.pem");
    assert_eq!(issued["protocol"], "exec");
    assert!(token.read("handed-over.pem") == token.read("request.csr.pem"));
    token.run(&["accept", "request.crt.pem"]).ok();
}

#[test]
fn the_throw_away_ca_needs_no_configuration() {
    let (token, _) = site("");
    token.run(&["submit", "request.csr.pem", "web.pem", "--ca", "dev"]).ok();
    token.run(&["accept", "web.pem"]).ok();
    token.run(&["submit", "request.csr.pem", "web.pem", "--ca", "dev"]).fails(7);
}

/// The command is told what it said, until it issues.
#[test]
fn an_order_that_is_open_is_asked_for_again() {
    let (token, ca) = site(
        "if [ \"$HSMCERT_REFERENCE\" = order-7 ]; then cat issued.pem; else echo order-7; echo 'two people must agree' >&2; exit 12; fi",
    );
    token.write("issued.pem", ca.issue(&token.path("request.csr.pem")));
    let submit = ["submit", "request.csr.pem", "--ca", "company"];
    let pending = token.run(&submit).fails(12).says("two people must agree").says("again");
    assert!(!pending.stderr.contains("--reference"), "it is remembered\n{}", pending.stderr);
    token.run(&submit).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
}

#[test]
fn an_order_that_is_refused_is_not_asked_for_again() {
    let (token, _) =
        site("[ -n \"$HSMCERT_REFERENCE\" ] && { echo 'not for you' >&2; exit 1; }; echo order-7; exit 12");
    let submit = ["submit", "request.csr.pem", "--ca", "company"];
    token.run(&submit).fails(12);
    token.run(&submit).fails(11).says("not for you");
    token.run(&submit).fails(12);
}

/// Without memory the user is told what to say.
#[test]
fn an_order_for_a_foreign_csr_goes_on_by_its_reference() {
    let (token, ca) = site("[ \"$HSMCERT_REFERENCE\" = order-7 ] && exec cat issued.pem; echo order-7; exit 12");
    token.write("issued.pem", ca.issue(&token.path("request.csr.pem")));
    let submit = ["submit", "request.csr.pem", "--ca", "company", "--state-dir", "elsewhere"];
    token.run(&submit).fails(12).says("--reference 'order-7'");
    token.run(&[&submit[..], &["--reference", "order-7"]].concat()).ok();
}

#[test]
fn a_refusal_is_in_the_words_of_the_ca() {
    let (token, _) = site("echo 'the name www.example.com is not yours' >&2; exit 1");
    let submit = ["submit", "request.csr.pem", "--ca", "company"];
    token.run(&submit).fails(11).says("the name www.example.com is not yours");
    let error = token.run(&[&submit[..], &["--json"]].concat()).json_error("ca-refused");
    assert_eq!(error["retryable"], false);
    token.write("ca.sh", "echo 'maintenance until ten' >&2; exit 75");
    let error = token.run(&[&submit[..], &["--json"]].concat()).json_error("ca-refused");
    assert_eq!(error["retryable"], true);
    assert!(!token.path("request.crt.pem").exists());
}

#[test]
fn what_is_no_certificate_for_the_key_is_not_written() {
    let (token, ca) = site("cat issued.pem");
    let submit = ["submit", "request.csr.pem", "--ca", "company"];
    token.write("issued.pem", "");
    token.run(&submit).fails(11).says("printed no certificate");
    token.write("issued.pem", "<html>login</html>");
    token.run(&submit).fails(8);
    token.write("issued.pem", ca.certificate("root"));
    token.run(&submit).fails(11).says("no certificate for the key of the CSR");
    assert!(!token.path("request.crt.pem").exists());
}

/// Only what is named is inherited, and never a PIN.
#[test]
fn the_command_gets_a_clean_environment() {
    let (token, ca) = site("env > environment; cat issued.pem");
    token.write("issued.pem", ca.issue(&token.path("request.csr.pem")));
    let mut command = token.hsmcert();
    command.args(["submit", "request.csr.pem", "--ca", "company"]);
    command.env("FOR_THE_CA", "profile-1").env("HSMCERT_PIN", "1234").env("HSMCERT_SECRET", "x");
    support::Outcome::of(&mut command).ok();
    let environment = String::from_utf8(token.read("environment")).unwrap();
    assert!(environment.contains("FOR_THE_CA=profile-1"), "{environment}");
    assert!(environment.contains("HSMCERT_NAMES=www.example.com,example.com"), "{environment}");
    assert!(!environment.contains("PIN") && !environment.contains("HSMCERT_SECRET"), "{environment}");
}

#[test]
fn a_command_that_takes_too_long_is_ended() {
    let (token, _) = site("exec sleep 600");
    token.write("hsmcert.toml", "[ca.company]\ntype = \"exec\"\ncommand = [\"sh\", \"ca.sh\"]\ntimeout = 1\n");
    token.run(&["submit", "request.csr.pem", "--ca", "company"]).fails(11).says("took more than 1 s");
}

#[test]
fn a_ca_that_is_not_configured_is_named_with_those_that_are() {
    let (token, _) = site("");
    token.run(&["submit", "request.csr.pem", "--ca", "compnay"]).fails(2).says("there are: company, dev");
    token.write("hsmcert.toml", "[ca.x]\ntype = \"scep\"\n");
    token.run(&["submit", "request.csr.pem", "--ca", "x"]).fails(2).says("line 2: unknown variant `scep`");
    token.write("hsmcert.toml", "[ca.x]\ntype = \"exec\"\ncommand = [\"/no/such/program\"]\n");
    token.run(&["submit", "request.csr.pem", "--ca", "x"]).fails(2).says("/no/such/program cannot be run");
}
