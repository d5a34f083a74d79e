//! `hsmcert accept`: the certificate beside its key, linked, proved, once.

mod support;

use support::{Ca, Class, Object, Outcome, Shim, SoftToken, inf};

fn certificates(token: &SoftToken) -> Vec<Object> {
    token.objects().into_iter().filter(|object| object.class == Class::Certificate).collect()
}

/// A CA of OpenSSL with root and intermediate; signs `request.csr.pem` into `leaf.pem`.
fn issue_with_intermediate(token: &SoftToken) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let root = ["req", "-x509", "-subj", "/CN=Test Root", "-keyout", "root.key", "-out", "root.pem", "-days", "30"];
    token.openssl(&[&root[..], &key].concat());
    let intermediate = ["req", "-subj", "/CN=Test Intermediate", "-keyout", "int.key", "-out", "int.csr"];
    token.openssl(&[&intermediate[..], &key].concat());
    token.write("ca.ext", "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n");
    let sign = ["x509", "-req", "-CAcreateserial", "-days", "20"];
    let by_root = ["-in", "int.csr", "-CA", "root.pem", "-CAkey", "root.key", "-extfile", "ca.ext", "-out", "int.pem"];
    token.openssl(&[&sign[..], &by_root].concat());
    let by_int = ["-in", "request.csr.pem", "-CA", "int.pem", "-CAkey", "int.key", "-copy_extensions", "copyall"];
    token.openssl(&[&sign[..], &by_int, &["-out", "leaf.pem"]].concat());
}

fn joined(token: &SoftToken, names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| token.read(name)).collect()
}

#[test]
fn the_certificate_is_linked_to_its_key() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let objects = token.objects();
    let [certificate, private, public] = objects.as_slice() else { panic!("{objects:#?}") };
    assert_eq!((certificate.class, private.class, public.class), (Class::Certificate, Class::Private, Class::Public));
    assert_eq!((&certificate.id, &certificate.label), (&private.id, &private.label));
}

#[test]
fn the_certificate_on_the_token_is_the_one_in_the_file() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let id = &certificates(&token)[0].id;
    token.pkcs11_tool(&["--read-object", "--type", "cert", "--id", id, "--output-file", "stored.der"]);
    let fingerprint =
        |arguments: &[&str]| token.openssl(&[&["x509", "-noout", "-fingerprint", "-sha256"], arguments].concat());
    assert_eq!(fingerprint(&["-in", "stored.der", "-inform", "DER"]), fingerprint(&["-in", "request.crt.pem"]));
}

/// GnuTLS and strongSwan look for certificates without logging in.
#[test]
fn the_certificate_is_seen_without_login() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let mut command = std::process::Command::new("pkcs11-tool");
    command.arg("--module").arg(token.module()).args(["--token-label", SoftToken::LABEL, "-O", "--type", "cert"]);
    let output = command.env("SOFTHSM2_CONF", token.folder().join("softhsm2.conf")).output().unwrap();
    let listing = String::from_utf8(output.stdout).unwrap();
    assert!(listing.contains("www.example.com"), "{listing}");
}

#[test]
fn the_link_is_proved_by_a_signature_of_the_module() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token);
    let linked = shim.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    assert!(shim.count("C_Sign") >= 1);
    assert!(!linked["proved"].as_array().unwrap().is_empty(), "{linked:#}");
}

#[test]
fn json_names_both_uris_and_the_chain_file() {
    let token = SoftToken::with_certificate();
    let linked = token.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    let id: String = certificates(&token)[0].id.clone();
    assert_eq!(linked["id"], id.as_str());
    assert_eq!(linked["label"], "www.example.com");
    assert_eq!(linked["change"], "stored");
    assert_eq!(linked["chain"], "request.crt.fullchain.pem");
    for (field, end) in [("key_uri", ";type=private"), ("certificate_uri", ";type=cert")] {
        let uri = linked[field].as_str().unwrap();
        assert!(uri.starts_with("pkcs11:token=test%20token;id=%") && uri.ends_with(end), "{uri}");
    }
}

#[test]
fn text_prints_the_uris() {
    let token = SoftToken::with_certificate();
    let outcome = token.run(&["accept", "request.crt.pem"]).ok();
    for expected in ["type=private", "type=cert", "request.crt.fullchain.pem"] {
        assert!(outcome.stdout.contains(expected), "`{expected}` is not in:\n{}", outcome.stdout);
    }
}

