//! An `OpenBao` server with a PKI secrets engine, in memory and over TLS.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{Sandbox, Server, free_port, tools};

/// It ends with the test.
#[derive(Debug)]
pub struct OpenBao {
    server: Server,
    folder: PathBuf,
}

impl OpenBao {
    /// The token that may do everything.
    pub const ROOT_TOKEN: &str = "root-of-the-test";

    /// Starts one whose engine `pki` has a root and the role `web` for example.com.
    pub fn start(sandbox: &Sandbox) -> Self {
        let (port, folder) = (free_port(), sandbox.folder().join("openbao"));
        std::fs::create_dir(&folder).unwrap();
        let mut command = tools::python("bao");
        command.args(["server", "-dev", "-dev-no-store-token", "-dev-tls", "-dev-tls-cert-dir", "."]);
        command.args(["-dev-root-token-id", Self::ROOT_TOKEN, "-dev-listen-address", &format!("127.0.0.1:{port}")]);
        command.current_dir(&folder).env("HOME", &folder);
        let health = format!("https://127.0.0.1:{port}/v1/sys/health");
        let server = Server::start_until(sandbox, &mut command, port, || {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--fail", "--cacert", "vault-ca.pem", &health]).current_dir(&folder);
            curl.output().unwrap().status.success()
        });
        // It takes its own away when it ends.
        std::fs::copy(folder.join("vault-ca.pem"), folder.join("root.pem")).unwrap();
        let bao = Self { server, folder };
        bao.call("sys/mounts/pki", &json!({ "type": "pki", "config": { "max_lease_ttl": "8760h" } }));
        bao.call("pki/root/generate/internal", &json!({ "common_name": "Example Root", "ttl": "8760h" }));
        bao.role("web", &json!({ "allowed_domains": "example.com", "allow_subdomains": true }));
        bao
    }

    /// A role of the engine, for keys of any kind, with a TTL of an hour.
    pub fn role(&self, name: &str, rules: &Value) {
        let mut all = json!({ "key_type": "any", "allow_bare_domains": true, "ttl": "1h" });
        all.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        self.call(&format!("pki/roles/{name}"), &all);
    }

    /// Has the engine speak ACME too, for the role `web`; it asks this DNS server.
    pub fn with_acme(&self, names: &str) {
        let headers = json!({ "allowed_response_headers": ["Last-Modified", "Link", "Location", "Replay-Nonce"] });
        self.call("sys/mounts/pki/tune", &headers);
        self.call("pki/config/cluster", &json!({ "path": format!("{}/v1/pki", self.url()) }));
        let policy = json!({ "enabled": true, "default_directory_policy": "role:web", "dns_resolver": names });
        self.call("pki/config/acme", &policy);
    }

    /// Calls its API as root; the answer, which must be a success.
    #[track_caller]
    pub fn call(&self, path: &str, body: &Value) -> Value {
        self.curl(path, &["--data", &body.to_string()])
    }

    /// Reads from its API as root.
    #[track_caller]
    pub fn read(&self, path: &str) -> Value {
        self.curl(path, &[])
    }

    /// Lists by its API as root.
    #[track_caller]
    pub fn list(&self, path: &str) -> Value {
        self.curl(path, &["--request", "LIST"])
    }

    #[track_caller]
    fn curl(&self, path: &str, arguments: &[&str]) -> Value {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail-with-body", "--cacert"]).arg(self.root_file());
        command.args(["--header", &format!("X-Vault-Token: {}", Self::ROOT_TOKEN)]).args(arguments);
        let answer = tools::run(command.arg(format!("{}/v1/{path}", self.url())), "curl");
        if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer).unwrap() }
    }

    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.server.port())
    }

    /// The root of its TLS certificate.
    pub fn root_file(&self) -> PathBuf {
        self.folder.join("root.pem")
    }
}
