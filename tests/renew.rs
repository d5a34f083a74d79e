//! Certificates that are due are renewed: by a company's CA as a command, by the throw-away CA, by hand.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::Value;
use support::company::{Company, NAME, record_files, records_or_none, spec};
use support::{Ca, Class, Shim};

#[test]
fn the_first_run_issues_and_the_second_does_nothing_without_a_login() {
    let company = Company::new();
    let first = company.renew(&[]).ok();
    assert!(first.stdout.starts_with("www.example.com: renewed by company: no certificate yet; new key "), "{first:?}");
    assert_eq!(company.pairs(), [NAME]);
    company.is_whole();
    let shim = Shim::before(&company.token);
    let second = shim.run(&["renew", "web.toml"]).ok();
    assert!(second.stdout.starts_with("www.example.com: not due: 79 of 90 days left, due from "), "{second:?}");
    assert_eq!(shim.calls(), [], "the module is not even loaded");
    assert_eq!(company.calls(), 1);
}

#[test]
fn what_is_due_gets_a_new_key_and_the_labels_are_swapped() {
    let company = Company::new();
    company.lasting(-80, 10);
    company.renew(&[]).ok();
    let (chain, certificate) = (company.token.read("web.fullchain.pem"), company.token.read("web.crt.pem"));
    company.lasting(-1, 89);
    let renewed = company.renew(&["--exit-code", "--json"]).exits(20);
    let result: Value = serde_json::from_str(&renewed.stdout).unwrap();
    assert_eq!((&result["renewed"], &result["results"][0]["outcome"]), (&Value::Bool(true), &"renewed".into()));
    assert_eq!(result["results"][0]["why"], "9 of 90 days left");
    assert_eq!(renewed.stderr, "", "nothing went wrong");
    let old = result["results"][0]["certificate"]["old_label"].as_str().unwrap().to_owned();
    assert!(old.starts_with("www.example.com.2"), "{old}");
    assert_eq!(company.pairs(), [NAME, &old]);
    company.is_whole();
    assert!(company.token.read("web.fullchain.pem.prev") == chain);
    assert!(company.token.read("web.crt.pem.prev") == certificate);
    company.token.run(&["verify", &old]).ok();
    let again = company.renew(&["--exit-code", "--json"]).ok().json();
    assert_eq!((&again["renewed"], &again["results"][0]["outcome"]), (&Value::Bool(false), &"not-due".into()));
}

