//! CSRs go to a real `cfssl serve`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use serde_json::{Value, json};
use support::{Sandbox, Server, SoftToken, StandIn, free_port, openssl, run_program};

const KEY: &str = "00112233445566778899aabbccddeeff";
const SUBMIT: [&str; 5] = ["submit", "request.csr.pem", "--ca", "company", "--force"];

/// A server with one CA and three profiles: for anybody (the default), with a key, and for names of others.
fn serve(sandbox: &Sandbox) -> Server {
    let folder = sandbox.folder().join("cfssl");
    std::fs::create_dir(&folder).unwrap();
    let root = json!({ "CN": "Example cfssl Root", "key": { "algo": "rsa", "size": 2048 } });
    std::fs::write(folder.join("root.json"), root.to_string()).unwrap();
    let made = run_program("cfssl", "golang-cfssl", &folder, &["gencert", "-initca", "root.json"]);
    let made: Value = serde_json::from_str(&made).unwrap();
    std::fs::write(folder.join("root.pem"), made["cert"].as_str().unwrap()).unwrap();
    std::fs::write(folder.join("root.key"), made["key"].as_str().unwrap()).unwrap();
    let profile = |more: Value| {
        let mut profile = json!({ "expiry": "1h", "usages": ["digital signature", "server auth"] });
        profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        profile
    };
    let profiles = json!({
        "web": profile(json!({ "auth_key": "machines" })),
        "others": profile(json!({ "name_whitelist": "^.*\\.example\\.net$" })),
    });
    let configuration = json!({
        "signing": { "default": profile(json!({})), "profiles": profiles },
        "auth_keys": { "machines": { "type": "standard", "key": KEY } },
    });
    std::fs::write(folder.join("config.json"), configuration.to_string()).unwrap();
    let port = free_port();
    let mut command = Command::new("cfssl");
    command.args(["serve", "-address", "127.0.0.1", "-port", &port.to_string()]).current_dir(&folder);
    command.args(["-ca", "root.pem", "-ca-key", "root.key", "-config", "config.json"]);
    Server::start(sandbox, &mut command, port)
}

fn configure(sandbox: &Sandbox, url: &str, settings: &str) {
    sandbox.write("hsmcert.toml", format!("[ca.company]\ntype = \"cfssl\"\nurl = \"{url}\"\n{settings}\n"));
}

#[test]
fn profiles_sign_with_and_without_a_key() {
    let token = SoftToken::with_request();
    let server = serve(&token);
    let url = format!("http://127.0.0.1:{}", server.port());
    for settings in ["", "profile = \"web\"\nauth-key-source = \"env:CFSSL_KEY\""] {
        configure(&token, &url, settings);
        let mut command = token.hsmcert();
        let issued = support::Outcome::of(command.args(SUBMIT).arg("--json").env("CFSSL_KEY", KEY)).ok().json();
        assert_eq!(issued["issuer"], "CN=Example cfssl Root", "{settings}");
        assert_eq!(issued["subject_alt_names"], json!(["DNS:www.example.com", "DNS:example.com"]));
        assert_eq!(issued["certificates"], 2);
        let subject = token.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-subject"]);
        assert!(subject.contains("OU = Certificate Management"), "{subject}");
    }
    token.run(&["accept", "request.crt.pem"]).ok();
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    let sandbox = Sandbox::new();
    let key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"];
    let request = ["-subj", "/CN=www.example.com", "-out", "request.csr.pem"];
    openssl(&sandbox.path(""), &[&["req", "-new"], &key[..], &request].concat());
    let server = serve(&sandbox);
    let url = format!("http://127.0.0.1:{}", server.port());
    let submit = |settings: &str| {
        configure(&sandbox, &url, settings);
        sandbox.run(&SUBMIT)
    };
    submit("profile = \"others\"").fails(11).says("the CA refuses: ").says("(code ");
    submit("profile = \"web\"").fails(11).says("the CA refuses: ");
    sandbox.write("wrong", "ffeeddccbbaa99887766554433221100");
    let wrong = submit("profile = \"web\"\nauth-key-source = \"wrong\"").fails(11).says("invalid token");
    assert!(!wrong.stderr.contains("ffeedd"));
    sandbox.write("odd", "zz-s3cret");
    let odd = submit("profile = \"web\"\nauth-key-source = \"odd\"").fails(2).says("its key is not hexadecimal");
    assert!(!odd.stderr.contains("s3cret"), "{}", odd.stderr);
    drop(server);
    submit("").fails(11).says("the CA cannot do it now");

    // A proxy in between, and an answer that has nothing in it.
    configure(&sandbox, &StandIn::always("200 OK", "", "<html>").url(), "");
    sandbox.run(&SUBMIT).fails(11).says("not understood");
    let nothing = r#"{"success":false,"result":null,"errors":[],"messages":[]}"#;
    configure(&sandbox, &StandIn::always("200 OK", "", nothing).url(), "");
    sandbox.run(&SUBMIT).fails(11).says("the CA refuses: it does not say why");
    assert!(!sandbox.path("request.crt.pem").exists());
}
