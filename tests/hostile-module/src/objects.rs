//! What is on the token: one key pair and its certificate.

use cryptoki_sys::{
    CK_ATTRIBUTE_TYPE, CK_OBJECT_CLASS, CK_OBJECT_HANDLE, CK_ULONG, CKA_ALWAYS_SENSITIVE, CKA_CERTIFICATE_TYPE,
    CKA_CLASS, CKA_EC_PARAMS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_ID, CKA_ISSUER, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL,
    CKA_NEVER_EXTRACTABLE, CKA_PRIVATE, CKA_SENSITIVE, CKA_SERIAL_NUMBER, CKA_SIGN, CKA_SUBJECT, CKA_TOKEN, CKA_VALUE,
    CKA_VERIFY, CKC_X_509, CKK_EC, CKO_CERTIFICATE, CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
};

/// Self-signed, of a key on P-256 that nobody has.
const CERTIFICATE: &[u8] = include_bytes!("certificate.der");
/// The OID of P-256 (RFC 5480, 2.1.1.1).
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Handles are 1 to 3.
pub(crate) const CLASSES: [CK_OBJECT_CLASS; 3] = [CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE];

/// The value of an attribute, if the object has it.
pub(crate) fn value(object: CK_OBJECT_HANDLE, kind: CK_ATTRIBUTE_TYPE) -> Option<Vec<u8>> {
    let class = *CLASSES.get(usize::try_from(object).ok()?.checked_sub(1)?)?;
    let number = |number: CK_ULONG| Some(number.to_ne_bytes().to_vec());
    let yes = |flag: bool| Some(vec![u8::from(flag)]);
    let (private, certificate) = (class == CKO_PRIVATE_KEY, class == CKO_CERTIFICATE);
    match kind {
        CKA_CLASS => number(class),
        CKA_TOKEN => yes(true),
        CKA_ID => Some(vec![7]),
        CKA_LABEL => Some(b"www.example.com".to_vec()),
        CKA_PRIVATE => yes(private),
        CKA_KEY_TYPE if !certificate => number(CKK_EC),
        CKA_EC_PARAMS if !certificate => Some(P256.to_vec()),
        CKA_EC_POINT if class == CKO_PUBLIC_KEY => Some(point()),
        CKA_SIGN | CKA_SENSITIVE | CKA_ALWAYS_SENSITIVE | CKA_NEVER_EXTRACTABLE | CKA_LOCAL if private => yes(true),
        CKA_EXTRACTABLE if private => yes(false),
        CKA_VERIFY if class == CKO_PUBLIC_KEY => yes(true),
        CKA_CERTIFICATE_TYPE if certificate => number(CKC_X_509),
        CKA_VALUE if certificate => Some(CERTIFICATE.to_vec()),
        CKA_SUBJECT | CKA_ISSUER if certificate => Some(name()),
        CKA_SERIAL_NUMBER if certificate => Some(vec![2, 1, 7]),
        _ => None,
    }
}

/// The point in its OCTET STRING (PKCS#11 3.1, 6.3.3), as it stands in the certificate.
fn point() -> Vec<u8> {
    const BIT_STRING: [u8; 4] = [0x03, 0x42, 0x00, 0x04];
    let at = CERTIFICATE.windows(BIT_STRING.len()).position(|window| window == BIT_STRING).unwrap_or_default();
    let point = CERTIFICATE.get(at + 3..at + 3 + 65).unwrap_or_default();
    [&[0x04, 0x41], point].concat()
}

/// C=US, CN=www.example.com: the first name in the certificate.
fn name() -> Vec<u8> {
    const COUNTRY: [u8; 4] = [0x31, 0x0b, 0x30, 0x09];
    let at = CERTIFICATE.windows(COUNTRY.len()).position(|window| window == COUNTRY).unwrap_or_default();
    let length = CERTIFICATE.get(at.saturating_sub(1)).copied().unwrap_or_default();
    CERTIFICATE.get(at.saturating_sub(2)..at + usize::from(length)).unwrap_or_default().to_vec()
}