#[test]
fn the_same_key_is_used_until_it_has_served_its_time() {
    let company = Company::new();
    company.token.write("web.toml", spec(NAME, "ca = 'company'\nkey = 'same'\nmax-key-uses = 2\nmax-key-age = '400d'"));
    company.renew(&[]).ok();
    let key = company.token.objects().into_iter().find(|one| one.class == Class::Private).unwrap().id;
    let second = company.renew(&["--force"]).ok();
    assert!(second.stdout.contains("renewed by company: forced; same key"), "{second:?}");
    assert_eq!(company.pairs(), [NAME]);
    assert!(company.token.certificates().iter().any(|one| one.label == NAME && one.id == key));
    company.is_whole();
    let third = company.renew(&["--force"]).ok();
    assert!(third.stdout.contains("new key"), "{third:?}");
    assert_eq!(company.pairs().len(), 2);
    // Its age is remembered, and is not waited for here.
    let new = company.token.objects().into_iter().find(|one| one.label == NAME).unwrap().id;
    let old = record_files(company.token.folder())
        .into_iter()
        .find(|path| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap()["id"] == new);
    let path = old.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let made = text.split("\"key_made\": \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    std::fs::write(&path, text.replace(&made, "2020-01-01T00:00:00Z")).unwrap();
    assert!(company.renew(&["--force"]).ok().stdout.contains("new key"));
    company.is_whole();
}

#[test]
fn an_order_that_is_open_goes_on_with_the_same_csr() {
    let company = Company::new();
    company.answers("echo order-7; echo 'two people must agree' >&2; exit 12");
    let waits = company.renew(&[]).exits(12).says("two people must agree").says("run the same command again");
    assert!(waits.stdout.starts_with("www.example.com: waits for the CA company since "), "{waits:?}");
    let csr = company.token.read("web.csr.pem");
    assert_eq!(company.renew(&["--json"]).exits(12).json()["results"][0]["outcome"], "waits");
    company.answers("[ \"$HSMCERT_REFERENCE\" = order-7 ] && issue");
    company.renew(&[]).ok();
    assert!(company.token.read("web.csr.pem") == csr);
    assert_eq!((company.calls(), company.csrs()), (3, 1));
    assert_eq!(company.pairs(), [NAME]);
    company.is_whole();
}

/// The clock of the CA, or the one here, is wrong by a day.
#[test]
fn a_certificate_of_another_time_is_told() {
    let company = Company::new();
    company.lasting(1, 90);
    company.renew(&[]).ok().says("warning: www.example.com: the certificate is not valid before 20");
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
    assert_eq!(company.calls(), 1, "it is not ordered again");

    let company = Company::new();
    company.lasting(-10, -1);
    company.renew(&[]).fails(8).says("the certificate of DNS:www.example.com expired on 20");
    let csr = company.token.read("web.csr.pem");
    company.lasting(0, 90);
    company.renew(&[]).ok();
    assert!(company.token.read("web.csr.pem") == csr);
    assert_eq!((company.pairs(), company.calls()), (vec![NAME.to_owned()], 2));
    company.is_whole();
}

/// The pause is one that a CA's Retry-After led to.
#[test]
fn a_ca_that_wants_a_pause_is_left_alone() {
    let company = Company::new();
    company.answers("echo order-7; exit 12");
    company.renew(&[]).exits(12);
    let path = record_files(company.token.folder()).remove(0);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"not_before\": null", "\"not_before\": \"2099-01-01T00:00:00Z\"")).unwrap();
    let shim = Shim::before(&company.token);
    let waits = shim.run(&["renew", "web.toml"]).exits(12);
    assert!(waits.stdout.contains("which is not asked before 2099-01-01T00:00:00Z"), "{waits:?}");
    assert_eq!((shim.calls().len(), company.calls()), (0, 1));
    company.answers("issue");
    company.renew(&["--force"]).ok();
    company.is_whole();
}

#[test]
fn without_a_ca_the_certificate_is_brought_by_hand() {
    let company = Company::new();
    company.token.write("web.toml", spec(NAME, ""));
    company.renew(&[]).exits(12).says("web.crt.pem").says("--ca");
    let csr = company.token.read("web.csr.pem");
    let shim = Shim::before(&company.token);
    shim.run(&["renew", "web.toml"]).exits(12);
    assert_eq!(shim.calls(), [], "nothing has come, so nothing is looked at");
    let ca = Ca::new(company.token.folder(), "Other");
    company.token.write("web.crt.pem", ca.issue(&company.token.path("web.csr.pem")));
    let renewed = company.renew(&[]).ok();
    assert!(renewed.stdout.starts_with("www.example.com: renewed: no certificate yet; new key "), "{renewed:?}");
    company.is_whole();
    // The next one: the old certificate is still in the file, and is not taken for the new one.
    company.renew(&["--force"]).exits(12);
    assert!(company.token.read("web.csr.pem") != csr);
    company.renew(&[]).exits(12);
    company.token.write("web.crt.pem", ca.issue(&company.token.path("web.csr.pem")));
    company.renew(&[]).ok();
    assert_eq!(company.pairs().len(), 2);
    company.is_whole();
}

