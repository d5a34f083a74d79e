//! `hsmcert repair`: what runs that were ended have left is found, named and mended, and nothing else is touched.
//!
//! Runs are ended by SIGKILL before each PKCS#11 call that changes the token and the one behind it (by the shim; with
//! `HSMCERT_ALL_KILLS` before every call), and before each file gets its name (by strace).

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::HashMap;
use std::fs::File;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use support::company::{Company, records_or_none};
use support::{Ca, Class, NAMING, Object, Shim, Snapshot, SoftToken, at_terminal, file_calls, strace};

const REPAIR: [&str; 3] = ["repair", "--yes", "--json"];
const LOOK: [&str; 3] = ["repair", "--dry-run", "--json"];

/// Calls that change something.
const CHANGES: [&str; 4] = ["C_GenerateKeyPair", "C_CreateObject", "C_DestroyObject", "C_SetAttributeValue"];

fn spec(name: &str) -> String {
    format!(
        "[subject]\ncn = '{name}.example.com'\n[san]\ndns = ['{name}.example.com']\n[key]\nlabel = '{name}'\nalgorithm = 'ecdsa'\n"
    )
}

/// A token with a pair `web` and its request, and a neighbour that is nobody's business: a linked pair `other`.
fn requested() -> SoftToken {
    let token = SoftToken::new();
    for name in ["other", "web"] {
        token.write(&format!("{name}.toml"), spec(name));
        token.run(&["new", &format!("{name}.toml")]).ok();
        token.run(&["dev-ca", &format!("{name}.csr.pem"), &format!("{name}.crt.pem")]).ok();
    }
    token.run(&["accept", "other.crt.pem"]).ok();
    token
}

/// `web` is linked too.
fn linked() -> SoftToken {
    let token = requested();
    token.run(&["accept", "web.crt.pem"]).ok();
    token
}

/// A newer certificate of `web` in `new.crt.pem`.
fn newer(token: &SoftToken) {
    let ca = Ca::new(token.folder(), "Newer");
    token.write("new.crt.pem", ca.issue(&token.path("web.csr.pem")));
}

fn der(token: &SoftToken, pem: &str) {
    token.openssl(&["x509", "-in", pem, "-outform", "DER", "-out", "crt.der"]);
}

/// Puts a certificate onto the token as another tool does.
fn store(token: &SoftToken, pem: &str, label: &str, id: &str) {
    der(token, pem);
    token.pkcs11_tool(&["--write-object", "crt.der", "--type", "cert", "--label", label, "--id", id]);
}

fn of(token: &SoftToken, label: &str, class: Class) -> Vec<Object> {
    token.objects().into_iter().filter(|one| one.label == label && one.class == class).collect()
}

fn id(token: &SoftToken, label: &str) -> String {
    of(token, label, Class::Private).pop().unwrap().id
}

fn findings(result: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
    result["findings"].as_array().unwrap().iter().map(|one| (text(one, "what"), text(one, "outcome"))).collect()
}

/// Repairs, and looks whether all of it was mended and nothing is left. What was found.
#[track_caller]
fn repaired(token: &SoftToken) -> Vec<String> {
    let result = token.run(&REPAIR).ok().json();
    let found = findings(&result);
    assert!(found.iter().all(|(_, outcome)| outcome == "mended"), "{result:#}");
    let again = token.run(&LOOK).ok().json();
    assert_eq!(findings(&again), [], "a second repair finds something\n{again:#}");
    found.into_iter().map(|(what, _)| what).collect()
}

/// Exactly one of each with the label and one id, and the link is proved.
#[track_caller]
fn is_linked(token: &SoftToken, label: &str) {
    let objects = token.objects();
    let own: Vec<_> = objects.iter().filter(|one| one.label == label).collect();
    let mut classes: Vec<Class> = own.iter().map(|one| one.class).collect();
    classes.sort();
    assert_eq!(classes, [Class::Certificate, Class::Private, Class::Public], "{objects:#?}");
    assert!(own.iter().all(|one| one.id == own[0].id), "{own:#?}");
    token.run(&["verify", label]).ok();
}

