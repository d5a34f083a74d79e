//! Who asks AWS: the usual places of credentials, in their usual order, and what each of them said if there are none.

use reqsign_aws_v4::{
    AssumeRoleWithWebIdentityCredentialProvider, Credential, ECSCredentialProvider, EnvCredentialProvider,
    IMDSv2CredentialProvider, ProcessCredentialProvider, ProfileCredentialProvider,
};
use reqsign_core::{Context, ErrorKind, ProvideCredentialDyn};

use super::super::{Error, Surroundings};
use super::world::ready;
use super::wrong;

type Source = Box<dyn ProvideCredentialDyn<Credential = Credential>>;

/// The first credential that is there. A source that was set up and fails ends the search: the next one could be
/// somebody else.
///
/// # Errors
/// [`Error::Configuration`] with every place that was looked at; [`Error::Refused`] and [`Error::Unavailable`] by STS.
pub(super) fn find(
    profile: Option<&str>,
    region: &str,
    world: &Context,
    around: &dyn Surroundings,
) -> Result<Credential, Error> {
    let mut missing = Vec::new();
    for (name, source) in sources(profile, region, world) {
        match ready(source.provide_credential_dyn(world)) {
            Ok(Some(credential)) => {
                around.tell(&format!("AWS credentials: {name}"));
                return Ok(credential);
            }
            Ok(None) => missing.push(name.to_owned()),
            // The one is so where nothing is set up, the other where the machine is none of EC2's.
            Err(error) if name == METADATA || name == PROCESS && error.kind() == ErrorKind::ConfigInvalid => {
                missing.push(format!("{name} ({})", said(&error)));
            }
            Err(error) => return Err(failed(name, &error)),
        }
    }
    Err(wrong(format!("there are no AWS credentials in: {}", missing.join(", "))))
}

const PROCESS: &str = "the profile's credential_process";
const METADATA: &str = "the role of this EC2 instance";

fn sources(profile: Option<&str>, region: &str, world: &Context) -> Vec<(&'static str, Source)> {
    let (mut files, mut process) = (ProfileCredentialProvider::new(), ProcessCredentialProvider::new());
    if let Some(profile) = profile {
        (files, process) = (files.with_profile(profile), process.with_profile(profile));
    }
    let of_profile: [(&str, Source); 2] = [("the profile's keys", Box::new(files)), (PROCESS, Box::new(process))];
    if profile.is_some() {
        return of_profile.into();
    }
    let web_identity = AssumeRoleWithWebIdentityCredentialProvider::new()
        .with_role_session_name("hsmcert".to_owned())
        .with_region(region.to_owned())
        .with_regional_sts_endpoint();
    let mut all: Vec<(&str, Source)> =
        vec![("the environment", Box::new(EnvCredentialProvider::new())), ("a web identity", Box::new(web_identity))];
    all.extend(of_profile);
    let is_in_container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    if is_in_container.into_iter().any(|name| world.env_var(name).is_some()) {
        all.push(("the role of this container", Box::new(ECSCredentialProvider::new())));
    }
    all.push((METADATA, Box::new(IMDSv2CredentialProvider::new())));
    all
}

/// An error with what caused it.
fn said(error: &reqsign_core::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn failed(name: &str, error: &reqsign_core::Error) -> Error {
    let message = format!("no AWS credentials by {name}: {}", said(error));
    let cause = std::error::Error::source(error).and_then(<dyn std::error::Error>::downcast_ref);
    match cause.map_or(error.kind(), reqsign_core::Error::kind) {
        ErrorKind::PermissionDenied | ErrorKind::CredentialInvalid => Error::Refused { message },
        ErrorKind::RateLimited | ErrorKind::Unexpected if error.is_retryable() => {
            Error::Unavailable { message, retry_after: None }
        }
        _ => wrong(message),
    }
}
