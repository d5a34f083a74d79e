//! `[Extensions]`: any extension by OID.

use std::collections::HashMap;

use super::super::suggest::did_you_mean;
use super::super::{Diagnostic, Span, octets, oid, raw_extension};
use super::continued::{self, Continued};
use super::document::Document;
use super::text::Fragment;
use super::text_value;
use crate::request::{Extension, Oid};

/// What the section says, in the order of the file.
#[derive(Default)]
pub(super) struct Extensions {
    pub(super) written: Vec<Written>,
    /// Those that cannot be read.
    pub(super) broken: Vec<Oid>,
    /// The OIDs of `Critical =`.
    pub(super) critical: Vec<(Oid, Span)>,
}

/// One entry with an OID as its key.
pub(super) struct Written {
    pub(super) oid: Oid,
    pub(super) span: Span,
    /// None for an empty value: the extension is not wanted.
    pub(super) extension: Option<Extension>,
}

/// Reads the section.
pub(super) fn read(document: &Document, problems: &mut Vec<Diagnostic>) -> Extensions {
    let mut extensions = Extensions::default();
    let Some(section) = document.section("Extensions") else { return extensions };
    let mut first_lines: HashMap<Oid, usize> = HashMap::new();
    for Continued { entry, text } in continued::read(section, problems) {
        if entry.is("Critical") {
            let named = entry.fields.iter().map(|field| critical(field.whole().trim()));
            extensions.critical.extend(named.filter_map(|named| named.map_err(|problem| problems.push(problem)).ok()));
            continue;
        }
        let span = entry.key_span();
        let Ok(oid) = Oid::new(entry.key_str()) else {
            problems.push(not_an_oid(entry.key_str(), text.as_str()).at(span));
            continue;
        };
        if let Some(line) = first_lines.get(&oid) {
            let problem =
                Diagnostic::error(format!("extension {oid} is given twice, first in line {line}"), Some(span));
            problems.push(problem.expecting("an extension comes once").help("put all of it into one entry"));
            continue;
        }
        first_lines.insert(oid, document.line(span));
        let value = text.whole().trim();
        let before = problems.len();
        let extension = if value.is_empty() { None } else { read_value(oid, value, problems) };
        if extension.is_none() && problems.len() > before {
            extensions.broken.push(oid);
        } else {
            extensions.written.push(Written { oid, span, extension });
        }
    }
    extensions
}

/// `{text}...`, `{hex}...` or base64. None after an error.
fn read_value(oid: Oid, value: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<Extension> {
    if let Some(text) = value.strip_prefix("{text}") {
        return text_value::read(oid, text, problems);
    }
    let bytes = match value.strip_prefix("{hex}") {
        Some(digits) => octets::hex(&digits),
        None if value.starts_with('{') => Err(unknown_form(value)),
        None => octets::base64(&value).map_err(|problem| perhaps_text(value, problem)),
    };
    match bytes.and_then(|bytes| octets::one_der_value(&bytes).map(|()| bytes)) {
        Ok(bytes) => Some(raw_extension::read(oid, bytes)),
        Err(problem) => {
            problems.push(problem.at(value.span()));
            None
        }
    }
}

fn unknown_form(value: Fragment<'_>) -> Diagnostic {
    let form = value.split_inclusive('}').next().unwrap_or_default();
    let problem = Diagnostic::error(format!("unknown form {form}"), None).expecting("expected {text}, {hex} or base64");
    match form.to_lowercase().as_str() {
        "{critical}" => problem.help("write Critical = OID on a line of its own"),
        _ => problem,
    }
}

fn perhaps_text(value: Fragment<'_>, problem: Diagnostic) -> Diagnostic {
    if !value.trim_end_matches('=').contains(['=', ':', '.', ',']) {
        return problem;
    }
    Diagnostic::error("the value is neither {text} nor {hex} nor base64", None)
        .expecting("expected {text}, {hex} or base64")
        .help("begin the value with {text}")
}

fn critical(value: Fragment<'_>) -> Result<(Oid, Span), Diagnostic> {
    let span = value.span();
    oid::parse(&value).map(|oid| (oid, span)).map_err(|problem| {
        let problem = problem.at(span);
        match value.to_lowercase().as_str() {
            "true" | "false" | "yes" | "no" | "1" | "0" => {
                problem.expecting("expected the OIDs of the critical extensions").help("write Critical = 2.5.29.17")
            }
            _ => match by_name(&value) {
                Some(oid) => problem.help(format!("write {oid} for {}", value.as_str())),
                None => problem,
            },
        }
    })
}

/// Names that people write for the OIDs of extensions.
const NAMES: [(&str, &str); 8] = [
    ("subjectAltName", "2.5.29.17"),
    ("issuerAltName", "2.5.29.18"),
    ("basicConstraints", "2.5.29.19"),
    ("nameConstraints", "2.5.29.30"),
    ("certificatePolicies", "2.5.29.32"),
    ("extKeyUsage", "2.5.29.37"),
    ("keyUsage", "2.5.29.15"),
    ("SAN", "2.5.29.17"),
];

fn by_name(key: &str) -> Option<&'static str> {
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, oid)| *oid)
}

