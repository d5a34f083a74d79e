//! `hsmcert verify`: what is wrong with a link is seen, whatever the ids say.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;
use support::{Class, Outcome, Running, SEED_INF, Sandbox, Shim, SoftToken, inf};

const ID: &str = "77";
const CA: &str = "../data/hsmcert/dev-ca/ca.pem";

/// `with_certificate`, accepted.
fn linked() -> SoftToken {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token
}

fn linked_ec(curve: &str) -> SoftToken {
    let token = SoftToken::new();
    let key = format!("KeyAlgorithm = ECDSA_{curve}");
    let spec = SEED_INF.replace("KeyAlgorithm = RSA\nKeyLength = 2048", &key);
    assert_ne!(spec, SEED_INF);
    token.write("request.inf", spec);
    token.run(&["new", "request.inf", "request.csr.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    token
}

fn id(token: &SoftToken) -> String {
    token.objects().into_iter().find(|object| object.class == Class::Private).unwrap().id
}

/// The results of the steps with this name, in order, of the first certificate or of the server.
fn results(verified: &Value, check: &str) -> Vec<String> {
    let of = |part: &Value| part["steps"].as_array().cloned().unwrap_or_default();
    let steps = of(&verified["certificates"][0]).into_iter().chain(of(&verified["server"]));
    let named = steps.filter(|step| step["check"] == check);
    named.map(|step| step["result"].as_str().unwrap().to_owned()).collect()
}

fn detail(verified: &Value, check: &str) -> String {
    let of = |part: &Value| part["steps"].as_array().cloned().unwrap_or_default();
    let mut steps = of(&verified["certificates"][0]).into_iter().chain(of(&verified["server"]));
    steps.find(|step| step["check"] == check).unwrap()["detail"].as_str().unwrap().to_owned()
}

/// Something is wrong: code and word, the steps on stdout, the failed ones as causes of the error.
#[track_caller]
fn broken(outcome: Outcome, code: i32, word: &str) -> (Value, Value) {
    let outcome = outcome.exits(code);
    let (verified, error) = (outcome.json(), outcome.json_error(word));
    assert_eq!(verified["verified"], false, "{verified:#}");
    assert!(
        !error["causes"].as_array().unwrap().is_empty() && !error["hints"].as_array().unwrap().is_empty(),
        "{error:#}"
    );
    (verified, error)
}

#[test]
fn each_step_of_a_good_link() {
    for (token, signatures) in [(linked(), 6), (linked_ec("P256"), 1), (linked_ec("P384"), 1), (linked_ec("P521"), 1)] {
        let before = token.objects();
        let verified = token.run(&["verify", "--ca-file", CA, "--json"]).ok().json();
        assert_eq!(verified["verified"], true, "{verified:#}");
        for check in ["certificate", "one-certificate", "one-key", "public-key", "validity", "chain"] {
            assert_eq!(results(&verified, check), ["ok"], "{check}: {verified:#}");
        }
        assert_eq!(results(&verified, "signature"), vec!["ok"; signatures]);
        for check in ["tls-1.3", "tls-1.2"] {
            assert_eq!(results(&verified, check), ["ok", "ok"], "one for each name: {verified:#}");
            assert!(detail(&verified, check).contains("chain checked"), "{verified:#}");
        }
        assert_eq!(token.objects(), before, "verify only reads");
    }
}

#[test]
fn what_was_not_checked_is_said() {
    let token = linked();
    let verified = token.run(&["verify", "--json"]).ok().json();
    assert_eq!(results(&verified, "chain"), ["skipped"]);
    assert!(detail(&verified, "tls-1.3").contains("chain not checked"), "{verified:#}");
    let text = token.run(&["verify"]).ok().stdout;
    assert!(text.contains("skipped  chain") && text.contains("verified: 1 certificate"), "{text}");
}

#[test]
fn the_signatures_and_handshakes_are_made_by_the_module() {
    let token = linked();
    let shim = Shim::before(&token);
    shim.run(&["verify"]).ok();
    assert_eq!(shim.count("C_SignInit"), 6 + 2 * 2, "six schemes, two names by two versions");
}

#[test]
fn another_key_under_the_same_id_and_label_is_caught() {
    let token = linked();
    let id = id(&token);
    for class in ["privkey", "pubkey"] {
        token.pkcs11_tool(&["--delete-object", "--type", class, "--id", &id]);
    }
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", &id, "--label", "www.example.com"]);
    let (verified, _) = broken(token.run(&["verify", "--json"]), 8, "certificate-rejected");
    assert_eq!(results(&verified, "one-key"), ["ok"], "ids and counts show nothing: {verified:#}");
    assert_eq!(results(&verified, "public-key"), ["failed"]);
}

/// The private object shows no public key, and the public object is the right one: only signatures tell.
#[test]
fn another_private_key_behind_the_right_public_one_is_caught() {
    for (curve, openssl_curve) in [("P256", "EC:prime256v1"), ("P521", "EC:secp521r1")] {
        let token = linked_ec(curve);
        let id = id(&token);
        token.pkcs11_tool(&["--delete-object", "--type", "privkey", "--id", &id]);
        token.pkcs11_tool(&["--keypairgen", "--key-type", openssl_curve, "--id", ID, "--label", "www.example.com"]);
        token.pkcs11_tool(&["--delete-object", "--type", "pubkey", "--id", ID]);
        token.pkcs11_tool(&["--type", "privkey", "--id", ID, "--set-id", &id]);
        let (verified, _) = broken(token.run(&["verify", "--json"]), 8, "certificate-rejected");
        assert_eq!(
            (results(&verified, "one-key"), results(&verified, "public-key")),
            (vec!["ok".into()], vec!["ok".into()])
        );
        assert_eq!(results(&verified, "signature"), ["failed"], "{verified:#}");
        for check in ["tls-1.3", "tls-1.2"] {
            assert_eq!(results(&verified, check), ["failed", "failed"], "{verified:#}");
            assert!(detail(&verified, check).contains("does not verify"), "{verified:#}");
        }
    }
}

#[test]
fn two_keys_under_one_id_are_told() {
    let token = linked();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "rsa:2048", "--id", &id(&token), "--label", "other"]);
    let outcome = token.run(&["verify"]).exits(8).says("2 private keys have the id");
    assert!(outcome.stdout.contains("FAILED   one-key"), "{}", outcome.stdout);
}