/// A run is ended before each call that counts; then `after` looks at what `repair` made of it. How many were ended, and
/// how often each trace was found.
fn killed_everywhere(token: &SoftToken, arguments: &[&str], after: impl Fn(&str, &[(String, String)])) {
    let neighbours =
        |token: &SoftToken| -> Vec<Object> { token.objects().into_iter().filter(|one| one.label == "other").collect() };
    let (before, kept) = (neighbours(token), Snapshot::of(token.folder()));
    let shim = Shim::before(token);
    shim.run(arguments).ok();
    let all: Vec<String> = shim.calls().into_iter().map(|call| call.function).collect();
    let (mut nth, mut cases): (HashMap<&str, usize>, Vec<String>) = Default::default();
    for (index, function) in all.iter().enumerate() {
        let count = nth.entry(function).or_default();
        *count += 1;
        let changes = |index: usize| all.get(index).is_some_and(|one| CHANGES.contains(&one.as_str()));
        let is_thorough = std::env::var_os("HSMCERT_ALL_KILLS").is_some();
        if is_thorough || changes(index) || index.checked_sub(1).is_some_and(changes) || index + 1 == all.len() {
            cases.push(format!("{function}:{count}"));
        }
    }
    let mut found: HashMap<String, usize> = HashMap::new();
    for case in &cases {
        kept.restore();
        let killed = Shim::before(token).killing(case).run(arguments);
        assert_eq!(killed.code, None, "{case}: {killed:#?}");
        let privates = |token: &SoftToken| token.objects().iter().filter(|one| one.class == Class::Private).count();
        let keys = privates(token);
        let result = token.run(&REPAIR).ok().json();
        let traces = findings(&result);
        assert!(traces.iter().all(|(_, outcome)| outcome != "failed" && outcome != "due"), "{case}: {result:#}");
        let again = token.run(&LOOK).ok().json();
        let left: Vec<_> = findings(&again).into_iter().map(|(what, _)| what).collect();
        let by_hand: Vec<_> =
            traces.iter().filter(|(_, outcome)| outcome == "by-hand").map(|(what, _)| what.clone()).collect();
        assert_eq!(left, by_hand, "{case}: a second repair finds something else\n{again:#}");
        assert_eq!(privates(token), keys, "{case}: a private key is gone");
        assert_eq!(neighbours(token), before, "{case}");
        after(case, &traces);
        traces.into_iter().for_each(|(what, _)| *found.entry(what).or_default() += 1);
    }
    println!("{}: {} runs ended, of {} calls; found: {found:?}", arguments[0], cases.len(), all.len());
    assert!(!found.is_empty(), "{arguments:?}: nothing was ever left");
}

#[test]
fn a_killed_new() {
    let token = requested();
    token.write("third.toml", spec("third"));
    killed_everywhere(&token, &["new", "third.toml"], |case, traces| {
        // The pair is told, with what to type; what is typed ends it.
        for (what, outcome) in traces {
            assert_eq!((what.as_str(), outcome.as_str()), ("no-request", "by-hand"), "{case}");
            let told = token.run(&["repair", "--dry-run"]).ok().stdout;
            assert!(told.contains("hsmcert new SPEC --force --reuse-key third"), "{told}");
            let orphans = token.run(&["find-key", "--orphans"]).ok().says("hsmcert repair");
            assert!(orphans.stdout.contains("no-request"), "{orphans:#?}");
            let next = token.run(&["new", "third.toml", "--force"]).fails(7).says("hsmcert repair");
            assert!(next.stderr.contains("no request for it is remembered"), "{next:#?}");
            token.run(&["new", "third.toml", "--force", "--reuse-key", "third"]).ok();
        }
        assert_eq!(findings(&token.run(&LOOK).ok().json()), [], "{case}");
    });
}

#[test]
fn a_killed_accept() {
    let token = requested();
    killed_everywhere(&token, &["accept", "web.crt.pem"], |case, traces| {
        if !traces.is_empty() {
            is_linked(&token, "web");
            assert!(token.path("web.crt.fullchain.pem").is_file(), "{case}");
        }
        token.run(&["accept", "web.crt.pem"]).ok();
    });
}

