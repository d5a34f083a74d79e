//! `hsmcert template`, and every template as a CSR that OpenSSL verifies.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Outcome, Sandbox, SoftToken};

/// SoftHSM has no ML-DSA: that template is built with kryoptic (tests/kryoptic).
const WITHOUT_SOFTHSM: &str = "ml-dsa";

fn names(sandbox: &Sandbox) -> Vec<String> {
    let listed = Outcome::of(sandbox.hsmcert().args(["template", "list", "--json"])).ok().json();
    let templates = listed["templates"].as_array().unwrap();
    templates.iter().map(|template| template["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_list_is_the_folder() {
    let mut listed = names(&Sandbox::new());
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/request-templates");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut present: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "inf"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    listed.sort();
    present.sort();
    assert_eq!(listed, present);
}

#[test]
fn a_template_is_printed_as_it_is_in_either_language() {
    let sandbox = Sandbox::new();
    for (format, file) in [("inf", "sub-ca.inf"), ("toml", "sub-ca.toml")] {
        let shown = Outcome::of(sandbox.hsmcert().args(["template", "show", "sub-ca", "--format", format])).ok().stdout;
        let path = format!("{}/request-templates/{file}", env!("CARGO_MANIFEST_DIR"));
        assert_eq!(shown, std::fs::read_to_string(path).unwrap());
    }
    let unknown = Outcome::of(sandbox.hsmcert().args(["template", "show", "webserver"])).fails(6);
    unknown.says("there is no request template \"webserver\"").says("web-server");
}

#[test]
fn every_template_gives_a_csr_that_openssl_verifies() {
    let token = SoftToken::new();
    for (number, name) in names(&token).iter().enumerate().filter(|(_, name)| *name != WITHOUT_SOFTHSM) {
        for format in ["inf", "toml"] {
            let file = format!("{name}.{format}");
            let text = Outcome::of(token.hsmcert().args(["template", "show", name, "--format", format])).ok().stdout;
            token.write(&file, text);
            // RSA keys of 4096 bits take SoftHSM seconds: the second language uses the key of the first.
            let label = format!("{number}-{name}");
            let key = if format == "inf" { "--label" } else { "--reuse-key" };
            token.run(&["new", &file, &format!("{file}.csr.pem"), key, &label]).ok();
            token.openssl(&["req", "-in", &format!("{file}.csr.pem"), "-verify", "-noout"]);
        }
    }
}
