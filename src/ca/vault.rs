//! The PKI secrets engine of `HashiCorp` Vault and `OpenBao`: `sign/ROLE` and `sign-verbatim` of its HTTP API.
//!
//! A role takes the names from the CSR or from the call (`use_csr_common_name`, `use_csr_sans`), and who asks does not
//! see which: the call repeats what the CSR says. The rest of the subject, and the usages, are the role's;
//! `sign-verbatim` takes all from the CSR.

mod login;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use ureq::http::Method;
use zeroize::Zeroizing;

use super::http::{Call, Client, Place, Reply, exposed};
use super::{Answer, Error, Order, Surroundings};
use crate::authority::{Secret, Vault};
use crate::request::{GeneralName, OtherNameValue};

const PROTOCOL: &str = "vault";
/// Mounts and namespaces have slashes.
const SEGMENTS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Has a CSR signed.
///
/// # Errors
/// [`Error::Configuration`], [`Error::Secret`], [`Error::Unavailable`] also for a sealed server, [`Error::Refused`] also
/// for the login, [`Error::Answer`].
pub fn submit(vault: &Vault, order: &Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    let path = signing_path(vault)?;
    let server = Server::new(vault, around)?;
    let token = login::login(&server, &vault.login, around)?;
    let signed = server.post(&path, Some(token.secret()), &Request::of(vault, order));
    let signed = signed.and_then(|reply| reply.json::<Signed>());
    match &signed {
        Ok(Signed { lease_id, .. }) if !lease_id.is_empty() => {
            around.warn("the role makes leases: the certificate is revoked with the token that asked for it");
        }
        // The next call would have to wait as long.
        Err(Error::Unavailable { .. }) => {}
        Ok(_) | Err(_) => token.end(&server, around),
    }
    let Signed { data, warnings, .. } = signed?;
    warnings.iter().flatten().for_each(|warning| around.tell(&format!("CA: {}", super::http::plain(warning))));
    let chain = if data.ca_chain.is_empty() { vec![data.issuing_ca] } else { data.ca_chain };
    let all: Vec<String> = std::iter::once(data.certificate).chain(chain).collect();
    Ok(Answer::Issued(all.join("\n").into_bytes()))
}

fn signing_path(vault: &Vault) -> Result<String, Error> {
    let Vault { mount, issuer, .. } = vault;
    let issuer = issuer.as_ref().map(|issuer| format!("/issuer/{issuer}")).unwrap_or_default();
    let (verb, role) = match (vault.verbatim, &vault.role) {
        (true, None) => ("sign-verbatim", String::new()),
        (true, Some(role)) => ("sign-verbatim", format!("/{role}")),
        (false, Some(role)) => ("sign", format!("/{role}")),
        (false, None) => {
            let reason = "it needs a role (or verbatim = true)".to_owned();
            return Err(Error::Configuration { protocol: PROTOCOL, reason });
        }
    };
    Ok(format!("{}{issuer}/{verb}{role}", mount.trim_matches('/')))
}

/// A server, and where in it.
struct Server<'a> {
    client: Client<'a>,
    url: &'a str,
    namespace: Option<&'a str>,
}

impl<'a> Server<'a> {
    fn new(vault: &'a Vault, around: &'a dyn Surroundings) -> Result<Self, Error> {
        let Vault { url, root, timeout, namespace, .. } = vault;
        let place = Place { protocol: PROTOCOL, url, root_file: root.as_deref(), timeout: *timeout };
        let client = Client::new(place, around)?;
        Ok(Self { client, url: url.trim_end_matches('/'), namespace: namespace.as_deref() })
    }