#[test]
fn a_killed_accept_of_a_newer_certificate() {
    let token = linked();
    newer(&token);
    killed_everywhere(&token, &["accept", "new.crt.pem"], |case, traces| {
        is_linked(&token, "web");
        // The certificate on the token is the one in the chain file that is remembered.
        let status = token.run(&["status", "--json"]).ok().json();
        let web = status["certificates"].as_array().unwrap().iter().filter(|one| one["label"] == "web").count();
        assert_eq!(web, 1, "{case}: {traces:?} {status:#}");
        token.run(&["accept", "new.crt.pem"]).ok();
        is_linked(&token, "web");
    });
}

/// The chain and what is remembered get their names last.
#[test]
fn an_accept_that_is_ended_at_a_file() {
    let token = linked();
    newer(&token);
    let kept = Snapshot::of(token.folder());
    let calls = file_calls(&token, &["accept", "new.crt.pem"]);
    assert!(calls.len() >= 2, "{calls:#?}");
    for call in calls {
        kept.restore();
        let killed = strace(&token, NAMING, &["accept", "new.crt.pem"], Some(&call.kill()));
        assert_eq!(killed.code, None, "{call:?}: {killed:#?}");
        let found = repaired(&token);
        assert!(found == ["several-certificates"] || found == ["not-accepted"], "{call:?}: {found:?}");
        is_linked(&token, "web");
        token.run(&["accept", "new.crt.pem"]).ok();
        assert_eq!(repaired(&token), [""; 0], "{call:?}");
    }
}

#[test]
fn a_killed_rename() {
    let token = linked();
    killed_everywhere(&token, &["rename", "web", "site"], |case, traces| {
        let label = if of(&token, "site", Class::Private).is_empty() { "web" } else { "site" };
        assert!(traces.is_empty() || label == "site", "{case}");
        is_linked(&token, label);
    });
}

#[test]
fn a_killed_delete_key() {
    let token = linked();
    killed_everywhere(&token, &["delete-key", "web", "--certificate", "--force", "--yes"], |case, traces| {
        if traces.is_empty() {
            return;
        }
        // The certificate is nobody's to delete.
        assert!(of(&token, "web", Class::Public).is_empty(), "{case}");
        assert_eq!(records_or_none(token.folder()), 1, "{case}: the key is forgotten");
        if !of(&token, "web", Class::Certificate).is_empty() {
            token.run(&["delete-key", "web", "--certificate", "--yes"]).ok();
        }
    });
}

/// Repair is a run as any other: it is killed before each call, or the call fails.
#[test]
fn a_repair_that_is_ended_is_finished_by_the_next() {
    let token = linked();
    newer(&token);
    store(&token, "new.crt.pem", "web", &id(&token, "web"));
    let killed = Shim::before(&token).killing("C_SetAttributeValue:2").run(&["rename", "other", "site"]);
    assert_eq!(killed.code, None, "{killed:#?}");
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "apart", "--id", "01"]);
    token.pkcs11_tool(&["--set-id", "03", "--type", "pubkey", "--id", "01"]);
    token.run(&["new", "web.toml", "lost.csr.pem", "--label", "lost"]).ok();
    token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--id", &id(&token, "lost")]);
    let keys = |token: &SoftToken| -> Vec<Object> {
        token
            .objects()
            .into_iter()
            .filter(|one| one.class == Class::Private)
            .map(|one| Object { label: String::new(), ..one })
            .collect()
    };
    let (kept, before) = (Snapshot::of(token.folder()), keys(&token));
    let shim = Shim::before(&token);
    shim.forget();
    shim.run(&REPAIR).ok();
    let all: Vec<String> = shim.calls().into_iter().map(|call| call.function).collect();
    let (mut nth, mut cases): (HashMap<&str, usize>, usize) = Default::default();
    for (index, function) in all.iter().enumerate() {
        let count = nth.entry(function).or_default();
        *count += 1;
        let changes = |index: usize| all.get(index).is_some_and(|one| CHANGES.contains(&one.as_str()));
        if std::env::var_os("HSMCERT_ALL_KILLS").is_none()
            && !changes(index)
            && !index.checked_sub(1).is_some_and(changes)
        {
            continue;
        }
        for how in ["killed", "failed"] {
            kept.restore();
            let place = format!("{function}:{count}");
            let ended = match how {
                "killed" => Shim::before(&token).killing(&place).run(&REPAIR),
                _ => Shim::before(&token).failing(&format!("{place}:0x30")).run(&REPAIR),
            };
            assert!(
                matches!((how, ended.code), ("killed", None) | ("failed", Some(0 | 4..=10 | 15))),
                "{place}: {ended:#?}"
            );
            repaired(&token);
            assert_eq!(keys(&token), before, "{place} {how}: a private key is gone, or has another id");
            is_linked(&token, "web");
            is_linked(&token, "site");
            assert_eq!(of(&token, "apart", Class::Public)[0].id, "01", "{place} {how}");
            cases += 1;
        }
    }
    println!("{cases} repairs ended, of {} calls", all.len());
    assert!(cases > 10);
}

