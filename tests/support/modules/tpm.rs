//! A TPM 2.0 (swtpm) behind tpm2-pkcs11, one for each test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::super::{Running, Sandbox};
use super::{Tested, done, library, run};

/// A token in a TPM.
#[derive(Debug)]
pub struct Tpm {
    sandbox: Sandbox,
    _swtpm: Running,
}

impl Tpm {
    const LABEL: &str = "tpm";
    const PIN: &str = "pin-Xq7vR2";
    const SO_PIN: &str = "so-pin-Kd93";

    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        for folder in ["tpm", "store"] {
            std::fs::create_dir(sandbox.folder().join(folder)).unwrap();
        }
        let swtpm = start(&sandbox);
        let token = Self { sandbox, _swtpm: swtpm };
        let so_pin = ["--so-pin", Self::SO_PIN];
        done(token.tool().args(["--init-token", "--slot-index", "0", "--label", Self::LABEL]).args(so_pin), "opensc");
        let init_pin = ["--init-pin", "--login", "--login-type", "so", "--new-pin", Self::PIN];
        done(token.tool().args(init_pin).args(so_pin), "opensc");
        token.tidy();
        token
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("TPM2_PKCS11_TCTI", self.tcti()),
            ("TPM2_PKCS11_STORE", self.sandbox.folder().join("store").display().to_string()),
            // They write to stderr what hsmcert tells as an error of its own.
            ("TPM2_PKCS11_LOG_LEVEL", "0".to_owned()),
            ("TSS2_LOG", "all+none".to_owned()),
        ]
    }

    fn tcti(&self) -> String {
        format!("swtpm:path={}", socket(&self.sandbox))
    }

    fn tool(&self) -> Command {
        let mut command = Command::new("pkcs11-tool");
        command.envs(self.environment()).current_dir(self.work());
        command.arg("--module").arg(Self::module());
        command
    }

    fn module() -> PathBuf {
        library("libtpm2-pkcs11-1", &["pkcs11/libtpm2_pkcs11.so", "libtpm2_pkcs11.so.1"])
    }
}

/// Starts it on a socket in the folder, which no other test can take.
fn start(sandbox: &Sandbox) -> Running {
    let (state, socket) = (sandbox.folder().join("tpm").display().to_string(), socket(sandbox));
    let mut command = Command::new("swtpm");
    command.args(["socket", "--tpm2", "--flags", "not-need-init,startup-clear", "--tpmstate", &format!("dir={state}")]);
    command.args(["--server", &format!("type=unixio,path={socket}")]);
    command.args(["--ctrl", &format!("type=unixio,path={socket}.ctrl")]);
    let swtpm = Running::start(&mut command, sandbox.folder(), "swtpm");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !Path::new(&socket).exists() {
        assert!(Instant::now() < deadline, "swtpm does not start:\n{}", swtpm.printed());
        std::thread::sleep(Duration::from_millis(20));
    }
    swtpm
}

fn socket(sandbox: &Sandbox) -> String {
    sandbox.folder().join("swtpm").display().to_string()
}

impl Tested for Tpm {
    fn hsmcert(&self, arguments: &[&str]) -> Output {
        self.hsmcert_with_pin(Self::PIN, arguments)
    }

    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output {
        let mut command = self.sandbox.hsmcert();
        command.envs(self.environment()).env("HSMCERT_MODULE", Self::module()).env("HSMCERT_TOKEN", Self::LABEL);
        command.env("HSMCERT_PIN", pin).args(arguments).output().unwrap()
    }

    fn pkcs11_tool(&self, arguments: &[&str]) -> Output {
        let output = run(self.tool().args(["--token-label", Self::LABEL]).args(arguments), "opensc");
        self.tidy();
        output
    }

    fn pin(&self) -> &str {
        Self::PIN
    }

    fn work(&self) -> PathBuf {
        self.sandbox.folder().join("work")
    }

    fn made_by(&self) -> &'static str {
        "`C_InitToken`"
    }

    /// A process that ends without `C_CloseSession` and `C_Finalize` leaves its keys in the TPM's memory, which has
    /// room for three.
    fn check(&self) {
        let mut command = Command::new("tpm2_getcap");
        let output = run(command.args(["-T", &self.tcti(), "handles-transient"]), "tpm2-tools");
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "keys are left in the TPM");
    }

    /// Keys in the TPM's memory: OpenSC's tool leaves some, and the module one that was destroyed.
    fn tidy(&self) {
        done(Command::new("tpm2_flushcontext").args(["-T", &self.tcti(), "--transient-object"]), "tpm2-tools");
    }
}
