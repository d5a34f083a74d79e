//! `type = "acme"`: a CA that issues to whoever controls the names (RFC 8555).

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

use super::SecretSource;
use crate::command;

/// A CA that speaks ACME.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Table")]
pub struct Acme {
    /// URL of its directory (section 7.1.1).
    pub directory: String,
    /// PEM certificates that replace the roots of the operating system for its HTTPS.
    pub root: Option<PathBuf>,
    /// URLs by which it reaches the owner of the account.
    pub contact: Vec<String>,
    /// The kind of certificate, of those that the CA names (draft-ietf-acme-profiles).
    pub profile: Option<String>,
    /// The account at the CA that the ACME account belongs to (section 7.3.4).
    pub external_account: Option<ExternalAccount>,
    /// How the names are proved.
    pub challenge: Challenge,
    /// Seconds that the CA may take to check the names and again to issue, and a hook for its work.
    pub timeout: u64,
}

/// An account at the CA that is not ACME's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// Its identifier.
    pub key_id: String,
    /// Its MAC key, in base64url as CAs hand it out.
    pub key_source: SecretSource,
}

/// How a name is proved (section 8; RFC 8737; RFC 8738 for addresses).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// A file that the CA fetches over HTTP.
    Http01(Http01),
    /// A TXT record.
    Dns01(Dns01),
    /// A TLS server with a certificate of its own, on this address; `None`: on port 443 of all.
    TlsAlpn01(Option<SocketAddr>),
}

/// Who serves the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Http01 {
    /// hsmcert itself on this address; `None`: on port 80 of all.
    Listen(Option<SocketAddr>),
    /// A web server with this root folder.
    Webroot(PathBuf),
}

/// A command that sets and removes TXT records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dns01 {
    /// Program and arguments; no shell is in between.
    pub command: Vec<String>,
    /// Names of environment variables that it gets beside the usual ones.
    pub env: Vec<String>,
    /// Seconds until all name servers have a record that was set.
    pub wait: u64,
}

/// As it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    directory: String,
    root: Option<PathBuf>,
    #[serde(default)]
    contact: Vec<String>,
    #[serde(default)]
    terms_of_service_agreed: bool,
    profile: Option<String>,
    eab_key_id: Option<String>,
    eab_key_source: Option<SecretSource>,
    challenge: Word,
    listen: Option<SocketAddr>,
    webroot: Option<PathBuf>,
    command: Option<Vec<String>>,
    env: Option<Vec<String>>,
    wait: Option<u64>,
    #[serde(default = "three_minutes")]
    timeout: u64,
}

#[derive(Clone, Copy, Deserialize)]
enum Word {
    #[serde(rename = "http-01")]
    Http01,
    #[serde(rename = "dns-01")]
    Dns01,
    #[serde(rename = "tls-alpn-01")]
    TlsAlpn01,
}

/// Let's Encrypt, "ACME Client Implementation Guide" and "Staging Environment".
const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// What most name servers need until they all say the same.
const HALF_A_MINUTE: u64 = 30;

impl TryFrom<Table> for Acme {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        if !table.terms_of_service_agreed {
            return Err("read the CA's terms of service and say so: terms-of-service-agreed = true".to_owned());
        }
        let challenge = table.challenge()?;
        let Table { directory, root, contact, profile, eab_key_id, eab_key_source, timeout, .. } = table;
        let external_account = match (eab_key_id, eab_key_source) {
            (None, None) => None,
            (Some(key_id), Some(key_source)) => Some(ExternalAccount { key_id, key_source }),
            (_, _) => return Err("eab-key-id and eab-key-source belong together".to_owned()),
        };
        let directory = match directory.as_str() {
            "letsencrypt" => LETS_ENCRYPT.to_owned(),
            "letsencrypt-staging" => LETS_ENCRYPT_STAGING.to_owned(),
            _ => directory,
        };
        let url = |contact: String| if contact.contains(':') { contact } else { format!("mailto:{contact}") };
        let contact = contact.into_iter().map(url).collect();
        Ok(Self { directory, root, contact, profile, external_account, challenge, timeout })
    }
}

