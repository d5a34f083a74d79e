//! The key's URI in the spelling that libp11, pkcs11-provider and GnuTLS all read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Site;
use super::site::text;
use crate::uri::{ObjectType, Pkcs11Uri};

/// A path stays readable: RFC 7512, 2.3 lets `/` stand in a query.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// `pkcs11:token=...;id=...;type=private?pin-source=/path`.
///
/// By the id alone: a renewal gives the old pair another label, and a server that is started again before it has its new
/// configuration would not find a key by both.
///
/// Without `module-path`, which libp11 0.4.12 takes for a mistake, and with a bare path: GnuTLS 3.7.9 does not
/// understand `pin-source=file:/path`.
pub(super) fn key_uri(site: &Site) -> String {
    let by_label = !site.token.label.is_empty();
    let uri = Pkcs11Uri {
        token: by_label.then(|| site.token.label.clone()),
        serial: (!by_label).then(|| site.token.serial.clone()),
        id: Some(site.key.id.clone()),
        object_type: Some(ObjectType::Private),
        ..Pkcs11Uri::default()
    };
    format!("{uri}?pin-source={}", utf8_percent_encode(&text(&site.pin_file), PATH))
}
