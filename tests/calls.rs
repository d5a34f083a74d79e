//! No more PKCS#11 calls than the job needs: on a network HSM each one is a round trip. The numbers are those of
//! docs/benchmarks.md.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::PathBuf;

use support::{Class, SEED_INF, Shim, SoftToken};

/// Every function that was called is in the list, at most so often.
#[track_caller]
fn assert_at_most(shim: &Shim<'_>, most: &[(&str, usize)]) {
    let calls = shim.calls();
    for call in &calls {
        assert!(most.iter().any(|(function, _)| *function == call.function), "{} is not needed", call.function);
    }
    for (function, number) in most {
        let made = shim.count(function);
        assert!((1..=*number).contains(&made), "{function}: {made} calls, at most {number} are needed\n{calls:#?}");
    }
}

/// What every command does to get to its token. Lists are two calls each: how many, then which.
const LOGIN: [(&str, usize); 7] = [
    ("C_Initialize", 1),
    ("C_GetSlotList", 2),
    ("C_GetTokenInfo", 2),
    ("C_OpenSession", 1),
    ("C_Login", 1),
    ("C_CloseSession", 1),
    ("C_Finalize", 1),
];

#[test]
fn calls_of_new() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    shim.run(&["new", "request.inf"]).ok();
    let own = [
        // Can it make the key, can it sign?
        ("C_GetMechanismList", 2),
        ("C_GetMechanismInfo", 1),
        // Is the label in use by anything?
        ("C_FindObjectsInit", 1),
        ("C_FindObjects", 1),
        ("C_FindObjectsFinal", 1),
        ("C_GenerateKeyPair", 1),
        // The public key, and that the private one is protected; what it may do beyond signing is taken away.
        ("C_GetAttributeValue", 2),
        ("C_SetAttributeValue", 1),
        ("C_SignInit", 1),
        ("C_Sign", 2),
    ];
    assert_at_most(&shim, &[&LOGIN[..], &own].concat());

    // A module that is known to take it is told in the template what the key may not do.
    let known = SoftToken::new();
    known.write("request.inf", SEED_INF);
    let shim = Shim::before(&known).named("libsofthsm2.so");
    shim.run(&["new", "request.inf"]).ok();
    let own: Vec<_> = own.into_iter().filter(|(function, _)| *function != "C_SetAttributeValue").collect();
    assert_at_most(&shim, &[&LOGIN[..], &own].concat());
    let private = known.objects().into_iter().find(|object| object.class == Class::Private).unwrap();
    assert!(private.is("sign") && !private.is("decrypt") && !private.is("unwrap"), "{private:?}");
}

#[test]
fn calls_of_accept() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token);
    shim.run(&["accept", "request.crt.pem"]).ok();
    let own = [
        ("C_FindObjectsInit", 20),
        ("C_FindObjects", 20),
        ("C_FindObjectsFinal", 20),
        ("C_GetAttributeValue", 20),
        ("C_CreateObject", 1),
        ("C_GetMechanismList", 2),
        // A nonce and a handshake, for TLS 1.2 and for TLS 1.3.
        ("C_SignInit", 4),
        ("C_Sign", 8),
    ];
    assert_at_most(&shim, &[&LOGIN[..], &own].concat());
}

#[test]
fn calls_of_find_key() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let shim = Shim::before(&token);
    shim.run(&["find-key"]).ok();
    // One search for certificates and one for everything.
    let own = [("C_FindObjectsInit", 2), ("C_FindObjects", 2), ("C_FindObjectsFinal", 2), ("C_GetAttributeValue", 3)];
    assert_at_most(&shim, &[&LOGIN[..], &own].concat());
}

/// However many objects there are, one key is looked up by a search for it, and for what has its id.
#[test]
fn calls_of_find_key_for_one_key() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let id = token.certificates()[0].id.clone();
    let uri = format!(
        "pkcs11:id=%{}",
        id.as_bytes().chunks(2).map(|two| str::from_utf8(two).unwrap()).collect::<Vec<_>>().join("%")
    );
    let own = object_files(&token);
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--id", "01", "--label", "other"]);
    let others: Vec<_> = object_files(&token).into_iter().filter(|file| !own.contains(file)).collect();
    let mut present = 5;
    for objects in [5, 50, 300] {
        while present < objects {
            let copy = others[0].with_file_name(format!("00000000-0000-0000-0000-{present:012}.object"));
            std::fs::copy(&others[present % 2], copy).unwrap();
            present += 1;
        }
        assert_eq!(token.run(&["find-key", "--objects", "--count"]).ok().stdout, format!("{objects}\n"));
        let filters =
            [["--label", "www.example.com"], ["--id", &id], ["--modulus", "request.csr.pem"], ["--uri", &uri]];
        for filter in filters {
            let shim = Shim::before(&token);
            shim.forget();
            let found = shim.run(&["find-key", filter[0], filter[1]]).ok();
            assert!(found.stdout.ends_with("number of rows matched 1\n"), "{found:?}");
            let searches = if matches!(filter[0], "--id" | "--uri") { 4 } else { 8 };
            // What is found by its label is found again by its id, with its partners.
            let read = match filter[0] {
                "--label" => 6,
                "--modulus" => 5,
                _ => 3,
            };
            let own = [
                ("C_FindObjectsInit", searches),
                ("C_FindObjects", searches),
                ("C_FindObjectsFinal", searches),
                ("C_GetAttributeValue", read),
            ];
            assert_at_most(&shim, &[&LOGIN[..], &own].concat());
        }
    }
}

/// SoftHSM keeps each object in a file of its own, and takes a copy for another object.
fn object_files(token: &SoftToken) -> Vec<PathBuf> {
    let tokens = std::fs::read_dir(token.folder().join("tokens")).unwrap();
    let files = tokens.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap());
    let is_object =
        |path: &PathBuf| path.extension().is_some_and(|ending| ending == "object") && !path.ends_with("token.object");
    files.map(|file| file.unwrap().path()).filter(is_object).collect()
}
