//! Which rows are meant; everything that is set must fit.

use super::pair::Row;
use super::pattern::{AlgorithmPattern, Pattern};
use crate::key::{KeyId, PublicKey};
use crate::request::{Name, NameAttribute, NameValue};
use crate::token::{ObjectClass, Wanted};

/// The filter.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `CKA_LABEL` of any of its objects.
    pub label: Option<Pattern>,
    /// `CKA_LABEL`, without wildcards.
    pub object: Option<String>,
    /// Subject of the certificate, the whole or any part.
    pub subject: Option<Pattern>,
    /// `CKA_ID`.
    pub id: Option<KeyId>,
    /// The algorithm.
    pub algorithm: Option<AlgorithmPattern>,
    /// The public key.
    pub key: Option<PublicKey>,
    /// It has an object of this class.
    pub class: Option<ObjectClass>,
    /// Its certificate ends by then, in seconds since 1970, or has ended.
    pub ends_by: Option<i64>,
    /// Something is missing, or was left by a run that was ended.
    pub orphans: bool,
    /// It shares with another what should be its own.
    pub duplicates: bool,
    /// Its key is weak.
    pub weak: bool,
}

impl Filter {
    /// What the token can search for; `None` when everything must be read. What is shared shows only in the whole.
    pub(super) fn search(&self) -> Option<Wanted<'_>> {
        if self.duplicates {
            return None;
        }
        let label = self.object.as_deref().or_else(|| self.label.as_ref().and_then(Pattern::literal));
        let id = self.id.as_ref().map(Wanted::Id);
        id.or(self.key.as_ref().map(Wanted::Key)).or(label.map(Wanted::Label))
    }

    /// Whether a row is meant.
    #[must_use]
    pub fn fits(&self, row: &Row) -> bool {
        let Self { label, object, subject, id, algorithm, key, class, ends_by, orphans, duplicates, weak } = self;
        let any_label = |test: &dyn Fn(&str) -> bool| row.objects().any(|one| test(&one.object.label));
        let certificate = row.certificate.as_ref();
        label.as_ref().is_none_or(|pattern| any_label(&|label| pattern.fits(label)))
            && object.as_ref().is_none_or(|wanted| any_label(&|label| label == wanted))
            && subject.as_ref().is_none_or(|pattern| certificate.is_some_and(|one| names(pattern, &one.subject())))
            && id.as_ref().is_none_or(|id| row.objects().any(|one| one.object.id == *id))
            && algorithm.as_ref().is_none_or(|pattern| pattern.fits(&row.algorithm()))
            && key.as_ref().is_none_or(|key| row.public_key.as_deref() == Some(key))
            && class.is_none_or(|class| row.has(class))
            && ends_by.is_none_or(|end| certificate.is_some_and(|one| one.not_after <= end))
            && (!orphans || row.orphan.is_some() || !row.traces.is_empty())
            && (!duplicates || !row.shared.is_empty())
            && (!weak || !row.weaknesses.is_empty())
    }
}

/// The whole name, an attribute such as `O=Example`, or the text of one.
fn names(pattern: &Pattern, name: &Name) -> bool {
    let attribute = |attribute: &NameAttribute| {
        let text = match &attribute.value {
            NameValue::Text { text, .. } => pattern.fits_any_case(text),
            NameValue::Octets(_) => false,
        };
        text || pattern.fits_any_case(&attribute.to_string())
    };
    pattern.fits_any_case(&name.to_string()) || name.0.iter().flat_map(|rdn| &rdn.0).any(attribute)
}
