//! Requests that OpenSSL and GnuTLS can express too: subject and extensions must be the same bytes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use der::{Decode as _, Encode as _};
use hsmcert::x509::Csr;
use support::{SoftToken, openssl, run_program};
use x509_cert::request::{CertReq, CertReqInfo};

const SPEC: &str = r#"
key-usage = ["digital-signature", "key-encipherment"]
extended-key-usage = ["client-auth", "server-auth"]
[subject]
c = "US"
st = "Washington"
l = "Seattle"
o = "Example & Söhne, Ltd."
ou = "Web"
cn = "www.example.com"
[san]
dns = ["www.example.com", "*.example.com"]
uri = ["https://example.com/"]
ip = ["192.0.2.7", "2001:db8::7"]
email = ["admin@example.com"]
"#;

const OPENSSL: &str = "[req]\nprompt = no\nutf8 = yes\nstring_mask = utf8only\ndistinguished_name = dn\n\
req_extensions = ext\n[dn]\nC = US\nST = Washington\nL = Seattle\nO = Example & Söhne\\, Ltd.\nOU = Web\n\
CN = www.example.com\n[ext]\nkeyUsage = critical,digitalSignature,keyEncipherment\n\
extendedKeyUsage = clientAuth,serverAuth\nsubjectAltName = DNS:www.example.com,DNS:*.example.com,\
URI:https://example.com/,IP:192.0.2.7,IP:2001:db8::7,email:admin@example.com\n";

/// GnuTLS takes `PrintableString` where a value fits, loses an escaped comma, and has an order of its own.
const CERTTOOL: &str = "dn = \"CN=www.example.com,OU=Web,O=Example & Söhne Ltd.,L=Seattle,ST=Washington,C=US\"\n\
dns_name = \"www.example.com\"\ndns_name = \"*.example.com\"\nip_address = \"192.0.2.7\"\n\
ip_address = \"2001:db8::7\"\nemail = \"admin@example.com\"\nuri = \"https://example.com/\"\n\
tls_www_server\ntls_www_client\nsigning_key\nencryption_key\n";

fn ours(token: &SoftToken) -> CertReqInfo {
    token.write("request.toml", SPEC);
    token.run(&["new", "request.toml", "ours.csr", "--der"]).ok();
    CertReq::from_der(&token.read("ours.csr")).unwrap().info
}

#[test]
fn openssl_makes_the_same_request() {
    let token = SoftToken::new();
    token.write("request.cnf", OPENSSL);
    openssl(
        &token.path(""),
        &[
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "k.pem",
            "-config",
            "request.cnf",
            "-outform",
            "DER",
            "-out",
            "theirs.csr",
        ],
    );
    let (ours, theirs) = (ours(&token), CertReq::from_der(&token.read("theirs.csr")).unwrap().info);
    assert_eq!(ours.subject.to_der().unwrap(), theirs.subject.to_der().unwrap());
    assert_eq!(ours.attributes.to_der().unwrap(), theirs.attributes.to_der().unwrap());
}

#[test]
fn certtool_makes_the_same_request() {
    let token = SoftToken::new();
    token.write("request.cfg", CERTTOOL);
    let folder = token.path("");
    run_program("certtool", "gnutls-bin", &folder, &["--generate-privkey", "--bits", "2048", "--outfile", "k.pem"]);
    run_program(
        "certtool",
        "gnutls-bin",
        &folder,
        &[
            "--generate-request",
            "--load-privkey",
            "k.pem",
            "--template",
            "request.cfg",
            "--outder",
            "--outfile",
            "theirs.csr",
        ],
    );
    let theirs = token.read("theirs.csr");
    let text = |csr: &[u8]| Csr::from_bytes(csr).unwrap().subject().to_string();
    let ours = ours(&token);
    assert_eq!(text(&token.read("ours.csr")).replace("\\,", ""), text(&theirs));
    let theirs = CertReq::from_der(&theirs).unwrap().info;
    for wanted in extensions(&ours) {
        assert!(extensions(&theirs).contains(&wanted), "{wanted:02x?} is not in {:#02x?}", extensions(&theirs));
    }
}

/// Type and value of each extension that is asked for; GnuTLS marks extended key usage critical.
fn extensions(info: &CertReqInfo) -> Vec<(String, Vec<u8>)> {
    let value = info.attributes.iter().find(|one| one.oid.to_string() == "1.2.840.113549.1.9.14").unwrap();
    let all: Vec<x509_cert::ext::Extension> = value.values.get(0).unwrap().decode_as().unwrap();
    all.iter().map(|one| (one.extn_id.to_string(), one.extn_value.as_bytes().to_vec())).collect()
}
