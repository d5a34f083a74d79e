//! What is not true of an answer.
//!
//! `HOSTILE_LIES` is a list with blanks between: `C_GetSlotList=count:18446744073709551615`, `C_Sign=returns:0x5`,
//! `0x3=bytes:ff00` (the value of `CKA_LABEL`), `C_GetTokenInfo=bytes:ff` (all text of it).

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use cryptoki_sys::{CK_RV, CK_ULONG};

/// A lie about one answer.
#[derive(Clone)]
pub(crate) enum Lie {
    /// The function ends with this.
    Returns(CK_RV),
    /// So many elements or bytes are told, whatever was written.
    Count(CK_ULONG),
    /// This stands in the place of the value.
    Bytes(Vec<u8>),
}

/// Bytes that choose the lies, for a fuzz target.
struct Script {
    bytes: Vec<u8>,
    next: usize,
}

static SCRIPT: Mutex<Option<Script>> = Mutex::new(None);

/// Follows these bytes from now on.
pub(crate) fn follow(bytes: &[u8]) {
    *script() = Some(Script { bytes: bytes.to_vec(), next: 0 });
}

fn script() -> MutexGuard<'static, Option<Script>> {
    SCRIPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The lie about a function by its name, or an attribute by its number in hex; mostly there is none.
pub(crate) fn about(what: &str) -> Option<Lie> {
    if let Some(script) = script().as_mut() {
        return script.lie();
    }
    static TOLD: OnceLock<Vec<(String, Lie)>> = OnceLock::new();
    let told =
        TOLD.get_or_init(|| std::env::var("HOSTILE_LIES").unwrap_or_default().split(' ').filter_map(read).collect());
    told.iter().find(|(name, _)| name == what).map(|(_, lie)| lie.clone())
}

/// `NAME=KIND:VALUE`.
fn read(text: &str) -> Option<(String, Lie)> {
    let (name, lie) = text.split_once('=')?;
    let (kind, value) = lie.split_once(':')?;
    let number = || match value.strip_prefix("0x") {
        Some(digits) => CK_ULONG::from_str_radix(digits, 16).ok(),
        None => value.parse().ok(),
    };
    let byte = |at: usize| u8::from_str_radix(value.get(2 * at..2 * at + 2)?, 16).ok();
    let bytes = || (0..value.len() / 2).map(byte).collect::<Option<Vec<u8>>>();
    let lie = match kind {
        "returns" => Lie::Returns(number()?),
        "count" => Lie::Count(number()?),
        "bytes" => Lie::Bytes(bytes()?),
        _ => return None,
    };
    Some((name.to_owned(), lie))
}

impl Script {
    fn byte(&mut self) -> u8 {
        let byte = self.bytes.get(self.next).copied().unwrap_or(0);
        self.next += 1;
        byte
    }

    /// Three of four answers are true, so that what comes behind them is reached.
    fn lie(&mut self) -> Option<Lie> {
        const RETURNS: [CK_RV; 12] =
            [0x5, 0x6, 0x7, 0x12, 0x13, 0x30, 0x32, 0x82, 0x101, 0x150, 0x8000_0001, 0xffff_ffff];
        let choice = self.byte();
        match choice {
            0xc0..=0xcf => Some(Lie::Returns(RETURNS[usize::from(choice) % RETURNS.len()])),
            0xd0..=0xdf => Some(Lie::Count(self.count())),
            0xe0..=0xff => {
                let length = usize::from(self.byte());
                let rest = self.bytes.get(self.next..).unwrap_or_default();
                let value = rest.get(..length.min(rest.len())).unwrap_or_default().to_vec();
                self.next += value.len();
                Some(Lie::Bytes(value))
            }
            _ => None,
        }
    }

    /// Small numbers, powers of two, and what is just below and above them.
    fn count(&mut self) -> CK_ULONG {
        let byte = self.byte();
        let power = (1 as CK_ULONG).checked_shl(u32::from(byte >> 2)).unwrap_or(CK_ULONG::MAX);
        match byte & 3 {
            0 => CK_ULONG::from(byte >> 2),
            1 => power,
            2 => power.wrapping_sub(1),
            _ => power.wrapping_add(1),
        }
    }
}
