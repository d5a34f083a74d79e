//! Path validation (RFC 5280, 6) by rustls-webpki: names, constraints, dates and purposes up to a root that the
//! user names.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{
    EndEntityCert, Error as Webpki, ExtendedKeyUsageValidator, KeyPurposeIdIter, KeyUsage, anchor_from_trusted_cert,
};

use super::{Certificate, Error};
use crate::request::Oid;

const SERVER_AUTH: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.1");
const CLIENT_AUTH: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.3.2");

/// What a leaf is for: the issuers of its path must be allowed to issue for that.
enum Purpose {
    Tls(KeyUsage),
    Other,
}

impl ExtendedKeyUsageValidator for Purpose {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Webpki> {
        match self {
            Self::Tls(usage) => usage.validate(purposes),
            Self::Other => Ok(()),
        }
    }
}

/// Checks that a path leads from the leaf over the intermediates to one of the roots at the time `now` (seconds
/// since 1970), for a TLS server or client if the leaf is for one.
///
/// # Errors
/// [`Error::Path`] says what is wrong with the best path.
pub fn validate_path(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    now: i64,
) -> Result<(), Error> {
    let wrong = |error: Webpki| Error::Path { subject: leaf.subject(), reason: reason(&error) };
    let ders = |certificates: &[Certificate]| -> Vec<CertificateDer<'static>> {
        certificates.iter().map(|one| CertificateDer::from(one.der().to_vec())).collect()
    };
    let (own, intermediates, roots) = (CertificateDer::from(leaf.der()), ders(intermediates), ders(roots));
    let anchors: Vec<_> = roots.iter().map(anchor_from_trusted_cert).collect::<Result<_, _>>().map_err(wrong)?;
    let purpose = match leaf.extended_key_usage() {
        None => Purpose::Tls(KeyUsage::server_auth()),
        Some(purposes) if purposes.contains(&SERVER_AUTH) => Purpose::Tls(KeyUsage::server_auth()),
        Some(purposes) if purposes.contains(&CLIENT_AUTH) => Purpose::Tls(KeyUsage::client_auth()),
        Some(_) => Purpose::Other,
    };
    let time = UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(now).unwrap_or(0)));
    let leaf = EndEntityCert::try_from(&own).map_err(wrong)?;
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    leaf.verify_for_usage(algorithms, &anchors, &intermediates, time, purpose, None, None).map(|_| ()).map_err(wrong)
}

fn reason(error: &Webpki) -> String {
    match error {
        Webpki::UnknownIssuer => "an issuer is missing, or a signature does not verify".to_owned(),
        Webpki::CertExpired { .. } => "a certificate of the path has expired".to_owned(),
        Webpki::CertNotValidYet { .. } => "a certificate of the path is not valid yet".to_owned(),
        Webpki::CaUsedAsEndEntity => "the certificate is a CA's".to_owned(),
        Webpki::EndEntityUsedAsCa => "an issuer is no CA certificate".to_owned(),
        Webpki::PathLenConstraintViolated => "the path is longer than an issuer allows".to_owned(),
        Webpki::NameConstraintViolation => "an issuer may not issue for these names (nameConstraints)".to_owned(),
        other => other.to_string(),
    }
}
