//! The URI in a PEM file, as pkcs11-provider defines it (its `docs/pkcs11.md`, "PKCS11 URI in PEM"): a SEQUENCE of a
//! `VisibleString` and the URI as `UTF8String`. nginx, Apache, `HAProxy` and stunnel all take it for a key file.

use super::{ConfigFile, Configuration, Error, Method, Site, key_uri, openssl, shell};

const DESCRIPTION: &str = "PKCS#11 Provider URI v1.0";
const VISIBLE_STRING: u8 = 0x1a;
const UTF8_STRING: u8 = 0x0c;
const SEQUENCE: u8 = 0x30;

pub(super) fn configure(site: &Site) -> Result<Configuration, Error> {
    let environment = site.openssl_environment();
    let companions = vec![(site.openssl_configuration(), openssl::file(site, Method::Provider)?)];
    let check = format!("openssl pkey -in {} -noout -text_pub", site.main_file("FILE"));
    let next = vec![("check", shell::with_environment(&environment, &check))];
    Ok(Configuration { main: file(site), companions, next })
}

/// The file alone, as other targets need it.
pub(super) fn file(site: &Site) -> ConfigFile {
    let content =
        [value(VISIBLE_STRING, DESCRIPTION.as_bytes()), value(UTF8_STRING, key_uri::key_uri(site).as_bytes())];
    let pem = pem::Pem::new("PKCS#11 PROVIDER URI", value(SEQUENCE, &content.concat()));
    let text = pem::encode_config(&pem, pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF));
    ConfigFile { purpose: "key URI in PEM", text }
}

/// Tag, length and value (X.690, 8.1).
fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits = &length[length.iter().take_while(|byte| **byte == 0).count()..];
    let mut der = vec![tag];
    match digits {
        [] => der.push(0),
        [short @ ..0x80] => der.push(*short),
        // At most 8 digits.
        long => der.extend(std::iter::once(0x80 | u8::try_from(long.len()).unwrap_or(8)).chain(long.iter().copied())),
    }
    der.extend(content);
    der
}
