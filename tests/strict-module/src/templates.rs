//! What a module takes in a template.

use cryptoki_sys::{CK_ATTRIBUTE_TYPE, CK_RV, CKA_LABEL};
use pkcs11_forward::Template;

/// The rules for one kind of template. Without any, everything is left to the real module.
pub(crate) struct Rule {
    /// The attributes that are known, and what is said to another one.
    pub(crate) known: Option<(&'static [CK_ATTRIBUTE_TYPE], CK_RV)>,
    /// Attributes that must be there, and what is said without.
    pub(crate) required: (&'static [CK_ATTRIBUTE_TYPE], CK_RV),
    /// Flags that, if they are there, must have a value, and what is said to the other one.
    pub(crate) fixed: (&'static [(CK_ATTRIBUTE_TYPE, bool)], CK_RV),
    /// The longest label in bytes, and what is said to a longer one.
    pub(crate) label: Option<(usize, CK_RV)>,
}

impl Rule {
    pub(crate) const NONE: Self = Self { known: None, required: (&[], 0), fixed: (&[], 0), label: None };

    pub(crate) fn check(&self, template: &Template) -> Result<(), CK_RV> {
        if let Some((known, refusal)) = self.known
            && template.0.iter().any(|one| !known.contains(&one.type_))
        {
            return Err(refusal);
        }
        let (fixed, refusal) = self.fixed;
        if fixed.iter().any(|(kind, value)| template.flag(*kind).is_some_and(|said| said != *value)) {
            return Err(refusal);
        }
        let (required, refusal) = self.required;
        if required.iter().any(|kind| template.value(*kind).is_none()) {
            return Err(refusal);
        }
        match self.label {
            Some((longest, refusal)) if template.value(CKA_LABEL).is_some_and(|label| label.len() > longest) => {
                Err(refusal)
            }
            Some(_) | None => Ok(()),
        }
    }
}
