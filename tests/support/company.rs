//! A site that a company's CA renews, the CA being a command.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{Ca, Class, Outcome, SoftToken};

/// The site's name.
pub const NAME: &str = "www.example.com";

/// A token with `web.toml`, and a company's CA as a command that counts how often it is asked.
#[derive(Debug)]
pub struct Company {
    pub token: SoftToken,
}

impl Company {
    pub fn new() -> Self {
        let token = SoftToken::new();
        Ca::new(token.folder(), "Example");
        let company = Self { token };
        company.token.write("web.toml", spec(NAME, "ca = 'company'"));
        company.token.write("hsmcert.toml", "[ca.company]\ntype = 'exec'\ncommand = ['sh', 'ca.sh']\n");
        company.answers("issue");
        company.lasting(-10, 80);
        company
    }

    /// What the CA does: `issue` is a function of the script.
    pub fn answers(&self, what: &str) {
        let ca = self.token.folder().join("ca Example");
        let script = format!(
            "work=$PWD; cat > asked.pem; cat asked.pem >> asked-all.pem; echo \"$HSMCERT_REFERENCE\" >> calls\n\
             issue() {{ cd '{}' && openssl ca -batch -notext -in \"$work/asked.pem\" -cert issuing.pem -keyfile issuing.key \
             -config copy.cnf -extensions leaf $(cat \"$work/dates\") -out out.pem 2>/dev/null && cat out.pem issuing.pem; }}\n\
             {what}\n",
            ca.display()
        );
        self.token.write("ca.sh", script);
    }

    /// Its certificates begin so many days from now, and end an hour before so many days have passed: how many days are
    /// left does not hang on the second in which a test runs.
    pub fn lasting(&self, from: i64, to: i64) {
        let time = |hours: i64| {
            let day = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
            day.strftime("%Y%m%d%H%M%SZ").to_string()
        };
        self.token.write("dates", format!("-startdate {} -enddate {}", time(24 * from), time(24 * to - 1)));
    }

    pub fn renew(&self, more: &[&str]) -> Outcome {
        self.token.run(&[&["renew", "web.toml"][..], more].concat())
    }

    pub fn calls(&self) -> usize {
        String::from_utf8(std::fs::read(self.token.path("calls")).unwrap_or_default()).unwrap().lines().count()
    }

    /// How many different CSRs it was handed.
    pub fn csrs(&self) -> usize {
        let all = String::from_utf8(std::fs::read(self.token.path("asked-all.pem")).unwrap_or_default()).unwrap();
        let all: std::collections::HashSet<_> =
            all.split("-----BEGIN").filter(|one| one.contains("-----END")).collect();
        all.len()
    }

    /// Labels of the private keys, sorted; each has exactly one certificate and one public key with its id and label.
    #[track_caller]
    pub fn pairs(&self) -> Vec<String> {
        let objects = self.token.objects();
        let keys: Vec<_> = objects.iter().filter(|one| one.class == Class::Private).collect();
        for key in &keys {
            for class in [Class::Public, Class::Certificate] {
                let own: Vec<_> = objects.iter().filter(|one| one.class == class && one.id == key.id).collect();
                assert!(own.len() == 1 && own[0].label == key.label, "{class:?} of {}: {objects:#?}", key.label);
            }
        }
        let mut labels: Vec<String> = keys.iter().map(|key| key.label.clone()).collect();
        labels.sort();
        labels
    }

    /// Certificate file, chain file and the certificate on the token are the same, and the link is proved.
    #[track_caller]
    pub fn is_whole(&self) {
        self.token.run(&["verify", NAME]).ok();
        let stored = self.token.certificates().into_iter().find(|one| one.label == NAME).unwrap();
        let stored = self.token.stored(&stored);
        for file in ["web.crt.pem", "web.fullchain.pem"] {
            let text = String::from_utf8(self.token.read(file)).unwrap();
            assert!(text.starts_with(stored.trim_end()), "{file}\n{text}\n{stored}");
        }
        let records = records(self.token.folder());
        assert!(records.iter().all(|record| record["renewal"].is_null()), "{records:#?}");
    }
}

/// A request for the name, with these settings of its renewal.
pub fn spec(name: &str, renewal: &str) -> String {
    format!("san.dns = ['{name}']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\n{renewal}\n")
}

/// What is remembered.
pub fn records(sandbox: &Path) -> Vec<Value> {
    record_files(sandbox).iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
}

/// How many records there are.
pub fn records_or_none(sandbox: &Path) -> usize {
    if sandbox.join("state/hsmcert").exists() { records(sandbox).len() } else { 0 }
}

/// The files of the records, sorted.
pub fn record_files(sandbox: &Path) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(sandbox.join("state/hsmcert")).unwrap();
    let mut all: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    all.sort();
    all
}
