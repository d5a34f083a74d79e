//! `accept` on Windows: what it leaves in the certificate store. The outcome is not read by the functions that wrote
//! it but from the registry, by `reg.exe`, in the form that Windows keeps there: for each certificate a key named by
//! its thumbprint, with all properties in one value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use hsmcert::x509;
use serde_json::Value;
use sha1::{Digest as _, Sha1};

use crate::support::{Outcome, SEED_INF, Sandbox};

const KSP: &str = "Cavium Key Storage Provider";
/// The property that holds the certificate itself.
const CERTIFICATE: u32 = 32;
const KEY_PROVIDER: u32 = 2;
const FRIENDLY_NAME: u32 = 11;

/// A machine with `SoftHSM` and a certificate that was issued for `request`.
struct Server {
    sandbox: Sandbox,
    options: Vec<String>,
    /// The folder of the trial token, where it is used as a token like any other.
    token: Option<PathBuf>,
}

impl Server {
    fn with_certificate(request: &str) -> Self {
        Self::new(request).0
    }

    fn new(request: &str) -> (Self, Outcome) {
        let file = if request.contains("[NewRequest]") { "request.inf" } else { "request.toml" };
        let server = Self { sandbox: Sandbox::new(), options: vec!["--trial".to_owned()], token: None };
        server.sandbox.write(file, request);
        let made = server.run(&["-new", file, "request.csr.pem"]).ok();
        server.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
        (server, made)
    }

    /// Its token is of a module that could be an HSM's: under another name hsmcert does not know `SoftHSM`, whose keys
    /// are in no provider.
    fn with_another_module(request: &str) -> Self {
        let (mut server, made) = Self::new(request);
        let folder = made.stderr.split("on this disk (").nth(1).and_then(|rest| rest.split(')').next()).unwrap();
        let folder = PathBuf::from(folder);
        let pin = folder.join("pin").to_str().unwrap().to_owned();
        let options = ["--module", "C:\\SoftHSM2\\lib\\another.dll", "--token", "hsmcert-trial", "--pin-source", &pin];
        server.options = options.map(str::to_owned).to_vec();
        server.token = Some(folder);
        server
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let mut command = self.sandbox.hsmcert();
        command.env("HSMCERT_KEY_REFERENCES", self.key_references());
        if let Some(folder) = &self.token {
            command.env("SOFTHSM2_CONF", folder.join("softhsm2.conf"));
        }
        Outcome::of(command.args(arguments).args(&self.options))
    }

    fn key_references(&self) -> PathBuf {
        self.sandbox.folder().join("key-references")
    }

    /// A key-reference file, as AWS CloudHSM's tools and provider write them.
    fn key_reference(&self, name: &str) {
        std::fs::create_dir_all(self.key_references()).unwrap();
        std::fs::write(self.key_references().join(name), "").unwrap();
    }

    /// `accept` with more options; what it says about the store.
    fn accept(&self, options: &[&str]) -> Value {
        let accepted = self.run(&[&["-accept", "request.crt.pem", "--json"], options].concat()).ok().json();
        accepted["windows_store"].clone()
    }

    fn certificate(&self) -> Vec<u8> {
        let all = x509::read_certificates(&self.sandbox.read("request.crt.pem")).unwrap();
        all[0].der().to_vec()
    }

    /// What the registry holds of the certificate.
    fn registry(&self, store: Store) -> Option<Registered> {
        let thumbprint: String = Sha1::digest(self.certificate()).iter().map(|byte| format!("{byte:02X}")).collect();
        let root = match store {
            Store::Machine => "HKLM",
            Store::User => "HKCU",
        };
        let key = format!("{root}\\Software\\Microsoft\\SystemCertificates\\My\\Certificates\\{thumbprint}");
        let output = Command::new("reg").args(["query", &key, "/v", "Blob"]).output().unwrap();
        if !output.status.success() {
            return None;
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let hex = text.split_whitespace().last().unwrap();
        let blob: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        Some(Registered { properties: properties(&blob), blob })
    }
}

#[derive(Clone, Copy)]
enum Store {
    Machine,
    User,
}

#[derive(Debug, PartialEq)]
struct Registered {
    blob: Vec<u8>,
    properties: BTreeMap<u32, Vec<u8>>,
}

/// Each property is its number, a number that is 1, its length, and so many bytes.
fn properties(mut blob: &[u8]) -> BTreeMap<u32, Vec<u8>> {
    let mut found = BTreeMap::new();
    while let Some((head, rest)) = blob.split_at_checked(12) {
        let number = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap());
        let (value, rest) = rest.split_at(number(8) as usize);
        found.insert(number(0), value.to_vec());
        blob = rest;
    }
    found
}

impl Registered {
    fn text(&self, property: u32) -> String {
        let units: Vec<u16> =
            self.properties[&property].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    }

    fn has_link(&self) -> bool {
        self.properties.contains_key(&KEY_PROVIDER)
    }

