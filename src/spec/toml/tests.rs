//! Whole files: what they mean, and what is said about them.

use super::*;
use crate::key::{Curve, Hash, KeyAlgorithm, MlDsaSet};
use crate::request::{
    BasicConstraints, Extension, GeneralName, KeySource, KeyUsage, Oid, OtherNameValue, Period, Policy,
    PolicyQualifier, Product, RequestedExtension, Subtree, Validity,
};
use crate::spec::{Override, Severity, Span};

fn with(text: &str, options: &Options) -> (Option<RequestSpec>, Vec<Diagnostic>) {
    parse(&Source { name: "test.toml".to_owned(), text: text.to_owned() }, options)
}

fn ok(text: &str) -> RequestSpec {
    let (spec, diagnostics) = with(text, &Options::default());
    assert_eq!(diagnostics, [], "{text}");
    spec.unwrap()
}

fn set(pairs: &[(&str, &str)]) -> Options {
    let set = |(key, value): &(&str, &str)| Override { key: (*key).to_owned(), value: (*value).to_owned() };
    Options { overrides: pairs.iter().map(set).collect(), ..Options::default() }
}

fn variables(pairs: &[(&str, &str)]) -> Options {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Options { variables: pairs.iter().map(pair).collect(), ..Options::default() }
}

/// The findings as `part of the text | message | label | help`.
fn found(text: &str, options: &Options) -> Vec<String> {
    let (spec, diagnostics) = with(text, options);
    let has_errors = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(spec.is_none(), has_errors, "{diagnostics:?}");
    let show = |diagnostic: Diagnostic| {
        let place = diagnostic.span.map_or("", |span| &text[span.start..span.end]);
        let label = diagnostic.label.unwrap_or_default();
        format!("{place} | {} | {label} | {}", diagnostic.message, diagnostic.help.unwrap_or_default())
    };
    diagnostics.into_iter().map(show).collect()
}

/// The only finding.
fn problem(text: &str) -> String {
    let mut found = found(text, &Options::default());
    assert_eq!(found.len(), 1, "{found:#?}");
    found.remove(0)
}

fn extension(spec: &RequestSpec, oid: &str) -> Option<RequestedExtension> {
    spec.extensions.iter().find(|wanted| wanted.extension.oid() == Oid::new_unwrap(oid)).cloned()
}

fn oids(spec: &RequestSpec) -> Vec<String> {
    spec.extensions.iter().map(|wanted| wanted.extension.oid().to_string()).collect()
}

const SAN: &str = "san.dns = \"www.example.com\"\n";

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
fn all_forms_of_a_subject_are_encoded_in_the_order_written() {
    let table = ok(&format!("{SAN}[subject]\nst = 'WA'\nou = ['a', 'b']\nc = 'US'\ncn = 'x'"));
    assert_eq!(table.subject.to_string(), "CN=x,C=US,OU=b,OU=a,ST=WA");
    let dotted = ok(&format!("subject.st = 'WA'\nsubject.ou = ['a', 'b']\nsubject.c = 'US'\nsubject.cn = 'x'\n{SAN}"));
    let text = ok(&format!("subject = 'ST=WA, OU=a, OU=b, C=US, CN=x'\n{SAN}"));
    let rdns = ok(&format!(
        "subject = [{{ st = 'WA' }}, {{ ou = 'a' }}, {{ ou = 'b' }}, {{ c = 'US' }}, {{ cn = 'x' }}]\n{SAN}"
    ));
    assert_eq!(table.subject, dotted.subject);
    assert_eq!(table.subject, text.subject);
    assert_eq!(table.subject, rdns.subject);
    assert!(!extension(&table, "2.5.29.17").unwrap().critical);
}

#[test]
fn a_subject_may_have_other_types_and_string_types() {
    let spec = ok(&format!(
        "subject = [{{ cn = 'a', uid = 'b' }}, {{ '2.5.4.97' = {{ text = 'c', type = 'bmp' }} }}, {{ o = {{ hex = '0aFF' }} }}]\n{SAN}"
    ));
    assert_eq!(spec.subject.to_string(), "O=#0aff,2.5.4.97=c,CN=a+UID=b");
    let types =
        ok(&format!("{SAN}[subject]\nc = 'US'\nserial-number = '1'\ne = 'a@b.example'\norganization-identifier = 'Ü'"));
    let types: Vec<_> = types.subject.0.iter().map(|rdn| format!("{:?}", rdn.0[0].value)).collect();
    for (value, expected) in types.iter().zip(["Printable", "Printable", "Ia5", "Utf8"]) {
        assert!(value.contains(expected), "{value}");
    }
}

