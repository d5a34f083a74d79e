//! What a server serves after it was told to read its configuration anew.

use std::thread;
use std::time::{Duration, Instant};

use super::plan::Plan;
use super::{Rollout, Server, Trouble};
use crate::proof;
use crate::tls::Connect;
use crate::verify::{self, Link, Options};

/// A reload comes back before it is done: for a while old and new processes answer side by side, or nobody does.
const PATIENCE: Duration = Duration::from_secs(10);

/// For one connection with its handshake.
const LIMIT: Duration = Duration::from_secs(5);

/// So often in a row it must be the new certificate.
const ENOUGH: u32 = 3;

const PAUSE: Duration = Duration::from_millis(200);

impl Rollout<'_> {
    /// Asks until the new certificate is served, or the patience is at its end.
    pub(super) fn look(&self, plan: &Plan<'_>) -> Result<(), Trouble> {
        let Server { host, port, .. } = plan.server;
        let server_name = plan.name.as_deref().unwrap_or(host);
        let to = Connect { host, port: *port, address: None, server_name, limit: LIMIT, check: proof::check_signature };
        let options = Options { roots: None, file_only: false, now: self.now };
        let link = Link {
            id: self.bound.key.id.clone(),
            label: self.bound.key.label.clone(),
            leaf: Some(self.bound.leaf.clone()),
            chain: self.bound.chain.clone(),
            signs: vec![],
            steps: vec![],
            warnings: vec![],
        };
        (self.tell)(&format!("looks at {host}:{port}"));
        let end = Instant::now() + PATIENCE;
        let mut seen = 0;
        loop {
            let live = verify::live(self.session, std::slice::from_ref(&link), &to, &options);
            let live = live.map_err(|error| Trouble::new(error.to_string()))?;
            let failed: Vec<_> = live.steps.into_iter().filter(proof::Step::has_failed).collect();
            seen = if failed.is_empty() { seen + 1 } else { 0 };
            if seen == ENOUGH {
                return Ok(());
            }
            if !failed.is_empty() && Instant::now() >= end {
                let reason = format!("{host}:{port} does not serve the new certificate");
                return Err(Trouble { reason, steps: failed });
            }
            thread::sleep(PAUSE);
        }
    }
}
