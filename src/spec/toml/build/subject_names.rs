//! Do subject and alternative names say who the certificate is for?

use crate::request::{GeneralName, Name, Oid};
use crate::spec::Diagnostic;
use crate::spec::toml::findings::Findings;
use crate::spec::toml::host;
use crate::spec::toml::placed::Placed;
use crate::spec::toml::words::SERVER_AUTH;

/// Nothing is added to the request: a name that nobody wrote is no name that somebody reviewed.
pub(super) fn check(
    subject: &Placed<Name>,
    names: &[GeneralName],
    purposes: &[Oid],
    ca: bool,
    found: &mut Findings<'_>,
) {
    if found.has_errors() {
        return;
    }
    let host = subject.value.common_name().filter(|name| host::looks_like_host(name));
    if subject.value.is_empty() && names.is_empty() {
        let error = Diagnostic::error("the request names nobody: no subject and no alternative name", None);
        found.push(error.help("add [san] with dns = [\"www.example.com\"]"));
    } else if names.is_empty() && purposes.contains(&SERVER_AUTH) && !ca {
        found.push(no_alternative_name(subject, host));
    } else if let Some(host) = host.filter(|host| purposes.contains(&SERVER_AUTH) && !is_among(host, names)) {
        let warning =
            Diagnostic::warning(format!("the CN `{host}` is not among the alternative names"), Some(subject.span));
        found.push(warning.help(format!("clients look only at those (RFC 9525): add \"{host}\" to san.dns")));
    }
}

fn no_alternative_name(subject: &Placed<Name>, host: Option<&str>) -> Diagnostic {
    let warning = Diagnostic::warning("a TLS server without an alternative name", Some(subject.span))
        .expecting("clients do not look at the CN (RFC 9525)");
    match host {
        Some(host) => warning.help(format!("add [san] with dns = [\"{host}\"]")),
        None => warning.help("add [san] with dns = [...], or write the extended-key-usage that is meant"),
    }
}

fn is_among(host: &str, names: &[GeneralName]) -> bool {
    names.iter().any(|name| match name {
        GeneralName::Dns(dns) => dns.eq_ignore_ascii_case(host),
        GeneralName::Email(_)
        | GeneralName::Ip(_)
        | GeneralName::Uri(_)
        | GeneralName::DirectoryName(_)
        | GeneralName::RegisteredId(_)
        | GeneralName::OtherName { .. } => false,
    })
}
