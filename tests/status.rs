//! `hsmcert status`: what is due, what is over, and what has lost its key, for people, scripts and monitoring.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Ca, SoftToken, tools};

/// A token with these certificates: label, days since its beginning, days until its end.
fn token_with(certificates: &[(&str, i64, i64)]) -> SoftToken {
    let token = SoftToken::new();
    let ca = Ca::new(token.folder(), "Status");
    for (label, since, until) in certificates {
        let (request, csr, certificate) = (format!("{label}.inf"), format!("{label}.csr"), format!("{label}.crt"));
        token.write(&request, format!("[NewRequest]\nSubject = \"CN={label}\"\nKeyAlgorithm = ECDSA_P256\n"));
        token.run(&["new", &request, &csr]).ok();
        let (start, end) = (day(-since), day(*until));
        let pem = ca.issue_with(&token.path(&csr), &["-startdate", &start, "-enddate", &end]);
        token.write(&certificate, pem);
        if *until > 0 {
            token.run(&["accept", &certificate]).ok();
        } else {
            // accept refuses it; a token may hold it all the same.
            let key = token.objects().into_iter().find(|object| object.label == *label).unwrap();
            token.openssl(&["x509", "-in", &certificate, "-outform", "DER", "-out", "expired.der"]);
            let file = token.path("expired.der");
            let (file, id) = (file.to_str().unwrap(), key.id.as_str());
            token.pkcs11_tool(&["--write-object", file, "--type", "cert", "--id", id, "--label", label]);
        }
    }
    token
}

/// So many days from now, as `openssl ca` wants it; half a day later, so that the count of days does not change while
/// the test runs.
fn day(days: i64) -> String {
    let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(days * 24 + 12);
    time.strftime("%Y%m%d%H%M%SZ").to_string()
}

fn three() -> SoftToken {
    token_with(&[("fresh.example", 10, 80), ("due.example", 80, 10), ("over.example", 90, -2)])
}

fn certificate<'a>(status: &'a Value, label: &str) -> &'a Value {
    let all = status["certificates"].as_array().unwrap();
    all.iter().find(|one| one["label"] == label).unwrap_or_else(|| panic!("no {label}: {status:#}"))
}

#[test]
fn each_certificate_has_its_phase_and_the_next_end_comes_first() {
    let token = three();
    let status = token.run(&["status", "--json"]).ok().json();
    let labels: Vec<&str> =
        status["certificates"].as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
    assert_eq!(labels, ["over.example", "due.example", "fresh.example"]);
    assert_eq!((&status["total"], &status["due"], &status["expired"]), (&3.into(), &1.into(), &1.into()));
    let (fresh, due) = (certificate(&status, "fresh.example"), certificate(&status, "due.example"));
    assert_eq!((&fresh["phase"], &fresh["due"], &fresh["days_left"]), (&"fresh".into(), &false.into(), &80.into()));
    assert_eq!((&due["phase"], &due["due"], &due["days_left"]), (&"due".into(), &true.into(), &10.into()));
    assert_eq!(certificate(&status, "over.example")["phase"], "expired");
    assert_eq!((&fresh["link"], &fresh["issuer"]), (&"token".into(), &"CN=Status Issuing CA".into()));

    let table = token.run(&["status"]).ok().stdout;
    assert!(table.contains("EXPIRED") && table.contains("DUE since") && table.contains("█████████░"), "{table}");
    let table = token.run(&["status", "f*", "due.inf"]).fails(10).stderr;
    assert!(table.contains("due.inf: no such file"), "{table}");
    let table = token.run(&["status", "f*", "due.example.inf"]).ok().stdout;
    assert!(table.contains("fresh.example") && table.contains("due.example") && !table.contains("over"), "{table}");
    token.run(&["status", "nothing"]).fails(6);
}

#[test]
fn a_pipeline_fails_on_what_it_asks_for() {
    let token = three();
    token.run(&["status", "--fail-on", "due"]).exits(22).says("\"over.example\" is expired");
    token.run(&["status", "--fail-on", "expired"]).exits(22);
    token.run(&["status", "d*", "--fail-on", "due"]).exits(21).says("\"due.example\" is due for renewal");
    token.run(&["status", "d*", "--fail-on", "expired"]).ok();
    token.run(&["status", "d*", "--before", "9d", "--fail-on", "due"]).ok();
    token.run(&["status", "f*", "--before", "95%", "--fail-on", "due"]).exits(21);
    token.run(&["status", "--before", "soon"]).fails(2);
}

