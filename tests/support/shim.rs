//! The PKCS#11 shim in front of a token's module: see `tests/pkcs11-shim`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use super::{Outcome, SoftToken, tools};

/// hsmcert through the shim. All calls are logged.
#[derive(Debug)]
pub struct Shim<'t> {
    token: &'t SoftToken,
    library: PathBuf,
    settings: Vec<(&'static str, String)>,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// `C_Sign`.
    pub function: String,
    /// `0x0`.
    pub result: String,
    pub microseconds: u64,
}

impl<'t> Shim<'t> {
    pub fn before(token: &'t SoftToken) -> Self {
        Self { token, library: shim_library().to_owned(), settings: Vec::new() }
    }

    /// The module then has none of these mechanisms, for example `0x40` (`CKM_SHA256_RSA_PKCS`).
    pub fn hiding(self, mechanisms: &str) -> Self {
        self.with("PKCS11_SHIM_HIDE_MECHANISMS", mechanisms)
    }

    /// The smallest and greatest keys of mechanisms: `0x0:1024:3072` for `CKM_RSA_PKCS_KEY_PAIR_GEN`.
    pub fn with_key_sizes(self, sizes: &str) -> Self {
        self.with("PKCS11_SHIM_KEY_SIZES", sizes)
    }

    /// The module then takes no certificate objects: this is what it says, for example `0x54`
    /// (`CKR_FUNCTION_NOT_SUPPORTED`).
    pub fn refusing_certificates(self, result: &str) -> Self {
        self.with("PKCS11_SHIM_REFUSE_CERTIFICATES", result)
    }

    /// The module then takes no second certificate of a `CKA_ID`, and says this.
    pub fn refusing_second_certificates(self, result: &str) -> Self {
        self.with("PKCS11_SHIM_REFUSE_SECOND_CERTIFICATE", result)
    }

    /// An attribute of certificates then never gets to the module, which refuses by itself what is left.
    pub fn dropping(self, attribute: &str) -> Self {
        self.with("PKCS11_SHIM_DROP_ATTRIBUTE", attribute)
    }

    /// Flags that the token then has too, for example `0x20000` (`CKF_USER_PIN_FINAL_TRY`).
    pub fn with_token_flags(self, flags: &str) -> Self {
        self.with("PKCS11_SHIM_TOKEN_FLAGS", flags)
    }

    /// PINs are typed at the device: the user's, the security officer's, and the user's new one.
    pub fn with_pin_pad(self, user: &str, officer: &str, new: &str) -> Self {
        self.with("PKCS11_SHIM_PIN_PAD", &format!("{user}:{officer}:{new}"))
    }

    /// The shim under another file name, as a vendor's module has it.
    pub fn named(mut self, file: &str) -> Self {
        let copy = self.token.folder().join(file);
        std::fs::copy(shim_library(), &copy).unwrap();
        self.library = copy;
        self
    }

    /// Forced results: `C_Sign:1:0x30` is `CKR_DEVICE_ERROR` of the first signature.
    pub fn failing(self, calls: &str) -> Self {
        self.with("PKCS11_SHIM_FAIL", calls)
    }

    /// The process dies before this call, for example `C_DestroyObject:1`.
    pub fn killing(self, call: &str) -> Self {
        self.with("PKCS11_SHIM_KILL", call)
    }

    /// How it dies: `abort`, `crash` (an invalid memory access) or `exit` (code 3).
    pub fn killing_by(self, death: &str) -> Self {
        self.with("PKCS11_SHIM_KILL_BY", death)
    }

    /// This call never returns, for example `C_Initialize:1`.
    pub fn hanging(self, call: &str) -> Self {
        self.with("PKCS11_SHIM_HANG", call)
    }

    /// The lengths that are told of attributes, whatever their values: `0x3:0xffffffff` for `CKA_LABEL`.
    pub fn telling_lengths(self, lengths: &str) -> Self {
        self.with("PKCS11_SHIM_LENGTHS", lengths)
    }

    /// Each call takes so many microseconds longer.
    pub fn delayed(self, microseconds: u64) -> Self {
        self.with("PKCS11_SHIM_DELAY_US", &microseconds.to_string())
    }

    fn with(mut self, variable: &'static str, value: &str) -> Self {
        self.settings.push((variable, value.to_owned()));
        self
    }

    /// hsmcert, the shim being its module.
    pub fn hsmcert(&self) -> assert_cmd::Command {
        let mut command = self.token.hsmcert();
        command.env("HSMCERT_MODULE", &self.library).envs(self.environment());
        command
    }

    /// What the shim reads.
    pub(super) fn environment(&self) -> Vec<(&'static str, OsString)> {
        let mut all = vec![("PKCS11_SHIM_MODULE", self.token.module().into()), ("PKCS11_SHIM_LOG", self.log().into())];
        all.extend(self.settings.iter().map(|(name, value)| (*name, value.into())));
        all
    }

    pub(super) fn library(&self) -> &Path {
        &self.library
    }

    pub fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.hsmcert().args(arguments))
    }

    /// Runs hsmcert and does something as soon as it has called a function; with [`Self::delayed`] it is still at work.
    pub fn run_and_at(&self, function: &str, arguments: &[&str], act: impl FnOnce()) -> Outcome {
        thread::scope(|scope| {
            let run = scope.spawn(|| self.run(arguments));
            while self.count(function) == 0 {
                assert!(!run.is_finished(), "{function} was never called");
                thread::sleep(Duration::from_millis(5));
            }
            act();
            run.join().unwrap()
        })
    }

    /// All calls so far, in order.
    pub fn calls(&self) -> Vec<Call> {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let call = |line: &str| {
            let mut words = line.split(' ').map(str::to_owned);
            let (function, result) = (words.next().unwrap(), words.next().unwrap());
            Call { function, result, microseconds: words.next().unwrap().parse().unwrap() }
        };
        log.lines().map(call).collect()
    }

    /// Forgets the calls so far.
    pub fn forget(&self) {
        let _ = std::fs::remove_file(self.log());
    }

    /// How often a function was called.
    pub fn count(&self, function: &str) -> usize {
        self.calls().iter().filter(|call| call.function == function).count()
    }

    pub fn log(&self) -> PathBuf {
        self.token.folder().join("calls.log")
    }
}

/// The shim's library, built when it is not up to date.
pub fn shim_library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| build("pkcs11-shim"))
}

/// The module that lies: see `tests/hostile-module`.
pub fn hostile_library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| build("hostile-module"))
}

/// The library of a package of the workspace, built when it is not up to date.
pub(super) fn build(package: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_hsmcert")).ancestors().nth(2).unwrap();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", package, "--target-dir"]).arg(target);
    tools::run(build.current_dir(env!("CARGO_MANIFEST_DIR")), "cargo");
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    target.join("debug").join(format!("{prefix}{}{suffix}", package.replace('-', "_")))
}
