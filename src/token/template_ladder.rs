//! The ladder of attribute templates for a key pair: what suits the product, what suits the standard, and the least
//! that makes the same key. Every rung keeps the private key in the token: none leaves out `CKA_SENSITIVE` true and
//! `CKA_EXTRACTABLE` false.

use std::fmt;

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::object::Attribute;

use super::attribute_template::{self as template, Ed25519Name};
use super::new_key_pair::NewKeyPair;
use super::vendor::Quirks;
use crate::key::KeyAlgorithm;

/// A rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rung {
    /// As the product's row says.
    Vendor,
    /// Everything that hsmcert would say to an unknown module.
    Full,
    /// Without what a module may decide by itself.
    Minimal,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vendor => "vendor's",
            Self::Full => "full",
            Self::Minimal => "minimal",
        })
    }
}

/// One try: the templates of both halves.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) rung: Rung,
    pub(super) public: Vec<Attribute>,
    pub(super) private: Vec<Attribute>,
    /// Another name of the curve comes next, so that more return values lead on.
    names_curve_anew: bool,
}

impl Step {
    /// Whether the next step may do better after this refusal: only if the refusal is about the template.
    pub(super) fn leads_on_after(&self, error: &Cryptoki) -> bool {
        match error {
            Cryptoki::Pkcs11(
                RvError::AttributeReadOnly
                | RvError::AttributeTypeInvalid
                | RvError::AttributeValueInvalid
                | RvError::TemplateInconsistent
                | RvError::TemplateIncomplete
                | RvError::KeyTypeInconsistent
                | RvError::KeyFunctionNotPermitted,
                _,
            ) => true,
            // SoftHSM says CKR_GENERAL_ERROR to a curve that it does not know.
            Cryptoki::Pkcs11(
                RvError::MechanismParamInvalid
                | RvError::DomainParamsInvalid
                | RvError::CurveNotSupported
                | RvError::ArgumentsBad
                | RvError::GeneralError,
                _,
            ) => self.names_curve_anew,
            _ => false,
        }
    }
}

/// The steps for a pair. Rungs that would say the same are one.
pub(super) fn ladder(pair: &NewKeyPair, quirks: &Quirks) -> Vec<Step> {
    let names: &[Ed25519Name] = match pair.algorithm {
        KeyAlgorithm::Ed25519 => &[Ed25519Name::Word, Ed25519Name::Oid],
        KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Ec(_) | KeyAlgorithm::MlDsa(_) => &[Ed25519Name::Word],
    };
    let mut steps: Vec<Step> = Vec::new();
    for rung in [Rung::Vendor, Rung::Full, Rung::Minimal] {
        if rung == Rung::Vendor && !is_special(quirks) {
            continue;
        }
        for (index, name) in names.iter().enumerate() {
            let step = Step {
                rung,
                public: template::public_key(pair, *name, rung, quirks),
                private: template::private_key(pair, rung, quirks),
                names_curve_anew: index + 1 < names.len(),
            };
            steps.push(step);
        }
    }
    steps
}

/// Whether the product's templates are others than the full ones.
fn is_special(quirks: &Quirks) -> bool {
    let Quirks { public_key_private, deny_uses_in_template, .. } = *quirks;
    public_key_private || deny_uses_in_template
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Curve;
    use crate::request::KeyPurposes;
    use crate::token::vendor::VENDORS;

    fn steps(algorithm: KeyAlgorithm, quirks: &Quirks) -> Vec<Step> {
        let pair = NewKeyPair::new("web".to_owned(), algorithm, KeyPurposes::default(), quirks).unwrap();
        ladder(&pair, quirks)
    }

    #[test]
    fn no_rung_lets_the_private_key_out() {
        for vendor in VENDORS {
            for algorithm in [KeyAlgorithm::DEFAULT, KeyAlgorithm::Ec(Curve::P256), KeyAlgorithm::Ed25519] {
                for step in steps(algorithm, &vendor.quirks) {
                    assert!(step.private.contains(&Attribute::Sensitive(true)), "{} {step:?}", vendor.profile);
                    assert!(step.private.contains(&Attribute::Extractable(false)), "{} {step:?}", vendor.profile);
                    assert!(step.private.contains(&Attribute::Private(true)), "{} {step:?}", vendor.profile);
                    assert!(step.private.contains(&Attribute::Token(true)), "{} {step:?}", vendor.profile);
                }
            }
        }
    }

    #[test]
    fn an_unknown_module_is_never_told_what_a_key_may_not_do() {
        let is_false = |one: &Attribute| {
            matches!(one, Attribute::Decrypt(false) | Attribute::Unwrap(false) | Attribute::Derive(false))
        };
        let all = steps(KeyAlgorithm::DEFAULT, &Quirks::STANDARD);
        assert_eq!(all.iter().map(|step| step.rung).collect::<Vec<_>>(), [Rung::Full, Rung::Minimal]);
        assert!(!all.iter().flat_map(|step| &step.private).any(is_false), "{all:?}");
        let softhsm = steps(KeyAlgorithm::DEFAULT, &Quirks { deny_uses_in_template: true, ..Quirks::STANDARD });
        assert_eq!(softhsm[0].private.iter().filter(|one| is_false(one)).count(), 2, "{:?}", softhsm[0]);
        assert!(!softhsm[1].private.iter().any(is_false), "{:?}", softhsm[1]);
    }

    #[test]
    fn only_a_refusal_that_is_about_the_template_leads_on() {
        use cryptoki::context::Function::GenerateKeyPair;
        let refusal = |value| Cryptoki::Pkcs11(value, GenerateKeyPair);
        let [word, oid, ..] = &steps(KeyAlgorithm::Ed25519, &Quirks::STANDARD)[..] else { panic!() };
        assert!(word.leads_on_after(&refusal(RvError::GeneralError)));
        assert!(!oid.leads_on_after(&refusal(RvError::GeneralError)));
        assert!(oid.leads_on_after(&refusal(RvError::AttributeTypeInvalid)));
        for value in [RvError::DeviceError, RvError::DeviceMemory, RvError::MechanismInvalid, RvError::UserNotLoggedIn]
        {
            assert!(!word.leads_on_after(&refusal(value)), "{value:?}");
        }
    }
}
