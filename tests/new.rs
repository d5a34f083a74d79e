//! `hsmcert new`: a key pair in the token, and a CSR that OpenSSL takes.

mod support;

use support::{Class, Outcome, SEED_INF, Shim, SoftToken, inf};

/// Subject and attributes of the seed's request in DER: RDNs reversed, as certreq writes them, and one extension
/// request with key usage (critical), extended key usage and both names.
const SEED_SUBJECT: &str = "3081903113301106035504080c0a57617368696e67746f6e3110300e06035504070c0753656174746c65\
    311f301d060355040b0c164365727469666963617465204d616e6167656d656e74311f301d060355040a0c16\
    496e666f726d6174696f6e20546563686e6f6c6f67793118301606035504030c0f7777772e6578616d706c652e636f6d\
    310b3009060355040613025553";
const SEED_ATTRIBUTES: &str = "a05f305d06092a864886f70d01090e3150304e300e0603551d0f0101ff0404030204f0\
    30130603551d25040c300a06082b0601050507030130270603551d110420301e820f7777772e6578616d706c652e636f6d\
    820b6578616d706c652e636f6d";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_seeds_request_is_what_certreq_makes_of_it() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.run(&["new", "request.inf", "request.csr", "--der"]).ok();
    let csr = hex(&token.read("request.csr"));
    assert!(csr.contains(SEED_SUBJECT), "{csr}");
    assert!(csr.contains(SEED_ATTRIBUTES), "{csr}");
    token.openssl(&["req", "-inform", "DER", "-in", "request.csr", "-verify", "-noout"]);
}

#[test]
fn openssl_verifies_the_csr_and_shows_what_was_asked_for() {
    let token = SoftToken::with_request();
    let text = token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout", "-text"]);
    for expected in [
        "Subject: ST = Washington, L = Seattle, OU = Certificate Management, O = Information Technology, \
         CN = www.example.com, C = US",
        "Public-Key: (2048 bit)",
        "Exponent: 65537 (0x10001)",
        "DNS:www.example.com, DNS:example.com",
        "TLS Web Server Authentication",
        "X509v3 Key Usage: critical",
        "Digital Signature, Non Repudiation, Key Encipherment, Data Encipherment",
        "Signature Algorithm: sha256WithRSAEncryption",
    ] {
        assert!(text.contains(expected), "`{expected}` is not in:\n{text}");
    }
}

#[test]
fn the_pair_is_made_in_the_token_and_cannot_leave_it() {
    let token = SoftToken::with_request();
    let objects = token.objects();
    let [private, public] = objects.as_slice() else { panic!("{objects:#?}") };
    assert_eq!((private.class, public.class), (Class::Private, Class::Public));
    assert_eq!(private.label, "www.example.com");
    assert_eq!((&private.label, &private.id), (&public.label, &public.id));
    assert_eq!(private.id.len(), 32, "a CKA_ID of 16 bytes: {}", private.id);
    for flag in ["sensitive", "always sensitive", "never extractable", "local", "sign"] {
        assert!(private.is(flag), "not {flag}: {private:?}");
    }
}

#[test]
fn the_signature_is_made_by_the_module() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    shim.run(&["new", "request.inf"]).ok();
    assert_eq!((shim.count("C_GenerateKeyPair"), shim.count("C_SignInit"), shim.count("C_Login")), (1, 1, 1));
    token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
}

#[test]
fn json_is_one_object_that_names_the_key_and_lists_the_names_for_the_ca() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let made = token.run(&["new", "request.inf", "request.csr.pem", "--json"]).ok().json();
    let objects = token.objects();
    assert_eq!(made["file"], "request.csr.pem");
    assert_eq!(made["label"], "www.example.com");
    assert_eq!(made["id"], objects[0].id.as_str());
    assert_eq!(made["algorithm"], "RSA-2048");
    assert_eq!(made["subject_alt_names"], serde_json::json!(["DNS:www.example.com", "DNS:example.com"]));
    let uri = made["key_uri"].as_str().unwrap();
    assert!(uri.starts_with("pkcs11:token=test%20token;id=%"), "{uri}");
    assert!(uri.ends_with(";object=www.example.com;type=private"), "{uri}");
}

#[test]
fn text_lists_the_names_for_the_ca_and_says_what_is_next() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let outcome = token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    for expected in ["request.csr.pem", "DNS:www.example.com", "DNS:example.com", "hsmcert accept"] {
        assert!(outcome.stdout.contains(expected), "`{expected}` is not in:\n{}", outcome.stdout);
    }
}

#[test]
fn quiet_prints_nothing() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let outcome = token.run(&["new", "-q", "request.inf"]).ok();
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", ""));
}

