//! certreq's INF through the front door: one file for each trait of real request files.
#![allow(clippy::unwrap_used, clippy::panic)]

use hsmcert::key::{Curve, Hash, KeyAlgorithm};
use hsmcert::request::{
    BasicConstraints, Extension, GeneralName, KeyPurposes, KeySource, NameValue, Oid, Period, Product, RequestSpec,
    StringType, Validity,
};
use hsmcert::spec::{self, Diagnostic, Invalid, Options, Parsed, Severity};

fn read(file: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/inf/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn parse(file: &str) -> Result<Parsed, Box<Invalid>> {
    spec::parse(file, &read(file), &Options::default())
}

#[track_caller]
fn good(file: &str) -> Parsed {
    parse(file).unwrap_or_else(|invalid| panic!("{invalid}\n{:#?}", invalid.diagnostics))
}

/// The request of a file about which there is nothing to say.
#[track_caller]
fn clean(file: &str) -> RequestSpec {
    let parsed = good(file);
    assert_eq!(parsed.diagnostics, []);
    parsed.spec
}

/// The errors of a file as `line:column message`.
#[track_caller]
fn errors(file: &str) -> Vec<String> {
    let Err(invalid) = parse(file) else { panic!("{file} is valid") };
    let place = |diagnostic: &Diagnostic| {
        let (line, column) = invalid.source.position(diagnostic.span.unwrap().start);
        format!("{line}:{column} {}", diagnostic.message)
    };
    invalid.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error).map(place).collect()
}

fn help(file: &str) -> String {
    let Err(invalid) = parse(file) else { panic!("{file} is valid") };
    invalid.diagnostics.iter().find_map(|diagnostic| diagnostic.help.clone()).unwrap()
}

/// The subject in the order in which it is encoded.
fn subject(spec: &RequestSpec) -> Vec<(String, StringType)> {
    let attributes = spec.subject.0.iter().flat_map(|rdn| &rdn.0);
    attributes
        .map(|attribute| match &attribute.value {
            NameValue::Text { text, string_type } => (text.clone(), *string_type),
            NameValue::Octets(_) => panic!("octets"),
        })
        .collect()
}

fn subject_texts(spec: &RequestSpec) -> Vec<String> {
    subject(spec).into_iter().map(|(text, _)| text).collect()
}

/// OID, `!` if critical, for each extension in order.
fn extensions(spec: &RequestSpec) -> Vec<String> {
    let mark = |critical| if critical { "!" } else { "" };
    spec.extensions.iter().map(|asked| format!("{}{}", asked.extension.oid(), mark(asked.critical))).collect()
}

fn names(spec: &RequestSpec) -> Vec<String> {
    spec.subject_alt_names().iter().map(ToString::to_string).collect()
}

fn key_usage(spec: &RequestSpec) -> String {
    let usage = spec.extensions.iter().find_map(|asked| match &asked.extension {
        Extension::KeyUsage(usage) => Some(usage.to_string()),
        _ => None,
    });
    usage.unwrap_or_default()
}

fn usages(spec: &RequestSpec) -> Vec<String> {
    let usages = spec.extensions.iter().find_map(|asked| match &asked.extension {
        Extension::ExtendedKeyUsage(usages) => Some(usages.iter().map(ToString::to_string).collect()),
        _ => None,
    });
    usages.unwrap_or_default()
}

#[test]
fn t01_the_seed() {
    let spec = clean("seed.inf");
    let utf8 = |text: &str| (text.to_owned(), StringType::Utf8);
    let expected = [
        utf8("Washington"),
        utf8("Seattle"),
        utf8("Certificate Management"),
        utf8("Information Technology"),
        utf8("www.example.com"),
        ("US".to_owned(), StringType::Printable),
    ];
    assert_eq!(subject(&spec), expected);
    assert_eq!(extensions(&spec), ["2.5.29.15!", "2.5.29.37", "2.5.29.17"]);
    assert_eq!(key_usage(&spec), "digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment");
    assert_eq!(usages(&spec), ["1.3.6.1.5.5.7.3.1"]);
    assert_eq!(names(&spec), ["DNS:www.example.com", "DNS:example.com"]);
    assert_eq!(spec.attributes, []);
    assert_eq!(spec.key.algorithm, KeyAlgorithm::Rsa { bits: 2048 });
    assert_eq!(spec.key.source, KeySource::Generate);
    assert_eq!(spec.key.purposes, KeyPurposes::default());
    assert_eq!(spec.signature.hash, Some(Hash::Sha256));
    assert_eq!(spec.token.provider_name.as_deref(), Some("Cavium Key Storage Provider"));
    assert_eq!(spec.product, Product::Pkcs10);
    assert_eq!(spec.label().as_deref(), Some("www.example.com"));
    assert!(spec.machine_store);
}

