//! `hsmcert lint`: problems and the effective request, without a token.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Outcome, SEED_INF, Sandbox};

/// A machine without any HSM; what lint prints of the token does not depend on what is installed.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", SEED_INF);
    sandbox
}

fn lint(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    Outcome::of(sandbox.hsmcert().env("HSMCERT_MODULE", "/opt/hsm/module.so").arg("lint").args(arguments))
}

#[test]
fn the_effective_request_is_what_the_ca_will_see() {
    let outcome = lint(&sandbox(), &["request.inf"]).ok();
    for expected in [
        "request.inf: good\n",
        "asks for                   CSR\n",
        "subject                    ST=Washington, L=Seattle, OU=Certificate Management, O=Information Technology, \
         CN=www.example.com, C=US\n",
        "keyUsage (critical)        digitalSignature\n",
        "extKeyUsage                serverAuth (1.3.6.1.5.5.7.3.1)\n",
        "subjectAltName             DNS:www.example.com\n",
        "                           DNS:example.com\n",
        "key                        new, RSA-2048, label \"www.example.com\"\n",
        "signature                  RSA PKCS#1 v1.5 with SHA-256\n",
        "token                      /opt/hsm/module.so (HSMCERT_MODULE)\n",
    ] {
        assert!(outcome.stdout.contains(expected), "`{expected}` is not in:\n{}", outcome.stdout);
    }
}

#[test]
#[cfg(not(windows))] // where .ci/windows has put a module into the place of AWS CloudHSM's
fn a_token_that_is_not_here_is_told_and_is_no_error() {
    let sandbox = sandbox();
    let outcome = Outcome::of(sandbox.hsmcert().args(["lint", "request.inf"])).ok();
    assert!(outcome.stdout.contains("none: ProviderName = Cavium Key Storage Provider asks for AWS CloudHSM"));
}

#[test]
fn json_holds_findings_and_effective_request_of_each_file() {
    let sandbox = sandbox();
    sandbox.write("bad.inf", SEED_INF.replace("KeyLength = 2048", "KeyLength = 1024"));
    let outcome = lint(&sandbox, &["--json", "request.inf", "bad.inf"]).exits(3);
    let linted = outcome.json();
    let (good, bad) = (&linted["files"][0], &linted["files"][1]);
    assert_eq!((&good["ok"], &bad["ok"]), (&true.into(), &false.into()));
    assert_eq!(good["effective"]["subject_rdns"][0], "ST=Washington");
    assert_eq!(good["effective"]["key"]["algorithm"], "RSA-2048");
    assert_eq!(good["effective"]["extensions"][2]["values"][1], "DNS:example.com");
    assert_eq!(bad["diagnostics"][0]["line"], 7);
    assert_eq!(bad["diagnostics"][0]["label"], "expected 2048, 3072 or 4096");
    assert!(bad["diagnostics"][0]["message"].as_str().unwrap().contains("1024"));
    assert_eq!(outcome.json_error("request-invalid")["message"], "1 of 2 request files cannot be used");
}

#[test]
fn failures_of_several_kinds_are_partial() {
    let sandbox = sandbox();
    sandbox.write("bad.inf", "[NewRequest]\n");
    let outcome = lint(&sandbox, &["request.inf", "bad.inf", "missing.inf"]).exits(15);
    assert!(outcome.stdout.starts_with("request.inf: good\n"), "the good one is told all the same");
    assert!(outcome.stderr.contains("missing.inf") && outcome.stderr.contains("2 of 3 request files cannot be used"));
}

#[test]
fn strict_turns_warnings_into_errors() {
    let sandbox = sandbox();
    sandbox.write("weak.inf", SEED_INF.replace("SHA256", "sha1"));
    let lenient = lint(&sandbox, &["weak.inf"]).ok();
    assert!(lenient.stdout.starts_with("weak.inf: good, with 1 warning\n"), "{}", lenient.stdout);
    lint(&sandbox, &["--strict", "weak.inf"]).fails(3).says("SHA-1 signatures are refused everywhere");
}

#[test]
fn thousands_of_names_do_not_flood_a_terminal() {
    let sandbox = sandbox();
    let names: Vec<_> = (0..2000).map(|n| format!("\"host{n}.example.com\"")).collect();
    sandbox.write("many.toml", format!("[san]\ndns = [{}]\n", names.join(", ")));
    let text = lint(&sandbox, &["many.toml"]).ok().stdout;
    assert!(text.contains("... and 1950 more (all with --json)"), "{text}");
    let json = lint(&sandbox, &["--json", "many.toml"]).ok().json();
    let extensions = json["files"][0]["effective"]["extensions"].as_array().unwrap();
    let names = extensions.iter().find(|one| one["name"] == "subjectAltName").unwrap();
    assert_eq!(names["values"].as_array().unwrap().len(), 2000);
}
