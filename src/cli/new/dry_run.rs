//! `hsmcert new --dry-run`: the effective request and what the token would be sent.

use hsmcert::request::{KeySource, RequestSpec};
use hsmcert::token::{AttributeText, NewKeyPair};
use serde::Serialize;

use super::super::effective::{self, Effective};
use super::super::facts::Facts;
use super::super::failure::Failure;
use super::super::report::Report;
use super::Global;

/// The result as JSON.
#[derive(Serialize)]
struct DryRun {
    #[serde(flatten)]
    effective: Effective,
    /// For `C_GenerateKeyPair`; empty when a key is reused.
    public_key_template: Vec<JsonAttribute>,
    private_key_template: Vec<JsonAttribute>,
}

/// One attribute of a template.
#[derive(Serialize)]
struct JsonAttribute {
    attribute: String,
    value: String,
}

pub(super) fn run(global: &Global, request: &RequestSpec, report: &Report) -> Result<(), Failure> {
    let target = effective::target(global, request)?;
    let quirks = target.quirks;
    let effective = Effective::new(request, &Ok(target))?;
    let (public, private) = match request.key.source {
        KeySource::Generate => {
            let label = request.label().unwrap_or_default();
            NewKeyPair::new(label, request.key.algorithm, request.key.purposes, &quirks)
                .map_err(hsmcert::Error::from)?
                .attribute_templates(&quirks)
        }
        KeySource::Existing => (vec![], vec![]),
    };
    let json = |template: &[AttributeText]| template.iter().map(JsonAttribute::from).collect::<Vec<_>>();
    let dry_run = DryRun { effective, public_key_template: json(&public), private_key_template: json(&private) };
    let mut facts = Facts::new("dry run: the token is not touched, nothing is written", 26);
    dry_run.effective.draw(&mut facts);
    for (half, template) in
        [("public key", &dry_run.public_key_template), ("private key", &dry_run.private_key_template)]
    {
        facts.list(half, template.iter().map(|one| format!("{} = {}", one.attribute, one.value)));
    }
    report.result(&dry_run, &facts.finish());
    Ok(())
}

impl From<&AttributeText> for JsonAttribute {
    fn from(text: &AttributeText) -> Self {
        let AttributeText { attribute, value } = text;
        Self { attribute: attribute.clone(), value: value.clone() }
    }
}
