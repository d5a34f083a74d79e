//! What an INF asks for, byte for byte: encodings that are documented, or that certreq wrote on Windows.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use hsmcert::key::PublicKey;
use hsmcert::spec::{self, Options};
use hsmcert::x509::UnsignedCsr;

/// The attributes of the request that these lines below a subject make, in hex.
fn encoded(lines: &str) -> String {
    let text = format!(
        "[Version]\nSignature=\"$Windows NT$\"\n[NewRequest]\nSubject=\"CN=a\"\nSuppressDefaults=TRUE\n{lines}\n"
    );
    let parsed = spec::parse("a.inf", text.as_bytes(), &Options::default());
    let request = parsed.unwrap_or_else(|invalid| panic!("{lines}\n{:#?}", invalid.diagnostics)).spec;
    let csr = UnsignedCsr::new(&request, &PublicKey::rsa(&[0xc3; 256], &[1, 0, 1])).unwrap();
    base16ct::lower::encode_string(csr.to_be_signed())
}

/// The request ends with this extension, behind extensionRequest and its lengths.
#[track_caller]
fn extension(lines: &str, expected: &str) {
    let encoded = encoded(lines);
    assert!(encoded.ends_with(expected), "{lines}\n{encoded}\n{expected}");
    let before = encoded.strip_suffix(expected).unwrap();
    let of_the_request = "2a864886f70d01090e";
    let lengths = before.rsplit_once(of_the_request).unwrap().1;
    assert!(lengths.len() <= 16, "it is not the only extension: {lengths}");
}

/// The one alternative name of the request.
#[track_caller]
fn name(text: &str, expected: &str) {
    let length = expected.len() / 2;
    let value = format!("04{:02x}30{length:02x}{expected}", length + 2);
    let whole = format!("0603551d11{value}");
    extension(&format!("[Extensions]\n2.5.29.17 = \"{{text}}{text}\""), &format!("30{:02x}{whole}", whole.len() / 2));
}

#[test]
fn every_kind_of_alternative_name() {
    name("dns=example.com", "820b6578616d706c652e636f6d");
    name("email=a@b.c", "81056140622e63");
    name("upn=user@contoso.com", "a020060a2b060104018237140203a0120c107573657240636f6e746f736f2e636f6d");
    name("ipaddress=10.0.0.1", "87040a000001");
    name("IPAddress=2001:db8::1&", "871020010db8000000000000000000000001");
    name("URL=http://h/", "8609687474703a2f2f682f");
    name(
        "DirectoryName=CN=Name,DC=com",
        "a426302431133011060a0992268993f22c6401191603636f6d310d300b06035504030c044e616d65",
    );
    name("RegisteredId=1.2.3.4.5", "88042a030405");
    name(
        "GUID=f7c3ac41-b8ce-4fb4-aa58-3d1dc0e36b39",
        "a01f06092b0601040182371901a012041041acc3f7ceb8b44faa583d1dc0e36b39",
    );
}

#[test]
fn every_form_of_other_names() {
    name("1.2.3.4.6.1={utf8}String", "a01106052a03040601a0080c06537472696e67");
    let octets = "a01306052a03040602a00a04080001020304050607";
    name("1.2.3.4.6.2={octet}AAECAwQFBgc=", octets);
    name("1.2.3.4.6.2={octet}{hex}00 01 02 03 04 05 06 07", octets);
    let der = "a01306052a03040603a00a04080001020304050607";
    name("1.2.3.4.6.3={asn}BAgAAQIDBAUGBw==", der);
    name("1.2.3.4.6.3={asn}{hex}04 08 00 01 02 03 04 05 06 07", der);
    name("1.2.3.4.6.3={hex}04 08 00 01 02 03 04 05 06 07", der);
}

#[test]
fn key_usage_by_number_name_and_der() {
    for (number, names, value) in [
        (
            "0xf0",
            "CERT_DIGITAL_SIGNATURE_KEY_USAGE|CERT_NON_REPUDIATION_KEY_USAGE|CERT_KEY_ENCIPHERMENT_KEY_USAGE|\
             CERT_DATA_ENCIPHERMENT_KEY_USAGE",
            "030204f0",
        ),
        ("0xa0", "CERT_DIGITAL_SIGNATURE_KEY_USAGE | CERT_KEY_ENCIPHERMENT_KEY_USAGE", "030205a0"),
        ("0x80", "CERT_DIGITAL_SIGNATURE_KEY_USAGE", "03020780"),
        ("32", "cert_key_encipherment_key_usage", "03020520"),
        ("0x04", "CERT_KEY_CERT_SIGN_KEY_USAGE", "03020204"),
        (
            "0x86",
            "CERT_DIGITAL_SIGNATURE_KEY_USAGE | CERT_KEY_CERT_SIGN_KEY_USAGE | CERT_OFFLINE_CRL_SIGN_KEY_USAGE",
            "03020186",
        ),
        ("0x06", "CERT_KEY_CERT_SIGN_KEY_USAGE | CERT_CRL_SIGN_KEY_USAGE", "03020106"),
        ("0x01", "CERT_ENCIPHER_ONLY_KEY_USAGE", "03020001"),
        ("0x8000", "CERT_DECIPHER_ONLY_KEY_USAGE", "0303070080"),
        ("0x8008", "CERT_KEY_AGREEMENT_KEY_USAGE | CERT_DECIPHER_ONLY_KEY_USAGE", "0303070880"),
    ] {
        let length = value.len() / 2;
        let expected = format!("30{:02x}0603551d0f0101ff04{length:02x}{value}", length + 10);
        extension(&format!("KeyUsage = {number}"), &expected);
        extension(&format!("KeyUsage = \"{names}\""), &expected);
        extension(&format!("[Extensions]\n2.5.29.15 = \"{{hex}}{value}\"\nCritical = 2.5.29.15"), &expected);
    }
    extension("[Extensions]\n2.5.29.15 = AwIBhg==", "300b0603551d0f040403020186");
    assert!(encoded("KeyUsage = 0").ends_with("a000"), "no extension, and the empty set of attributes");
}

