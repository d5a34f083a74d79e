//! `hsmcert accept` on tokens that do not take what it gives them: no certificates, no second one, full, read-only.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::{Ca, Shim, SoftToken};

const FUNCTION_NOT_SUPPORTED: &str = "0x54";
const ATTRIBUTE_VALUE_INVALID: &str = "0x13";
const TEMPLATE_INCOMPLETE: &str = "0xd0";
const TEMPLATE_INCONSISTENT: &str = "0xd1";
const DEVICE_MEMORY: &str = "0x31";
const SESSION_READ_ONLY: &str = "0xb5";

const ACCEPT: [&str; 2] = ["accept", "request.crt.pem"];

/// A token with an accepted certificate, and `renewed.crt.pem` of the same key.
fn renewed() -> SoftToken {
    let token = SoftToken::with_certificate();
    token.run(&ACCEPT).ok();
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    token
}

/// The only certificate on the token is that of the file.
#[track_caller]
fn holds(token: &SoftToken, file: &str) {
    let certificates = token.certificates();
    let [only] = certificates.as_slice() else { panic!("{certificates:#?}") };
    assert_eq!(only.label, "www.example.com");
    assert!(token.stored(only).trim() == first(&token.read(file)), "the certificate is not that of {file}");
}

/// The first PEM block: dev-ca writes its own certificate behind that which it issues.
fn first(pem: &[u8]) -> String {
    const END: &str = "-----END CERTIFICATE-----";
    let pem = std::str::from_utf8(pem).unwrap();
    pem[..pem.find(END).unwrap() + END.len()].to_owned()
}

fn state(token: &SoftToken) -> String {
    let entries = std::fs::read_dir(token.folder().join("state/hsmcert")).unwrap();
    let path = entries.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "json");
    std::fs::read_to_string(path.unwrap()).unwrap()
}

#[test]
fn a_token_without_certificates_is_no_failure() {
    for refusal in [FUNCTION_NOT_SUPPORTED, ATTRIBUTE_VALUE_INVALID, TEMPLATE_INCOMPLETE, TEMPLATE_INCONSISTENT] {
        let token = SoftToken::with_certificate();
        let shim = Shim::before(&token).refusing_certificates(refusal);
        let before = token.objects();
        let linked = shim.run(&["accept", "request.crt.pem", "--json"]).ok().json();
        let warning = linked["warnings"][0].as_str().unwrap();
        assert!(warning.starts_with("the token takes no certificate objects (C_CreateObject: CKR_"), "{warning}");
        assert_eq!((&linked["change"], &linked["on_token"]), (&"not-stored".into(), &false.into()));
        assert!(linked["certificate_uri"].is_null());
        assert!(!linked["proved"].as_array().unwrap().is_empty(), "{linked:#}");
        assert_eq!(token.objects(), before);
        token.openssl(&["x509", "-in", "request.crt.fullchain.pem", "-noout"]);

        let record = state(&token);
        assert!(record.contains(&format!("\"id\": \"{}\"", before[0].id)), "{record}");
        assert!(record.contains("\"on_token\": false"), "{record}");
        let files = token.files();
        shim.run(&ACCEPT).ok();
        assert_eq!((token.objects(), token.files(), state(&token)), (before, files, record), "{refusal}");
    }
}

/// A renewal on such a token: the chain file is known from the state.
#[test]
fn a_token_without_certificates_takes_a_renewal() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).refusing_certificates(FUNCTION_NOT_SUPPORTED);
    shim.run(&[&ACCEPT[..], &["--chain-out", "web.pem"]].concat()).ok();
    let before = token.read("web.pem");
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    shim.run(&["accept", "renewed.crt.pem", "--chain-out", "web.pem"]).ok();
    assert_eq!(token.read("web.pem.prev"), before);
    assert!(first(&token.read("web.pem")) == first(&token.read("renewed.crt.pem")));
}

