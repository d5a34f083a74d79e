//! The result as JSON.

use hsmcert::bind::Bound;
use hsmcert::deploy::{Method, Site, Target};
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use serde::Serialize;

use super::files::Planned;

/// One object.
#[derive(Serialize)]
pub(super) struct Bind<'a> {
    target: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<String>,
    subject: String,
    subject_alt_names: Vec<String>,
    label: &'a str,
    id: String,
    key_uri: String,
    certificate_uri: String,
    token: &'a str,
    chain: String,
    pin_file: String,
    environment: Vec<Variable<'a>>,
    files: Vec<JsonFile<'a>>,
    next: Vec<JsonNext<'a>>,
}

#[derive(Serialize)]
struct Variable<'a> {
    name: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct JsonFile<'a> {
    purpose: &'a str,
    /// Absent for text that is only printed.
    path: Option<String>,
    change: &'static str,
    text: &'a str,
}

#[derive(Serialize)]
struct JsonNext<'a> {
    purpose: &'a str,
    command: &'a str,
}

impl<'a> Bind<'a> {
    pub(super) fn new(
        target: Target,
        method: Option<Method>,
        bound: &'a Bound,
        site: &'a Site,
        plan: &'a [Planned],
        written: bool,
        next: &'a [(&'static str, String)],
    ) -> Self {
        Self {
            target: target.to_string(),
            method: method.map(|method| method.to_string()),
            subject: bound.leaf.subject().to_string(),
            subject_alt_names: bound.leaf.subject_alt_names().iter().map(ToString::to_string).collect(),
            label: &bound.key.label,
            id: bound.key.id.to_string(),
            key_uri: uri(bound, ObjectType::Private),
            certificate_uri: uri(bound, ObjectType::Certificate),
            token: &bound.token.label,
            chain: site.chain.display().to_string(),
            pin_file: site.pin_file.display().to_string(),
            environment: site.environment.iter().map(|(name, value)| Variable { name, value }).collect(),
            files: plan.iter().map(|one| JsonFile::new(one, written)).collect(),
            next: next.iter().map(|(purpose, command)| JsonNext { purpose, command }).collect(),
        }
    }
}

impl<'a> JsonFile<'a> {
    fn new(planned: &'a Planned, written: bool) -> Self {
        Self {
            purpose: planned.file.purpose,
            path: planned.path.as_ref().map(|path| path.display().to_string()),
            change: if written { planned.change.word() } else { "printed" },
            text: &planned.file.text,
        }
    }
}

fn uri(bound: &Bound, object_type: ObjectType) -> String {
    let uri = Pkcs11Uri {
        token: Some(bound.token.label.clone()),
        id: Some(bound.key.id.clone()),
        object: Some(bound.key.label.clone()),
        object_type: Some(object_type),
        ..Pkcs11Uri::default()
    };
    uri.to_string()
}
