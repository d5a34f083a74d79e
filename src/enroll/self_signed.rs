//! `RequestType = Cert`: a certificate that its own key signs.

use crate::error::Error;
use crate::key::SignatureScheme;
use crate::request::{RequestSpec, Validity};
use crate::token::{self, KeyPair};
use crate::x509::{self, Certificate, UnsignedCertificate};

/// certreq dates a certificate so far back, for clocks that are slow.
const BACKDATED: i64 = 600;

/// Builds the certificate, has it signed in the token and verifies it.
pub(super) fn certificate(
    pair: &KeyPair<'_>,
    spec: &RequestSpec,
    validity: Validity,
    now: i64,
) -> Result<(Certificate, SignatureScheme), Error> {
    let (not_before, not_after) = match validity {
        Validity::For(period) => (now - BACKDATED, period.after(now)),
        Validity::Between { not_before, not_after } => (not_before.unwrap_or(now - BACKDATED), not_after),
    };
    let key = pair.public_key();
    let unsigned = UnsignedCertificate::self_signed(spec, key, &serial()?, not_before, not_after)?;
    let scheme = unsigned.scheme();
    let signature = x509::encode_signature(scheme, &pair.sign(scheme, unsigned.to_be_signed())?)?;
    x509::verify(key, scheme, unsigned.to_be_signed(), &signature)?;
    Ok((unsigned.finish(&signature)?, scheme))
}

/// 127 random bits, positive and without a leading zero (RFC 5280, 4.1.2.2; CA/Browser Forum BR 7.1 asks for 64).
fn serial() -> Result<[u8; 16], Error> {
    let mut serial = [0u8; 16];
    getrandom::fill(&mut serial).map_err(|error| token::Error::Random(error.to_string()))?;
    serial[0] = serial[0] & 0x7f | 0x40;
    Ok(serial)
}