/// What accept found is what verify goes by: nobody has to say --file-only.
#[test]
fn a_token_without_certificates_is_verified_by_the_file() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).refusing_certificates(FUNCTION_NOT_SUPPORTED);
    let verify = ["verify", "request.crt.pem", "--json"];
    let before = shim.run(&verify).exits(8);
    assert!(before.stdout.contains("accept was not run"), "{}", before.stdout);
    shim.run(&ACCEPT).ok();
    let verified = shim.run(&verify).ok().json();
    let step = &verified["certificates"][0]["steps"][0];
    assert_eq!((&step["check"], &step["result"]), (&"certificate".into(), &"skipped".into()), "{verified:#}");
    assert_eq!(step["detail"], "the file is the certificate: the token took none when it was accepted");
    // Another certificate of the same key is not the one that was accepted.
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    shim.run(&["verify", "renewed.crt.pem"]).exits(8).says("accept was not run");
    // Nor does the memory stand for a certificate that was removed from a token which takes them.
    token.run(&ACCEPT).ok();
    let [object] = token.certificates().try_into().unwrap();
    token.pkcs11_tool(&["--delete-object", "--type", "cert", "--id", &object.id]);
    token.run(&["verify", "request.crt.pem"]).exits(8);
}

/// When storage is switched on later, the same command stores it.
#[test]
fn certificates_that_are_enabled_later() {
    let token = SoftToken::with_certificate();
    Shim::before(&token).refusing_certificates(FUNCTION_NOT_SUPPORTED).run(&ACCEPT).ok();
    let linked = token.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    assert_eq!(linked["change"], "stored");
    holds(&token, "request.crt.pem");
    assert!(state(&token).contains("\"on_token\": true"));
}

/// `SoftHSM` 2.6.1 keeps an empty certificate when it refuses an incomplete template. The process that made it does not
/// see it, so it cannot be removed there; it must not be in the way afterwards.
#[test]
fn an_empty_certificate_object_disturbs_nobody() {
    const SUBJECT: &str = "0x101";
    let token = SoftToken::with_certificate();
    Shim::before(&token).dropping(SUBJECT).run(&ACCEPT).ok().says("CKR_TEMPLATE_INCOMPLETE");
    assert_eq!(token.certificates().len(), 1, "the stub");
    token.run(&["accept", "request.crt.pem", "--json"]).ok();
    assert_eq!(token.certificates().len(), 2);
    token.run(&["find-key"]).ok();
    token.run(&ACCEPT).ok();
    assert_eq!(token.certificates().len(), 2);
}

#[test]
fn a_token_that_refuses_two_at_once() {
    let token = renewed();
    let old = token.read("request.crt.pem");
    let shim = Shim::before(&token).refusing_second_certificates(TEMPLATE_INCONSISTENT);
    let linked = shim.run(&["accept", "renewed.crt.pem", "--json"]).ok().json();
    assert_eq!(linked["change"], "replaced");
    holds(&token, "renewed.crt.pem");
    let [copy] = linked["kept_old"].as_array().unwrap().as_slice() else { panic!("{linked:#}") };
    assert!(first(&token.read(copy.as_str().unwrap())) == first(&old));
}

/// Probe, destroy, create, read back, prove: whatever fails, the old certificate is there again.
#[test]
fn a_token_that_refuses_two_at_once_gets_the_old_one_back() {
    let token = renewed();
    // The first creation is refused, the second is the probe, the third the one that counts.
    for failure in ["C_CreateObject:3:0x30", "C_Sign:1:0x30", "C_DestroyObject:1:0x30", "C_DestroyObject:2:0x30"] {
        let shim = Shim::before(&token).refusing_second_certificates(TEMPLATE_INCONSISTENT).failing(failure);
        token.refuses_command(4, shim.hsmcert().args(["accept", "renewed.crt.pem"])).says("CKR_DEVICE_ERROR");
        holds(&token, "request.crt.pem");
    }
}

#[test]
fn when_the_old_one_cannot_be_put_back_its_file_is_named() {
    let token = renewed();
    let shim = Shim::before(&token)
        .refusing_second_certificates(TEMPLATE_INCONSISTENT)
        .failing("C_CreateObject:3:0x30,C_CreateObject:4:0x30");
    let outcome = shim.run(&["accept", "renewed.crt.pem"]).fails(4).says("is only in").says("hint: ");
    let copy = token.files().into_iter().find(|name| name.contains(".old-")).unwrap();
    assert!(outcome.stderr.contains(&copy), "{}", outcome.stderr);
    assert!(first(&token.read(&copy)) == first(&token.read("request.crt.pem")));
    token.run(&["accept", "renewed.crt.pem"]).ok();
    holds(&token, "renewed.crt.pem");
}

