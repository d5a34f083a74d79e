//! dns-01 (RFC 8555, section 8.4): the CA asks for a TXT record, and a command of the user sets and removes it.

use std::ffi::OsString;
use std::time::Duration;

use instant_acme::Identifier;

use super::{Answers, Proof};
use crate::authority::Dns01;
use crate::ca::{Error, Surroundings};
use crate::command::Run;

/// The records.
pub(super) struct Records<'a> {
    hook: &'a Dns01,
    timeout: Duration,
    set: Vec<Record>,
    around: &'a dyn Surroundings,
}

/// One TXT record. A name and its wildcard have two of one name.
struct Record {
    domain: String,
    name: String,
    value: String,
}

impl<'a> Records<'a> {
    pub(super) fn by(hook: &'a Dns01, timeout: Duration, around: &'a dyn Surroundings) -> Self {
        Self { hook, timeout, set: Vec::new(), around }
    }

    fn call(&self, what: &str, record: &Record) -> Result<(), Error> {
        let Record { domain, name, value } = record;
        let mut command = self.hook.command.clone();
        command.push(what.to_owned());
        self.around.tell(&format!("CA: {} for {name}", command.join(" ")));
        let variables: [(String, OsString); 3] = [
            ("HSMCERT_ACME_DOMAIN".into(), domain.into()),
            ("HSMCERT_ACME_RECORD".into(), name.into()),
            ("HSMCERT_ACME_VALUE".into(), value.into()),
        ];
        let run = Run {
            command: &command,
            inherited: &self.hook.env,
            variables: &variables,
            input: &[],
            timeout: self.timeout,
        };
        let failed = |reason: String| Error::Hook(format!("{what} for {name}: {reason}"));
        let ran = run.run().map_err(|error| failed(error.to_string()))?;
        if ran.status.success() { Ok(()) } else { Err(failed(ran.reason())) }
    }
}

impl Answers for Records<'_> {
    fn set(&mut self, proof: &Proof<'_>) -> Result<(), Error> {
        let Identifier::Dns(domain) = proof.identifier else {
            return Err(Error::Answer { message: format!("it wants a DNS record for {:?}", proof.identifier) });
        };
        let (name, value) = (format!("_acme-challenge.{domain}"), proof.key_authorization.dns_value());
        let record = Record { domain: domain.clone(), name, value };
        let set = self.call("set", &record);
        // Also one that failed may have done half of its work.
        self.set.push(record);
        set
    }

    fn settling_time(&self) -> Duration {
        if self.set.is_empty() { Duration::ZERO } else { Duration::from_secs(self.hook.wait) }
    }
}

impl Drop for Records<'_> {
    fn drop(&mut self) {
        for record in &self.set {
            if let Err(error) = self.call("unset", record) {
                self.around.warn(&format!("a DNS record for the CA stays: {error}"));
            }
        }
    }
}
