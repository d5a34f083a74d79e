//! Bytes that are written as hex or base64.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_cert::der::asn1::AnyRef;
use x509_cert::der::{Decode, Encode};

use super::Diagnostic;

/// Bytes from hex digits; white space may stand anywhere.
///
/// # Errors
/// An error without a place.
pub(super) fn hex(text: &str) -> Result<Vec<u8>, Diagnostic> {
    let digits = without_white_space(text);
    if let Some(strange) = digits.chars().find(|character| !character.is_ascii_hexdigit()) {
        return Err(Diagnostic::error(format!("`{strange}` is not a hex digit"), None)
            .expecting("expected pairs of 0-9 and a-f, blanks allowed"));
    }
    base16ct::mixed::decode_vec(&digits)
        .map_err(|_| Diagnostic::error(format!("an odd number of hex digits: {}", digits.len()), None))
}

/// Bytes from base64 (RFC 4648, section 4, with padding); white space may stand anywhere.
///
/// # Errors
/// An error without a place.
pub(super) fn base64(text: &str) -> Result<Vec<u8>, Diagnostic> {
    let digits = without_white_space(text);
    STANDARD.decode(&digits).map_err(|_| {
        let digit = |one: char| one.is_ascii_alphanumeric() || matches!(one, '+' | '/' | '=');
        let message = match digits.chars().find(|one| !digit(*one)) {
            Some(strange) => format!("`{strange}` is not a base64 digit"),
            None => "not base64: its length or its padding is wrong".to_owned(),
        };
        Diagnostic::error(message, None).expecting("expected base64 with its `=` padding")
    })
}

/// Checks that these bytes are one DER value and nothing behind it, as `extnValue` and otherName want.
///
/// # Errors
/// An error without a place.
pub(super) fn one_der_value(bytes: &[u8]) -> Result<(), Diagnostic> {
    let canonical = AnyRef::from_der(bytes).and_then(|value| value.to_der()).is_ok_and(|again| again == bytes);
    if canonical {
        return Ok(());
    }
    let length = bytes.len();
    Err(Diagnostic::error(format!("these {length} bytes are not one DER value"), None)
        .expecting("expected tag, length and content of one ASN.1 value"))
}

fn without_white_space(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_does_not_count() {
        assert_eq!(hex("30 03\t0201 05").unwrap(), [0x30, 3, 2, 1, 5]);
        assert_eq!(base64("AwIB hg==").unwrap(), [3, 2, 1, 0x86]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(hex("3g").unwrap_err().message, "`g` is not a hex digit");
        assert_eq!(hex("300").unwrap_err().message, "an odd number of hex digits: 3");
        assert_eq!(base64("Aw-B").unwrap_err().message, "`-` is not a base64 digit");
        assert!(base64("AwIBhg").unwrap_err().message.starts_with("not base64: "));
    }

    #[test]
    fn exactly_one_der_value_is_wanted() {
        assert!(one_der_value(&[0x30, 3, 2, 1, 5]).is_ok());
        assert!(one_der_value(&[5, 0, 0]).is_err());
        assert!(one_der_value(&[5]).is_err());
        assert!(one_der_value(&[]).is_err());
    }
}