#[test]
fn a_run_that_is_killed_between_the_two_is_finished_by_the_next() {
    let token = renewed();
    let shim = Shim::before(&token).refusing_second_certificates(TEMPLATE_INCONSISTENT).killing("C_CreateObject:3");
    let killed = shim.run(&["accept", "renewed.crt.pem"]);
    assert_eq!(killed.code, None, "{killed:#?}");
    assert_eq!(token.certificates(), []);
    let copy = token.files().into_iter().find(|name| name.contains(".old-")).unwrap();
    assert!(first(&token.read(&copy)) == first(&token.read("request.crt.pem")), "the old one is in a file");
    token.run(&["accept", "renewed.crt.pem"]).ok();
    holds(&token, "renewed.crt.pem");
}

/// Storage was switched off after the first certificate: it is not given up for a file.
#[test]
fn an_old_certificate_is_not_destroyed_when_no_new_one_is_taken() {
    let token = renewed();
    let shim = Shim::before(&token).refusing_certificates(TEMPLATE_INCONSISTENT);
    token.refuses_command(9, shim.hsmcert().args(["accept", "renewed.crt.pem"])).says("CKR_TEMPLATE_INCONSISTENT");
    holds(&token, "request.crt.pem");
}

#[test]
fn a_full_token() {
    let token = renewed();
    let shim = Shim::before(&token).refusing_certificates(DEVICE_MEMORY);
    let outcome = token.refuses_command(9, shim.hsmcert().args(["accept", "renewed.crt.pem"]));
    outcome.says("CKR_DEVICE_MEMORY").says("full");
    holds(&token, "request.crt.pem");
}

#[test]
fn a_token_that_is_full_after_the_leaf() {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let leaf = ca.issue(&token.path("request.csr.pem"));
    token.write("answer.pem", [leaf, ca.certificate("issuing"), ca.certificate("policy")].concat());
    for nth in [2, 3] {
        let shim = Shim::before(&token).failing(&format!("C_CreateObject:{nth}:{DEVICE_MEMORY}"));
        let outcome = token.refuses_command(9, shim.hsmcert().args(["accept", "answer.pem"]));
        outcome.says("CKR_DEVICE_MEMORY").says("--no-chain").says("Test ");
    }
    token.run(&["accept", "answer.pem"]).ok();
    assert_eq!(token.certificates().len(), 3);
}

/// `NetHSM` has certificates only beside their keys.
#[test]
fn a_token_that_refuses_only_the_cas() {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let leaf = ca.issue(&token.path("request.csr.pem"));
    token.write("answer.pem", [leaf, ca.certificate("issuing")].concat());
    let shim = Shim::before(&token).failing(&format!("C_CreateObject:2:{ATTRIBUTE_VALUE_INVALID}"));
    shim.run(&["accept", "answer.pem"]).ok().says("warning: ").says("Test Issuing CA");
    assert_eq!(token.certificates().len(), 1);
}

#[test]
fn a_read_only_token() {
    let token = renewed();
    let write_protected = Shim::before(&token).failing("C_OpenSession:1:0xe2");
    let outcome = token.refuses_command(9, write_protected.hsmcert().args(["accept", "renewed.crt.pem"]));
    outcome.says("CKR_TOKEN_WRITE_PROTECTED").says("hint: ");
    let read_only = Shim::before(&token).refusing_certificates(SESSION_READ_ONLY);
    let outcome = token.refuses_command(9, read_only.hsmcert().args(["accept", "renewed.crt.pem"]));
    outcome.says("CKR_SESSION_READ_ONLY").says("hint: ");
    holds(&token, "request.crt.pem");
}

#[test]
fn keep_old_keeps_it_in_a_file_and_not_on_the_token() {
    let token = renewed();
    let linked = token.run(&["accept", "renewed.crt.pem", "--keep-old", "--json"]).ok().json();
    holds(&token, "renewed.crt.pem");
    let [copy] = linked["kept_old"].as_array().unwrap().as_slice() else { panic!("{linked:#}") };
    assert!(first(&token.read(copy.as_str().unwrap())) == first(&token.read("request.crt.pem")));
    let again = token.run(&["accept", "renewed.crt.pem", "--keep-old", "--json"]).ok().json();
    assert_eq!(again["kept_old"], serde_json::Value::Array(vec![]));
}

/// The in-between that is documented: both are there, the error says so, and the same command finishes the work.
#[test]
fn an_old_certificate_that_cannot_be_removed_is_told_and_removed_next_time() {
    let token = renewed();
    let shim = Shim::before(&token).failing("C_DestroyObject:1:0x30");
    let outcome = shim.run(&["accept", "renewed.crt.pem"]).fails(4);
    outcome.says("still on the token").says("C_DestroyObject: CKR_DEVICE_ERROR").says("same command again");
    assert_eq!(token.certificates().len(), 2);
    token.run(&["accept", "renewed.crt.pem"]).ok();
    holds(&token, "renewed.crt.pem");
}