#[test]
fn a_certificate_without_its_key_is_a_broken_link() {
    let token = token_with(&[("kept.example", 1, 81), ("lost.example", 1, 80), ("gone.example", 1, 79)]);
    token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--label", "lost.example"]);
    token.pkcs11_tool(&["--delete-object", "--type", "cert", "--label", "gone.example"]);
    let outcome = token.run(&["status", "--json"]).exits(8);
    let status = outcome.json();
    let detail = |label| certificate(&status, label)["link_detail"].as_str().unwrap().to_owned();
    assert_eq!(certificate(&status, "kept.example")["link"], "token");
    assert_eq!(detail("lost.example"), "its private key is not on the token");
    assert_eq!(detail("gone.example"), "it is no longer on the token");
    assert_eq!(certificate(&status, "gone.example")["subject"], "CN=gone.example", "from the chain file");
    assert_eq!(
        outcome.json_error("certificate-rejected")["message"],
        "the link of \"gone.example\", \"lost.example\" is broken"
    );
    token.run(&["status", "k*"]).ok();
}

#[test]
fn each_certificate_is_told_once() {
    let token = token_with(&[("www.example", 1, 80)]);
    let id = token.certificates()[0].id.clone();
    let copy = |class: &str, file: &str| {
        let object = ["--type", class, "--id", &id, "--label", "www.example"];
        token.pkcs11_tool(&[&["--read-object", "--output-file", file][..], &object].concat());
        token.pkcs11_tool(&[&["--write-object", file][..], &object].concat());
    };
    let file = token.path("object");
    let file = file.to_str().unwrap();
    copy("pubkey", file);
    let status = token.run(&["status", "--json"]).ok().json();
    assert_eq!((&status["total"], &status["certificates"][0]["link"]), (&1.into(), &"token".into()), "{status:#}");
    copy("cert", file);
    let status = token.run(&["status", "--json"]).exits(8).json();
    assert_eq!(status["certificates"][0]["link_detail"], "several certificates or private keys have its id");
}

#[test]
fn what_is_remembered_needs_no_token() {
    let token = token_with(&[("due.example", 80, 10)]);
    let mut command = token.hsmcert();
    command.env("HSMCERT_MODULE", "/nonexistent.so").env_remove("HSMCERT_PIN");
    let outcome = support::Outcome::of(command.args(["status", "--offline", "--json"])).ok();
    let status = outcome.json();
    let due = certificate(&status, "due.example");
    assert_eq!(
        (&due["link"], &due["phase"], &due["subject"]),
        (&"not-asked".into(), &"due".into(), &"CN=due.example".into())
    );

    // Without its chain file it is known by its dates.
    std::fs::remove_file(token.path("due.example.fullchain.pem")).unwrap();
    let status = token.run(&["status", "--offline", "--json"]).ok().json();
    let due = certificate(&status, "due.example");
    assert_eq!((&due["subject"], &due["phase"], &due["days_left"]), (&Value::Null, &"due".into(), &10.into()));
    let fails = |command: &mut assert_cmd::Command| {
        support::Outcome::of(command.args(["status", "--offline", "--fail-on", "due"])).exits(21);
    };
    fails(&mut token.hsmcert());
    // A monitor may read the folder, and another one has none.
    fails(token.hsmcert().env("HSMCERT_STATE_DIR", token.folder().join("state/hsmcert")));
    let mut none = token.hsmcert();
    support::Outcome::of(none.env("HSMCERT_STATE_DIR", "/nonexistent").args(["status", "--offline"])).ok();

    let state = token.folder().join("state/hsmcert");
    std::fs::write(state.join("damaged.json"), "{").unwrap();
    let outcome = token.run(&["status", "--offline"]).ok();
    assert!(outcome.stderr.contains("damaged.json is damaged"), "{}", outcome.stderr);
}

#[test]
fn an_empty_token_has_nothing_to_renew() {
    let token = SoftToken::new();
    let outcome = token.run(&["status"]).ok();
    assert!(outcome.stdout.contains("no certificates"), "{}", outcome.stdout);
    token.run(&["status", "--fail-on", "due", "--json"]).ok().json();
    let page = token.run(&["status", "--html", "page.html"]).ok();
    assert!(
        String::from_utf8(token.read("page.html")).unwrap().contains("There is nothing to renew."),
        "{}",
        page.stdout
    );
}