#[test]
fn a_second_time_changes_nothing() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let before = (token.objects(), token.read("request.crt.fullchain.pem"), token.files());
    let again = token.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    assert_eq!(again["change"], "unchanged");
    assert_eq!(again["chain_written"], false);
    assert_eq!((token.objects(), token.read("request.crt.fullchain.pem"), token.files()), before);
    let said = |outcome: Outcome| outcome.ok().stdout.lines().next().unwrap().to_owned();
    let already = "certificate was linked to the key \"www.example.com\" already: ";
    assert_eq!(said(token.run(&["accept", "request.crt.pem"])), format!("{already}nothing changed"));
    let elsewhere = token.run(&["accept", "request.crt.pem", "--chain-out", "other.pem"]);
    assert_eq!(said(elsewhere), format!("{already}chain file written"));
}

#[test]
fn ca_certificates_that_come_later_are_a_change() {
    let token = SoftToken::with_request();
    let ca = Ca::new(token.folder(), "Example");
    let leaf = ca.issue(&token.path("request.csr.pem"));
    token.write("leaf.pem", &leaf);
    token.write("answer.pem", [leaf, ca.certificate("issuing")].concat());
    token.run(&["accept", "leaf.pem", "--chain-out", "chain.pem"]).ok();
    let said = token.run(&["accept", "answer.pem", "--chain-out", "chain.pem"]).ok().stdout;
    let expected =
        "certificate was linked to the key \"www.example.com\" already: 1 CA certificate stored, chain file written\n";
    assert!(said.starts_with(expected), "{said}");
}

#[test]
fn a_certificate_in_der() {
    let token = SoftToken::with_certificate();
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "request.cer"]);
    token.run(&["accept", "request.cer"]).ok();
    assert_eq!(certificates(&token).len(), 1);
}

#[test]
fn a_chain_in_any_order_is_sorted() {
    let orders: [&[&str]; 3] =
        [&["leaf.pem", "int.pem", "root.pem"], &["root.pem", "int.pem", "leaf.pem"], &["int.pem", "leaf.pem"]];
    for order in orders {
        let token = SoftToken::with_request();
        issue_with_intermediate(&token);
        token.write("answer.pem", joined(&token, order));
        token.run(&["accept", "answer.pem", "--chain-out", "chain.pem"]).ok();
        token.openssl(&["verify", "-CAfile", "root.pem", "-untrusted", "chain.pem", "chain.pem"]);
        let subjects = token.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "chain.pem", "-out", "chain.p7"]);
        assert_eq!(subjects, "");
        let printed = token.openssl(&["pkcs7", "-in", "chain.p7", "-print_certs", "-noout"]);
        let subjects: Vec<_> = printed.lines().filter(|line| line.starts_with("subject=")).collect();
        assert_eq!(subjects.len(), 2, "leaf and intermediate, not the root: {printed}");
        assert!(subjects[0].contains("www.example.com") && subjects[1].contains("Test Intermediate"), "{printed}");
    }
}

#[test]
fn an_intermediate_never_looks_like_the_leaf() {
    let token = SoftToken::with_request();
    issue_with_intermediate(&token);
    token.write("answer.pem", joined(&token, &["leaf.pem", "int.pem"]));
    token.run(&["accept", "answer.pem"]).ok();
    let key = token.objects().into_iter().find(|object| object.class == Class::Private).unwrap();
    let certificates = certificates(&token);
    let [intermediate, leaf] = certificates.as_slice() else { panic!("{certificates:#?}") };
    assert_eq!((&leaf.id, &leaf.label), (&key.id, &key.label));
    assert_eq!(intermediate.label, "Test Intermediate");
    assert_ne!(intermediate.id, key.id);
    token.run(&["accept", "answer.pem"]).ok();
    assert_eq!(self::certificates(&token), certificates, "stored once");
}

#[test]
fn a_renewed_certificate_of_the_same_key_takes_the_place_of_the_old_one() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "renewed.crt.pem"]).ok();
    let linked = token.run(&["accept", "renewed.crt.pem", "--json"]).ok().json();
    assert_eq!(linked["change"], "replaced");
    let stored = certificates(&token);
    assert_eq!(stored.len(), 1, "{stored:#?}");
    token.pkcs11_tool(&["--read-object", "--type", "cert", "--id", &stored[0].id, "--output-file", "stored.der"]);
    let serial = |arguments: &[&str]| token.openssl(&[&["x509", "-noout", "-serial"], arguments].concat());
    assert_eq!(serial(&["-in", "stored.der", "-inform", "DER"]), serial(&["-in", "renewed.crt.pem"]));
}

