//! Name constraints, from their section and from `{text}`.

use std::net::IpAddr;

use super::super::Diagnostic;
use super::document::Document;
use super::lines::Section;
use super::pairs::{self, Pair};
use super::text::{Fragment, Text};
use super::{names, settings};
use crate::request::{GeneralName, NameConstraints, Subtree};

/// `Include = A` and `Exclude = B` in `[NameConstraintsExtension]`, and the sections `[A]` and `[B]`.
pub(super) fn from_section(document: &Document, section: &Section, problems: &mut Vec<Diagnostic>) -> NameConstraints {
    settings::report_unknown(section, &["Include", "Exclude", "Critical"], &[], problems);
    let before = problems.len();
    let mut constraints = NameConstraints::default();
    for entry in section.entries.iter().filter(|entry| !entry.bare) {
        let subtrees = match entry.key_str().to_lowercase().as_str() {
            "include" => &mut constraints.permitted,
            "exclude" => &mut constraints.excluded,
            _ => continue,
        };
        for name in entry.fields.iter().map(|field| field.whole().trim()) {
            match document.section(&name) {
                Some(named) => subtrees.extend(subtrees_of(named, problems)),
                None => {
                    let message = format!("no section [{}] for these names", name.as_str());
                    let problem = Diagnostic::error(message, Some(name.span()));
                    problems.push(problem.help(format!("add [{}] with DNS = example.com", name.as_str())));
                }
            }
        }
    }
    if constraints == NameConstraints::default() && problems.len() == before {
        let empty = Diagnostic::error(format!("[{}] constrains nothing", section.name), Some(section.header));
        problems.push(empty.help("add Include = Name, and a section [Name] with DNS = example.com"));
    }
    constraints
}

fn subtrees_of(section: &Section, problems: &mut Vec<Diagnostic>) -> Vec<Subtree> {
    let mut subtrees = Vec::new();
    for entry in &section.entries {
        let Some(key) = &entry.key else { continue };
        // An address and its mask are two fields when they are not in quotes.
        let mut value = Text::new(entry.values_span().start);
        for (index, field) in entry.fields.iter().enumerate() {
            if index > 0 {
                value.push_replacement(",", field.whole().span());
            }
            value.push_fragment(field.whole());
        }
        subtrees.extend(subtree(Pair { token: key.whole(), value: value.whole().trim() }, problems));
    }
    subtrees
}

/// `subtree=include&DNS=...&subtree=exclude&...`.
pub(super) fn from_text(text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> NameConstraints {
    let mut constraints = NameConstraints::default();
    let mut permitted = None;
    for pair in pairs::read(text, "subtree=include&DNS=example.com", problems) {
        if pair.is("subtree") {
            permitted = match pair.value.to_lowercase().as_str() {
                "include" => Some(true),
                "exclude" => Some(false),
                _ => {
                    let message = format!("unknown subtree `{}`", pair.value.as_str());
                    let problem = Diagnostic::error(message, Some(pair.value.span()));
                    problems.push(problem.expecting("expected include or exclude"));
                    permitted
                }
            };
            continue;
        }
        match (permitted, subtree(pair, problems)) {
            (Some(true), Some(subtree)) => constraints.permitted.push(subtree),
            (Some(false), Some(subtree)) => constraints.excluded.push(subtree),
            (Some(_), None) => {}
            (None, _) => {
                let problem = Diagnostic::error("a name before `subtree=`", Some(pair.token.span()));
                problems.push(problem.expecting("expected subtree=include or subtree=exclude first"));
            }
        }
    }
    if constraints == NameConstraints::default() {
        let empty = Diagnostic::error("no name constraints", Some(text.span()));
        problems.push(empty.expecting("expected subtree=include&DNS=example.com"));
    }
    constraints
}

fn subtree(pair: Pair<'_>, problems: &mut Vec<Diagnostic>) -> Option<Subtree> {
    let Pair { token, value } = pair;
    if pair.is("IPAddress") {
        let range = ip_range(&value);
        if range.is_none() {
            let problem =
                Diagnostic::error(format!("`{}` is not an address and a mask", value.as_str()), Some(value.span()));
            problems.push(problem.expecting("expected 10.0.0.0,255.0.0.0"));
        }
        return range.map(Subtree::IpRange);
    }
    // An empty name covers all of its kind (RFC 5280, 4.2.1.10).
    let empty = String::new();
    match (value.is_empty(), token.to_lowercase().as_str()) {
        (true, "dns") => Some(Subtree::Name(GeneralName::Dns(empty))),
        (true, "email") => Some(Subtree::Name(GeneralName::Email(empty))),
        (true, "url") => Some(Subtree::Name(GeneralName::Uri(empty))),
        // A constraint on these is a host, not a whole mailbox or URI.
        (false, "email") if value.is_ascii() => Some(Subtree::Name(GeneralName::Email(value.as_str().to_owned()))),
        (false, "url") if value.is_ascii() => Some(Subtree::Name(GeneralName::Uri(value.as_str().to_owned()))),
        (true | false, _) => names::name(pair, problems).map(Subtree::Name),
    }
}

fn ip_range(text: &str) -> Option<Vec<u8>> {
    let (address, mask) = text.split_once(',')?;
    match (address.trim().parse().ok()?, mask.trim().parse().ok()?) {
        (IpAddr::V4(address), IpAddr::V4(mask)) => Some([address.octets(), mask.octets()].concat()),
        (IpAddr::V6(address), IpAddr::V6(mask)) => Some([address.octets(), mask.octets()].concat()),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Options;

    fn expected() -> NameConstraints {
        let dns = Subtree::Name(GeneralName::Dns("example.com".into()));
        let permitted = vec![dns, Subtree::IpRange(vec![10, 0, 0, 0, 255, 0, 0, 0])];
        NameConstraints { permitted, excluded: vec![Subtree::Name(GeneralName::Email(String::new()))] }
    }

    #[test]
    fn text_and_section_say_the_same() {
        let mut text = Text::new(0);
        text.push("subtree=include&DNS=example.com&IPAddress=10.0.0.0,255.0.0.0&subtree=exclude&email=", 0);
        let mut problems = Vec::new();
        assert_eq!(from_text(text.whole(), &mut problems), expected());
        let file = "[N]\nInclude=A\nExclude=B\n[A]\nDNS=example.com\nIPAddress=10.0.0.0, 255.0.0.0\n[B]\nEMail=\"\"\n";
        let document = Document::read(file, &Options::default(), &mut problems);
        assert_eq!(from_section(&document, document.section("N").unwrap(), &mut problems), expected());
        assert_eq!(problems, []);
    }

    #[test]
    fn a_name_needs_its_subtree() {
        let mut text = Text::new(0);
        text.push("dns=a", 0);
        let mut problems = Vec::new();
        from_text(text.whole(), &mut problems);
        assert_eq!(problems[0].message, "a name before `subtree=`");
    }
}