#[test]
fn two_certificates_under_one_id_are_told() {
    let token = linked();
    token.run(&["dev-ca", "request.csr.pem", "second.pem"]).ok();
    token.openssl(&["x509", "-in", "second.pem", "-outform", "DER", "-out", "second.der"]);
    let (file, id) = (token.path("second.der"), id(&token));
    token.pkcs11_tool(&["--write-object", file.to_str().unwrap(), "--type", "cert", "--id", &id, "--label", "second"]);
    let (verified, error) = broken(token.run(&["verify", "--json"]), 8, "certificate-rejected");
    assert_eq!(verified["certificates"].as_array().unwrap().len(), 1, "one id, one report");
    assert_eq!(results(&verified, "one-certificate"), ["failed"]);
    assert!(error["hints"][0].as_str().unwrap().contains("hsmcert accept"), "{error:#}");
    token.run(&["accept", "request.crt.pem"]).ok();
    token.run(&["verify"]).ok();
}

#[test]
fn a_certificate_without_an_id_is_told() {
    let token = SoftToken::with_certificate();
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "stored.der"]);
    let file = token.path("stored.der");
    token.pkcs11_tool(&["--write-object", file.to_str().unwrap(), "--type", "cert", "--label", "stray"]);
    for arguments in [&["verify"][..], &["verify", "stray"]] {
        token.run(arguments).exits(8).says("has no CKA_ID").says("the certificate's key is \"www.example.com\"");
    }
}

#[test]
fn a_certificate_whose_key_is_gone() {
    let token = linked();
    let id = id(&token);
    for class in ["privkey", "pubkey"] {
        token.pkcs11_tool(&["--delete-object", "--type", class, "--id", &id]);
    }
    for arguments in [&["verify"][..], &["verify", "www.example.com"], &["verify", "request.crt.pem"]] {
        token.run(arguments).exits(8).says("no private key has the id").says("find-key");
    }
}

