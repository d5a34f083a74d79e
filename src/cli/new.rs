//! `hsmcert new SPEC [CSR]`, and many at once: `hsmcert new SPEC... --out-dir FOLDER`.

mod created;
mod dry_run;
mod job;
mod many;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hsmcert::pin::PinSource;
use hsmcert::token::vendor::RsaGeneration;

use super::failure::Failure;
use super::report::Report;
use super::request_file::{self, RequestOptions};
use super::{Global, connect, patterns, state};
use created::Created;
use job::Job;

#[derive(Debug, Args)]
#[command(
    override_usage = "hsmcert new [OPTIONS] <SPEC> [CSR]
       hsmcert new [OPTIONS] <SPEC>... --out-dir <FOLDER>",
    after_help = "Examples:
  hsmcert new request.inf request.csr.pem
  hsmcert new web.toml - --set dns=www.example.com | submit-to-my-ca
  hsmcert new request.inf --der --force
  hsmcert new request.inf renewed.csr.pem --reuse-key www.example.com
  hsmcert new request.inf --dry-run
  hsmcert new sites/*.toml --out-dir csrs  one login, several keys at once

A request with RequestType = Cert (TOML: self-signed) makes a self-signed certificate, which is stored beside its \
key."
)]
pub(super) struct NewArguments {
    /// Request file, certreq INF or TOML; - for stdin
    spec: PathBuf,
    /// Where the CSR goes; - for stdout [default: SPEC with the ending .csr.pem; .crt.pem for a certificate]
    csr: Option<PathBuf>,
    /// With --out-dir: more request files
    #[arg(value_name = "SPEC", hide = true)]
    more: Vec<PathBuf>,
    /// Make a CSR of each of the files into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["label", "reuse_key", "dry_run"])]
    out_dir: Option<PathBuf>,
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

pub(super) fn run(global: &Global, arguments: &NewArguments, report: &Report) -> Result<(), Failure> {
    let NewArguments { spec, csr, more, out_dir, .. } = arguments;
    if let Some(folder) = out_dir {
        let specs: Vec<_> = [spec].into_iter().chain(csr).chain(more).cloned().collect();
        return many::run(global, arguments, &patterns::expand(&specs)?, folder, report);
    }
    if !more.is_empty() {
        return Err(Failure::usage("more than a request file and the CSR's are named")
            .hint("for many request files, name the folder of the CSRs: --out-dir FOLDER"));
    }
    if request_file::is_standard_stream(spec) && global.pin_source == Some(PinSource::Stdin) {
        return Err(Failure::usage("the request and the PIN cannot both come from stdin"));
    }
    let job = Job::read(global, arguments, spec, csr.as_deref(), report)?;
    if arguments.dry_run {
        return dry_run::run(global, &job.request, report);
    }
    let memory = state::open(global, report)?;
    let (made, token, module) = connect::with_session(global, &job.request.token, report, |session| {
        let made = job.enroll(session, memory.as_ref(), report)?;
        Ok((made, session.token().clone(), std::path::absolute(session.module_path()).ok()))
    })?;
    if let Some(memory) = memory {
        job.remember(&memory, &made, (&token, module), report);
    }
    let created = Created::new(&job, &made, &token, report.is_json());
    let text = created.describe(&made.document);
    if job.is_to_stdout() && !report.is_json() {
        report.aside(&text);
    } else {
        report.result(&created, &text);
    }
    Ok(())
}