    /// Container, provider, type, flags, key spec. In the registry the structure has offsets of 32 bits for pointers,
    /// whatever the program that wrote it.
    #[track_caller]
    fn link_is(&self, container: &str, provider: &str, flags: u32, key_spec: u32) {
        let text = self.text(KEY_PROVIDER);
        assert!(text.contains(&format!("{container}\0")), "{text:?}");
        assert!(text.contains(&format!("{provider}\0")), "{text:?}");
        let value = &self.properties[&KEY_PROVIDER];
        let number = |at: usize| u32::from_le_bytes(value[at..at + 4].try_into().unwrap());
        assert_eq!((number(8), number(12), number(24)), (0, flags, key_spec), "dwProvType, dwFlags, dwKeySpec");
    }
}

fn user_inf() -> String {
    SEED_INF.replace("MachineKeySet = True", "FriendlyName = \"Web \u{e9}\"")
}

#[test]
fn the_seeds_walk_through_puts_the_certificate_into_the_store_of_the_machine() {
    let server = Server::with_certificate(SEED_INF);
    let said = server.run(&["-accept", "request.crt.pem"]).ok().stdout;
    assert!(said.contains("store      LocalMachine\\My of Windows (added)"), "{said}");
    assert!(said.contains("without a link: SoftHSM's keys"), "{said}");
    assert!(server.run(&["find-key", "-c", "3"]).ok().stdout.contains("www.example.com"));
    let stored = server.registry(Store::Machine).unwrap();
    assert_eq!(stored.properties[&CERTIFICATE], server.certificate());
    assert!(!stored.has_link());
    assert_eq!(server.registry(Store::User), None);
}

#[test]
fn without_machine_key_set_it_is_the_users_store_with_the_friendly_name() {
    let server = Server::with_certificate(&user_inf());
    let said = server.accept(&[]);
    assert_eq!(said["store"], "CurrentUser\\My");
    assert_eq!((&said["provider"], &said["container"]), (&Value::Null, &Value::Null));
    let stored = server.registry(Store::User).unwrap();
    assert_eq!(stored.properties[&CERTIFICATE], server.certificate());
    assert_eq!(stored.text(FRIENDLY_NAME), "Web \u{e9}\0");
    assert!(!stored.has_link());
    assert_eq!(server.registry(Store::Machine), None);
}

#[test]
fn a_container_that_is_named_is_linked_and_a_second_run_changes_nothing() {
    let server = Server::with_certificate(&user_inf());
    let options = ["--ksp-container", "{key 1}"];
    let said = server.accept(&options);
    assert_eq!(
        (&said["provider"], &said["container"], &said["change"]),
        (&KSP.into(), &"{key 1}".into(), &"added".into())
    );
    let stored = server.registry(Store::User).unwrap();
    stored.link_is("{key 1}", KSP, 0, 2);
    assert_eq!(server.accept(&options)["change"], "unchanged");
    assert_eq!(server.registry(Store::User).unwrap(), stored);
    // Without the option the link is still there, is told and stays.
    let said = server.accept(&[]);
    assert_eq!((&said["container"], &said["change"]), (&"{key 1}".into(), &"unchanged".into()));
    assert_eq!(server.registry(Store::User).unwrap(), stored);
}

#[test]
fn a_link_is_added_and_changed_where_the_certificate_is_and_other_properties_stay() {
    let server = Server::with_certificate(&user_inf());
    server.accept(&[]);
    let said = server.accept(&["--ksp", "Luna Key Storage Provider", "--ksp-container", "first"]);
    assert_eq!(said["change"], "updated");
    server.registry(Store::User).unwrap().link_is("first", "Luna Key Storage Provider", 0, 0);
    assert_eq!(
        server.accept(&["--ksp", "Luna Key Storage Provider", "--ksp-container", "second"])["change"],
        "updated"
    );
    let stored = server.registry(Store::User).unwrap();
    stored.link_is("second", "Luna Key Storage Provider", 0, 0);
    assert_eq!(stored.text(FRIENDLY_NAME), "Web \u{e9}\0");
    assert_eq!(stored.properties[&CERTIFICATE], server.certificate());
}

#[test]
fn a_link_in_the_store_of_the_machine_is_to_a_key_of_the_machine() {
    let server = Server::with_certificate(SEED_INF);
    assert_eq!(server.accept(&["--ksp-container", "k"])["store"], "LocalMachine\\My");
    server.registry(Store::Machine).unwrap().link_is("k", KSP, 0x20, 2);
}

#[test]
fn key_container_of_the_request_is_the_container() {
    let inf = SEED_INF.replace("MachineKeySet = True", "KeyContainer = \"web key\"");
    let server = Server::with_another_module(&inf);
    let said = server.accept(&[]);
    assert_eq!((&said["provider"], &said["container"]), (&KSP.into(), &"web key".into()));
    server.registry(Store::User).unwrap().link_is("web key", KSP, 0, 2);
}

