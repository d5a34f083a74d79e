//! One request file on its way to a CSR.

use std::io;
use std::path::{Path, PathBuf};

use hsmcert::Error;
use hsmcert::enroll::{self, Document, Enrolled, KeyWishes};
use hsmcert::file::{self, Access, OutputFile};
use hsmcert::key::KeyAlgorithm;
use hsmcert::key_reference::KeyReference;
use hsmcert::request::{KeySource, Product, RequestSpec};
use hsmcert::spec::{Format, Parsed};
use hsmcert::state::{PendingRequest, Record, State, WindowsRequest, time};
use hsmcert::token::vendor::RsaGeneration;
use hsmcert::token::{Session, TokenInfo};
use hsmcert::x509::PemHeader;

use super::super::Global;
use super::super::clock::now;
use super::super::failure::Failure;
use super::super::report::Report;
use super::super::{request_file, traces};
use super::NewArguments;

/// What was read and checked before the HSM is touched.
pub(super) struct Job {
    pub(super) spec: PathBuf,
    pub(super) request: RequestSpec,
    /// Where the document goes; `-` for stdout.
    pub(super) path: PathBuf,
    pub(super) header: PemHeader,
    /// `CKA_LABEL` of the pair, as it was asked for.
    pub(super) label: String,
    output: Option<OutputFile>,
    der: bool,
    wishes: KeyWishes,
    windows: WindowsRequest,
}

impl Job {
    /// `csr`: the file of the document, or the folder that it goes to under the name of the request file.
    pub(super) fn read(
        global: &Global,
        arguments: &NewArguments,
        spec: &Path,
        csr: Option<&Path>,
        report: &Report,
    ) -> Result<Self, Failure> {
        let NewArguments { der, new_header, force, label, reuse_key, keep_key, key_gen_mechanism, .. } = arguments;
        let Parsed { spec: mut request, upkeep: _, format, diagnostics: _, source: _ } =
            request_file::read(spec, &arguments.request, report)?;
        let container_is_meant = format == Format::Inf && label.is_none() && reuse_key.is_none();
        let windows = windows(global, &request, container_is_meant);
        if reuse_key.is_some() {
            request.key.source = KeySource::Existing;
        }
        request.key.label = label.clone().or(reuse_key.clone()).or(request.key.label);
        if key_gen_mechanism.is_some() && !matches!(request.key.algorithm, KeyAlgorithm::Rsa { .. }) {
            let algorithm = request.key.algorithm;
            return Err(Failure::usage(format!("--key-gen-mechanism is for RSA keys, and this one is {algorithm}")));
        }
        let label = enroll::preview(&request)?.label;
        let ending = match request.product {
            Product::Pkcs10 => "csr.pem",
            Product::SelfSigned(_) => "crt.pem",
        };
        let path = match (csr, &arguments.out_dir) {
            (_, Some(folder)) => folder.join(Path::new(spec.file_name().unwrap_or_default()).with_extension(ending)),
            (Some(path), None) => path.to_owned(),
            (None, None) if request_file::is_standard_stream(spec) => PathBuf::from("-"),
            (None, None) => spec.with_extension(ending),
        };
        // Before the HSM is touched: can the file be written at all?
        let output = match request_file::is_standard_stream(&path) {
            true => None,
            false => Some(OutputFile::new(&path, Access::Public, *force)?),
        };
        let header = if *new_header { PemHeader::New } else { PemHeader::Standard };
        let wishes = KeyWishes { keep: *keep_key, rsa_generation: key_gen_mechanism.map(RsaGeneration::from) };
        Ok(Self { spec: spec.to_owned(), request, path, header, label, output, der: *der, wishes, windows })
    }

    pub(super) fn is_to_stdout(&self) -> bool {
        self.output.is_none()
    }

    /// Makes key and document, and writes the document. On stdout too it is written before the key is settled: what did
    /// not arrive would be a key without a request.
    pub(super) fn enroll(
        &self,
        session: &Session<'_>,
        memory: Option<&State>,
        report: &Report,
    ) -> Result<Enrolled, Error> {
        let made = enroll::enroll(session, &self.request, self.wishes, now(), |document| match &self.output {
            // A CSR can be made again (--reuse-key), and a self-signed certificate is on the token.
            Some(output) => output.write_unflushed(&self.encode(document)),
            None if report.is_json() => Ok(()),
            None => report.document(&self.encode(document)).map_err(|error| {
                file::Error::Io(io::Error::new(error.kind(), format!("cannot write to stdout: {error}")))
            }),
        });
        made.inspect_err(|error| traces::tell(error, session, memory, report))
    }

    pub(super) fn encode(&self, document: &Document) -> Vec<u8> {
        if self.der { document.der().to_vec() } else { document.to_pem(self.header).into_bytes() }
    }

    /// For `accept`, which compares. The CSR is there already: a failure is no more than a warning.
    pub(super) fn remember(
        &self,
        memory: &State,
        made: &Enrolled,
        (token, module): (&TokenInfo, Option<PathBuf>),
        report: &Report,
    ) {
        let Document::Request(csr) = &made.document else { return };
        let Ok(key) = csr.public_key() else { return };
        let csr_file = (!self.is_to_stdout()).then_some(self.path.as_path());
        let spec_file = (!request_file::is_standard_stream(&self.spec)).then_some(self.spec.as_path());
        let request = PendingRequest::new(csr, csr_file, spec_file, self.windows.clone(), now());
        let mut record = Record::new(&key, &made.label, &made.id, token);
        record.module = module;
        record.key_made = made.is_new_key.then(|| time(now()));
        if let Err(error) = memory.remember(request, record, &key) {
            report.warning(&format!("the request is not remembered, so accept will not compare with it: {error}"));
        }
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