#[test]
fn what_the_ca_answers_wrongly_changes_nothing_and_the_next_run_goes_on() {
    let company = Company::new();
    company.renew(&[]).ok();
    let (files, chain) = (company.token.files(), company.token.read("web.fullchain.pem"));
    let foreign = Ca::new(company.token.folder(), "Foreign").certificate("root");
    company.token.write("foreign.pem", foreign);
    for (answer, code, text) in [
        ("echo 'no more than five a week' >&2; exit 75", 11, "no more than five a week"),
        ("echo 'the name is not yours' >&2; exit 1", 11, "the name is not yours"),
        ("echo '<html>login</html>'", 8, "hint"),
        ("cat foreign.pem", 11, "no certificate for the key of the CSR"),
        ("issue | head -c 300", 8, "hint"),
        ("exit 0", 11, "printed no certificate"),
        ("kill -9 $$", 11, "signal"),
    ] {
        company.answers(answer);
        company.renew(&["--force"]).fails(code).says(text);
        assert!(company.token.read("web.fullchain.pem") == chain, "{answer}");
        company.token.run(&["verify", NAME]).ok();
    }
    assert_eq!(company.csrs(), 2, "one for the first certificate, and one for all of these");
    company.answers("issue");
    company.renew(&[]).ok();
    assert_eq!((company.csrs(), company.pairs().len()), (2, 2));
    company.is_whole();
    let new: Vec<_> = company.token.files().into_iter().filter(|name| !files.contains(name)).collect();
    assert_eq!(new, ["foreign.pem", "web.crt.pem.prev", "web.fullchain.pem.prev"]);
}

#[test]
fn each_of_many_gets_a_line_and_one_failure_does_not_stop_the_others() {
    let company = Company::new();
    company.renew(&[]).ok();
    company.token.write("bad.toml", "san.dns = [");
    company.token.write("no.toml", spec("no.example.com", "ca = 'no'\n[ca.no]\ntype = 'exec'\ncommand = ['false']"));
    company.token.write("new.toml", spec("new.example.com", ""));
    company.token.write("due.toml", spec("due.example.com", "ca = 'company'"));
    let all = ["renew", "web.toml", "bad.toml", "no.toml", "new.toml", "due.toml"];
    let shim = Shim::before(&company.token);
    let outcome = shim.run(&all).exits(15).says("error: no.example.com: the CA refuses").says("3 of 5 not renewed");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    assert!(lines[0].starts_with("www.example.com: not due: "), "{lines:?}");
    assert!(lines[1].starts_with("new.example.com: waits for the certificate of "), "{lines:?}");
    assert!(lines[2].starts_with("due.example.com: renewed by company: no certificate yet"), "{lines:?}");
    assert_eq!((lines.len(), shim.count("C_Login")), (3, 1));
    let json = company.token.run(&[&all[..], &["--json"]].concat()).exits(15).json();
    let outcomes: Vec<&Value> = json["results"].as_array().unwrap().iter().map(|one| &one["outcome"]).collect();
    assert_eq!(outcomes, ["not-due", "failed", "failed", "waits", "not-due"]);
    assert_eq!(json["results"][1]["error"]["code"], "request-invalid");
    assert_eq!(json["results"][2]["error"]["exit_code"], 11);
    // What all failures share is the exit code.
    company.token.run(&["renew", "web.toml", "no.toml"]).exits(11);
    company.token.run(&["renew", "web.toml", "web.toml"]).exits(2).says("named twice");
}

#[test]
fn a_wrong_pin_is_told_for_each_and_tried_once() {
    let company = Company::new();
    company.token.write("two.toml", spec("two.example.com", "ca = 'company'"));
    let shim = Shim::before(&company.token);
    let mut command = shim.hsmcert();
    command.args(["renew", "web.toml", "two.toml"]).env("HSMCERT_PIN", "wrong");
    support::Outcome::of(&mut command).exits(5).says("error: two.example.com: ");
    assert_eq!((shim.count("C_Login"), company.calls()), (1, 0));
}