#[test]
fn two_certificates_on_one_id() {
    // As another tool stores a newer one, with what hsmcert remembers and without.
    for is_remembered in [true, false] {
        let token = linked();
        newer(&token);
        store(&token, "new.crt.pem", "web", &id(&token, "web"));
        if !is_remembered {
            std::fs::remove_dir_all(token.folder().join("state")).unwrap();
        }
        let old = token.openssl(&["x509", "-in", "web.crt.pem"]);
        let new = token.openssl(&["x509", "-in", "new.crt.pem"]);
        assert_eq!(of(&token, "web", Class::Certificate).len(), 2);
        let shown = token.run(&["repair", "--dry-run", "--label", "web"]).ok().stdout;
        for text in
            ["2 certificates with its id", "accept was ended", "CN=web.example.com, valid to ", "1 can be mended"]
        {
            assert!(shown.contains(text), "{text} is not in\n{shown}");
        }
        let result = token.run(&["repair", "--yes", "--json", "--label", "web"]).ok().json();
        assert_eq!(findings(&result), [("several-certificates".to_owned(), "mended".to_owned())]);
        // What was taken off is in a file.
        let file = result["findings"][0]["files"][0].as_str().unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap().trim(), old.trim());
        is_linked(&token, "web");
        assert_eq!(token.stored(&of(&token, "web", Class::Certificate)[0]), new);
        if is_remembered {
            let chain = String::from_utf8(token.read("web.crt.fullchain.pem")).unwrap();
            assert!(chain.starts_with(new.trim_end()), "{chain}");
            assert_eq!(repaired(&token), [""; 0]);
        }
    }
}

#[test]
fn the_same_certificate_twice() {
    let token = linked();
    store(&token, "web.crt.pem", "web", &id(&token, "web"));
    assert_eq!(repaired(&token), ["several-certificates"]);
    is_linked(&token, "web");
}

/// A CA may have a certificate of its own and others by which it is signed.
#[test]
fn certificates_of_a_ca_are_its_own_affair() {
    let token = requested();
    let ca = Ca::new(token.folder(), "Roots");
    for name in ["one.pem", "two.pem"] {
        token.write(name, ca.issue_bare(&token.path("web.csr.pem"), "ca_ext", &[]));
        store(&token, name, "web", &id(&token, "web"));
    }
    let before = token.objects();
    assert_eq!(repaired(&token), [""; 0]);
    assert_eq!(token.objects(), before);
}

#[test]
fn a_certificate_that_another_tool_has_stored() {
    let token = requested();
    store(&token, "web.crt.pem", "web", &id(&token, "web"));
    // What is in the place of the chain file is somebody's.
    token.write("web.crt.fullchain.pem", "mine\n");
    token.run(&["repair", "--yes"]).exits(7).says("has something else").says("--chain-out");
    assert_eq!(token.read("web.crt.fullchain.pem"), b"mine\n");
    std::fs::remove_file(token.path("web.crt.fullchain.pem")).unwrap();
    let shown = token.run(&["repair", "--dry-run"]).ok().stdout;
    assert!(shown.contains(token.path("web.crt.fullchain.pem").to_str().unwrap()), "{shown}");
    assert_eq!(repaired(&token), ["not-accepted"]);
    is_linked(&token, "web");
    token.run(&["bind", "nginx", "web.crt.pem"]).ok();
}

