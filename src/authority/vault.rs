use std::path::PathBuf;

use serde::Deserialize;

use super::SecretSource;

/// A PKI secrets engine of `HashiCorp` Vault or `OpenBao`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vault {
    /// Address of the server, without `/v1`.
    pub url: String,
    /// PEM certificates that replace the roots of the operating system.
    pub root: Option<PathBuf>,
    /// Seconds for one request and its answer.
    #[serde(default = "super::a_minute")]
    pub timeout: u64,
    /// The namespace of engine and login.
    pub namespace: Option<String>,
    /// Where the engine is mounted.
    #[serde(default = "pki")]
    pub mount: String,
    /// The role by whose rules it signs.
    pub role: Option<String>,
    /// Sign what the CSR says (`sign-verbatim`), where the policy of the login allows that.
    #[serde(default)]
    pub verbatim: bool,
    /// Name or id of the issuer; `None`: that of the role.
    pub issuer: Option<String>,
    /// How long the certificate is to be valid, as Vault spells it (`720h`); `None`: as the role says.
    pub ttl: Option<String>,
    /// Who asks.
    pub login: VaultLogin,
}

/// How the token of Vault is got.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "method", rename_all = "kebab-case")]
pub enum VaultLogin {
    /// It is there.
    Token(VaultToken),
    /// By the method for machines.
    #[serde(rename = "approle")]
    AppRole(AppRole),
    /// By the service account of a pod.
    Kubernetes(Kubernetes),
}

/// A token that somebody else got.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct VaultToken {
    /// Where it is.
    pub token_source: SecretSource,
}

/// The auth method `approle`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AppRole {
    /// Where the method is mounted.
    #[serde(default = "approle")]
    pub mount: String,
    /// The role's id, which is as public as a user's name.
    pub role_id: String,
    /// Its secret; `None` for roles that want none.
    pub secret_id_source: Option<SecretSource>,
}

/// The auth method `kubernetes`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Kubernetes {
    /// Where the method is mounted.
    #[serde(default = "kubernetes")]
    pub mount: String,
    /// The role of the method (not of the engine).
    pub role: String,
    /// The token of the service account; left out: where Kubernetes puts it.
    #[serde(default = "service_account")]
    pub token_source: SecretSource,
}

fn pki() -> String {
    "pki".to_owned()
}

fn approle() -> String {
    "approle".to_owned()
}

fn kubernetes() -> String {
    "kubernetes".to_owned()
}

fn service_account() -> SecretSource {
    SecretSource::File("/var/run/secrets/kubernetes.io/serviceaccount/token".into())
}
