//! A SoftHSM token that lives as long as one test.

use std::ffi::OsStr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Object, Outcome, Sandbox, objects, softhsm_module, tools};

/// A token with user PIN, empty. Selected for hsmcert by environment variables.
#[derive(Debug)]
pub struct SoftToken {
    sandbox: Sandbox,
    module: PathBuf,
}

impl SoftToken {
    pub const LABEL: &str = "test token";
    /// Unlike anything that is printed by chance: [`tests/secrets.rs`] looks for it everywhere.
    pub const PIN: &str = "pin-Xq7vR2";
    pub const SO_PIN: &str = "so-pin-Kd93";

    pub fn new() -> Self {
        Self::of(Sandbox::new())
    }

    /// [`Sandbox::in_memory`].
    pub fn in_memory() -> Self {
        Self::of(Sandbox::in_memory())
    }

    fn of(sandbox: Sandbox) -> Self {
        let tokens = sandbox.folder().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        let configuration = format!("directories.tokendir = {}\nlog.level = ERROR\n", tokens.display());
        std::fs::write(sandbox.folder().join("softhsm2.conf"), configuration).unwrap();
        let token = Self { sandbox, module: softhsm_module() };
        token.initialise(Self::LABEL);
        token
    }

    /// Makes one more token in the same SoftHSM, with the same PIN.
    pub fn initialise(&self, label: &str) {
        if cfg!(windows) {
            // SoftHSM's own program is not there.
            let mut command = self.hsmcert();
            command.env_remove("HSMCERT_TOKEN").env("HSMCERT_SO_PIN", Self::SO_PIN);
            Outcome::of(command.args(["token", "init", "--label", label, "--yes"])).ok();
            return;
        }
        let arguments = ["--init-token", "--free", "--label", label, "--pin", Self::PIN, "--so-pin", Self::SO_PIN];
        tools::run(self.with_configuration("softhsm2-util").args(arguments), "softhsm2");
    }

    /// hsmcert with module, token and PIN in its environment.
    pub fn hsmcert(&self) -> assert_cmd::Command {
        let mut command = self.sandbox.hsmcert();
        command.env("SOFTHSM2_CONF", self.configuration()).env("HSMCERT_MODULE", &self.module);
        command.env("HSMCERT_TOKEN", Self::LABEL).env("HSMCERT_PIN", Self::PIN);
        command
    }

    /// Runs hsmcert with these arguments.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.hsmcert().args(arguments))
    }

    /// `request.inf` (the seed's), a key pair and `request.csr.pem`.
    #[track_caller]
    pub fn with_request() -> Self {
        let token = Self::new();
        token.write("request.inf", super::SEED_INF);
        token.run(&["new", "request.inf", "request.csr.pem"]).ok();
        token
    }

    /// [`Self::with_request`] and `request.crt.pem` from the throw-away CA.
    #[track_caller]
    pub fn with_certificate() -> Self {
        let token = Self::with_request();
        token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
        token
    }

    /// OpenSC's `pkcs11-tool` as the user; its stdout. It must succeed.
    #[track_caller]
    pub fn pkcs11_tool<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
        let mut command = self.with_configuration("pkcs11-tool");
        command.arg("--module").arg(&self.module);
        command.args(["--token-label", Self::LABEL, "--login", "--pin", Self::PIN]).args(arguments);
        tools::run(&mut command, "opensc")
    }

    /// All objects on the token, as OpenSC sees them.
    #[track_caller]
    pub fn objects(&self) -> Vec<Object> {
        objects::parse(&self.pkcs11_tool(&["-O"]))
    }

    /// The certificates on the token, as OpenSC sees them.
    #[track_caller]
    pub fn certificates(&self) -> Vec<Object> {
        self.objects().into_iter().filter(|object| object.class == super::Class::Certificate).collect()
    }

    /// A certificate of the token as PEM.
    #[track_caller]
    pub fn stored(&self, certificate: &Object) -> String {
        let file = self.folder().join("stored.der");
        let file = file.to_str().unwrap();
        self.pkcs11_tool(&["--read-object", "--type", "cert", "--id", &certificate.id, "--output-file", file]);
        self.openssl(&["x509", "-inform", "DER", "-in", file])
    }

    /// Runs hsmcert on what it must refuse: token and disk must be as before.
    #[track_caller]
    pub fn refuses(&self, code: i32, arguments: &[&str]) -> Outcome {
        self.refuses_command(code, self.hsmcert().args(arguments))
    }

    /// [`Self::refuses`] for a command with more than arguments.
    #[track_caller]
    pub fn refuses_command(&self, code: i32, command: &mut assert_cmd::Command) -> Outcome {
        let before = (self.objects(), self.contents());
        let outcome = Outcome::of(command).fails(code);
        assert_eq!((self.objects(), self.contents()), before, "something has changed\n{}", outcome.stderr);
        outcome
    }

    /// Every file of the working directory with its content.
    fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let files = self.files().into_iter().filter(|name| self.path(name).is_file());
        files.map(|name| (name.clone(), self.read(&name))).collect()
    }

    fn configuration(&self) -> PathBuf {
        self.folder().join("softhsm2.conf")
    }

    fn with_configuration(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SOFTHSM2_CONF", self.configuration()).current_dir(self.work());
        command
    }

    fn work(&self) -> PathBuf {
        self.folder().join("work")
    }

    /// `openssl` in the working directory; its stdout. It must succeed.
    #[track_caller]
    pub fn openssl(&self, arguments: &[&str]) -> String {
        super::openssl(&self.work(), arguments)
    }

    /// Where the real module is.
    pub fn module(&self) -> &Path {
        &self.module
    }
}

impl Deref for SoftToken {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}
