//! Whether the key of a certificate is in a token, proved by signatures over a nonce.
//!
//!     HSMCERT_MODULE=/usr/lib/softhsm/libsofthsm2.so TOKEN=web PIN=1234 \
//!         cargo run --example proved_link -- web-server.crt.pem

use anyhow::Context as _;
use hsmcert::pin::Pin;
use hsmcert::token::{Module, Selector, Session};
use hsmcert::{proof, x509};

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("name a certificate file")?;
    let variable = |name: &str| std::env::var(name).with_context(|| format!("set {name}"));
    let certificates = x509::read_certificates(&std::fs::read(&path)?)?;
    let leaf = certificates.iter().find(|one| !one.is_ca()).context("there is no certificate of a site in it")?;

    let module = Module::load(variable("HSMCERT_MODULE")?.as_ref(), None, None, None)?;
    let token = module.token(&Selector { label: Some(variable("TOKEN")?), ..Selector::default() })?;
    let session = Session::open(&module, token)?;
    session.login(Some(&Pin::new(variable("PIN")?)))?;

    let pair = session.find_key(&leaf.public_key()?)?.context("its key is not in this token")?;
    let schemes = proof::prove(&session, leaf, pair.id())?;
    #[allow(clippy::print_stdout, reason = "the result")]
    {
        println!(
            "{} is linked to key {} (\"{}\"); {} signatures verified",
            leaf.name(),
            pair.id(),
            pair.label(),
            schemes.len()
        );
    }
    Ok(())
}
