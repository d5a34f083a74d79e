//! `hsmcert new SPEC [CSR]`.

mod dry_run;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use hsmcert::enroll::{self, Document, Enrolled, KeyWishes};
use hsmcert::file::{Access, OutputFile};
use hsmcert::key::KeyAlgorithm;
use hsmcert::key_reference::KeyReference;
use hsmcert::request::{KeySource, Product, RequestSpec};
use hsmcert::spec::{Format, Parsed};
use hsmcert::state::{PendingRequest, Record, State, WindowsRequest, time};
use hsmcert::token::vendor::RsaGeneration;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::x509::{self, PemHeader};
use serde::Serialize;

use super::clock::now;
use super::facts::Facts;
use super::failure::Failure;
use super::report::Report;
use super::request_file::{self, RequestOptions};
use super::{Global, connect, state};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert new request.inf request.csr.pem
  hsmcert new web.toml - --set dns=www.example.com | submit-to-my-ca
  hsmcert new request.inf --der --force
  hsmcert new request.inf renewed.csr.pem --reuse-key www.example.com
  hsmcert new request.inf --dry-run

A request with RequestType = Cert (TOML: self-signed) makes a self-signed certificate, which is stored beside its key.")]
pub(super) struct NewArguments {
    /// Request file, certreq INF or TOML; - for stdin
    spec: PathBuf,
    /// Where the CSR goes; - for stdout [default: SPEC with the ending .csr.pem; .crt.pem for a certificate]
    csr: Option<PathBuf>,
    /// Write DER instead of PEM
    #[arg(long)]
    der: bool,
    /// PEM header NEW CERTIFICATE REQUEST, as certreq writes it
    #[arg(long, conflicts_with = "der")]
    new_header: bool,
    /// Replace an existing CSR file
    #[arg(short, long)]
    force: bool,
    /// Label of the new key [default: `KeyContainer` or key.label, else the CN, else the first SAN]
    #[arg(long, value_name = "LABEL")]
    label: Option<String>,
    /// Use a key that is on the token: its label, id:HEX or pkcs11:id=...;object=...
    #[arg(long, value_name = "KEY", conflicts_with_all = ["label", "keep_key"])]
    reuse_key: Option<String>,
    /// If no CSR can be made, keep the new key pair instead of destroying it
    #[arg(long)]
    keep_key: bool,
    /// Mechanism that makes an RSA key [default: the one that the HSM's vendor prefers]
    #[arg(long, value_name = "MECHANISM", conflicts_with = "reuse_key")]
    key_gen_mechanism: Option<KeyGenMechanism>,
    /// Show what would be made, and touch neither token nor disk
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    request: RequestOptions,
}

/// The spelling of `--key-gen-mechanism`.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum KeyGenMechanism {
    /// `CKM_RSA_PKCS_KEY_PAIR_GEN`
    RsaPkcs,
    /// `CKM_RSA_X9_31_KEY_PAIR_GEN`
    #[value(name = "rsa-x9.31")]
    RsaX931,
    /// `CKM_RSA_FIPS_186_3_PRIME_KEY_PAIR_GEN` of Thales Luna
    #[value(name = "luna-fips-186-3")]
    LunaFips186,
}

impl From<KeyGenMechanism> for RsaGeneration {
    fn from(mechanism: KeyGenMechanism) -> Self {
        match mechanism {
            KeyGenMechanism::RsaPkcs => Self::RsaPkcs,
            KeyGenMechanism::RsaX931 => Self::RsaX931,
            KeyGenMechanism::LunaFips186 => Self::LunaFips186,
        }
    }
}

