//! [`RequestSpec`] -> TOML, in the order of the files in `request-templates/`.

mod alt_names;
mod constraints;
mod extensions;
mod key;
mod name;
mod policies;
mod raw;
mod value;

use super::super::write::{Encode, Lost, Written, header};
use crate::request::{RequestSpec, TokenRequest};
use value::{entry, text};

/// Writes the request.
pub(in crate::spec) fn write(request: &RequestSpec, encode: Encode<'_>) -> Written {
    let RequestSpec { subject, extensions, attributes, key, signature, token, product, friendly_name, machine_store } =
        request;
    let mut lost = Vec::new();
    let mut lines = extensions::write(extensions, subject.is_empty(), encode, &mut lost);
    let subject = name::subject(subject);
    lines.top.extend(subject.top);
    let windows = friendly_name.iter().map(|name| entry("friendly-name", &text(name)));
    let windows = windows.chain(machine_store.then(|| entry("machine-store", "true"))).collect();
    let mut tables = vec![lines.top, subject.table];
    tables.extend(lines.tables);
    tables.extend(attributes.iter().map(raw::attribute));
    tables.extend([
        table("key", key::key(key)),
        table("signature", key::signature(*signature)),
        table("token", self::token(token)),
        table("self-signed", key::validity(*product, &mut lost)),
        table("windows", windows),
    ]);
    let tables = tables.into_iter().filter(|lines| !lines.is_empty());
    let body = tables.map(|lines| lines.join("\n") + "\n").collect::<Vec<_>>().join("\n");
    let head: String = header(&lost).iter().map(|line| format!("# {line}\n")).collect();
    Written { text: format!("{head}\n{body}"), lost }
}

fn table(name: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { [vec![format!("[{name}]")], lines].concat() }
}

fn token(token: &TokenRequest) -> Vec<String> {
    let TokenRequest { provider_name, profile, uri } = token;
    let values = [("provider", provider_name), ("profile", profile), ("uri", uri)];
    values.iter().filter_map(|(key, value)| Some(entry(key, &text(value.as_ref()?)))).collect()
}

/// A loss while a line is made.
type Losses = Vec<Lost>;
