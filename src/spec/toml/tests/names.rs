//! Subjects and alternative names.

use super::*;

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
fn a_part_of_a_subject_string_has_its_own_place() {
    assert!(problem(&format!("subject = 'O=a, XX=b'\n{SAN}")).starts_with("XX | unknown attribute type `XX`"));
    let note = problem(&format!("subject = 'CN=www.example.com, C=US'\n{SAN}"));
    assert!(note.contains("encoded in the order written"));
}
