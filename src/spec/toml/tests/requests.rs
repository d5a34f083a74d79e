//! Key, extensions and purposes of a request.

use super::*;

#[test]
fn one_name_is_a_whole_request_for_a_tls_server() {
    let spec = ok("san.dns = \"www.example.com\"");
    assert!(spec.subject.is_empty());
    assert_eq!(spec.label().as_deref(), Some("www.example.com"));
    assert_eq!(spec.key.algorithm, KeyAlgorithm::Rsa { bits: 2048 });
    assert_eq!(spec.key.source, KeySource::Generate);
    assert_eq!(spec.product, Product::Pkcs10);
    let server_auth = vec![Oid::new_unwrap("1.3.6.1.5.5.7.3.1")];
    let expected = [
        (true, Extension::KeyUsage(KeyUsage::from_bits(1))),
        (false, Extension::ExtendedKeyUsage(server_auth)),
        (true, Extension::SubjectAltName(vec![GeneralName::Dns("www.example.com".to_owned())])),
    ];
    let expected = expected.map(|(critical, extension)| RequestedExtension { critical, extension });
    assert_eq!(spec.extensions, expected);
}

#[test]
fn a_ca_asks_for_what_a_ca_needs() {
    let spec = ok(r#"
        basic-constraints = { ca = true, path-length = 0 }
        subject = "C=US, CN=Sub CA"
        [name-constraints.permitted]
        dns = "example.com"
        ip = "10.0.0.0/8"
    "#);
    let basic = RequestedExtension {
        critical: true,
        extension: Extension::BasicConstraints(BasicConstraints { ca: true, path_length: Some(0) }),
    };
    assert_eq!(extension(&spec, "2.5.29.19"), Some(basic));
    let usage = RequestedExtension { critical: true, extension: Extension::KeyUsage(KeyUsage::from_bits(0x60)) };
    assert_eq!(extension(&spec, "2.5.29.15"), Some(usage));
    assert_eq!(extension(&spec, "2.5.29.37"), None);
    let Some(RequestedExtension { critical: true, extension: Extension::NameConstraints(constraints) }) =
        extension(&spec, "2.5.29.30")
    else {
        panic!("no critical name constraints")
    };
    assert_eq!(constraints.permitted[0], Subtree::Name(GeneralName::Dns("example.com".to_owned())));
    assert_eq!(constraints.permitted[1], Subtree::IpRange(vec![10, 0, 0, 0, 255, 0, 0, 0]));
}

#[test]
fn extensions_come_in_one_order_whatever_the_order_of_the_file() {
    let spec = ok(&format!(
        r#"
        critical = ["must-staple", "extended-key-usage"]
        template = "WebServer"
        must-staple = true
        subject-key-identifier = true
        application-policies = "1.2.3"
        certificate-policies = ["2.23.140.1.2.2", {{ oid = "1.2.3", cps = "https://a.example/", notice = "read" }}]
        basic-constraints = {{ ca = false }}
        extended-key-usage = ["1.2.3.4", "client-auth"]
        key-usage = ["crl-sign", "digital-signature"]
        template-oid = {{ oid = "1.3.6.1.4.1.311.21.8.1.2.3", major = 100, minor = 3 }}
        {SAN}
        [[extension]]
        oid = "1.3.6.1.5.5.7.48.1.5"
        critical = true
        hex = "05 00"
        [[extension]]
        oid = "1.2.3.5"
        base64 = "BQA="
        [[attribute]]
        oid = "1.2.840.113549.1.9.7"
        hex = "0c01 61"
        "#
    ));
    let expected = "2.5.29.15 2.5.29.37 2.5.29.19 2.5.29.32 1.3.6.1.4.1.311.21.10 2.5.29.17 1.3.6.1.5.5.7.1.24 \
                    1.3.6.1.4.1.311.20.2 1.3.6.1.4.1.311.21.7 1.3.6.1.5.5.7.48.1.5 1.2.3.5 2.5.29.14";
    assert_eq!(oids(&spec).join(" "), expected);
    let critical = spec.extensions.iter().filter(|wanted| wanted.critical);
    let critical: Vec<String> = critical.map(|wanted| wanted.extension.oid().to_string()).collect();
    assert_eq!(critical, ["2.5.29.37", "1.3.6.1.5.5.7.1.24", "1.3.6.1.5.5.7.48.1.5"]);
    let policy = Policy {
        oid: Oid::new_unwrap("1.2.3"),
        qualifiers: vec![PolicyQualifier::Cps("https://a.example/".into()), PolicyQualifier::Notice("read".into())],
    };
    let Extension::CertificatePolicies(policies) = &spec.extensions[3].extension else { panic!("no policies") };
    assert_eq!(policies[1], policy);
    assert_eq!(spec.attributes[0].value, [0x0c, 1, 0x61]);
}

#[test]
fn the_order_of_extensions_can_be_chosen() {
    let text = format!(
        "extension-order = ['san', '1.2.3', 'subject-key-identifier', 'extended-key-usage']\n\
         critical = ['subject-key-identifier']\nsubject-key-identifier = true\n{SAN}\
         [[extension]]\noid = '1.2.4'\nhex = '0500'\n[[extension]]\noid = '1.2.3'\nhex = '0500'\n"
    );
    let spec = ok(&text);
    assert_eq!(oids(&spec), ["2.5.29.17", "1.2.3", "2.5.29.14", "2.5.29.37", "2.5.29.15", "1.2.4"]);
    let critical: Vec<_> = spec.extensions.iter().map(|requested| requested.critical).collect();
    assert_eq!(critical, [false, false, true, false, false, false]);
    assert!(problem(&format!("extension-order = ['sna']\n{SAN}")).contains("unknown extension `sna`"));
    assert!(problem(&format!("extension-order = ['template']\n{SAN}")).contains("not in the request"));
    let twice = format!("subject-key-identifier = true\n{SAN}[[extension]]\noid = '2.5.29.14'\nhex = '0400'");
    assert!(problem(&twice).contains("in the request twice"));
}

#[test]
fn empty_lists_ask_for_no_usage() {
    let spec = ok(&format!("key-usage = []\nextended-key-usage = []\n{SAN}"));
    assert_eq!(oids(&spec), ["2.5.29.17"]);
}

#[test]
fn keys_and_signatures() {
    let key = |text: &str| ok(&format!("{SAN}{text}")).key.algorithm;
    assert_eq!(key("key.size = 4096"), KeyAlgorithm::Rsa { bits: 4096 });
    assert_eq!(key("key.algorithm = 'ecdsa'"), KeyAlgorithm::Ec(Curve::P256));
    assert_eq!(key("[key]\nalgorithm = 'ecdsa'\ncurve = 'p521'"), KeyAlgorithm::Ec(Curve::P521));
    assert_eq!(key("key.algorithm = 'ecdsa-p384'"), KeyAlgorithm::Ec(Curve::P384));
    assert_eq!(key("key.algorithm = 'ed25519'"), KeyAlgorithm::Ed25519);
    assert_eq!(key("key.algorithm = 'ml-dsa-65'"), KeyAlgorithm::MlDsa(MlDsaSet::MlDsa65));
    let spec = ok(&format!(
        "{SAN}[key]\nlabel = 'web'\nreuse = true\n[signature]\nhash = 'sha384'\npss = true\n\
         [token]\nprofile = 'prod'\n[windows]\nfriendly-name = 'Web'\nmachine-store = true"
    ));
    assert_eq!(spec.key.label.as_deref(), Some("web"));
    assert_eq!(spec.key.source, KeySource::Existing);
    assert_eq!((spec.signature.hash, spec.signature.pss), (Some(Hash::Sha384), true));
    assert_eq!(spec.token.profile.as_deref(), Some("prod"));
    assert_eq!((spec.friendly_name.as_deref(), spec.machine_store), (Some("Web"), true));
}

#[test]
fn purposes_fit_the_key() {
    let purposes = |text: &str| ok(&format!("{SAN}[key]\n{text}")).key.purposes;
    assert!(purposes("algorithm = 'ecdsa'\npurposes = 'derive'").derive);
    assert!(!purposes("algorithm = 'ed25519'").derive);
    assert!(purposes("purposes = 'decrypt'").decrypt);
    for (text, expected) in [
        ("algorithm = 'ecdsa'\npurposes = ['derive', 'decrypt']", "'decrypt' | EC P-256 keys cannot decrypt"),
        ("reuse = true\npurposes = 'decrypt'", "'decrypt' | an existing key keeps its own uses"),
        ("purposes = 'derive'", "'derive' | RSA-2048 keys cannot derive"),
        ("algorithm = 'ml-dsa-44'\npurposes = 'decrypt'", "'decrypt' | ML-DSA-44 keys cannot decrypt"),
    ] {
        let problem = problem(&format!("{SAN}[key]\n{text}"));
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[test]
fn self_signed_certificates() {
    let product = |text: &str| ok(&format!("{SAN}[self-signed]\n{text}")).product;
    assert_eq!(product("days = 30"), Product::SelfSigned(Validity::For(Period::Seconds(2_592_000))));
    assert_eq!(product("seconds = 60"), Product::SelfSigned(Validity::For(Period::Seconds(60))));
    assert_eq!(product("years = 2"), Product::SelfSigned(Validity::For(Period::Months(24))));
    assert_eq!(product("months = 3"), Product::SelfSigned(Validity::For(Period::Months(3))));
    assert!(problem(&format!("{SAN}[self-signed]\nyears = 9000")).contains("outlive X.509"));
    assert!(problem(&format!("{SAN}[self-signed]\ndays = 0")).contains("never be valid"));
    let between = Validity::Between { not_before: Some(946_684_800), not_after: 946_688_400 };
    let text = "not-before = 2000-01-01\nnot-after = 2000-01-01T02:00:00+01:00";
    assert_eq!(product(text), Product::SelfSigned(between));
    assert!(problem(&format!("{SAN}[self-signed]\n")).contains("one of years, months, days, seconds, not-after"));
    assert!(
        problem(&format!("{SAN}[self-signed]\nnot-after = 2030-01-01T00:00:00")).contains("write 2030-01-01T00:00:00Z")
    );
}