/// The result as JSON.
#[derive(Serialize)]
struct Created {
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

pub(super) fn run(global: &Global, arguments: NewArguments, report: &Report) -> Result<(), Failure> {
    let NewArguments {
        spec,
        csr,
        der,
        new_header,
        force,
        label,
        reuse_key,
        keep_key,
        key_gen_mechanism,
        dry_run,
        request,
    } = arguments;
    let from_stdin = request_file::is_standard_stream(&spec);
    if from_stdin && global.pin_source.as_deref() == Some("-") {
        return Err(Failure::usage("the request and the PIN cannot both come from stdin"));
    }
    let Parsed { spec: mut request, upkeep: _, format, diagnostics: _, source: _ } =
        request_file::read(&spec, &request, report)?;
    let container_is_meant = format == Format::Inf && label.is_none() && reuse_key.is_none();
    let windows = windows(global, &request, container_is_meant);
    if reuse_key.is_some() {
        request.key.source = KeySource::Existing;
    }
    request.key.label = label.or(reuse_key).or(request.key.label);
    if key_gen_mechanism.is_some() && !matches!(request.key.algorithm, KeyAlgorithm::Rsa { .. }) {
        let algorithm = request.key.algorithm;
        return Err(Failure::usage(format!("--key-gen-mechanism is for RSA keys, and this one is {algorithm}")));
    }
    enroll::preview(&request)?;
    let ending = match request.product {
        Product::Pkcs10 => "csr.pem",
        Product::SelfSigned(_) => "crt.pem",
    };
    let path = csr.unwrap_or_else(|| if from_stdin { PathBuf::from("-") } else { spec.with_extension(ending) });
    let to_stdout = request_file::is_standard_stream(&path);
    // Before the HSM is touched: can the file be written at all?
    let output = if to_stdout { None } else { Some(OutputFile::new(&path, Access::Public, force)?) };
    if dry_run {
        return dry_run::run(global, &request, report);
    }
    let memory = state::open(global, report)?;
    let header = if new_header { PemHeader::New } else { PemHeader::Standard };
    let encode = |made: &Document| if der { made.der().to_vec() } else { made.to_pem(header).into_bytes() };

    let (made, token, module) = connect::with_session(global, &request.token, report, |session| {
        let wishes = KeyWishes { keep: keep_key, rsa_generation: key_gen_mechanism.map(RsaGeneration::from) };
        let made = enroll::enroll(session, &request, wishes, now(), |document| match &output {
            // A CSR can be made again (--reuse-key), and a self-signed certificate is on the token.
            Some(output) => output.write_unflushed(&encode(document)),
            None => Ok(()),
        })?;
        Ok((made, session.token().clone(), std::path::absolute(session.module_path()).ok()))
    })?;

    if let Some(memory) = memory {
        let files = ((!to_stdout).then_some(path.as_path()), (!from_stdin).then_some(spec.as_path()));
        remember(&memory, &made, (&token, module), files, windows, report);
    }
    let Enrolled { document, label, id, algorithm, scheme, is_new_key } = made;
    let created = Created {
        product: product(&document),
        file: (!to_stdout).then(|| path.display().to_string()),
        pem: (to_stdout && report.is_json()).then(|| document.to_pem(header)),
        subject: document.subject().to_string(),
        subject_alt_names: document.subject_alt_names().iter().map(ToString::to_string).collect(),
        id: id.to_string(),
        algorithm: algorithm.to_string(),
        signature: scheme.to_string(),
        new_key: is_new_key,
        spki_sha256: document.public_key().map(|key| x509::spki_fingerprint(&key)).unwrap_or_default(),
        key_uri: Pkcs11Uri {
            token: Some(token.label.clone()),
            id: Some(id),
            object: Some(label.clone()),
            object_type: Some(ObjectType::Private),
            ..Pkcs11Uri::default()
        }
        .to_string(),
        label,
        token: token.label,
        token_serial: token.serial,
    };
    let text = describe(&created, &document);
    if to_stdout && !report.is_json() {
        report.stdout(&encode(&document));
        report.aside(&text);
    } else {
        report.result(&created, &text);
    }
    Ok(())
}

/// For `accept`, which compares. The CSR is there already: a failure is no more than a warning.
fn remember(
    memory: &State,
    made: &Enrolled,
    (token, module): (&hsmcert::token::TokenInfo, Option<PathBuf>),
    (csr_file, spec_file): (Option<&Path>, Option<&Path>),
    windows: WindowsRequest,
    report: &Report,
) {
    let Document::Request(csr) = &made.document else { return };
    let Ok(key) = csr.public_key() else { return };
    let request = PendingRequest::new(csr, csr_file, spec_file, windows, now());
    let mut record = Record::new(&key, &made.label, &made.id, token);
    record.module = module;
    record.key_made = made.is_new_key.then(|| time(now()));
    if let Err(error) = memory.remember(request, record, &key) {
        report.warning(&format!("the request is not remembered, so accept will not compare with it: {error}"));
    }
}

/// What `accept` does with the certificate on Windows. `KeyContainer` is what the provider calls the key; a label of
/// a TOML or of the command line is not, and neither is a URI or an id.
fn windows(global: &Global, request: &RequestSpec, container_is_meant: bool) -> WindowsRequest {
    let is_name = |text: &String| matches!(KeyReference::parse(text), Ok(KeyReference::Label(_)));
    WindowsRequest {
        machine_store: global.machine || (request.machine_store && !global.user),
        friendly_name: request.friendly_name.clone(),
        provider: request.token.provider_name.clone(),
        key_container: request.key.label.clone().filter(|text| container_is_meant && is_name(text)),
    }
}

fn product(document: &Document) -> &'static str {
    match document {
        Document::Request(_) => "csr",
        Document::Certificate(_) => "self-signed-certificate",
    }
}

fn describe(created: &Created, document: &Document) -> String {
    let what = match document {
        Document::Request(_) => "CSR",
        Document::Certificate(_) => "self-signed certificate",
    };
    let mut facts = Facts::new(&format!("{what} written to {}", created.file.as_deref().unwrap_or("stdout")), 10);
    facts.line("subject", if created.subject.is_empty() { "(empty)" } else { &created.subject });
    if created.subject_alt_names.is_empty() {
        facts.line("SANs", "none: browsers will not accept a certificate without");
    }
    facts.list("SANs", &created.subject_alt_names);
    let key = if created.new_key { "new key" } else { "key" };
    facts.line(key, &format!("\"{}\", {}, id {}", created.label, created.algorithm, created.id));
    facts.line("token", &format!("\"{}\", serial {}", created.token, created.token_serial));
    facts.line("signed", &format!("in the token by {}, signature verified", created.signature));
    facts.line("key URI", &created.key_uri);
    let next = match document {
        Document::Request(_) => {
            "next: give the CSR to your CA (all SANs too, if it asks for names), then: hsmcert accept CERTIFICATE"
        }
        Document::Certificate(_) => "the certificate is stored beside its key, and the link is proved",
    };
    format!("{}{next}\n", facts.finish())
}
