//! `[RequestAttributes]`: what goes to a CA beside the request, and the little of it that is in the request.

use x509_cert::der::Encode;
use x509_cert::der::asn1::{PrintableStringRef, Utf8StringRef};

use super::super::{Diagnostic, known_extension, octets};
use super::continued::{self, Continued};
use super::document::Document;
use super::text::{Fragment, Text};
use crate::request::{Extension, Oid, RequestAttribute};

/// What the section adds to a request.
#[derive(Default)]
pub(super) struct RequestAttributes {
    /// `CertificateTemplate`, as the extension that names it.
    pub(super) template: Option<Extension>,
    pub(super) attributes: Vec<RequestAttribute>,
}

/// Reads the section.
pub(super) fn read(document: &Document, problems: &mut Vec<Diagnostic>) -> RequestAttributes {
    let mut read = RequestAttributes::default();
    let Some(section) = document.section("RequestAttributes") else { return read };
    for Continued { entry, text } in continued::read(section, problems) {
        let key = entry.key_str();
        let value = text.whole().trim();
        match key.to_lowercase().as_str() {
            _ if value.is_empty() => {}
            "certificatetemplate" if read.template.is_some() => {
                let problem = Diagnostic::warning(format!("`{key}` is given again"), Some(entry.key_span()));
                problems.push(problem.expecting("the first one counts"));
            }
            "certificatetemplate" => match known_extension::template_name(&value) {
                Ok(template) => read.template = Some(template),
                Err(problem) => problems.push(problem.at(value.span())),
            },
            "challengepassword" => {
                let note = Diagnostic::note("the challenge password stands in the request for all to read", None);
                problems.push(note.at(value.span()));
                read.attributes.extend(challenge_password(&value));
            }
            "san" => problems.push(lost_names(&text).at(value.span())),
            key if is_der(key, value) => match der(value) {
                Ok(value) => read.attributes.extend(Oid::new(key).ok().map(|oid| RequestAttribute { oid, value })),
                Err(problem) => problems.push(problem.at(value.span())),
            },
            _ => {
                let message = format!("{key} is not part of a request: give it to the CA when you submit");
                problems.push(Diagnostic::note(message, Some(entry.key_span())));
            }
        }
    }
    read
}

/// Names that most CAs never see (Microsoft, KB 931351).
fn lost_names(value: &Text) -> Diagnostic {
    let text = value.as_str().trim_matches('&');
    let text = if text.contains('=') { text.to_owned() } else { format!("dns={text}") };
    Diagnostic::warning("a SAN in [RequestAttributes] is not part of the request", None)
        .expecting("only a CA with EDITF_ATTRIBUTESUBJECTALTNAME2 takes it, which is unsafe")
        .help(format!("write 2.5.29.17 = \"{{text}}{text}\" in [Extensions]"))
}

/// An attribute of the request as DER: hsmcert's addition to the language, in the form of `[Extensions]`.
fn is_der(key: &str, value: Fragment<'_>) -> bool {
    Oid::new(key).is_ok() && value.strip_prefix("{hex}").is_some()
}

fn der(value: Fragment<'_>) -> Result<Vec<u8>, Diagnostic> {
    let digits = value.strip_prefix("{hex}").unwrap_or(value);
    let bytes = octets::hex(&digits)?;
    octets::one_der_value(&bytes).map(|()| bytes)
}

/// challengePassword (RFC 2985, 5.4.1): `PrintableString` where it fits.
pub(super) fn challenge_password(password: &str) -> Option<RequestAttribute> {
    let printable = PrintableStringRef::new(password).and_then(|text| text.to_der());
    let value = printable.or_else(|_| Utf8StringRef::new(password).and_then(|text| text.to_der())).ok()?;
    Some(RequestAttribute { oid: Oid::new_unwrap("1.2.840.113549.1.9.7"), value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Options, Severity};

    fn parsed(section: &str) -> (RequestAttributes, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let document = Document::read(&format!("[RequestAttributes]\n{section}"), &Options::default(), &mut problems);
        (read(&document, &mut problems), problems)
    }

    #[test]
    fn a_template_becomes_an_extension() {
        let (read, problems) = parsed("CertificateTemplate = WebServer");
        assert_eq!(problems, []);
        assert_eq!(read.template.unwrap().oid(), Oid::new_unwrap("1.3.6.1.4.1.311.20.2"));
    }

    #[test]
    fn a_san_here_is_lost() {
        let (_, problems) = parsed("SAN = \"dns=a&dns=b\"");
        assert_eq!(problems[0].severity, Severity::Warning);
        assert_eq!(problems[0].help.as_deref(), Some("write 2.5.29.17 = \"{text}dns=a&dns=b\" in [Extensions]"));
        assert!(parsed("san=a.example").1[0].help.as_ref().unwrap().contains("{text}dns=a.example"));
    }

    #[test]
    fn an_attribute_can_be_given_as_der() {
        let (read, problems) = parsed("1.2.3.4 = \"{hex}0c 01\"\n_continue_ = 61\n1.2.3.5 = x");
        assert_eq!(
            (read.attributes[0].oid, read.attributes[0].value.as_slice()),
            (Oid::new_unwrap("1.2.3.4"), &[0x0c, 1, 0x61][..])
        );
        assert!(problems[0].message.contains("1.2.3.5 is not part of a request"));
        assert!(parsed("1.2.3.4 = {hex}0c05").1[0].message.contains("one DER value"));
    }

    #[test]
    fn a_challenge_password_is_an_attribute() {
        let (read, _) = parsed("challengePassword = \"secret\"");
        assert_eq!(base16ct::lower::encode_string(&read.attributes[0].value), "1306736563726574");
        let (read, _) = parsed("challengePassword = \"s*\"");
        assert_eq!(read.attributes[0].value, [0x0c, 2, b's', b'*']);
    }
}
