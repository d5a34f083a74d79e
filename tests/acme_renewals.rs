//! Certificates that live for hours or minutes, renewed by other makers' ACME: Caddy's and that of `OpenBao`.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use support::company::{NAME, spec};
use support::{Caddy, ChallengeNames, OpenBao, Running, Shim, SoftToken, openssl, spawnable, tools};

#[test]
fn caddy_renews_a_certificate_that_curl_is_shown() {
    let token = SoftToken::new();
    let caddy = Caddy::start(token.folder());
    token.write("web.toml", spec(NAME, "ca = 'caddy'"));
    token.write("hsmcert.toml", caddy.table());
    let renew = |more: &[&str]| caddy.run(token.hsmcert().args(["renew", "web.toml"]).args(more)).ok();
    assert!(renew(&[]).stdout.contains("renewed by caddy: no certificate yet"));
    assert!(renew(&[]).stdout.contains(" of 12 hours left, due from "));
    let first = token.read("web.fullchain.pem");
    let renewed = renew(&["--before", "12h"]);
    assert!(renewed.stdout.contains(" of 12 hours left, due when 12 hours are left; new key "), "{renewed:?}");
    let second = token.read("web.fullchain.pem");
    assert!(second != first);
    let objects = token.objects();
    assert!(renew(&[]).stdout.contains("not due"));
    assert_eq!((token.read("web.fullchain.pem") == second, token.objects()), (true, objects));

    let mut command = token.hsmcert();
    command.args(["serve", "web.fullchain.pem", "--listen", "127.0.0.1:0"]);
    let mut server = Running::start(&mut spawnable(&command), token.folder(), "hsmcert");
    let address = server.prints("serving https://").split('/').next().unwrap().to_owned();
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--noproxy", "*", "--connect-to", &format!("{NAME}:443:{address}")]);
    let page = tools::run(curl.arg("--cacert").arg(caddy.root()).arg(format!("https://{NAME}/")), "curl");
    assert!(page.contains("<title>www.example.com - hsmcert</title>"), "{page}");
    token
        .run(&["verify", NAME, "--connect", &address, "--name", NAME, "--ca-file", caddy.root().to_str().unwrap()])
        .ok();
}

/// The certificate is renewed because half of its life is over, and for no other reason.
#[test]
fn openbao_renews_when_the_time_has_come() {
    let token = SoftToken::new();
    let (bao, names) = (OpenBao::start(&token), ChallengeNames::start(token.folder()));
    bao.with_acme(&names.address());
    // Valid since a minute when it is issued, and due some seconds later.
    bao.role("web", &json!({ "allowed_domains": "example.com", "allow_subdomains": true, "ttl": "70s", "not_before_duration": "60s" }));
    token.write("web.toml", spec(NAME, "ca = 'bao'"));
    token.write("hook.sh", names.hook());
    token.write(
        "hsmcert.toml",
        format!(
            "[ca.bao]\ntype = 'acme'\ndirectory = '{}/v1/pki/acme/directory'\nroot = '{}'\n\
             terms-of-service-agreed = true\nchallenge = 'dns-01'\ncommand = ['sh', 'hook.sh']\nwait = 0\n",
            bao.url(),
            bao.root_file().display()
        ),
    );
    assert!(token.run(&["renew", "web.toml"]).ok().stdout.contains("renewed by bao: no certificate yet"));
    bao.role("web", &json!({ "allowed_domains": "example.com", "allow_subdomains": true, "ttl": "1h" }));
    let deadline = Instant::now() + Duration::from_secs(60);
    while !token.run(&["renew", "web.toml", "--dry-run"]).ok().stdout.contains("would be renewed by bao: ") {
        assert!(Instant::now() < deadline, "it is not due");
        std::thread::sleep(Duration::from_millis(500));
    }
    let renewed = token.run(&["renew", "web.toml"]).ok();
    assert!(
        renewed.stdout.contains("renewed by bao: ") && renewed.stdout.contains(" of 2 minutes left; new key "),
        "{renewed:?}"
    );
    token.run(&["verify", NAME]).ok();
    let root = bao.read("pki/cert/ca")["data"]["certificate"].as_str().unwrap().to_owned();
    token.write("root.pem", root);
    openssl(&token.folder().join("work"), &["verify", "-CAfile", "root.pem", "web.fullchain.pem"]);

    let shim = Shim::before(&token);
    assert!(shim.run(&["renew", "web.toml"]).ok().stdout.contains("not due"));
    assert_eq!(shim.calls(), []);
}
