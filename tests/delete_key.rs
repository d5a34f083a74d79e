//! `hsmcert delete-key`: exactly what was named goes, whatever else is on the token and whatever fails.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use support::{Ca, Class, Object, Outcome, Shim, SoftToken, at_terminal, inf};

const NAME: &str = "www.example.com";
const DELETE: [&str; 3] = ["delete-key", NAME, "--yes"];

fn linked() -> SoftToken {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token
}

/// A pair that another tool made.
fn pair(token: &SoftToken, kind: &str, label: &str, id: &[&str]) {
    let arguments = [&["--keypairgen", "--key-type", kind, "--label", label][..], id].concat();
    token.pkcs11_tool(&arguments);
}

fn delete_object(token: &SoftToken, class: &str, id: &str) {
    token.pkcs11_tool(&["--delete-object", "--type", class, "--id", id]);
}

fn classes(objects: &[Object]) -> Vec<Class> {
    objects.iter().map(|object| object.class).collect()
}

fn id(token: &SoftToken) -> String {
    token.objects().into_iter().find(|object| object.label == NAME).unwrap().id
}

/// How many objects GnuTLS sees.
fn seen_by_p11tool(token: &SoftToken) -> usize {
    let mut command = Command::new("p11tool");
    command.env("SOFTHSM2_CONF", token.folder().join("softhsm2.conf")).env("GNUTLS_PIN", SoftToken::PIN);
    command.arg("--provider").arg(token.module()).args(["--login", "--list-all", "pkcs11:token=test%20token"]);
    let output = command.output().expect("install it with: apt-get install gnutls-bin");
    String::from_utf8(output.stdout).unwrap().matches("\tURL: ").count()
}

#[test]
fn the_pair_and_its_certificate_go_and_the_neighbours_stay() {
    let token = linked();
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    pair(&token, "EC:prime256v1", "third", &["--id", "01"]);
    let (own, others): (Vec<_>, Vec<_>) = token.objects().into_iter().partition(|object| object.label == NAME);
    assert_eq!((own.len(), others.len()), (3, 4));

    // Without --certificate it stays, without its key.
    let deleted = token.run(&["delete-key", NAME, "--yes", "--force", "--json"]).ok().json();
    let of = |field: &str| -> Vec<String> {
        let all = deleted[field].as_array().unwrap();
        all.iter().map(|one| one["class"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((of("objects"), of("staying")), (vec!["private".into(), "public".into()], vec!["certificate".into()]));
    assert_eq!((&deleted["deleted"], &deleted["remembered"]), (&true.into(), &true.into()), "{deleted:#}");
    let left: Vec<_> = token.objects().into_iter().filter(|object| object.label == NAME).collect();
    assert_eq!(classes(&left), [Class::Certificate]);

    let outcome = token.run(&["delete-key", NAME, "--yes", "--certificate"]).ok();
    assert!(outcome.stdout.contains("certificate \"www.example.com\"") && outcome.stdout.contains("deleted 1 object"));
    assert_eq!(token.objects(), others);
    assert_eq!(seen_by_p11tool(&token), 4);
    token.refuses(6, &DELETE).says("no key on the token has the label \"www.example.com\"").says("find-key");
}

#[test]
fn what_is_remembered_goes_with_the_key_and_files_stay() {
    let token = linked();
    let records = || {
        let folder = std::fs::read_dir(token.folder().join("state/hsmcert")).unwrap();
        let names = folder.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".json")).count()
    };
    let files = token.files();
    let shown = token.run(&["delete-key", NAME, "--dry-run", "--force"]).ok().stdout;
    for text in ["request of ", "accepted certificate", "request.csr.pem", "handle ", "RSA-2048", "nothing was deleted"]
    {
        assert!(shown.contains(text), "{text} is not in\n{shown}");
    }
    assert_eq!((records(), token.objects().len()), (1, 3), "--dry-run deletes nothing");
    token.run(&[&DELETE[..], &["--force"]].concat()).ok();
    assert_eq!((records(), token.files()), (0, files));
}

#[test]
fn a_pending_request_is_told() {
    let token = SoftToken::with_request();
    let shown = token.run(&["delete-key", NAME, "--dry-run"]).ok().stdout;
    assert!(shown.contains("a certificate that the CA still issues for this request"), "{shown}");
    let deleted = token.run(&["delete-key", NAME, "--yes", "--json"]).ok().json();
    assert_eq!(deleted["request_pending"], true);
}

#[test]
fn a_key_that_a_certificate_needs_is_kept() {
    let token = linked();
    let refusal = token.refuses(7, &DELETE).says("needed by a certificate: ").says("CN=www.example.com");
    refusal.says("valid to ").says("--force");
    token.refuses(7, &[&DELETE[..], &["--certificate"]].concat());
    token.refuses(7, &["delete-key", NAME, "--dry-run"]);
    let error = token.run(&[&DELETE[..], &["--json"]].concat()).exits(7).json_error("conflict");
    assert_eq!((error["retryable"].as_bool(), token.objects().len()), (Some(false), 3));
}

/// As other tools write it: with the label alone, and no id.
#[test]
fn a_certificate_that_has_only_the_label_needs_its_key_too() {
    let token = SoftToken::with_certificate();
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "crt.der"]);
    let by_id = format!("id:{}", id(&token));
    token.pkcs11_tool(&["--write-object", "crt.der", "--type", "cert", "--label", NAME]);
    token.refuses(7, &["delete-key", &by_id, "--yes"]);
    token.run(&[&DELETE[..], &["--force", "--certificate"]].concat()).ok();
    assert_eq!(token.objects(), []);
}

