//! OpenSSL's word on a CSR, or on a certificate and its issuer, since Debian's OpenSSL cannot read ML-DSA:
//!
//!     openssl-verify CSR
//!     openssl-verify CERTIFICATE ISSUER
//!
//! Files are PEM or DER. What verifies is printed as text, with exit code 0; else the reason is told, with exit code 1.

use std::error::Error;
use std::fs::read;
use std::process::ExitCode;

use openssl::x509::{X509, X509Req, X509VerifyResult};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let verified = match arguments.as_slice() {
        [csr] => verify_csr(csr),
        [certificate, issuer] => verify_certificate(certificate, issuer),
        _ => Err("usage: openssl-verify CSR | CERTIFICATE ISSUER".into()),
    };
    match verified {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn verify_csr(file: &str) -> Result<String, Box<dyn Error>> {
    let bytes = read(file)?;
    let csr = X509Req::from_pem(&bytes).or_else(|_| X509Req::from_der(&bytes))?;
    let verified = csr.verify(&*csr.public_key()?)?;
    told(verified, csr.to_text()?)
}

fn verify_certificate(file: &str, issuer: &str) -> Result<String, Box<dyn Error>> {
    let (certificate, issuer) = (read_certificate(file)?, read_certificate(issuer)?);
    let verified = certificate.verify(&*issuer.public_key()?)? && issuer.issued(&certificate) == X509VerifyResult::OK;
    // Its key must be one that OpenSSL understands.
    certificate.public_key()?;
    told(verified, certificate.to_text()?)
}

fn read_certificate(file: &str) -> Result<X509, Box<dyn Error>> {
    let bytes = read(file)?;
    Ok(X509::from_pem(&bytes).or_else(|_| X509::from_der(&bytes))?)
}

fn told(verified: bool, text: Vec<u8>) -> Result<String, Box<dyn Error>> {
    if verified { Ok(String::from_utf8(text)?) } else { Err("the signature does not verify".into()) }
}
