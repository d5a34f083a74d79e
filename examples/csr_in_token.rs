//! A CSR with the library: the key pair is made in a token and destroyed again when anything fails.
//!
//!     HSMCERT_MODULE=/usr/lib/softhsm/libsofthsm2.so TOKEN=web PIN=1234 \
//!         cargo run --example csr_in_token -- request-templates/web-server.toml

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use hsmcert::enroll::{KeyWishes, enroll};
use hsmcert::pin::Pin;
use hsmcert::spec::{self, Options};
use hsmcert::token::{Module, Selector, Session};
use hsmcert::x509::PemHeader;

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("name a request file")?;
    let variable = |name: &str| std::env::var(name).with_context(|| format!("set {name}"));

    let parsed = spec::parse(&path, &std::fs::read(&path)?, &Options::default())?;

    let module = Module::load(variable("HSMCERT_MODULE")?.as_ref(), None, None, None)?;
    let token = module.token(&Selector { label: Some(variable("TOKEN")?), ..Selector::default() })?;
    let session = Session::open(&module, token)?;
    session.login(Some(&Pin::new(variable("PIN")?)))?;

    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    let enrolled = enroll(&session, &parsed.spec, KeyWishes::default(), now, |_| Ok(()))?;
    #[allow(clippy::print_stdout, reason = "the result")]
    {
        print!("{}", enrolled.document.to_pem(PemHeader::Standard));
    }
    Ok(())
}
