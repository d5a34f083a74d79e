//! Policies.

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;

use crate::spec::toml::placed::{Many, Placed, TextOr};

/// A policy: its object identifier, or a table with what a user may read about it.
pub(in crate::spec::toml) type Policy = TextOr<PolicyTable>;

/// A policy with qualifiers.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(in crate::spec::toml) struct PolicyTable {
    /// The policy.
    pub(in crate::spec::toml) oid: Placed<String>,
    /// Where the practice statement is.
    pub(in crate::spec::toml) cps: Option<Many<String>>,
    /// A text to show.
    pub(in crate::spec::toml) notice: Option<Many<String>>,
}
