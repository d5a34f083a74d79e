use std::path::PathBuf;

use serde::Deserialize;

/// A CA of AWS Private CA (ACM PCA).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AwsPca {
    /// The CA: `arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID`.
    pub ca_arn: String,
    /// Days that certificates are valid.
    pub days: u32,
    /// Name or ARN of a certificate template; `None`: that of AWS for end entities.
    pub template: Option<String>,
    /// How the CA signs, as AWS spells it (`SHA256WITHRSA`); `None`: as the CA itself was signed for, which it is asked.
    pub signing_algorithm: Option<String>,
    /// A profile of the shared AWS configuration; `None`: the usual chain of credentials.
    pub profile: Option<String>,
    /// Address of the service; `None`: the public one of the CA's region.
    pub endpoint: Option<String>,
    /// PEM certificates that replace the roots of the operating system.
    pub root: Option<PathBuf>,
    /// Seconds for one request and its answer.
    #[serde(default = "super::a_minute")]
    pub timeout: u64,
}
