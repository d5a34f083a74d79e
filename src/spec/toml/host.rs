//! Host names, addresses, mailboxes and URIs of alternative names.

use std::net::IpAddr;

use super::findings::Findings;
use super::placed::Placed;
use crate::spec::{Diagnostic, Span};

/// A dNSName as A-labels (RFC 5280, 4.2.1.6; RFC 9525): `*` may only be the whole first label.
pub(super) fn dns(text: &Placed<String>, found: &mut Findings<'_>) -> Result<String, Diagnostic> {
    let written = text.value.as_str();
    let span = Some(text.span);
    if let Some(error) = no_host_at_all(written, span) {
        return Err(error);
    }
    let (star, host) = match written.strip_prefix("*.") {
        Some(host) => ("*.", host),
        None => ("", written),
    };
    let name = format!("{star}{}", ascii_host(host, text.span, found)?);
    if name.len() > 253 {
        return Err(Diagnostic::error(format!("the name has {} characters, 253 are allowed", name.len()), span));
    }
    if name.contains('_') {
        let warning = Diagnostic::warning(format!("`{name}` has an underscore, which is no host name"), span);
        found.push(warning.help("public CAs refuse it (CA/Browser Forum Baseline Requirements 7.1.2.7.12)"));
    }
    Ok(name)
}

/// Is this a host name with a dot, as in a certificate's CN?
pub(super) fn looks_like_host(text: &str) -> bool {
    let host = text.strip_prefix("*.").unwrap_or(text);
    host.contains('.') && host.parse::<IpAddr>().is_err() && host.split('.').all(|label| label_error(label).is_none())
}

/// A host in A-labels, with a note when it was written otherwise.
pub(super) fn ascii_host(host: &str, span: Span, found: &mut Findings<'_>) -> Result<String, Diagnostic> {
    let ascii = if host.is_ascii() {
        host.to_owned()
    } else {
        let ascii = idna::domain_to_ascii_strict(host)
            .map_err(|_| Diagnostic::error(format!("`{host}` cannot be written in A-labels (RFC 5890)"), Some(span)))?;
        found.push(Diagnostic::note(format!("`{host}` is encoded as `{ascii}`"), Some(span)));
        ascii
    };
    match ascii.split('.').find_map(label_error) {
        Some(reason) => Err(Diagnostic::error(format!("`{host}` is not a host name: {reason}"), Some(span))),
        None => Ok(ascii),
    }
}

fn no_host_at_all(text: &str, span: Option<Span>) -> Option<Diagnostic> {
    let wrong = |what: &str| Diagnostic::error(format!("`{text}` {what}"), span);
    if text.is_empty() {
        return Some(Diagnostic::error("the name is empty", span));
    }
    if text.parse::<IpAddr>().is_ok() {
        return Some(wrong("is an address, not a host name").help(format!("write ip = [\"{text}\"]")));
    }
    if let Some((_, behind)) = text.split_once("://") {
        let host = behind.split(['/', ':']).next().unwrap_or_default();
        return Some(wrong("is a URI, not a host name").help(format!("write \"{host}\", or move it to uri")));
    }
    if text.contains('@') {
        return Some(wrong("is a mailbox, not a host name").help("move it to email"));
    }
    if let Some((host, port)) = text.split_once(':') {
        let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        return digits.then(|| wrong("has a port, and certificates know none").help(format!("write \"{host}\"")));
    }
    if let Some(host) = text.strip_suffix('.') {
        return Some(wrong("ends with a dot").help(format!("write \"{host}\"")));
    }
    if text == "*" || text.strip_prefix("*.").unwrap_or(text).contains('*') {
        let error = wrong("has a `*` that is not the whole first label");
        return Some(error.help("a wildcard stands for exactly one label: \"*.example.com\""));
    }
    if text.contains([',', ';', ' ']) && !text.contains('=') {
        return Some(wrong("is not one host name").help("write each name on its own: [\"a.example\", \"b.example\"]"));
    }
    None
}

