//! `hsmcert find-key` on tokens with odd contents, and on tokens that fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;

use support::{Shim, SoftToken};

fn make_pair(token: &SoftToken, id: &str, label: &OsStr) {
    let arguments = ["--keypairgen", "--key-type", "EC:prime256v1", "--id", id, "--label"];
    let arguments: Vec<&OsStr> = arguments.iter().map(OsStr::new).chain([label]).collect();
    token.pkcs11_tool(&arguments);
}

#[test]
fn labels_that_are_not_made_for_terminals() {
    let token = SoftToken::new();
    let long = "long".repeat(2500);
    make_pair(&token, "01", OsStr::new("two\nlines \u{1b}[31m \u{9b}1m \u{202e}"));
    make_pair(&token, "02", &OsString::from_vec(b"latin-1 \xe9".to_vec()));
    make_pair(&token, "03", OsStr::new(&long));
    for arguments in [&["find-key"][..], &["find-key", "--objects"], &["find-key", "--csv"], &["find-key", "--json"]] {
        let stdout = token.run(arguments).ok().stdout;
        let steers = |character: char| (character.is_control() && character != '\n') || character == '\u{202e}';
        assert!(!stdout.contains(steers), "{stdout:?}");
    }
    let table = token.run(&["find-key"]).ok().stdout;
    assert_eq!(table.lines().count(), 5, "a header, a line for each pair, and the count\n{table}");
    assert!(table.lines().all(|line| line.chars().count() < 200), "{table}");
    assert!(table.contains(r"two\nlines \u{1b}[31m \u{9b}1m"), "{table}");

    let found = token.run(&["find-key", "--sort", "id", "--json"]).ok().json();
    let label = |row: usize| found["pairs"][row]["label"].as_str().unwrap();
    assert_eq!(label(0), "two\nlines \u{1b}[31m \u{9b}1m \u{202e}");
    assert_eq!((label(1), label(2)), ("latin-1 \u{fffd}", long.as_str()));
    // What is no text is given as its bytes.
    assert_eq!(found["pairs"][1]["objects"][0]["attributes"]["CKA_LABEL"], "6c6174696e2d3120e9");
    assert_eq!(token.run(&["find-key", "--count", "--label", &long]).ok().stdout, "1\n");
}

/// Without an id nothing tells which EC keys are a pair: each half stands by itself.
#[test]
fn keys_without_an_id() {
    let token = SoftToken::new();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "ec"]);
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--label", "rsa"]);
    let found = token.run(&["find-key", "--json"]).ok().json();
    let rows = found["pairs"].as_array().unwrap();
    let halves: Vec<_> = rows.iter().map(|row| (&row["label"], row["objects"].as_array().unwrap().len())).collect();
    assert_eq!(halves, [(&"ec".into(), 1), (&"ec".into(), 1), (&"rsa".into(), 2)]);
    assert!(rows.iter().all(|row| row["id"] == "" && !row["uri"].as_str().unwrap().contains("id=")), "{found:#}");
}

#[test]
fn two_tokens_of_one_label() {
    let token = SoftToken::with_request();
    token.initialise(SoftToken::LABEL);
    let refusal = token.run(&["find-key"]).fails(7).says("2 tokens fit");
    let serial =
        |line: &str| line.split_once("\", serial ").map(|(_, rest)| rest.split(',').next().unwrap().to_owned());
    let serials: Vec<String> = refusal.stderr.lines().filter_map(serial).collect();
    assert_eq!(serials.len(), 2, "{}", refusal.stderr);
    let count = |serial: &String| {
        let mut command = token.hsmcert();
        command.env_remove("HSMCERT_TOKEN").args(["find-key", "--count", "--serial", serial]);
        support::Outcome::of(&mut command).ok().stdout
    };
    let mut counts: Vec<String> = serials.iter().map(count).collect();
    counts.sort();
    assert_eq!(counts, ["0\n", "1\n"]);
}

