//! `hsmcert prune`: what renewals have put others in the place of goes, and nothing else.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::Value;
use support::company::{Company, NAME, record_files, records, spec};
use support::{Class, Running, Shim, at_terminal, free_port, spawnable};

const PRUNE: [&str; 2] = ["prune", "--yes"];

/// A site that was renewed so often. The labels of its old pairs, the newest first.
fn renewed(times: usize) -> (Company, Vec<String>) {
    let company = Company::new();
    company.renew(&[]).ok();
    let mut old = Vec::new();
    for _ in 0..times {
        let renewed = company.renew(&["--force", "--json"]).ok().json();
        old.insert(0, renewed["results"][0]["certificate"]["old_label"].as_str().unwrap().to_owned());
    }
    (company, old)
}

fn sorted(labels: &[&str]) -> Vec<String> {
    let mut labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
    labels.sort();
    labels
}

fn outcomes(result: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    result["results"].as_array().unwrap().iter().map(|one| (text(one, "label"), text(one, "outcome"))).collect()
}

#[test]
fn the_newest_old_pairs_stay_and_the_others_go() {
    let (company, old) = renewed(3);
    let before = company.token.objects().len();
    company.token.run(&["prune"]).fails(2).says("--yes");
    let shown = company.token.run(&["prune", "--dry-run"]).ok();
    assert!(shown.stdout.contains(&format!("{}: kept; ", old[0])), "{shown:?}");
    let gone = format!("{}: would be deleted: private key, public key, certificate; id ", old[1]);
    assert!(shown.stdout.contains(&gone) && shown.stdout.ends_with("nothing was deleted (--dry-run)\n"), "{shown:?}");
    assert_eq!(company.token.objects().len(), before);
    let pruned = company.token.run(&[&PRUNE[..], &["--keep", "2", "--json"]].concat()).ok().json();
    let of = |label: &String, outcome: &str| (label.clone(), outcome.to_owned());
    assert_eq!(outcomes(&pruned), [of(&old[0], "kept"), of(&old[1], "kept"), of(&old[2], "deleted")]);
    let objects = pruned["results"][2]["objects"].as_array().unwrap();
    let classes: Vec<&str> = objects.iter().map(|one| one["class"].as_str().unwrap()).collect();
    assert_eq!((&pruned["pruned"], classes), (&Value::Bool(true), vec!["private", "public", "certificate"]));
    assert_eq!(pruned["results"][2]["followed_by"], NAME);
    assert_eq!(company.pairs(), sorted(&[NAME, &old[0], &old[1]]));
    company.token.run(&PRUNE).ok();
    assert_eq!(company.pairs(), sorted(&[NAME, &old[0]]));
    company.token.run(&[&PRUNE[..], &["--keep", "0"]].concat()).ok();
    assert_eq!((company.pairs(), records(company.token.folder()).len()), (vec![NAME.to_owned()], 1));
    company.is_whole();
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
    let shim = Shim::before(&company.token);
    let again = shim.run(&[&PRUNE[..], &["--keep", "0"]].concat()).ok();
    assert_eq!(again.stdout, "no renewal has left an old pair behind\n");
    assert_eq!(shim.calls(), [], "nothing is to be done, so nobody logs in");
    // The next renewal goes on from there.
    company.renew(&["--force"]).ok();
    company.is_whole();
}

#[test]
fn nothing_goes_that_no_renewal_has_replaced() {
    let (company, old) = renewed(1);
    let token = &company.token;
    // Labels like those of old pairs; a second certificate of the same request file under a label of its own.
    let dated = format!("{NAME}.20200101");
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", &dated, "--id", "aa"]);
    token.run(&["new", "web.toml", "second.csr.pem", "--label", &format!("{NAME}.20200202")]).ok();
    token.run(&["submit", "second.csr.pem", "--ca", "company"]).ok();
    token.run(&["accept", "second.crt.pem"]).ok();
    company.renew(&["--force"]).ok();
    let objects = token.objects();
    let newest: Vec<_> = objects.iter().filter(|one| one.label.starts_with(&format!("{NAME}.20200"))).collect();
    assert_eq!(newest.len(), 5, "{objects:#?}");
    token.run(&[&PRUNE[..], &["--keep", "0"]].concat()).ok();
    let left = token.objects();
    assert!(newest.iter().all(|one| left.contains(one)), "{left:#?}");
    assert!(!left.iter().any(|one| one.label == old[0]), "{left:#?}");
    token.run(&["verify", NAME]).ok();
    token.run(&["verify", &format!("{NAME}.20200202")]).ok();
}

