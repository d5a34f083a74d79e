//! Any bytes as what a CA or a user hands over: certificates as PEM, DER or PKCS#7, a CSR, a public key.
#![no_main]

use hsmcert::x509::{self, Certificate, Csr};
use libfuzzer_sys::fuzz_target;

/// All that is ever shown or asked of a certificate.
fn look_at(certificate: &Certificate) {
    let again = x509::read_certificates(certificate.to_pem().as_bytes()).expect("what was written can be read");
    assert_eq!(again[0].der(), certificate.der());
    let _ = (certificate.subject().to_string(), certificate.issuer().to_string(), certificate.serial_hex());
    let _ = (certificate.describe_extensions(), certificate.subject_alt_names(), certificate.scheme());
    let _ = (certificate.is_ca(), certificate.key_usage(), certificate.extended_key_usages());
    let _ = (certificate.not_before(), certificate.not_after(), certificate.signature_oid());
    if let Ok(key) = certificate.public_key() {
        let spki = x509::spki_der(&key).expect("a key that was read can be written");
        assert_eq!(x509::public_key_from_spki(&spki).ok(), Some(key));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let certificates = x509::read_certificates(bytes).unwrap_or_default();
    // Each signature is a millisecond; more than a few show nothing new.
    let certificates = certificates.get(..4).unwrap_or(&certificates);
    certificates.iter().for_each(look_at);
    if let Some((leaf, others)) = certificates.split_first() {
        let chain = x509::sort_chain(leaf, others);
        let _ = (chain.check(leaf), chain.unchecked(leaf), leaf.is_issued_by(leaf));
        let _ = x509::validate_path(leaf, others, others, 1_796_169_600);
    }
    if let Ok(csr) = Csr::from_bytes(bytes) {
        let _ = (csr.describe(), csr.verify(), csr.public_key(), csr.scheme(), csr.asks_for_ca());
        let _ = (csr.subject().to_string(), csr.subject_alt_names());
    }
    let _ = x509::read_public_key(bytes);
});
