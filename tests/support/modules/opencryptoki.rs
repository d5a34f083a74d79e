//! openCryptoki's software token. Its daemon, its folders and its shared memory have fixed places, so each test has
//! them in a namespace of its own: the system's are not touched, and several tests run at once.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::super::{Running, Sandbox};
use super::{Tested, done, library, run};

/// What is done in the namespace before the daemon starts in it. p11-kit has this one module there.
const PREPARE: &str = r#"set -e
for folder in /var/lib/opencryptoki /var/log /run /dev/shm /usr/share/p11-kit/modules; do mount -t tmpfs none $folder; done
mkdir -p /var/lib/opencryptoki/swtok/TOK_OBJ /var/log/opencryptoki /run/lock/opencryptoki/swtok
printf 'root:x:0:\npkcs11:x:0:root\n' >/run/group
mount --bind /run/group /etc/group
printf 'version opencryptoki-3.1\nslot 0\n{\nstdll = libpkcs11_sw.so\n}\n' >/run/opencryptoki.conf
mount --bind /run/opencryptoki.conf /etc/opencryptoki/opencryptoki.conf
echo "module: $1" >/usr/share/p11-kit/modules/opencryptoki.module
echo ready
exec pkcsslotd -f
"#;

/// The software token and its daemon.
#[derive(Debug)]
pub struct OpenCryptoki {
    sandbox: Sandbox,
    daemon: Running,
}

impl OpenCryptoki {
    const LABEL: &str = "opencryptoki";
    /// It takes eight bytes at most.
    const PIN: &str = "pin-Xq7v";
    /// The one that it comes with.
    const SO_PIN: &str = "87654321";

    pub fn new() -> Self {
        let sandbox = Sandbox::new();
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user", "--mount", "--ipc", "sh", "-c", PREPARE, "sh"]).arg(Self::module());
        unshare.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        let mut daemon = Running::start(&mut unshare, sandbox.folder(), "opencryptoki");
        daemon.prints("ready");
        let token = Self { sandbox, daemon };
        token.wait();
        let so_pin = ["--so-pin", Self::SO_PIN];
        done(token.tool().args(["--init-token", "--slot", "0", "--label", Self::LABEL]).args(so_pin), "opensc");
        let init_pin = ["--init-pin", "--login", "--login-type", "so", "--new-pin", Self::PIN];
        done(token.tool().args(init_pin).args(so_pin), "opensc");
        token
    }

    /// Until the daemon answers.
    fn wait(&self) {
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while !run(self.tool().arg("--list-slots"), "opensc").status.success() {
            assert!(std::time::Instant::now() < deadline, "pkcsslotd does not start:\n{}", self.daemon.printed());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// What puts a program into the namespace.
    fn inside(&self) -> [String; 8] {
        let process = self.daemon.id().to_string();
        let [user, mount, ipc] = ["--user", "--mount", "--ipc"].map(str::to_owned);
        let folder = format!("--chdir={}", self.work().display());
        ["--target".to_owned(), process, user, mount, ipc, "--".to_owned(), "env".to_owned(), folder]
    }

    fn tool(&self) -> Command {
        let mut command = Command::new("nsenter");
        command.args(self.inside()).arg("pkcs11-tool").arg("--module").arg(Self::module());
        command
    }

    fn module() -> PathBuf {
        library("opencryptoki", &["pkcs11/libopencryptoki.so", "opencryptoki/libopencryptoki.so.0"])
    }
}

impl Tested for OpenCryptoki {
    fn hsmcert(&self, arguments: &[&str]) -> Output {
        self.hsmcert_with_pin(Self::PIN, arguments)
    }

    fn hsmcert_with_pin(&self, pin: &str, arguments: &[&str]) -> Output {
        let outside = self.sandbox.hsmcert();
        let mut command = Command::new("nsenter");
        command.env_clear().envs(outside.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.env("HSMCERT_MODULE", Self::module()).env("HSMCERT_TOKEN", Self::LABEL).env("HSMCERT_PIN", pin);
        command.args(self.inside()).arg(outside.get_program()).args(arguments);
        run(&mut command, "util-linux")
    }

    fn pkcs11_tool(&self, arguments: &[&str]) -> Output {
        run(self.tool().args(["--token-label", Self::LABEL]).args(arguments), "opensc")
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
}
