//! `X500NameFlags`: the `CERT_NAME_STR_*` flags of `CertStrToName` (wincrypt.h).

use super::super::Diagnostic;

/// How an X.500 string is read and its values encoded. The default is certreq's without `X500NameFlags`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::spec) struct Flags {
    /// The first RDN written is encoded first.
    pub(in crate::spec) forward: bool,
    /// What separates RDNs.
    pub(in crate::spec) separators: Separators,
    /// A `"` is text.
    pub(in crate::spec) no_quoting: bool,
    /// A `+` is text.
    pub(in crate::spec) no_plus: bool,
    /// Directory strings are `PrintableString` where they fit, not `UTF8String`.
    pub(in crate::spec) printable_first: bool,
    /// `TeletexString` for what is not printable but Latin-1.
    pub(in crate::spec) teletex: bool,
    /// `UTF8String` instead of `BMPString` for the rest.
    pub(in crate::spec) utf8_rest: bool,
}

/// What separates the RDNs of an X.500 string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::spec) enum Separators {
    /// `,`, `;` and line ends.
    #[default]
    All,
    /// `,` alone.
    Comma,
    /// `;` alone.
    Semicolon,
    /// Line ends alone.
    LineEnd,
}

const FORWARD: u32 = 0x0100_0000;
const REVERSE: u32 = 0x0200_0000;
const COMMA: u32 = 0x0400_0000;
const CRLF: u32 = 0x0800_0000;
const NO_QUOTING: u32 = 0x1000_0000;
const NO_PLUS: u32 = 0x2000_0000;
const SEMICOLON: u32 = 0x4000_0000;
const ENABLE_T61: u32 = 0x0002_0000;
const ENABLE_UTF8: u32 = 0x0004_0000;
const DISABLE_UTF8_DIR_STR: u32 = 0x0010_0000;

impl Flags {
    /// Names without their `CERT_NAME_STR_`, and numbers. Those without a constant change nothing here: string
    /// forms that are read alike, one for decoding, and two that are always on.
    pub(in crate::spec) const NAMES: [(&str, u32); 17] = [
        ("FORWARD_FLAG", FORWARD),
        ("REVERSE_FLAG", REVERSE),
        ("COMMA_FLAG", COMMA),
        ("CRLF_FLAG", CRLF),
        ("NO_QUOTING_FLAG", NO_QUOTING),
        ("NO_PLUS_FLAG", NO_PLUS),
        ("SEMICOLON_FLAG", SEMICOLON),
        ("ENABLE_T61_UNICODE_FLAG", ENABLE_T61),
        ("ENABLE_UTF8_UNICODE_FLAG", ENABLE_UTF8),
        ("DISABLE_UTF8_DIR_STR_FLAG", DISABLE_UTF8_DIR_STR),
        ("DISABLE_IE4_UTF8_FLAG", 0x0001_0000),
        ("FORCE_UTF8_DIR_STR_FLAG", 0x0008_0000),
        ("ENABLE_PUNYCODE_FLAG", 0x0020_0000),
        ("NONE", 0),
        ("CERT_SIMPLE_NAME_STR", 1),
        ("CERT_OID_NAME_STR", 2),
        ("CERT_X500_NAME_STR", 3),
    ];

    /// Reads the number.
    ///
    /// # Errors
    /// Bits without a meaning, or flags that exclude each other; an error without a place.
    pub(in crate::spec) fn from_bits(bits: u32) -> Result<Self, Diagnostic> {
        let known = Self::NAMES.iter().fold(0, |known, (_, bit)| known | bit);
        if bits & !known != 0 {
            let message = format!("X500NameFlags {bits:#x} has bits without a meaning: {:#x}", bits & !known);
            return Err(Diagnostic::error(message, None));
        }
        let has = |flag: u32| bits & flag != 0;
        if has(FORWARD) && has(REVERSE) {
            return Err(Diagnostic::error("X500NameFlags asks for both forward and reverse order", None));
        }
        let separators = match (has(COMMA), has(SEMICOLON), has(CRLF)) {
            (false, false, false) => Separators::All,
            (true, false, false) => Separators::Comma,
            (false, true, false) => Separators::Semicolon,
            (false, false, true) => Separators::LineEnd,
            (true, true, _) | (true, _, true) | (_, true, true) => {
                return Err(Diagnostic::error("X500NameFlags asks for more than one separator", None));
            }
        };
        Ok(Self {
            forward: has(FORWARD),
            separators,
            no_quoting: has(NO_QUOTING),
            no_plus: has(NO_PLUS),
            printable_first: has(DISABLE_UTF8_DIR_STR),
            teletex: has(ENABLE_T61),
            utf8_rest: has(ENABLE_UTF8),
        })
    }

    /// Does this character end an RDN?
    pub(super) fn is_separator(self, character: char) -> bool {
        match self.separators {
            Separators::All => matches!(character, ',' | ';' | '\r' | '\n'),
            Separators::Comma => character == ',',
            Separators::Semicolon => character == ';',
            Separators::LineEnd => matches!(character, '\r' | '\n'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_exclude_each_other_are_refused() {
        assert!(Flags::from_bits(FORWARD | REVERSE).is_err());
        assert!(Flags::from_bits(COMMA | SEMICOLON).is_err());
        assert!(Flags::from_bits(0x8000_0000).unwrap_err().message.contains("0x80000000"));
        assert_eq!(Flags::from_bits(REVERSE | 3), Ok(Flags::default()));
    }
}
