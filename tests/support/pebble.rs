//! Let's Encrypt's test CA, and the DNS server that it asks. Both end with the test.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ChallengeNames, Running, free_port, openssl, run_program, tools};

/// A CA on a port of its own.
#[derive(Debug)]
pub struct Pebble {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    management: u16,
    /// Where it looks for http-01.
    pub http: u16,
    /// Where it looks for tls-alpn-01.
    pub tls: u16,
    variables: Vec<(&'static str, &'static str)>,
    running: Running,
    names: ChallengeNames,
}

impl Pebble {
    /// The key of the external account `kid-1`.
    pub const EXTERNAL_KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

    /// Its files go to a new folder below this one.
    #[track_caller]
    pub fn start(sandbox: &Path) -> Self {
        Self::with(sandbox, false, &[])
    }

    /// One that knows external accounts alone, or is told more by variables.
    #[track_caller]
    pub fn with(sandbox: &Path, external_accounts: bool, variables: &[(&'static str, &'static str)]) -> Self {
        Self::run(PathBuf::from("pebble"), sandbox, external_accounts, variables)
    }

    /// A newer one than Debian 12 has: it has the profiles `default` and `shortlived` (six days), says when it wants a
    /// certificate to be renewed, and reads which one an order replaces.
    #[track_caller]
    pub fn newer(sandbox: &Path) -> Self {
        Self::run(tools::debian("usr/bin/pebble"), sandbox, false, &[])
    }

    #[track_caller]
    fn run(
        program: PathBuf,
        sandbox: &Path,
        external_accounts: bool,
        variables: &[(&'static str, &'static str)],
    ) -> Self {
        let folder = sandbox.join("pebble");
        std::fs::create_dir(&folder).unwrap();
        certify(&folder);
        let [port, management, http, tls] = std::array::from_fn(|_| free_port());
        let configuration = serde_json::json!({"pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.join("server.pem"),
            "privateKey": folder.join("server.key"),
            "httpPort": http,
            "tlsPort": tls,
            "externalAccountBindingRequired": external_accounts,
            "externalAccountMACKeys": {"kid-1": Self::EXTERNAL_KEY},
            "profiles": {
                "default": {"description": "the usual one", "validityPeriod": 7_776_000},
                "shortlived": {"description": "six days", "validityPeriod": 518_400},
            },
        }});
        std::fs::write(folder.join("pebble.json"), configuration.to_string()).unwrap();
        let (names, variables) = (ChallengeNames::start(&folder), variables.to_vec());
        let running = run(&program, &folder, port, &names, &variables);
        Self { program, folder, port, management, http, tls, variables, running, names }
    }

    /// A new one on the same port, which knows nothing of the old one: accounts, orders and keys are gone.
    #[track_caller]
    pub fn forget(&mut self) {
        self.running.signal("KILL");
        self.running.ends();
        self.running = run(&self.program, &self.folder, self.port, &self.names, &self.variables);
    }

    /// [`Self::forget`], with a certificate for its HTTPS that is of another time.
    #[track_caller]
    pub fn move_to(&mut self, year: u16) {
        let dates = format!("activation_date = \"{year}-01-01\"\nexpiration_date = \"{year}-12-31\"\n");
        std::fs::write(self.folder.join("template"), format!("dns_name = localhost\n{dates}")).unwrap();
        let issuer = ["--load-ca-certificate", "root.pem", "--load-ca-privkey", "root.key", "--template", "template"];
        let request = ["--generate-certificate", "--load-request", "server.csr", "--outfile", "server.pem"];
        run_program("certtool", "gnutls-bin", &self.folder, &[&request[..], &issuer].concat());
        self.forget();
    }

    /// Everything of `[ca.pebble]` but the challenge.
    pub fn table(&self) -> String {
        format!(
            "[ca.pebble]\ntype = 'acme'\ndirectory = 'https://localhost:{}/dir'\nroot = '{}'\n\
             terms-of-service-agreed = true\n",
            self.port,
            self.folder.join("root.pem").display()
        )
    }

    /// A command that sets and removes TXT records, and writes down what it was called for.
    pub fn hook(&self) -> String {
        self.names.hook()
    }

    /// The root of its certificates.
    #[track_caller]
    pub fn root(&self) -> PathBuf {
        let url = format!("https://localhost:{}/roots/0", self.management);
        let arguments =
            ["--silent", "--fail", "--noproxy", "*", "--cacert", "root.pem", "--output", "issuer.pem", &url];
        run_program("curl", "curl", &self.folder, &arguments);
        self.folder.join("issuer.pem")
    }

    /// Has the CA want the certificate in this file to be renewed in a window that is over.
    #[track_caller]
    pub fn wants_renewed(&self, certificate: &Path) {
        let leaf = String::from_utf8(std::fs::read(certificate).unwrap()).unwrap();
        let window = serde_json::json!({"start": "2020-01-01T00:00:00Z", "end": "2020-01-02T00:00:00Z"});
        let answer = serde_json::json!({"suggestedWindow": window}).to_string();
        let asked = serde_json::json!({"certificate": leaf, "ariResponse": answer}).to_string();
        let url = format!("https://localhost:{}/set-renewal-info/", self.management);
        let arguments = ["--silent", "--show-error", "--fail-with-body", "--noproxy", "*", "--cacert", "root.pem"];
        run_program("curl", "curl", &self.folder, &[&arguments[..], &["--data", &asked, &url]].concat());
    }

    /// How many lines of its log have this.
    pub fn logged(&self, text: &str) -> usize {
        self.running.printed().lines().filter(|line| line.contains(text)).count()
    }

    /// How many orders it was asked for.
    pub fn orders(&self) -> usize {
        self.logged("orders in the db")
    }

    /// How many accounts it has made.
    pub fn accounts(&self) -> usize {
        self.logged("accounts in memory")
    }
}

#[track_caller]
fn run(program: &Path, folder: &Path, port: u16, names: &ChallengeNames, variables: &[(&str, &str)]) -> Running {
    let mut command = Command::new(program);
    command.arg("-config").arg(folder.join("pebble.json")).arg("-strict");
    command.args(["-dnsserver", &names.address()]);
    command.envs([("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_AUTHZREUSE", "0")]).envs(variables.iter().copied());
    let mut running = Running::start(&mut command, folder, "pebble");
    // It says that it is there before it is.
    running.prints("ACME directory available");
    running.listens(port);
    running
}

/// A root, and a certificate for the CA's own HTTPS.
fn certify(folder: &Path) {
    std::fs::write(folder.join("names"), "subjectAltName = DNS:localhost\n").unwrap();
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    let root = ["req", "-x509", "-keyout", "root.key", "-out", "root.pem", "-subj", "/CN=root", "-days", "30"];
    openssl(folder, &[&root[..], &key].concat());
    let request = ["req", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost"];
    openssl(folder, &[&request[..], &key].concat());
    let issue = ["x509", "-req", "-in", "server.csr", "-CA", "root.pem", "-CAkey", "root.key", "-extfile", "names"];
    openssl(folder, &[&issue[..], &["-days", "30", "-out", "server.pem"]].concat());
}