/// Why this is no label of a host name (RFC 1123, 2.1); an underscore is let through.
fn label_error(label: &str) -> Option<String> {
    if label.is_empty() {
        return Some("it has an empty label".to_owned());
    }
    if label.len() > 63 {
        return Some(format!("the label `{label}` has {} characters, 63 are allowed", label.len()));
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Some(format!("the label `{label}` begins or ends with a hyphen"));
    }
    let odd = label.chars().find(|character| !character.is_ascii_alphanumeric() && !matches!(character, '-' | '_'))?;
    Some(format!("it has the character `{}`", odd.escape_debug()))
}

/// An address of RFC 791 or RFC 8200.
pub(super) fn ip(text: &Placed<String>) -> Result<IpAddr, Diagnostic> {
    let bare = text.value.trim_start_matches('[').trim_end_matches(']');
    match (text.value.parse(), bare.parse::<IpAddr>()) {
        (Ok(address), _) => Ok(address),
        (Err(_), Ok(_)) => Err(not_an_address(text).help(format!("write \"{bare}\""))),
        (Err(_), Err(_)) if text.value.contains('/') => {
            Err(not_an_address(text).help("a certificate names single addresses, not a network"))
        }
        (Err(_), Err(_)) => Err(not_an_address(text)),
    }
}

fn not_an_address(text: &Placed<String>) -> Diagnostic {
    Diagnostic::error(format!("`{}` is not an IP address", text.value), Some(text.span))
        .expecting("expected IPv4 like 192.0.2.1 or IPv6 like 2001:db8::1")
}

/// An rfc822Name (RFC 5280, 4.2.1.6): ASCII, the host in A-labels.
pub(super) fn email(text: &Placed<String>, found: &mut Findings<'_>) -> Result<String, Diagnostic> {
    let wrong = |what: &str| Diagnostic::error(format!("`{}` {what}", text.value), Some(text.span));
    let Some((local, host)) = text.value.rsplit_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty())
    else {
        return Err(wrong("is not a mailbox").expecting("expected name@host"));
    };
    if !local.is_ascii() {
        let error = wrong("has a local part that is not ASCII, which rfc822Name cannot hold");
        return Err(error.help("use other-name with oid 1.3.6.1.5.5.7.8.9 (SmtpUTF8Mailbox, RFC 9598)"));
    }
    if local.contains(|character: char| character.is_whitespace() || matches!(character, '@' | '<' | '>' | ',')) {
        return Err(wrong("is not one plain mailbox").expecting("expected name@host"));
    }
    Ok(format!("{local}@{}", ascii_host(host, text.span, found)?))
}

/// A uniformResourceIdentifier (RFC 5280, 4.2.1.6): absolute, of URI characters (RFC 3986).
pub(super) fn uri(text: &Placed<String>) -> Result<String, Diagnostic> {
    let wrong = |what: String| Diagnostic::error(format!("`{}` {what}", text.value), Some(text.span));
    let scheme = text.value.split_once(':').filter(|(scheme, rest)| {
        let word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.');
        scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.chars().all(word) && !rest.is_empty()
    });
    if scheme.is_none() {
        return Err(wrong("is not a URI".to_owned()).expecting("expected a scheme first, like https://host/path"));
    }
    let allowed = |character: &char| character.is_ascii_graphic() && !"\"<>\\^`{|}".contains(*character);
    match text.value.chars().find(|character| !allowed(character)) {
        Some(odd) => Err(wrong(format!("has the character `{}`", odd.escape_debug()))
            .help("percent-encode it, and write the host in A-labels")),
        None => Ok(text.value.clone()),
    }
}