#[test]
fn a_second_runner_is_told_that_the_first_is_at_work() {
    let company = Company::new();
    company.answers("touch started; while [ ! -e go-on ]; do sleep 0.05; done; issue");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| company.renew(&[]));
        while !company.token.path("started").exists() {
            assert!(!first.is_finished(), "{:?}", first.join());
            std::thread::yield_now();
        }
        company.renew(&[]).fails(75).says("another run of hsmcert is at work");
        company.token.write("go-on", "");
        first.join().unwrap().ok();
    });
    assert_eq!((company.calls(), company.csrs()), (1, 1));
    assert_eq!(company.pairs(), [NAME]);
    company.is_whole();
}

#[test]
fn names_that_the_request_gained_make_it_due() {
    let company = Company::new();
    company.renew(&[]).ok();
    company.token.write("web.toml", spec("www.example.com', 'api.example.com", "ca = 'company'"));
    let renewed = company.renew(&[]).ok();
    assert!(renewed.stdout.contains("the names of the request changed: +api.example.com"), "{renewed:?}");
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
    company.is_whole();
}

#[test]
fn a_dry_run_and_a_ca_that_is_not_configured_touch_nothing() {
    let company = Company::new();
    let planned = company.renew(&["--dry-run"]).ok();
    assert_eq!(planned.stdout, "www.example.com: would be renewed by company: no certificate yet\n");
    company.token.refuses(2, &["renew", "web.toml", "--ca", "compnay"]).says("there are: company, dev");
    company.token.write("typo.toml", spec(NAME, "ca = 'compnay'"));
    company.token.run(&["lint", "typo.toml"]).exits(2).says("compnay");
    assert_eq!((company.token.objects().len(), company.calls()), (0, 0));
    assert!(!company.token.folder().join("state/hsmcert").exists());
}

#[test]
fn the_settings_are_checked_and_shown() {
    let company = Company::new();
    let shown = company.token.run(&["lint", "web.toml"]).ok();
    assert!(shown.stdout.contains("by company (exec), when a third of the lifetime is left"), "{shown:?}");
    let json = company.token.run(&["lint", "web.toml", "--json"]).ok().json();
    assert_eq!(json["files"][0]["renewal"]["key"], "new");
    company.token.run(&["convert", "web.toml", "web.inf"]).ok().says("lost: [renewal] and [ca.NAME]");
    for (setting, said) in [
        ("before = '30'", "expected days, hours or a share"),
        ("max-key-age = '50%'", "expected days or hours"),
        ("key = 'old'", "unknown variant `old`"),
        ("max-key-uses = 0", "in the place of"),
        ("befor = '30d'", "did you mean `before`?"),
        ("[ca.x]\ntype = 'scep'", "unknown variant `scep`"),
    ] {
        company.token.write("bad.toml", spec(NAME, setting));
        company.token.run(&["lint", "bad.toml"]).exits(3).says(said).says("bad.toml:5");
    }
    // For all requests, and an INF has no settings of its own.
    company.token.write("hsmcert.toml", "[renewal]\nca = 'dev'\nbefore = '1d'\n");
    company.token.write("old.inf", support::inf("old.example.com"));
    let all = company.token.run(&["renew", "old.inf"]).ok();
    assert!(all.stdout.starts_with("old.example.com: renewed by dev: no certificate yet"), "{all:?}");
    company.token.run(&["verify", "old.example.com"]).ok();
}

/// `new`, `submit` and `accept` by hand, and then the daily job.
#[test]
fn a_site_that_was_set_up_by_hand_is_taken_over() {
    let company = Company::new();
    company.token.run(&["new", "web.toml"]).ok();
    let csr = company.token.read("web.csr.pem");
    company.token.run(&["submit", "web.csr.pem", "--ca", "company"]).ok();
    company.token.run(&["accept", "web.crt.pem"]).ok();
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
    company.renew(&["--force"]).ok();
    assert!(company.token.read("web.csr.pem") != csr);
    company.is_whole();
    assert_eq!(company.pairs().len(), 2);
}

/// The request that `new` made is the one that is sent.
#[test]
fn a_request_that_waits_is_used() {
    let company = Company::new();
    company.token.run(&["new", "web.toml"]).ok();
    let csr = company.token.read("web.csr.pem");
    assert!(company.renew(&[]).ok().stdout.contains("no certificate yet for the request of 20"));
    assert!(company.token.read("web.csr.pem") == csr && company.token.read("asked.pem") == csr);
    assert_eq!(company.pairs(), [NAME]);
    company.is_whole();
}

