//! The effective request: what `lint` and `new --dry-run` show of a request file, as the CA will see it.

use hsmcert::enroll::{Preview, preview};
use hsmcert::request::{KeyPurposes, KeyRequest, KeySource, Product, RequestSpec, Validity};
use hsmcert::x509::DescribedRequest;
use serde::Serialize;

use super::Global;
use super::clock::date;
use super::config::Config;
use super::environment::Environment;
use super::extensions::JsonExtension;
use super::facts::Facts;
use super::failure::Failure;
use super::target::{self, Target};

/// The effective request as JSON.
#[derive(Debug, Serialize)]
pub(super) struct Effective {
    /// `csr` or `self-signed-certificate`.
    product: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    validity: Option<String>,
    subject: String,
    /// In the order of the encoding.
    subject_rdns: Vec<String>,
    extensions: Vec<JsonExtension>,
    attributes: Vec<JsonAttribute>,
    key: JsonKey,
    /// `null` where it depends on a key that is only on the token.
    signature: Option<String>,
    token: JsonTarget,
}

#[derive(Debug, Serialize)]
struct JsonAttribute {
    oid: String,
    values: Vec<String>,
}

#[derive(Debug, Serialize)]
struct JsonKey {
    /// Made anew (`true`), or one that is on the token already.
    new: bool,
    /// The label of the new key, or what the existing one is found by.
    label: String,
    /// `null` for an existing key.
    algorithm: Option<String>,
    /// Uses beside signing.
    purposes: Vec<&'static str>,
}

/// Which token would be used, found without touching it.
#[derive(Debug, Serialize)]
struct JsonTarget {
    module: Option<String>,
    token: Option<String>,
    /// Why this one, or why none.
    why: String,
}

impl Effective {
    /// Works out what a request asks for and where it would go.
    pub(super) fn new(spec: &RequestSpec, target: &Result<Target, Failure>) -> Result<Self, Failure> {
        let Preview { label, request, scheme } = preview(spec)?;
        let DescribedRequest { subject, extensions, attributes } = request;
        let KeyRequest { algorithm, label: _, source, purposes: KeyPurposes { decrypt, derive } } = spec.key;
        let is_new = source == KeySource::Generate;
        let (product, validity) = match spec.product {
            Product::Pkcs10 => ("csr", None),
            Product::SelfSigned(validity) => ("self-signed-certificate", Some(validity_text(validity))),
        };
        let purposes = [("decrypt", decrypt), ("derive", derive)];
        Ok(Self {
            product,
            validity,
            subject: subject.to_string(),
            subject_rdns: subject.0.iter().map(|rdn| hsmcert::request::Name(vec![rdn.clone()]).to_string()).collect(),
            extensions: extensions.iter().map(JsonExtension::from).collect(),
            attributes: attributes
                .into_iter()
                .map(|attribute| JsonAttribute { oid: attribute.oid.to_string(), values: attribute.values })
                .collect(),
            key: JsonKey {
                new: is_new,
                label,
                algorithm: is_new.then(|| algorithm.to_string()),
                purposes: purposes.into_iter().filter(|(_, wanted)| *wanted).map(|(word, _)| word).collect(),
            },
            signature: scheme.map(|scheme| scheme.to_string()),
            token: match target {
                Ok(target) => JsonTarget {
                    module: Some(target.module.display().to_string()),
                    token: (!target.selector.is_empty()).then(|| target.selector.to_string()),
                    why: target.why.clone(),
                },
                Err(failure) => JsonTarget { module: None, token: None, why: failure.message.clone() },
            },
        })
    }

    /// Adds its lines.
    pub(super) fn draw(&self, facts: &mut Facts) {
        let Self { product, validity, subject: _, subject_rdns, extensions, attributes, key, signature, token } = self;
        let asks = match validity {
            Some(validity) => format!("{}, {validity}", product.replace('-', " ")),
            None => product.to_uppercase(),
        };
        facts.line("asks for", &asks);
        facts.line("subject", &if subject_rdns.is_empty() { "(empty)".to_owned() } else { subject_rdns.join(", ") });
        for extension in extensions {
            extension.draw(facts);
        }
        for JsonAttribute { oid, values } in attributes {
            facts.list(&format!("attribute {oid}"), values);
        }
        let JsonKey { new: _, label, algorithm, purposes } = key;
        let key = match algorithm {
            Some(algorithm) => format!("new, {algorithm}, label \"{label}\""),
            None => format!("on the token already: {label}"),
        };
        facts.line("key", &[&[key.as_str()], purposes.as_slice()].concat().join(", also to "));
        facts.line("signature", signature.as_deref().unwrap_or("as the key on the token allows"));
        let JsonTarget { module, token, why } = token;
        let token = token.as_ref().map(|token| format!(", token with {token}")).unwrap_or_default();
        match module {
            Some(module) => facts.line("token", &format!("{module}{token} ({why})")),
            None => facts.line("token", &format!("none: {why}")),
        }
    }
}

/// The token that a request would use.
pub(super) fn target(global: &Global, spec: &RequestSpec) -> Result<Target, Failure> {
    target::resolve(global, &Environment::read(), &Config::find()?, &spec.token)
}

fn validity_text(validity: Validity) -> String {
    match validity {
        Validity::For(period) => format!("valid for {period}"),
        Validity::Between { not_before, not_after } => {
            let from = not_before.map_or_else(|| "now".to_owned(), date);
            format!("valid from {from} to {}", date(not_after))
        }
    }
}