#[test]
fn a_certificate_with_another_id_than_its_key() {
    let token = requested();
    store(&token, "web.crt.pem", "anything", "bb");
    assert_eq!(repaired(&token), ["certificate-astray"]);
    is_linked(&token, "web");
    assert!(token.path("web.crt.fullchain.pem").is_file());
    // One more of the same goes; another one of the key is somebody's.
    store(&token, "web.crt.pem", "anything", "bb");
    assert_eq!(repaired(&token), ["certificate-astray"]);
    newer(&token);
    store(&token, "new.crt.pem", "anything", "bb");
    assert_eq!(repaired(&token), [""; 0]);
    assert_eq!(of(&token, "anything", Class::Certificate).len(), 1);
    is_linked(&token, "web");
}

#[test]
fn a_public_key_without_its_private_key() {
    let token = linked();
    token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--id", &id(&token, "web")]);
    assert_eq!(repaired(&token), ["no-private-key"]);
    assert_eq!(of(&token, "web", Class::Certificate).len(), 1, "certificates are nobody's to delete");
    assert_eq!((of(&token, "web", Class::Public), records_or_none(token.folder())), (vec![], 1));
    is_linked(&token, "other");

    // One that nothing shows to be hsmcert's may be somebody's to verify with.
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "it's", "--id", "01"]);
    token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--id", "01"]);
    let result = token.run(&REPAIR).ok().json();
    assert_eq!(findings(&result), [("no-private-key".to_owned(), "by-hand".to_owned())]);
    let command = result["findings"][0]["commands"][0].as_str().unwrap();
    let typed = format!("hsmcert() {{ '{}' \"$@\"; }}; {command} --yes", env!("CARGO_BIN_EXE_hsmcert"));
    let environment: Vec<_> =
        token.hsmcert().get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    let mut shell = std::process::Command::new("sh");
    let done = shell.args(["-c", &typed]).env_clear().envs(environment).current_dir(token.path("")).output().unwrap();
    assert!(done.status.success(), "{typed}: {done:?}");
    assert_eq!(repaired(&token), [""; 0]);
}

#[test]
fn a_private_key_without_its_public_key() {
    // The certificate shows it, or the request that is remembered; where nothing does, nothing can be done.
    for algorithm in ["ecdsa-p384", "ed25519"] {
        let token = requested();
        token.write("third.toml", spec("third").replace("ecdsa", algorithm));
        token.run(&["new", "third.toml"]).ok();
        let own = id(&token, "third");
        let lose = || token.pkcs11_tool(&["--delete-object", "--type", "pubkey", "--id", &own]);
        lose();
        assert_eq!(repaired(&token), ["no-public-key"], "{algorithm}");
        token.run(&["dev-ca", "third.csr.pem", "third.crt.pem"]).ok();
        token.run(&["accept", "third.crt.pem"]).ok();
        lose();
        std::fs::remove_dir_all(token.folder().join("state")).unwrap();
        let mended = token.run(&["repair", "--yes", "--json", "--label", "third"]).ok().json();
        assert_eq!(findings(&mended), [("no-public-key".to_owned(), "mended".to_owned())], "{algorithm}");
        is_linked(&token, "third");
        lose();
        token.pkcs11_tool(&["--delete-object", "--type", "cert", "--id", &own]);
        let before = token.objects();
        let left = token.run(&["repair", "--yes", "--json", "--label", "third"]).ok().json();
        assert_eq!(findings(&left), [("no-public-key".to_owned(), "by-hand".to_owned())], "{algorithm}");
        assert_eq!(token.objects(), before);
    }
}

/// The first creation is refused, the second is the probe under another id, the third the one that counts.
#[test]
fn a_token_that_refuses_two_certificates_of_one_id() {
    for (place, expected) in [
        ("C_DestroyObject:1", "certificate-astray"),
        ("C_DestroyObject:2", ""),
        ("C_CreateObject:3", "certificate-gone"),
    ] {
        let token = linked();
        newer(&token);
        let shim = || Shim::before(&token).refusing_second_certificates("0xd1");
        let killed = shim().killing(place).run(&["accept", "new.crt.pem"]);
        assert_eq!(killed.code, None, "{place}: {killed:#?}");
        let result = shim().run(&REPAIR).ok().json();
        let expected = [(expected.to_owned(), "mended".to_owned())];
        let expected = if expected[0].0.is_empty() { &[][..] } else { &expected };
        assert_eq!(findings(&result), expected, "{place}");
        assert_eq!(repaired(&token), [""; 0], "{place}");
        is_linked(&token, "web");
        shim().run(&["accept", "new.crt.pem"]).ok();
        is_linked(&token, "web");
    }
}

