//! What is said about files that are not right.

use super::*;

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
    assert_eq!(help(&format!("critical = 'subjectAltName'\n{SAN}")), "did you mean \"san\"?");
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
    assert_eq!(help("must-staple = True\n"), "write must-staple = true");
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
    let invisible = warning(&format!("{SAN}key.label = 'a\u{200b}b'"));
    assert_eq!(invisible, "an invisible character U+200B | delete it");
    assert!(warning(&format!("subject.cn = 'www.example.com'\nsubject.o = '$Org'\n{SAN}")).contains("placeholder"));
    assert!(problem("").contains("names nobody"));
    ok("extended-key-usage = 'client-auth'\nsubject.cn = 'www.example.com'");
}

#[test]
fn a_table_is_no_array_of_its_values() {
    for text in ["key = ['rsa', 2048]", "basic-constraints = [true, 0]", "san.other-name = [['1.2.3', 'x']]"] {
        let found = found(&format!("{text}\nsubject.cn = 'x'"), &Options::default());
        assert!(found[0].contains("in the place of a table"), "{found:?}");
    }
}