#[test]
fn many_sites_need_one_login_and_can_be_chosen() {
    let company = Company::new();
    for name in ["a.example.com", "b.example.com", "c.example.com"] {
        company.token.write(&format!("{name}.toml"), spec(name, "ca = 'company'"));
    }
    let all = ["renew", "a.example.com.toml", "b.example.com.toml", "c.example.com.toml"];
    company.token.run(&all).ok();
    company.token.run(&[&all[..], &["--force"]].concat()).ok();
    let keys = || company.token.objects().into_iter().filter(|one| one.class == Class::Private).count();
    company.token.run(&[&PRUNE[..], &["no.example.com"]].concat()).fails(6);
    company.token.run(&[&PRUNE[..], &["--keep", "0", "b.example.com.toml"]].concat()).ok();
    assert_eq!(keys(), 5);
    let shim = Shim::before(&company.token);
    let pruned = shim.run(&[&PRUNE[..], &["--keep", "0", "?.example.com", "--json"]].concat()).ok().json();
    assert_eq!((keys(), shim.count("C_Login")), (3, 1));
    assert_eq!(pruned["results"].as_array().unwrap().len(), 2);
}

/// A server of TLS with a key of the token.
fn serve(company: &Company, label: &str, port: u16) -> Running {
    let listen = format!("127.0.0.1:{port}");
    let mut command = company.token.hsmcert();
    command.args(["serve", label, "--listen", &listen]);
    let mut server = Running::start(&mut spawnable(&command), company.token.folder(), "hsmcert");
    server.prints("serving https://127.0.0.1:");
    server
}

#[test]
fn a_pair_stays_as_long_as_a_server_serves_it() {
    let (company, old) = renewed(2);
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let named = [&PRUNE[..], &["--keep", "0", "--connect", &address]].concat();
    let server = serve(&company, &old[0], port);
    let failed = company.token.run(&named).exits(14).says(&format!("{address} still serves the key \"{}\"", old[0]));
    assert!(failed.stdout.starts_with(&format!("{}: deleted: ", old[1])), "the other one went: {failed:?}");
    assert_eq!(company.pairs(), sorted(&[NAME, &old[0]]));
    drop(server);
    // The servers of the request file are asked without being named.
    company.token.write(
        "web.toml",
        spec(NAME, &format!("ca = 'company'\ndeploy = [{{ target = 'nginx', connect = '{address}' }}]")),
    );
    let asked = [&PRUNE[..], &["--keep", "0"]].concat();
    company.token.refuses(14, &asked).says("does not show whether it still serves").says("check that the server");
    assert_eq!(company.token.run(&[&asked[..], &["--json"]].concat()).json_error("served-differs")["retryable"], true);
    let server = serve(&company, &old[0], port);
    company.token.refuses(14, &asked).says("still serves").says("reload it");
    drop(server);
    let _server = serve(&company, NAME, port);
    let done = company.token.run(&asked).ok();
    assert!(!done.stdout.contains("no server was asked"), "{done:?}");
    assert_eq!(company.pairs(), [NAME]);
}

#[test]
fn a_request_file_that_cannot_be_read_keeps_the_pair() {
    let (company, _) = renewed(1);
    company.token.write("web.toml", "san.dns = [");
    company.token.refuses(3, &[&PRUNE[..], &["--keep", "0"]].concat()).says("its servers are not known");
}

#[test]
fn without_a_successor_that_does_the_same_the_pair_stays() {
    let prune = [&PRUNE[..], &["--keep", "0"]].concat();
    let (company, old) = renewed(1);
    company.token.write("web.toml", "san.dns = ['other.example.com']\n[key]\nalgorithm = 'ecdsa'\nlabel = 'www.example.com'\n[renewal]\nca = 'company'\n");
    company.renew(&[]).ok();
    company.token.refuses(7, &prune).says("names that the newer one lacks: www.example.com");
    company.token.write("web.toml", spec(NAME, "ca = 'company'"));
    company.renew(&[]).ok();
    assert_eq!(company.pairs().len(), 4);

    // The certificate in use is gone, or its key is.
    let in_use = company.token.certificates().into_iter().find(|one| one.label == NAME).unwrap().id;
    company.token.pkcs11_tool(&["--delete-object", "--type", "cert", "--id", &in_use]);
    company.token.refuses(7, &prune).says("\"www.example.com\" has lost its certificate");
    company.token.run(&["accept", "web.crt.pem"]).ok();
    // Another key has the id.
    let id = company.token.objects().into_iter().find(|one| one.label == old[0]).unwrap().id;
    for class in ["privkey", "pubkey", "cert"] {
        company.token.pkcs11_tool(&["--delete-object", "--type", class, "--id", &id]);
    }
    company.token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "mine", "--id", &id]);
    let failed = company.token.run(&prune).exits(7);
    failed.says("is not shown to be the key").says("delete-key id:");
    assert!(company.token.objects().iter().any(|one| one.label == "mine"));
}