#[test]
fn halves_with_different_ids() {
    for kind in ["EC:prime256v1", "rsa:2048"] {
        let token = linked();
        token.pkcs11_tool(&["--keypairgen", "--key-type", kind, "--label", "pair", "--id", "01"]);
        token.pkcs11_tool(&["--set-id", "02", "--type", "pubkey", "--id", "01"]);
        assert_eq!(repaired(&token), ["ids-differ"], "{kind}");
        assert_eq!(of(&token, "pair", Class::Public)[0].id, "01");
        is_linked(&token, "web");
    }
    // Two that only seem to be a pair: a signature tells.
    let token = linked();
    for (id, class) in [("01", "pubkey"), ("02", "privkey")] {
        token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "pair", "--id", id]);
        token.pkcs11_tool(&["--delete-object", "--type", class, "--id", id]);
    }
    token.run(&["repair", "--dry-run"]).ok();
    let before = token.objects();
    token.run(&["repair", "--yes"]).exits(7).says("does not verify").says("nothing was changed");
    assert_eq!(token.objects(), before);
}

#[test]
fn a_certificate_that_is_gone_comes_back_from_its_chain_file() {
    let token = linked();
    let gone = |token: &SoftToken| token.pkcs11_tool(&["--delete-object", "--type", "cert", "--id", &id(token, "web")]);
    gone(&token);
    assert_eq!(repaired(&token), ["certificate-gone"]);
    is_linked(&token, "web");
    gone(&token);
    std::fs::remove_file(token.path("web.crt.fullchain.pem")).unwrap();
    let result = token.run(&REPAIR).ok().json();
    assert_eq!(findings(&result), [("certificate-gone".to_owned(), "by-hand".to_owned())]);
    assert_eq!(result["findings"][0]["commands"][0], "hsmcert accept CERTIFICATE");
    token.run(&["accept", "web.crt.pem"]).ok();
    assert_eq!(repaired(&token), [""; 0]);
}

#[test]
fn a_key_that_is_only_remembered_is_forgotten() {
    let token = linked();
    let own = id(&token, "web");
    for class in ["privkey", "pubkey", "cert"] {
        token.pkcs11_tool(&["--delete-object", "--type", class, "--id", &own]);
    }
    token.run(&["find-key", "--orphans"]).ok().says("1 trace of a run that was ended: hsmcert repair");
    assert_eq!(repaired(&token), ["key-gone"]);
    assert_eq!(records_or_none(token.folder()), 1);
    is_linked(&token, "other");
}

#[test]
fn files_that_never_got_their_names() {
    let token = requested();
    token.write("third.toml", spec("third"));
    let kept = Snapshot::of(token.folder());
    let calls = file_calls(&token, &["new", "third.toml"]);
    assert_eq!(calls.len(), 2, "the CSR, and what is remembered: {calls:#?}");
    for call in calls {
        kept.restore();
        let killed = strace(&token, NAMING, &["new", "third.toml"], Some(&call.kill()));
        assert_eq!(killed.code, None, "{call:?}: {killed:#?}");
        let parts = || -> Vec<std::path::PathBuf> {
            let folders = [token.path(""), token.folder().join("state/hsmcert")];
            let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
            let files = files.map(|file| file.unwrap().path());
            files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".hsmcert-")).collect()
        };
        assert_eq!(parts().len(), 1, "{call:?}");
        token.write(".hsmcert-notes.txt", "mine");
        token.write(".hsmcert-a1b2c3", "of a run that is at work");
        // A run may still be at work on a file that is young.
        let whats = |result: &Value| findings(result).into_iter().map(|(what, _)| what).collect::<Vec<_>>();
        assert_eq!(whats(&token.run(&REPAIR).ok().json()), ["no-request"]);
        assert_eq!(parts().len(), 3);
        for part in parts() {
            let is_young = part.ends_with(".hsmcert-a1b2c3");
            let time = SystemTime::now() - Duration::from_secs(if is_young { 0 } else { 7200 });
            File::options().write(true).open(part).unwrap().set_modified(time).unwrap();
        }
        let result = token.run(&REPAIR).ok().json();
        assert_eq!(whats(&result), ["no-request", "temporary-file"], "{result:#}");
        let names: Vec<_> = parts().into_iter().map(|path| path.file_name().unwrap().to_owned()).collect();
        assert!(names.len() == 2 && !token.path("third.csr.pem").with_extension("x").exists(), "{names:?}");
        assert!(token.path(".hsmcert-notes.txt").is_file() && token.path(".hsmcert-a1b2c3").is_file(), "{names:?}");
    }
}

