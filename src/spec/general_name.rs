//! Text -> `GeneralName`, with what certreq would silently get wrong.

use std::net::IpAddr;

use super::{Diagnostic, oid};
use crate::request::{GeneralName, OtherNameValue};

/// A name, and perhaps a doubt about it; or why it is none. Neither has a place yet.
pub(super) type Checked = Result<(GeneralName, Option<Diagnostic>), Diagnostic>;

/// A host name, which may begin with `*.`. What is not ASCII becomes A-labels (RFC 5891); other characters are not
/// checked, as certreq does not check them either.
pub(super) fn dns(text: &str) -> Checked {
    let host = a_labels(required(text, "host name")?)?;
    let doubt = if host.parse::<IpAddr>().is_ok() {
        Some(("is an address, not a host name", "clients look for addresses in IP names"))
    } else if host.contains(['%', '$', '{', '}', '<', '>']) {
        Some(("looks like a placeholder that was not filled", "no host has such a name"))
    } else if host.contains("://") || host.contains('/') {
        Some(("looks like a URL, not a host name", "a DNS name is the host alone"))
    } else if host.contains(':') {
        Some(("has a port in it", "a DNS name is the host alone"))
    } else if host.contains("..") || host.starts_with('.') {
        Some(("has an empty label", "no host has such a name"))
    } else if host.contains(char::is_whitespace) {
        Some(("has a blank in it", "no client will ever ask for such a name"))
    } else {
        None
    };
    let doubt =
        doubt.map(|(what, label)| Diagnostic::warning(format!("DNS name `{host}` {what}"), None).expecting(label));
    Ok((GeneralName::Dns(host), doubt))
}

/// A mailbox (`rfc822Name`).
pub(super) fn email(text: &str) -> Checked {
    let mailbox = mailbox(required(text, "mailbox")?)?;
    let doubt = (!mailbox.contains('@'))
        .then(|| Diagnostic::warning(format!("email name `{mailbox}` has no @"), None).expecting("expected user@host"));
    Ok((GeneralName::Email(mailbox), doubt))
}

/// An address of IP version 4 or 6.
pub(super) fn ip(text: &str) -> Checked {
    let text = required(text, "address")?;
    match text.parse::<IpAddr>() {
        Ok(address) => Ok((GeneralName::Ip(address), None)),
        Err(_) => Err(Diagnostic::error(format!("`{text}` is not an IP address"), None)
            .expecting("expected 192.0.2.1 or 2001:db8::1, without mask, port or brackets")),
    }
}

/// A URI.
pub(super) fn uri(text: &str) -> Checked {
    let text = required(text, "URI")?;
    if let Some(strange) = text.chars().find(|character| !character.is_ascii()) {
        return Err(Diagnostic::error(format!("a URI cannot hold `{strange}`"), None)
            .help("write it percent-encoded, and the host as A-labels (xn--...)"));
    }
    let doubt = (!text.contains(':'))
        .then(|| Diagnostic::warning(format!("URI `{text}` has no scheme"), None).expecting("expected https://..."));
    Ok((GeneralName::Uri(text.to_owned()), doubt))
}

/// A user principal name: an otherName of Microsoft (1.3.6.1.4.1.311.20.2.3).
pub(super) fn upn(text: &str) -> Checked {
    let text = required(text, "user principal name")?;
    let doubt = (!text.contains('@'))
        .then(|| Diagnostic::warning(format!("UPN `{text}` has no @"), None).expecting("expected user@domain"));
    let value = OtherNameValue::Utf8(text.to_owned());
    Ok((GeneralName::OtherName { oid: GeneralName::UPN, value }, doubt))
}

/// A registered object identifier.
pub(super) fn registered_id(text: &str) -> Checked {
    Ok((GeneralName::RegisteredId(oid::parse(text)?), None))
}

