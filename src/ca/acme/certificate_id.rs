//! The name that a CA knows a certificate by (RFC 9773, section 4.1).

use der::{Decode as _, Encode as _};
use instant_acme::CertificateIdentifier;
use rustls_pki_types::Der;
use x509_cert::Certificate;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

/// The name of a certificate; `None` where it says nothing of its issuer's key.
pub(super) fn of(certificate: &[u8]) -> Option<CertificateIdentifier<'static>> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let tbs = certificate.tbs_certificate();
    let (_, issuer) = tbs.get_extension::<AuthorityKeyIdentifier>().ok()??;
    // With the zero in front of a first bit that is set.
    let serial = tbs.serial_number().to_der().ok()?;
    let serial = der::asn1::AnyRef::from_der(&serial).ok()?.value();
    Some(CertificateIdentifier::new(Der::from_slice(issuer.key_identifier?.as_bytes()), Der::from_slice(serial)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_number_keeps_its_zero() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut issuer = rcgen::CertificateParams::default();
        issuer.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        issuer.key_identifier_method = rcgen::KeyIdMethod::PreSpecified(vec![0xC0, 0xFF, 0xEE]);
        let issuer = rcgen::Issuer::new(issuer, &key);
        let mut leaf = rcgen::CertificateParams::default();
        leaf.use_authority_key_identifier_extension = true;
        // The serial number of RFC 9773, section 4.1.
        leaf.serial_number = Some(rcgen::SerialNumber::from_slice(&[0x87, 0x65, 0x43, 0x21]));
        let certificate = leaf.signed_by(&key, &issuer).unwrap();
        assert_eq!(of(certificate.der()).unwrap().to_string(), "wP_u.AIdlQyE");
        leaf.use_authority_key_identifier_extension = false;
        assert_eq!(of(leaf.signed_by(&key, &issuer).unwrap().der()), None);
        assert_eq!(of(b"no certificate"), None);
    }
}
