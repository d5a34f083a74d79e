//! PKCS#10 certification requests (RFC 2986): built, signed elsewhere, verified, written.

use der::asn1::{Any, BitString, SetOfVec};
use der::{Decode as _, Encode as _};
use x509_cert::attr::Attribute;
use x509_cert::ext::Extension as X509Extension;
use x509_cert::ext::pkix::{BasicConstraints, SubjectAltName};
use x509_cert::request::{CertReq, CertReqInfo, Version};

use super::description::{self, DescribedRequest};
use super::{Error, FileKind, armour, bundle, extension, general_name, name, public_key, signature};
use crate::key::{PublicKey, SignatureScheme};
use crate::request::{GeneralName, Name, Oid, RequestAttribute, RequestSpec};

/// extensionRequest (RFC 2985, 5.4.2).
pub(super) const EXTENSION_REQUEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.14");
const BASIC_CONSTRAINTS: Oid = Oid::new_unwrap("2.5.29.19");
const SUBJECT_ALT_NAME: Oid = Oid::new_unwrap("2.5.29.17");

/// A request that is not signed yet. The token gets [`UnsignedCsr::to_be_signed`] and gives a signature.
#[derive(Debug)]
pub struct UnsignedCsr {
    info: CertReqInfo,
    to_be_signed: Vec<u8>,
    scheme: SignatureScheme,
    key: PublicKey,
}

/// A request whose signature was verified, or which was read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr {
    parsed: CertReq,
    der: Vec<u8>,
}

/// The PEM label of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PemHeader {
    /// `CERTIFICATE REQUEST` (RFC 7468, 7).
    #[default]
    Standard,
    /// `NEW CERTIFICATE REQUEST`, as certreq writes it and some CAs refuse it.
    New,
}

impl UnsignedCsr {
    /// Puts subject, key, attributes and extension request of a spec together.
    ///
    /// # Errors
    /// [`Error::Value`] for a value that its ASN.1 type cannot hold.
    pub fn new(spec: &RequestSpec, key: &PublicKey) -> Result<Self, Error> {
        // Taken apart whole, so that a new field of a request cannot be forgotten here.
        let RequestSpec {
            subject,
            extensions,
            attributes,
            signature,
            key: _,
            token: _,
            product: _,
            friendly_name: _,
            machine_store: _,
        } = spec;
        let scheme = signature.scheme(key.algorithm());
        let mut all = attributes.iter().map(attribute).collect::<Result<Vec<_>, _>>()?;
        if !extensions.is_empty() {
            let extensions = extensions.iter().map(|one| extension::encode(one, key)).collect::<Result<Vec<_>, _>>()?;
            all.push(single(
                EXTENSION_REQUEST,
                Any::encode_from(&extensions).map_err(Error::der("extension request"))?,
            )?);
        }
        let info = CertReqInfo {
            version: Version::V1,
            subject: name::encode(subject)?,
            public_key: public_key::encode(key)?,
            // A DER SET OF is sorted by encoding; without any attribute it is present and empty.
            attributes: SetOfVec::try_from(all).map_err(Error::der("attributes"))?,
        };
        let to_be_signed = info.to_der().map_err(Error::der("certification request"))?;
        Ok(Self { info, to_be_signed, scheme, key: key.clone() })
    }

    /// The `CertificationRequestInfo`, which the key signs.
    #[must_use]
    pub fn to_be_signed(&self) -> &[u8] {
        &self.to_be_signed
    }

    /// How it must be signed.
    #[must_use]
    pub fn scheme(&self) -> SignatureScheme {
        self.scheme
    }

    /// What it says, in words.
    ///
    /// # Errors
    /// [`Error::Der`].
    pub fn describe(&self) -> Result<DescribedRequest, Error> {
        description::request(&self.info)
    }

    /// Takes the token's signature and verifies it with the request's own key.
    ///
    /// # Errors
    /// [`Error::Signature`] when the token signed something else or with another key.
    pub fn finish(self, token_signature: &[u8]) -> Result<Csr, Error> {
        let Self { info, to_be_signed, scheme, key } = self;
        let signature = signature::encode_signature(scheme, token_signature)?;
        signature::verify(&key, scheme, &to_be_signed, &signature)?;
        let signature = BitString::from_bytes(&signature).map_err(Error::der("signature"))?;
        let parsed = CertReq { info, algorithm: signature::algorithm(scheme)?, signature };
        let der = parsed.to_der().map_err(Error::der("certification request"))?;
        Ok(Csr { parsed, der })
    }
}

