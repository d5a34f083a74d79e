//! Where hsmcert remembers requests and certificates: `--state-dir`, `HSMCERT_STATE_DIR`, else the user's state folder.

use std::path::PathBuf;

use hsmcert::request::TokenRequest;
use hsmcert::state::{Record, State};
use hsmcert::token::vendor::is_software_provider;
use hsmcert::uri::Pkcs11Uri;
use hsmcert::x509::Certificate;
use hsmcert::{Error, file, platform, trial};

use super::config::Config;
use super::environment::Environment;
use super::failure::Failure;
use super::report::Report;
use super::{Global, environment};

/// Opens it. The usual folder may be missing (containers without a home): a warning. One that is named must work.
pub(super) fn open(global: &Global, report: &Report) -> Result<Option<State>, Failure> {
    if let Some(folder) = named(global) {
        let state = State::open(&folder).map_err(Error::from)?;
        // It may be meant for several users: its mode is not hsmcert's to change.
        if let Some(stranger) = platform::stranger(&folder) {
            report.warning(&format!("{stranger}, and so change what is remembered in {}", folder.display()));
        }
        return Ok(Some(state));
    }
    let Some(folder) = platform::state_folder() else { return Ok(None) };
    let state =
        State::open(&folder).inspect_err(|error| report.warning(&format!("nothing is remembered: {error}"))).ok();
    match state.as_ref().map(|_| file::close_to_others(&folder)) {
        Some(Ok(Some(mode))) => report.choice(&format!("{} had the mode {mode:o}; it is 700 now", folder.display())),
        Some(Err(error)) => report.warning(&format!("others may read what is remembered: {error}")),
        Some(Ok(None)) | None => {}
    }
    Ok(state)
}

/// For a command that changes nothing: what is not there is not missed.
pub(super) fn read(global: &Global) -> Option<State> {
    folder(global).map(|folder| State::reader(&folder))
}

/// All that is remembered; what cannot be read is a warning.
pub(super) fn records(global: &Global, report: &Report) -> Result<Vec<Record>, Failure> {
    let (records, unreadable) =
        read(global).map_or(Ok(Default::default()), |state| state.records()).map_err(Error::from)?;
    unreadable.iter().for_each(|error| report.warning(&error.to_string()));
    Ok(records)
}

/// The token on which the key of one of these certificates was made, for a command line that names none: `new` found it
/// by the request, which is not at hand here. A profile "default" comes first, since its PIN is for its own token.
pub(super) fn token_of(
    memory: Option<&State>,
    certificates: &[Certificate],
    global: &Global,
) -> Result<TokenRequest, Failure> {
    let of_key = |certificate: &Certificate| memory?.record(&certificate.public_key().ok()?);
    token_of_record(certificates.iter().find_map(of_key), global)
}

/// The same for what is remembered of a key.
pub(super) fn token_of_record(record: Option<Record>, global: &Global) -> Result<TokenRequest, Failure> {
    let record = record.filter(|record| record.token != trial::LABEL);
    let Some(Record { module: Some(module), token, token_serial, request, .. }) = record else {
        return Ok(TokenRequest::default());
    };
    let provider = request.and_then(|request| request.windows.provider).filter(|name| !is_software_provider(name));
    let by_default = provider.is_none() && Config::find()?.profile.contains_key("default");
    if by_default || global.names_a_token() || Environment::read().names_a_token() {
        return Ok(TokenRequest::default());
    }
    let uri =
        Pkcs11Uri { token: Some(token), serial: Some(token_serial), module_path: Some(module), ..Pkcs11Uri::default() };
    Ok(TokenRequest { provider_name: provider, uri: Some(uri.to_string()), profile: None })
}

/// The folder, if there is one, whether or not it can be used.
pub(super) fn folder(global: &Global) -> Option<PathBuf> {
    named(global).or_else(platform::state_folder)
}

/// One that a user has named.
pub(super) fn named(global: &Global) -> Option<PathBuf> {
    global.state_dir.clone().or_else(|| environment::text("HSMCERT_STATE_DIR").map(PathBuf::from))
}
