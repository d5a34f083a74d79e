//! Any bytes as a TOML request.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = hsmcert_fuzz::parse("fuzz.toml", bytes);
});