#[test]
fn t02_utf16_with_placeholders() {
    let Parsed { spec, diagnostics, .. } = good("utf16.inf");
    assert_eq!(usages(&spec).len(), 5);
    assert_eq!(names(&spec), ["DNS:{HOST}", "DNS:{HOST}.{DOMAIN}", "DNS:{DOMAIN}", "DNS:{NETBIOS}"]);
    let template = "1e18007b0044004300540045004d0050004c004100540045007d";
    let has = |asked: &Extension| match asked {
        Extension::Other { value, .. } => {
            value.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == template
        }
        _ => false,
    };
    assert!(spec.extensions.iter().any(|asked| has(&asked.extension)));
    assert!(spec.subject.is_empty());
    assert!(spec.key.purposes.decrypt);
    let warnings = diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Warning);
    assert!(warnings.clone().all(|warning| warning.message.contains("placeholder")), "{diagnostics:#?}");
    assert_eq!(warnings.count(), 4);
}

#[test]
fn t03_ansi_with_strings() {
    let Parsed { spec, diagnostics, .. } = good("ansi.inf");
    assert_eq!(subject_texts(&spec), ["DE", "Köln", "Müller & Söhne", "web.example.de"]);
    assert_eq!(usages(&spec), ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert_eq!(spec.signature.hash, Some(Hash::Sha512));
    assert_eq!(diagnostics.len(), 1);
    let options = Options { encoding: Some("cp1252".parse().unwrap()), ..Options::default() };
    assert_eq!(spec::parse("ansi.inf", &read("ansi.inf"), &options).unwrap().diagnostics, []);
}

#[test]
fn t04_a_subordinate_ca() {
    let spec = clean("sub-ca.inf");
    assert_eq!(key_usage(&spec), "digitalSignature, keyCertSign, cRLSign");
    assert_eq!(extensions(&spec), ["2.5.29.15!", "2.5.29.19!"]);
    assert_eq!(spec.key.algorithm, KeyAlgorithm::Rsa { bits: 4096 });
}

#[test]
fn t05_sections_win_and_order_is_kept() {
    let Parsed { spec, diagnostics, .. } = good("root-ca.inf");
    assert_eq!(extensions(&spec), ["2.5.29.15!", "2.5.29.37", "2.5.29.19!", "2.5.29.35", "2.5.29.14"]);
    assert_eq!(key_usage(&spec), "keyCertSign");
    let constraints = Extension::BasicConstraints(BasicConstraints { ca: true, path_length: Some(0) });
    assert!(spec.extensions.iter().any(|asked| asked.extension == constraints));
    assert_eq!(spec.product, Product::SelfSigned(Validity::For(Period::Months(240))));
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert!(diagnostics[0].message.contains("the section counts"));
}

#[test]
fn t06_orphans_do_not_count() {
    let Parsed { spec, diagnostics, .. } = good("orphan-continue.inf");
    assert_eq!(names(&spec), [""; 0]);
    assert_eq!(usages(&spec), ["1.3.6.1.5.5.7.3.1"]);
    let orphans = diagnostics.iter().filter(|diagnostic| diagnostic.message.contains("nothing before it"));
    assert_eq!(orphans.count(), 2);
}

#[test]
fn t07_no_subject_and_names_in_base64() {
    let spec = clean("domain-controller.inf");
    assert!(spec.subject.is_empty());
    assert_eq!(extensions(&spec), ["2.5.29.17!"]);
    let guid = "otherName:1.3.6.1.4.1.311.25.1;3c2d1e0f5a4b78698796a5b4c3d2e1f0";
    assert_eq!(names(&spec), ["DNS:DC7.ad.example.test", guid]);
}

#[test]
fn t08_semicolons_by_flag() {
    let spec = clean("semicolons.inf");
    assert_eq!(subject_texts(&spec), ["www.example.jp", "Sample Works Co.,Ltd.", "Suwa", "Nagano", "JP"]);
    assert_eq!(key_usage(&spec), "digitalSignature, keyEncipherment");
}

#[test]
fn t09_commas_in_doubled_quotes() {
    let spec = clean("quoted-commas.inf");
    let expected = ["lab.example.in", "Computing, Networks", "Institute of Technology, Delhi", "IN"];
    assert_eq!(subject_texts(&spec), expected);
    assert_eq!(spec.key.source, KeySource::Existing);
    assert_eq!(spec.key.label.as_deref(), Some("lab.example.in"));
}

#[test]
fn t10_the_last_written_is_encoded_first() {
    let spec = clean("cn-last.inf");
    assert_eq!(subject_texts(&spec), ["host.example.se", "Example AB", "Lund", "Skane", "SE"]);
    assert_eq!(spec.key.algorithm, KeyAlgorithm::Ec(Curve::P256));
    assert_eq!(extensions(&spec), ["2.5.29.15!", "2.5.29.17", "2.5.29.14"]);
}

#[test]
fn t11_hex_and_a_policy_from_its_section() {
    let spec = clean("ocsp.inf");
    assert_eq!(extensions(&spec), ["2.5.29.15!", "2.5.29.37", "1.3.6.1.4.1.311.21.10", "1.3.6.1.5.5.7.48.1.5"]);
    let no_check = Extension::Other { oid: Oid::new_unwrap("1.3.6.1.5.5.7.48.1.5"), value: vec![5, 0] };
    assert!(spec.extensions.iter().any(|asked| asked.extension == no_check));
    let policies = spec.extensions.iter().find_map(|asked| match &asked.extension {
        Extension::ApplicationPolicies(policies) => Some(policies.iter().map(|policy| policy.oid).collect::<Vec<_>>()),
        _ => None,
    });
    assert_eq!(policies, Some(vec![Oid::new_unwrap("1.3.6.1.5.5.7.3.9")]));
}

#[test]
fn t12_oid_in_extensions() {
    let expected = ["5:1 `OID` is not the OID of an extension", "6:1 `OID` is not the OID of an extension"];
    assert_eq!(errors("oid-in-extensions.inf"), expected);
    assert!(help("oid-in-extensions.inf").contains("[EnhancedKeyUsageExtension]"));
}

#[test]
fn t13_words_of_openssl() {
    assert_eq!(errors("openssl-words.inf"), ["6:20 `critical, CA:TRUE` is written for OpenSSL"]);
}

#[test]
fn t14_glued_names() {
    assert_eq!(errors("glued-names.inf"), ["8:15 an & is missing before `DNS=www02.example.com`"]);
    assert_eq!(help("glued-names.inf"), "end every name with &: DNS=www01.example.com&");
}

#[test]
fn t15_path_length_with_a_blank() {
    assert_eq!(errors("path-length-blank.inf"), ["7:25 unknown token `path length`; did you mean `pathlength`?"]);
}

#[test]
fn t16_serial_number_is_printable() {
    let spec = clean("serial-number.inf");
    assert_eq!(subject(&spec)[0], ("P-123456".to_owned(), StringType::Printable));
    assert_eq!(subject_texts(&spec)[1..], ["Jan Example", "Example s.r.o.", "CZ"]);
    assert_eq!(names(&spec), ["email:jan@example.cz", "UPN:jan@ad.example.cz"]);
    assert!(spec.signature.pss);
}

#[test]
fn t17_all_that_is_refused_is_said_at_once() {
    let expected = [
        "3:2 the request names nobody: no Subject and no SAN",
        "5:16 DSA keys are accepted by no CA (FIPS 186-5 withdrew DSA)",
        "6:13 an RSA key of 1024 bits is too small",
        "7:17 md5 is broken and not supported",
    ];
    assert_eq!(errors("dsa-policy.inf"), expected);
}

#[test]
fn t18_a_number_sign_is_text() {
    let Parsed { spec, diagnostics, .. } = good("number-sign.inf");
    assert_eq!(subject_texts(&spec), ["build-agent-#4711"]);
    assert_eq!(spec.signature.hash, Some(Hash::Sha256));
    assert_eq!(diagnostics.len(), 1);
    assert!(diagnostics[0].message.contains("SHA-1"));
}

#[test]
fn t19_self_signed_between_two_dates() {
    let spec = clean("self-signed.inf");
    let validity = Validity::Between { not_before: Some(1_893_456_000), not_after: 1_924_948_800 };
    assert_eq!(spec.product, Product::SelfSigned(validity));
    assert_eq!(spec.subject_alt_names()[1], GeneralName::Ip("127.0.0.1".parse().unwrap()));
    assert_eq!(spec.friendly_name.as_deref(), Some("Developer certificate"));
}

#[test]
fn t20_blanks_without_quotes_and_a_lost_san() {
    let Parsed { spec, diagnostics, .. } = good("blanks-and-san-attribute.inf");
    assert_eq!(spec.token.provider_name.as_deref(), Some("Example HSM Key Storage Provider"));
    assert_eq!(diagnostics.len(), 1, "{diagnostics:#?}");
    assert_eq!(diagnostics[0].severity, Severity::Warning);
    let options = Options { strict: true, ..Options::default() };
    let bytes = read("blanks-and-san-attribute.inf");
    assert!(spec::parse("x.inf", &bytes, &options).unwrap_err().to_string().contains("SAN in [RequestAttributes]"));
    // The same without [Version]: certreq may misread what has blanks.
    let text = String::from_utf8(bytes).unwrap().replace("[Version]", ";").replace("Signature", ";");
    let parsed = spec::parse("x.inf", text.as_bytes(), &Options::default()).unwrap();
    let quote = parsed.diagnostics.iter().filter(|diagnostic| diagnostic.message.contains("blanks and no quotes"));
    assert_eq!(quote.count(), 2);
}

/// What is said about lines of `[NewRequest]` that follow a subject: severity, message and help.
fn said(lines: &str) -> Vec<String> {
    let text = format!("[Version]\nSignature=\"$Windows NT$\"\n[NewRequest]\nSubject=\"CN=a.example\"\n{lines}\n");
    said_of(&text, &Options::default())
}

fn said_of(text: &str, options: &Options) -> Vec<String> {
    let diagnostics = match spec::parse("a.inf", text.as_bytes(), options) {
        Ok(parsed) => parsed.diagnostics,
        Err(invalid) => invalid.diagnostics,
    };
    let line = |diagnostic: Diagnostic| {
        let help = diagnostic.help.map(|help| format!(" -- {help}")).unwrap_or_default();
        format!("{}: {}{help}", diagnostic.severity, diagnostic.message)
    };
    diagnostics.into_iter().map(line).collect()
}

#[track_caller]
fn says(lines: &str, expected: &str) {
    let said = said(lines);
    assert!(said.iter().any(|said| said.contains(expected)), "{lines:?} says {said:#?}");
}

#[test]
fn keys_of_a_new_request_are_answered() {
    for (lines, expected) in [
        ("KeyLenght = 2048", "warning: unknown key `KeyLenght` in [NewRequest]; did you mean `KeyLength`?"),
        ("KeyLength = 1024", "error: an RSA key of 1024 bits is too small -- write KeyLength = 2048"),
        ("KeyLength = 8192", "error: an RSA key of 8192 bits is not supported -- write KeyLength = 4096"),
        ("KeyLength = big", "error: `big` is not a number"),
        ("KeyAlgorithm = ECDSA_P384\nKeyLength = 256", "error: KeyLength 256 does not fit EC P-384"),
        ("KeyAlgorithm = ECDSA_P265", "did you mean `ECDSA_P256`?"),
        ("KeyAlgorithm = ECDH_P256", "note: ECDH_P256 is one key for agreement and signatures"),
        ("KeyAlgorithm = DH", "error: a DH key cannot sign its request"),
        ("KeyAlgorithm = ECDSA_P256\nKeyUsage = 0xa0", "warning: an EC P-256 key cannot encipher"),
        ("KeyAlgorithm = ECDSA_P256\nAlternateSignatureAlgorithm = TRUE", "warning: an EC P-256 key has one form"),
        ("KeyAlgorithm = Ed25519\nHashAlgorithm = sha256", "note: Ed25519 signs without a hash function"),
        ("HashAlgorithm = sha1", "warning: SHA-1 signatures are refused everywhere: signing with SHA-256"),
        ("HashAlgorithm = md5", "error: md5 is broken"),
        ("HashAlgorithm = sha265", "error: unknown hash `sha265`; did you mean `sha256`?"),
        ("Exportable = TRUE", "error: the private key of hsmcert never leaves the token"),
        ("Exportable = maybe", "error: `maybe` is neither TRUE nor FALSE"),
        ("ExportableEncrypted = 1", "error: the private key of hsmcert never leaves the token, not even wrapped"),
        ("PrivateKeyArchive = TRUE", "a CA cannot archive it -- write PrivateKeyArchive = FALSE"),
        ("RequestType = CMC", "error: CMC requests are not supported"),
        ("RequestType = PKCS7", "error: PKCS#7 requests are not supported"),
        ("RequestType = 0xfd00", "error: SCEP requests are not supported"),
        ("RequestType = PKCS11", "error: unknown word `PKCS11`; did you mean `PKCS10`?"),
        ("RenewalCert = 0011", "-- use `hsmcert renew`"),
        ("UseExistingKeySet = TRUE", "error: UseExistingKeySet needs the label of the key -- add KeyContainer"),
        ("KeySpec = AT_KEYEXCHANGE", "note: the key may also decrypt (CKA_DECRYPT)"),
        ("KeySpec = 7", "error: unknown KeySpec 7"),
        ("KeySpec = 1\nKeyAlgorithm = ECDSA_P256", "note: an EC P-256 key cannot decrypt: AT_KEYEXCHANGE does nothing"),
        ("KeySpec = 1\nKeyUsageProperty = 2", "note: KeySpec does nothing beside KeyUsageProperty: the key does not"),
        ("KeyUsageProperty = NCRYPT_ALLOW_DECRYPT_FLAG", "note: the key will sign too"),
        ("KeyUsageProperty = 3", "note: the key may also decrypt (CKA_DECRYPT)"),
        ("KeyUsageProperty = 6", "note: an RSA-2048 key cannot agree on keys: NCRYPT_ALLOW_KEY_AGREEMENT_FLAG does"),
        ("KeyUsageProperty = 3\nKeyAlgorithm = Ed25519", "note: an Ed25519 key cannot decrypt: NCRYPT_ALLOW_DECRYPT"),
        ("KeyUsageProperty = 6\nKeyAlgorithm = ECDSA_P256", "note: the key may also agree on keys (CKA_DERIVE)"),
        ("KeyUsageProperty = 10", "note: keys are made in the token and not imported"),
        ("KeyUsageProperty = 0x12", "warning: KeyUsageProperty 0x12 has bits without a meaning: 0x10"),
        ("UseExistingKeySet=TRUE\nKeyContainer=a\nKeySpec=1", "note: KeySpec does nothing here: an existing key keeps"),
        ("KeyUsage = CERT_DIGITAL_SIGNATUR_KEY_USAGE", "did you mean `CERT_DIGITAL_SIGNATURE_KEY_USAGE`?"),
        ("KeyUsage = 0x200", "error: key usage 0x200 has bits without a meaning: 0x200"),
        ("X500NameFlags = 0x80000000", "error: X500NameFlags 0x80000000 has bits without a meaning"),
        ("NotAfter = 2030-12-31", "note: NotAfter does nothing in a PKCS#10 request"),
        (
            "RequestType = Cert\nNotAfter = 03/04/2030",
            "error: `03/04/2030` is 2030-03-04 in one country and 2030-04-03",
        ),
        ("RequestType = Cert\nValidityPeriod = Yaers\nValidityPeriodUnits = 2", "did you mean `Years`?"),
        ("RequestType = Cert\nValidityPeriod = Years", "error: ValidityPeriod without ValidityPeriodUnits"),
        ("RequestType = Cert\nValidityPeriodUnits = 3", "error: ValidityPeriodUnits without ValidityPeriod"),
        ("SubjectNameFlags = CT_FLAG_SUBJECT_REQUIRE_EMAIL", "error: SubjectNameFlags: the subject cannot be taken"),
        ("SecurityDescriptor = \"D:P(A;;GA;;;SY)\"", "note: SecurityDescriptor does nothing here"),
        ("EccKeyParameters_P = 1", "error: EccKeyParameters_P: curves by their parameters"),
        ("Subject = \"CN=b\"", "warning: `Subject` is given again"),
        (
            "FriendlyName = a, b",
            "error: `FriendlyName` has 2 values, divided by commas -- write FriendlyName = \"a, b\"",
        ),
        ("SMIME", "error: `SMIME` without a value"),
        ("# a comment", "warning: `# a comment` is not a comment in an INF -- begin comments with `;`"),
        ("OID = 1.3.6.1.5.5.7.3.1", "-- `OID` belongs into [EnhancedKeyUsageExtension]"),
        ("FriendlyName = \u{201c}a\u{201d}", "warning: a curly quote \u{201c} -- type the straight quote \""),
        ("FriendlyName = %nope%", "warning: no string `nope`: %nope% stays as it is"),
        ("[EnhancedKeyUsage]\nOID=1.3.6.1.5.5.7.3.1", "[EnhancedKeyUsage]; did you mean `EnhancedKeyUsageExtension`?"),
        ("[EnhancedKeyUsageExtension]\nOID=serverAuth", "-- write 1.3.6.1.5.5.7.3.1 for serverAuth"),
        ("[EnhancedKeyUsageExtension]\n1.3.6.1.5.5.7.3.1", "-- write OID = 1.3.6.1.5.5.7.3.1"),
        ("[Extensions]\nCritical=2.5.29.17", "warning: no extension 2.5.29.17 in this request to be critical"),
        ("KeyUsage=0x80\n[Extensions]\n2.5.29.15=AwIBhg==", "warning: 2.5.29.15 is also given by a key"),
        ("[CrossCertificateDistributionPointsExtension]\nURL=x", "] is not supported -- give the extension in"),
    ] {
        says(lines, expected);
    }
}

#[test]
fn key_spec_and_key_usage_property_say_what_the_key_may_do() {
    let (sign, decrypt, derive) = (
        KeyPurposes::default(),
        KeyPurposes { decrypt: true, derive: false },
        KeyPurposes { decrypt: false, derive: true },
    );
    for (lines, expected) in [
        ("KeyAlgorithm = RSA", sign),
        ("KeySpec = AT_KEYEXCHANGE", decrypt),
        ("KeySpec = AT_SIGNATURE", sign),
        ("KeySpec = 1\nKeyUsageProperty = NCRYPT_ALLOW_SIGNING_FLAG", sign),
        ("KeyUsageProperty = NCRYPT_ALLOW_DECRYPT_FLAG | NCRYPT_ALLOW_SIGNING_FLAG", decrypt),
        ("KeyUsageProperty = NCRYPT_ALLOW_ALL_USAGES", decrypt),
        ("KeyUsageProperty = NCRYPT_ALLOW_ALL_USAGES\nKeyAlgorithm = ECDSA_P256", derive),
        ("KeyUsageProperty = 7\nKeyAlgorithm = ML-DSA-65", sign),
        ("KeyAlgorithm = ECDSA_P256\nKeySpec = 1", sign),
        ("KeyAlgorithm = ECDH_P256", derive),
        ("KeyAlgorithm = ECDH_P256\nKeyUsageProperty = NCRYPT_ALLOW_SIGNING_FLAG", derive),
        ("UseExistingKeySet = TRUE\nKeyContainer = a\nKeySpec = 1", sign),
    ] {
        let text = format!("[NewRequest]\nSubject=\"CN=a.example\"\n{lines}\n");
        let parsed = spec::parse("a.inf", text.as_bytes(), &Options::default()).unwrap();
        assert_eq!(parsed.spec.key.purposes, expected, "{lines}");
    }
}

/// The keys of `[NewRequest]` in `certreq_1` and in certsrv.h of the Windows SDK.
#[test]
fn every_key_of_certreq_is_known() {
    const KEYS: &str = "Subject SubjectNameFlags X500NameFlags Exportable ExportableEncrypted HashAlgorithm KeyAlgorithm \
        KeyAlgorithmParameters EccKeyParameters EccKeyParameters_P EccKeyParameters_A EccKeyParameters_B \
        EccKeyParameters_Seed EccKeyParameters_Base EccKeyParameters_Order EccKeyParameters_Cofactor EccKeyParametersType \
        KeyLength KeyContainer ReaderName KeySpec KeyUsage KeyUsageProperty KeyProtection UserProtected UIContextMessage \
        MachineKeySet Silent SecurityDescriptor PrivateKeyArchive EncryptionAlgorithm EncryptionLength ProviderName \
        ProviderType RequestType RequesterName RenewalCert UseExistingKeySet AlternateSignatureAlgorithm SMIME \
        SuppressDefaults FriendlyName NotBefore NotAfter ValidityPeriod ValidityPeriodUnits SerialNumber PublicKey \
        PublicKeyParameters AttestPrivateKey CAThumbprint CACerts CACapabilities ChallengePassword";
    for key in KEYS.split_whitespace() {
        let said = said(&format!("{key} = 1"));
        assert!(said.iter().all(|said| !said.contains("in [NewRequest]")), "{said:?}");
    }
}

#[test]
fn boilerplate_is_passed_over_in_silence() {
    let boilerplate = "Exportable = FALSE\nExportableEncrypted = false\nPrivateKeyArchive = FALSE\nUserProtected = FALSE\n\
                       Silent = TRUE\nProviderType = 12\nSMIME = FALSE\nUseExistingKeySet = FALSE\nMachineKeySet = TRUE\n\
                       KeySpec = 0\nRequestType = pkcs10\nKeyProtection = 0\nEncipherOnly = FALSE\nKeyContainer =\n";
    assert_eq!(said(boilerplate), [""; 0]);
}

#[test]
fn subjects_are_repaired() {
    let subject = |value: &str| said_of(&format!("[NewRequest]\nSubject={value}"), &Options::default()).remove(0);
    assert!(subject(r#"CN=www.foo.de, OU=Foobar"#).ends_with(r#"-- write Subject = "CN=www.foo.de, OU=Foobar""#));
    assert!(subject(r#""CN=a, O=Foo, Inc.""#).ends_with(r#"put that into quotes: ""Foo, Inc."""#));
    assert!(subject(r#""CN=a, O=Foo \+ Bar""#).ends_with(r#"put that into quotes: ""Foo + Bar"""#));
    assert!(subject(r#""host.example""#).contains("`host.example` is not `type=value`"));
    assert!(subject(r#""CN=a,OT=b""#).contains("unknown attribute type `OT`"));
    assert!(subject("\"C=U*\"").contains("`C` cannot hold `*`"));
}

#[test]
fn names_are_asked_for() {
    let only = |lines: &str| said_of(&format!("[NewRequest]\nKeyLength=2048\n{lines}"), &Options::default());
    assert!(only("")[0].starts_with("error: the request names nobody"));
    assert!(
        only("[Extensions]\n2.5.29.17=\"{text}dns=a\"")[0].contains("must be critical -- add Critical = 2.5.29.17")
    );
    // What cannot be read is not also missing.
    assert_eq!(only("Subject=\"bogus\"").len(), 1);
    assert_eq!(only("[Extensions]\n2.5.29.17=\"{text}dsn=a\"\nCritical=2.5.29.17").len(), 1);
}

#[test]
fn values_can_come_from_outside() {
    let text = "[NewRequest]\nSubject=\"CN=%host%\"\n[Strings]\nhost=a.example\n";
    let with = |set: &str| Options { overrides: vec![set.parse().unwrap()], ..Options::default() };
    let parsed = spec::parse("a.inf", text.as_bytes(), &with("host=b.example")).unwrap();
    assert_eq!(parsed.spec.subject.to_string(), "CN=b.example");
    assert!(said_of(text, &with("dns=b.example"))[0].starts_with("error: `dns` is set, but no %dns% is in the file"));
}

#[test]
fn files_of_other_kinds_are_named() {
    let first = |name: &str, bytes: &[u8]| spec::parse(name, bytes, &Options::default()).unwrap_err().to_string();
    assert_eq!(first("a.inf", b""), "a.inf: the file is empty");
    assert!(first("a.inf", b"\x7fELF\0\0\0").contains("the file is binary"));
    assert!(first("a.inf", b"-----BEGIN CERTIFICATE-----\nMIIB").contains("is a certificate, not a request file"));
    assert!(first("a.inf", b"[Version]\nSignature=x").contains("no [NewRequest]"));
    assert!(first("a.inf", b"[NewReqest]\nSubject=\"CN=a\"").contains("[NewReqest] should be [NewRequest]"));
    assert!(first("a.inf", b"Dear CA,\nplease sign.").starts_with("a.inf:1:1: not an INF"));
    assert!(first("a.txt", b"[subject]\ncommon-name = 'a'\n").contains("looks like TOML"));
    assert!(first("a.inf", b"[NewRequest]\n").contains("[NewRequest] is empty"));
}

/// Every place that a diagnostic names is in the text, and an invalid file has an error.
fn check_consistent(name: &str, bytes: &[u8]) {
    let (source, diagnostics) = match spec::parse(name, bytes, &Options::default()) {
        Ok(parsed) => (parsed.source, parsed.diagnostics),
        Err(invalid) => {
            assert!(invalid.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error));
            (invalid.source, invalid.diagnostics)
        }
    };
    for diagnostic in diagnostics {
        if let Some(span) = diagnostic.span {
            assert!(source.text.get(span.start..span.end).is_some(), "{diagnostic:?}\n{}", source.text);
        }
    }
}

#[test]
fn no_mutation_makes_the_parser_panic() {
    let files: Vec<Vec<u8>> = std::fs::read_dir(format!("{}/tests/data/inf", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
        .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let pieces: [&[u8]; 20] = [
        b"\"",
        b"\"\"",
        b"\\\n",
        b"%",
        b"%%",
        b"=",
        b",",
        b";",
        b"&",
        b"[",
        b"]",
        b"\n",
        b"\r\n",
        b"{text}",
        b"+",
        b"#",
        b"\xc3\xbc",
        b"\xff",
        b"\x00",
        b"_continue_ = ",
    ];
    // xorshift64 with a fixed seed: the same mutations on every machine.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for _ in 0..3000 {
        let mut bytes = files[random(files.len())].clone();
        for _ in 0..=random(6) {
            let at = random(bytes.len() + 1);
            let end = (at + random(12)).min(bytes.len());
            let replacement = pieces[random(pieces.len())];
            bytes.splice(at..end, replacement.iter().copied());
        }
        check_consistent("mutated.inf", &bytes);
    }
}

#[test]
fn large_files_are_read_whole_and_hostile_ones_reported() {
    let head = "[Version]\nSignature=\"$Windows NT$\"\n[NewRequest]\nSubject=\"CN=many.example\"\n[Extensions]\n";
    let names: String =
        (0..10_000).map(|n| format!("_continue_ = \"dns=host-{n:05}.{}.example.com&\"\n", "x".repeat(60))).collect();
    let many = format!("{head}2.5.29.17 = \"{{text}}\"\n{names}");
    assert!(many.len() > 1_000_000);
    let parsed = spec::parse("many.inf", many.as_bytes(), &Options::default()).unwrap();
    assert_eq!(parsed.spec.subject_alt_names().len(), 10_000);
    // Whatever is quadratic takes minutes on these; benches/lint.py measures.
    const SIZE: usize = 200_000;
    for hostile in ["\\x", "\"", "%", "%a", "a,", "[", "[a]\n", "a=b\n", "1.2.3=\"{text}\"\n", "Critical=1.2\n", "&="] {
        let text = format!("{head}2.5.29.17 = \"{{text}}{}", hostile.repeat(SIZE / hostile.len()));
        check_consistent("hostile.inf", text.as_bytes());
        let text = format!("{head}{}", hostile.repeat(SIZE / hostile.len()));
        check_consistent("hostile.inf", text.as_bytes());
    }
}
