//! AWS Private CA: `IssueCertificate` and `GetCertificate` of its API (JSON 1.1, signed by Signature Version 4).
//!
//! AWS gives an issued certificate a name (an ARN) at once and the certificate itself a moment later.

mod credentials;
mod world;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqsign_aws_v4::{Credential, RequestSigner};
use reqsign_core::SignRequest as _;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use ureq::http::{Method, Request};

use super::http::{Call, Client, Place, Reply};
use super::{Answer, Error, Order, Pending, Surroundings};
use crate::authority::AwsPca;
use world::ready;

const PROTOCOL: &str = "aws-pca";
const SERVICE: &str = "acm-pca";
/// AWS knows a call again by so much (`IdempotencyToken`), for five minutes.
const TOKEN_LENGTH: usize = 36;
/// Seconds between looks at a certificate that is in the making; it mostly takes one or two.
const LOOKS: [u64; 4] = [1, 1, 2, 4];

/// Has a certificate issued, or fetches one that was in the making.
///
/// # Errors
/// [`Error::Configuration`] also without credentials, [`Error::Unavailable`], [`Error::Refused`], [`Error::Answer`].
pub fn submit(pca: &AwsPca, order: &Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    let arn = Arn::parse(&pca.ca_arn)?;
    let service = Service::new(pca, &arn, around)?;
    let certificate = match order.reference {
        Some(certificate) => certificate.to_owned(),
        None => {
            let certificate = service.issue(&arn, order)?;
            (order.opened)(&certificate)?;
            certificate
        }
    };
    around.tell(&format!("CA: certificate {certificate}"));
    service.fetch(&certificate)
}

/// The parts of a CA's ARN that say where it is.
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Result<Self, Error> {
        match text.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", partition, SERVICE, region, _, of] if of.starts_with("certificate-authority/") => {
                Ok(Self { partition, region })
            }
            _ => Err(Error::Configuration {
                protocol: PROTOCOL,
                reason: format!("ca-arn \"{text}\" is none of arn:aws:acm-pca:REGION:ACCOUNT:certificate-authority/ID"),
            }),
        }
    }

    fn endpoint(&self) -> String {
        let domain = if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        format!("https://{SERVICE}.{}.{domain}", self.region)
    }

    /// A template by its name, which AWS shows without the rest.
    fn template(&self, name: &str) -> String {
        if name.starts_with("arn:") {
            return name.to_owned();
        }
        format!("arn:{}:{SERVICE}:::template/{name}", self.partition)
    }
}

/// The API of one region, for one caller.
struct Service<'a> {
    client: Client<'a>,
    pca: &'a AwsPca,
    url: String,
    signer: RequestSigner,
    credential: Credential,
    world: reqsign_core::Context,
}

impl<'a> Service<'a> {
    fn new(pca: &'a AwsPca, arn: &Arn<'_>, around: &'a dyn Surroundings) -> Result<Self, Error> {
        let url = pca.endpoint.clone().unwrap_or_else(|| arn.endpoint());
        let url = format!("{}/", url.trim_end_matches('/'));
        let place = Place { protocol: PROTOCOL, url: &url, root_file: pca.root.as_deref(), timeout: pca.timeout };
        let client = Client::new(place, around)?;
        let sts = Place { url: "https://sts.amazonaws.com", ..place };
        let world = world::context(sts.agent(around).map_err(wrong)?, around);
        let credential = credentials::find(pca.profile.as_deref(), arn.region, &world, around)?;
        Ok(Self { client, pca, signer: RequestSigner::new(SERVICE, arn.region), url, credential, world })
    }

