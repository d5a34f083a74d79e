//! What reqsign may use of the world: files, variables, commands, and HTTP to STS and to the services of the machine.
//! All of it is done when it returns, so that no runtime is needed.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use fs_err as fs;
use reqsign_core::{CommandExecute, CommandOutput, Context, Error, FileRead, HttpSend, Result, StaticEnv};
use ureq::Agent;
use ureq::http::{Request, Response, Uri};

use super::super::Surroundings;
use super::super::http::{Call, exchange, of_this_machine};
use crate::command::Run;

/// What AWS's own tools read of the environment, as far as it decides about credentials.
const VARIABLES: [&str; 15] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
];
/// A `credential_process` may ask a token of its own.
const PROCESS: Duration = Duration::from_secs(60);

/// All of it. `sts` makes the requests that leave the machine.
pub(super) fn context(sts: Agent, around: &dyn Surroundings) -> Context {
    let variables = VARIABLES.iter().filter_map(|name| Some(((*name).to_owned(), around.variable(name)?)));
    let home = around.variable("HOME").or_else(|| around.variable("USERPROFILE")).map(PathBuf::from);
    Context::new()
        .with_file_read(Files)
        .with_http_send(Network { sts, machine: of_this_machine() })
        .with_env(StaticEnv { home_dir: home, envs: variables.collect::<HashMap<_, _>>() })
        .with_command_execute(Commands)
}

/// The value of a future that waits for nothing of ours.
pub(super) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut std::task::Context::from_waker(Waker::noop())) {
            return value;
        }
        std::thread::yield_now();
    }
}

#[derive(Debug)]
struct Files;

impl FileRead for Files {
    async fn file_read(&self, path: &str) -> Result<Vec<u8>> {
        fs::read(path).map_err(|error| Error::config_invalid(error.to_string()))
    }
}

#[derive(Debug)]
struct Network {
    sts: Agent,
    machine: Agent,
}

impl HttpSend for Network {
    async fn http_send(&self, request: Request<Bytes>) -> Result<Response<Bytes>> {
        let uri = request.uri();
        let agent = match uri.scheme_str() {
            Some("https") => &self.sts,
            _ if is_this_machine(uri) => &self.machine,
            _ => return Err(Error::config_invalid(format!("{uri} is neither encrypted nor of this machine"))),
        };
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let headers: Vec<_> = headers.collect();
        let url = uri.to_string();
        let call = Call { method: request.method().clone(), url: &url, headers: &headers, body: request.body() };
        let response = exchange(agent, &call).map_err(|error| Error::unexpected(error.to_string()))?;
        Ok(response.map(Bytes::from))
    }
}

/// Loopback, and the addresses of the metadata services, which no router forwards (EC2 and EKS have one of IPv6 each).
fn is_this_machine(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    match host.parse() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.is_loopback() || address.segments().starts_with(&[0xfd00, 0x0ec2]),
        Err(_) => host == "localhost",
    }
}

#[derive(Debug)]
struct Commands;

impl CommandExecute for Commands {
    async fn command_execute(&self, program: &str, arguments: &[&str]) -> Result<CommandOutput> {
        let command: Vec<String> =
            std::iter::once(program).chain(arguments.iter().copied()).map(str::to_owned).collect();
        let run = Run { command: &command, inherited: &[], variables: &[], input: b"", timeout: PROCESS };
        let ran = run.run().map_err(|error| Error::unexpected(error.to_string()))?;
        let status = ran.status.code().unwrap_or(-1);
        Ok(CommandOutput { status, stderr: ran.stderr.into_bytes(), stdout: ran.stdout })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_the_machine() {
        let is_here = |uri: &'static str| is_this_machine(&Uri::from_static(uri));
        for here in
            ["http://169.254.169.254/latest", "http://[fd00:ec2::254]/", "http://127.0.0.1:1/", "http://localhost/"]
        {
            assert!(is_here(here), "{here}");
        }
        for elsewhere in ["http://10.0.0.1/", "http://metadata.example.com/", "http://[2001:db8::1]/", "/path"] {
            assert!(!is_here(elsewhere), "{elsewhere}");
        }
    }
}