#[test]
fn what_a_renewal_is_in_the_middle_of_is_left_to_it() {
    let company = Company::new();
    company.renew(&[]).ok();
    killed_everywhere(&company.token, &["renew", "web.toml", "--force"], |case, traces| {
        assert!(traces.iter().all(|(_, outcome)| outcome == "by-hand"), "{case}: {traces:?}");
        let result = company.token.run(&LOOK).ok().json();
        for one in result["findings"].as_array().unwrap() {
            let command = one["commands"][0].as_str().unwrap();
            assert!(command.starts_with("hsmcert renew ") && command.ends_with("web.toml"), "{case}: {command}");
        }
        // A pair of which nothing is remembered is for the next renewal, whenever that is.
        let is_open = traces.iter().any(|(what, _)| what != "no-request");
        company.renew(if is_open { &[] } else { &["--force"] }).ok();
        company.is_whole();
        assert_eq!(repaired(&company.token), [""; 0], "{case}");
    });
}

#[test]
fn a_renewal_says_that_it_takes_the_pair_of_a_run_that_was_ended() {
    let company = Company::new();
    let killed = Shim::before(&company.token).killing("C_SignInit:1").run(&["renew", "web.toml"]);
    assert_eq!(killed.code, None, "{killed:#?}");
    company.renew(&[]).ok().says("a run that was ended had left the pair \"www.example.com\", which is taken");
    company.is_whole();
    assert_eq!(company.token.objects().len(), 4, "a pair, its certificate, and that of its issuer");
}

#[test]
fn accept_says_what_it_finds_and_finishes() {
    let token = linked();
    newer(&token);
    store(&token, "new.crt.pem", "web", &id(&token, "web"));
    token
        .run(&["accept", "new.crt.pem", "--force"])
        .ok()
        .says("a run that was ended had left more than one certificate");
    is_linked(&token, "web");
    let killed = Shim::before(&token).killing("C_SetAttributeValue:2").run(&["rename", "web", "site"]);
    assert_eq!(killed.code, None, "{killed:#?}");
    let said = token.run(&["accept", "new.crt.pem"]).ok();
    assert!(said.stderr.contains("have different labels") && said.stderr.contains("hsmcert repair"), "{said:#?}");
    assert_eq!(repaired(&token), ["labels-differ"]);
    is_linked(&token, "site");
    // The private key is gone.
    token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--id", &id(&token, "site")]);
    let failed = token.run(&["accept", "new.crt.pem"]).fails(6);
    assert!(failed.stderr.contains("has no private key") && failed.stderr.contains("hsmcert repair"), "{failed:#?}");
}

#[test]
fn a_module_that_changes_no_labels() {
    let token = linked();
    let killed = Shim::before(&token).killing("C_SetAttributeValue:2").run(&["rename", "web", "site"]);
    assert_eq!(killed.code, None, "{killed:#?}");
    let before = token.objects();
    let never: Vec<String> = (1..9).map(|nth| format!("C_SetAttributeValue:{nth}:0x54")).collect();
    let shim = Shim::before(&token).failing(&never.join(","));
    shim.run(&["repair", "--yes"]).exits(9).says("keeps its label").says("hsmcert new --label");
    assert_eq!(token.objects(), before);
    // Only the certificate has another label: a new object takes its place.
    token.run(&["repair", "--yes"]).ok();
    token.pkcs11_tool(&["--delete-object", "--type", "cert", "--id", &id(&token, "site")]);
    store(&token, "web.crt.pem", "web", &id(&token, "site"));
    shim.run(&["repair", "--yes"]).ok();
    is_linked(&token, "site");
    // So it does for a public key with another id.
    for kind in ["EC:prime256v1", "rsa:2048"] {
        token.pkcs11_tool(&["--keypairgen", "--key-type", kind, "--label", "pair", "--id", "01"]);
        token.pkcs11_tool(&["--set-id", "02", "--type", "pubkey", "--id", "01"]);
        shim.run(&["repair", "--yes"]).ok();
        let pair: Vec<_> = token.objects().into_iter().filter(|one| one.label == "pair").collect();
        assert!(pair.len() == 2 && pair.iter().all(|one| one.id == "01"), "{kind}: {pair:?}");
        assert_eq!(repaired(&token), [""; 0]);
        token.run(&["delete-key", "pair", "--yes"]).ok();
    }
}