fn attribute(attribute: &RequestAttribute) -> Result<Attribute, Error> {
    single(attribute.oid, Any::from_der(&attribute.value).map_err(Error::der("request attribute"))?)
}

fn single(oid: Oid, value: Any) -> Result<Attribute, Error> {
    let values = SetOfVec::try_from(vec![value]).map_err(Error::der("request attribute"))?;
    Ok(Attribute { oid, values })
}

impl Csr {
    /// Reads PEM (with either header) or DER. The signature is not checked: see [`Csr::verify`].
    ///
    /// # Errors
    /// [`Error::WrongFile`], [`Error::Der`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let der = bundle::single_der(bytes, &["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"], &FileKind::Request)?;
        let parsed = CertReq::from_der(&der).map_err(Error::der("certificate request"))?;
        Ok(Self { parsed, der })
    }

    /// The DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it asks for the same with the same key as one that is not signed yet.
    #[must_use]
    pub fn is_as(&self, unsigned: &UnsignedCsr) -> bool {
        self.parsed.info == unsigned.info
    }

    /// PEM in lines of 64 characters.
    #[must_use]
    pub fn to_pem(&self, header: PemHeader) -> String {
        let label = match header {
            PemHeader::Standard => "CERTIFICATE REQUEST",
            PemHeader::New => "NEW CERTIFICATE REQUEST",
        };
        armour::pem(label, &self.der)
    }

    /// Checks the request's signature with its own key: proof that its sender has the key.
    ///
    /// # Errors
    /// [`Error::Signature`], [`Error::PublicKey`].
    pub fn verify(&self) -> Result<(), Error> {
        let scheme = signature::scheme(&self.parsed.algorithm)
            .ok_or_else(|| Error::PublicKey(format!("the signature algorithm {}", self.parsed.algorithm.oid)))?;
        let signed = self.parsed.info.to_der().map_err(Error::der("certification request"))?;
        signature::verify(&self.public_key()?, scheme, &signed, self.parsed.signature.raw_bytes())
    }

    /// The subject.
    #[must_use]
    pub fn subject(&self) -> Name {
        name::decode(&self.parsed.info.subject)
    }

    /// The public key.
    ///
    /// # Errors
    /// [`Error::PublicKey`].
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        let der = self.parsed.info.public_key.to_der().map_err(Error::der("public key"))?;
        public_key::public_key_from_spki(&der)
    }

    /// The subject alternative names that are asked for.
    #[must_use]
    pub fn subject_alt_names(&self) -> Vec<GeneralName> {
        let extensions = self.extensions().unwrap_or_default();
        let found = extensions.iter().find(|one| one.extn_id == SUBJECT_ALT_NAME);
        let names = found.and_then(|one| SubjectAltName::from_der(one.extn_value.as_bytes()).ok());
        names.map(|names| names.0.iter().filter_map(general_name::decode).collect()).unwrap_or_default()
    }

    /// What it says, in words.
    ///
    /// # Errors
    /// [`Error::Der`] for an extension request that cannot be read.
    pub fn describe(&self) -> Result<DescribedRequest, Error> {
        description::request(&self.parsed.info)
    }

    /// How it is signed; `None` for a scheme that hsmcert does not know.
    #[must_use]
    pub fn scheme(&self) -> Option<SignatureScheme> {
        signature::scheme(&self.parsed.algorithm)
    }

    /// Whether a CA certificate is asked for (basicConstraints).
    #[must_use]
    pub fn asks_for_ca(&self) -> bool {
        let extensions = self.extensions().unwrap_or_default();
        let found = extensions.iter().find(|one| one.extn_id == BASIC_CONSTRAINTS);
        let constraints = found.and_then(|one| BasicConstraints::from_der(one.extn_value.as_bytes()).ok());
        constraints.is_some_and(|constraints| constraints.ca)
    }

    pub(super) fn parts(&self) -> &CertReqInfo {
        &self.parsed.info
    }

    /// The extension request; empty when there is none.
    pub(super) fn extensions(&self) -> Result<Vec<X509Extension>, Error> {
        let requested = self.parsed.info.attributes.iter().find(|one| one.oid == EXTENSION_REQUEST);
        let Some(value) = requested.and_then(|attribute| attribute.values.get(0)) else { return Ok(Vec::new()) };
        value.decode_as().map_err(Error::der("extension request"))
    }
}

