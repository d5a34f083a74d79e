//! From the bytes of a file to DER: PEM (RFC 7468) with any text around it, base64 without armour as certreq
//! writes it, or DER; text in UTF-8 or UTF-16.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, SliceReader};

use super::Error;

const BEGIN: &str = "-----BEGIN ";

/// One thing in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Block {
    /// The PEM label; `None` for DER and for base64 without armour.
    pub(super) label: Option<String>,
    pub(super) der: Vec<u8>,
}

/// What is in a file, in its order; nothing when it is neither DER nor base64.
///
/// # Errors
/// [`Error::Block`] names the PEM block that is broken: what is cut off must not go unseen.
pub(super) fn blocks(bytes: &[u8]) -> Result<Vec<Block>, Error> {
    let bare = |der: Vec<u8>| vec![Block { label: None, der }];
    if AnyRef::from_der(bytes).is_ok() && starts_like_der(bytes) {
        return Ok(bare(bytes.to_vec()));
    }
    let text = text(bytes);
    let mut parts = text.split(BEGIN).skip(1).peekable();
    if parts.peek().is_some() {
        let parts: Vec<&str> = parts.collect();
        let count = parts.len();
        let numbered = |(index, part)| pem_block(part).map_err(|error| error.in_block(index + 1, count));
        return parts.into_iter().enumerate().map(numbered).collect();
    }
    let compact: String = text.split_whitespace().collect();
    match STANDARD.decode(compact) {
        Ok(der) if starts_like_der(&der) => Ok(bare(der)),
        // DER with an end that is missing, or with more behind it: its parser says which.
        _ if starts_like_der(bytes) => Ok(bare(bytes.to_vec())),
        _ => Ok(Vec::new()),
    }
}

/// PEM in lines of 64 characters that end in LF (RFC 7468, 2).
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    pem::encode_config(&pem::Pem::new(label, der), pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF))
}

fn starts_like_der(bytes: &[u8]) -> bool {
    bytes.first() == Some(&0x30)
}

/// The text of a file: Windows tools write UTF-16, with or without byte order mark.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    let encoding = match bytes {
        [0xff, 0xfe, ..] => encoding_rs::UTF_16LE,
        [0xfe, 0xff, ..] => encoding_rs::UTF_16BE,
        [one, 0, two, 0, ..] if *one != 0 && *two != 0 => encoding_rs::UTF_16LE,
        [0, one, 0, two, ..] if *one != 0 && *two != 0 => encoding_rs::UTF_16BE,
        _ => encoding_rs::UTF_8,
    };
    encoding.decode_with_bom_removal(bytes).0
}

/// A block from behind its `-----BEGIN ` to wherever the next one begins.
fn pem_block(part: &str) -> Result<Block, Error> {
    let broken = |reason: String| Error::Der { what: "PEM block", reason };
    let block = pem::parse(format!("{BEGIN}{part}")).map_err(|error| match error {
        pem::PemError::MalformedFraming => broken("its END line is missing or broken".to_owned()),
        other => broken(other.to_string()),
    })?;
    let label = block.tag().to_owned();
    let mut der = block.into_contents();
    if label == "TRUSTED CERTIFICATE" {
        // OpenSSL puts its trust settings behind the certificate.
        let mut reader = SliceReader::new(&der).map_err(Error::der("PEM block"))?;
        der = reader.tlv_bytes().map_err(Error::der("PEM block"))?.to_vec();
    }
    Ok(Block { label: Some(label), der })
}