#[test]
fn alternative_names_keep_the_order_of_the_file() {
    let spec = ok(r#"
        subject = "CN=a.example"
        [san]
        ip = ["192.0.2.1", "2001:db8::1"]
        dns = "a.example"
        upn = "user@example.com"
        email = "a@example.com"
        uri = "https://a.example/"
        registered-id = "1.2.3"
        other-name = [{ oid = "1.2.4", utf8 = "x" }, { oid = "1.2.5", octets = "00:01" }, { oid = "1.2.6", der = "0500" }]
        directory-name = [{ c = "US", cn = "x" }, "O=y"]
    "#);
    let names: Vec<String> = spec.subject_alt_names().iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "IP:192.0.2.1",
            "IP:2001:db8::1",
            "DNS:a.example",
            "UPN:user@example.com",
            "email:a@example.com",
            "URI:https://a.example/",
            "registeredID:1.2.3",
            "otherName:1.2.4;x",
            "otherName:1.2.5;0001",
            "otherName:1.2.6;0500",
            "directoryName:CN=x,C=US",
            "directoryName:O=y",
        ]
    );
    let GeneralName::OtherName { value, .. } = &spec.subject_alt_names()[9] else { panic!("not other") };
    assert_eq!(*value, OtherNameValue::Der(vec![5, 0]));
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
fn names_of_alternating_kinds_are_an_array_of_tables() {
    let spec = ok("[[san]]\ndns = 'a.example'\nip = '192.0.2.1'\n[[san]]\ndns = 'b.example'");
    let names: Vec<_> = spec.subject_alt_names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:a.example", "IP:192.0.2.1", "DNS:b.example"]);
}

