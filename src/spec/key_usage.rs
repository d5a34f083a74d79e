//! Names and numbers of key usages, in certreq's spelling and in that of RFC 5280, 4.2.1.3.

use super::Diagnostic;
use super::suggest::did_you_mean;
use crate::request::KeyUsage;

/// The usage with this name; case, hyphens and blanks around it do not count.
///
/// # Errors
/// An error without a place, with the nearest name.
pub(super) fn by_name(name: &str) -> Result<KeyUsage, Diagnostic> {
    let plain = |name: &str| name.trim().replace('-', "").to_lowercase();
    let wanted = plain(name);
    let names = || KeyUsage::NAMES.into_iter().zip(0..).chain(CERTREQ_NAMES).chain(OTHER_NAMES);
    if let Some((_, bit)) = names().find(|(known, _)| plain(known) == wanted) {
        return Ok(KeyUsage::from_bits(1 << bit));
    }
    let near = did_you_mean(name.trim(), names().map(|(known, _)| known));
    Err(Diagnostic::error(format!("unknown key usage `{}`{near}", name.trim()), None).expecting(
        "expected 0x80, or a name like CERT_DIGITAL_SIGNATURE_KEY_USAGE or digitalSignature; | between several",
    ))
}

/// The usages in certreq's number: the low byte is the first byte of the BIT STRING, 0x8000 the top bit of the second
/// (`CERT_*_KEY_USAGE` in wincrypt.h).
///
/// # Errors
/// The bits that mean nothing, in an error without a place.
pub(super) fn from_certreq(number: u32) -> Result<KeyUsage, Diagnostic> {
    let unknown = number & !0x80ff;
    if unknown != 0 {
        let message = format!("key usage {number:#x} has bits without a meaning: {unknown:#x}");
        return Err(Diagnostic::error(message, None).expecting("expected a sum of 0x80 to 0x01, and 0x8000"));
    }
    let bits = (0..8).filter(|bit| number & (0x80 >> bit) != 0).fold(0, |bits, bit| bits | 1 << bit);
    Ok(KeyUsage::from_bits(bits | u16::from(number & 0x8000 != 0) << 8))
}

/// certreq's names with the bit of RFC 5280.
const CERTREQ_NAMES: [(&str, u16); 10] = [
    ("CERT_DIGITAL_SIGNATURE_KEY_USAGE", 0),
    ("CERT_NON_REPUDIATION_KEY_USAGE", 1),
    ("CERT_KEY_ENCIPHERMENT_KEY_USAGE", 2),
    ("CERT_DATA_ENCIPHERMENT_KEY_USAGE", 3),
    ("CERT_KEY_AGREEMENT_KEY_USAGE", 4),
    ("CERT_KEY_CERT_SIGN_KEY_USAGE", 5),
    ("CERT_CRL_SIGN_KEY_USAGE", 6),
    ("CERT_OFFLINE_CRL_SIGN_KEY_USAGE", 6),
    ("CERT_ENCIPHER_ONLY_KEY_USAGE", 7),
    ("CERT_DECIPHER_ONLY_KEY_USAGE", 8),
];

/// `contentCommitment` is the newer name of nonRepudiation (RFC 5280, 4.2.1.3).
const OTHER_NAMES: [(&str, u16); 1] = [("contentCommitment", 1)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_mirrored_into_bits() {
        let bits = |number| from_certreq(number).unwrap().bits();
        assert_eq!(bits(0xf0), 0b1111);
        assert_eq!(bits(0xa0), 0b101);
        assert_eq!(bits(0x86), 0b0110_0001);
        assert_eq!(bits(0x01), 1 << 7);
        assert_eq!(bits(0x8008), 1 << 8 | 1 << 4);
        assert!(from_certreq(0x1_0180).unwrap_err().message.ends_with("0x10100"));
    }

    #[test]
    fn both_families_of_names_are_known() {
        assert_eq!(by_name("cert_crl_sign_key_usage").unwrap(), by_name("cRLSign").unwrap());
        assert_eq!(by_name("digital-signature").unwrap().bits(), 1);
        assert_eq!(by_name("contentCommitment").unwrap(), by_name("nonRepudiation").unwrap());
        assert!(by_name("digitalSignatur").unwrap_err().message.contains("`digitalSignature`"));
    }
}
