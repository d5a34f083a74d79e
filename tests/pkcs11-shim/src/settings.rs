//! What the environment asks of the shim.
//!
//! | variable | meaning |
//! |---|---|
//! | `PKCS11_SHIM_MODULE=/path/to/module.so` | the real module; needed |
//! | `PKCS11_SHIM_LOG=/path/to/log` | one line per call is appended: `C_Sign 0x0 512` (name, result, microseconds) |
//! | `PKCS11_SHIM_HIDE_MECHANISMS=0x40,0x250` | mechanisms that the module then does not have |
//! | `PKCS11_SHIM_KEY_SIZES=0x0:1024:3072,…` | the smallest and greatest key that `C_GetMechanismInfo` tells for a mechanism |
//! | `PKCS11_SHIM_REFUSE_CERTIFICATES=0x54` | `C_CreateObject` of a certificate gives this result |
//! | `PKCS11_SHIM_REFUSE_SECOND_CERTIFICATE=0xd1` | the same, where a certificate has its `CKA_ID` already |
//! | `PKCS11_SHIM_DROP_ATTRIBUTE=0x101` | an attribute of certificates that never gets to the module |
//! | `PKCS11_SHIM_TOKEN_FLAGS=0x20000` | flags that `C_GetTokenInfo` then has too |
//! | `PKCS11_SHIM_PIN_PAD=USER:SO:NEW` | PINs are typed at the device: these, of the user, of the security officer, and the user's new one |
//! | `PKCS11_SHIM_FAIL=C_Sign:1:0x30,…` | the n-th call of that function gives this result and never gets to the module |
//! | `PKCS11_SHIM_KILL=C_Sign:1` | the process aborts before the n-th call of that function; or what the next says |
//! | `PKCS11_SHIM_KILL_BY=crash` | it is ended by an invalid memory access (`crash`), or ends itself with code 3 (`exit`) |
//! | `PKCS11_SHIM_HANG=C_Sign:1` | the n-th call of that function never returns |
//! | `PKCS11_SHIM_LENGTHS=0x3:0xffffffff,…` | the length that `C_GetAttributeValue` tells of an attribute |
//! | `PKCS11_SHIM_DELAY_US=2000` | every call takes so much longer, as over a network |
//!
//! Numbers are decimal, or hex with `0x`. Calls are counted from 1, in each process anew.

use std::path::PathBuf;
use std::time::Duration;

use cryptoki_sys::{CK_ATTRIBUTE_TYPE, CK_FLAGS, CK_MECHANISM_TYPE, CK_RV, CK_ULONG};

/// All settings, parsed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) module: PathBuf,
    pub(crate) log: Option<PathBuf>,
    pub(crate) hidden: Vec<CK_MECHANISM_TYPE>,
    pub(crate) key_sizes: Vec<KeySizes>,
    pub(crate) refused_certificates: Option<CK_RV>,
    pub(crate) refused_second_certificate: Option<CK_RV>,
    pub(crate) dropped_attribute: Option<CK_ATTRIBUTE_TYPE>,
    pub(crate) token_flags: CK_FLAGS,
    pub(crate) pin_pad: Option<PinPad>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) kill: Option<Nth>,
    pub(crate) kill_by: Death,
    pub(crate) hang: Option<Nth>,
    pub(crate) lengths: Vec<Length>,
    pub(crate) delay: Duration,
}

/// How the process ends.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    #[default]
    Abort,
    Crash,
    Exit,
}

/// What is typed at the device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PinPad {
    pub(crate) user: String,
    pub(crate) officer: String,
    pub(crate) new: String,
}

/// What a mechanism tells of its keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeySizes {
    pub(crate) mechanism: CK_MECHANISM_TYPE,
    pub(crate) min: CK_ULONG,
    pub(crate) max: CK_ULONG,
}

/// The length that is told of an attribute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) attribute: CK_ATTRIBUTE_TYPE,
    pub(crate) length: CK_ULONG,
}

/// The n-th call of a function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Nth {
    pub(crate) function: String,
    pub(crate) number: u64,
}

/// A result to be forced.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) when: Nth,
    pub(crate) result: CK_RV,
}