#[test]
fn a_certificate_of_a_foreign_key_is_refused_with_the_keys_that_were_compared() {
    let token = SoftToken::with_request();
    let arguments = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www.example.com", "-days", "9"];
    token.openssl(&[&arguments[..], &["-keyout", "foreign.key", "-out", "foreign.crt.pem"]].concat());
    let key = token.objects()[0].id.clone();
    token.refuses(8, &["accept", "foreign.crt.pem"]).says("www.example.com").says(&key).says("compared with");
    let error = token.run(&["accept", "foreign.crt.pem", "--json"]).exits(8).json_error("certificate-rejected");
    assert_eq!(error["retryable"], false);
}

#[test]
fn an_expired_certificate_is_refused() {
    let token = SoftToken::with_request();
    let ca =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=CA", "-keyout", "ca.key", "-out", "ca.pem"];
    token.openssl(&ca);
    token.write("ca.cnf", "[ca]\ndefault_ca = d\n[d]\ndatabase = index\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\npolicy = p\n[p]\n");
    token.write("index", "");
    token.write("serial", "01\n");
    let ca =
        ["ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key", "-subj", "/CN=www.example.com"];
    let times = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z", "-notext"];
    token.openssl(&[&ca[..], &times, &["-in", "request.csr.pem", "-out", "expired.pem"]].concat());
    token.refuses(8, &["accept", "expired.pem"]).says("2020-02-01");
}

#[test]
fn another_file_with_the_chains_name_is_not_overwritten() {
    let token = SoftToken::with_certificate();
    token.write("mine.pem", "mine");
    token.refuses(7, &["accept", "request.crt.pem", "--chain-out", "mine.pem"]).says("mine.pem").says("--force");
    token.run(&["accept", "request.crt.pem", "--chain-out", "mine.pem", "--force"]).ok();
    token.openssl(&["x509", "-in", "mine.pem", "-noout"]);
}

#[test]
fn of_several_keys_the_right_one_is_found() {
    let token = SoftToken::with_certificate();
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    let stored = certificates(&token);
    assert_eq!(stored.iter().map(|object| object.label.as_str()).collect::<Vec<_>>(), ["www.example.com"]);
    assert!(token.objects().iter().any(|object| object.class == Class::Private && object.id == stored[0].id));
}

#[test]
fn a_certificate_from_stdin_needs_a_name_for_the_chain() {
    let token = SoftToken::with_certificate();
    let pem = token.read("request.crt.pem");
    let mut command = token.hsmcert();
    token.refuses_command(2, command.args(["accept", "-"]).write_stdin(pem.clone())).says("--chain-out");
    let mut command = token.hsmcert();
    command.args(["accept", "-", "--chain-out", "chain.pem"]).write_stdin(pem).assert().success();
    assert_eq!(certificates(&token).len(), 1);
}

#[test]
fn handshakes_by_both_versions_are_part_of_the_proof() {
    let token = SoftToken::with_certificate();
    let accepted = token.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    let handshakes = accepted["handshakes"].as_array().unwrap();
    let told: Vec<_> = handshakes.iter().map(|step| (&step["check"], &step["with"], &step["result"])).collect();
    let name = "www.example.com".into();
    assert_eq!(told, [(&"tls-1.3".into(), &name, &"ok".into()), (&"tls-1.2".into(), &name, &"ok".into())]);
}

/// rustls knows no critical certificatePolicies; browsers do, so that is no reason to refuse the certificate.
#[test]
fn a_certificate_that_rustls_cannot_read_is_accepted_without_handshakes() {
    let token = SoftToken::with_request();
    token.write("ext", "subjectAltName=DNS:www.example.com,DNS:example.com\ncertificatePolicies=critical,1.2.3.4\n");
    token.openssl(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-subj", "/CN=CA", "-out", "ca.pem",
    ]);
    token.openssl(&[
        "x509",
        "-req",
        "-in",
        "request.csr.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-extfile",
        "ext",
        "-out",
        "c.pem",
    ]);
    let accepted = token.run(&["accept", "c.pem"]).ok();
    let why = "no tls-1.3: the certificate has a critical extension that rustls does not know";
    assert!(accepted.stdout.contains(why), "{}", accepted.stdout);
}
