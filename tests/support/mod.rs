//! What the integration tests share: the real binary, a real token in a folder of its own, and the independent
//! tools that look at the outcome. Nothing here is shared between tests, so all of them run in parallel.
#![allow(dead_code, unused_imports, unreachable_pub, reason = "each test crate uses its own part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod acme2certifier;
mod browser;
mod ca;
mod caddy;
mod challenge_names;
pub mod company;
pub mod fault_cases;
mod faults;
mod linked_site;
pub mod modules;
mod moto;
mod objects;
mod openbao;
mod outcome;
mod pebble;
mod running;
mod sandbox;
mod scripted_ca;
mod server;
mod shim;
mod snapshot;
mod soft_token;
mod stand_in;
mod strace;
mod strict;
mod terminal;
pub mod tools;

pub use acme2certifier::Acme2Certifier;
pub use browser::Browser;
pub use ca::Ca;
pub use caddy::Caddy;
pub use challenge_names::ChallengeNames;
pub use faults::{End, Fault, Matrix, is_full_run, nothing_between};
pub use linked_site::{LinkedSite, NAMES, service_environment};
pub use moto::Moto;
pub use objects::{Class, Object};
pub use openbao::OpenBao;
pub use outcome::Outcome;
pub use pebble::Pebble;
pub use running::{Running, spawnable};
pub use sandbox::Sandbox;
pub use scripted_ca::ScriptedCa;
pub use server::{Server, backend, free_port};
pub use shim::{Call, Shim, hostile_library, shim_library};
pub use snapshot::Snapshot;
pub use soft_token::SoftToken;
pub use stand_in::{Request, StandIn, reply};
pub use strace::{CHANGING, FileCall, NAMING, file_calls, strace, struck, traced};
pub use strict::Strict;
pub use terminal::at_terminal;
pub use tools::{openssl, run_program, softhsm_module};

/// The request file of the walk-through that hsmcert follows: AWS Security Blog, "Using AWS CloudHSM-backed
/// certificates with Microsoft Internet Information Server", section "Provision a server certificate".
pub const SEED_INF: &str = r#"[Version]
Signature= $Windows NT$
[NewRequest]
Subject = "C=US,CN=www.example.com,O=Information Technology,OU=Certificate Management,L=Seattle,S=Washington"
HashAlgorithm = SHA256
KeyAlgorithm = RSA
KeyLength = 2048
ProviderName = Cavium Key Storage Provider
KeyUsage = 0xf0
MachineKeySet = True
SuppressDefaults = True
SMIME = false
RequestType = PKCS10
[EnhancedKeyUsageExtension]
OID=1.3.6.1.5.5.7.3.1
[Extensions]
2.5.29.17 = "{text}"
_continue_ = "dns=www.example.com&"
_continue_ = "dns=example.com&"
"#;

/// The seed's request with another CN and SAN.
pub fn inf(name: &str) -> String {
    SEED_INF.replace("www.example.com", name)
}