#[test]
fn names_given_as_der_are_names_too() {
    // ediPartyName, which no key stands for.
    let names = "[[extension]]\noid = '2.5.29.17'\ncritical = true\nhex = '30 07 a5 05 a1 03 0c 01 78'";
    assert_eq!(oids(&ok(names)), ["2.5.29.15", "2.5.29.37", "2.5.29.17"]);
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

#[test]
fn variables_are_put_into_strings() {
    let text = "san.dns = ['${HOST}.example.com', \"${HOST}-${N_1}.example\"]\n[key]\nlabel = '$${HOST} $HOST $'";
    let (spec, diagnostics) = with(text, &variables(&[("HOST", "www"), ("N_1", "7")]));
    assert_eq!(diagnostics, []);
    let spec = spec.unwrap();
    let names: Vec<String> = spec.subject_alt_names().iter().map(GeneralName::value_text).collect();
    assert_eq!(names, ["www.example.com", "www-7.example"]);
    assert_eq!(spec.key.label.as_deref(), Some("${HOST} $HOST $"));
}

#[test]
fn an_unset_variable_is_an_error_with_its_place() {
    let text = "san.dns = ['a.${HOST}', \"b.${OTHER}\"]";
    let found = found(text, &variables(&[("HOSTS", "x")]));
    assert_eq!(found[0], "${HOST} | the variable `HOST` is not set |  | did you mean `${HOSTS}`?");
    assert!(found[1].starts_with("${OTHER} | the variable `OTHER` is not set"));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(problem("san.dns = '${a b}'").starts_with("${ | `${` does not begin"));
    assert!(problem("san.dns = '${'").starts_with("${ | `${` does not begin"));
}

#[test]
fn overrides_replace_the_values_of_the_file() {
    let text = "[subject]\no = 'Old'\ncn = '${UNSET}'\n[san]\ndns = ['${UNSET}']\n[key]\nsize = 2048";
    let options = set(&[
        ("dns", "a.example"),
        ("san.dns", "b.example"),
        ("ip", "192.0.2.1"),
        ("cn", "b.example"),
        ("subject.c", "US"),
        ("key.size", "3072"),
        ("label", "web"),
        ("must-staple", "true"),
        ("pss", "true"),
    ]);
    let (spec, diagnostics) = with(text, &options);
    assert_eq!(diagnostics, []);
    let spec = spec.unwrap();
    let names: Vec<String> = spec.subject_alt_names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:a.example", "DNS:b.example", "IP:192.0.2.1"]);
    assert_eq!(spec.subject.to_string(), "C=US,CN=b.example,O=Old");
    assert_eq!(spec.key.algorithm, KeyAlgorithm::Rsa { bits: 3072 });
    assert_eq!(spec.key.label.as_deref(), Some("web"));
    assert!(extension(&spec, "1.3.6.1.5.5.7.1.24").is_some());
    assert!(spec.signature.pss);
    assert!(with("", &set(&[("dns", "a.example")])).0.is_some());
}

#[test]
fn a_bad_override_is_named() {
    let one = |key, value| found(SAN, &set(&[(key, value)])).remove(0);
    assert_eq!(one("dnss", "x"), " | --set dnss: no such key can be set |  | did you mean `dns`?");
    assert_eq!(one("key.size", "big"), " | --set key.size: `big` is not a whole number |  | ");
    assert!(one("reuse", "yes").contains("--set reuse: `yes` is not `true` or `false`"));
    assert!(one("ip", "x").starts_with(" | --set ip: `x` is not an IP address"));
    assert!(one("size", "1024").starts_with(" | --set size: RSA keys with 1024 bits"));
    let text = format!("subject = 'CN=www.example.com'\n{SAN}");
    assert!(found(&text, &set(&[("cn", "x")]))[0].contains("--set cn: `subject` is not a table"));
}

#[test]
fn every_problem_is_told_in_one_run() {
    let text = r#"
key-usag = []
extended-key-usage = ["serverAuth", "tls"]
must-staple = "yes"
[subject]
country = "US"
C = "US"
cn = 7
[san]
dns = ["www.example.com.", "a b"]
ip = "10.0.0.0/8"
key-usage = []
[key]
size = 1024
[[extension]]
hex = "05"
"#;
    let found = found(text, &Options::default());
    let expected = [
        "key-usag | unknown key `key-usag`",
        "\"yes\" | string \"yes\" in the place of a boolean",
        "country | unknown name attribute `country`",
        "C | unknown name attribute `C`",
        "7 | integer `7` in the place of a string",
        "key-usage | unknown key `key-usage`",
        "[[extension]] | the key `oid` is missing",
        "\"www.example.com.\" | `www.example.com.` ends with a dot",
        "\"a b\" | `a b` is not one host name",
        "\"10.0.0.0/8\" | `10.0.0.0/8` is not an IP address",
        "\"serverAuth\" | unknown extended key usage `serverAuth`",
        "\"tls\" | unknown extended key usage `tls`",
        "1024 | RSA keys with 1024 bits are not made",
    ];
    for expected in expected {
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected} is not in {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_problem_says_what_to_type() {
    let help = |text: &str| problem(text).rsplit(" | ").next().unwrap().to_owned();
    assert_eq!(help(&format!("key-usag = []\n{SAN}")), "did you mean `key-usage`?");
    assert_eq!(help(&format!("{SAN}[key]\nkey-usage = []")), "`key-usage` belongs above the first [table]");
    assert_eq!(help("dns = 'a.example'"), "`dns` belongs below [san]");
    assert_eq!(help(&format!("cn = 'a'\n{SAN}")), "`cn` belongs below [subject]");
    assert_eq!(help(&format!("key-usage = 'digitalSignature'\n{SAN}")), "did you mean \"digital-signature\"?");
    assert_eq!(help(&format!("{SAN}subject.commonName = 'x'")), "did you mean `cn`?");
    assert!(help(&format!("{SAN}subject.2.5.4.97 = 'x'")).contains("quotes"));
    assert_eq!(help(&format!("{SAN}key.algorithm = 'rsa-3072'")), "write algorithm = \"rsa\" and size = 3072");
    assert_eq!(help(&format!("{SAN}signature.hash = 'SHA-384'")), "did you mean \"sha384\"?");
    assert_eq!(help(&format!("{SAN}signature.hash = 'sha1'")), "write hash = \"sha256\"");
    assert!(help(&format!("{SAN}[key]\nalgorithm='ed25519'\nsize=256")).contains("leave size out"));
    assert!(help(&format!("{SAN}[token]\nuri='pkcs11:token=a?pin-value=1'")).contains("pin-source"));
    assert!(help(&format!("{SAN}[[extension]]\noid='2.5.29.15'\nhex='03020780'")).contains("key-usage = []"));
}

#[test]
fn syntax_errors_say_what_to_type() {
    let help = |text: &str| problem(text).rsplit(" | ").next().unwrap().to_owned();
    assert_eq!(help("[subject]\ncn = www.example.com\n"), "write cn = \"www.example.com\"");
    assert_eq!(help("; a comment\n"), "comments begin with `#`");
    assert_eq!(help("[subject]\ncn: www.example.com\n"), "write cn = \"www.example.com\"");
    assert!(help("[subject]\ncn = \u{201c}www.example.com\u{201d}\n").contains("curly quotes"));
    assert_eq!(found("[subject]\nc = US\n[san]\ndns = a.example\n", &Options::default()).len(), 2);
    assert!(problem("[san]\ndns = []\ndns = []").starts_with("dns | `dns` is there twice"));
    assert!(problem("[san]\ndns = ['a.example'\n[key]\nsize = 2048").contains("array above is not closed"));
    assert!(help("[NewRequest]\nSubject = 'CN=x'\nsan.dns = 'x'\n").contains(".inf"));
    assert!(help(&format!("{SAN}[extension]\noid = '1.2.3'\nhex='0500'")).contains("[[...]]"));
    assert!(help("[[key]]\nsize = 2048").contains("single brackets"));
}

#[test]
fn what_a_ca_would_refuse_is_a_warning() {
    let warning = |text: &str| {
        let (spec, mut diagnostics) = with(text, &Options::default());
        assert!(spec.is_some(), "{diagnostics:?}");
        assert_eq!(diagnostics.len(), 1, "{diagnostics:?}");
        let Diagnostic { severity, message, help, .. } = diagnostics.remove(0);
        assert_eq!(severity, Severity::Warning);
        format!("{message} | {}", help.unwrap_or_default())
    };
    let no_san = warning("subject.cn = 'www.example.com'");
    assert_eq!(no_san, "a TLS server without an alternative name | add [san] with dns = [\"www.example.com\"]");
    assert!(warning(&format!("{SAN}subject.cn = 'other.example.com'")).contains("is not among the alternative names"));
    assert!(warning("subject.cn='A B'").contains("without an alternative name"));
    assert!(warning(&format!("key-usage = 'key-cert-sign'\n{SAN}")).contains("ca = true"));
    assert!(
        warning(&format!("key-usage = 'key-encipherment'\n{SAN}key.algorithm = 'ecdsa'")).contains("cannot encipher")
    );
    assert!(warning(&format!("critical = ['must-staple']\n{SAN}")).contains("not in the request"));
    assert!(problem("").contains("names nobody"));
    ok("extended-key-usage = 'client-auth'\nsubject.cn = 'www.example.com'");
}

#[test]
fn a_part_of_a_subject_string_has_its_own_place() {
    assert!(problem(&format!("subject = 'O=a, XX=b'\n{SAN}")).starts_with("XX | unknown attribute type `XX`"));
    let note = problem(&format!("subject = 'CN=www.example.com, C=US'\n{SAN}"));
    assert!(note.contains("encoded in the order written"));
}

#[test]
fn a_table_is_no_array_of_its_values() {
    for text in ["key = ['rsa', 2048]", "basic-constraints = [true, 0]", "san.other-name = [['1.2.3', 'x']]"] {
        let found = found(&format!("{text}\nsubject.cn = 'x'"), &Options::default());
        assert!(found[0].contains("in the place of a table"), "{found:?}");
    }
}

const COMPLETE: &str = include_str!("../../../tests/data/toml/complete.toml");

#[test]
fn every_key_can_be_used() {
    let document: ::toml::Table = COMPLETE.parse().unwrap();
    // Keys that exclude another one.
    let periods = ["years", "months", "days", "seconds"].map(|period| format!("self-signed.{period}"));
    let other = ["key.size", "token.profile", "token.provider"].map(str::to_owned).into_iter().chain(periods);
    let other: Vec<_> = other.collect();
    for (table, keys) in keys::tables() {
        let at = if table.is_empty() { Some(&document) } else { document[table].as_table() };
        for key in keys {
            let used = at.unwrap().contains_key(*key) || other.contains(&format!("{table}.{key}"));
            assert!(used, "[{table}] {key} is not in complete.toml");
        }
    }
    let (spec, diagnostics) = with(COMPLETE, &Options::default());
    let said: Vec<_> = diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(said, ["a key of EC P-384 cannot encipher"]);
    assert_eq!(spec.unwrap().extensions.len(), 13);
}

/// Files that are cut off or damaged at any place give diagnostics within the text, never a panic.
#[test]
fn damaged_files_are_only_reported() {
    let places = COMPLETE.char_indices().map(|(place, _)| place).step_by(3);
    let damages = ["", "\"", "[", "}", "=", "\u{fc}", "${", "\n", "-1", "'''"];
    for (index, place) in places.enumerate() {
        let (before, after) = COMPLETE.split_at(place);
        let damage = damages[index % damages.len()];
        for text in [before.to_owned(), format!("{before}{damage}{after}"), format!("{before}{damage}{}", &after[1..])]
        {
            for diagnostic in with(&text, &Options::default()).1 {
                let inside = |span: Span| text.get(span.start..span.end).is_some();
                assert!(diagnostic.span.is_none_or(inside), "{diagnostic:?} in {text}");
            }
        }
    }
}

#[test]
fn much_and_deep_is_no_danger() {
    let names: Vec<String> = (0..10_000).map(|number| format!("\"host-{number}.example.com\"")).collect();
    assert_eq!(ok(&format!("san.dns = [{}]", names.join(","))).subject_alt_names().len(), 10_000);
    assert!(with(&format!("a = {}", "[".repeat(100_000)), &Options::default()).0.is_none());
    assert!(with(&format!("{}a = 1", "a.".repeat(100_000)), &Options::default()).0.is_none());
    let unknown: String = (0..10_000).map(|number| format!("key{number} = 1\n")).collect();
    assert!(with(&unknown, &Options::default()).1.len() < 100);
}
