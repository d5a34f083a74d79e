//! A DNS server for CAs that check names, which has records by request. It ends with the test.

use std::path::Path;
use std::process::Command;

use super::{Running, free_port};

/// Every name has the address of this machine.
#[derive(Debug)]
pub struct ChallengeNames {
    port: u16,
    management: u16,
    _running: Running,
}

impl ChallengeNames {
    #[track_caller]
    pub fn start(folder: &Path) -> Self {
        let [port, management] = std::array::from_fn(|_| free_port());
        let mut command = Command::new("pebble-challtestsrv");
        command.args([
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
        ]);
        command.args(["-dns01", &format!("127.0.0.1:{port}"), "-management", &format!("127.0.0.1:{management}")]);
        let mut running = Running::start(&mut command, folder, "pebble");
        running.prints("Starting management server");
        Self { port, management, _running: running }
    }

    /// Where it is asked.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A command that sets and removes TXT records, and writes down what it was called for.
    pub fn hook(&self) -> String {
        format!(
            "echo \"$1 $HSMCERT_ACME_DOMAIN $HSMCERT_ACME_RECORD $HSMCERT_ACME_VALUE\" >> hooks\n\
             case $1 in set) what=set-txt;; unset) what=clear-txt;; esac\n\
             curl --silent --noproxy '*' --data \"{{\\\"host\\\": \\\"$HSMCERT_ACME_RECORD.\\\", \\\"value\\\": \
             \\\"$HSMCERT_ACME_VALUE\\\"}}\" http://127.0.0.1:{}/$what\n",
            self.management
        )
    }
}
