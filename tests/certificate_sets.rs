//! Certificates that others have made: each file of a folder is shown, sorted into a chain and checked, whatever is in it.
//!
//! `HSMCERT_CERT_DIR` names the folder: certificates as PEM, DER or PKCS#7, and test cases of x509-limbo (`limbo.json`).
//! Without it they are the seeds of the fuzzers and the roots of this system.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::print_stdout, reason = "how much was tried is a result")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use hsmcert::x509::{self, Certificate};
use serde_json::Value;
use support::Sandbox;

/// 2026-12-02, when the seeds are valid.
const NOW: i64 = 1_796_169_600;

#[derive(Default)]
struct Counts {
    /// Inputs: files, and test cases within them.
    inputs: AtomicUsize,
    certificates: AtomicUsize,
    /// Inputs with a certificate that cannot be read.
    refused: AtomicUsize,
    /// Inputs whose first certificate has a path to a root among the others.
    paths: AtomicUsize,
}

impl Counts {
    fn total(count: &AtomicUsize) -> usize {
        count.load(Ordering::Relaxed)
    }
}

#[test]
fn certificates_of_others_are_read_or_refused_in_order() {
    let given = std::env::var_os("HSMCERT_CERT_DIR").map(PathBuf::from);
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/certificates");
    let folders = given.clone().map_or_else(|| vec![seeds, "/etc/ssl/certs".into()], |folder| vec![folder]);
    let files: BTreeSet<PathBuf> = folders.iter().flat_map(|folder| files_below(folder)).collect();
    let (files, sandbox, counts) = (Vec::from_iter(files), Sandbox::new(), Counts::default());
    let next = AtomicUsize::new(0);
    thread::scope(|threads| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    inputs_of(file).iter().for_each(|input| try_input(file, input, &sandbox, &counts));
                }
            });
        }
    });
    let [inputs, certificates, refused, paths] =
        [&counts.inputs, &counts.certificates, &counts.refused, &counts.paths].map(Counts::total);
    println!("{inputs} inputs: {certificates} certificates, {paths} paths to a root, {refused} inputs refused");
    assert!(certificates > 0, "no certificate in {folders:?}");
    if given.is_none() {
        // Of the seeds three are CSRs and two are public keys; a system may keep a key store there.
        assert!(certificates > 100 && refused < 8 && paths > 0, "{refused} of {inputs} were refused");
    }
}

/// All files below a folder, each once, however many links lead to it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.filter_map(|entry| entry.unwrap().path().canonicalize().ok());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// What a file holds: itself, or the certificates of each test case, the one that is to be checked first.
fn inputs_of(file: &Path) -> Vec<Vec<u8>> {
    let bytes = fs::read(file).unwrap();
    let Ok(Value::Object(limbo)) = serde_json::from_slice(&bytes) else { return vec![bytes] };
    let cases = limbo.get("testcases").and_then(Value::as_array).cloned().unwrap_or_default();
    cases.iter().map(|case| of_case(case).into_bytes()).collect()
}

fn of_case(case: &Value) -> String {
    let list = |name: &str| case[name].as_array().cloned().unwrap_or_default();
    let pems = [vec![case["peer_certificate"].clone()], list("untrusted_intermediates"), list("trusted_certs")];
    pems.concat().iter().filter_map(Value::as_str).flat_map(|pem| [pem, "\n"]).collect()
}

fn try_input(file: &Path, input: &[u8], sandbox: &Sandbox, counts: &Counts) {
    counts.inputs.fetch_add(1, Ordering::Relaxed);
    let shown = sandbox.hsmcert().args(["show", "--json", "-"]).write_stdin(input).output().unwrap();
    let code = shown.status.code();
    // Shown, or refused: as a request file, a certificate, or neither.
    assert!(matches!(code, Some(0 | 2 | 3 | 8)), "{}: show ended with {code:?}", file.display());
    let Ok(certificates) = x509::read_certificates(input) else {
        counts.refused.fetch_add(1, Ordering::Relaxed);
        return;
    };
    assert_eq!(code, Some(0), "{}: read, but not shown", file.display());
    counts.certificates.fetch_add(certificates.len(), Ordering::Relaxed);
    let led = catch_unwind(|| leads_to_a_root(&certificates)).unwrap_or_else(|_| panic!("{}: panic", file.display()));
    counts.paths.fetch_add(usize::from(led), Ordering::Relaxed);
}

/// Sorts and checks the chain of the first certificate, as `accept` and `verify` do.
fn leads_to_a_root(certificates: &[Certificate]) -> bool {
    let Some((leaf, others)) = certificates.split_first() else { return false };
    let chain = x509::sort_chain(leaf, others);
    let _ = (chain.check(leaf), chain.unchecked(leaf));
    x509::validate_path(leaf, others, others, NOW).is_ok()
}
