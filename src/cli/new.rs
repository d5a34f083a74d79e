//! `hsmcert new SPEC [CSR]`.

use std::path::PathBuf;

use clap::Args;
use hsmcert::enroll::{self, Enrolled};
use hsmcert::file::{Access, OutputFile};
use hsmcert::request::GeneralName;
use hsmcert::uri::{ObjectType, Pkcs11Uri};
use hsmcert::x509::{self, Csr, PemHeader};
use serde::Serialize;

use super::failure::Failure;
use super::report::{Report, shown};
use super::request_file::{self, RequestOptions};
use super::{Global, connect};

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  hsmcert new request.inf request.csr.pem
  hsmcert new web.toml - --set dns=www.example.com | submit-to-my-ca
  hsmcert new request.inf --der --force")]
pub(super) struct NewArguments {
    /// Request file, certreq INF or TOML; - for stdin
    spec: PathBuf,
    /// Where the CSR goes; - for stdout [default: SPEC with the ending .csr.pem]
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
    /// If no CSR can be made, keep the new key pair instead of destroying it
    #[arg(long)]
    keep_key: bool,
    #[command(flatten)]
    request: RequestOptions,
}

/// The result as JSON.
#[derive(Serialize)]
struct Created {
    csr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csr_pem: Option<String>,
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
    let NewArguments { spec, csr, der, new_header, force, label, keep_key, request } = arguments;
    let from_stdin = request_file::is_standard_stream(&spec);
    if from_stdin && global.pin_source.as_deref() == Some("-") {
        return Err(Failure::usage("the request and the PIN cannot both come from stdin"));
    }
    let mut request = request_file::read(&spec, request, report)?.spec;
    request.key.label = label.or(request.key.label);
    enroll::check(&request)?;
    let csr = csr.unwrap_or_else(|| if from_stdin { PathBuf::from("-") } else { spec.with_extension("csr.pem") });
    let to_stdout = request_file::is_standard_stream(&csr);
    // Before the HSM is touched: can the CSR be written at all?
    let output = if to_stdout { None } else { Some(OutputFile::new(&csr, Access::Public, force)?) };
    let header = if new_header { PemHeader::New } else { PemHeader::Standard };
    let encode = |csr: &Csr| if der { csr.der().to_vec() } else { csr.to_pem(header).into_bytes() };

    let (made, token) = connect::with_session(global, &request.token, report, |session| {
        let made = enroll::enroll(session, &request, keep_key, |csr| match &output {
            Some(output) => output.write(&encode(csr)),
            None => Ok(()),
        })?;
        Ok((made, session.token().clone()))
    })?;

    let created = Created {
        csr: (!to_stdout).then(|| csr.display().to_string()),
        csr_pem: (to_stdout && report.is_json()).then(|| made.csr.to_pem(header)),
        subject: made.csr.subject().to_string(),
        subject_alt_names: made.csr.subject_alt_names().iter().map(ToString::to_string).collect(),
        label: made.label.clone(),
        id: made.id.to_string(),
        algorithm: made.algorithm.to_string(),
        signature: made.scheme.to_string(),
        new_key: made.is_new_key,
        spki_sha256: made.csr.public_key().map(|key| x509::spki_fingerprint(&key)).unwrap_or_default(),
        key_uri: Pkcs11Uri {
            token: Some(token.label.clone()),
            id: Some(made.id.clone()),
            object: Some(made.label.clone()),
            object_type: Some(ObjectType::Private),
            ..Pkcs11Uri::default()
        }
        .to_string(),
        token: token.label,
        token_serial: token.serial,
    };
    let text = describe(&created, &made);
    if to_stdout && !report.is_json() {
        report.stdout(&encode(&made.csr));
        report.aside(&text);
    } else {
        report.result(&created, &text);
    }
    Ok(())
}

fn describe(created: &Created, made: &Enrolled) -> String {
    let names: Vec<GeneralName> = made.csr.subject_alt_names();
    let mut text = match &created.csr {
        Some(path) => format!("CSR written to {path}\n"),
        None => "CSR written to stdout\n".to_owned(),
    };
    let mut line = |name: &str, value: &str| text.push_str(&format!("  {name:<10} {}\n", shown(value)));
    line("subject", if created.subject.is_empty() { "(empty)" } else { &created.subject });
    if names.is_empty() {
        line("SANs", "none: browsers will not accept a certificate without");
    }
    for (index, name) in names.iter().enumerate() {
        line(if index == 0 { "SANs" } else { "" }, &name.to_string());
    }
    let key = if made.is_new_key { "new key" } else { "key" };
    line(key, &format!("\"{}\", {}, id {}", created.label, created.algorithm, created.id));
    line("token", &format!("\"{}\", serial {}", created.token, created.token_serial));
    line("signed", &format!("in the token by {}, signature verified", created.signature));
    line("key URI", &created.key_uri);
    text.push_str(
        "next: give the CSR to your CA (all SANs too, if it asks for names), then: hsmcert accept CERTIFICATE\n",
    );
    text
}