/// The GUID of a domain controller: an otherName of Microsoft (1.3.6.1.4.1.311.25.1) with 16 octets, of which the first
/// three groups are little-endian.
pub(super) fn guid(text: &str) -> Checked {
    let plain = text.trim().trim_start_matches('{').trim_end_matches('}');
    let groups: Vec<&str> = plain.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let bytes = base16ct::mixed::decode_vec(groups.concat());
    match (lengths.as_slice(), bytes) {
        ([8, 4, 4, 4, 12], Ok(mut bytes)) => {
            bytes[0..4].reverse();
            bytes[4..6].reverse();
            bytes[6..8].reverse();
            let value = OtherNameValue::Octets(bytes);
            Ok((GeneralName::OtherName { oid: GeneralName::NTDS_REPLICATION, value }, None))
        }
        (_, Ok(_) | Err(_)) => Err(Diagnostic::error(format!("`{text}` is not a GUID"), None)
            .expecting("expected f7c3ac41-b8ce-4fb4-aa58-3d1dc0e36b39")),
    }
}

/// A mailbox in ASCII: the host part may be given in Unicode, the local part may not.
///
/// # Errors
/// An error without a place.
pub(super) fn mailbox(text: &str) -> Result<String, Diagnostic> {
    let (local, host) = text.rsplit_once('@').unwrap_or((text, ""));
    if let Some(strange) = local.chars().find(|character| !character.is_ascii()) {
        return Err(Diagnostic::error(format!("a mailbox cannot hold `{strange}`"), None)
            .expecting("expected ASCII before the @"));
    }
    if text.is_ascii() { Ok(text.to_owned()) } else { Ok(format!("{local}@{}", a_labels(host)?)) }
}

fn a_labels(host: &str) -> Result<String, Diagnostic> {
    if host.is_ascii() {
        return Ok(host.to_owned());
    }
    let (wildcard, host) = match host.strip_prefix("*.") {
        Some(rest) => ("*.", rest),
        None => ("", host),
    };
    match idna::domain_to_ascii_strict(host) {
        Ok(ascii) => Ok(format!("{wildcard}{ascii}")),
        Err(_) => Err(Diagnostic::error(format!("`{host}` is not an internationalised host name"), None)
            .help("write its A-labels (xn--...)")),
    }
}

fn required<'a>(text: &'a str, what: &str) -> Result<&'a str, Diagnostic> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Diagnostic::error(format!("a name without a value: no {what} here"), None)
            .expecting(format!("expected a {what}")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubt(checked: Checked) -> String {
        checked.unwrap().1.map(|doubt| doubt.message).unwrap_or_default()
    }

    #[test]
    fn hosts_are_taken_as_they_are_but_for_unicode() {
        assert_eq!(dns("_x.*.Example.com").unwrap(), (GeneralName::Dns("_x.*.Example.com".into()), None));
        assert_eq!(dns("UDID=1").unwrap().1, None);
        assert_eq!(dns("*.bücher.example").unwrap().0, GeneralName::Dns("*.xn--bcher-kva.example".into()));
        assert!(dns("ü ü").is_err());
        assert!(dns(" ").is_err());
    }

    #[test]
    fn what_no_client_asks_for_is_doubted() {
        assert!(doubt(dns("10.0.0.1")).contains("is an address"));
        assert!(doubt(dns("https://a.example/")).contains("URL"));
        assert!(doubt(dns("a.example:443")).contains("port"));
        assert!(doubt(dns("a b")).contains("blank"));
        assert!(doubt(email("me")).contains('@'));
        assert!(doubt(uri("www.example.com")).contains("scheme"));
    }

    #[test]
    fn addresses_are_exact() {
        assert_eq!(ip("2001:db8::1").unwrap().0, GeneralName::Ip("2001:db8::1".parse().unwrap()));
        assert!(ip("10.0.0.0/8").is_err());
        assert!(ip("[::1]").is_err());
    }

    #[test]
    fn a_guid_is_mixed_endian() {
        let GeneralName::OtherName { value: OtherNameValue::Octets(bytes), .. } =
            guid("{f7c3ac41-b8ce-4fb4-aa58-3d1dc0e36b39}").unwrap().0
        else {
            panic!("not octets")
        };
        assert_eq!(base16ct::lower::encode_string(&bytes), "41acc3f7ceb8b44faa583d1dc0e36b39");
        assert!(guid("f7c3ac41").is_err());
        assert!(guid("ä7c3ac41-b8ce-4fb4-aa58-3d1dc0e36b3").is_err());
    }
}