/// Each search of a run fails once, and then a run goes through. A token that fails for a moment is not one without the
/// key: there is one pair and one CSR in the end.
#[track_caller]
fn searches_fail_one_after_the_other(company: &Company) {
    for search in 1.. {
        let failing = format!("C_FindObjectsInit:{search}:0x30");
        let shim = Shim::before(&company.token).failing(&failing);
        let outcome = support::Outcome::of(shim.hsmcert().args(["renew", "web.toml"]));
        let keys = company.token.objects().iter().filter(|object| object.class == Class::Private).count();
        assert_eq!((keys, company.csrs().min(2) <= 1), (1, true), "{failing}: {outcome:#?}");
        match outcome.code {
            Some(0) => break,
            _ => assert_eq!(outcome.exits(4).stdout, "", "{failing}"),
        }
    }
    assert_eq!(company.pairs(), [NAME]);
}

#[test]
fn a_pair_that_a_killed_run_left_is_found_or_the_run_fails() {
    let company = Company::new();
    let shim = Shim::before(&company.token).killing("C_Sign:1");
    support::Outcome::of(shim.hsmcert().args(["renew", "web.toml"]));
    assert_eq!((company.calls(), records_or_none(company.token.folder())), (0, 0));
    searches_fail_one_after_the_other(&company);
    company.is_whole();
}

#[test]
fn a_certificate_on_the_token_is_found_or_the_run_fails() {
    let company = Company::new();
    company.renew(&[]).ok();
    std::fs::remove_dir_all(company.token.folder().join("state/hsmcert")).unwrap();
    for file in ["web.csr.pem", "web.crt.pem", "web.fullchain.pem"] {
        std::fs::remove_file(company.token.path(file)).unwrap();
    }
    searches_fail_one_after_the_other(&company);
    assert_eq!(company.calls(), 1);
}

#[test]
fn state_that_is_damaged_or_lost_is_made_anew_from_token_and_files() {
    let company = Company::new();
    company.renew(&[]).ok();
    let damage =
        |text: &str| record_files(company.token.folder()).iter().for_each(|path| std::fs::write(path, text).unwrap());
    damage("{\"version\": 1");
    // In use: the file tells that it is not due. As its record is damaged, the token is asked once.
    let told = company.renew(&[]).ok().says("is damaged");
    assert!(told.stdout.contains("not due"), "{told:?}");
    // Under way: the same key and the same CSR.
    company.answers("echo order-7; exit 12");
    company.renew(&["--force"]).exits(12);
    let csr = company.token.read("web.csr.pem");
    damage("");
    company.answers("issue");
    company.renew(&["--force"]).ok();
    assert!(company.token.read("web.csr.pem") == csr);
    assert_eq!((company.csrs(), company.pairs().len()), (2, 2));
    company.is_whole();
    // Nothing is remembered at all.
    std::fs::remove_dir_all(company.token.folder().join("state/hsmcert")).unwrap();
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
    company.renew(&["--force"]).ok();
    company.is_whole();
}

#[test]
fn files_of_others_are_not_written_over() {
    for file in ["web.csr.pem", "web.crt.pem", "web.fullchain.pem"] {
        let company = Company::new();
        company.token.write(file, "somebody's");
        company.token.refuses(7, &["renew", "web.toml"]).says(file);
        assert_eq!(company.calls(), 0);
    }
}

