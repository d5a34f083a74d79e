//! What a request file asks for, as plain data: the same for every file format.
//!
//! `spec/` makes a [`RequestSpec`] from text, `x509/` turns it into DER, `token/` makes its key.

mod extension;
mod general_name;
mod key_purpose;
mod name;
mod period;

pub use const_oid::ObjectIdentifier as Oid;
pub use extension::{
    BasicConstraints, Extension, KeyUsage, NameConstraints, Policy, PolicyQualifier, RequestedExtension, Subtree,
};
pub use general_name::{GeneralName, OtherNameValue};
pub use key_purpose::{EXTENDED_KEY_USAGES, extended_key_usage_name};
pub use name::{Name, NameAttribute, NameValue, Rdn, StringType};
pub use period::Period;

use crate::key::{Hash, KeyAlgorithm, SignatureScheme};

/// A whole request: everything that one request file says, with all defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSpec {
    /// The subject, in the order in which it is encoded. May be empty.
    pub subject: Name,
    /// The extension request, in the order in which it is encoded.
    pub extensions: Vec<RequestedExtension>,
    /// Further PKCS#10 attributes (RFC 2986, 4.1) beside the extension request.
    pub attributes: Vec<RequestAttribute>,
    /// The key pair.
    pub key: KeyRequest,
    /// How the request is signed.
    pub signature: SignatureRequest,
    /// Where the key lives.
    pub token: TokenRequest,
    /// What is made: a PKCS#10 request or a self-signed certificate.
    pub product: Product,
    /// Friendly name in the Windows certificate store; never in the CSR.
    pub friendly_name: Option<String>,
    /// `MachineKeySet`: the certificate belongs into the machine's store on Windows.
    pub machine_store: bool,
}

impl RequestSpec {
    /// All subject alternative names, in order; empty when none are asked for.
    #[must_use]
    pub fn subject_alt_names(&self) -> &[GeneralName] {
        self.extensions
            .iter()
            .find_map(|requested| match &requested.extension {
                Extension::SubjectAltName(names) => Some(names.as_slice()),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// The label of the pair on the token: the one asked for, else the CN, else the first SAN.
    #[must_use]
    pub fn label(&self) -> Option<String> {
        let asked = self.key.label.clone();
        asked
            .or_else(|| self.subject.common_name().map(str::to_owned))
            .or_else(|| self.subject_alt_names().first().map(GeneralName::value_text))
            .filter(|label| !label.is_empty())
    }
}

/// A PKCS#10 attribute, its value as DER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAttribute {
    /// Type of the attribute.
    pub oid: Oid,
    /// One value, DER.
    pub value: Vec<u8>,
}

/// The key pair that a request wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRequest {
    /// Algorithm and size. For [`KeySource::Existing`] it is what the file says, and the key's own holds.
    pub algorithm: KeyAlgorithm,
    /// `CKA_LABEL`; `None`: taken from the CN or the first SAN.
    pub label: Option<String>,
    /// Made anew, or found on the token.
    pub source: KeySource,
    /// What the private key may be used for, beyond signing.
    pub purposes: KeyPurposes,
}

/// Whether a key pair is made or reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// A new pair is generated in the token.
    Generate,
    /// The pair with the request's label is used (`UseExistingKeySet`, `key.reuse`).
    Existing,
}

/// Uses of a private key (PKCS#11 `CKA_SIGN`, `CKA_DECRYPT`, `CKA_DERIVE`). A request is signed with its
/// own key, so signing is always allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyPurposes {
    /// `CKA_DECRYPT`: never needed for TLS; only for S/MIME and the like.
    pub decrypt: bool,
    /// `CKA_DERIVE`: key agreement.
    pub derive: bool,
}

/// Hash and padding of the signature on the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignatureRequest {
    /// The hash; `None`: the one that suits the key.
    pub hash: Option<Hash>,
    /// RSASSA-PSS instead of PKCS#1 v1.5 (`AlternateSignatureAlgorithm`).
    pub pss: bool,
}

impl SignatureRequest {
    /// The scheme for a key of this algorithm. ECDSA without a hash takes the one as strong as the curve
    /// (RFC 5480, section 4).
    #[must_use]
    pub fn scheme(self, algorithm: KeyAlgorithm) -> SignatureScheme {
        use crate::key::Curve;
        match algorithm {
            KeyAlgorithm::Rsa { .. } => {
                let hash = self.hash.unwrap_or(Hash::Sha256);
                if self.pss { SignatureScheme::RsaPss(hash) } else { SignatureScheme::RsaPkcs1(hash) }
            }
            KeyAlgorithm::Ec(curve) => SignatureScheme::Ecdsa(self.hash.unwrap_or(match curve {
                Curve::P256 => Hash::Sha256,
                Curve::P384 => Hash::Sha384,
                Curve::P521 => Hash::Sha512,
            })),
            KeyAlgorithm::Ed25519 => SignatureScheme::Ed25519,
            KeyAlgorithm::MlDsa(set) => SignatureScheme::MlDsa(set),
        }
    }
}

/// What a request says about the token; all of it may be absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenRequest {
    /// `ProviderName` of an INF: a Windows provider, which chooses a profile.
    pub provider_name: Option<String>,
    /// `token.profile` of a TOML.
    pub profile: Option<String>,
    /// `token.uri` of a TOML: an RFC 7512 URI.
    pub uri: Option<String>,
}

/// What is made from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// A PKCS#10 certification request (RFC 2986).
    Pkcs10,
    /// A self-signed certificate (`RequestType = Cert`), valid between these times.
    SelfSigned(Validity),
}

/// How long a self-signed certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// From ten minutes ago until so long from now.
    For(Period),
    /// Between two times, in seconds since 1970-01-01 UTC.
    Between {
        /// notBefore; `None`: ten minutes ago.
        not_before: Option<i64>,
        /// notAfter.
        not_after: i64,
    },
}
