//! Variables, and values that the command line sets.

use super::*;

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
    assert!(one("registered-id", "1.2.3").ends_with("write san.registered-id=1.2.3"));
    assert!(one("profile", "luna").ends_with("write token.profile=luna"));
    assert!(one("nonsense", "x").contains("san.registered-id"));
    assert_eq!(one("key.size", "big"), " | --set key.size: `big` is not a whole number |  | ");
    assert!(one("reuse", "yes").contains("--set reuse: `yes` is not `true` or `false`"));
    assert!(one("ip", "x").starts_with(" | --set ip: `x` is not an IP address"));
    assert!(one("size", "1024").starts_with(" | --set size: RSA keys with 1024 bits"));
    let text = format!("subject = 'CN=www.example.com'\n{SAN}");
    assert!(found(&text, &set(&[("cn", "x")]))[0].contains("--set cn: `subject` is not a table"));
}
