//! Certificates by ACME: from pebble, Let's Encrypt's test CA, over all three challenges.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use support::{Class, Outcome, Pebble, Running, Shim, SoftToken, openssl, spawnable};

/// A token with `web.toml`, and the CA that is to certify its key.
struct Site {
    token: SoftToken,
    pebble: Pebble,
}

impl Site {
    fn new(names: &str) -> Self {
        Self::with(names, false, &[])
    }

    fn with(names: &str, external_accounts: bool, variables: &[(&'static str, &'static str)]) -> Self {
        let token = SoftToken::new();
        let pebble = Pebble::with(token.folder(), external_accounts, variables);
        let site = Self { token, pebble };
        site.spec("web.toml", names);
        site.token.write("hook.sh", site.pebble.hook());
        site
    }

    fn spec(&self, file: &str, names: &str) {
        self.token.write(file, format!("{names}\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'pebble'\n"));
    }

    /// `[ca.pebble]` with these lines.
    fn configure(&self, lines: &str) {
        self.token.write("hsmcert.toml", self.pebble.table() + lines);
    }

    fn with_listener(&self) {
        self.configure(&format!("challenge = 'http-01'\nlisten = '127.0.0.1:{}'\n", self.pebble.http));
    }

    fn with_hook(&self) {
        self.configure("challenge = 'dns-01'\ncommand = ['sh', 'hook.sh']\nwait = 0\n");
    }

    fn renew(&self) -> Outcome {
        self.token.run(&["renew", "web.toml"])
    }

    /// The certificate is of the CA and for these names, and linked to its key.
    #[track_caller]
    fn is_whole(&self, names: &[&str]) {
        let root = self.pebble.root();
        let (root, chain) = (root.to_str().unwrap(), self.token.path("web.fullchain.pem"));
        let chain = chain.to_str().unwrap();
        openssl(self.token.folder(), &["verify", "-CAfile", root, "-untrusted", chain, chain]);
        let text = openssl(self.token.folder(), &["x509", "-in", chain, "-noout", "-ext", "subjectAltName"]);
        for name in names {
            assert!(text.contains(name), "{name} is not in {text}");
        }
        let keys: Vec<_> = self.token.objects().into_iter().filter(|one| one.class == Class::Private).collect();
        assert_eq!(keys.len(), 1, "{keys:?}");
        self.token.run(&["verify", &keys[0].label]).ok();
    }

    fn hooks(&self) -> Vec<String> {
        let text = String::from_utf8(self.token.read("hooks")).unwrap();
        text.lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect()
    }

    fn account_file(&self) -> PathBuf {
        let folder = self.token.folder().join("data/hsmcert/ca/pebble");
        let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1, "{files:?}");
        files[0].clone()
    }
}

