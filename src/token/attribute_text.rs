//! Attribute templates in words, for people who want to see what the token is sent.

use cryptoki::object::Attribute;

use super::new_key_pair::NewKeyPair;
use super::public_key::ml_dsa_set;
use super::template_ladder::ladder;
use super::vendor::Quirks;
use crate::key::KeyAlgorithm;

/// One attribute of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeText {
    /// `CKA_...`.
    pub attribute: String,
    /// Its value.
    pub value: String,
}

impl NewKeyPair {
    /// What `C_GenerateKeyPair` would be sent first: public and private half.
    #[must_use]
    pub fn attribute_templates(&self, quirks: &Quirks) -> (Vec<AttributeText>, Vec<AttributeText>) {
        let words = |template: &[Attribute]| template.iter().map(in_words).collect();
        ladder(self, quirks).first().map(|step| (words(&step.public), words(&step.private))).unwrap_or_default()
    }
}

fn in_words(attribute: &Attribute) -> AttributeText {
    let hex = base16ct::lower::encode_string;
    let value = match attribute {
        Attribute::Id(id) => format!("{} random bytes", id.len()),
        Attribute::Label(label) => format!("\"{}\"", String::from_utf8_lossy(label)),
        Attribute::PublicExponent(bytes) | Attribute::EcParams(bytes) => hex(bytes),
        Attribute::ModulusBits(bits) => bits.to_string(),
        Attribute::ParameterSet(set) => {
            ml_dsa_set(*set).map_or_else(|| format!("{set:?}"), |set| KeyAlgorithm::MlDsa(set).to_string())
        }
        Attribute::Token(on)
        | Attribute::Private(on)
        | Attribute::Sensitive(on)
        | Attribute::Extractable(on)
        | Attribute::Sign(on)
        | Attribute::Verify(on)
        | Attribute::Encrypt(on)
        | Attribute::Decrypt(on)
        | Attribute::Unwrap(on)
        | Attribute::Wrap(on)
        | Attribute::Derive(on) => on.to_string(),
        other => format!("{other:?}"),
    };
    AttributeText { attribute: attribute.attribute_type().to_string(), value }
}
