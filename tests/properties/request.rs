//! Arbitrary requests: everything that a request file can ask for, and texts that try the quoting of both languages.

use std::net::IpAddr;

use hsmcert::key::{Curve, Hash, KeyAlgorithm, MlDsaSet};
use hsmcert::request::{
    BasicConstraints, Extension, GeneralName, KeyPurposes, KeyRequest, KeySource, KeyUsage, Name, NameAttribute,
    NameConstraints, NameValue, Oid, OtherNameValue, Period, Policy, PolicyQualifier, Product, Rdn, RequestAttribute,
    RequestSpec, RequestedExtension, SignatureRequest, StringType, Subtree, TokenRequest, Validity,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

pub fn request() -> impl Strategy<Value = RequestSpec> {
    let identity = (name(), vec(alternative_name(), 0..6));
    let csr = (vec((any::<bool>(), extension()), 0..6), vec(attribute(), 0..3), any::<bool>());
    let windows = (option::of(text()), any::<bool>());
    (identity, csr, key(), token(), product(), windows).prop_map(
        |((subject, names), (others, attributes, alternative), (key, signature), token, product, windows)| {
            let mut extensions: Vec<RequestedExtension> = Vec::new();
            let others = others.into_iter().map(|(critical, extension)| RequestedExtension { critical, extension });
            let names = RequestedExtension { critical: alternative, extension: Extension::SubjectAltName(names) };
            // An extension comes once.
            for requested in others.chain(Some(names)) {
                if extensions.iter().all(|there| there.extension.oid() != requested.extension.oid()) {
                    extensions.push(requested);
                }
            }
            let mut request = RequestSpec {
                subject,
                extensions,
                attributes,
                key,
                signature,
                token,
                product,
                friendly_name: windows.0,
                machine_store: windows.1,
            };
            // A request has a name.
            if request.subject.is_empty() && request.subject_alt_names().is_empty() {
                request.extensions.retain(|there| there.extension.oid() != Oid::new_unwrap("2.5.29.17"));
                request.subject = Name(vec![rdn_of(plain_cn())]);
            }
            request
        },
    )
}

fn plain_cn() -> NameAttribute {
    let value = NameValue::Text { text: "host.example".to_owned(), string_type: StringType::Utf8 };
    NameAttribute { oid: Oid::new_unwrap("2.5.4.3"), value }
}

fn rdn_of(attribute: NameAttribute) -> Rdn {
    Rdn(vec![attribute])
}

/// Any text, most of them with what means something in a request file.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z0-9.-]{1,12}",
        4 => "[\"%'&=,;+#\\\\${}\\[\\]()<>|~a-zA \u{e4}\u{201c}\u{1f511}-]{0,16}",
        1 => any::<String>(),
        1 => r#"\$\{[A-Z]{1,4}\}|%[a-z]{0,4}%|\{text\}|\{hex\}05|[0-9a-f]{2,8}| x|x |#05|"{1,3}|\$\$\{"#,
    ]
}

fn ascii() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.chars().filter(char::is_ascii).collect())
}

fn oid() -> impl Strategy<Value = Oid> {
    let known =
        ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0", "1.3.6.1.4.1.311.20.2.3", "1.3.6.1.4.1.311.25.1"];
    prop_oneof![
        select(&known),
        vec(0_u32..500, 1..5).prop_map(|arcs| {
            let arcs: Vec<String> = arcs.iter().map(ToString::to_string).collect();
            Oid::new(&format!("1.2.{}", arcs.join("."))).unwrap()
        }),
    ]
}

