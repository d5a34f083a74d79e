//! Challenges (RFC 8555, section 8; RFC 8737; RFC 8738): what the CA is shown, one file for each kind.

mod dns_01;
mod http_01;
mod listener;
mod tls_alpn_01;
mod webroot;

use std::time::Duration;

use instant_acme::{Challenge as Offered, ChallengeType, Identifier, KeyAuthorization};

use super::PROTOCOL;
use crate::authority::{Acme, Challenge, Http01};
use crate::ca::{Error, Surroundings};
use crate::request::GeneralName;

/// What proves one name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof<'a> {
    pub(super) identifier: &'a Identifier,
    pub(super) token: &'a str,
    pub(super) key_authorization: &'a KeyAuthorization,
}

/// What the CA is shown. It is taken away when this is dropped.
pub(super) trait Answers {
    /// Shows one more.
    fn set(&mut self, proof: &Proof<'_>) -> Result<(), Error>;

    /// How long it takes until everybody sees what was set.
    fn settling_time(&self) -> Duration {
        Duration::ZERO
    }
}

/// Whoever answers, as configured.
pub(super) fn answers<'a>(acme: &'a Acme, around: &'a dyn Surroundings) -> Result<Box<dyn Answers + 'a>, Error> {
    Ok(match &acme.challenge {
        Challenge::Http01(Http01::Listen(address)) => Box::new(http_01::Files::serve(*address)?),
        Challenge::Http01(Http01::Webroot(folder)) => Box::new(webroot::Files::below(folder, around)),
        Challenge::Dns01(hook) => Box::new(dns_01::Records::by(hook, Duration::from_secs(acme.timeout), around)),
        Challenge::TlsAlpn01(address) => Box::new(tls_alpn_01::Certificates::serve(*address)?),
    })
}

/// As the CA names it.
pub(super) fn kind(challenge: &Challenge) -> ChallengeType {
    match challenge {
        Challenge::Http01(_) => ChallengeType::Http01,
        Challenge::Dns01(_) => ChallengeType::Dns01,
        Challenge::TlsAlpn01(_) => ChallengeType::TlsAlpn01,
    }
}

/// Its word.
pub(super) fn word(kind: &ChallengeType) -> &str {
    match kind {
        ChallengeType::Http01 => "http-01",
        ChallengeType::Dns01 => "dns-01",
        ChallengeType::TlsAlpn01 => "tls-alpn-01",
        ChallengeType::Unknown(word) => word,
        _ => "another challenge",
    }
}

/// What a CA offers, in words.
pub(super) fn offered(challenges: &[Offered]) -> String {
    challenges.iter().map(|one| word(&one.r#type)).collect::<Vec<_>>().join(", ")
}

/// The names of an order (RFC 8555, section 7.1.3; RFC 8738), each once.
pub(super) fn identifiers(names: &[GeneralName], challenge: &Challenge) -> Result<Vec<Identifier>, Error> {
    let wrong = |reason| Err(Error::Configuration { protocol: PROTOCOL, reason });
    let mut identifiers = Vec::new();
    for name in names {
        let identifier = match (name, challenge) {
            (GeneralName::Dns(name), Challenge::Http01(_) | Challenge::TlsAlpn01(_)) if name.starts_with("*.") => {
                return wrong(format!("{name} can only be proved by challenge = \"dns-01\""));
            }
            (GeneralName::Ip(address), Challenge::Dns01(_)) => {
                return wrong(format!("{address} can be proved by http-01 and tls-alpn-01, and not by dns-01"));
            }
            (GeneralName::Dns(name), _) => Identifier::Dns(name.to_ascii_lowercase()),
            (GeneralName::Ip(address), _) => Identifier::Ip(*address),
            (other, _) => return wrong(format!("ACME proves DNS names and addresses, and not {other}")),
        };
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    if identifiers.is_empty() {
        return wrong(
            "ACME proves DNS names and addresses, and the request has none among its alternative names".into(),
        );
    }
    Ok(identifiers)
}

/// A token is a file's name and part of a URL: nothing else than base64url (section 8.3) is taken from a CA.
fn safe(token: &str) -> Result<&str, Error> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !token.is_empty() && token.bytes().all(is_safe) {
        return Ok(token);
    }
    Err(Error::Answer { message: format!("its token {token:?} is not base64url (RFC 8555, section 8.3)") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(name: &str) -> GeneralName {
        GeneralName::Dns(name.to_owned())
    }

    #[test]
    fn names_that_cannot_be_proved_are_refused() {
        let (http, records) = (
            Challenge::Http01(Http01::Listen(None)),
            Challenge::Dns01(crate::authority::Dns01 { command: vec!["hook".into()], env: vec![], wait: 0 }),
        );
        let refused = |names: &[GeneralName], challenge| identifiers(names, challenge).unwrap_err().to_string();
        assert!(refused(&[dns("a.example"), dns("*.a.example")], &http).contains("*.a.example can only be proved by"));
        assert!(refused(&[dns("*.a.example")], &Challenge::TlsAlpn01(None)).contains("dns-01"));
        assert!(refused(&[GeneralName::Ip([192, 0, 2, 1].into())], &records).contains("192.0.2.1"));
        assert!(refused(&[GeneralName::Email("a@example.com".into())], &http).contains("a@example.com"));
        assert!(refused(&[], &http).contains("has none"));
        let both = identifiers(&[dns("*.A.example"), dns("a.example"), dns("A.example")], &records).unwrap();
        assert_eq!(both, [Identifier::Dns("*.a.example".into()), Identifier::Dns("a.example".into())]);
    }

    #[test]
    fn a_token_is_no_path() {
        assert!(safe("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0").is_ok());
        for token in ["", "../../etc/passwd", "a/b", "a b", "ä", ".."] {
            assert!(safe(token).is_err(), "{token}");
        }
    }
}
