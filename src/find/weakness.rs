//! Keys that are not what a key of an HSM should be.

use crate::key::{KeyAlgorithm, PublicKey};
use crate::token::{Listed, ObjectClass, Origin};

/// RSA keys under this size are not accepted by public CAs (CA/Browser Forum Baseline Requirements 6.1.5).
const LEAST_RSA_BITS: u32 = 2048;

/// One reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// `CKA_LOCAL` is false: the key was made elsewhere, and may still be there.
    NotLocal,
    /// `CKA_ALWAYS_SENSITIVE` is false: it could once be read.
    NotAlwaysSensitive,
    /// `CKA_NEVER_EXTRACTABLE` is false: it could once leave the token.
    NotNeverExtractable,
    /// The token does not tell all three of these.
    OriginNotShown,
    /// An RSA key that is too short.
    ShortRsa,
}

impl Weakness {
    /// A word for tables and scripts.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotLocal => "not-local",
            Self::NotAlwaysSensitive => "not-always-sensitive",
            Self::NotNeverExtractable => "not-never-extractable",
            Self::OriginNotShown => "origin-not-shown",
            Self::ShortRsa => "short-rsa",
        }
    }
}

/// The weaknesses of a key with these objects.
pub(super) fn of<'a>(objects: impl Iterator<Item = &'a Listed>, key: Option<&PublicKey>) -> Vec<Weakness> {
    let mut found = Vec::new();
    for listed in objects {
        match listed.object.class {
            ObjectClass::PrivateKey | ObjectClass::SecretKey => found.extend(of_origin(listed.origin)),
            ObjectClass::PublicKey | ObjectClass::Certificate => {}
        }
    }
    if let Some(KeyAlgorithm::Rsa { bits }) = key.map(PublicKey::algorithm)
        && bits < LEAST_RSA_BITS
    {
        found.push(Weakness::ShortRsa);
    }
    found
}

fn of_origin(origin: Origin) -> Vec<Weakness> {
    let Origin { local, always_sensitive, never_extractable } = origin;
    let told = [
        (local, Weakness::NotLocal),
        (always_sensitive, Weakness::NotAlwaysSensitive),
        (never_extractable, Weakness::NotNeverExtractable),
    ];
    let mut found: Vec<Weakness> =
        told.iter().filter(|(value, _)| *value == Some(false)).map(|(_, weakness)| *weakness).collect();
    if told.iter().any(|(value, _)| value.is_none()) {
        found.push(Weakness::OriginNotShown);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_token_does_not_tell_is_not_taken_for_good() {
        let good = Origin { local: Some(true), always_sensitive: Some(true), never_extractable: Some(true) };
        assert_eq!(of_origin(good), []);
        assert_eq!(of_origin(Origin { local: Some(false), ..good }), [Weakness::NotLocal]);
        assert_eq!(of_origin(Origin { never_extractable: None, ..good }), [Weakness::OriginNotShown]);
    }
}