/// The new certificate cannot be proved, and cannot be removed either.
#[test]
fn what_cannot_be_undone_is_named() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30,C_DestroyObject:1:0x30");
    let outcome = shim.run(&ACCEPT).fails(4).says("www.example.com").says("still on the token");
    outcome.says("C_Sign: CKR_DEVICE_ERROR");
    token.run(&ACCEPT).ok();
    holds(&token, "request.crt.pem");
}

/// Every call of a renewal from the first change on fails once: the old certificate is there, the new one, or both
/// with a word about it; and the same command makes it whole.
#[test]
fn a_renewal_leaves_the_old_or_the_new_one() {
    let token = renewed();
    token.write("chain.pem", "");
    let good = Shim::before(&token);
    good.run(&["accept", "renewed.crt.pem", "--chain-out", "chain.pem", "--force"]).ok();
    let calls: Vec<String> = good.calls().into_iter().map(|call| call.function).collect();
    let first_change = calls.iter().position(|function| function == "C_CreateObject").unwrap();
    for (index, function) in calls.iter().enumerate().skip(first_change) {
        token.run(&["accept", "request.crt.pem"]).ok();
        let nth = calls[..=index].iter().filter(|one| *one == function).count();
        let shim = Shim::before(&token).failing(&format!("{function}:{nth}:0x30"));
        let outcome = shim.run(&["accept", "renewed.crt.pem", "--chain-out", "chain.pem", "--force"]);
        let told = outcome.stderr.contains("still on the token");
        let certificates = token.certificates();
        match (outcome.code, certificates.len()) {
            (Some(0), 1) => holds(&token, "renewed.crt.pem"),
            (Some(4), 1) => holds(&token, "request.crt.pem"),
            (Some(4), 2) if told => {}
            (code, count) => panic!("{function}:{nth}: {code:?}, {count} certificates\n{}", outcome.stderr),
        }
        token.run(&["accept", "renewed.crt.pem"]).ok();
        assert_eq!(token.certificates().len(), 1, "{function}:{nth}: running it again makes it whole");
    }
}

/// The chain file is tried before the old certificate goes.
#[test]
fn a_chain_that_cannot_be_written_undoes_everything() {
    let token = renewed();
    token.write("renewed.crt.fullchain.pem", "of somebody else");
    let shim = Shim::before(&token);
    let outcome = token.refuses_command(7, shim.hsmcert().args(["accept", "renewed.crt.pem"]));
    outcome.says("renewed.crt.fullchain.pem").says("--force");
    assert_eq!(shim.count("C_CreateObject"), 0, "found out before the token is touched");
}

/// Another process makes the chain file between the check and the writing.
#[test]
fn a_chain_that_appears_meanwhile_undoes_everything() {
    let token = renewed();
    let shim = Shim::before(&token).delayed(20_000);
    let outcome = std::thread::scope(|scope| {
        let run = scope.spawn(|| shim.run(&["accept", "renewed.crt.pem"]));
        while shim.count("C_CreateObject") == 0 {
            assert!(!run.is_finished(), "nothing was created");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        token.write("renewed.crt.fullchain.pem", "of the other process");
        run.join().unwrap()
    });
    outcome.fails(7).says("renewed.crt.fullchain.pem");
    holds(&token, "request.crt.pem");
    assert_eq!(token.read("renewed.crt.fullchain.pem"), b"of the other process");
}

/// So that two runs never replace the same certificate at once. (What a second run then says is in
/// `accept_difference.rs`; `SoftHSM` itself fails now and then when two processes log in at the same moment.)
#[test]
fn the_lock_is_held_while_the_token_is_changed() {
    let token = renewed();
    let folder = std::fs::read_dir(token.folder().join("state/hsmcert")).unwrap();
    let path = folder.map(|entry| entry.unwrap().path()).find(|path| path.extension().unwrap() == "lock").unwrap();
    let lock = std::fs::File::options().write(true).open(path).unwrap();
    let shim = Shim::before(&token).delayed(20_000);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| shim.run(&["accept", "renewed.crt.pem"]));
        while shim.count("C_CreateObject") == 0 {
            assert!(!run.is_finished(), "nothing was created");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(matches!(lock.try_lock(), Err(std::fs::TryLockError::WouldBlock)));
        run.join().unwrap().ok();
    });
    lock.try_lock().unwrap();
    holds(&token, "renewed.crt.pem");
}
