//! What was made, as JSON and as text.

use hsmcert::enroll::{Document, Enrolled};
use hsmcert::token::TokenInfo;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::x509;
use serde::Serialize;

use super::super::facts::Facts;
use super::job::Job;

/// The result as JSON.
#[derive(Serialize)]
pub(super) struct Created {
    /// `csr`, or `self-signed-certificate` for `RequestType = Cert`.
    product: &'static str,
    /// Where it was written; `null` for stdout.
    file: Option<String>,
    /// The PEM itself, if it went to stdout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pem: Option<String>,
    subject: String,
    subject_alt_names: Vec<String>,
    label: String,
    id: String,
    algorithm: String,
    signature: String,
    new_key: bool,
    spki_sha256: String,
    key_uri: String,
    token: String,
    token_serial: String,
}

impl Created {
    pub(super) fn new(job: &Job, made: &Enrolled, token: &TokenInfo, wants_pem: bool) -> Self {
        let Enrolled { document, label, id, algorithm, scheme, is_new_key } = made;
        Self {
            product: match document {
                Document::Request(_) => "csr",
                Document::Certificate(_) => "self-signed-certificate",
            },
            file: (!job.is_to_stdout()).then(|| job.path.display().to_string()),
            pem: (job.is_to_stdout() && wants_pem).then(|| document.to_pem(job.header)),
            subject: document.subject().to_string(),
            subject_alt_names: document.subject_alt_names().iter().map(ToString::to_string).collect(),
            label: label.clone(),
            id: id.to_string(),
            algorithm: algorithm.to_string(),
            signature: scheme.to_string(),
            new_key: *is_new_key,
            spki_sha256: document.public_key().map(|key| x509::spki_fingerprint(&key)).unwrap_or_default(),
            key_uri: Pkcs11Uri {
                token: Some(token.label.clone()),
                id: Some(id.clone()),
                object: Some(label.clone()),
                object_type: Some(ObjectType::Private),
                ..Pkcs11Uri::default()
            }
            .to_string(),
            token: token.label.clone(),
            token_serial: token.serial.clone(),
        }
    }

    pub(super) fn describe(&self, document: &Document) -> String {
        let what = match document {
            Document::Request(_) => "CSR",
            Document::Certificate(_) => "self-signed certificate",
        };
        let mut facts = Facts::new(&format!("{what} written to {}", self.file.as_deref().unwrap_or("stdout")), 10);
        facts.line("subject", if self.subject.is_empty() { "(empty)" } else { &self.subject });
        if self.subject_alt_names.is_empty() {
            facts.line("SANs", "none: browsers will not accept a certificate without");
        }
        facts.list("SANs", &self.subject_alt_names);
        facts.line(self.kind_of_key(), &format!("\"{}\", {}, id {}", self.label, self.algorithm, self.id));
        facts.line("token", &format!("\"{}\", serial {}", self.token, self.token_serial));
        facts.line("signed", &format!("in the token by {}, signature verified", self.signature));
        facts.line("key URI", &self.key_uri);
        let next = match document {
            Document::Request(_) => {
                "next: give the CSR to your CA (all SANs too, if it asks for names), then: hsmcert accept CERTIFICATE"
            }
            Document::Certificate(_) => "the certificate is stored beside its key, and the link is proved",
        };
        format!("{}{next}\n", facts.finish())
    }

    /// One line of many.
    pub(super) fn line(&self) -> String {
        let file = self.file.as_deref().unwrap_or_default();
        format!("{file}: {} \"{}\", {}, id {}", self.kind_of_key(), self.label, self.algorithm, self.id)
    }

    fn kind_of_key(&self) -> &'static str {
        if self.new_key { "new key" } else { "key" }
    }
}
