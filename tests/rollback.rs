//! Nothing half done: what fails after the key pair was made leaves no key pair behind.

mod support;

use support::{Class, SEED_INF, Shim, SoftToken};

const NEW: [&str; 3] = ["new", "request.inf", "request.csr.pem"];

fn token() -> SoftToken {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token
}

#[test]
fn a_pair_whose_signature_fails_is_destroyed() {
    let token = token();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    let outcome = token.refuses_command(4, shim.hsmcert().args(NEW));
    outcome.says("www.example.com").says("destroyed").says("C_Sign: CKR_DEVICE_ERROR");
    assert_eq!((shim.count("C_GenerateKeyPair"), shim.count("C_DestroyObject")), (1, 2));
    token.run(&NEW).ok();
}

#[test]
fn a_device_error_is_worth_another_try_and_json_says_so() {
    let token = token();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    let error = shim.run(&[&NEW[..], &["--json"]].concat()).exits(4).json_error("token-unavailable");
    assert_eq!(error["retryable"], true, "{error:#}");
    let causes = error["causes"].to_string();
    assert!(causes.contains("CKR_DEVICE_ERROR"), "{error:#}");
}

#[test]
fn keep_key_keeps_and_names_it() {
    let token = token();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    let outcome = shim.run(&[&NEW[..], &["--keep-key"]].concat()).fails(4);
    let objects = token.objects();
    let classes: Vec<_> = objects.iter().map(|object| object.class).collect();
    assert_eq!(classes, [Class::Private, Class::Public]);
    outcome.says("www.example.com").says(&objects[0].id).says("kept");
    assert_eq!(token.files(), ["request.inf"]);
}

#[test]
fn a_pair_that_cannot_be_destroyed_is_named() {
    let token = token();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30,C_DestroyObject:1:0x30,C_DestroyObject:2:0x30");
    let outcome = shim.run(&NEW).fails(4);
    let objects = token.objects();
    assert_eq!(objects.len(), 2);
    outcome.says(&objects[0].id).says("still on the token").says("hint: ");
}

#[test]
fn a_failed_generation_leaves_nothing() {
    let token = token();
    let shim = Shim::before(&token).failing("C_GenerateKeyPair:1:0x30");
    token.refuses_command(4, shim.hsmcert().args(NEW)).says("C_GenerateKeyPair: CKR_DEVICE_ERROR");
}

/// The template is made simpler only where the token refuses it, never because the device is away.
#[test]
fn a_device_error_is_not_answered_with_another_template() {
    let token = token();
    let shim = Shim::before(&token).failing("C_GenerateKeyPair:1:0x30");
    shim.run(&NEW).fails(4);
    assert_eq!(shim.count("C_GenerateKeyPair"), 1);
}

/// The CSR's path is free when it is checked and taken when it is written: another process was faster.
#[test]
fn a_csr_that_cannot_be_written_destroys_the_pair() {
    let token = token();
    let shim = Shim::before(&token).delayed(50_000);
    let take = || token.write("request.csr.pem", "of the other process");
    let outcome = shim.run_and_at("C_GenerateKeyPair", &NEW, take);
    outcome.fails(7).says("request.csr.pem").says("destroyed");
    assert_eq!(token.objects(), []);
    assert_eq!(token.read("request.csr.pem"), b"of the other process");
    assert_eq!(token.files(), ["request.csr.pem", "request.inf"], "no temporary file is left");
}

#[test]
fn accept_that_cannot_store_the_certificate_changes_nothing() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).failing("C_CreateObject:1:0x31");
    token.refuses_command(9, shim.hsmcert().args(["accept", "request.crt.pem"])).says("CKR_DEVICE_MEMORY");
}

#[test]
fn accept_whose_proof_fails_takes_the_certificate_away_again() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    token.refuses_command(4, shim.hsmcert().args(["accept", "request.crt.pem"])).says("C_Sign: CKR_DEVICE_ERROR");
}

#[test]
fn a_renewal_whose_proof_fails_keeps_the_old_certificate() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    let shim = Shim::before(&token).failing("C_Sign:1:0x30");
    token.refuses_command(4, shim.hsmcert().args(["accept", "renewed.crt.pem"]));
    let id = token.objects()[0].id.clone();
    token.pkcs11_tool(&["--read-object", "--type", "cert", "--id", &id, "--output-file", "stored.der"]);
    let serial = |arguments: &[&str]| token.openssl(&[&["x509", "-noout", "-serial"], arguments].concat());
    assert_eq!(serial(&["-in", "stored.der", "-inform", "DER"]), serial(&["-in", "request.crt.pem"]));
}

/// Both certificates are on the token when the process dies; which one a server would show is chance.
#[test]
fn a_renewal_that_was_killed_is_finished_by_running_it_again() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    let killed = Shim::before(&token).killing("C_DestroyObject:1").run(&["accept", "renewed.crt.pem"]);
    assert_eq!(killed.code, None, "{killed:#?}");
    let certificates = || token.objects().into_iter().filter(|object| object.class == Class::Certificate).count();
    assert_eq!(certificates(), 2);
    token.run(&["accept", "renewed.crt.pem"]).ok();
    assert_eq!(certificates(), 1);
    let id = token.objects()[0].id.clone();
    token.pkcs11_tool(&["--read-object", "--type", "cert", "--id", &id, "--output-file", "stored.der"]);
    let serial = |arguments: &[&str]| token.openssl(&[&["x509", "-noout", "-serial"], arguments].concat());
    assert_eq!(serial(&["-in", "stored.der", "-inform", "DER"]), serial(&["-in", "renewed.crt.pem"]));
}

/// A certificate that can neither be read back nor be destroyed is named, and the same command finishes.
#[test]
fn a_certificate_that_stays_is_named() {
    let token = SoftToken::with_certificate();
    let good = Shim::before(&token);
    good.run(&["accept", "request.crt.pem"]).ok();
    let searches = good.calls().into_iter().take_while(|call| call.function != "C_CreateObject");
    let searches = searches.filter(|call| call.function == "C_FindObjectsInit").count();

    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).failing(&format!("C_FindObjectsInit:{}:0x30,C_DestroyObject:1:0x30", searches + 1));
    let outcome = shim.run(&["accept", "request.crt.pem"]).fails(4);
    outcome.says("the new certificate \"www.example.com\"").says("still on the token").says("run the same command");
    assert_eq!(token.certificates().len(), 1);
    token.run(&["accept", "request.crt.pem"]).ok();
    assert_eq!(token.certificates().len(), 1);
}
