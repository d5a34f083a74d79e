//! Whether a server still uses a key: it is asked by each name that the key's certificates have.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::PruneError;
use crate::error::Error;
use crate::proof;
use crate::state::Record;
use crate::tls::{self, Connect};
use crate::x509::{self, Certificate};

/// For one connection with its handshake.
const LIMIT: Duration = Duration::from_secs(5);

/// So often each name is asked for: after a reload old processes answer beside the new ones for a while.
const TIMES: usize = 3;

/// A server to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Host name or IP address.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Refuses a key that a server still shows a certificate of, and one of which a server does not tell.
pub(super) fn check_unused(old: &Record, certificates: &[Certificate], servers: &[Address]) -> Result<(), Error> {
    let mut names: BTreeSet<String> = certificates.iter().flat_map(proof::server_names).collect();
    if let (true, Some(csr)) = (certificates.is_empty(), old.csr()) {
        names.extend(proof::host_names(&csr.subject_alt_names()));
    }
    for server in servers {
        let hosts = BTreeSet::from([server.host.clone()]);
        for name in if names.is_empty() { &hosts } else { &names } {
            for _ in 0..TIMES {
                check(old, server, name)?;
            }
        }
    }
    Ok(())
}

fn check(old: &Record, server: &Address, name: &str) -> Result<(), Error> {
    let label = || old.label.clone();
    let Address { host, port } = server;
    let to =
        Connect { host, port: *port, address: None, server_name: name, limit: LIMIT, check: proof::check_signature };
    let served = tls::connect(&to).map_err(|source| PruneError::NoAnswer {
        label: label(),
        server: server.to_string(),
        source,
    })?;
    let leaf = served.chain.first().and_then(|der| Certificate::from_der(der).ok());
    let key = leaf.and_then(|leaf| leaf.public_key().ok());
    if key.is_some_and(|key| x509::spki_fingerprint(&key) == old.spki_sha256) {
        return Err(PruneError::Served { label: label(), server: server.to_string(), name: name.to_owned() }.into());
    }
    Ok(())
}
