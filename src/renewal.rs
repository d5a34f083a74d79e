//! What is configured of renewals: `[renewal]` in a TOML request, and in `hsmcert.toml` for all requests. Plain data; the
//! recipe is `renew`.

mod hook;

use std::collections::BTreeMap;
use std::num::NonZeroU32;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::authority::Authority;
use crate::due::{Margin, NotAMargin};
pub use hook::{Deploy, Hook, Server};

/// What a request file says of its renewals, beside the request itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// `[renewal]`.
    pub renewal: Renewal,
    /// `[ca.NAME]`.
    pub ca: BTreeMap<String, Authority>,
}

impl Upkeep {
    /// Whether the file says nothing of renewals.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.renewal == Renewal::default() && self.ca.is_empty()
    }
}

/// How the certificate is renewed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Renewal {
    /// The CA: the name of a `[ca.NAME]` table, here or in `hsmcert.toml`; `dev` is the throw-away CA. Without one a
    /// renewal waits for a certificate file after it made the CSR.
    pub ca: Option<String>,
    /// How long before its end the certificate is due: `30d`, `12h` or `33%`. Left out, a third of the lifetime, or half
    /// of it where that is 10 days or less.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub before: Option<Margin>,
    /// Make a new key pair for each renewal (`new`, also when left out), or go on with the one that there is (`same`).
    pub key: Option<KeyPolicy>,
    /// With `key = "same"`: so many certificates may be issued for a key, and the next one gets a new key.
    #[cfg_attr(test, schemars(with = "Option<u32>", range(min = 1)))]
    pub max_key_uses: Option<NonZeroU32>,
    /// With `key = "same"`: a key of this age, as in `365d`, is followed by a new one.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub max_key_age: Option<Age>,
    /// A command that runs before anything is done. When it fails, nothing is done.
    #[cfg_attr(test, schemars(with = "Option<hook::schema::Command>"))]
    pub pre: Option<Hook>,
    /// What is done with the new certificate, in this order: commands, and servers that get their configuration.
    #[cfg_attr(test, schemars(with = "Option<Vec<hook::schema::Step>>"))]
    pub deploy: Option<Vec<Deploy>>,
    /// A command that runs at the end, whatever came of it.
    #[cfg_attr(test, schemars(with = "Option<hook::schema::Command>"))]
    pub post: Option<Hook>,
}

impl Renewal {
    /// What is left out is taken from `other`.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let Self { ca, before, key, max_key_uses, max_key_age, pre, deploy, post } = self;
        Self {
            ca: ca.or_else(|| other.ca.clone()),
            before: before.or(other.before),
            key: key.or(other.key),
            max_key_uses: max_key_uses.or(other.max_key_uses),
            max_key_age: max_key_age.or(other.max_key_age),
            pre: pre.or_else(|| other.pre.clone()),
            deploy: deploy.or_else(|| other.deploy.clone()),
            post: post.or_else(|| other.post.clone()),
        }
    }
}

/// Which key the next certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum KeyPolicy {
    /// A new pair.
    #[default]
    New,
    /// The pair of the last one.
    Same,
}

/// An age in seconds, written as `365d` or `12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Age(pub i64);

/// A text that is no age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected days or hours, as in 365d or 12h")]
pub struct NotAnAge;

impl From<NotAMargin> for NotAnAge {
    fn from(_: NotAMargin) -> Self {
        Self
    }
}

impl TryFrom<String> for Age {
    type Error = NotAnAge;

    fn try_from(text: String) -> Result<Self, NotAnAge> {
        match text.parse()? {
            Margin::Seconds(seconds) => Ok(Self(seconds)),
            Margin::Usual | Margin::Percent(_) => Err(NotAnAge),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_request_says_wins() {
        let request: Renewal = toml::from_str("ca = 'a'\nkey = 'same'").unwrap();
        let everywhere: Renewal = toml::from_str("ca = 'b'\nbefore = '30d'\nmax-key-age = '365d'").unwrap();
        let both = request.or(&everywhere);
        assert_eq!((both.ca.as_deref(), both.key), (Some("a"), Some(KeyPolicy::Same)));
        assert_eq!((both.before, both.max_key_age), (Some(Margin::Seconds(30 * 86_400)), Some(Age(365 * 86_400))));
    }

    #[test]
    fn what_is_no_setting_is_refused() {
        for text in [
            "before = '30'",
            "max-key-age = '50%'",
            "max-key-uses = 0",
            "key = 'old'",
            "cas = 'x'",
            "pre = 'a command'",
            "pre = { command = ['a'], target = 'nginx' }",
            "deploy = 'nginx'",
            "deploy = [{ write = 'a' }]",
            "deploy = [{ target = 'nginx', command = ['a'] }]",
            "deploy = [{ command = ['a'], write = 'b' }]",
            "deploy = [{ target = 'nginx', wirte = 'b' }]",
        ] {
            assert!(toml::from_str::<Renewal>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn commands_and_servers_are_read_in_short_and_in_long() {
        let renewal: Renewal = toml::from_str(
            "pre = ['a', 'b']\npost = { command = ['c'], timeout = 5 }\n\
             deploy = ['nginx', { command = ['d'] }, { target = 'apache', write = 'e', check = [] }]",
        )
        .unwrap();
        assert_eq!(renewal.pre.map(|hook| (hook.0.command, hook.0.timeout)), Some((vec!["a".into(), "b".into()], 300)));
        assert_eq!(renewal.post.map(|hook| (hook.0.command, hook.0.timeout)), Some((vec!["c".into()], 5)));
        let steps = renewal.deploy.unwrap();
        let [Deploy::Server(nginx), Deploy::Command(command), Deploy::Server(apache)] = steps.as_slice() else {
            panic!("{steps:?}");
        };
        assert_eq!((nginx.target.as_str(), &nginx.write, nginx.timeout), ("nginx", &None, 300));
        assert_eq!(command.command, ["d"]);
        assert_eq!((&apache.write, &apache.check), (&Some("e".into()), &Some(vec![])));
    }
}