#[test]
fn an_expired_certificate_keeps_no_key() {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Test");
    let past = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"];
    token.write("old.pem", ca.issue_with(&token.path("request.csr.pem"), &past));
    token.openssl(&["x509", "-in", "old.pem", "-outform", "DER", "-out", "old.der"]);
    token.pkcs11_tool(&["--write-object", "old.der", "--type", "cert", "--label", NAME, "--id", &id(&token)]);
    token.run(&DELETE).ok();
    assert_eq!(classes(&token.objects()), [Class::Certificate]);
}

/// Linking rule 8: the certificate is in the chain file only.
#[test]
fn a_certificate_that_the_token_cannot_hold_needs_its_key_too() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).refusing_certificates("0x54");
    shim.run(&["accept", "request.crt.pem"]).ok();
    token.refuses(7, &DELETE).says("request.crt.fullchain.pem");
    token.run(&[&DELETE[..], &["--force"]].concat()).ok();
}

#[test]
fn a_certificate_of_another_key_shares_the_id_and_stays() {
    let token = SoftToken::with_certificate();
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    token.run(&["dev-ca", "other.csr.pem", "other.crt.pem"]).ok();
    token.openssl(&["x509", "-in", "other.crt.pem", "-outform", "DER", "-out", "other.der"]);
    token.pkcs11_tool(&["--write-object", "other.der", "--type", "cert", "--label", "astray", "--id", &id(&token)]);
    let deleted = token.run(&[&DELETE[..], &["--certificate", "--json"]].concat()).ok().json();
    assert_eq!(deleted["staying"][0]["label"], "astray");
    let labels: Vec<String> = token.objects().into_iter().map(|object| object.label).collect();
    assert_eq!(labels, ["astray", "other.example.com", "other.example.com"]);
}

/// EC private keys do not show their public key: a signature does, whatever id and label say.
#[test]
fn a_certificate_is_the_key_s_when_a_signature_proves_it() {
    for (own, left) in [(true, 0), (false, 1)] {
        let token = SoftToken::new();
        for name in ["a", "b"] {
            let spec = inf(name).replace("KeyAlgorithm = RSA\nKeyLength = 2048", "KeyAlgorithm = ECDSA_P256");
            token.write(&format!("{name}.inf"), spec);
            token.run(&["new", &format!("{name}.inf")]).ok();
            token.run(&["dev-ca", &format!("{name}.csr.pem"), &format!("{name}.pem")]).ok();
        }
        let id = |label: &str| token.objects().into_iter().find(|object| object.label == label).unwrap().id;
        let (a, b) = (id("a"), id("b"));
        token.run(&["delete-key", "b", "--yes"]).ok();
        assert_ne!(a, b);
        delete_object(&token, "pubkey", &a);
        let file = if own { "a.pem" } else { "b.pem" };
        token.openssl(&["x509", "-in", file, "-outform", "DER", "-out", "crt.der"]);
        token.pkcs11_tool(&["--write-object", "crt.der", "--type", "cert", "--label", "a", "--id", &a]);
        // It may be the key's as far as anyone can see who does not sign.
        token.refuses(7, &["delete-key", "a", "--yes", "--certificate"]);
        token.run(&["delete-key", "a", "--yes", "--certificate", "--force"]).ok();
        assert_eq!(token.objects().len(), left, "own certificate: {own}");
    }
}

