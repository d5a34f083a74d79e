//! [`RequestSpec`] -> request text, in either language.
//!
//! A pleasant form is used where the language's own reader makes exactly the same of it, else the DER by object
//! identifier. What a language cannot say at all is listed.

use super::{Format, Options, inf, toml};
use crate::request::{Extension, GeneralName, Oid, RequestSpec, RequestedExtension};

/// The text of a request file, and what it does not say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text, in UTF-8. The losses stand in it as comments too.
    pub text: String,
    /// What has no counterpart in the language.
    pub lost: Vec<Lost>,
}

/// Something that a language cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// What differs in a request made from the text.
    pub part: Part,
    /// What is lost and why, in one line.
    pub what: String,
}

/// The parts of a request that a loss can concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Subject of the CSR.
    Subject,
    /// Extensions or attributes of the CSR.
    Extensions,
    /// Key pair.
    Key,
    /// Where the key lives.
    Token,
    /// CSR or certificate, and how long that is valid.
    Product,
    /// What only matters in the certificate store of Windows.
    Windows,
    /// How the certificate is renewed, which is beside the request.
    Renewal,
}

/// Gives the DER of an extension's value; `None` if it has none before the key exists. `spec` knows no encodings.
pub type Encode<'a> = &'a dyn Fn(&Extension) -> Option<Vec<u8>>;

/// Writes the request in this language, such that reading the text gives the same request but for what is lost.
#[must_use]
pub fn write(request: &RequestSpec, format: Format, encode: Encode<'_>) -> Written {
    match format {
        Format::Inf => inf::write(request, encode),
        Format::Toml => toml::write(request, encode),
    }
}

impl Lost {
    pub(super) fn new(part: Part, what: impl Into<String>) -> Self {
        Self { part, what: what.into() }
    }
}

/// The extension as this text asks for it, if it is the same but perhaps for its criticality.
pub(super) fn read_back(
    text: &str,
    format: Format,
    extension: &Extension,
    encode: Encode<'_>,
) -> Option<RequestedExtension> {
    let read = read_one(text, format, extension.oid())?;
    // The attributes of an RDN are a SET: another order gives the same DER.
    let same =
        read.extension == *extension || encode(extension).is_some_and(|der| encode(&read.extension) == Some(der));
    same.then_some(read)
}

/// The extension of this type that the text asks for; `None` if the text is wrong or asks for none.
fn read_one(text: &str, format: Format, oid: Oid) -> Option<RequestedExtension> {
    let name = match format {
        Format::Inf => "candidate.inf",
        Format::Toml => "candidate.toml",
    };
    let extensions = super::parse(name, text.as_bytes(), &Options::default()).ok()?.spec.extensions;
    extensions.into_iter().find(|requested| requested.extension.oid() == oid)
}

/// The first lines of a written file, without their comment signs.
pub(super) fn header(lost: &[Lost]) -> Vec<String> {
    let mut lines = vec!["Written by hsmcert convert.".to_owned()];
    if !lost.is_empty() {
        lines.push("Lost, because this language cannot say it:".to_owned());
        lines.extend(lost.iter().map(|lost| format!("- {}", plain(&lost.what))));
    }
    lines
}

/// What a comment says about an extension that stands there as DER.
pub(super) fn about(extension: &Extension) -> Vec<String> {
    let names = |names: &[GeneralName]| names.iter().map(|name| plain(&name.to_string())).collect();
    let values: Vec<String> = match extension {
        Extension::KeyUsage(usage) => vec![usage.to_string()],
        Extension::SubjectAltName(list) | Extension::IssuerAltName(list) => names(list),
        Extension::ExtendedKeyUsage(_)
        | Extension::BasicConstraints(_)
        | Extension::SubjectKeyIdentifier
        | Extension::CertificatePolicies(_)
        | Extension::ApplicationPolicies(_)
        | Extension::PolicyMappings(_)
        | Extension::ApplicationPolicyMappings(_)
        | Extension::NameConstraints(_)
        | Extension::Other { .. } => vec![],
    };
    let name = name(extension.oid());
    match values.as_slice() {
        [] => name.into_iter().map(str::to_owned).collect(),
        [one] => vec![format!("{}: {one}", name.unwrap_or_default())],
        many => {
            let more = many.len().saturating_sub(MOST_VALUES);
            let first = std::iter::once(format!("{}:", name.unwrap_or_default()));
            let last = (more > 0).then(|| format!("  and {more} more"));
            first.chain(many.iter().take(MOST_VALUES).map(|value| format!("  {value}"))).chain(last).collect()
        }
    }
}

/// A comment is for reading.
const MOST_VALUES: usize = 20;

/// Text as part of one line, without control characters and such as change the direction of reading.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_hidden(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters, and those that make a line read as something else.
pub(super) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The name of an extension (RFC 5280, RFC 6960, RFC 7633, RFC 8551; [MS-WCCE]).
pub(super) fn name(oid: Oid) -> Option<&'static str> {
    const NAMES: [(&str, &str); 18] = [
        ("2.5.29.14", "subjectKeyIdentifier"),
        ("2.5.29.15", "keyUsage"),
        ("2.5.29.17", "subjectAltName"),
        ("2.5.29.18", "issuerAltName"),
        ("2.5.29.19", "basicConstraints"),
        ("2.5.29.30", "nameConstraints"),
        ("2.5.29.31", "cRLDistributionPoints"),
        ("2.5.29.32", "certificatePolicies"),
        ("2.5.29.33", "policyMappings"),
        ("2.5.29.36", "policyConstraints"),
        ("2.5.29.37", "extKeyUsage"),
        ("1.2.840.113549.1.9.15", "S/MIME capabilities"),
        ("1.3.6.1.4.1.311.20.2", "certificate template by name"),
        ("1.3.6.1.4.1.311.21.7", "certificate template by OID"),
        ("1.3.6.1.4.1.311.21.10", "application policies"),
        ("1.3.6.1.4.1.311.21.11", "application policy mappings"),
        ("1.3.6.1.5.5.7.1.24", "TLS feature: must-staple"),
        ("1.3.6.1.5.5.7.48.1.5", "OCSP no-check"),
    ];
    let dotted = oid.to_string();
    NAMES.iter().find(|(known, _)| *known == dotted).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_stays_on_its_line_and_is_not_endless() {
        assert_eq!(plain("a\n[b]\u{202e}"), "a\\n[b]\\u{202e}");
        let names = (0..30).map(|number| GeneralName::Dns(format!("{number}.example"))).collect();
        let lines = about(&Extension::SubjectAltName(names));
        assert_eq!((lines[0].as_str(), lines[1].as_str()), ("subjectAltName:", "  DNS:0.example"));
        assert_eq!((lines.len(), lines[21].as_str()), (22, "  and 10 more"));
    }
}