#[test]
fn what_is_begun_is_finished_by_the_next_run() {
    let prune = [&PRUNE[..], &["--keep", "0"]].concat();
    for call in 1..=3 {
        let (company, old) = renewed(1);
        let killed = Shim::before(&company.token).killing(&format!("C_DestroyObject:{call}")).run(&prune);
        assert_eq!(killed.code, None, "{killed:?}");
        company.token.run(&prune).ok();
        assert!(!company.token.objects().iter().any(|one| one.label == old[0]));
        assert_eq!((company.pairs(), records(company.token.folder()).len()), (vec![NAME.to_owned()], 1));
        company.is_whole();
    }
    // All is gone but the record: somebody else has deleted it.
    let (company, old) = renewed(1);
    let kept: Vec<_> =
        record_files(company.token.folder()).into_iter().map(|path| (std::fs::read(&path).unwrap(), path)).collect();
    company.token.run(&["delete-key", &old[0], "--certificate", "--force", "--yes"]).ok();
    kept.iter().for_each(|(text, path)| std::fs::write(path, text).unwrap());
    let forgotten = company.token.run(&prune).ok();
    assert!(forgotten.stdout.contains("forgotten: nothing of it is on the token"), "{forgotten:?}");
    assert_eq!(records(company.token.folder()).len(), 1);
}

#[test]
fn somebody_is_asked_and_a_renewal_is_not_disturbed() {
    let (company, old) = renewed(1);
    let prune = ["prune", "--keep", "0"];
    let (code, printed) = at_terminal(&company.token, &prune, "n\n", || {
        company.renew(&["--force"]).fails(75).says("another run of hsmcert is at work");
    });
    assert_eq!((code, company.pairs().len()), (Some(2), 2), "{printed}");
    assert!(printed.contains(&format!("{}: would be deleted: ", old[0])), "{printed}");
    let (code, printed) = at_terminal(&company.token, &prune, "y\n", || {});
    assert_eq!((code, company.pairs().len()), (Some(0), 1), "{printed}");
    company.renew(&["--force"]).ok();
    company.answers("touch started; while [ ! -e go-on ]; do sleep 0.05; done; issue");
    std::thread::scope(|scope| {
        let renewal = scope.spawn(|| company.renew(&["--force"]));
        while !company.token.path("started").exists() {
            assert!(!renewal.is_finished(), "{:?}", renewal.join());
            std::thread::yield_now();
        }
        company.token.run(&[&PRUNE[..], &["--keep", "0"]].concat()).fails(75);
        company.token.write("go-on", "");
        renewal.join().unwrap().ok();
    });
    company.token.run(&[&PRUNE[..], &["--keep", "0"]].concat()).ok();
    assert_eq!(company.pairs(), [NAME]);
    company.is_whole();
}

/// A superseded certificate ends some day, and nobody waits for that.
#[test]
fn status_does_not_count_what_is_superseded() {
    let company = Company::new();
    company.lasting(-80, 10);
    company.renew(&[]).ok();
    company.token.run(&["status", "--fail-on", "due"]).exits(21);
    company.lasting(-1, 89);
    company.renew(&[]).ok();
    for how in [&[][..], &["--offline"]] {
        let status = [&["status", "--fail-on", "due"][..], how].concat();
        let told = company.token.run(&status).ok();
        assert!(told.stdout.contains("1 superseded by renewals: --all shows"), "{told:?}");
        assert!(!told.stdout.contains(&format!("{NAME}.2")), "{told:?}");
        let json = company.token.run(&[&status[..], &["--all", "--json"]].concat()).ok().json();
        let counts = ["total", "due", "expired", "broken", "superseded"].map(|name| json[name].as_u64().unwrap());
        assert_eq!(counts, [1, 0, 0, 0, 1], "{json:#}");
        let old = &json["certificates"][1];
        assert_eq!((&old["due"], &old["phase"]), (&Value::Bool(false), &"due".into()));
        assert!(old["superseded"].is_string() && json["certificates"][0]["superseded"].is_null(), "{json:#}");
    }
    let table = company.token.run(&["status", "--all"]).ok().stdout;
    assert!(table.contains("superseded 2") && !table.contains("DUE"), "{table}");
    let metrics = company.token.run(&["status", "--prometheus", "--all"]).ok().stdout;
    assert_eq!(metrics.matches("hsmcert_certificate_due{").count(), 1, "{metrics}");
    company.token.run(&[&PRUNE[..], &["--keep", "0"]].concat()).ok();
    assert!(!company.token.run(&["status"]).ok().stdout.contains("superseded"));
}