/// The new pair keeps its suffix, and is found by it.
#[test]
fn a_token_that_does_not_change_labels_keeps_the_suffix() {
    let company = Company::new();
    company.renew(&[]).ok();
    for expected in [2, 3] {
        let shim = Shim::before(&company.token);
        let refusals: Vec<String> = (1..20).map(|number| format!("C_SetAttributeValue:{number}:0x10")).collect();
        let renewed = shim.failing(&refusals.join(",")).run(&["renew", "web.toml", "--force"]).ok();
        assert!(renewed.stderr.contains("does not change labels"), "{renewed:?}");
        assert!(renewed.stdout.contains("its label is \"www.example.com."), "{renewed:?}");
        assert_eq!(company.pairs().len(), expected);
        assert!(company.renew(&[]).ok().stdout.contains("not due"));
    }
}

/// As far as is known of the product, it is not even tried.
#[test]
fn a_product_that_changes_no_labels_keeps_the_suffix_too() {
    let company = Company::new();
    let authority = String::from_utf8(company.token.read("hsmcert.toml")).unwrap();
    company.token.write("hsmcert.toml", authority + "[profile.fixed.quirks]\nchanges = 'nothing'\n");
    company.renew(&["--profile", "fixed"]).ok();
    let renewed = company.renew(&["--profile", "fixed", "--force"]).ok();
    assert!(renewed.stderr.contains("does not change labels"), "{renewed:?}");
    assert_eq!(company.pairs().len(), 2);
    assert!(company.renew(&["--profile", "fixed"]).ok().stdout.contains("not due"));
}

/// Another pair with the label, and a certificate with it that has no id: all of them make room.
#[test]
fn all_that_has_the_label_of_the_site_makes_room() {
    let company = Company::new();
    company.renew(&[]).ok();
    company.token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", NAME, "--id", "aa"]);
    let root = company.token.folder().join("ca Example/root.pem");
    let work = company.token.folder().join("work");
    support::openssl(&work, &["x509", "-in", root.to_str().unwrap(), "-outform", "DER", "-out", "root.der"]);
    company.token.pkcs11_tool(&[
        "--write-object",
        work.join("root.der").to_str().unwrap(),
        "--type",
        "cert",
        "--label",
        NAME,
    ]);
    let renewed = company.renew(&["--force"]).ok();
    assert!(renewed.stdout.contains("the old pair is \"www.example.com.2"), "{renewed:?}");
    let objects = company.token.objects();
    let labelled: Vec<_> = objects.iter().filter(|object| object.label == NAME).collect();
    assert!(labelled.len() == 3 && labelled.iter().all(|object| object.id == labelled[0].id), "{objects:#?}");
    let dated: std::collections::HashSet<&str> =
        objects.iter().map(|one| one.label.as_str()).filter(|label| label.starts_with("www.example.com.2")).collect();
    assert_eq!(dated.len(), 3, "{objects:#?}");
    company.is_whole();
}

/// What is wrong with a request stays wrong.
#[test]
fn nobody_is_told_to_try_again_what_cannot_work() {
    let company = Company::new();
    company.renew(&[]).ok();
    company.token.write("bad.toml", "san.dns = [");
    let failed = company.token.run(&["renew", "web.toml", "bad.toml"]).exits(3);
    assert!(!failed.stderr.contains("it goes on where this one ended"), "{failed:?}");
    let twice = company.token.run(&["renew", "web.toml", "web.toml"]).exits(2).says("named twice");
    assert!(!twice.stderr.contains("it goes on where this one ended"), "{twice:?}");
}

/// The clocks of the CA and of this machine differ by minutes.
#[test]
fn a_certificate_that_begins_in_some_minutes_is_kept() {
    let company = Company::new();
    let time = |minutes: i64| {
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(minutes);
        time.strftime("%Y%m%d%H%M%SZ").to_string()
    };
    company.token.write("dates", format!("-startdate {} -enddate {}", time(7), time(90 * 24 * 60)));
    let renewed = company.renew(&[]).ok();
    assert!(renewed.stderr.contains("not valid before"), "{renewed:?}");
    for _ in 0..2 {
        let again = company.renew(&[]).ok();
        assert!(again.stdout.contains("not due: "), "{again:?}");
    }
    assert_eq!((company.calls(), company.csrs(), company.pairs()), (1, 1, vec![NAME.to_owned()]));
}
