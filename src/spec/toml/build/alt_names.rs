//! Alternative names.

use crate::request::{GeneralName, OtherNameValue};
use crate::spec::toml::findings::Findings;
use crate::spec::toml::format::{AltNames, OtherName};
use crate::spec::toml::host;
use crate::spec::toml::placed::{Many, Placed, Table};
use crate::spec::{Diagnostic, Span, general_name, octets, oid};

use super::name;

/// All names, the kinds in the order in which the file has them.
pub(super) fn read(names: AltNames, found: &mut Findings<'_>) -> Vec<GeneralName> {
    let AltNames { dns, ip, email, uri, upn, guid, other_name, directory_name, registered_id } = names;
    let mut kinds: Vec<(Span, Vec<GeneralName>)> = Vec::new();
    let mut kind = |values: Option<Many<String>>, read: &mut dyn FnMut(&Placed<String>) -> Option<GeneralName>| {
        if let Some(Many { items, span }) = values {
            kinds.push((span, items.iter().filter_map(&mut *read).collect()));
        }
    };
    kind(dns, &mut |text| {
        let name = host::dns(text, found);
        found.take(name).map(GeneralName::Dns)
    });
    kind(ip, &mut |text| found.take(host::ip(text)).map(GeneralName::Ip));
    kind(email, &mut |text| {
        let mailbox = host::email(text, found);
        found.take(mailbox).map(GeneralName::Email)
    });
    kind(uri, &mut |text| found.take(host::uri(text)).map(GeneralName::Uri));
    kind(upn, &mut |text| {
        found
            .take(host::upn(text))
            .map(|name| GeneralName::OtherName { oid: GeneralName::UPN, value: OtherNameValue::Utf8(name) })
    });
    kind(guid, &mut |text| found.take_at(text.span, general_name::guid(&text.value)).map(|(name, _)| name));
    kind(registered_id, &mut |text| found.take_at(text.span, oid::parse(&text.value)).map(GeneralName::RegisteredId));
    if let Some(Many { items, span }) = other_name {
        kinds.push((span, items.into_iter().filter_map(|item| other(item, found)).collect()));
    }
    if let Some(Many { items, span }) = directory_name {
        let names = items.into_iter().map(|item| GeneralName::DirectoryName(name::read(item, found)));
        kinds.push((span, names.collect()));
    }
    kinds.sort_by_key(|(span, _)| *span);
    kinds.into_iter().flat_map(|(_, names)| names).collect()
}

fn other(name: Placed<Table<OtherName>>, found: &mut Findings<'_>) -> Option<GeneralName> {
    let Placed { value: Table(OtherName { oid, utf8, octets, der }), span } = name;
    let oid = found.take_at(oid.span, oid::parse(&oid.value));
    let value = match (utf8, octets, der) {
        (Some(text), None, None) => Some(OtherNameValue::Utf8(text.value)),
        (None, Some(text), None) => hex(&text, found).map(OtherNameValue::Octets),
        (None, None, Some(text)) => {
            let bytes = hex(&text, found)?;
            found.take_at(text.span, octets::one_der_value(&bytes))?;
            Some(OtherNameValue::Der(bytes))
        }
        (_, _, _) => {
            let error = Diagnostic::error("an other-name has exactly one value", Some(span));
            found.push(error.expecting("expected one of utf8, octets, der"));
            None
        }
    };
    Some(GeneralName::OtherName { oid: oid?, value: value? })
}

fn hex(text: &Placed<String>, found: &mut Findings<'_>) -> Option<Vec<u8>> {
    found.take_at(text.span, octets::hex(&text.value.replace(':', "")))
}
