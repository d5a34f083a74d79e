//! Distinguished names.

use crate::request::{Name, NameAttribute, Rdn};
use crate::spec::toml::attribute;
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{AttributeTable, DistinguishedName};
use crate::spec::toml::placed::Placed;
use crate::spec::{Diagnostic, x500};

/// The name in the order written.
pub(super) fn read(name: Placed<DistinguishedName>, found: &mut Findings<'_>) -> Name {
    let Placed { value, span } = name;
    match value {
        DistinguishedName::Text(value) => text(&Placed { value, span }, found),
        DistinguishedName::Table(table) => {
            Name(attributes(table, found).into_iter().map(|attribute| Rdn(vec![attribute])).collect())
        }
        DistinguishedName::Rdns(tables) => {
            let rdns = tables.into_iter().map(|table| Rdn(attributes(table, found)));
            Name(rdns.filter(|rdn| !rdn.0.is_empty()).collect())
        }
    }
}

fn text(string: &Placed<String>, found: &mut Findings<'_>) -> Name {
    let (name, problems) = x500::parse(&string.value, attribute::flags(), "\"");
    for problem in problems {
        let span = problem.span.map_or(string.span, |part| found.within(string, part));
        found.push(problem.at(span));
    }
    let name = name.unwrap_or_default();
    if let Some(note) = note_about_order(string, &name) {
        found.push(note);
    }
    name
}

/// `CN=..., O=..., C=US` is how certreq wants it, which reverses it; here it is encoded as it stands.
fn note_about_order(string: &Placed<String>, name: &Name) -> Option<Diagnostic> {
    let key_of = |rdn: &Rdn| {
        let oid = rdn.0.first()?.oid;
        attribute::KNOWN.iter().find(|known| known.oid == oid).map(|known| known.key)
    };
    let backwards = name.0.first().and_then(key_of) == Some("cn")
        && matches!(name.0.last().and_then(key_of), Some("c" | "o" | "dc"));
    let note = Diagnostic::note("the subject is encoded in the order written: CN first", Some(string.span));
    backwards.then(|| note.help("names usually begin with the country: \"C=..., O=..., CN=...\""))
}

fn attributes(table: AttributeTable, found: &mut Findings<'_>) -> Vec<NameAttribute> {
    let mut attributes = Vec::new();
    for (key, values) in table.0 {
        let Some(oid) = found.take(attribute::oid(&key)) else { continue };
        attributes.extend(values.items.into_iter().filter_map(|value| attribute::read(&key, oid, value, found)));
    }
    attributes
}
