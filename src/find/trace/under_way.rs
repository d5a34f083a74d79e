//! Renewals that are not through: what they leave in between is theirs to finish.

use std::path::Path;

use super::{ByHand, Trace};
use crate::key::KeyId;
use crate::shell::word;
use crate::state::Record;

/// The renewal that a trace belongs to: by its key, or by the label that is being handed over.
pub(super) fn renewal(trace: &Trace, records: &[&Record]) -> Option<ByHand> {
    let is_its = |record: &&&Record| {
        let site = site_of(&record.label, &record.key_id());
        let names = trace.objects.iter().map(|object| object.label.as_str()).chain([trace.label.as_str()]);
        let is_of_site =
            |label: &str| label == site || label.strip_prefix(site).is_some_and(|rest| rest.starts_with('.'));
        record.renewal.is_some() && (record.key_id() == trace.id || names.into_iter().any(is_of_site))
    };
    let record = records.iter().find(is_its)?;
    let spec = record.request.as_ref().and_then(|request| request.spec_file.as_deref());
    Some(ByHand {
        why: "a renewal of it is not through, and knows how to go on".to_owned(),
        commands: vec![renew(spec)],
    })
}

/// The command that goes on with a renewal.
pub(super) fn renew(spec: Option<&Path>) -> String {
    format!("hsmcert renew {}", spec.map_or("SPEC".into(), |spec| word(&spec.display().to_string())))
}

/// The label that a renewal gives to a new pair in the end: until then the first 8 digits of its id stand behind it.
pub(super) fn site_of<'l>(label: &'l str, id: &KeyId) -> &'l str {
    let id = id.to_string();
    let suffix = id.get(..8).unwrap_or(&id);
    label.strip_suffix(suffix).and_then(|site| site.strip_suffix('.')).unwrap_or(label)
}
