//! A CA of three levels made by OpenSSL: root, policy CA, issuing CA. Its files are outside the working directory.

use std::path::{Path, PathBuf};

use super::openssl;

const CONFIGURATION: &str = "[ca]
default_ca = d
[d]
database = index
serial = serial
new_certs_dir = .
default_md = sha256
default_days = 30
policy = p
preserve = yes
unique_subject = no
copy_extensions = COPY
[p]
countryName = optional
stateOrProvinceName = optional
localityName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
[leaf]
authorityKeyIdentifier = keyid
[ca_ext]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[no_ca]
basicConstraints = critical, CA:FALSE
[short]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
[no_sign]
basicConstraints = critical, CA:TRUE
keyUsage = critical, digitalSignature
[other_purpose]
extendedKeyUsage = codeSigning
authorityKeyIdentifier = keyid
";

/// The CA.
#[derive(Debug)]
pub struct Ca {
    folder: PathBuf,
}

impl Ca {
    /// Makes root, policy and issuing CA; `name` is in their common names.
    pub fn new(folder: &Path, name: &str) -> Self {
        let ca = Self { folder: folder.join(format!("ca {name}")) };
        std::fs::create_dir(&ca.folder).unwrap();
        for (file, copy) in [("copy.cnf", "copy"), ("bare.cnf", "none")] {
            std::fs::write(ca.folder.join(file), CONFIGURATION.replace("COPY", copy)).unwrap();
        }
        std::fs::write(ca.folder.join("index"), "").unwrap();
        std::fs::write(ca.folder.join("serial"), "1001\n").unwrap();
        ca.key("root");
        let subject = format!("/CN={name} Root");
        let root = ["req", "-x509", "-new", "-key", "root.key", "-subj", &subject, "-days", "60", "-out", "root.pem"];
        openssl(&ca.folder, &[&root[..], &["-config", "bare.cnf", "-extensions", "ca_ext"]].concat());
        ca.authority("policy", &format!("{name} Policy CA"), "root", "ca_ext");
        ca.authority("issuing", &format!("{name} Issuing CA"), "policy", "ca_ext");
        ca
    }

    /// Makes one more CA, certified by `issuer` with the extensions of a section of the configuration.
    pub fn authority(&self, file: &str, name: &str, issuer: &str, extensions: &str) {
        self.key(file);
        let (key, csr, subject) = (format!("{file}.key"), format!("{file}.csr"), format!("/CN={name}"));
        openssl(&self.folder, &["req", "-new", "-key", &key, "-subj", &subject, "-out", &csr, "-config", "bare.cnf"]);
        let csr = self.folder.join(&csr);
        let pem = self.sign(&csr, issuer, &["-config", "bare.cnf", "-extensions", extensions]);
        std::fs::write(self.folder.join(format!("{file}.pem")), pem).unwrap();
    }

    fn key(&self, file: &str) {
        let key = format!("{file}.key");
        let curve = "ec_paramgen_curve:P-256";
        openssl(&self.folder, &["genpkey", "-algorithm", "EC", "-pkeyopt", curve, "-out", &key]);
    }

    /// A CA's certificate as PEM: `root`, `policy`, `issuing` or what [`Self::authority`] made.
    pub fn certificate(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(format!("{file}.pem"))).unwrap()
    }

    /// A certificate by the issuing CA with everything that the request asks for, as PEM.
    pub fn issue(&self, csr: &Path) -> String {
        self.issue_by("issuing", csr)
    }

    pub fn issue_by(&self, issuer: &str, csr: &Path) -> String {
        self.sign(csr, issuer, &["-config", "copy.cnf", "-extensions", "leaf"])
    }

    /// The same with more options of `openssl ca`, such as `-startdate`.
    pub fn issue_with(&self, csr: &Path, options: &[&str]) -> String {
        self.sign(csr, "issuing", &[&["-config", "copy.cnf", "-extensions", "leaf"], options].concat())
    }

    /// A certificate by a CA that copies no extension of the request, with those of `extensions` instead.
    pub fn issue_bare(&self, csr: &Path, extensions: &str, options: &[&str]) -> String {
        self.sign(csr, "issuing", &[&["-config", "bare.cnf", "-extensions", extensions], options].concat())
    }

    fn sign(&self, csr: &Path, issuer: &str, options: &[&str]) -> String {
        let (key, certificate) = (format!("{issuer}.key"), format!("{issuer}.pem"));
        let csr = csr.to_str().unwrap();
        let arguments = ["ca", "-batch", "-notext", "-in", csr, "-cert", &certificate, "-keyfile", &key];
        openssl(&self.folder, &[&arguments[..], options, &["-out", "issued.pem"]].concat());
        std::fs::read_to_string(self.folder.join("issued.pem")).unwrap()
    }
}
