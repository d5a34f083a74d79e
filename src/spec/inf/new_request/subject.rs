//! `Subject` and `X500NameFlags`.

use super::super::super::x500::{self, Flags};
use super::super::settings::Settings;
use crate::request::Name;

/// The subject; empty if there is none, and for the lone `CN=` that generators write. None after an error.
pub(super) fn read(settings: &mut Settings<'_>) -> Option<Name> {
    let flags = flags(settings);
    let Some(text) = settings.value("Subject") else { return usable(settings) };
    if text.eq_ignore_ascii_case("CN=") {
        return Some(Name::default());
    }
    let (name, problems) = x500::parse(&text, flags, "\"\"");
    let placed = problems.into_iter().map(|problem| match problem.span {
        Some(span) => problem.at(text.span_within(span)),
        None => problem.at(text.span()),
    });
    settings.problems.extend(placed);
    name
}

/// Without a value the subject is empty, unless there is one that cannot be read.
fn usable(settings: &Settings<'_>) -> Option<Name> {
    settings.is_off("Subject").then(Name::default)
}

fn flags(settings: &mut Settings<'_>) -> Flags {
    let bits = settings.flags("X500NameFlags", "CERT_NAME_STR_", &Flags::NAMES).unwrap_or(0);
    let flags = Flags::from_bits(bits).map_err(|problem| match settings.span("X500NameFlags") {
        Some(span) => problem.at(span),
        None => problem,
    });
    settings.kept(flags).unwrap_or_default()
}