#[test]
fn halves_that_share_no_more_than_the_id() {
    let token = SoftToken::new();
    for (label, class) in [("a", "pubkey"), ("b", "privkey")] {
        pair(&token, "EC:prime256v1", label, &["--id", "01"]);
        token.pkcs11_tool(&["--delete-object", "--type", class, "--label", label, "--id", "01"]);
    }
    let labels = || token.objects().into_iter().map(|object| object.label).collect::<Vec<_>>();
    assert_eq!(labels(), ["a", "b"]);
    for label in ["a", "b"] {
        token.refuses(7, &["delete-key", label, "--yes"]).says("share the id").says("id:HEX");
    }
    token.run(&["delete-key", "id:01", "--yes"]).ok();
    assert_eq!(labels(), [""; 0]);

    // A pair whose halves other tools have labelled differently.
    pair(&token, "EC:prime256v1", "private half", &["--id", "02"]);
    let shim = Shim::before(&token).failing("C_SetAttributeValue:2:0x30,C_SetAttributeValue:3:0x30");
    shim.run(&["rename", "id:02", "other half"]).fails(4);
    assert_eq!(labels(), ["other half", "private half"]);
    token.run(&["delete-key", "private half", "--yes"]).ok();
    assert_eq!(labels(), [""; 0]);
}

/// The label of a certificate is not the name of its key.
#[test]
fn a_key_is_not_deleted_by_the_name_of_its_certificate() {
    let token = SoftToken::with_certificate();
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "crt.der"]);
    token.pkcs11_tool(&["--write-object", "crt.der", "--type", "cert", "--label", "other", "--id", &id(&token)]);
    token.refuses(6, &["delete-key", "other", "--yes", "--force", "--certificate"]);
    token.run(&[&DELETE[..], &["--force", "--certificate"]].concat()).ok();
    assert_eq!(token.objects(), []);
}

#[test]
fn somebody_must_say_yes() {
    let token = SoftToken::with_request();
    for more in [&[][..], &["-q"], &["--json"]] {
        let shim = Shim::before(&token);
        let refusal = shim.run(&[&["delete-key", NAME], more].concat()).exits(2).says("--yes").says("--dry-run");
        assert_eq!(refusal.stdout, "");
        assert_eq!(shim.calls(), [], "the token was not touched");
    }
    for (answer, left) in [("\n", 2), ("no\n", 2), ("yes\n", 0)] {
        let (code, printed) = at_terminal(&token, &DELETE[..2], answer, || ());
        assert!(
            printed.contains("private key \"www.example.com\"") && printed.contains("This cannot be undone. [y/N]"),
            "{printed}"
        );
        let expected = if left == 0 { 0 } else { 2 };
        assert_eq!((code, token.objects().len()), (Some(expected), left), "{answer:?}\n{printed}");
    }
}

#[test]
fn several_are_listed_and_none_is_taken() {
    let token = SoftToken::new();
    for id in ["01", "02"] {
        pair(&token, "EC:prime256v1", "twin", &["--id", id]);
    }
    let refusal = token.refuses(7, &["delete-key", "twin", "--yes"]);
    let uris =
        ["pkcs11:token=test%20token;id=%01;object=twin;type=private", "pkcs11:token=test%20token;id=%02;object=twin"];
    refusal.says("2 keys").says(uris[0]).says(uris[1]);
    token.run(&["delete-key", uris[0], "--yes"]).ok();
    let left: Vec<String> = token.objects().into_iter().map(|object| object.id).collect();
    assert_eq!(left, ["02", "02"]);
    token.refuses(6, &["delete-key", "id:01", "--yes"]).says("the id 01");
    token.run(&["delete-key", "id:02", "--yes"]).ok();
    assert_eq!(token.objects(), []);
}

