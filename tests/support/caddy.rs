//! Caddy as a CA, whose certificates live for 12 hours. It looks at names on port 80 alone, so it has a network of its own,
//! with names of its own; whoever wants a certificate goes there. It ends with the test.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Outcome, Running};

/// What is done in the namespace before the server starts in it.
const PREPARE: &str = r#"set -e
ip link set lo up
echo '127.0.0.1 localhost www.example.com' >hosts
mount --bind hosts /etc/hosts
exec caddy run --config Caddyfile --adapter caddyfile
"#;

const CONFIGURATION: &str = "\
{
	admin off
	skip_install_trust
	auto_https disable_redirects
	storage file_system data
}
localhost {
	tls internal
	acme_server
}
";

/// A running one.
#[derive(Debug)]
pub struct Caddy {
    folder: PathBuf,
    running: Running,
}

impl Caddy {
    /// Its files go to a new folder below this one.
    #[track_caller]
    pub fn start(sandbox: &Path) -> Self {
        let folder = sandbox.join("caddy");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join("Caddyfile"), CONFIGURATION).unwrap();
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--net", "sh", "-c", PREPARE]).current_dir(&folder);
        command.env("HOME", &folder).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let mut running = Running::start(&mut command, &folder, "caddy");
        running.prints("serving initial configuration");
        running.prints("certificate obtained successfully");
        Self { folder, running }
    }

    /// `[ca.caddy]`.
    pub fn table(&self) -> String {
        format!(
            "[ca.caddy]\ntype = 'acme'\ndirectory = 'https://localhost/acme/local/directory'\nroot = '{}'\n\
             terms-of-service-agreed = true\nchallenge = 'http-01'\n",
            self.root().display()
        )
    }

    /// The root of its certificates.
    pub fn root(&self) -> PathBuf {
        self.folder.join("data/pki/authorities/local/root.crt")
    }

    /// Runs a command where the CA is.
    #[track_caller]
    pub fn run(&self, outside: &assert_cmd::Command) -> Outcome {
        let mut command = assert_cmd::Command::new("nsenter");
        command.env_clear().envs(outside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.args(["--target", &self.running.id().to_string(), "--user", "--mount", "--net", "--", "env"]);
        command.arg(format!("--chdir={}", outside.get_current_dir().unwrap().display()));
        Outcome::of(command.arg(outside.get_program()).args(outside.get_args()))
    }
}
