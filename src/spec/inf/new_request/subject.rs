//! `Subject` and `X500NameFlags`.

use super::super::super::x500::{self, Flags};
use super::super::settings::Settings;
use crate::request::Name;

/// The subject; empty if there is none, and for the lone `CN=` that generators write.
pub(super) fn read(settings: &mut Settings<'_>) -> Name {
    let flags = flags(settings);
    let Some(text) = settings.value("Subject") else { return Name::default() };
    if text.eq_ignore_ascii_case("CN=") {
        return Name::default();
    }
    let (name, problems) = x500::parse(&text, flags, "\"\"");
    let placed = problems.into_iter().map(|problem| match problem.span {
        Some(span) => problem.at(text.span_within(span)),
        None => problem.at(text.span()),
    });
    settings.problems.extend(placed);
    name.unwrap_or_default()
}

fn flags(settings: &mut Settings<'_>) -> Flags {
    let bits = settings.flags("X500NameFlags", "CERT_NAME_STR_", &Flags::NAMES).unwrap_or(0);
    let flags = Flags::from_bits(bits).map_err(|problem| match settings.span("X500NameFlags") {
        Some(span) => problem.at(span),
        None => problem,
    });
    settings.kept(flags).unwrap_or_default()
}