/// EC private keys do not show their public key: the label tells keys of one id apart.
#[test]
fn keys_of_one_id_are_told_apart_by_their_label() {
    let token = SoftToken::new();
    for label in ["one", "two"] {
        pair(&token, "EC:prime256v1", label, &["--id", "01"]);
    }
    token.refuses(7, &["delete-key", "id:01", "--yes"]);
    token.run(&["delete-key", "one", "--yes"]).ok();
    let left: Vec<String> = token.objects().into_iter().map(|object| object.label).collect();
    assert_eq!(left, ["two", "two"]);
}

#[test]
fn halves_are_deleted_too() {
    for kind in ["EC:prime256v1", "rsa:2048"] {
        let token = SoftToken::new();
        for (class, id, named) in [
            ("privkey", "01", "id:01"),
            ("privkey", "02", "pkcs11:token=test%20token;id=%02;type=public"),
            ("pubkey", "03", "half"),
            ("pubkey", "04", "pkcs11:id=%04;type=private"),
        ] {
            pair(&token, kind, "half", &["--id", id]);
            delete_object(&token, class, id);
            assert_eq!(token.objects().len(), 1);
            token.run(&["delete-key", named, "--yes"]).ok();
            assert_eq!(token.objects(), [], "{kind}, {named}");
        }
    }
}

/// Nothing says that they are a pair, so each is named by itself.
#[test]
fn halves_without_an_id() {
    let token = SoftToken::new();
    pair(&token, "EC:prime256v1", "bare", &[]);
    let refusal = token.refuses(7, &["delete-key", "bare", "--yes"]);
    refusal.says("pkcs11:token=test%20token;object=bare;type=private").says("object=bare;type=public");
    token.run(&["delete-key", "pkcs11:object=bare;type=public", "--yes"]).ok();
    assert_eq!(classes(&token.objects()), [Class::Private]);
    token.run(&["delete-key", "bare", "--yes"]).ok();
    assert_eq!(token.objects(), []);
}

#[test]
fn a_uri_deletes_no_more_than_it_names() {
    let token = linked();
    let uri = |rest: &str| format!("pkcs11:object={NAME};{rest}");
    token.refuses(2, &["delete-key", &uri("type=public"), "--yes"]).says("half of a pair").says("type=public");
    token.refuses(2, &["delete-key", &uri("type=cert"), "--yes"]).says("--certificate");
    let certificate = ["delete-key", &uri("type=cert"), "--certificate", "--force", "--yes"];
    token.refuses(2, &certificate).says("names a certificate").says("would go too");
    token.refuses(2, &["delete-key", &uri("type=secret-key"), "--yes"]);
    token.refuses(4, &["delete-key", "pkcs11:slot-id=4711;object=www.example.com", "--yes"]);
    token.refuses(2, &["delete-key", "pkcs11:token=test%20token", "--yes"]).says("names no key");
    token.refuses(4, &["delete-key", &uri("token=other"), "--yes"]).says("other");
    // The token that an option names is not the one of the URI.
    let arguments = ["delete-key", &uri("token=other"), "--yes", "--token", SoftToken::LABEL];
    token.refuses(6, &arguments).says("token=other").says("is not on the token \"test token\"");
    token.refuses(6, &["delete-key", "www.example", "--yes"]);
    token.refuses(6, &["delete-key", "*", "--yes"]);
}

#[test]
fn what_fails_is_told_and_running_it_again_finishes() {
    for (nth, gone, left) in [(1, 0, 3), (2, 1, 2), (3, 2, 1)] {
        let token = linked();
        let all = [&DELETE[..], &["--force", "--certificate"]].concat();
        let shim = Shim::before(&token).failing(&format!("C_DestroyObject:{nth}:0x30"));
        let error = shim.run(&[&all[..], &["--json"]].concat()).exits(4).json_error("token-unavailable");
        let message = error["message"].as_str().unwrap();
        let (told_gone, told_left) = message.split_once("; still on the token: ").unwrap();
        let count = |text: &str| text.matches(", id ").count();
        assert_eq!((count(told_gone), count(told_left)), (gone, left), "{message}");
        assert_eq!((token.objects().len(), error["retryable"].as_bool()), (left, Some(true)), "{message}");
        assert!(error["causes"].to_string().contains("C_DestroyObject: CKR_DEVICE_ERROR"), "{error:#}");
        token.run(&all).ok();
        assert_eq!(token.objects(), []);
    }
}

