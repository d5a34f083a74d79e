//! When the certificates of some files are due for renewal. No token is needed.
//!
//!     cargo run --example when_due -- 30d *.crt.pem

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use hsmcert::due::{Margin, Phase};
use hsmcert::x509;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let margin: Margin = arguments.next().context("name a margin, as in 30d or 33%")?.parse()?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    for path in arguments {
        for leaf in x509::read_certificates(&std::fs::read(&path)?)?.iter().filter(|one| !one.is_ca()) {
            let due_at = margin.due_at(leaf.not_before(), leaf.not_after());
            let phase = Phase::at(now, leaf.not_before(), leaf.not_after(), due_at);
            #[allow(clippy::print_stdout, reason = "the result")]
            {
                println!("{}: {}, {} days until then", leaf.name(), phase.word(), due_at.saturating_sub(now) / 86_400);
            }
        }
    }
    Ok(())
}
