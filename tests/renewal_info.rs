//! The CA says when it wants a certificate to be renewed (RFC 9773): acme2certifier, and a stand-in for answers that no
//! real CA gives.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::company::{record_files, records, spec};
use support::{Acme2Certifier, Outcome, ScriptedCa, Shim, SoftToken};

/// The window begins when 85 % of the life are over, and lasts for two days.
const LATE: &str = "renewalthreshold_pctg: 85\nrenewal_window_duration: 2d\nretry_after_timeout: 3600";
/// The window began a year ago: what a CA says that has to revoke.
const NOW: &str = "renewal_force: True\nretry_after_timeout: 3600";

/// A token with a certificate of the CA.
struct Site {
    token: SoftToken,
    ca: Acme2Certifier,
}

impl Site {
    fn new(renewals: &str) -> Self {
        let token = SoftToken::new();
        let ca = Acme2Certifier::start(token.folder(), renewals);
        token.write("web.toml", spec("www.example.com", "ca = 'a2c'"));
        token.write("hsmcert.toml", ca.table());
        let site = Self { token, ca };
        assert!(site.renew(&[]).ok().stdout.contains("renewed by a2c: no certificate yet"));
        site
    }

    fn renew(&self, more: &[&str]) -> Outcome {
        self.token.run(&[&["renew", "web.toml"], more].concat())
    }

    /// Has the pause that the CA asked for pass.
    fn wait(&self) {
        for path in record_files(self.token.folder()) {
            let text = std::fs::read_to_string(&path).unwrap();
            let Some((before, rest)) = text.split_once("\"until\": \"") else { continue };
            let (_, after) = rest.split_once('"').unwrap();
            std::fs::write(&path, format!("{before}\"until\": \"2020-01-01T00:00:00Z\"{after}")).unwrap();
        }
    }

    /// The same CA by name, which says other things from now on.
    fn moves_to(&self, ca: &ScriptedCa) {
        let table = self.ca.table();
        let line = table.lines().find(|line| line.starts_with("directory")).unwrap();
        self.token.write("hsmcert.toml", table.replace(line, &format!("directory = '{}/directory'", ca.base)));
        ca.says("/directory", "200 OK", "", r#"{"renewalInfo": "BASE/renewals/"}"#);
    }

    /// Where the CA is asked about the certificate.
    fn path(&self) -> &'static str {
        let listed = self.renew(&["-v", "--dry-run"]).ok().stderr;
        let name = listed.split("/acme/renewal-info/").nth(1).unwrap().split(':').next().unwrap();
        format!("/renewals/{name}").leak()
    }
}

#[test]
fn the_window_of_the_ca_comes_before_the_usual_time() {
    let mut site = Site::new(LATE);
    let waits = site.renew(&["--json"]).ok().json();
    let result = &waits["results"][0];
    let (from, window) = (result["due_from"].as_str().unwrap(), &result["window"]);
    assert!(window["start"].as_str().unwrap() <= from && from <= window["end"].as_str().unwrap(), "{result:#}");
    let text = result["text"].as_str().unwrap();
    assert!(text.starts_with("not due: ") && text.contains(": the CA wants it"), "{text}");
    assert_eq!(site.ca.asked(), 1);
    let status = site.token.run(&["status", "--json"]).ok().json();
    assert_eq!(status["certificates"][0]["due_at"], from);
    let offline = site.token.run(&["status", "--offline", "--json"]).ok().json();
    assert_eq!(offline["certificates"][0]["due_at"], from);

    let shim = Shim::before(&site.token);
    let again = shim.run(&["renew", "web.toml", "--json"]).ok().json();
    assert_eq!((&again["results"][0]["due_from"], shim.calls().len()), (&result["due_from"], 0));
    assert_eq!(site.ca.asked(), 1, "what the CA said holds for an hour");

    site.ca.restart(NOW);
    assert!(site.renew(&[]).ok().stdout.contains("not due"));
    site.wait();
    let before = site.token.read("web.fullchain.pem");
    let renewed = site.renew(&["-v"]).ok();
    assert!(renewed.stdout.contains(" of 90 days left, the CA wants it renewed from 20"), "{renewed:?}");
    // It does not say whether it has read which certificate the order replaces, and is not asked for another one.
    assert_eq!(renewed.stderr.matches("/acme/neworders: 201 Created").count(), 1, "{}", renewed.stderr);
    assert!(site.token.read("web.fullchain.pem") != before);
    site.token.run(&["verify", "www.example.com"]).ok();
    site.ca.restart(LATE);
    assert!(site.renew(&[]).ok().stdout.contains("not due"));
}

#[test]
fn a_margin_and_force_win_over_the_window() {
    let site = Site::new(LATE);
    assert!(site.renew(&["--before", "1d"]).ok().stdout.contains("not due: "));
    assert!(site.renew(&["--before", "90d"]).ok().stdout.contains("due when 90 days are left"));
    assert!(site.renew(&["--force"]).ok().stdout.contains("renewed by a2c: forced"));
    assert_eq!(site.ca.asked(), 0);
    site.renew(&["--dry-run"]).ok();
    site.renew(&["--dry-run"]).ok();
    assert_eq!(site.ca.asked(), 2, "a dry run remembers nothing");
    assert!(records(site.token.folder()).iter().all(|record| record["advice"].is_null()));
}