/// `CKR_OBJECT_HANDLE_INVALID`: another process has destroyed it since it was found.
#[test]
fn an_object_that_vanishes_is_left_out() {
    let token = SoftToken::with_request();
    let shim = Shim::before(&token).failing("C_GetAttributeValue:1:0x82");
    let found = shim.run(&["find-key", "--json"]).ok().json();
    assert_eq!(found["pairs"][0]["objects"].as_array().unwrap().len(), 1, "{found:#}");
    assert_eq!(shim.count("C_GetAttributeValue"), 2);

    // All of them, in the single reads that follow a refusal too.
    let shim =
        Shim::before(&token).failing("C_GetAttributeValue:1:0x5,C_GetAttributeValue:2:0x82,C_GetAttributeValue:3:0x82");
    assert_eq!(shim.run(&["find-key", "--count"]).ok().stdout, "0\n");
}

/// A line of progress after a second, also while nothing is read yet; nothing of it is left.
#[test]
fn a_slow_token_shows_progress_at_a_terminal() {
    let token = SoftToken::with_request();
    let shim = Shim::before(&token).delayed(400_000);
    let hsmcert = shim.hsmcert();
    let mut command = assert_cmd::Command::new("python3");
    command.args(["-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"]).arg(hsmcert.get_program());
    command.arg("find-key").env_clear().envs(hsmcert.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let seen = support::Outcome::of(command.current_dir(hsmcert.get_current_dir().unwrap())).ok().stdout;
    let (before, after) = seen.rsplit_once("\r\u{1b}[K").unwrap();
    for line in ["searching the token", "reading object 1 of 2"] {
        assert!(before.contains(&format!("\r{line}\u{1b}[K")), "{seen:?}");
    }
    assert!(after.starts_with("LABEL") && after.trim_end().ends_with("number of rows matched 1"), "{seen:?}");
}

/// Lengths that are not those of the values: nothing is read outside of what was given, and no row is lost.
#[test]
fn a_module_that_lies_about_lengths_costs_no_row() {
    let token = SoftToken::with_request();
    for lengths in [
        // CKA_LABEL, CKA_ID and CKA_MODULUS of so many bytes cannot be.
        "0x3:0x7fffffffffffffff,0x102:0xfffffffffffffffe,0x120:0x100000000",
        // More than the buffer, and than there is; CK_UNAVAILABLE_INFORMATION; the length of the buffer itself.
        "0x3:300,0x102:0xffffffffffffffff,0x120:2051",
        // A CK_BBOOL of eight bytes, a CK_ULONG of one, and both of none.
        "0x163:8,0x100:1,0x165:0,0x164:0",
    ] {
        let shim = Shim::before(&token).telling_lengths(lengths);
        let found = shim.run(&["find-key", "-c", "private", "--json"]).ok().json();
        assert_eq!(found["count"], 1, "{lengths}: {found:#}");
        let attributes = &found["objects"][0]["attributes"];
        // What was not lied about is there.
        assert_eq!((&attributes["CKA_SIGN"], &attributes["CKA_SENSITIVE"]), (&true.into(), &true.into()), "{lengths}");
        assert_eq!(shim.run(&["find-key", "--objects", "--count"]).ok().stdout, "2\n", "{lengths}");
    }
}

/// `CKA_CLASS` is `CK_UNAVAILABLE_INFORMATION`: a search for each class tells it then.
#[test]
fn a_module_that_does_not_show_the_class_of_an_object() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let shim = Shim::before(&token).telling_lengths("0x0:0xffffffffffffffff");
    assert_eq!(shim.run(&["find-key"]).ok().stdout, token.run(&["find-key"]).ok().stdout);
    assert_eq!(shim.count("C_FindObjectsInit"), 6);
}

/// Data objects are on many tokens, and are none of what is listed.
#[test]
fn objects_of_other_classes_are_left_out() {
    let token = SoftToken::with_request();
    let before = token.run(&["find-key", "--objects"]).ok().stdout;
    token.write("data", "a note");
    token.pkcs11_tool(&["--write-object", "data", "--type", "data", "--label", "note"]);
    assert_eq!(token.run(&["find-key", "--objects", "--count"]).ok().stdout, "2\n");
    assert!(!before.contains("note") && !token.run(&["find-key", "--objects"]).ok().stdout.contains("note"));
}