#[test]
fn somebody_must_say_yes() {
    let token = linked();
    store(&token, "web.crt.pem", "web", &id(&token, "web"));
    for more in [&[][..], &["-q"], &["--json"]] {
        let shim = Shim::before(&token);
        let refusal = shim.run(&[&["repair"], more].concat()).exits(2).says("--yes").says("--dry-run");
        assert_eq!((refusal.stdout.as_str(), shim.calls()), ("", vec![]), "the token was not touched");
    }
    for (answer, left) in [("\n", 2), ("no\n", 2), ("yes\n", 1)] {
        let (code, printed) = at_terminal(&token, &["repair"], answer, || ());
        assert!(printed.contains("2 certificates with its id") && printed.contains("Mend it? [y/N]"), "{printed}");
        let expected = if left == 1 { 0 } else { 2 };
        assert_eq!(
            (code, of(&token, "web", Class::Certificate).len()),
            (Some(expected), left),
            "{answer:?}\n{printed}"
        );
    }
    let nothing = token.run(&["repair", "--yes"]).ok();
    assert_eq!(nothing.stdout, "no run has left anything behind\n");
}

#[test]
fn another_run_is_at_work() {
    let token = linked();
    newer(&token);
    let shim = Shim::before(&token).delayed(30_000);
    let accepted = shim.run_and_at("C_CreateObject", &["accept", "new.crt.pem"], || {
        let objects = token.objects();
        token.run(&["repair", "--yes"]).exits(75).says("another run of hsmcert is at work");
        assert_eq!(token.objects(), objects);
    });
    accepted.ok();
    is_linked(&token, "web");
    assert_eq!(repaired(&token), [""; 0]);
}

#[test]
fn only_what_is_named_is_mended() {
    let token = linked();
    for name in ["other", "web"] {
        store(&token, &format!("{name}.crt.pem"), name, &id(&token, name));
    }
    let both = token.run(&LOOK).ok().json();
    assert_eq!(findings(&both).len(), 2);
    let uri = both["findings"].as_array().unwrap().iter().find(|one| one["label"] == "other").unwrap();
    let uri = uri["objects"][0]["uri"].as_str().unwrap();
    token.run(&["repair", "--yes", "--label", "we*"]).ok();
    assert_eq!((of(&token, "web", Class::Certificate).len(), of(&token, "other", Class::Certificate).len()), (1, 2));
    token.run(&["repair", "--yes", "--uri", uri]).ok();
    assert_eq!(repaired(&token), [""; 0]);
}

#[test]
fn the_form_of_the_json() {
    let token = linked();
    store(&token, "web.crt.pem", "web", &id(&token, "web"));
    let result = token.run(&LOOK).ok().json();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&result), ["findings", "notes", "repaired", "token", "token_serial", "warnings"]);
    let one = &result["findings"][0];
    let fields = ["commands", "files", "id", "label", "left_by", "objects", "outcome", "step", "text", "what", "why"];
    assert_eq!(names(one), fields);
    assert_eq!((&result["repaired"], &one["outcome"], &one["label"]), (&false.into(), &"due".into(), &"web".into()));
    assert_eq!(one["objects"][0]["class"], "certificate");
    assert!(one["step"].is_string() && one["why"].is_null());
    // An orphan in a listing has its trace too.
    let listed = token.run(&["find-key", "--orphans", "--json"]).ok().json();
    assert_eq!(listed["pairs"][0]["traces"], serde_json::json!(["several-certificates"]), "{listed:#}");
    assert!(listed["notes"][0].as_str().unwrap().contains("hsmcert repair"));
}
