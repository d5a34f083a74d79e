//! What a newer pebble has than Debian's: profiles, a time when it wants certificates to be renewed, and orders that name
//! the certificate which they replace (RFC 9773).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::HashSet;

use support::company::records;
use support::{NAMING, Outcome, Pebble, SoftToken, file_calls, openssl, strace};

const FORCE: [&str; 3] = ["renew", "web.toml", "--force"];

/// A token with `web.toml`, and the CA that is to certify its key.
struct Site {
    token: SoftToken,
    pebble: Pebble,
}

impl Site {
    fn new(settings: &str) -> Self {
        let token = SoftToken::new();
        let pebble = Pebble::newer(token.folder());
        let site = Self { token, pebble };
        let spec = "san.dns = ['www.example.com']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'pebble'\n";
        site.token.write("web.toml", spec);
        site.configure(settings);
        site
    }

    fn configure(&self, settings: &str) {
        let listener = format!("challenge = 'http-01'\nlisten = '127.0.0.1:{}'\n", self.pebble.http);
        self.token.write("hsmcert.toml", self.pebble.table() + &listener + settings);
    }

    fn renew(&self, more: &[&str]) -> Outcome {
        self.token.run(&[&["renew", "web.toml"], more].concat())
    }

    /// The CSRs that are remembered.
    fn csrs(&self) -> HashSet<String> {
        records(self.token.folder()).iter().map(|record| record["request"]["csr"].to_string()).collect()
    }
}

#[test]
fn a_profile_is_ordered() {
    let site = Site::new("profile = 'tlsserver'\n");
    site.renew(&[]).fails(2).says("it has no profile \"tlsserver\"; there are: default, shortlived");
    site.configure("profile = 'shortlived'\n");
    site.renew(&[]).ok();
    let lasts = |days: &str| {
        let seconds = (days.parse::<u32>().unwrap() * 86_400).to_string();
        let check = ["x509", "-in", "web.crt.pem", "-noout", "-checkend", &seconds];
        let mut command = std::process::Command::new("openssl");
        command.args(check).current_dir(site.token.path("")).output().unwrap().status.success()
    };
    assert_eq!((lasts("5"), lasts("7")), (true, false));
    let due = site.renew(&[]).ok();
    assert!(due.stdout.contains("not due: "), "{due:?}");
}

#[test]
fn the_ca_has_a_certificate_renewed_and_is_told_which_one() {
    let site = Site::new("");
    site.renew(&[]).ok();
    site.pebble.wants_renewed(&site.token.path("web.crt.pem"));
    let renewed = site.renew(&["-v"]).ok();
    assert!(renewed.stdout.contains("the CA wants it renewed from 2020-01-01 to 2020-01-02"), "{renewed:?}");
    assert!(!renewed.stderr.contains("does not name its predecessor"), "{renewed:?}");
    let waits = site.renew(&["--json"]).ok().json();
    assert!(waits["results"][0]["window"]["start"].is_string(), "{waits:#}");
    assert_eq!(site.pebble.orders(), 2);
}

/// Nobody knows then of an order that the CA has made. It has no certificate yet: that takes the CSR, which is sent when the
/// order is remembered. So the next run makes another order, for the same CSR and in the place of the same certificate.
#[test]
fn an_order_that_was_answered_and_not_remembered_is_made_again() {
    let site = Site::new("");
    site.renew(&[]).ok();
    let calls = file_calls(&site.token, &FORCE);
    let csr = calls.iter().position(|call| call.line.contains("web.csr.pem")).unwrap();
    let answered = calls[csr..].iter().find(|call| call.line.contains(".json\"")).unwrap();
    let (before, orders) = (site.csrs(), site.pebble.orders());
    assert_eq!(strace(&site.token, NAMING, &FORCE, Some(&answered.kill())).code, None);
    let pending = site.csrs();
    assert_eq!((pending.len(), site.pebble.orders()), (before.len() + 1, orders + 1));
    let open = records(site.token.folder()).into_iter().find(|record| record["renewal"].is_object()).unwrap();
    assert!(open["request"]["order"].is_null(), "{open:#}");
    let resumed = site.renew(&["-v"]).ok();
    assert!(!resumed.stderr.contains("does not name its predecessor"), "{resumed:?}");
    assert_eq!((site.csrs(), site.pebble.orders()), (pending, orders + 2), "no other CSR");
    site.token.run(&["verify", "www.example.com"]).ok();
    openssl(&site.token.path(""), &["x509", "-in", "web.crt.pem", "-noout"]);
    assert!(site.renew(&[]).ok().stdout.contains("not due"));
}