fn select(oids: &[&'static str]) -> impl Strategy<Value = Oid> + use<> {
    proptest::sample::select(oids.to_vec()).prop_map(Oid::new_unwrap)
}

fn name() -> impl Strategy<Value = Name> {
    let attributes = prop_oneof![5 => vec(name_attribute(), 1..2), 1 => vec(name_attribute(), 2..4)];
    vec(attributes.prop_map(Rdn), 0..5).prop_map(Name)
}

fn name_attribute() -> impl Strategy<Value = NameAttribute> {
    let known = [
        "2.5.4.3",
        "2.5.4.6",
        "2.5.4.8",
        "2.5.4.10",
        "2.5.4.11",
        "2.5.4.5",
        "1.2.840.113549.1.9.1",
        "0.9.2342.19200300.100.1.25",
        "2.5.4.97",
        "1.3.6.1.4.1.311.60.2.1.3",
    ];
    let oid = prop_oneof![9 => select(&known), 1 => oid()];
    // The usual string types, and any other.
    let value = prop_oneof![
        4 => typed(text().boxed(), StringType::Utf8),
        2 => typed("[A-Za-z0-9 '()+,./:=?-]{0,12}".boxed(), StringType::Printable),
        1 => typed(ascii().boxed(), StringType::Ia5),
        1 => typed(ascii().boxed(), StringType::Teletex),
        1 => typed("[ -~\u{e4}\u{20ac}]{0,12}".boxed(), StringType::Bmp),
        1 => vec(any::<u8>(), 0..40).prop_map(NameValue::Octets),
    ];
    (oid, value).prop_map(|(oid, value)| NameAttribute { oid, value })
}

fn typed(text: BoxedStrategy<String>, string_type: StringType) -> impl Strategy<Value = NameValue> {
    text.prop_map(move |text| NameValue::Text { text, string_type })
}

fn alternative_name() -> impl Strategy<Value = GeneralName> {
    let value = prop_oneof![
        text().prop_map(OtherNameValue::Utf8),
        vec(any::<u8>(), 0..40).prop_map(OtherNameValue::Octets),
        vec(any::<u8>(), 16).prop_map(OtherNameValue::Octets),
        der().prop_map(OtherNameValue::Der),
    ];
    prop_oneof![
        6 => "([*]\\.)?[a-z0-9]{1,9}\\.example".prop_map(GeneralName::Dns),
        1 => ascii().prop_map(GeneralName::Dns),
        1 => "[a-z]{1,5}@[a-z]{1,5}\\.example".prop_map(GeneralName::Email),
        1 => ascii().prop_map(GeneralName::Email),
        2 => any::<IpAddr>().prop_map(GeneralName::Ip),
        1 => "https://[a-z]{1,5}\\.example/[a-z?&=%]{0,9}".prop_map(GeneralName::Uri),
        1 => ascii().prop_map(GeneralName::Uri),
        1 => name().prop_map(GeneralName::DirectoryName),
        1 => oid().prop_map(GeneralName::RegisteredId),
        2 => (oid(), value).prop_map(|(oid, value)| GeneralName::OtherName { oid, value }),
    ]
}

/// One DER value.
fn der() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(vec![0x05, 0x00]),
        Just(vec![0x30, 0x03, 0x02, 0x01, 0x05]),
        Just(vec![0x03, 0x02, 0x00, 0x80]),
        vec(any::<u8>(), 0..100).prop_map(|bytes| [vec![0x04, u8::try_from(bytes.len()).unwrap()], bytes].concat()),
        "[ -~]{0,20}".prop_map(|text| [vec![0x13, u8::try_from(text.len()).unwrap()], text.into_bytes()].concat()),
        "[A-Z\u{e4}]{0,20}".prop_map(|text| {
            let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            [vec![0x1e, u8::try_from(units.len()).unwrap()], units].concat()
        }),
    ]
}

fn extension() -> impl Strategy<Value = Extension> {
    let raw = [
        "1.2.3.4",
        "1.2.3.5",
        "2.5.29.14",
        "2.5.29.15",
        "2.5.29.17",
        "2.5.29.31",
        "2.5.29.32",
        "1.3.6.1.5.5.7.1.24",
        "1.3.6.1.4.1.311.20.2",
        "1.3.6.1.4.1.311.21.7",
    ];
    prop_oneof![
        3 => (0_u16..512).prop_map(|bits| Extension::KeyUsage(KeyUsage::from_bits(bits))),
        3 => vec(oid(), 0..4).prop_map(Extension::ExtendedKeyUsage),
        3 => vec(alternative_name(), 0..6).prop_map(Extension::SubjectAltName),
        1 => vec(alternative_name(), 0..3).prop_map(Extension::IssuerAltName),
        2 => (any::<bool>(), option::of(0_u32..300)).prop_map(|(ca, path_length)| {
            Extension::BasicConstraints(BasicConstraints { ca, path_length })
        }),
        1 => Just(Extension::SubjectKeyIdentifier),
        1 => vec(policy(), 0..3).prop_map(Extension::CertificatePolicies),
        1 => vec(policy(), 0..3).prop_map(Extension::ApplicationPolicies),
        1 => vec((oid(), oid()), 0..3).prop_map(Extension::PolicyMappings),
        1 => vec((oid(), oid()), 0..3).prop_map(Extension::ApplicationPolicyMappings),
        1 => (vec(subtree(), 0..4), vec(subtree(), 0..3)).prop_map(|(permitted, excluded)| {
            Extension::NameConstraints(NameConstraints { permitted, excluded })
        }),
        4 => (select(&raw), der()).prop_map(|(oid, value)| Extension::Other { oid, value }),
    ]
}

fn policy() -> impl Strategy<Value = Policy> {
    let qualifier = prop_oneof![
        "https://[a-z]{1,5}\\.example/[a-z&]{0,3}".prop_map(PolicyQualifier::Cps),
        ascii().prop_map(PolicyQualifier::Cps),
        text().prop_map(PolicyQualifier::Notice),
    ];
    (oid(), vec(qualifier, 0..3)).prop_map(|(oid, qualifiers)| Policy { oid, qualifiers })
}