    fn post(&self, path: &str, token: Option<&Secret>, body: &impl Serialize) -> Result<Reply, Error> {
        let url = format!("{}/v1/{}", self.url, utf8_percent_encode(path, SEGMENTS));
        // The second is what servers ask for that must not be reached through a browser.
        let mut headers = vec![("Content-Type", "application/json"), ("X-Vault-Request", "true")];
        headers.extend(self.namespace.map(|namespace| ("X-Vault-Namespace", namespace)));
        headers.extend(token.map(|token| ("X-Vault-Token", exposed(token))));
        let body = serde_json::to_vec(body).map_err(|error| Error::Answer { message: error.to_string() })?;
        let body = Zeroizing::new(body);
        self.client.send(&Call { method: Method::POST, url: &url, headers: &headers, body: &body })?.accepted(words)
    }
}

/// What the server says of a failure.
fn words(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Failure {
        errors: Vec<String>,
    }
    let Failure { errors } = serde_json::from_slice(body).ok()?;
    Some(errors.join("; ")).filter(|text| !text.trim().is_empty())
}

/// The body of a signing call.
#[derive(Serialize)]
struct Request<'a> {
    csr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    common_name: Option<&'a str>,
    alt_names: String,
    ip_sans: String,
    uri_sans: String,
    other_sans: String,
    /// The certificate has the names that the CSR asks for, and the common name is one of them or not.
    exclude_cn_from_sans: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<&'a str>,
}

impl<'a> Request<'a> {
    fn of(vault: &'a Vault, order: &Order<'a>) -> Self {
        let list = |pick: fn(&GeneralName) -> Option<String>| {
            order.names.iter().filter_map(pick).collect::<Vec<_>>().join(",")
        };
        Self {
            csr: order.pem,
            common_name: order.common_name,
            alt_names: list(|name| match name {
                GeneralName::Dns(text) | GeneralName::Email(text) => Some(text.clone()),
                _ => None,
            }),
            ip_sans: list(|name| match name {
                GeneralName::Ip(address) => Some(address.to_string()),
                _ => None,
            }),
            uri_sans: list(|name| match name {
                GeneralName::Uri(text) => Some(text.clone()),
                _ => None,
            }),
            other_sans: list(|name| match name {
                GeneralName::OtherName { oid, value: OtherNameValue::Utf8(text) } => Some(format!("{oid};UTF8:{text}")),
                _ => None,
            }),
            exclude_cn_from_sans: !order.names.is_empty(),
            ttl: vault.ttl.as_deref(),
        }
    }
}

/// The answer to it.
#[derive(Deserialize)]
struct Signed {
    #[serde(default)]
    lease_id: String,
    data: Certificates,
    warnings: Option<Vec<String>>,
}

/// PEM, each.
#[derive(Deserialize)]
struct Certificates {
    certificate: String,
    issuing_ca: String,
    #[serde(default)]
    ca_chain: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(settings: &str) -> Result<String, String> {
        let login = "url = \"https://vault\"\nlogin = { method = \"token\", token-source = \"env:VAULT_TOKEN\" }\n";
        let vault: Vault = toml::from_str(&format!("{login}{settings}")).map_err(|error| error.to_string())?;
        signing_path(&vault).map_err(|error| error.to_string())
    }

    #[test]
    fn role_issuer_and_mount_make_the_path() {
        assert_eq!(path("role = \"web\"").as_deref(), Ok("pki/sign/web"));
        assert_eq!(path("role = \"web\"\nmount = \"/team/pki/\"").as_deref(), Ok("team/pki/sign/web"));
        assert_eq!(path("role = \"web\"\nissuer = \"g2\"").as_deref(), Ok("pki/issuer/g2/sign/web"));
        assert_eq!(path("verbatim = true").as_deref(), Ok("pki/sign-verbatim"));
        assert_eq!(path("verbatim = true\nrole = \"web\"").as_deref(), Ok("pki/sign-verbatim/web"));
        assert!(path("").is_err_and(|error| error.contains("needs a role")));
        assert!(path("role = \"web\"\ntoken = \"s.1\"").is_err_and(|error| error.contains("unknown field `token`")));
    }
}
