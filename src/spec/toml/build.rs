//! [`Request`] -> [`RequestSpec`]: checks every value and fills in what is left out.

mod alt_names;
mod constraints;
pub(super) mod extensions;
mod key;
pub(super) mod known;
mod name;
mod policies;
mod raw;
mod subject_names;
mod usages;
mod validity;

use super::findings::Findings;
use super::format::{Request, Token, Windows};
use super::placed::Placed;
use crate::renewal::Upkeep;
use crate::request::{Name, Product, RequestSpec, TokenRequest};
use crate::spec::{Diagnostic, Span};
use crate::uri::Pkcs11Uri;

/// The request with its defaults. What cannot be read is on the list and not in the result.
pub(super) fn build(request: Request, found: &mut Findings<'_>) -> (RequestSpec, Upkeep) {
    let Request {
        subject,
        key_usage,
        extended_key_usage,
        basic_constraints,
        must_staple,
        subject_key_identifier,
        template,
        template_oid,
        certificate_policies,
        application_policies,
        critical,
        extension_order,
        san,
        name_constraints,
        extension,
        attribute,
        key,
        signature,
        token,
        self_signed,
        windows,
        renewal,
        ca,
    } = request;
    let Windows { friendly_name, machine_store } = windows.0;
    let subject = Placed {
        span: subject.as_ref().map_or(Span { start: 0, end: 0 }, |subject| subject.span),
        value: subject.map_or_else(Name::default, |subject| name::read(subject, found)),
    };
    let key = key::read(key.0, found);
    let wanted = extensions::Wanted {
        key_usage,
        extended_key_usage,
        basic_constraints,
        must_staple,
        subject_key_identifier,
        template,
        template_oid,
        certificate_policies,
        application_policies,
        critical,
        extension_order,
        san,
        name_constraints,
        extension,
    };
    let extensions = extensions::read(wanted, &subject, key.algorithm, found);
    let spec = RequestSpec {
        extensions,
        attributes: attribute.iter().filter_map(|raw| raw::attribute(&raw.0, found)).collect(),
        signature: key::signature(signature.0, key.algorithm, found),
        token: token_request(token.0, found),
        product: self_signed
            .map_or(Some(Product::Pkcs10), |wanted| validity::read(wanted, found))
            .unwrap_or(Product::Pkcs10),
        subject: subject.value,
        key,
        friendly_name,
        machine_store,
    };
    (spec, Upkeep { renewal: renewal.0, ca })
}

/// A URI that holds a PIN is refused: request files are reviewed and stored.
fn token_request(token: Token, found: &mut Findings<'_>) -> TokenRequest {
    let Token { profile, uri, provider } = token;
    let given: Vec<_> = [&profile, &uri, &provider].into_iter().flatten().collect();
    if let [_, second, ..] = given.as_slice() {
        found.push(
            Diagnostic::error("[token] names more than one token", Some(second.span))
                .expecting("expected one of profile, uri, provider"),
        );
    }
    if let Some(uri) = &uri {
        check_uri(uri, found);
    }
    let value = |placed: Placed<String>| placed.value;
    TokenRequest { provider_name: provider.map(value), profile: profile.map(value), uri: uri.map(value) }
}

fn check_uri(uri: &Placed<String>, found: &mut Findings<'_>) {
    if uri.value.contains("pin-value=") {
        let error = Diagnostic::error("a PIN in a request file", Some(uri.span));
        found.push(error.help("take pin-value out; use pin-source, or --pin-source on the command line"));
        return;
    }
    if !uri.value.starts_with("pkcs11:") {
        let error = Diagnostic::error(format!("`{}` is not a PKCS#11 URI", uri.value), Some(uri.span));
        found.push(error.expecting("expected pkcs11:token=... (RFC 7512)"));
    }
    let module = Pkcs11Uri::parse(&uri.value).ok().and_then(|uri| uri.module_path);
    if let Some(module) = module.filter(|module| !is_whole_path(&module.to_string_lossy())) {
        let what = format!("the module-path {} is relative", module.display());
        let error = Diagnostic::error(what, Some(uri.span)).expecting("expected the whole path of the module");
        found.push(error.help("which library is loaded must not depend on the folder in which hsmcert is started"));
    }
}

/// A path from a root, on whichever system the request will be used.
fn is_whole_path(path: &str) -> bool {
    path.starts_with(['/', '\\']) || path.get(1..3).is_some_and(|drive| drive == ":\\" || drive == ":/")
}
