//! AWS as moto plays it, with a root CA of AWS Private CA and a user who may issue with it. It checks signatures as AWS's
//! own library makes them, copies the alternative names, and gives every certificate a year.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::{Sandbox, Server, free_port, tools};

/// It ends with the test.
#[derive(Debug)]
pub struct Moto {
    server: Server,
    /// What is in it.
    pub account: Account,
}

/// The CA, and who may use it.
#[derive(Debug, Deserialize)]
pub struct Account {
    /// The CA's ARN.
    pub arn: String,
    /// Access key of the user.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// ARN of a role that may issue too.
    pub role: String,
    /// Keys of a session of the role, as STS gives them.
    pub session: Value,
}

impl Moto {
    /// Starts it as an endpoint that takes only what the user or the role has signed.
    pub fn start(sandbox: &Sandbox) -> Self {
        let port = free_port();
        let mut command = tools::python("moto_server");
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let server = Server::start(sandbox, &mut command, port);
        let account = account(&[&format!("http://127.0.0.1:{port}")], &[]);
        let moto = Self { server, account };
        let reset = format!("{}/moto-api/reset-auth", moto.url());
        let mut curl = Command::new("curl");
        tools::run(curl.args(["--silent", "--fail", "-H", "Content-Type: text/plain", "-d", "0", &reset]), "curl");
        moto
    }

    /// Starts it as a proxy that answers for AWS's own addresses.
    pub fn proxy(sandbox: &Sandbox) -> Self {
        let port = free_port();
        let mut command = tools::python("moto_proxy");
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        let server = Server::start(sandbox, &mut command, port);
        let proxy = format!("http://127.0.0.1:{port}");
        let root = Self::root_of_proxy();
        let account = account(&[], &[("HTTPS_PROXY", &proxy), ("AWS_CA_BUNDLE", root.to_str().unwrap())]);
        Self { server, account }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// The CA of the certificates that the proxy shows.
    pub fn root_of_proxy() -> PathBuf {
        let find = "import moto.moto_proxy; print(moto.moto_proxy.__path__[0])";
        let folder = tools::run(tools::python("python").args(["-c", find]), "python3");
        Path::new(folder.trim()).join("ca.crt")
    }
}

fn account(endpoint: &[&str], variables: &[(&str, &str)]) -> Account {
    let mut command = tools::python("python");
    command.arg("tests/aws/authority.py").args(endpoint).envs(variables.iter().copied());
    serde_json::from_str(&tools::run(&mut command, "python3")).unwrap()
}