/// A secret key is listed, with the attributes of its class only, and its value is never asked for.
#[test]
fn secret_keys_are_listed_without_their_value() {
    let token = SoftToken::new();
    token.pkcs11_tool(&["--keygen", "--key-type", "AES:32", "--id", "0b", "--label", "aes"]);
    let found = token.run(&["find-key", "--json"]).ok().json();
    let attributes = &found["pairs"][0]["objects"][0]["attributes"];
    assert_eq!((&attributes["CKA_VALUE_LEN"], &attributes["CKA_KEY_TYPE"]), (&32.into(), &"CKK_AES".into()));
    for absent in ["CKA_VALUE", "CKA_MODULUS", "CKA_SUBJECT", "CKA_VERIFY_RECOVER", "CKA_CLASS"] {
        assert!(attributes.get(absent).is_none(), "{absent}: {attributes:#}");
    }
    assert_eq!(token.run(&["find-key", "-c", "4", "--count", "--json"]).ok().json()["total_keys"], 1);
}

/// `CKR_GENERAL_ERROR` for the whole list, and for one attribute of it.
#[test]
fn a_refused_attribute_costs_no_row() {
    let token = SoftToken::with_request();
    let shim = Shim::before(&token).failing("C_GetAttributeValue:1:0x5,C_GetAttributeValue:2:0x5");
    let found = shim.run(&["find-key", "-c", "3", "--json"]).ok().json();
    let key = &found["objects"][0];
    assert_eq!((&key["label"], &key["algorithm"]), (&"www.example.com".into(), &"RSA-2048".into()), "{key:#}");
}

/// `CKR_DEVICE_REMOVED`: what is left of the listing must not pass for all of it.
#[test]
fn a_token_that_goes_away_is_an_error() {
    let token = SoftToken::with_request();
    // After a new login everything is read again; the second time is the end.
    let shim = Shim::before(&token).failing("C_GetAttributeValue:2:0x32,C_GetAttributeValue:4:0x32");
    shim.run(&["find-key"]).fails(4).says("CKR_DEVICE_REMOVED");
    let once = Shim::before(&token).failing("C_GetAttributeValue:2:0x32").run(&["find-key"]).ok();
    assert_eq!(once.stdout, token.run(&["find-key"]).ok().stdout);
}

/// Over a network nearly all of a call is waiting: several sessions then read at once, and nothing else changes.
#[test]
fn a_slow_token_is_read_through_several_sessions() {
    let token = SoftToken::new();
    for number in 10..16 {
        make_pair(&token, &number.to_string(), OsStr::new("one of several"));
    }
    let at_once = token.run(&["find-key", "--sort", "id", "--json"]).ok().json();
    let shim = Shim::before(&token).delayed(80_000);
    let slow = shim.run(&["find-key", "--sort", "id"]).ok();
    assert_eq!(slow.stdout, token.run(&["find-key", "--sort", "id"]).ok().stdout);
    assert_eq!(slow.stderr, "", "progress is for terminals");
    assert!(shim.count("C_OpenSession") > 1, "{:#?}", shim.calls());
    assert_eq!(at_once["count"], 6);

    // A session that is lost in one of them is lost for all: they are read anew, once.
    let lost = Shim::before(&token).delayed(2_000).failing("C_GetAttributeValue:10:0xb3");
    assert_eq!(lost.run(&["find-key", "--sort", "id"]).ok().stdout, slow.stdout);
    let again = "C_GetAttributeValue:10:0xb3,C_GetAttributeValue:20:0xb3";
    let lost = Shim::before(&token).delayed(2_000).failing(again);
    lost.run(&["find-key"]).fails(4).says("CKR_SESSION_HANDLE_INVALID");
    // A token that gives no further session is read through the one that it gave.
    let single = Shim::before(&token).delayed(2_000).failing("C_OpenSession:2:0xb1");
    assert_eq!(single.run(&["find-key", "--count"]).ok().stdout, "6\n");
}
