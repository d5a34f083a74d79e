//! `find-key`: what is on the token, and what belongs together.

use crate::error::Error;
use crate::key::KeyId;
use crate::token::{Object, ObjectClass, Session};
use crate::uri::{ObjectType, Pkcs11Uri};
use crate::x509::Certificate;

/// One object with the certificate that is linked to it.
#[derive(Debug, Clone)]
pub struct Row {
    /// The session's number of the object.
    pub handle: u64,
    /// Its class.
    pub class: ObjectClass,
    /// `CKA_LABEL`.
    pub label: String,
    /// `CKA_ID`.
    pub id: KeyId,
    /// Algorithm and size.
    pub algorithm: String,
    /// The certificate with the same id and key; for a certificate itself.
    pub certificate: Option<Linked>,
    /// Its URI.
    pub uri: Pkcs11Uri,
}

/// What a listing says of a certificate.
#[derive(Debug, Clone)]
pub struct Linked {
    /// Its subject.
    pub subject: String,
    /// notAfter, seconds since 1970.
    pub not_after: i64,
    /// Whole days until then; negative when it is over.
    pub days_left: i64,
}

/// Lists the objects of these classes, ordered by label, id and class.
///
/// # Errors
/// Token errors.
pub fn find(session: &Session<'_>, classes: &[ObjectClass], now: i64) -> Result<Vec<Row>, Error> {
    let certificates: Vec<(Object, Option<Certificate>)> = session
        .objects(ObjectClass::Certificate)?
        .into_iter()
        .map(|object| {
            let parsed = object.value.as_deref().and_then(|der| Certificate::from_der(der).ok());
            (object, parsed)
        })
        .collect();
    let mut rows = Vec::new();
    for class in classes {
        match class {
            ObjectClass::Certificate => {
                rows.extend(certificates.iter().map(|(object, parsed)| row(session, object, parsed.as_ref(), now)));
            }
            ObjectClass::PrivateKey | ObjectClass::PublicKey | ObjectClass::SecretKey => {
                for object in session.objects(*class)? {
                    let linked = certificates.iter().find(|(stored, _)| belongs(&object, stored));
                    rows.push(row(session, &object, linked.and_then(|(_, parsed)| parsed.as_ref()), now));
                }
            }
        }
    }
    rows.sort_by(|a, b| (&a.label, &a.id, a.handle).cmp(&(&b.label, &b.id, b.handle)));
    Ok(rows)
}

/// Same `CKA_ID`, as Java, NSS and OpenSSL's engine see it.
fn belongs(key: &Object, certificate: &Object) -> bool {
    key.class != ObjectClass::SecretKey && !key.id.is_empty() && key.id == certificate.id
}

fn row(session: &Session<'_>, object: &Object, certificate: Option<&Certificate>, now: i64) -> Row {
    let token = session.token();
    let of_certificate = certificate.filter(|_| object.class == ObjectClass::Certificate);
    let key = object.public_key.clone().or_else(|| of_certificate.and_then(|one| one.public_key().ok()));
    let algorithm = key.map(|key| key.algorithm().to_string()).or_else(|| object.key_type.clone());
    Row {
        handle: object.handle(),
        class: object.class,
        label: object.label.clone(),
        id: object.id.clone(),
        algorithm: algorithm.unwrap_or_else(|| "unknown".to_owned()),
        certificate: certificate.map(|certificate| Linked {
            subject: certificate.subject().to_string(),
            not_after: certificate.not_after(),
            days_left: (certificate.not_after() - now).div_euclid(86_400),
        }),
        uri: Pkcs11Uri {
            token: Some(token.label.clone()),
            id: Some(object.id.clone()).filter(|id| !id.is_empty()),
            object: Some(object.label.clone()).filter(|label| !label.is_empty()),
            object_type: Some(match object.class {
                ObjectClass::PrivateKey => ObjectType::Private,
                ObjectClass::PublicKey => ObjectType::Public,
                ObjectClass::Certificate => ObjectType::Certificate,
                ObjectClass::SecretKey => ObjectType::SecretKey,
            }),
            ..Pkcs11Uri::default()
        },
    }
}
