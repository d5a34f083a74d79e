//! The spelling of certreq: `-new` and `-accept`, options before or after the verb, in any case.

mod support;

use support::{SEED_INF, SoftToken};

#[test]
fn new_and_accept_are_spelled_as_in_certreq() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.run(&["-new", "request.inf", "request.csr.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    token.run(&["-accept", "request.crt.pem"]).ok();
    assert_eq!(token.objects().len(), 3);
}

#[test]
fn options_stand_before_or_after_the_verb_in_any_case() {
    let lines: [&[&str]; 4] = [
        &["-f", "-q", "-machine", "-new", "request.inf", "request.csr.pem"],
        &["-New", "-F", "-Q", "-User", "request.inf", "request.csr.pem"],
        &["-NEW", "request.inf", "request.csr.pem", "-f", "-q", "-MACHINE"],
        &["-f", "-new", "-q", "request.inf", "request.csr.pem"],
    ];
    for line in lines {
        let token = SoftToken::new();
        token.write("request.inf", SEED_INF);
        token.write("request.csr.pem", "to be replaced because of -f");
        let outcome = token.run(line).ok();
        assert_eq!(outcome.stdout, "", "-q prints nothing");
        token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
    }
}

#[test]
fn binary_writes_der() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.run(&["-new", "-binary", "request.inf", "request.csr"]).ok();
    token.openssl(&["req", "-inform", "DER", "-in", "request.csr", "-verify", "-noout"]);
}

#[test]
fn without_f_an_existing_file_stays() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.write("request.csr.pem", "mine");
    token.refuses(7, &["-new", "request.inf", "request.csr.pem"]);
}

#[test]
fn a_typographic_dash_is_explained() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    for dash in ["\u{2013}", "\u{2014}"] {
        token.refuses(2, &[&format!("{dash}new"), "request.inf"]).says("hint: ").says(" -new");
    }
}

#[test]
fn modern_options_mix_with_certreqs_verb() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let made = token.run(&["-new", "request.inf", "--json", "--label", "web"]).ok().json();
    assert_eq!(made["label"], "web");
}