#[cfg(test)]
mod tests {
    use ::signature::Signer as _;

    use super::super::name::tests::{hex, seed_subject};
    use super::*;
    use crate::key::{Hash, KeyAlgorithm};
    use crate::request::{
        Extension, KeyPurposes, KeyRequest, KeySource, KeyUsage, Product, RequestedExtension, SignatureRequest,
        TokenRequest,
    };

    fn spec(extensions: Vec<RequestedExtension>) -> RequestSpec {
        RequestSpec {
            subject: seed_subject(),
            extensions,
            attributes: vec![],
            key: KeyRequest {
                algorithm: KeyAlgorithm::DEFAULT,
                label: None,
                source: KeySource::Generate,
                purposes: KeyPurposes::default(),
            },
            signature: SignatureRequest { hash: Some(Hash::Sha256), pss: false },
            token: TokenRequest::default(),
            product: Product::Pkcs10,
            friendly_name: None,
            machine_store: true,
        }
    }

    fn seed_extensions() -> Vec<RequestedExtension> {
        let requested = |critical, extension| RequestedExtension { critical, extension };
        vec![
            requested(true, Extension::KeyUsage(KeyUsage::from_bits(0b1111))),
            requested(false, Extension::ExtendedKeyUsage(vec![Oid::new_unwrap("1.3.6.1.5.5.7.3.1")])),
            requested(
                false,
                Extension::SubjectAltName(vec![
                    GeneralName::Dns("www.example.com".into()),
                    GeneralName::Dns("example.com".into()),
                ]),
            ),
        ]
    }

    fn software_key() -> (p256::ecdsa::SigningKey, PublicKey) {
        let key = p256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
        (key, PublicKey::Ec { curve: crate::key::Curve::P256, point })
    }

    #[test]
    fn attributes_of_the_walk_through_are_those_of_certreq() {
        let csr = UnsignedCsr::new(&spec(seed_extensions()), &PublicKey::rsa(&[0xff; 256], &[1, 0, 1])).unwrap();
        let expected = hex(concat!(
            "a05f305d06092a864886f70d01090e3150304e300e0603551d0f0101ff0404030204f030130603551d25040c300a0608",
            "2b0601050507030130270603551d110420301e820f7777772e6578616d706c652e636f6d820b6578616d706c652e636f6d"
        ));
        assert!(csr.to_be_signed().ends_with(&expected));
    }

    #[test]
    fn without_attributes_the_field_is_there_and_empty() {
        let csr = UnsignedCsr::new(&spec(vec![]), &PublicKey::rsa(&[0xff; 256], &[1, 0, 1])).unwrap();
        assert!(csr.to_be_signed().ends_with(&[0xa0, 0x00]));
    }

    #[test]
    fn a_request_exists_only_with_a_signature_that_verifies() {
        let (signer, key) = software_key();
        let unsigned = || UnsignedCsr::new(&spec(seed_extensions()), &key).unwrap();
        let signature: p256::ecdsa::Signature = signer.sign(unsigned().to_be_signed());
        let csr = unsigned().finish(&signature.to_bytes()).unwrap();
        assert!(csr.verify().is_ok());
        let again = Csr::from_bytes(csr.to_pem(PemHeader::New).as_bytes()).unwrap();
        assert_eq!(again, csr);
        assert_eq!(again.subject_alt_names().len(), 2);
        assert_eq!(again.subject(), seed_subject());
        let mut wrong = signature.to_bytes();
        wrong[40] ^= 1;
        assert!(matches!(unsigned().finish(&wrong), Err(Error::Signature(_))));
    }
}