#[test]
fn the_listener_proves_names_and_one_account_serves_all() {
    let site = Site::new("san.dns = ['www.example.com', 'example.com']");
    site.with_listener();
    let first = site.renew().ok();
    assert!(first.stdout.starts_with("www.example.com: renewed by pebble: no certificate yet; new key "), "{first:?}");
    assert_eq!(first.stderr, "", "a certificate that begins in this second is valid");
    site.is_whole(&["www.example.com", "example.com"]);
    assert_eq!(site.account_file().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let shim = Shim::before(&site.token);
    shim.run(&["renew", "web.toml"]).ok();
    assert_eq!(shim.calls(), [], "what is not due needs no module");
    site.spec("shop.toml", "san.dns = ['shop.example.com']");
    site.token.run(&["renew", "web.toml", "shop.toml"]).ok();
    assert_eq!((site.pebble.accounts(), site.pebble.orders()), (1, 2));
}

#[test]
fn a_web_server_proves_names_by_its_folder() {
    let site = Site::new("san.dns = ['www.example.com']");
    site.configure("challenge = 'http-01'\nwebroot = 'www'\n");
    std::fs::create_dir(site.token.path("www")).unwrap();
    let mut server = Command::new("python3");
    server.args(["-u", "-m", "http.server", "--bind", "127.0.0.1", &site.pebble.http.to_string()]);
    let mut server = Running::start(server.current_dir(site.token.path("www")), site.token.folder(), "python3");
    server.prints("Serving HTTP");
    site.renew().ok();
    site.is_whole(&["www.example.com"]);
    let left = std::fs::read_dir(site.token.path("www/.well-known/acme-challenge")).unwrap().count();
    assert_eq!(left, 0, "the file is taken away");
}

/// A name and its wildcard have two records of one name, which must be there at the same time.
#[test]
fn a_hook_proves_wildcards_by_dns() {
    let site = Site::new("san.dns = ['*.example.com', 'example.com']");
    site.with_hook();
    site.renew().ok();
    site.is_whole(&["*.example.com", "DNS:example.com"]);
    let record = "example.com _acme-challenge.example.com";
    let calls = ["set", "set", "unset", "unset"].map(|what| format!("{what} {record}"));
    assert_eq!(site.hooks(), calls);
}

#[test]
fn a_handshake_proves_names_and_addresses() {
    let site = Site::new("san.dns = ['www.example.com']\nsan.ip = ['127.0.0.1']");
    site.configure(&format!("challenge = 'tls-alpn-01'\nlisten = '127.0.0.1:{}'\n", site.pebble.tls));
    site.renew().ok();
    site.is_whole(&["www.example.com", "IP Address:127.0.0.1"]);
}

#[test]
fn names_that_cannot_be_proved_are_refused_before_anything_is_made() {
    let site = Site::new("san.dns = ['*.example.com']");
    site.with_listener();
    let says = "*.example.com can only be proved by challenge = \"dns-01\"";
    site.token.refuses(2, &["renew", "web.toml"]).says(says);
    let linted = site.token.run(&["lint", "web.toml"]).fails(2);
    linted.says("error: web.toml: the CA (type \"acme\") cannot be used as it is configured: ").says(says);
    site.spec("web.toml", "san.ip = ['127.0.0.1']");
    site.with_hook();
    site.token.refuses(2, &["renew", "web.toml"]).says("127.0.0.1 can be proved by http-01 and tls-alpn-01");
    site.configure("challenge = 'http-01'\nprofile = 'short'\n");
    site.token.run(&["renew", "web.toml"]).fails(2).says("it has no profiles");
    assert_eq!(site.pebble.orders(), 0);
}

/// The CA's words are told for each name, and the same CSR is ordered anew.
#[test]
fn a_name_that_the_ca_does_not_find_is_told_in_its_words() {
    let site = Site::new("san.dns = ['www.example.com', 'example.com']");
    site.configure("challenge = 'http-01'\nwebroot = '.'\n");
    let failed = site.renew().fails(11);
    let failed = failed.says("the CA could not check the names: ").says("www.example.com: ").says("; ");
    assert!(failed.stderr.contains("connection refused (connection)"), "{}", failed.stderr);
    let csr = site.token.read("web.csr.pem");
    site.with_listener();
    site.renew().ok();
    site.is_whole(&["www.example.com"]);
    assert!(site.token.read("web.csr.pem") == csr);
    assert_eq!(site.pebble.orders(), 2);
}

#[test]
fn a_hook_that_fails_ends_the_run_and_is_called_to_clean_up() {
    let site = Site::new("san.dns = ['www.example.com']");
    site.with_hook();
    site.token.write("hook.sh", "echo \"$1\" >> hooks; echo 'the zone is locked' >&2; exit 3");
    let failed = site.renew().fails(13);
    let failed = failed.says("the hook failed: set for _acme-challenge.www.example.com: the zone is locked");
    failed.says("warning: a DNS record for the CA stays: ");
    assert_eq!(site.hooks(), ["set", "unset"]);
    site.token.write("hook.sh", site.pebble.hook());
    site.renew().ok();
    assert_eq!(site.pebble.orders(), 1, "the same order goes on");
}

/// Killed in the middle of an order, first with its names unproved, then with them proved.
#[test]
fn a_run_that_is_killed_is_followed_by_one_with_the_same_order() {
    let site = Site::new("san.dns = ['www.example.com']");
    site.with_hook();
    for moment in ["set", "unset"] {
        let kill = format!("[ $1 = {moment} ] && kill -9 $PPID\n");
        site.token.write("hook.sh", site.pebble.hook() + &kill);
        let mut command = site.token.hsmcert();
        let mut command = spawnable(command.args(["renew", "web.toml"]));
        let mut running = Running::start(&mut command, site.token.folder(), "hsmcert");
        assert!(!running.ends().success());
    }
    let csr = site.token.read("web.csr.pem");
    site.token.write("hook.sh", site.pebble.hook());
    site.renew().ok();
    assert!(site.token.read("web.csr.pem") == csr);
    site.is_whole(&["www.example.com"]);
    assert_eq!((site.pebble.accounts(), site.pebble.orders()), (1, 1));
}

/// Far more refused nonces than any real CA has: what one run does not end, another one does, with the same order.
#[test]
fn nonces_that_the_ca_refuses_end_no_order() {
    let site = Site::with("san.dns = ['www.example.com']", false, &[("PEBBLE_WFE_NONCEREJECT", "60")]);
    site.with_listener();
    let mut refused = 0;
    for _ in 0..60 {
        let outcome = site.token.run(&["renew", "web.toml", "-v"]);
        refused += outcome.stderr.matches(": 400 Bad Request").count();
        if outcome.code == Some(0) {
            break;
        }
        outcome.fails(11).says("the CA cannot do it now: ").says("(badNonce)");
    }
    site.is_whole(&["www.example.com"]);
    assert_eq!(site.pebble.orders(), 1);
    assert!(refused > 0, "no nonce was refused");
}

#[test]
fn an_external_account_is_bound_by_its_key() {
    let site = Site::with("san.dns = ['www.example.com']", true, &[]);
    site.with_listener();
    site.renew().fails(11).says("(externalAccountRequired)");
    let listener = format!("challenge = 'http-01'\nlisten = '127.0.0.1:{}'\n", site.pebble.http);
    let bound = format!("{listener}eab-key-id = 'kid-1'\neab-key-source = 'env:EAB_KEY'\n");
    site.configure(&bound);
    site.renew().fails(2).says("EAB_KEY");
    let with_key = |key: &str| Outcome::of(site.token.hsmcert().args(["renew", "web.toml", "-vv"]).env("EAB_KEY", key));
    with_key("not base64!").fails(2).says("no base64url");
    with_key("AAAA").fails(11);
    let done = with_key(Pebble::EXTERNAL_KEY).ok();
    assert!(!done.stderr.contains(Pebble::EXTERNAL_KEY), "{}", done.stderr);
    site.is_whole(&["www.example.com"]);
    assert_eq!(site.renew().ok().stderr, "", "the key is not needed again");
}

#[test]
fn an_account_that_the_ca_has_lost_is_told_with_its_file() {
    let mut site = Site::new("san.dns = ['www.example.com']");
    site.with_listener();
    site.renew().ok();
    site.pebble.forget();
    let force = ["renew", "web.toml", "--force"];
    let file = site.account_file();
    let lost = site.token.run(&force).fails(11).says("the CA does not know the account any more: ");
    lost.says(&format!("remove {}", file.display()));
    std::fs::remove_file(&file).unwrap();
    site.token.run(&force).ok();
    assert_ne!(site.account_file().metadata().unwrap().len(), 0);
}

/// An order that is no more is followed by a new one, for the same CSR.
#[test]
fn an_order_that_the_ca_has_lost_is_made_anew() {
    let mut site = Site::new("san.dns = ['www.example.com']");
    site.with_hook();
    site.token.write("hook.sh", "exit 1");
    site.renew().fails(13);
    let csr = site.token.read("web.csr.pem");
    site.pebble.forget();
    std::fs::remove_file(site.account_file()).unwrap();
    site.token.write("hook.sh", site.pebble.hook());
    site.renew().ok();
    assert!(site.token.read("web.csr.pem") == csr);
    site.is_whole(&["www.example.com"]);
    assert_eq!(site.pebble.orders(), 1);
}

/// The clock here and that of the CA's HTTPS are years apart.
#[test]
fn a_clock_that_is_wrong_is_asked_about() {
    let mut site = Site::new("san.dns = ['www.example.com']");
    site.with_listener();
    for (year, says) in [(2020, "certificate expired: "), (2048, "certificate not valid yet: ")] {
        site.pebble.move_to(year);
        let error = site.token.run(&["renew", "web.toml", "--json"]).json_error("ca-refused");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says) && message.contains(" (is the clock of this machine right?)"), "{message}");
        assert_eq!(error["retryable"], true);
    }
}