/// Nothing is remembered of the certificate, and what the CA says counts all the same.
#[test]
fn a_machine_without_state_does_what_the_ca_says() {
    let mut site = Site::new(LATE);
    std::fs::remove_dir_all(site.token.folder().join("state/hsmcert")).unwrap();
    assert!(site.renew(&[]).ok().stdout.contains("not due"));
    site.ca.restart(NOW);
    assert!(site.renew(&[]).ok().stdout.contains("the CA wants it renewed from"));
}

#[test]
fn a_ca_that_cannot_be_asked_leaves_the_usual_time() {
    let mut site = Site::new(LATE);
    site.token.write("shop.toml", spec("shop.example.com", "ca = 'a2c'"));
    site.token.run(&["renew", "shop.toml"]).ok();
    // A third of the ninety days for which this CA issues.
    let usual = site.renew(&["--before", "30d", "--json"]).ok().json()["results"][0]["due_from"].clone();
    site.renew(&[]).ok();
    site.wait();
    site.ca.stop();
    let both = site.token.run(&["renew", "web.toml", "shop.toml", "--json"]).ok().json();
    for result in both["results"].as_array().unwrap() {
        assert_eq!(result["due_from"].as_str().unwrap()[..10], usual.as_str().unwrap()[..10], "{both:#}");
    }
    let warnings = both["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "a CA that is down is tried once: {warnings:?}");
    let warning = warnings[0].as_str().unwrap();
    assert!(warning.starts_with("a2c does not say when it wants certificates to be renewed: "), "{warning}");
}

#[test]
fn an_order_names_the_certificate_that_it_replaces() {
    let site = Site::new(LATE);
    let (name, ca) = (site.path().trim_start_matches("/renewals/"), ScriptedCa::start());
    site.moves_to(&ca);
    let directory = r#"{"newNonce": "BASE/nonce", "newAccount": "BASE/account", "newOrder": "BASE/order",
        "renewalInfo": "BASE/renewals"}"#;
    ca.says("/directory", "200 OK", "", directory);
    ca.says("/nonce", "200 OK", "", "");
    ca.says("/account", "201 Created", "Location: BASE/account/1\r\n", "{}");
    let order = |more: &str| {
        let body = format!(r#"{{"status": "valid", "authorizations": [], "finalize": "BASE/finalize"{more}}}"#);
        ca.says("/order", "201 Created", "Location: BASE/order/1\r\n", &body);
        ca.says("/order/1", "200 OK", "", &body);
        site.renew(&["--force", "-v"]).fails(11).says("no certificate URL found")
    };
    let named = order(&format!(r#", "replaces": "{name}""#)).stderr;
    assert!(!named.contains("does not name its predecessor"), "{named}");
    assert_eq!((ca.asked_for("/order"), ca.asked_for("/order/1")), (1, 0));
    let table = String::from_utf8(site.token.read("hsmcert.toml")).unwrap();
    site.token.write("hsmcert.toml", table.replace("a2c", "other"));
    site.token.write("web.toml", spec("www.example.com", "ca = 'other'"));
    order("").says("does not name its predecessor: ");
    assert_eq!((ca.asked_for("/order"), ca.asked_for("/order/1")), (2, 1), "the order that is made goes on");
}

#[test]
fn an_answer_that_is_none_is_told_and_changes_nothing() {
    let site = Site::new(LATE);
    let (path, ca) = (site.path(), ScriptedCa::start());
    site.moves_to(&ca);
    let window = |start: &str, end: &str| format!(r#"{{"suggestedWindow": {{"start": "{start}", "end": "{end}"}}}}"#);
    let backwards = window("2030-01-02T00:00:00Z", "2030-01-01T00:00:00Z");
    for (status, body, says) in [
        ("200 OK", "<html>log in", "<html>log in"),
        ("200 OK", "{}", "suggestedWindow"),
        ("200 OK", &window("soon", "later"), "soon"),
        ("200 OK", &backwards, "its window ends at 2030-01-01T00:00:00Z"),
        ("500 Internal Server Error", "", "500 Internal Server Error"),
    ] {
        ca.says(path, status, "", body);
        let told = site.renew(&[]).ok().says("warning: a2c does not say when ").says(says);
        assert!(told.stdout.contains("not due"), "{told:?}");
    }
    // It does not know the certificate: one that another CA issued before. That is remembered.
    ca.says(path, "404 Not Found", "", r#"{"type": "urn:ietf:params:acme:error:malformed", "detail": "no such one"}"#);
    assert_eq!(site.renew(&[]).ok().stderr, "");
    let asked = ca.asked();
    site.renew(&[]).ok();
    assert_eq!(ca.asked(), asked);
    site.wait();
    site.renew(&["-v"]).ok().says("no such one");
    // A window that is over, of which a page tells more.
    site.wait();
    let reason = r#", "explanationURL": "https://ca.example/\u001b[31mwhy"}"#;
    let past = window("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z").trim_end_matches('}').to_owned() + "}" + reason;
    ca.says(path, "200 OK", "", &past);
    let due = site.renew(&["--dry-run"]).ok();
    let says = "the CA wants it renewed from 2020-01-01 to 2020-01-02 (https://ca.example/ [31mwhy)";
    assert!(due.stdout.contains(says), "{due:?}");
    ca.says("/directory", "200 OK", "", r#"{"renewalInfo": "ftp://elsewhere/"}"#);
    site.renew(&[]).ok().says("ftp://elsewhere/");
    ca.says("/directory", "200 OK", "", "{}");
    assert_eq!(site.renew(&[]).ok().stderr, "", "a CA that says nothing of renewals");
    let asked = ca.asked();
    site.renew(&[]).ok();
    assert_eq!(ca.asked(), asked);
}
