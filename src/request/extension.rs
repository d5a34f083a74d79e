//! The X.509 extensions that a request can ask for (RFC 5280, 4.2; RFC 2986).

use std::fmt;

use super::{GeneralName, Oid};

/// An extension with its criticality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedExtension {
    /// Whether a verifier that does not know it must refuse the certificate.
    pub critical: bool,
    /// What is asked for.
    pub extension: Extension,
}

/// One extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extension {
    /// keyUsage, 2.5.29.15.
    KeyUsage(KeyUsage),
    /// extKeyUsage, 2.5.29.37.
    ExtendedKeyUsage(Vec<Oid>),
    /// subjectAltName, 2.5.29.17.
    SubjectAltName(Vec<GeneralName>),
    /// issuerAltName, 2.5.29.18.
    IssuerAltName(Vec<GeneralName>),
    /// basicConstraints, 2.5.29.19.
    BasicConstraints(BasicConstraints),
    /// subjectKeyIdentifier, 2.5.29.14: SHA-1 of the public key (RFC 5280, 4.2.1.2, method 1), so it has no
    /// value before the key exists.
    SubjectKeyIdentifier,
    /// certificatePolicies, 2.5.29.32.
    CertificatePolicies(Vec<Policy>),
    /// Microsoft application policies, 1.3.6.1.4.1.311.21.10: the same form as certificatePolicies.
    ApplicationPolicies(Vec<Policy>),
    /// policyMappings, 2.5.29.33: pairs of issuer and subject policy.
    PolicyMappings(Vec<(Oid, Oid)>),
    /// Microsoft application policy mappings, 1.3.6.1.4.1.311.21.11: the same form.
    ApplicationPolicyMappings(Vec<(Oid, Oid)>),
    /// nameConstraints, 2.5.29.30.
    NameConstraints(NameConstraints),
    /// Any other extension.
    Other {
        /// Its type.
        oid: Oid,
        /// The DER inside `extnValue`.
        value: Vec<u8>,
    },
}

impl Extension {
    /// The type of the extension.
    #[must_use]
    pub fn oid(&self) -> Oid {
        match self {
            Self::KeyUsage(_) => Oid::new_unwrap("2.5.29.15"),
            Self::ExtendedKeyUsage(_) => Oid::new_unwrap("2.5.29.37"),
            Self::SubjectAltName(_) => Oid::new_unwrap("2.5.29.17"),
            Self::IssuerAltName(_) => Oid::new_unwrap("2.5.29.18"),
            Self::BasicConstraints(_) => Oid::new_unwrap("2.5.29.19"),
            Self::SubjectKeyIdentifier => Oid::new_unwrap("2.5.29.14"),
            Self::CertificatePolicies(_) => Oid::new_unwrap("2.5.29.32"),
            Self::ApplicationPolicies(_) => Oid::new_unwrap("1.3.6.1.4.1.311.21.10"),
            Self::PolicyMappings(_) => Oid::new_unwrap("2.5.29.33"),
            Self::ApplicationPolicyMappings(_) => Oid::new_unwrap("1.3.6.1.4.1.311.21.11"),
            Self::NameConstraints(_) => Oid::new_unwrap("2.5.29.30"),
            Self::Other { oid, .. } => *oid,
        }
    }
}

/// basicConstraints (RFC 5280, 4.2.1.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BasicConstraints {
    /// May the key sign certificates?
    pub ca: bool,
    /// How many CA certificates may follow in a path; only with `ca`.
    pub path_length: Option<u32>,
}

/// keyUsage as a set of bits: bit n here is bit n of RFC 5280, 4.2.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// Names in the order of their bits.
    pub const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// The set with these bits of RFC 5280; bits over 8 are dropped.
    #[must_use]
    pub fn from_bits(bits: u16) -> Self {
        Self(bits & 0x1ff)
    }

    /// The bits: bit 0 is digitalSignature, bit 8 decipherOnly.
    #[must_use]
    pub fn bits(self) -> u16 {
        self.0
    }

    /// The names of the bits that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().enumerate().filter(move |(bit, _)| self.0 >> bit & 1 == 1).map(|(_, name)| name)
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(", "))
    }
}

/// One policy of certificatePolicies (RFC 5280, 4.2.1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The policy.
    pub oid: Oid,
    /// What a user may read about it.
    pub qualifiers: Vec<PolicyQualifier>,
}

/// A qualifier of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicyQualifier {
    /// Where the practice statement is (id-qt-cps).
    Cps(String),
    /// A text to show (id-qt-unotice, explicitText).
    Notice(String),
}

/// nameConstraints (RFC 5280, 4.2.1.10).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    /// Subtrees in which names must lie.
    pub permitted: Vec<Subtree>,
    /// Subtrees in which no name may lie.
    pub excluded: Vec<Subtree>,
}

/// The base of a name constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subtree {
    /// Every kind but addresses.
    Name(GeneralName),
    /// Address and mask, 8 or 32 bytes.
    IpRange(Vec<u8>),
}