#[test]
fn a_token_that_lets_no_key_go_keeps_all_of_it() {
    let token = SoftToken::with_request();
    // CKR_ACTION_PROHIBITED
    let shim = Shim::before(&token).failing("C_DestroyObject:1:0x1b");
    let refusal = token.refuses_command(9, shim.hsmcert().args(DELETE));
    refusal
        .says("nothing was deleted; still on the token: private key")
        .says("CKR_ACTION_PROHIBITED")
        .says("not destroyable");
}

/// Somebody else was faster, while the question was open.
#[test]
fn what_is_gone_already_is_no_failure() {
    for class in ["privkey", "pubkey"] {
        let token = SoftToken::with_request();
        let id = id(&token);
        let (code, printed) = at_terminal(&token, &DELETE[..2], "yes\n", || delete_object(&token, class, &id));
        assert_eq!((code, token.objects()), (Some(0), vec![]), "{printed}");
    }
}

#[test]
fn a_process_that_dies_midway_is_finished_by_running_it_again() {
    let token = linked();
    let all = [&DELETE[..], &["--force", "--certificate"]].concat();
    for nth in [2, 2] {
        let killed = Shim::before(&token).killing(&format!("C_DestroyObject:{nth}")).run(&all);
        assert_eq!(killed.code, None, "{killed:#?}");
    }
    assert_eq!(classes(&token.objects()), [Class::Certificate]);
    token.run(&all).ok();
    assert_eq!(token.objects(), []);
}

/// Whatever else fails, before the first object goes or after the last one.
#[test]
fn no_other_call_leaves_half_a_key() {
    let good = SoftToken::with_request();
    let shim = Shim::before(&good);
    shim.run(&DELETE).ok();
    let calls = shim.calls();
    let destroyed = calls.iter().position(|call| call.function == "C_DestroyObject").unwrap();
    let token = SoftToken::with_request();
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| call.function != "C_DestroyObject") {
        let nth = calls[..=index].iter().filter(|one| one.function == call.function).count();
        let failing = format!("{}:{nth}:0x30", call.function);
        let outcome = Shim::before(&token).failing(&failing).run(&DELETE);
        let objects = token.objects().len();
        match outcome.code {
            Some(0) => {
                assert!(objects == 0, "{failing}: {outcome:#?}");
                token.run(&["new", "request.inf", "request.csr.pem", "--force"]).ok();
            }
            Some(4) => assert!(index < destroyed && objects == 2, "{failing}: {outcome:#?}"),
            _ => panic!("{failing}: {outcome:#?}"),
        }
    }
}

#[test]
fn the_number_of_calls_does_not_grow_with_the_token() {
    let token = SoftToken::with_request();
    let dry_run = ["delete-key", NAME, "--dry-run"];
    let calls = |arguments: &[&str]| {
        let shim = Shim::before(&token);
        shim.forget();
        shim.run(arguments).ok();
        shim.calls()
            .iter()
            .filter(|call| call.function.contains("Object") || call.function.contains("Attribute"))
            .count()
    };
    let alone = calls(&dry_run);
    for number in 0..12 {
        pair(&token, "EC:prime256v1", &format!("other {number}"), &["--id", &format!("{number:02}")]);
    }
    assert_eq!(calls(&dry_run), alone);
    // Three searches for the label and three for the id, one for a certificate of that label, two attribute calls for
    // each half each time it is found.
    assert!(alone <= 7 * 3 + 2 * 2 * 2, "{alone} calls");
}

#[test]
fn a_label_for_a_terminal_is_escaped() {
    let token = SoftToken::new();
    pair(&token, "EC:prime256v1", "red \u{1b}[31m", &["--id", "01"]);
    let outcome: Outcome = token.run(&["delete-key", "id:01", "--yes"]).ok();
    assert!(outcome.stdout.contains(r"red \u{1b}[31m") && !outcome.stdout.contains('\u{1b}'), "{}", outcome.stdout);
}