impl Table {
    fn challenge(&self) -> Result<Challenge, String> {
        let Self { challenge, listen, webroot, command, env, wait, .. } = self;
        let is_without_hook = command.is_none() && env.is_none() && wait.is_none();
        match (challenge, webroot, command.as_deref()) {
            (Word::Http01, None, _) if is_without_hook => Ok(Challenge::Http01(Http01::Listen(*listen))),
            (Word::Http01, Some(folder), _) if is_without_hook && listen.is_none() => {
                Ok(Challenge::Http01(Http01::Webroot(folder.clone())))
            }
            (Word::Http01, _, _) => Err("http-01 has listen or webroot, and neither command, env nor wait".to_owned()),
            (Word::Dns01, None, Some(command @ [_, ..])) if listen.is_none() => Ok(Challenge::Dns01(Dns01 {
                command: command.to_vec(),
                env: command::checked(env.clone().unwrap_or_default())?,
                wait: wait.unwrap_or(HALF_A_MINUTE),
            })),
            (Word::Dns01, _, _) => Err("dns-01 has a command, env and wait, and neither listen nor webroot".to_owned()),
            (Word::TlsAlpn01, None, _) if is_without_hook => Ok(Challenge::TlsAlpn01(*listen)),
            (Word::TlsAlpn01, _, _) => Err("tls-alpn-01 has listen and nothing else".to_owned()),
        }
    }
}

fn three_minutes() -> u64 {
    180
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &str) -> Result<Acme, String> {
        let text = format!("directory = 'letsencrypt'\nterms-of-service-agreed = true\n{more}");
        toml::from_str(&text).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_table_says_how_names_are_proved() {
        assert_eq!(read("challenge = 'http-01'").unwrap().challenge, Challenge::Http01(Http01::Listen(None)));
        let webroot = read("challenge = 'http-01'\nwebroot = '/srv/www'").unwrap().challenge;
        assert_eq!(webroot, Challenge::Http01(Http01::Webroot("/srv/www".into())));
        let Challenge::Dns01(records) = read("challenge = 'dns-01'\ncommand = ['hook']").unwrap().challenge else {
            panic!("not dns-01")
        };
        assert_eq!((records.command, records.wait), (vec!["hook".to_owned()], 30));
        let alpn = read("challenge = 'tls-alpn-01'\nlisten = '[::1]:4443'").unwrap().challenge;
        assert_eq!(alpn, Challenge::TlsAlpn01(Some("[::1]:4443".parse().unwrap())));
    }

    #[test]
    fn words_and_mailboxes_become_addresses() {
        let acme = read("challenge = 'http-01'\ncontact = ['a@example.com', 'tel:+1']").unwrap();
        assert_eq!(acme.directory, LETS_ENCRYPT);
        assert_eq!(acme.contact, ["mailto:a@example.com", "tel:+1"]);
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        for (more, says) in [
            ("", "challenge"),
            ("challenge = 'dns-01'", "command"),
            ("challenge = 'dns-01'\ncommand = []", "command"),
            ("challenge = 'http-01'\nlisten = '0.0.0.0:80'\nwebroot = '/srv'", "listen or webroot"),
            ("challenge = 'http-01'\nwait = 3", "listen or webroot"),
            ("challenge = 'tls-alpn-01'\nwebroot = '/srv'", "listen"),
            ("challenge = 'http-01'\nlisten = '80'", "socket address"),
            ("challenge = 'http-01'\neab-key-id = 'x'", "belong together"),
            ("challenge = 'http-01'\nemail = 'x'", "unknown field"),
            ("challenge = 'device-attest-01'", "unknown variant"),
        ] {
            let refused = read(more).unwrap_err();
            assert!(refused.contains(says), "{more}: {refused}");
        }
        let terms = toml::from_str::<Acme>("directory = 'x'\nchallenge = 'http-01'").unwrap_err();
        assert!(terms.message().contains("terms-of-service-agreed = true"), "{terms}");
    }
}
