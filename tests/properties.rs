//! Properties of the request languages: writing and reading is the identity, and no text makes a parser panic.
//!
//! The cases of a plain run are always the same ones. `PROPTEST_RNG_SEED=random PROPTEST_CASES=5000 cargo test --test
//! properties` tries others, and more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod properties {
    pub(crate) mod damage;
    #[allow(unreachable_pub, reason = "the strategies of one test file")]
    pub(crate) mod request;
}

use hsmcert::Error;
use hsmcert::convert::convert;
use hsmcert::key::PublicKey;
use hsmcert::request::RequestSpec;
use hsmcert::spec::{self, Encoding, Format, Options, Part};
use hsmcert::x509::UnsignedCsr;
use properties::{damage, request};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn csr(request: &RequestSpec) -> Option<Vec<u8>> {
    let key = PublicKey::rsa(&[0xc3; 256], &[1, 0, 1]);
    UnsignedCsr::new(request, &key).ok().map(|csr| csr.to_be_signed().to_vec())
}

fn file_name(format: Format) -> &'static str {
    match format {
        Format::Inf => "request.inf",
        Format::Toml => "request.toml",
    }
}

/// Writes the request in this language and reads it again.
fn check(request: &RequestSpec, format: Format) -> Result<Option<RequestSpec>, TestCaseError> {
    // A request that no CSR can be made from is refused.
    let Some(wanted) = csr(request) else {
        prop_assert!(matches!(convert(request, format), Err(Error::X509(_))));
        return Ok(None);
    };
    let written = match convert(request, format) {
        Ok(written) => written,
        Err(Error::Inexpressible { lost, .. }) => {
            prop_assert!(format == Format::Inf && !lost.is_empty());
            return Ok(None);
        }
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    let read = spec::parse(file_name(format), written.text.as_bytes(), &Options::default()).unwrap().spec;
    let is_lost = |part: Part| written.lost.iter().any(|lost| lost.part == part);
    // A TOML can say everything.
    prop_assert!(format == Format::Inf || written.lost.is_empty(), "{:?}", written.lost);
    if !is_lost(Part::Subject) && !is_lost(Part::Extensions) {
        prop_assert_eq!(csr(&read), Some(wanted), "{}", &written.text);
    }
    if !is_lost(Part::Key) && request.label().is_some() {
        prop_assert_eq!(read.label(), request.label());
    }
    // But for comments, which tell the losses of this time, what it writes is normal.
    let body = |text: &str| text.lines().filter(|line| !line.starts_with([';', '#'])).collect::<Vec<_>>().join("\n");
    let again = convert(&read, format).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(body(&again.text), body(&written.text));
    prop_assert_eq!(again.lost, vec![], "{}", &written.text);
    Ok(written.lost.is_empty().then_some(read))
}

/// What a change breaks must not depend on the day: other cases only where somebody asks for them.
fn config() -> ProptestConfig {
    let usual = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let asked = std::env::var_os("PROPTEST_RNG_SEED").is_some();
    if asked { usual } else { ProptestConfig { rng_seed: RngSeed::Fixed(2986), ..usual } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_inf_says_what_was_written(request in request::request()) {
        check(&request, Format::Inf)?;
    }

    #[test]
    fn a_toml_says_what_was_written(request in request::request()) {
        check(&request, Format::Toml)?;
    }

    #[test]
    fn there_and_back_is_the_identity(request in request::request()) {
        let Some(wanted) = csr(&request) else { return Ok(()) };
        let there = check(&request, Format::Inf)?;
        if let Some(back) = there.map(|there| check(&there, Format::Toml)).transpose()?.flatten() {
            prop_assert_eq!(csr(&back), Some(wanted));
        }
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in any::<String>(), bytes in any::<Vec<u8>>()) {
        for input in [text.as_bytes(), &bytes, format!("[NewRequest]\n{text}").as_bytes()] {
            damage::is_survived(input);
        }
    }

    #[test]
    fn no_damage_to_a_real_file_makes_a_parser_panic(file in damage::file(), damages in damage::several()) {
        damage::is_survived(&damage::apply(file, &damages));
    }

    /// The X.500 parser is reached through the subject of an INF and of a TOML, and through a directory name.
    #[test]
    fn no_name_makes_a_parser_panic(text in damage::name(), flags in any::<u32>()) {
        damage::name_is_survived(&text, flags);
    }

    #[test]
    fn no_bytes_in_any_encoding_make_a_parser_panic(bytes in any::<Vec<u8>>(), encoding in 0..Encoding::ALL.len()) {
        let options = Options { encoding: Some(Encoding::ALL[encoding]), ..Options::default() };
        let _ = spec::parse("a.inf", &bytes, &options);
    }
}