#[test]
fn without_a_container_the_commands_that_show_it_are_printed() {
    let server = Server::with_another_module(SEED_INF);
    let said = server.run(&["-accept", "request.crt.pem"]).ok().stdout;
    assert!(said.contains("without a link to its key: provider and container are not both known"), "{said}");
    assert!(said.contains("cloudhsm-cli key generate-file --encoding ksp-key-reference"), "{said}");
    assert!(
        said.contains(
            "next: link: hsmcert accept \"request.crt.pem\" --ksp \"Cavium Key Storage Provider\" --ksp-container NAME"
        ),
        "{said}"
    );
    assert!(!server.registry(Store::Machine).unwrap().has_link());
}

#[test]
fn a_key_reference_file_with_the_keys_label_is_the_container() {
    let server = Server::with_another_module(SEED_INF);
    server.key_reference("tq-3daacd89");
    server.key_reference("www.example.com");
    let said = server.run(&["-accept", "request.crt.pem"]).ok().stdout;
    assert!(said.contains("its key is \"www.example.com\" in \"Cavium Key Storage Provider\""), "{said}");
    assert!(said.contains("there is a key-reference file of this name, which is the label of the key"), "{said}");
    server.registry(Store::Machine).unwrap().link_is("www.example.com", KSP, 0x20, 2);
    // What is typed comes first.
    assert_eq!(server.accept(&["--ksp-container", "typed"])["container"], "typed");
}

#[test]
fn other_key_reference_files_are_listed_and_none_is_guessed_at() {
    let server = Server::with_another_module(SEED_INF);
    for name in ["tq-3daacd89", "www.example.com.old", "example.com"] {
        server.key_reference(name);
    }
    let said = server.run(&["-accept", "request.crt.pem"]).ok().stdout;
    assert!(said.contains("no key-reference file is named as the key; there are (newest last): "), "{said}");
    assert!(said.contains("next: write the key-reference file (Client SDK 5.16 and newer): cloudhsm-cli"), "{said}");
    assert!(!server.registry(Store::Machine).unwrap().has_link());
    let said = server.accept(&[]);
    let mut seen: Vec<&str> =
        said["key_references"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, ["example.com", "tq-3daacd89", "www.example.com.old"]);
    // Other providers have no such files.
    assert_eq!(server.accept(&["--ksp", "Luna Key Storage Provider"])["key_references"], serde_json::json!([]));
}

#[test]
fn a_change_of_the_store_alone_is_told() {
    let server = Server::with_certificate(&user_inf());
    let first = |options: &[&str]| {
        let said = server.run(&[&["-accept", "request.crt.pem"], options].concat()).ok().stdout;
        said.lines().next().unwrap().to_owned()
    };
    first(&["--no-windows-store"]);
    let already = "certificate was linked to the key \"www.example.com\" already: ";
    assert_eq!(first(&[]), format!("{already}added to CurrentUser\\My of Windows"));
    assert_eq!(first(&["--ksp-container", "k"]), format!("{already}updated in CurrentUser\\My of Windows"));
    assert_eq!(first(&[]), format!("{already}nothing changed"));
}

#[test]
fn no_windows_store_leaves_it_alone() {
    let server = Server::with_certificate(SEED_INF);
    assert_eq!(server.accept(&["--no-windows-store"]), Value::Null);
    assert_eq!(server.registry(Store::Machine), None);
    assert_eq!(server.registry(Store::User), None);
    server.run(&["-accept", "request.crt.pem", "--no-windows-store", "--ksp-container", "k"]).exits(2);
}

#[test]
fn certreqs_words_choose_the_store() {
    let server = Server::with_certificate(SEED_INF);
    assert_eq!(server.accept(&["-user"])["store"], "CurrentUser\\My");
    assert!(server.registry(Store::User).is_some());
    assert_eq!(server.registry(Store::Machine), None);
    let server = Server::with_certificate(&user_inf());
    assert_eq!(server.accept(&["-machine"])["store"], "LocalMachine\\My");
    assert!(server.registry(Store::Machine).is_some());
    server.run(&["-accept", "request.crt.pem", "-machine", "-user"]).exits(2);
}

#[test]
fn a_failure_says_that_the_token_has_all_it_needs() {
    let toml =
        "[subject]\ncn = \"nul.example\"\n[san]\ndns = [\"nul.example\"]\n[windows]\nfriendly-name = \"a\\u0000b\"\n";
    let server = Server::with_certificate(toml);
    let failed = server.run(&["accept", "request.crt.pem"]).fails(10);
    failed.says("the token and the chain file are complete").says("CurrentUser\\My").says("--no-windows-store");
    assert!(Path::new(&server.sandbox.path("request.crt.fullchain.pem")).is_file());
    assert!(server.run(&["find-key", "-c", "1"]).ok().stdout.contains("nul.example"));
    assert_eq!(server.registry(Store::User), None);
    assert_eq!(server.accept(&["--no-windows-store"]), Value::Null);
}
