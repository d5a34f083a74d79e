//! Extensions as tables and JSON show them.

use hsmcert::x509::DescribedExtension;
use serde::Serialize;

use super::facts::Facts;

/// So many values of one extension are printed; a file with thousands of names is read as JSON.
const MOST: usize = 50;

/// One extension for `--json`.
#[derive(Debug, Serialize)]
pub(super) struct JsonExtension {
    oid: String,
    name: String,
    critical: bool,
    values: Vec<String>,
}

impl From<&DescribedExtension> for JsonExtension {
    fn from(extension: &DescribedExtension) -> Self {
        let DescribedExtension { oid, name, critical, values } = extension;
        Self { oid: oid.to_string(), name: name.clone(), critical: *critical, values: values.clone() }
    }
}

impl JsonExtension {
    /// Adds its lines.
    pub(super) fn draw(&self, facts: &mut Facts) {
        let name = if self.critical { format!("{} (critical)", self.name) } else { self.name.clone() };
        facts.list(&name, self.values.iter().take(MOST));
        if self.values.is_empty() {
            facts.line(&name, "(empty)");
        }
        if let more @ 1.. = self.values.len().saturating_sub(MOST) {
            facts.line("", &format!("... and {more} more (all with --json)"));
        }
    }
}