fn not_an_oid(key: &str, value: &str) -> Diagnostic {
    let problem = Diagnostic::error(format!("`{key}` is not the OID of an extension"), None);
    let problem = problem.expecting("expected an OID, Critical or _continue_");
    if key.eq_ignore_ascii_case("OID") {
        return problem.help(format!("extended key usages belong into [EnhancedKeyUsageExtension]: OID = {value}"));
    }
    if key.starts_with(['#', '/']) {
        return problem.help("begin comments with `;`");
    }
    if let Some(oid) = by_name(key) {
        return problem.help(format!("write {oid} for {key}"));
    }
    let near = did_you_mean(key, ["Critical", "_continue_"]);
    let message = format!("{}{near}", problem.message);
    Diagnostic { message, ..problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Options;

    fn parsed(section: &str) -> (Extensions, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let document = Document::read(&format!("[Extensions]\n{section}"), &Options::default(), &mut problems);
        (read(&document, &mut problems), problems)
    }

    fn raw(section: &str) -> Vec<u8> {
        let (extensions, problems) = parsed(section);
        assert_eq!(problems, []);
        match extensions.written.into_iter().next().and_then(|written| written.extension) {
            Some(Extension::Other { value, .. }) => value,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn values_are_hex_or_base64() {
        assert_eq!(raw("1.3.6.1.5.5.7.1.24 = \"{hex}30 03 02 01 05\""), [0x30, 3, 2, 1, 5]);
        assert_eq!(raw("1.3.6.1.5.5.7.48.1.5 = {HEX}05\n_continue_ = 00"), [5, 0]);
        assert_eq!(raw("1.2.3 = MAMC\n_continue_ = \"AQU=\""), [0x30, 3, 2, 1, 5]);
    }

    #[test]
    fn an_empty_value_takes_an_extension_away() {
        let (extensions, problems) = parsed("2.5.29.14 =\n");
        assert_eq!(problems, []);
        assert!(extensions.written[0].extension.is_none());
    }

    #[test]
    fn critical_takes_several_oids() {
        let (extensions, problems) = parsed("Critical = 2.5.29.19, 2.5.29.17\nCRITICAL=1.2.3");
        assert_eq!(problems, []);
        assert_eq!(extensions.critical.len(), 3);
        assert_eq!(parsed("Critical=TRUE").1[0].help.as_deref(), Some("write Critical = 2.5.29.17"));
    }

    #[test]
    fn faults_are_explained() {
        let problem = |section: &str| parsed(section).1.remove(0);
        let help = problem("OID = 1.3.6.1.5.5.7.3.1").help.unwrap();
        assert!(help.contains("[EnhancedKeyUsageExtension]: OID = 1.3.6.1.5.5.7.3.1"));
        assert_eq!(problem("subjectAltName=x").help.as_deref(), Some("write 2.5.29.17 for subjectAltName"));
        assert_eq!(problem("2.5.29.17=\"dns=a&dns=b\"").help.as_deref(), Some("begin the value with {text}"));
        assert!(problem("2.5.29.17=\"{critical}{text}dns=a\"").help.unwrap().starts_with("write Critical"));
        assert!(problem("1.2.3={hex}0500ff").message.contains("one DER value"));
        let twice = problem("2.5.29.17=\"{text}dns=a\"\n2.5.29.17=\"{text}dns=b\"");
        assert!(twice.message.ends_with("first in line 2"));
    }
}