/// A user principal name: `user@domain`, in any script.
pub(super) fn upn(text: &Placed<String>) -> Result<String, Diagnostic> {
    match text.value.split_once('@') {
        Some((user, domain)) if !user.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(text.value.clone())
        }
        Some(_) | None => {
            let error = Diagnostic::error(format!("`{}` is not a user principal name", text.value), Some(text.span));
            Err(error.expecting("expected user@domain"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(text: &str) -> Placed<String> {
        Placed { value: text.to_owned(), span: Span { start: 0, end: text.len() } }
    }

    fn dns_error(text: &str) -> Diagnostic {
        dns(&placed(text), &mut Findings::about("")).unwrap_err()
    }

    #[test]
    fn host_names_as_they_are() {
        for name in ["www.example.com", "*.example.com", "localhost", "xn--bcher-kva.example", "3com.example", "A-1.x"]
        {
            let mut found = Findings::about("");
            assert_eq!(dns(&placed(name), &mut found).unwrap(), name);
            assert!(found.into_list().is_empty());
        }
    }

    #[test]
    fn other_scripts_become_a_labels_with_a_note() {
        let mut found = Findings::about("");
        assert_eq!(dns(&placed("*.bücher.example"), &mut found).unwrap(), "*.xn--bcher-kva.example");
        assert_eq!(found.into_list()[0].message, "`bücher.example` is encoded as `xn--bcher-kva.example`");
    }

    #[test]
    fn an_underscore_is_a_warning() {
        let mut found = Findings::about("");
        assert_eq!(dns(&placed("my_host.example"), &mut found).unwrap(), "my_host.example");
        assert!(!found.has_errors() && !found.into_list().is_empty());
    }

    #[test]
    fn what_is_no_host_name_says_what_it_is() {
        assert_eq!(dns_error("192.0.2.1").help.unwrap(), "write ip = [\"192.0.2.1\"]");
        assert!(dns_error("https://www.example.com/x").help.unwrap().contains("\"www.example.com\""));
        assert!(dns_error("www.example.com:443").help.unwrap().contains("\"www.example.com\""));
        assert!(dns_error("www.example.com.").message.contains("ends with a dot"));
        assert!(dns_error("a.*.example").message.contains("`*`"));
        assert!(dns_error("*").message.contains("`*`"));
        assert!(dns_error("w*.example").message.contains("`*`"));
        assert!(dns_error("a.example, b.example").message.contains("not one host name"));
        assert!(dns_error("a..example").message.contains("empty label"));
        assert!(dns_error("-a.example").message.contains("hyphen"));
        assert!(dns_error(&format!("{}.example", "a".repeat(64))).message.contains("64 characters"));
        assert!(dns_error(&["abcdefgh."; 32].concat()[..287]).message.contains("253"));
        assert!(dns_error("").message.contains("empty"));
    }

    #[test]
    fn addresses() {
        assert_eq!(ip(&placed("2001:db8::1")).unwrap().to_string(), "2001:db8::1");
        assert_eq!(ip(&placed("[::1]")).unwrap_err().help.unwrap(), "write \"::1\"");
        assert!(ip(&placed("10.0.0.0/8")).unwrap_err().help.unwrap().contains("not a network"));
        assert!(ip(&placed("10.0.0.256")).is_err());
    }

    #[test]
    fn mailboxes_uris_and_principals() {
        let mut found = Findings::about("");
        assert_eq!(email(&placed("a@bücher.example"), &mut found).unwrap(), "a@xn--bcher-kva.example");
        assert!(email(&placed("ä@example.com"), &mut found).unwrap_err().help.unwrap().contains("SmtpUTF8Mailbox"));
        assert!(email(&placed("a b@example.com"), &mut found).is_err());
        assert!(email(&placed("example.com"), &mut found).is_err());
        assert!(uri(&placed("spiffe://example.com/web")).is_ok());
        assert!(uri(&placed("urn:uuid:f81d4fae")).is_ok());
        assert!(uri(&placed("www.example.com/path")).is_err());
        assert!(uri(&placed("https://example.com/a b")).unwrap_err().help.unwrap().contains("percent-encode"));
        assert!(upn(&placed("jürgen@example.com")).is_ok());
        assert!(upn(&placed("EXAMPLE\\user")).is_err());
    }
}