/// Writes a certificate of the key past `accept`, which would refuse it.
fn store(token: &SoftToken, pem: &str) {
    token.openssl(&["x509", "-in", pem, "-outform", "DER", "-out", "stored.der"]);
    let (file, id) = (token.path("stored.der"), id(token));
    let arguments = ["--type", "cert", "--id", &id, "--label", "www.example.com"];
    token.pkcs11_tool(&[&["--write-object", file.to_str().unwrap()][..], &arguments].concat());
}

/// A CA of OpenSSL in `ca.pem`, and its certificate for a CSR with these options.
fn issue(token: &SoftToken, csr: &str, certificate: &str, options: &[&str]) {
    if !token.path("ca.key").exists() {
        let ca = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Test CA", "-days", "9"];
        token.openssl(&[&ca[..], &["-keyout", "ca.key", "-out", "ca.pem"]].concat());
        token.write("ca.cnf", "[ca]\ndefault_ca = d\n[d]\ndatabase = index\nserial = serial\nnew_certs_dir = .\ndefault_md = sha256\nunique_subject = no\npolicy = p\ncopy_extensions = copyall\n[p]\ncommonName = supplied\n");
        token.write("index", "");
        token.write("serial", "01\n");
    }
    let ca = ["ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key"];
    token.openssl(&[&ca[..], &["-in", csr, "-out", certificate], options].concat());
}

#[test]
fn expired_and_not_yet_valid() {
    for (from, to, words) in [
        ("20200101000000Z", "20200201000000Z", "expired on 2020-02-01"),
        ("20990101000000Z", "20990201000000Z", "not valid before 2099-01-01"),
    ] {
        let token = SoftToken::with_request();
        issue(&token, "request.csr.pem", "wrong.pem", &["-startdate", from, "-enddate", to]);
        store(&token, "wrong.pem");
        let (verified, _) = broken(token.run(&["verify", "--json"]), 8, "certificate-rejected");
        assert_eq!(results(&verified, "validity"), ["failed"]);
        assert_eq!(detail(&verified, "validity"), words);
        assert_eq!(results(&verified, "one-key"), ["ok"], "the link itself is whole");
    }
}

#[test]
fn a_chain_that_leads_to_another_root() {
    let token = linked();
    let ca =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Other CA", "-keyout", "k", "-out", "other.pem"];
    token.openssl(&ca);
    let (verified, _) = broken(token.run(&["verify", "--ca-file", "other.pem", "--json"]), 8, "certificate-rejected");
    assert_eq!(results(&verified, "chain"), ["failed"]);
    assert_eq!(results(&verified, "tls-1.3"), ["ok", "ok"], "told once: {verified:#}");
    assert!(detail(&verified, "chain").contains("leads to none of the roots"), "{verified:#}");
}

#[test]
fn intermediates_come_from_the_file() {
    let token = SoftToken::with_request();
    token.write("ca.ext", "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n");
    let root = [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Root", "-keyout", "root.key", "-out", "root.pem",
    ];
    token.openssl(&root);
    token.openssl(&[
        "req",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=Middle",
        "-keyout",
        "mid.key",
        "-out",
        "mid.csr",
    ]);
    let sign = ["x509", "-req", "-CAcreateserial", "-days", "9"];
    let mid = ["-in", "mid.csr", "-CA", "root.pem", "-CAkey", "root.key", "-extfile", "ca.ext", "-out", "mid.pem"];
    token.openssl(&[&sign[..], &mid].concat());
    let leaf = [
        "-in",
        "request.csr.pem",
        "-CA",
        "mid.pem",
        "-CAkey",
        "mid.key",
        "-copy_extensions",
        "copyall",
        "-out",
        "leaf.pem",
    ];
    token.openssl(&[&sign[..], &leaf].concat());
    store(&token, "leaf.pem");
    token.write("both.pem", [token.read("mid.pem"), token.read("leaf.pem")].concat());
    let verified = token.run(&["verify", "both.pem", "--ca-file", "root.pem", "--json"]).ok().json();
    assert!(detail(&verified, "chain").contains("1 intermediate"), "{verified:#}");
    let (verified, _) = broken(token.run(&["verify", "--ca-file", "root.pem", "--json"]), 8, "certificate-rejected");
    assert_eq!(results(&verified, "chain"), ["failed"]);
}