    /// The ARN of a certificate that is in the making from now on.
    fn issue(&self, arn: &Arn<'_>, order: &Order<'_>) -> Result<String, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Issued {
            certificate_arn: String,
        }
        let algorithm = match &self.pca.signing_algorithm {
            Some(algorithm) => algorithm.clone(),
            None => self.usual_algorithm()?,
        };
        let mut token = base16ct::lower::encode_string(&Sha256::digest(order.csr));
        token.truncate(TOKEN_LENGTH);
        let mut body = json!({
            "CertificateAuthorityArn": self.pca.ca_arn,
            "Csr": STANDARD.encode(order.pem),
            "SigningAlgorithm": algorithm,
            "Validity": { "Type": "DAYS", "Value": self.pca.days },
            "IdempotencyToken": token,
        });
        if let Some(template) = &self.pca.template {
            body["TemplateArn"] = arn.template(template).into();
        }
        let Issued { certificate_arn } = self.call("IssueCertificate", &body)?;
        Ok(certificate_arn)
    }

    /// The algorithm must be of the family of the CA's key, so the CA is asked for the one of its own certificate.
    fn usual_algorithm(&self) -> Result<String, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Described {
            certificate_authority: Authority,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Authority {
            certificate_authority_configuration: Configuration,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Configuration {
            signing_algorithm: String,
        }
        let body = json!({ "CertificateAuthorityArn": self.pca.ca_arn });
        let Described { certificate_authority } = self.call("DescribeCertificateAuthority", &body)?;
        Ok(certificate_authority.certificate_authority_configuration.signing_algorithm)
    }

    fn fetch(&self, certificate: &str) -> Result<Answer, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Fetched {
            certificate: String,
            #[serde(default)]
            certificate_chain: Option<String>,
        }
        let body = json!({ "CertificateAuthorityArn": self.pca.ca_arn, "CertificateArn": certificate });
        let mut looks = LOOKS.into_iter();
        loop {
            let reply = self.send("GetCertificate", &body)?;
            let Some(failure) = Failure::of(&reply).filter(|failure| failure.name() == "RequestInProgressException")
            else {
                let Fetched { certificate, certificate_chain } = accepted(reply)?.json()?;
                let all = [certificate, certificate_chain.unwrap_or_default()].join("\n");
                return Ok(Answer::Issued(all.into_bytes()));
            };
            match looks.next() {
                Some(seconds) => std::thread::sleep(Duration::from_secs(seconds)),
                None => {
                    return Ok(Answer::Pending(Pending {
                        reference: Some(certificate.to_owned()),
                        message: failure.words(),
                        retry_after: None,
                    }));
                }
            }
        }
    }

    fn call<T: DeserializeOwned>(&self, action: &str, body: &impl Serialize) -> Result<T, Error> {
        accepted(self.send(action, body)?)?.json()
    }

    fn send(&self, action: &str, body: &impl Serialize) -> Result<Reply, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Answer { message: error.to_string() })?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(&self.url)
            .header("Content-Type", "application/x-amz-json-1.1")
            .header("X-Amz-Target", format!("ACMPrivateCA.{action}"))
            // Without it the body would not be part of what is signed.
            .header("X-Amz-Content-Sha256", base16ct::lower::encode_string(&Sha256::digest(&body)))
            .body(());
        let mut head = request.map_err(|error| wrong(error.to_string()))?.into_parts().0;
        ready(self.signer.sign_request(&self.world, &mut head, Some(&self.credential), None))
            .map_err(|error| wrong(error.to_string()))?;
        let headers = head.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let headers: Vec<_> = headers.collect();
        self.client.send(&Call { method: Method::POST, url: &self.url, headers: &headers, body: &body })
    }
}

fn wrong(reason: String) -> Error {
    Error::Configuration { protocol: PROTOCOL, reason }
}

/// How AWS tells a failure.
#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(default, alias = "Message")]
    message: String,
}

impl Failure {
    fn of(reply: &Reply) -> Option<Self> {
        Some(reply).filter(|reply| !reply.status.is_success()).and_then(|reply| Self::parse(&reply.body))
    }

    fn parse(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// Some services put a namespace before it.
    fn name(&self) -> &str {
        self.kind.rsplit('#').next().unwrap_or_default()
    }

    fn words(&self) -> String {
        format!("{}: {}", self.name(), self.message)
    }

    /// AWS has these with status 400.
    fn is_busy(&self) -> bool {
        ["ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "ServiceUnavailable"]
            .contains(&self.name())
    }
}

fn accepted(reply: Reply) -> Result<Reply, Error> {
    match Failure::of(&reply) {
        Some(failure) if failure.is_busy() => {
            Err(Error::Unavailable { message: failure.words(), retry_after: reply.retry_after })
        }
        Some(_) | None => reply.accepted(|body| Failure::parse(body).map(|failure| failure.words())),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn the_arn_says_where_the_ca_is() {
        let here = Arn::parse("arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1-2").unwrap();
        assert_eq!(here.endpoint(), "https://acm-pca.eu-central-1.amazonaws.com");
        assert_eq!(
            here.template("BlankEndEntityCertificate_CSRPassthrough/V1"),
            "arn:aws:acm-pca:::template/BlankEndEntityCertificate_CSRPassthrough/V1"
        );
        assert_eq!(here.template("arn:x"), "arn:x");
        let china = Arn::parse("arn:aws-cn:acm-pca:cn-north-1:123456789012:certificate-authority/1-2").unwrap();
        assert_eq!(china.endpoint(), "https://acm-pca.cn-north-1.amazonaws.com.cn");
        for none in ["", "1-2", "arn:aws:acm:eu-central-1:1:certificate/2", "arn:aws:acm-pca:::template/X/V1"] {
            assert!(Arn::parse(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_failure_is_told_without_its_namespace() {
        let failure = Failure::parse(br#"{"__type":"com.amazonaws#ThrottlingException","Message":"Rate exceeded"}"#);
        let failure = failure.unwrap();
        assert!(failure.is_busy());
        assert_eq!(failure.words(), "ThrottlingException: Rate exceeded");
        assert!(Failure::parse(b"<html>").is_none());
    }
}
