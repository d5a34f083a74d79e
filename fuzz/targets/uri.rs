//! Any text as a `pkcs11:` URI: what is read is written so that it is read again.
#![no_main]

use hsmcert::pin::PinSource;
use hsmcert::uri::Pkcs11Uri;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mut uri) = Pkcs11Uri::parse(text) else { return };
    // Of these only a file is ever written.
    if !matches!(uri.pin_source, None | Some(PinSource::File(_))) {
        uri.pin_source = None;
    }
    let written = uri.to_string();
    assert_eq!(Pkcs11Uri::parse(&written).as_ref(), Ok(&uri), "{written}");
});
