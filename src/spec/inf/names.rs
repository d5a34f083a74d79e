//! `{text}` of alternative names: `dns=a&upn=b&1.2.3={utf8}c`.

use super::super::suggest::did_you_mean;
use super::super::x500::{self, Flags};
use super::super::{Diagnostic, Span, general_name, octets};
use super::pairs::{self, Pair};
use super::text::Fragment;
use crate::request::{GeneralName, Oid, OtherNameValue};

/// certreq's tokens; any case will do.
pub(super) const TOKENS: [&str; 8] =
    ["DNS", "EMail", "UPN", "IPAddress", "URL", "DirectoryName", "RegisteredId", "GUID"];

/// Reads all names, in their order.
pub(super) fn read(text: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Vec<GeneralName> {
    let pairs = pairs::read(text, "dns=host.example", problems);
    let names: Vec<_> = pairs.into_iter().filter_map(|pair| name(pair, problems)).collect();
    if names.is_empty() && problems.iter().all(|problem| !within(problem, text)) {
        let empty = Diagnostic::error("no names", Some(text.span()));
        problems.push(empty.expecting("expected dns=host.example or another name"));
    }
    names
}

/// Reads one name.
pub(super) fn name(pair: Pair<'_>, problems: &mut Vec<Diagnostic>) -> Option<GeneralName> {
    let Pair { token, value } = pair;
    if let Some(problem) = glued(value, &token) {
        problems.push(problem);
        return None;
    }
    problems.extend(torn(&token, value));
    let checked = match token.to_lowercase().as_str() {
        "dns" => general_name::dns(&value),
        "email" => general_name::email(&value),
        "upn" => general_name::upn(&value),
        "ipaddress" => general_name::ip(&value),
        "ip address" | "ip" => {
            let doubt = Diagnostic::warning(format!("`{}` is not a word of certreq", token.as_str()), None);
            problems.push(doubt.at(token.span()).help("write ipaddress="));
            general_name::ip(&value)
        }
        "url" | "uri" => general_name::uri(&value),
        "directoryname" | "dn" => return directory_name(value, problems),
        "registeredid" => general_name::registered_id(&value),
        "guid" => general_name::guid(&value),
        _ => return other_name(token, value, problems),
    };
    match checked {
        Ok((name, doubt)) => {
            problems.extend(doubt.map(|doubt| doubt.at(value.span())));
            Some(name)
        }
        Err(problem) => {
            problems.push(problem.at(value.span()));
            None
        }
    }
}

/// `dns=a` and `dns=b` with no `&` between them are one name `adns=b`.
fn glued(value: Fragment<'_>, token: &str) -> Option<Diagnostic> {
    let may_hold_anything = ["url", "uri", "directoryname", "dn"].iter().any(|free| free.eq_ignore_ascii_case(token));
    if may_hold_anything || !value.contains('=') {
        return None;
    }
    let lower = value.to_ascii_lowercase();
    let second = TOKENS.iter().filter_map(|token| lower.find(&format!("{}=", token.to_ascii_lowercase()))).min()?;
    let (first, rest) = value.as_str().split_at(second);
    let first = first.trim_end_matches([',', ';', ' ']);
    let place = value.span_within(Span { start: second, end: value.len() });
    let problem = Diagnostic::error(format!("an & is missing before `{rest}`"), Some(place));
    let problem = problem.expecting(format!("without it this belongs to the name `{first}`"));
    Some(problem.help(format!("end every name with &: {token}={first}&")))
}

/// A name that begins in one line and ends in a `_continue_` behind it.
fn torn(token: &str, value: Fragment<'_>) -> Option<Diagnostic> {
    // The base64 or hex of an otherName may be divided anywhere.
    let rest = value.behind_seam().filter(|_| Oid::new(token).is_err())?;
    let first = value.strip_suffix(rest.as_str()).unwrap_or_default();
    let problem = Diagnostic::warning(format!("one name over two lines: `{}`", value.as_str()), Some(rest.span()));
    Some(problem.expecting("is an & missing before this?").help(format!("end every name with &: {token}={first}&")))
}

fn directory_name(value: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<GeneralName> {
    let (name, found) = x500::parse(&value, Flags::default(), "\"\"");
    problems.extend(found.into_iter().map(|problem| {
        let span = problem.span.map_or(value.span(), |span| value.span_within(span));
        problem.at(span)
    }));
    let name = name?;
    if name.is_empty() {
        problems.push(Diagnostic::error("an empty directory name", Some(value.span())).expecting("expected CN=..."));
        return None;
    }
    Some(GeneralName::DirectoryName(name))
}

/// `1.2.3={utf8}text`, `{octet}`, `{asn}` and `{hex}`.
fn other_name(token: Fragment<'_>, value: Fragment<'_>, problems: &mut Vec<Diagnostic>) -> Option<GeneralName> {
    let Ok(oid) = Oid::new(&token) else {
        let near = did_you_mean(&token, TOKENS);
        let problem = Diagnostic::error(format!("unknown kind of name `{}`{near}", token.as_str()), Some(token.span()));
        problems.push(problem.expecting(format!("expected {} or an OID", TOKENS.join(", "))));
        return None;
    };
    let form = |prefix: &str| value.strip_prefix(prefix).map(Fragment::trim);
    let bytes = |text: Fragment<'_>| match text.strip_prefix("{hex}") {
        Some(digits) => octets::hex(&digits),
        None => octets::base64(&text),
    };
    let der = |bytes: Vec<u8>| octets::one_der_value(&bytes).map(|()| OtherNameValue::Der(bytes));
    let value_read = if let Some(text) = form("{utf8}") {
        Ok(OtherNameValue::Utf8(text.as_str().to_owned()))
    } else if let Some(text) = form("{octet}") {
        bytes(text).map(OtherNameValue::Octets)
    } else if let Some(text) = form("{asn}") {
        bytes(text).and_then(der)
    } else if let Some(text) = form("{hex}") {
        octets::hex(&text).and_then(der)
    } else {
        let problem = Diagnostic::error(format!("the value of {} has no form", token.as_str()), None);
        let problem = problem.expecting("expected {utf8}text, {octet}base64, {octet}{hex}hex, {asn}base64 or {hex}hex");
        Err(problem.help(format!("write {}={{utf8}}{}", token.as_str(), value.as_str())))
    };
    match value_read {
        Ok(value) => Some(GeneralName::OtherName { oid, value }),
        Err(problem) => {
            problems.push(problem.at(value.span()));
            None
        }
    }
}

fn within(problem: &Diagnostic, text: Fragment<'_>) -> bool {
    let whole = text.span();
    problem.span.is_some_and(|span| span.start >= whole.start && span.end <= whole.end)
}

#[cfg(test)]
mod tests {
    use super::super::text::Text;
    use super::*;

    fn parsed(string: &str) -> (Vec<String>, Vec<Diagnostic>) {
        let mut text = Text::new(0);
        text.push(string, 0);
        let mut problems = Vec::new();
        let names = read(text.whole(), &mut problems);
        (names.iter().map(ToString::to_string).collect(), problems)
    }

    #[test]
    fn every_token_has_its_kind() {
        let (names, problems) = parsed(
            "dns=a.example& EMail = a@b.c&upn=u@d&iPAddress=10.0.0.1&IPADDRESS=::1&URL=http://h/?x=dns=1&\
             DirectoryName=CN=Name,DC=com&RegisteredId=1.2.3&GUID=f7c3ac41-b8ce-4fb4-aa58-3d1dc0e36b39&dns=UDID=1&",
        );
        assert_eq!(problems, []);
        let expected = [
            "DNS:a.example",
            "email:a@b.c",
            "UPN:u@d",
            "IP:10.0.0.1",
            "IP:::1",
            "URI:http://h/?x=dns=1",
            "directoryName:CN=Name,DC=com",
            "registeredID:1.2.3",
            "otherName:1.3.6.1.4.1.311.25.1;41acc3f7ceb8b44faa583d1dc0e36b39",
            "DNS:UDID=1",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn other_names_have_four_forms() {
        let (names, problems) = parsed(
            "1.2.1={utf8}String&1.2.2={octet}AAECAwQFBgc=&1.2.3={octet}{hex}00 01&1.2.4={asn}BAgAAQIDBAUGBw==&\
             1.2.5={asn}{hex}0500&1.2.6={hex}05 00",
        );
        assert_eq!(problems, []);
        let expected = [
            "otherName:1.2.1;String",
            "otherName:1.2.2;0001020304050607",
            "otherName:1.2.3;0001",
            "otherName:1.2.4;04080001020304050607",
            "otherName:1.2.5;0500",
            "otherName:1.2.6;0500",
        ];
        assert_eq!(names, expected);
        assert!(parsed("1.2.3=x").1[0].help.as_deref() == Some("write 1.2.3={utf8}x"));
        assert!(parsed("1.2.3={asn}{hex}0501").1[0].message.contains("one DER value"));
    }

    #[test]
    fn glued_names_are_told_apart() {
        let (names, problems) = parsed("dns=a.exampleDNS=b.example");
        assert!(names.is_empty());
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].help.as_deref(), Some("end every name with &: dns=a.example&"));
        assert_eq!(parsed("dns=a,dns=b").1[0].help.as_deref(), Some("end every name with &: dns=a&"));
    }

    #[test]
    fn wrong_words_are_answered_with_the_right_ones() {
        let message = |text: &str| parsed(text).1.remove(0).message;
        assert!(message("dsn=a").ends_with("did you mean `DNS`?"));
        assert_eq!(parsed("www.example.com").1[0].help.as_deref(), Some("write dns=www.example.com"));
        assert_eq!(parsed("DNS:www.example.com").1[0].help.as_deref(), Some("write DNS=www.example.com"));
        assert_eq!(message("&&"), "no names");
        assert_eq!(parsed("ip=10.0.0.1").1[0].help.as_deref(), Some("write ipaddress="));
    }
}
