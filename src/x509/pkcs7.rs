//! PKCS#7 files (`.p7b`): the certificates of a CMS `SignedData` (RFC 5652, 5.1).

use der::asn1::AnyRef;
use der::{Decode as _, Reader as _, Sequence, SliceReader, Tag, TagNumber, Tagged as _};

use super::{Certificate, Error, FileKind};
use crate::request::Oid;

/// id-signedData (RFC 5652, 5.1).
const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
/// id-cct-PKIResponse (RFC 5272, 3.2): a full CMC response is signed content with statuses in it.
const CMC_RESPONSE: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.12.3");

/// `ContentInfo` (RFC 5652, 3).
#[derive(Sequence)]
pub(super) struct ContentInfo<'a> {
    content_type: Oid,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    content: Option<AnyRef<'a>>,
}

/// All certificates of a PKCS#7, in its order.
///
/// # Errors
/// [`Error::WrongFile`] for a CMC response, other content and no certificates; [`Error::Der`];
/// [`Error::Block`] names the certificate that is broken.
pub(super) fn certificates(info: &ContentInfo<'_>) -> Result<Vec<Certificate>, Error> {
    let wrong = |found| Error::WrongFile { found, wanted: FileKind::Certificate };
    let ders = match (info.content_type, info.content) {
        (SIGNED_DATA, Some(content)) => match signed_data(content).map_err(Error::der("PKCS#7"))? {
            (CMC_RESPONSE, _) => return Err(wrong(FileKind::CmcResponse)),
            (_, ders) => ders,
        },
        (other, _) => return Err(wrong(FileKind::Pkcs7(other.to_string()))),
    };
    if ders.is_empty() {
        return Err(wrong(FileKind::Pkcs7("without a certificate".to_owned())));
    }
    let count = ders.len();
    let read = |(index, der)| Certificate::from_der(der).map_err(|error| error.in_block(index + 1, count));
    ders.into_iter().enumerate().map(read).collect()
}

/// The type of what is signed, and the DER of each X.509 certificate. The sets are walked and not decoded as
/// `SET OF`: few writers sort them as DER wants.
fn signed_data(content: AnyRef<'_>) -> der::Result<(Oid, Vec<&[u8]>)> {
    content.tag().assert_eq(Tag::Sequence)?;
    let mut fields = SliceReader::new(content.value())?;
    let _version = u8::decode(&mut fields)?;
    let _digest_algorithms = AnyRef::decode(&mut fields)?;
    let signed = ContentInfo::decode(&mut fields)?;
    let mut ders = Vec::new();
    while !fields.is_finished() {
        let field = AnyRef::decode(&mut fields)?;
        if field.tag() == (Tag::ContextSpecific { constructed: true, number: TagNumber(0) }) {
            let mut set = SliceReader::new(field.value())?;
            while !set.is_finished() {
                let choice = set.tlv_bytes()?;
                // Other kinds (attribute certificates) have context-specific tags.
                if choice.first() == Some(&0x30) {
                    ders.push(choice);
                }
            }
        }
    }
    Ok((signed.content_type, ders))
}

/// Whether it is a PKCS#12 file (`.pfx`), which begins with its version 3 and a `ContentInfo` (RFC 7292, 4).
pub(super) fn is_pkcs12(der: &[u8]) -> bool {
    let read = || -> der::Result<bool> {
        let whole = AnyRef::from_der(der)?;
        whole.tag().assert_eq(Tag::Sequence)?;
        let mut fields = SliceReader::new(whole.value())?;
        Ok(u8::decode(&mut fields)? == 3 && ContentInfo::decode(&mut fields).is_ok())
    };
    read().unwrap_or(false)
}