#[test]
fn submit_orders_for_a_csr_of_any_maker() {
    let site = Site::new("san.dns = ['www.example.com']");
    site.with_listener();
    let key = ["-newkey", "rsa:2048", "-nodes", "-keyout", "web.key", "-subj", "/CN=www.example.com"];
    let request = ["req", "-addext", "subjectAltName=DNS:www.example.com", "-out", "web.csr.pem"];
    site.token.openssl(&[&request[..], &key].concat());
    let submit = ["submit", "web.csr.pem", "--ca", "pebble"];
    let issued = site.token.run(&[&submit[..], &["--json"]].concat()).ok().json();
    assert_eq!((&issued["protocol"], &issued["certificates"]), (&"acme".into(), &2.into()));
    site.token.run(&[&submit[..], &["--force"]].concat()).ok();
    assert_eq!(site.pebble.orders(), 2, "whoever asks once more gets another certificate");
}

#[test]
fn the_port_of_the_listener_may_be_taken() {
    let site = Site::new("san.dns = ['www.example.com']");
    site.with_listener();
    let _other = std::net::TcpListener::bind(("127.0.0.1", site.pebble.http)).unwrap();
    site.renew().fails(10).says("cannot be listened on").says("webroot");
}

/// What is written down wrongly is told with its line, before anything is made.
#[test]
fn a_table_that_is_wrong_is_told() {
    let site = Site::new("san.dns = ['www.example.com']");
    for (lines, says) in [
        ("challenge = 'dns-01'\n", "dns-01 has a command"),
        ("challenge = 'http-01'\nlisten = '80'\n", "invalid socket address"),
        ("challenge = 'http-01'\neab-key-id = 'x'\n", "belong together"),
        ("challenge = 'http-01'\nemail = 'x'\n", "unknown field `email`"),
    ] {
        site.configure(lines);
        site.token.refuses(2, &["renew", "web.toml"]).says(says).says("hsmcert.toml").says("line ");
    }
    let rootless = site.pebble.table().lines().filter(|line| !line.starts_with("root")).collect::<Vec<_>>().join("\n");
    site.token.write("hsmcert.toml", rootless + "\nchallenge = 'http-01'\n");
    site.renew().fails(11).says("UnknownIssuer (the root of a CA of your own is named in its table)");
    let agreed = site.pebble.table().replace("terms-of-service-agreed = true", "");
    site.token.write("hsmcert.toml", agreed + "challenge = 'http-01'\n");
    site.renew().fails(2).says("terms-of-service-agreed = true");
}
