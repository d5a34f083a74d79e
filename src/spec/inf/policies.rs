//! Certificate policies and application policies, from their sections and from `{text}`.

use super::super::suggest::did_you_mean;
use super::super::{Diagnostic, oid};
use super::document::Document;
use super::lines::Section;
use super::text::Fragment;
use super::{pairs, settings};
use crate::request::{Policy, PolicyQualifier};

/// What a policy is made of, in a section and in `{text}`.
const WORDS: [&str; 3] = ["OID", "Notice", "URL"];

/// `Policies = A, B` in `[PolicyStatementExtension]`, and the sections `[A]` and `[B]`.
pub(super) fn from_section(document: &Document, section: &Section, problems: &mut Vec<Diagnostic>) -> Vec<Policy> {
    settings::report_unknown(section, &["Policies", "Critical"], &[], problems);
    let mut policies = Vec::new();
    let names = section.entries.iter().filter(|entry| entry.is("Policies") && !entry.bare);
    for name in names.flat_map(|entry| &entry.fields).map(|field| field.whole().trim()) {
        match document.section(&name) {
            Some(named) => policies.extend(policy(named, problems)),
            None => {
                // A file has few sections; one with many is hostile, and this is in a loop.
                let known = document.sections().iter().take(50).map(|section| section.name.as_str());
                let message = format!("no section [{}] for this policy{}", name.as_str(), did_you_mean(&name, known));
                let problem = Diagnostic::error(message, Some(name.span()));
                problems.push(problem.help(format!("add [{}] with OID = 1.2.3.4", name.as_str())));
            }
        }
    }
    if policies.is_empty() && section.entries.iter().all(|entry| !entry.is("Policies")) {
        let empty = Diagnostic::error(format!("[{}] names no policy", section.name), Some(section.header));
        problems.push(empty.help("add Policies = Name, and a section [Name] with OID = 1.2.3.4"));
    }
    policies
}

fn policy(section: &Section, problems: &mut Vec<Diagnostic>) -> Option<Policy> {
    let mut policies = Vec::new();
    for entry in &section.entries {
        match entry.value() {
            Ok(value) => add(&mut policies, entry.key_str(), entry.key_span(), value, problems),
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(second) = policies.get(1) {
        let problem =
            Diagnostic::error(format!("[{}] has a second OID, {}", section.name, second.oid), Some(section.header));
        problems.push(problem.expecting("expected one OID for each policy"));
    }
    let first = policies.into_iter().next();
    if first.is_none() {
        let problem = Diagnostic::error(format!("[{}] has no OID", section.name), Some(section.header));
        problems.push(problem.expecting("a policy has an OID").help("add OID = 1.2.3.4"));
    }
    first
}

/// `OID=1.2.3&Notice=text&URL=http://...&OID=...`: what follows an OID belongs to it.
pub(super) fn from_text(text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Policy> {
    let mut policies = Vec::new();
    for pair in pairs::read(text, "OID=1.2.3.4", problems) {
        add(&mut policies, &pair.token, pair.token.span(), pair.value, problems);
    }
    if policies.is_empty() {
        problems.push(Diagnostic::error("no policies", Some(text.span())).expecting("expected OID=1.2.3.4"));
    }
    policies
}

fn add(
    policies: &mut Vec<Policy>,
    word: &str,
    place: super::super::Span,
    value: Fragment<'_>,
    problems: &mut Vec<Diagnostic>,
) {
    let qualifier = match word.to_lowercase().as_str() {
        "oid" => {
            match oid::parse(&value) {
                Ok(oid) => policies.push(Policy { oid, qualifiers: Vec::new() }),
                Err(problem) => problems.push(problem.at(value.span())),
            }
            return;
        }
        "notice" => PolicyQualifier::Notice(value.as_str().to_owned()),
        "url" if value.is_ascii() => PolicyQualifier::Cps(value.as_str().to_owned()),
        "url" => {
            problems.push(Diagnostic::error("a URL holds ASCII only", Some(value.span())));
            return;
        }
        "flags" | "guid" => {
            let problem = Diagnostic::error(format!("`{word}` has no meaning in a policy"), Some(place));
            problems.push(problem.expecting("expected OID, Notice or URL"));
            return;
        }
        _ => {
            let near = did_you_mean(word, WORDS);
            let problem = Diagnostic::error(format!("unknown word `{word}` in a policy{near}"), Some(place));
            problems.push(problem.expecting("expected OID, Notice or URL"));
            return;
        }
    };
    match policies.last_mut() {
        Some(policy) => policy.qualifiers.push(qualifier),
        None => {
            let problem = Diagnostic::error(format!("`{word}` before the OID that it belongs to"), Some(place));
            problems.push(problem.expecting("expected OID first"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;
    use crate::request::Oid;
    use crate::spec::Options;

    #[test]
    fn text_gives_qualifiers_to_the_oid_before_them() {
        let mut text = Text::new(0);
        text.push("OID=1.2.3&Notice=a b&url=http://c/&oid=1.2.4", 0);
        let mut problems = Vec::new();
        let policies = from_text(text.whole(), &mut problems);
        assert_eq!(problems, []);
        let qualifiers = vec![PolicyQualifier::Notice("a b".into()), PolicyQualifier::Cps("http://c/".into())];
        let expected = [
            Policy { oid: Oid::new_unwrap("1.2.3"), qualifiers },
            Policy { oid: Oid::new_unwrap("1.2.4"), qualifiers: vec![] },
        ];
        assert_eq!(policies, expected);
    }

    #[test]
    fn a_section_names_sections() {
        let mut problems = Vec::new();
        let file = "[P]\nPolicies = A, Bb\nCritical=1\n[A]\nOID=1.2.3\nURL=\"http://c/\"\n[B]\nNotice=x\n";
        let document = Document::read(file, &Options::default(), &mut problems);
        let policies = from_section(&document, document.section("p").unwrap(), &mut problems);
        assert_eq!(policies.len(), 1);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.starts_with("no section [Bb]"));
    }
}