impl Settings {
    /// Parses what `variable` gives for each name; an empty value is as none.
    ///
    /// # Errors
    /// Names the variable that is missing or cannot be read: a test with a typing error must not pass.
    pub(crate) fn parse(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let value = |name: &str| variable(name).filter(|value| !value.is_empty());
        let list = |name: &str| value(name).unwrap_or_default();
        Ok(Self {
            module: value("PKCS11_SHIM_MODULE").ok_or("PKCS11_SHIM_MODULE is not set")?.into(),
            log: value("PKCS11_SHIM_LOG").map(PathBuf::from),
            hidden: items(&list("PKCS11_SHIM_HIDE_MECHANISMS")).map(number).collect::<Result<_, _>>()?,
            key_sizes: items(&list("PKCS11_SHIM_KEY_SIZES")).map(KeySizes::parse).collect::<Result<_, _>>()?,
            refused_certificates: value("PKCS11_SHIM_REFUSE_CERTIFICATES").map(|text| number(&text)).transpose()?,
            refused_second_certificate: value("PKCS11_SHIM_REFUSE_SECOND_CERTIFICATE")
                .map(|text| number(&text))
                .transpose()?,
            dropped_attribute: value("PKCS11_SHIM_DROP_ATTRIBUTE").map(|text| number(&text)).transpose()?,
            token_flags: value("PKCS11_SHIM_TOKEN_FLAGS").map_or(Ok(0), |text| number(&text))?,
            pin_pad: value("PKCS11_SHIM_PIN_PAD").map(|text| PinPad::parse(&text)).transpose()?,
            failures: items(&list("PKCS11_SHIM_FAIL")).map(Failure::parse).collect::<Result<_, _>>()?,
            kill: value("PKCS11_SHIM_KILL").map(|text| Nth::parse(&text)).transpose()?,
            kill_by: value("PKCS11_SHIM_KILL_BY").map_or(Ok(Death::Abort), |text| Death::parse(&text))?,
            hang: value("PKCS11_SHIM_HANG").map(|text| Nth::parse(&text)).transpose()?,
            lengths: items(&list("PKCS11_SHIM_LENGTHS")).map(Length::parse).collect::<Result<_, _>>()?,
            delay: Duration::from_micros(value("PKCS11_SHIM_DELAY_US").map_or(Ok(0), |text| number(&text))?),
        })
    }
}

impl Death {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "abort" => Ok(Self::Abort),
            "crash" => Ok(Self::Crash),
            "exit" => Ok(Self::Exit),
            _ => Err(format!("`{text}` is not abort, crash or exit")),
        }
    }
}

impl PinPad {
    fn parse(text: &str) -> Result<Self, String> {
        let mut pins = text.split(':').map(str::to_owned);
        match (pins.next(), pins.next(), pins.next(), pins.next()) {
            (Some(user), Some(officer), Some(new), None) => Ok(Self { user, officer, new }),
            _ => Err(format!("`{text}` is not USER:SO:NEW")),
        }
    }
}

impl KeySizes {
    fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(mechanism, rest)| Some((mechanism, rest.split_once(':')?)));
        let (mechanism, (min, max)) = parts.ok_or(format!("`{text}` is not MECHANISM:MIN:MAX"))?;
        Ok(Self { mechanism: number(mechanism)?, min: number(min)?, max: number(max)? })
    }
}

impl Length {
    fn parse(text: &str) -> Result<Self, String> {
        let (attribute, length) = text.split_once(':').ok_or(format!("`{text}` is not ATTRIBUTE:LENGTH"))?;
        Ok(Self { attribute: number(attribute)?, length: number(length)? })
    }
}

impl Nth {
    fn parse(text: &str) -> Result<Self, String> {
        let (function, count) = text.split_once(':').ok_or(format!("`{text}` is not FUNCTION:N"))?;
        if !pkcs11_forward::NAMES.contains(&function) {
            return Err(format!("`{function}` is not a function of PKCS#11 v2.40"));
        }
        Ok(Self { function: function.to_owned(), number: number(count)? })
    }
}