#[test]
fn pem_headers() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.write("again.inf", format!("{}\n", inf("again.example.com")));
    token.run(&["new", "request.inf", "plain.csr"]).ok();
    token.run(&["new", "again.inf", "new.csr", "--new-header"]).ok();
    let first_line = |name| String::from_utf8(token.read(name)).unwrap().lines().next().unwrap().to_owned();
    assert_eq!(first_line("plain.csr"), "-----BEGIN CERTIFICATE REQUEST-----");
    assert_eq!(first_line("new.csr"), "-----BEGIN NEW CERTIFICATE REQUEST-----");
    token.openssl(&["req", "-in", "new.csr", "-verify", "-noout"]);
}

#[test]
fn stdin_and_stdout() {
    let token = SoftToken::new();
    let outcome = Outcome::of(token.hsmcert().args(["new", "-", "-"]).write_stdin(SEED_INF)).ok();
    assert!(outcome.stdout.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("-----END CERTIFICATE REQUEST-----\n"), "{}", outcome.stdout);
    token.write("piped.csr", &outcome.stdout);
    token.openssl(&["req", "-in", "piped.csr", "-verify", "-noout"]);
}

#[test]
fn one_stdin_cannot_be_two_things() {
    let token = SoftToken::new();
    let mut command = token.hsmcert();
    command.args(["new", "-", "request.csr.pem", "--pin-source", "-"]).write_stdin(SEED_INF);
    token.refuses_command(2, &mut command);
}

#[test]
fn the_label_is_asked_for_or_the_cn_or_the_first_name() {
    let labels = |spec: &str, arguments: &[&str]| {
        let token = SoftToken::new();
        token.write("request.inf", spec);
        token.run(&[&["new", "request.inf"], arguments].concat()).ok();
        token.objects().into_iter().map(|object| object.label).collect::<Vec<_>>()
    };
    let container = SEED_INF.replace("SMIME = false", "KeyContainer = \"web key\"");
    let no_subject: String =
        SEED_INF.lines().filter(|line| !line.starts_with("Subject")).map(|l| format!("{l}\n")).collect();
    assert_eq!(labels(&container, &[]), ["web key", "web key"]);
    assert_eq!(labels(&container, &["--label", "typed"]), ["typed", "typed"]);
    assert_eq!(labels(&no_subject, &[]), ["www.example.com", "www.example.com"]);
}

#[test]
fn a_label_in_use_is_refused() {
    let token = SoftToken::with_request();
    let outcome = token.refuses(7, &["new", "request.inf", "second.csr.pem"]);
    outcome.says("www.example.com").says("hint: ").says("--label");
}

#[test]
fn force_replaces_the_file() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.write("request.csr.pem", "something else");
    token.run(&["new", "request.inf", "request.csr.pem", "--force"]).ok();
    token.openssl(&["req", "-in", "request.csr.pem", "-verify", "-noout"]);
}

#[test]
fn an_existing_key_can_be_used_again() {
    let token = SoftToken::with_request();
    let before = token.objects();
    let request = SEED_INF.replace("SMIME = false", "UseExistingKeySet = True\nKeyContainer = www.example.com");
    token.write("again.inf", request);
    token.run(&["new", "again.inf", "again.csr.pem"]).ok();
    assert_eq!(token.objects(), before, "no key is made");
    let key = |csr| token.openssl(&["req", "-in", csr, "-verify", "-noout", "-pubkey"]);
    assert_eq!(key("request.csr.pem"), key("again.csr.pem"));
}

/// A second key of the same label is there, so that only its id or a whole URI tells which is meant.
#[test]
fn an_existing_key_is_found_by_id_and_by_uri() {
    let token = SoftToken::with_request();
    let first = token.objects()[0].id.clone();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "www.example.com", "--id", "0a1b"]);
    let ambiguous = token.refuses(7, &["new", "request.inf", "again.csr.pem", "--reuse-key", "www.example.com"]);
    ambiguous.says("2 private keys on the token fit the label").says(&first).says("0a1b");
    let algorithm = |csr: &str| token.openssl(&["req", "-in", csr, "-verify", "-noout", "-text"]);
    let uri = "pkcs11:token=test%20token;id=%0A%1B;type=private";
    for (reference, csr, expected) in [
        (format!("id:{first}"), "by-id.csr.pem", "rsaEncryption"),
        ("id:0a1b".to_owned(), "by-short-id.csr.pem", "id-ecPublicKey"),
        (uri.to_owned(), "by-uri.csr.pem", "id-ecPublicKey"),
    ] {
        token.run(&["new", "request.inf", csr, "--reuse-key", &reference]).ok();
        assert!(algorithm(csr).contains(expected), "{reference}");
    }
    let missing = token.refuses(6, &["new", "request.inf", "no.csr.pem", "--reuse-key", "id:0a1c"]);
    missing.says("none on the token has the id 0a1c").says("find-key");
    token.refuses(3, &["new", "request.inf", "no.csr.pem", "--reuse-key", "pkcs11:token=x"]).says("names no key");
}