/// Samples as Prometheus' own client library reads them.
fn samples(text: &[u8], folder: &Path) -> Vec<Value> {
    let file = folder.join("metrics.prom");
    std::fs::write(&file, text).unwrap();
    let script = "import json, sys
from prometheus_client.parser import text_string_to_metric_families as read
families = list(read(open(sys.argv[1]).read()))
assert all(family.documentation and family.type == 'gauge' for family in families), families
print(json.dumps([[s.name, s.labels, s.value] for family in families for s in family.samples]))";
    let printed =
        tools::run(Command::new("/usr/bin/python3").args(["-c", script]).arg(&file), "python3-prometheus-client");
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn prometheus_reads_the_metrics() {
    let token = three();
    let printed = token.run(&["status", "--prometheus"]).ok().stdout;
    let samples = samples(printed.as_bytes(), token.folder());
    let value = |metric: &str, label: &str| {
        let name = format!("hsmcert_{metric}");
        let found = samples.iter().find(|one| one[0] == name.as_str() && one[1]["label"] == label);
        found.unwrap_or_else(|| panic!("no {name} of {label}: {samples:#?}"))[2].as_f64().unwrap()
    };
    for (label, due) in [("fresh.example", 0.0), ("due.example", 1.0), ("over.example", 1.0)] {
        assert_eq!(value("certificate_due", label), due, "{label}");
        assert_eq!(value("certificate_link_broken", label), 0.0, "{label}");
        let end = value("certificate_not_after_timestamp_seconds", label);
        assert!(end > value("certificate_not_before_timestamp_seconds", label), "{label}");
        assert!(end > value("certificate_due_timestamp_seconds", label), "{label}");
    }
    assert_eq!(samples.len(), 3 * 5 + 1);

    // A collector's file is replaced each time, another's never.
    for _ in 0..2 {
        let outcome = token.run(&["status", "--prometheus=hsmcert.prom"]).ok();
        assert_eq!(outcome.stdout, "");
    }
    assert!(String::from_utf8(token.read("hsmcert.prom")).unwrap().contains("# TYPE hsmcert_certificate_due gauge"));
    token.write("other.prom", "# HELP mine\n");
    token.refuses(7, &["status", "--prometheus=other.prom"]);
    token.refuses(7, &["status", "--html", "other.prom"]);
    token.refuses(10, &["status", "--html", "no/page.html"]);
}

#[test]
fn a_browser_shows_the_timeline() {
    let token = three();
    token.run(&["status", "--html", "page.html"]).ok();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/timeline.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(token.path("page.html")).env("HOME", token.folder().join("home"));
    let page: Value = serde_json::from_str(&tools::run(&mut command, "python3 chromium")).unwrap();
    assert_eq!(page["title"], "Certificates - hsmcert");
    assert_eq!(page["counts"], serde_json::json!(["1 fresh", "1 due", "1 expired"]));
    assert_eq!((&page["requests"], &page["overflows"]), (&serde_json::json!([]), &false.into()), "{page:#}");
    let rows = page["rows"].as_array().unwrap();
    let row = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    for row in rows {
        let (start, end) = (number(&row["life"][0]), number(&row["life"][1]));
        assert!(start < end && start >= number(&row["track"][0]) && end <= number(&row["track"][1]) + 1.0, "{row:#}");
        assert!(row["shown"].as_bool().unwrap() && row["details"]["Key URI"].as_str().unwrap().starts_with("pkcs11:"));
    }
    // Where the line of today is: before the mark, behind it, behind the end.
    let (fresh, due, over) = (row("fresh.example"), row("due.example"), row("over.example"));
    assert!(number(&fresh["now"]) < number(&fresh["due"]) && number(&fresh["now"]) > number(&fresh["life"][0]));
    assert!(number(&due["now"]) > number(&due["due"]) && number(&due["now"]) < number(&due["life"][1]));
    assert!(number(&over["now"]) > number(&over["life"][1]), "{over:#}");
    assert_eq!(due["end"], "due, ends in 10 days");
    assert_eq!(over["end"], "expired, ended 2 days ago");
}
