//! [`RequestSpec`] -> INF.

mod extensions;
mod key;
mod request_attributes;
mod subject;
mod text_value;
mod validity;
mod value;

use super::super::write::{Encode, Lost, Part, Written, header};
use crate::request::{Product, RequestSpec, TokenRequest};
use value::setting;

/// Writes the request.
pub(in crate::spec) fn write(request: &RequestSpec, encode: Encode<'_>) -> Written {
    let RequestSpec { subject, extensions, attributes, key, signature, token, product, friendly_name, machine_store } =
        request;
    let mut lost = Vec::new();
    let mut settings = subject::write(subject, &mut lost);
    let label = key.label.clone().or_else(|| key::label_to_find(request));
    settings.extend(key::write(key, label, *signature, &mut lost));
    settings.extend(provider(token, &mut lost));
    settings.extend(friendly_name.iter().filter_map(|name| {
        let part = Part::Windows;
        setting("FriendlyName", name, part, &mut lost)
    }));
    settings.extend(machine_store.then(|| "MachineKeySet = TRUE".to_owned()));
    let extensions = extensions::write(extensions, encode, &mut lost);
    settings.extend(extensions.settings);
    settings.extend(match product {
        Product::Pkcs10 => vec![],
        Product::SelfSigned(validity) => validity::write(*validity, &mut lost),
    });
    let mut request_attributes = extensions.request_attributes;
    request_attributes.extend(attributes.iter().flat_map(request_attributes::write));

    let sections = [
        vec!["[Version]".to_owned(), "Signature = \"$Windows NT$\"".to_owned()],
        section("NewRequest", settings),
        section("EnhancedKeyUsageExtension", extensions.usages),
        section("BasicConstraintsExtension", extensions.constraints),
        section("RequestAttributes", request_attributes),
        section("Extensions", extensions.others),
    ];
    let sections = sections.into_iter().filter(|lines| !lines.is_empty());
    let body = sections.map(|lines| lines.join("\n") + "\n").collect::<Vec<_>>().join("\n");
    let mut head = header(&lost);
    if !body.is_ascii() {
        head.push("This file is UTF-8. certreq wants it as UTF-16 or in the code page of Windows.".to_owned());
    }
    let head: String = head.iter().map(|line| format!("; {line}\n")).collect();
    Written { text: format!("{head}\n{body}"), lost }
}

fn section(name: &str, lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { lines } else { [vec![format!("[{name}]")], lines].concat() }
}

fn provider(token: &TokenRequest, lost: &mut Vec<Lost>) -> Option<String> {
    let TokenRequest { provider_name, profile, uri } = token;
    if let Some(profile) = profile {
        let what = format!("token.profile = \"{profile}\": an INF names no profile; use --profile");
        lost.push(Lost::new(Part::Token, what));
    }
    if let Some(uri) = uri {
        lost.push(Lost::new(Part::Token, format!("token.uri = \"{uri}\": an INF names no URI; use --uri")));
    }
    setting("ProviderName", provider_name.as_ref()?, Part::Token, lost)
}