impl Failure {
    fn parse(text: &str) -> Result<Self, String> {
        let (when, result) = text.rsplit_once(':').ok_or(format!("`{text}` is not FUNCTION:N:RESULT"))?;
        Ok(Self { when: Nth::parse(when)?, result: number(result)? })
    }
}

fn items(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty())
}

fn number<N: TryFrom<u64>>(text: &str) -> Result<N, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.ok().and_then(|number| N::try_from(number).ok()).ok_or(format!("`{text}` is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::parse(|name| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn all_variables() {
        let settings = parse(&[
            ("PKCS11_SHIM_MODULE", "/m.so"),
            ("PKCS11_SHIM_LOG", "/l"),
            ("PKCS11_SHIM_HIDE_MECHANISMS", "0x40,592"),
            ("PKCS11_SHIM_KEY_SIZES", "0x0:1024:3072"),
            ("PKCS11_SHIM_REFUSE_CERTIFICATES", "0x54"),
            ("PKCS11_SHIM_REFUSE_SECOND_CERTIFICATE", "0xd1"),
            ("PKCS11_SHIM_DROP_ATTRIBUTE", "0x101"),
            ("PKCS11_SHIM_TOKEN_FLAGS", "0x20000"),
            ("PKCS11_SHIM_PIN_PAD", "1:2:3"),
            ("PKCS11_SHIM_FAIL", "C_Sign:1:0x30,C_Login:2:160"),
            ("PKCS11_SHIM_KILL", "C_CreateObject:3"),
            ("PKCS11_SHIM_KILL_BY", "exit"),
            ("PKCS11_SHIM_HANG", "C_Login:1"),
            ("PKCS11_SHIM_LENGTHS", "0x3:7"),
            ("PKCS11_SHIM_DELAY_US", "2000"),
        ]);
        let nth = |function: &str, number| Nth { function: function.to_owned(), number };
        let expected = Settings {
            module: "/m.so".into(),
            log: Some("/l".into()),
            hidden: vec![0x40, 0x250],
            key_sizes: vec![KeySizes { mechanism: 0, min: 1024, max: 3072 }],
            refused_certificates: Some(0x54),
            refused_second_certificate: Some(0xd1),
            dropped_attribute: Some(0x101),
            token_flags: 0x20000,
            pin_pad: Some(PinPad { user: "1".into(), officer: "2".into(), new: "3".into() }),
            failures: vec![
                Failure { when: nth("C_Sign", 1), result: 0x30 },
                Failure { when: nth("C_Login", 2), result: 0xa0 },
            ],
            kill: Some(nth("C_CreateObject", 3)),
            kill_by: Death::Exit,
            hang: Some(nth("C_Login", 1)),
            lengths: vec![Length { attribute: 3, length: 7 }],
            delay: Duration::from_millis(2),
        };
        assert_eq!(settings, Ok(expected));
    }

    #[test]
    fn a_typing_error_is_an_error() {
        let with = |name, value| parse(&[("PKCS11_SHIM_MODULE", "/m.so"), (name, value)]).unwrap_err();
        assert_eq!(parse(&[]).unwrap_err(), "PKCS11_SHIM_MODULE is not set");
        assert_eq!(with("PKCS11_SHIM_FAIL", "C_Sgin:1:0x30"), "`C_Sgin` is not a function of PKCS#11 v2.40");
        assert_eq!(with("PKCS11_SHIM_FAIL", "C_Sign:1"), "`C_Sign` is not FUNCTION:N");
        assert_eq!(with("PKCS11_SHIM_KEY_SIZES", "0x0:1024"), "`0x0:1024` is not MECHANISM:MIN:MAX");
        assert_eq!(with("PKCS11_SHIM_PIN_PAD", "1:2"), "`1:2` is not USER:SO:NEW");
        assert_eq!(with("PKCS11_SHIM_KILL_BY", "fire"), "`fire` is not abort, crash or exit");
        assert_eq!(with("PKCS11_SHIM_LENGTHS", "0x3"), "`0x3` is not ATTRIBUTE:LENGTH");
        assert_eq!(with("PKCS11_SHIM_HIDE_MECHANISMS", "0x4g"), "`0x4g` is not a number");
    }
}