#[test]
fn other_extensions_with_a_text() {
    let server = "30130603551d25040c300a06082b06010505070301";
    extension("[Extensions]\n2.5.29.37 = \"{text}1.3.6.1.5.5.7.3.1\"", server);
    extension("[EnhancedKeyUsageExtension]\nOID = 1.3.6.1.5.5.7.3.1", server);
    extension("[Extensions]\n2.5.29.19 = \"{text}ca=1&pathlength=0\"", "300f0603551d13040830060101ff020100");
    extension("[BasicConstraintsExtension]\nPathLength = 0", "300f0603551d13040830060101ff020100");
    extension("[Extensions]\n2.5.29.19 = \"{text}ca=True\"", "300c0603551d13040530030101ff");
    extension("[Extensions]\n2.5.29.19 = \"{text}ca=0\"", "30090603551d1304023000");
    let application = "301b06092b060104018237150a040e300c300a06082b06010505070309";
    let section = "[ApplicationPolicyStatementExtension]\nPolicies = A\n[A]\nOID = 1.3.6.1.5.5.7.3.9";
    extension(section, application);
    extension("[Extensions]\n1.3.6.1.4.1.311.21.10 = \"{text}OID=1.3.6.1.5.5.7.3.9\"", application);
    extension(
        "[Extensions]\n2.5.29.32 = \"{text}OID=1.3.6.1.4.1.311.67.1.1\"",
        "30170603551d200410300e300c060a2b060104018237430101",
    );
    extension("[Extensions]\n2.5.29.33 = \"{text}oid=1.2.3&oid=1.2.4\"", "30130603551d21040c300a300806022a0306022a04");
    extension(
        "[Extensions]\n2.5.29.30 = \"{text}subtree=include&DNS=b.c&subtree=exclude&IPAddress=10.0.0.0,255.0.0.0\"",
        "30200603551d1e04193017a00730058203622e63a10c300a87080a000000ff000000",
    );
}

#[test]
fn sections_of_cas() {
    let mapping = "300a300806022a0306022a04";
    extension("[PolicyMappingsExtension]\n1.2.3 = 1.2.4", &format!("30130603551d21040c{mapping}"));
    let application = "301906092b060104018237150b040c";
    extension("[ApplicationPolicyMappingsExtension]\n1.2.3 = 1.2.4", &format!("{application}{mapping}"));
    let both = "RequireExplicitPolicy = 0\nInhibitPolicyMapping = 3\nCritical = TRUE";
    extension(&format!("[PolicyConstraintsExtension]\n{both}"), "30120603551d240101ff04083006800100810103");
    extension(
        &format!("[ApplicationPolicyConstraintsExtension]\n{both}"),
        "301806092b060104018237150c0101ff04083006800100810103",
    );
    extension(
        "[PolicyStatementExtension]\nPolicies = A\n[A]\nOID = 1.2.3\nURL = \"http://c/\"\nNotice = n",
        "30390603551d2004323030302e06022a033028301506082b060105050702011609687474703a2f2f632f300f06082b0601050507020230030c016e",
    );
    extension(
        "[NameConstraintsExtension]\nInclude = A\nExclude = B\n[A]\nDNS = b.c\n[B]\nIPAddress = 10.0.0.0, 255.0.0.0",
        "30200603551d1e04193017a00730058203622e63a10c300a87080a000000ff000000",
    );
}

#[test]
fn extensions_by_oid_and_the_template() {
    extension("[Extensions]\n1.3.6.1.5.5.7.1.24 = \"{hex}30 03 02 01 05\"", "301106082b0601050507011804053003020105");
    extension("[Extensions]\n1.3.6.1.5.5.7.48.1.5 = {hex}05 00", "300f06092b060105050730010504020500");
    extension(
        "[RequestAttributes]\nCertificateTemplate = WebServer",
        "302106092b060104018237140204141e12005700650062005300650072007600650072",
    );
    extension(
        "[Extensions]\n1.3.6.1.4.1.311.21.7 = \"{hex}3014060c2b0601040182371508010203020164020103\"",
        "302306092b060104018237150704163014060c2b0601040182371508010203020164020103",
    );
}

/// Key usage, extended key usage, basic constraints, `[Extensions]` in the order of the file, and last what
/// certreq adds by itself: the order of certificates from Windows.
#[test]
fn the_order_of_extensions() {
    let lines = "KeyUsage = 0x04\n[Extensions]\n1.3.6.1.5.5.7.48.1.5 = {hex}0500\n2.5.29.17 = \"{text}dns=a\"\n\
                 [BasicConstraintsExtension]\nPathLength = 0\n[EnhancedKeyUsageExtension]\nOID = 1.3.6.1.5.5.7.3.1";
    let encoded = encoded(lines);
    let places = ["0603551d0f", "0603551d25", "0603551d13", "06092b0601050507300105", "0603551d11"].map(|oid| {
        let found: Vec<_> = encoded.match_indices(oid).collect();
        assert_eq!(found.len(), 1, "{oid}");
        found[0].0
    });
    assert!(places.is_sorted(), "{places:?}");
}