fn subtree() -> impl Strategy<Value = Subtree> {
    prop_oneof![
        alternative_name().prop_map(Subtree::Name),
        Just(Subtree::Name(GeneralName::Dns(String::new()))),
        "\\.?[a-z]{1,5}\\.example".prop_map(|host| Subtree::Name(GeneralName::Email(host))),
        "\\.?[a-z]{1,5}\\.example".prop_map(|host| Subtree::Name(GeneralName::Uri(host))),
        (any::<u16>(), 0_u32..=32).prop_map(|(net, length)| {
            let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
            let net = (u32::from(net) << 16) & mask;
            Subtree::IpRange([net.to_be_bytes(), mask.to_be_bytes()].concat())
        }),
        vec(any::<u8>(), 8).prop_map(Subtree::IpRange),
        vec(any::<u8>(), 32).prop_map(Subtree::IpRange),
    ]
}

fn attribute() -> impl Strategy<Value = RequestAttribute> {
    let oid = prop_oneof![Just(Oid::new_unwrap("1.2.840.113549.1.9.7")), oid()];
    let password =
        "[ -~]{1,20}".prop_map(|text| [vec![0x0c, u8::try_from(text.len()).unwrap()], text.into_bytes()].concat());
    (oid, prop_oneof![der(), password]).prop_map(|(oid, value)| RequestAttribute { oid, value })
}

fn key() -> impl Strategy<Value = (KeyRequest, SignatureRequest)> {
    let algorithm = prop_oneof![
        proptest::sample::select(KeyAlgorithm::RSA_SIZES.to_vec()).prop_map(|bits| KeyAlgorithm::Rsa { bits }),
        proptest::sample::select(vec![Curve::P256, Curve::P384, Curve::P521]).prop_map(KeyAlgorithm::Ec),
        Just(KeyAlgorithm::Ed25519),
        proptest::sample::select(vec![MlDsaSet::MlDsa44, MlDsaSet::MlDsa65, MlDsaSet::MlDsa87])
            .prop_map(KeyAlgorithm::MlDsa),
    ];
    let hash = option::of(proptest::sample::select(vec![Hash::Sha256, Hash::Sha384, Hash::Sha512]));
    let label = option::of(text().prop_filter("a label is not empty", |label| !label.is_empty()));
    (algorithm, label, any::<[bool; 4]>(), hash).prop_map(
        |(algorithm, label, [existing, decrypt, derive, pss], hash)| {
            let source = if existing { KeySource::Existing } else { KeySource::Generate };
            let (is_rsa, is_ec) = match algorithm {
                KeyAlgorithm::Rsa { .. } => (true, false),
                KeyAlgorithm::Ec(_) => (false, true),
                KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => (false, false),
            };
            let signature = SignatureRequest { hash: hash.filter(|_| is_rsa || is_ec), pss: pss && is_rsa };
            // What a key may do is said of a new one only.
            let purposes =
                KeyPurposes { decrypt: decrypt && is_rsa && !existing, derive: derive && is_ec && !existing };
            (KeyRequest { algorithm, label, source, purposes }, signature)
        },
    )
}

/// At most one way to name the token.
fn token() -> impl Strategy<Value = TokenRequest> {
    prop_oneof![
        2 => Just(TokenRequest::default()),
        2 => text().prop_map(|name| TokenRequest { provider_name: Some(name), ..TokenRequest::default() }),
        1 => text().prop_map(|name| TokenRequest { profile: Some(name), ..TokenRequest::default() }),
        1 => text().prop_map(|name| TokenRequest { uri: Some(format!("pkcs11:{name}")), ..TokenRequest::default() }),
    ]
}

fn period() -> impl Strategy<Value = Period> {
    prop_oneof![
        (1..Period::LONGEST_MONTHS).prop_map(Period::Months),
        (1_i64..100_000).prop_map(Period::Seconds),
        (1..Period::LONGEST_SECONDS / 86_400).prop_map(|days| Period::Seconds(days * 86_400)),
        (1..Period::LONGEST_SECONDS).prop_map(Period::Seconds),
    ]
}

fn product() -> impl Strategy<Value = Product> {
    // From year 0 to the end of 9999.
    let times = -62_167_219_200_i64..253_402_300_799;
    let between = (times, option::of(1_i64..10_000_000)).prop_map(|(start, length)| {
        let not_after = start.saturating_add(length.unwrap_or(0)).min(253_402_300_799);
        Validity::Between { not_before: length.map(|_| start), not_after }
    });
    prop_oneof![
        3 => Just(Product::Pkcs10),
        1 => between.prop_map(Product::SelfSigned),
        1 => period().prop_map(|period| Product::SelfSigned(Validity::For(period))),
    ]
}
