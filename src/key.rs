//! Keys and signatures as values: what is asked for, what a token holds, how it signs.
//!
//! Plain data. How an algorithm looks in PKCS#11 is in `token/`, how it looks in X.509 is in `x509/`;
//! both match on these enums without a `_` arm, so that a new algorithm shows every place that must learn it.

use std::fmt;

/// The algorithm of a key pair, with its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// RSA (RFC 8017) with a modulus of so many bits.
    Rsa {
        /// Length of the modulus in bits.
        bits: u32,
    },
    /// Elliptic curve keys for ECDSA (FIPS 186-5).
    Ec(Curve),
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ML-DSA (FIPS 204).
    MlDsa(MlDsaSet),
}

impl KeyAlgorithm {
    /// RSA with 2048 bits: what a request asks for that names no algorithm.
    pub const DEFAULT: Self = Self::Rsa { bits: 2048 };
    /// The RSA sizes that hsmcert makes. Smaller ones are not accepted by public CAs (CA/Browser Forum
    /// Baseline Requirements 6.1.5), larger ones not by most HSMs.
    pub const RSA_SIZES: [u32; 3] = [2048, 3072, 4096];

    /// Size in bits as people name it: the modulus or the field of the curve.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Rsa { bits } => bits,
            Self::Ec(curve) => curve.bits(),
            Self::Ed25519 => 256,
            Self::MlDsa(set) => set.number(),
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa { bits } => write!(f, "RSA-{bits}"),
            Self::Ec(curve) => write!(f, "EC {curve}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::MlDsa(set) => write!(f, "ML-DSA-{}", set.number()),
        }
    }
}

/// The NIST prime curves (FIPS 186-5, SP 800-186).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Curve {
    /// secp256r1.
    P256,
    /// secp384r1.
    P384,
    /// secp521r1.
    P521,
}

impl Curve {
    /// Size of the field in bits.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::P256 => 256,
            Self::P384 => 384,
            Self::P521 => 521,
        }
    }

    /// Length of one coordinate in bytes.
    #[must_use]
    pub fn coordinate_len(self) -> usize {
        self.bits().div_ceil(8) as usize
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P-{}", self.bits())
    }
}

/// The parameter sets of ML-DSA (FIPS 204, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MlDsaSet {
    /// ML-DSA-44, security category 2.
    MlDsa44,
    /// ML-DSA-65, security category 3.
    MlDsa65,
    /// ML-DSA-87, security category 5.
    MlDsa87,
}

impl MlDsaSet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MlDsa44, Self::MlDsa65, Self::MlDsa87];

    /// The number in the name: 44, 65 or 87.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Self::MlDsa44 => 44,
            Self::MlDsa65 => 65,
            Self::MlDsa87 => 87,
        }
    }
}

/// Hash functions that a signature may use. SHA-1 and MD5 are not here on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// How bytes are signed: the algorithm of the key with hash and padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// RSASSA-PKCS1-v1_5 (RFC 8017, 8.2).
    RsaPkcs1(Hash),
    /// RSASSA-PSS with MGF1 of the same hash and a salt as long as the hash (RFC 8017, 8.1; RFC 4055).
    RsaPss(Hash),
    /// ECDSA (FIPS 186-5). The token gives `r || s`; X.509 wants the DER of RFC 3279.
    Ecdsa(Hash),
    /// Ed25519 without prehash (RFC 8032, RFC 8410).
    Ed25519,
    /// ML-DSA, pure, with an empty context (FIPS 204, RFC 9881).
    MlDsa(MlDsaSet),
}

impl fmt::Display for SignatureScheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RsaPkcs1(hash) => write!(f, "RSA PKCS#1 v1.5 with {hash}"),
            Self::RsaPss(hash) => write!(f, "RSA-PSS with {hash}"),
            Self::Ecdsa(hash) => write!(f, "ECDSA with {hash}"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::MlDsa(set) => write!(f, "ML-DSA-{}", set.number()),
        }
    }
}

/// A public key by value. Two keys are the same key exactly when these are equal: this, and never a
/// label or a handle, is how hsmcert finds the private key of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// Modulus and public exponent, big-endian without leading zeros.
    Rsa {
        /// The modulus n.
        modulus: Vec<u8>,
        /// The public exponent e.
        exponent: Vec<u8>,
    },
    /// A point of a curve, uncompressed (SEC 1, 2.3.3: `04 || x || y`).
    Ec {
        /// The curve.
        curve: Curve,
        /// `04 || x || y`.
        point: Vec<u8>,
    },
    /// The 32 bytes of RFC 8032.
    Ed25519(Vec<u8>),
    /// The encoded public key of FIPS 204.
    MlDsa {
        /// The parameter set.
        set: MlDsaSet,
        /// The encoded key.
        key: Vec<u8>,
    },
}

impl PublicKey {
    /// An RSA public key; leading zero bytes, which modules add or leave out, are dropped.
    #[must_use]
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Self {
        Self::Rsa { modulus: without_leading_zeros(modulus), exponent: without_leading_zeros(exponent) }
    }

    /// Algorithm and size of the key.
    #[must_use]
    pub fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Rsa { modulus, .. } => {
                let unused = modulus.first().map_or(0, |byte| byte.leading_zeros());
                KeyAlgorithm::Rsa { bits: (modulus.len() as u32 * 8).saturating_sub(unused) }
            }
            Self::Ec { curve, .. } => KeyAlgorithm::Ec(*curve),
            Self::Ed25519(_) => KeyAlgorithm::Ed25519,
            Self::MlDsa { set, .. } => KeyAlgorithm::MlDsa(*set),
        }
    }
}

fn without_leading_zeros(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    bytes[start..].to_vec()
}

/// `CKA_ID`: the bytes that tie a private key, its public key and its certificate together.
/// Shown as lower hex.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Vec<u8>);

impl KeyId {
    /// Takes the bytes as they are.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// An object without `CKA_ID`, or with an empty one: it cannot be linked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_of_an_rsa_key_is_that_of_its_modulus() {
        let mut modulus = vec![0u8, 0x80];
        modulus.extend([0; 255]);
        assert_eq!(PublicKey::rsa(&modulus, &[0, 1, 0, 1]).algorithm(), KeyAlgorithm::Rsa { bits: 2048 });
        modulus[1] = 0x01;
        assert_eq!(PublicKey::rsa(&modulus, &[1, 0, 1]).algorithm(), KeyAlgorithm::Rsa { bits: 2041 });
    }

    #[test]
    fn leading_zeros_do_not_make_another_key() {
        assert_eq!(PublicKey::rsa(&[0, 0, 9], &[0, 3]), PublicKey::rsa(&[9], &[3]));
    }

    #[test]
    fn a_key_id_is_lower_hex() {
        assert_eq!(KeyId::new(vec![0x0a, 0xff]).to_string(), "0aff");
    }
}
