//! Parse, write in both languages, parse: the CSR stays the same but for what is listed as lost.
#![no_main]

use hsmcert::Error;
use hsmcert::convert::convert;
use hsmcert::key::PublicKey;
use hsmcert::request::RequestSpec;
use hsmcert::spec::Format;
use hsmcert::x509::UnsignedCsr;
use libfuzzer_sys::fuzz_target;

fn csr(request: &RequestSpec) -> Vec<u8> {
    let csr = UnsignedCsr::new(request, &PublicKey::rsa(&[0xc3; 256], &[1, 0, 1]));
    csr.expect("a request that was converted has a CSR").to_be_signed().to_vec()
}

fn there(request: &RequestSpec, format: Format) -> Option<RequestSpec> {
    let written = match convert(request, format) {
        Ok(written) => written,
        // No CSR can be made from it, or no INF can ask for it.
        Err(Error::X509(_)) => return None,
        Err(Error::Inexpressible { .. }) if format == Format::Inf => return None,
        Err(error) => panic!("{error}"),
    };
    let name = if format == Format::Inf { "fuzz.inf" } else { "fuzz.toml" };
    let read = hsmcert_fuzz::parse(name, written.text.as_bytes()).expect("what was written can be read");
    if !written.lost.is_empty() {
        return None;
    }
    assert_eq!(csr(&read), csr(request), "{}", written.text);
    Some(read)
}

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = hsmcert_fuzz::parse("<stdin>", bytes) else { return };
    for [one, other] in [[Format::Inf, Format::Toml], [Format::Toml, Format::Inf]] {
        if let Some(read) = there(&request, one) {
            let _ = there(&read, other);
        }
    }
});
