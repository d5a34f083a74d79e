//! `RequestSpec` and a public key -> DER, and back.
