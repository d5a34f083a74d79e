//! Chromium with a CA of the test in its NSS database.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{Sandbox, tools};

/// A browser with a home of its own.
#[derive(Debug)]
pub struct Browser {
    home: PathBuf,
}

impl Browser {
    /// It trusts this CA.
    #[track_caller]
    pub fn trusting(sandbox: &Sandbox, ca: &Path) -> Self {
        let home = sandbox.folder().join("browser");
        let database = home.join(".pki/nssdb");
        std::fs::create_dir_all(&database).unwrap();
        let database = format!("sql:{}", database.display());
        let ca = ca.to_str().unwrap();
        for arguments in [&["-N", "--empty-password"][..], &["-A", "-n", "dev-ca", "-t", "C,,", "-i", ca]] {
            tools::run(Command::new("certutil").args(["-d", &database]).args(arguments), "libnss3-tools");
        }
        Self { home }
    }

    /// What it makes of the page of a server on this machine that it takes for `name`.
    #[track_caller]
    pub fn look(&self, name: &str, port: impl std::fmt::Display) -> Value {
        let (url, rules) = (format!("https://{name}:{port}/"), format!("MAP {name} 127.0.0.1"));
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/page.py");
        let mut command = Command::new("python3");
        let printed = tools::run(command.arg(script).args([&url, &rules]).env("HOME", &self.home), "python3 chromium");
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}\napt-get install chromium"))
    }
}