#[test]
fn the_certificate_is_named_by_label_uri_or_file() {
    let token = linked();
    token.write("other.inf", inf("other.example.com"));
    token.run(&["new", "other.inf"]).ok();
    token.run(&["dev-ca", "other.csr.pem"]).ok();
    token.run(&["accept", "other.crt.pem"]).ok();
    let count = |arguments: &[&str]| {
        let verified = token.run(&[&["verify", "--json"], arguments].concat()).ok().json();
        verified["certificates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["label"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(count(&[]).len(), 2);
    for name in [
        "www.example.com",
        "request.crt.pem",
        "pkcs11:object=www.example.com",
        "pkcs11:token=test%20token;object=www.example.com;type=cert",
    ] {
        assert_eq!(count(&[name]), ["www.example.com"], "{name}");
    }
    let stdin =
        token.hsmcert().args(["verify", "-", "--json"]).write_stdin(token.read("other.crt.pem")).output().unwrap();
    assert!(String::from_utf8(stdin.stdout).unwrap().contains("other.example.com"));
}

/// A URI that `find-key` printed names the token, also where no module is configured.
#[test]
fn a_uri_of_the_trial_token() {
    let sandbox = Sandbox::new();
    sandbox.write("request.inf", SEED_INF.replace("ProviderName = Cavium Key Storage Provider\n", ""));
    sandbox.run(&["new", "request.inf", "request.csr.pem"]).ok();
    sandbox.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let accepted = sandbox.run(&["accept", "request.crt.pem", "--json"]).ok().json();
    sandbox.run(&["verify", accepted["key_uri"].as_str().unwrap()]).ok();
}

#[test]
fn what_is_not_there_is_told_apart() {
    let token = SoftToken::with_certificate();
    token.run(&["verify"]).fails(6);
    token.run(&["verify", "nothing"]).fails(6).says("nothing").says("find-key");
    token.run(&["verify", "www.example.com"]).fails(6).says("hsmcert accept");
    token.run(&["verify", "missing.pem"]).fails(10).says("missing.pem");
    token.run(&["verify", "request.csr.pem"]).fails(8).says("CSR");
    token.run(&["verify", "--connect", "www.example.com"]).exits(2);
    token.run(&["verify", "--connect", "a:1", "--resolve", "b:1:127.0.0.1"]).fails(2);
}

#[test]
fn a_file_is_not_enough_unless_that_is_said() {
    let token = SoftToken::with_certificate();
    token.run(&["verify", "request.crt.pem"]).exits(8).says("accept was not run");
    token.run(&["verify", "request.crt.pem", "--file-only"]).ok();
    token.run(&["accept", "request.crt.pem"]).ok();
    token.run(&["dev-ca", "request.csr.pem", "renewed.pem"]).ok();
    token.run(&["verify", "renewed.pem"]).exits(8).says("the token holds another certificate");
}

#[test]
fn a_certificate_that_is_not_for_servers_needs_no_handshake() {
    let token = SoftToken::with_request();
    let sign = ["x509", "-req", "-in", "request.csr.pem", "-CAcreateserial", "-days", "9", "-extfile", "client.ext"];
    token.write("client.ext", "extendedKeyUsage = clientAuth\n");
    issue(&token, "request.csr.pem", "unused.pem", &["-days", "9"]);
    token.openssl(&[&sign[..], &["-CA", "ca.pem", "-CAkey", "ca.key", "-out", "client.pem"]].concat());
    store(&token, "client.pem");
    let verified = token.run(&["verify", "--json"]).ok().json();
    assert_eq!(results(&verified, "tls-1.3"), ["skipped"]);
    assert!(detail(&verified, "tls-1.2").contains("serverAuth"), "{verified:#}");
}

/// `CKM_RSA_PKCS_PSS` and its hashing forms: servers on such a token can offer TLS 1.2 only.
#[test]
fn a_token_without_pss_is_seen() {
    let token = linked();
    let shim = Shim::before(&token).hiding("0xd,0x43,0x44,0x45");
    let verified = shim.run(&["verify", "--json"]).ok().json();
    assert_eq!(results(&verified, "signature"), ["skipped", "skipped", "skipped", "ok", "ok", "ok"]);
    assert_eq!(results(&verified, "tls-1.3"), ["skipped"]);
    assert_eq!(results(&verified, "tls-1.2"), ["ok", "ok"]);
}

#[test]
fn a_device_that_goes_away_is_no_broken_link() {
    let token = linked();
    // A nonce's signature, and a handshake's.
    for nth in [1, 7] {
        let shim = Shim::before(&token).failing(&format!("C_SignInit:{nth}:0x30"));
        let error = shim.run(&["verify", "--json"]).exits(4).json_error("token-unavailable");
        assert_eq!(error["retryable"], true);
    }
}

/// A token with an imported key, whose file OpenSSL's server can use, and `served.pem` for it.
fn with_file_key() -> SoftToken {
    let token = SoftToken::new();
    let names = "subjectAltName=DNS:www.example.com,DNS:example.com";
    let request = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=www.example.com", "-addext", names];
    token.openssl(&[&request[..], &["-keyout", "served.key", "-out", "served.csr"]].concat());
    token.openssl(&["pkey", "-in", "served.key", "-outform", "DER", "-out", "key.der"]);
    token.openssl(&["pkey", "-in", "served.key", "-pubout", "-outform", "DER", "-out", "pub.der"]);
    for (class, file) in [("privkey", "key.der"), ("pubkey", "pub.der")] {
        let file = token.path(file);
        let named = ["--type", class, "--id", ID, "--label", "www.example.com"];
        token.pkcs11_tool(&[&["--write-object", file.to_str().unwrap()][..], &named].concat());
    }
    issue(&token, "served.csr", "served.pem", &["-days", "8"]);
    token.run(&["accept", "served.pem"]).ok();
    token
}

/// `openssl s_server` with these files; its port.
fn s_server(token: &SoftToken, certificate: &str, key: &str) -> (Running, String) {
    let mut command = Command::new("openssl");
    command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", certificate, "-key", key, "-www"]);
    let mut server = Running::start(command.current_dir(token.path(".")), token.folder(), "openssl");
    let port = server.prints("ACCEPT 127.0.0.1:");
    (server, port.trim().to_owned())
}

fn ask(token: &SoftToken, name: &str, port: &str, more: &[&str]) -> Outcome {
    let (server, resolve) = (format!("{name}:{port}"), format!("{name}:{port}:127.0.0.1"));
    let arguments = ["verify", "www.example.com", "--json", "--connect", &server, "--resolve", &resolve];
    token.run(&[&arguments[..], more].concat())
}

#[test]
fn a_live_server_that_serves_the_right_certificate() {
    let token = with_file_key();
    let (_server, port) = s_server(&token, "served.pem", "served.key");
    let verified = ask(&token, "www.example.com", &port, &["--ca-file", "ca.pem"]).ok().json();
    for check in ["connect", "served-certificate", "served-key", "served-name", "served-chain", "served-validity"] {
        assert_eq!(results(&verified, check), ["ok"], "{check}: {verified:#}");
    }
    assert!([7, 8].contains(&verified["server"]["days_left"].as_i64().unwrap()), "{verified:#}");
    ask(&token, "localhost", &port, &["--name", "example.com"]).ok();
    let (verified, _) = broken(ask(&token, "other.example.org", &port, &[]), 14, "served-differs");
    assert_eq!(results(&verified, "served-name"), ["failed"]);
    assert!(detail(&verified, "served-name").contains("www.example.com, example.com"), "{verified:#}");
}

#[test]
fn a_live_server_that_was_not_reloaded_after_a_renewal() {
    let token = with_file_key();
    let (_server, port) = s_server(&token, "served.pem", "served.key");
    issue(&token, "served.csr", "renewed.pem", &["-days", "9"]);
    token.run(&["accept", "renewed.pem"]).ok();
    let (verified, error) = broken(ask(&token, "www.example.com", &port, &[]), 14, "served-differs");
    assert_eq!(results(&verified, "served-certificate"), ["failed"]);
    assert_eq!(results(&verified, "served-key"), ["ok"], "it is the same key");
    assert!(detail(&verified, "served-certificate").contains("reloaded"), "{verified:#}");
    assert_eq!(error["retryable"], false);
}

/// Browsers fetch a missing intermediate or know it, other clients do not.
#[test]
fn a_live_server_that_leaves_the_intermediate_out() {
    let token = with_file_key();
    issue(&token, "served.csr", "unused.pem", &["-days", "8"]);
    token.write("ca.ext", "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign\n");
    let request =
        ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Middle", "-keyout", "mid.key", "-out", "mid.csr"];
    token.openssl(&request);
    issue(&token, "mid.csr", "mid.pem", &["-days", "8", "-extfile", "ca.ext"]);
    let sign = ["x509", "-req", "-in", "served.csr", "-CA", "mid.pem", "-CAkey", "mid.key", "-CAcreateserial"];
    token.openssl(&[&sign[..], &["-days", "8", "-copy_extensions", "copyall", "-out", "leaf.pem"]].concat());
    token.write("both.pem", [token.read("leaf.pem"), token.read("mid.pem")].concat());
    token.run(&["accept", "both.pem"]).ok();
    let (_server, port) = s_server(&token, "leaf.pem", "served.key");
    for more in [&[][..], &["--ca-file", "ca.pem"]] {
        let (verified, _) = broken(ask(&token, "www.example.com", &port, more), 14, "served-differs");
        assert_eq!(results(&verified, "served-certificate"), ["ok"], "{verified:#}");
        assert_eq!(results(&verified, "served-chain"), ["failed"], "{verified:#}");
        assert!(detail(&verified, "served-chain").contains("CN=Middle"), "{verified:#}");
    }
}

#[test]
fn a_live_server_that_serves_another_certificate() {
    let token = with_file_key();
    let other =
        ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=imposter", "-keyout", "o.key", "-out", "o.pem"];
    token.openssl(&other);
    let (_server, port) = s_server(&token, "o.pem", "o.key");
    let (verified, _) = broken(ask(&token, "www.example.com", &port, &["--ca-file", "ca.pem"]), 14, "served-differs");
    for check in ["served-certificate", "served-key", "served-name", "served-chain"] {
        assert_eq!(results(&verified, check), ["failed"], "{check}: {verified:#}");
    }
    assert!(detail(&verified, "served-certificate").contains("imposter"), "{verified:#}");
    assert_eq!(verified["certificates"][0]["verified"], true, "the link on the token is whole");
}

#[test]
fn nobody_listens() {
    let token = linked();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let (verified, error) = broken(ask(&token, "www.example.com", &port, &[]), 14, "served-differs");
    assert_eq!(results(&verified, "connect"), ["failed"]);
    assert!(detail(&verified, "connect").contains("refused"), "{verified:#}");
    assert_eq!(error["retryable"], true);
}

#[test]
fn a_port_that_speaks_no_tls_and_one_that_says_nothing() {
    let token = linked();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let plain = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let (verified, error) = broken(ask(&token, "www.example.com", &port, &[]), 14, "served-differs");
    plain.join().unwrap();
    assert!(detail(&verified, "connect").contains("not in TLS"), "{verified:#}");
    assert_eq!(error["retryable"], false);

    // Connections are taken by the system, and nobody ever reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    let (verified, error) = broken(ask(&token, "www.example.com", &port, &["--timeout", "5"]), 14, "served-differs");
    assert!(detail(&verified, "connect").contains("within 5 s"), "{verified:#}");
    assert_eq!(error["retryable"], true);
}

/// A search that fails is a token that fails (4), never a link that is broken (8).
#[test]
fn a_token_that_fails_is_not_taken_for_one_without_the_key() {
    let token = linked();
    for search in 1.. {
        let failing = format!("C_FindObjectsInit:{search}:0x30");
        let shim = Shim::before(&token).failing(&failing);
        let outcome = Outcome::of(shim.hsmcert().args(["verify", "request.crt.pem"]));
        if outcome.code == Some(0) {
            assert!(search > 2, "nothing was searched for");
            break;
        }
        assert_eq!(outcome.code, Some(4), "{failing}: {outcome:#?}");
    }
}
