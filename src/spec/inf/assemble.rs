//! The parts of an INF -> one [`RequestSpec`].

use super::super::{Diagnostic, Span, known_extension};
use super::extensions::{Extensions, Written};
use super::new_request::NewRequest;
use super::request_attributes::RequestAttributes;
use super::sections::Dedicated;
use crate::request::{Extension, Oid, RequestSpec, RequestedExtension, TokenRequest};

/// All that an INF says.
pub(super) struct Parts {
    pub(super) new_request: NewRequest,
    pub(super) dedicated: Vec<Dedicated>,
    pub(super) request_attributes: RequestAttributes,
    pub(super) extensions: Extensions,
    /// Where `[NewRequest]` stands.
    pub(super) place: Span,
}

/// Puts the request together. Extensions come in the order of certreq: key usage, the sections (extended key usage
/// first), the template, `[Extensions]` in the order of the file, S/MIME capabilities, subject key identifier.
///
/// The profile is that of `SuppressDefaults = TRUE`. Without it a subject key identifier is added, as certreq does;
/// its default key usage and the attributes that tell the CA the Windows version, host, user and process
/// (`OS_VERSION`, `REQUEST_CLIENT_INFO`, `ENROLLMENT_CSP_PROVIDER`) are never made up.
pub(super) fn assemble(parts: Parts, problems: &mut Vec<Diagnostic>) -> RequestSpec {
    let Parts { new_request, dedicated, request_attributes, extensions, place } = parts;
    let NewRequest {
        subject,
        key_usage,
        key,
        signature,
        product,
        provider_name,
        friendly_name,
        machine_store,
        suppress_defaults,
        smime,
    } = new_request;
    let RequestAttributes { template, attributes } = request_attributes;
    let mut list = List::default();
    list.requested.extend(key_usage.map(|usage| requested(Extension::KeyUsage(usage), true)));
    list.requested.extend(dedicated.into_iter().map(|Dedicated { extension, critical, span }| {
        list.places.push((extension.oid(), span));
        requested(extension, critical)
    }));
    list.requested.extend(template.map(|template| requested(template, false)));
    let Extensions { written, broken, critical } = extensions;
    written.into_iter().for_each(|written| list.write(written, problems));
    if smime {
        match known_extension::smime_capabilities() {
            Ok(extension) => list.add_default(extension),
            Err(problem) => problems.push(problem),
        }
    }
    if !suppress_defaults {
        list.add_default(Extension::SubjectKeyIdentifier);
    }
    list.mark_critical(&critical, &broken, problems);
    let names_unknown = subject.is_none() || broken.contains(&SUBJECT_ALT_NAME);
    let spec = RequestSpec {
        subject: subject.unwrap_or_default(),
        extensions: list.requested,
        attributes,
        key,
        signature,
        token: TokenRequest { provider_name, profile: None, uri: None },
        product,
        friendly_name,
        machine_store,
    };
    if !names_unknown {
        check_names(&spec, place, problems);
    }
    spec
}

const SUBJECT_ALT_NAME: Oid = Oid::new_unwrap("2.5.29.17");

fn requested(extension: Extension, critical: bool) -> RequestedExtension {
    RequestedExtension { critical, extension }
}

/// The extensions so far.
#[derive(Default)]
struct List {
    requested: Vec<RequestedExtension>,
    /// Sections that made an extension.
    places: Vec<(Oid, Span)>,
    /// Extensions that an empty value took away.
    unwanted: Vec<Oid>,
}

impl List {
    /// Adds an entry of `[Extensions]`. A section wins over it, `KeyUsage` does not.
    fn write(&mut self, written: Written, problems: &mut Vec<Diagnostic>) {
        let Written { oid, span, extension } = written;
        let Some(extension) = extension else {
            self.requested.retain(|requested| requested.extension.oid() != oid);
            self.unwanted.push(oid);
            return;
        };
        let Some(present) = self.requested.iter_mut().find(|present| present.extension.oid() == oid) else {
            self.requested.push(requested(extension, false));
            return;
        };
        if present.extension == extension {
            return;
        }
        let from_section = self.places.iter().any(|(place, _)| *place == oid);
        let message = if from_section {
            format!("{oid} has a section of its own, with another value: the section counts")
        } else {
            present.extension = extension;
            format!("{oid} is also given by a key, with another value: [Extensions] counts")
        };
        problems.push(Diagnostic::warning(message, Some(span)).help("leave one of the two away"));
    }

    /// Adds what the file does not name, unless it took it away.
    fn add_default(&mut self, extension: Extension) {
        let oid = extension.oid();
        let present = self.requested.iter().any(|present| present.extension.oid() == oid);
        if !present && !self.unwanted.contains(&oid) {
            self.requested.push(requested(extension, false));
        }
    }

    fn mark_critical(&mut self, critical: &[(Oid, Span)], broken: &[Oid], problems: &mut Vec<Diagnostic>) {
        for (oid, span) in critical {
            match self.requested.iter_mut().find(|requested| requested.extension.oid() == *oid) {
                Some(requested) => requested.critical = true,
                None if broken.contains(oid) => {}
                None => {
                    let message = format!("no extension {oid} in this request to be critical");
                    problems.push(Diagnostic::warning(message, Some(*span)));
                }
            }
        }
    }
}

/// A certificate without any name is of no use, and one without subject needs a critical SAN (RFC 5280, 4.2.1.6).
fn check_names(spec: &RequestSpec, place: Span, problems: &mut Vec<Diagnostic>) {
    const SERVER_AUTH: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.1");
    let names = spec.extensions.iter().find(|requested| requested.extension.oid() == SUBJECT_ALT_NAME);
    let is_server = spec.extensions.iter().any(|requested| {
        if let Extension::ExtendedKeyUsage(usages) = &requested.extension {
            usages.contains(&SERVER_AUTH)
        } else {
            false
        }
    });
    match names {
        Some(names) if spec.subject.is_empty() && !names.critical => {
            let problem = Diagnostic::warning("without a subject the SAN extension must be critical", Some(place));
            problems.push(problem.help("add Critical = 2.5.29.17 to [Extensions]"));
        }
        Some(_) => {}
        None if spec.subject.is_empty() => {
            let problem = Diagnostic::error("the request names nobody: no Subject and no SAN", Some(place));
            problems.push(problem.help("add Subject = \"CN=host.example\", or a SAN (2.5.29.17) in [Extensions]"));
        }
        None if is_server => {
            let note =
                Diagnostic::note("a TLS server without SAN: clients do not look at the CN (RFC 9525)", Some(place));
            problems.push(note.help("add 2.5.29.17 = \"{text}dns=host.example\" in [Extensions]"));
        }
        None => {}
    }
}
