//! A renewal that is ended by SIGKILL at any of its steps: the next runs finish it with the same key, the same CSR and the
//! same order, and no certificate is lost.
//!
//! Where a run can be ended: before a PKCS#11 call (by the shim), before a file of its own gets its name or loses it (by
//! strace, which kills on entry into the system call), and while a command of the user runs. By default it is ended
//! before each call that changes the token and before the call behind it; with `HSMCERT_ALL_KILLS` before each call.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::HashMap;

use support::company::{Company, NAME, records};
use support::{NAMING, Shim, Snapshot, file_calls, strace};

/// A CA that opens an order for a CSR, and issues when it is asked for the order.
const ORDERS: &str = "[ -n \"$HSMCERT_REFERENCE\" ] || { echo order-$(wc -l < calls); exit 12; }; issue";

const RENEW: [&str; 2] = ["renew", "web.toml"];

/// Calls that change something, or prove that it is right.
const CHANGES: [&str; 7] = [
    "C_Login",
    "C_GenerateKeyPair",
    "C_CreateObject",
    "C_DestroyObject",
    "C_SetAttributeValue",
    "C_SignInit",
    "C_CloseSession",
];

/// A site whose certificate is due, as it was before its renewal.
struct Due {
    company: Company,
    before: Snapshot,
    /// The certificate that is to be replaced.
    old: String,
}

impl Due {
    /// `ordered`: the order is open already.
    fn new(ordered: bool) -> Self {
        let company = Company::new();
        company.lasting(-80, 10);
        company.renew(&[]).ok();
        company.lasting(-1, 89);
        company.answers(ORDERS);
        if ordered {
            company.renew(&[]).exits(12);
        }
        let old =
            company.token.stored(&company.token.certificates().into_iter().find(|one| one.label == NAME).unwrap());
        let before = Snapshot::of(company.token.folder());
        Self { company, before, old }
    }

    /// Runs on, until nothing is left to do. Then everything must be as if no run had ever been ended.
    fn finish(&self, killed: &str) {
        let Self { company, old, .. } = self;
        let mut runs = 0;
        while company.renew(&[]).code != Some(0) {
            runs += 1;
            assert!(runs < 4, "{killed}: {:#?}", company.renew(&[]));
        }
        assert!(company.renew(&[]).ok().stdout.contains("not due"), "{killed}");
        assert_eq!(company.csrs(), 2, "{killed}: one CSR for each certificate");
        let pairs = company.pairs();
        assert_eq!(pairs.len(), 2, "{killed}: {pairs:?}");
        company.is_whole();
        let certificates = company.token.certificates();
        let replaced = certificates.iter().find(|one| one.label == pairs[1]).unwrap();
        assert!(company.token.stored(replaced) == *old, "{killed}: the old certificate is there");
        let mut labels: Vec<String> =
            records(company.token.folder()).iter().map(|one| one["label"].as_str().unwrap().to_owned()).collect();
        labels.sort();
        assert_eq!(labels, pairs, "{killed}: what is remembered has the labels of the token");
        let superseded: Vec<bool> =
            records(company.token.folder()).iter().map(|one| one["superseded"].is_object()).collect();
        assert_eq!(superseded.iter().filter(|is| **is).count(), 1, "{killed}");
    }

    /// The orders that the CA opened for the renewal.
    fn orders(&self) -> usize {
        let calls = String::from_utf8(self.company.token.read("calls")).unwrap();
        calls.lines().skip(1).filter(|reference| reference.is_empty()).count()
    }

    /// A run is ended before each PKCS#11 call that counts, and others finish it. How many were ended.
    fn killed_at_calls(&self) -> usize {
        let shim = Shim::before(&self.company.token);
        shim.run(&RENEW);
        let all: Vec<String> = shim.calls().into_iter().map(|call| call.function).collect();
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut cases = Vec::new();
        let is_thorough = std::env::var_os("HSMCERT_ALL_KILLS").is_some();
        for (index, function) in all.iter().enumerate() {
            let count = counts.entry(function).or_default();
            *count += 1;
            let changes = |index: usize| all.get(index).is_some_and(|one| CHANGES.contains(&one.as_str()));
            if is_thorough || changes(index) || index.checked_sub(1).is_some_and(changes) {
                cases.push(format!("{function}:{count}"));
            }
        }
        for case in &cases {
            self.before.restore();
            let killed = Shim::before(&self.company.token).killing(case).run(&RENEW);
            assert_eq!(killed.code, None, "{case}: {killed:#?}");
            self.finish(case);
            assert_eq!(self.orders(), 1, "{case}");
        }
        cases.len()
    }

    /// A run is ended before each of its files gets its name. How many were ended.
    fn killed_at_files(&self) -> usize {
        self.before.restore();
        let calls = file_calls(&self.company.token, &RENEW);
        for call in &calls {
            self.before.restore();
            let killed = strace(&self.company.token, NAMING, &RENEW, Some(&call.kill()));
            assert_eq!(killed.code, None, "{call:?}: {killed:#?}");
            self.finish(&call.line);
        }
        calls.len()
    }

    /// The disk is full when a file is to get its name.
    fn disk_full_at_files(&self) -> usize {
        self.before.restore();
        let calls = file_calls(&self.company.token, &RENEW);
        for call in &calls {
            self.before.restore();
            let full = strace(&self.company.token, NAMING, &RENEW, Some(&call.fail("ENOSPC")));
            assert!(full.stderr.contains("No space left on device"), "{call:?}: {full:#?}");
            assert!(matches!(full.code, Some(0 | 10 | 12)), "{call:?}: {full:#?}");
            self.finish(&call.line);
        }
        calls.len()
    }

    /// The CA's command ends hsmcert, once. Another run finishes it. The orders that the CA opened.
    fn killed_by_the_ca(&self, when: &str) -> usize {
        self.before.restore();
        let kill = "{ touch killed; kill -9 $PPID; exit; }";
        self.company.answers(&when.replace("KILL", &format!("[ -e killed ] || {kill}")).replace("ORDERS", ORDERS));
        assert_eq!(self.company.renew(&[]).code, None, "{when}");
        self.finish(when);
        self.orders()
    }
}

#[test]
fn killed_at_a_call_before_the_order() {
    let cases = Due::new(false).killed_at_calls();
    println!("{cases} runs ended at a PKCS#11 call before the order");
    assert!(cases > 5);
}

#[test]
fn killed_at_a_call_after_the_order() {
    let cases = Due::new(true).killed_at_calls();
    println!("{cases} runs ended at a PKCS#11 call after the order");
    assert!(cases > 20);
}

#[test]
fn killed_at_a_file() {
    for (ordered, least) in [(false, 3), (true, 9)] {
        let cases = Due::new(ordered).killed_at_files();
        println!("{cases} runs ended at a file, the order being open: {ordered}");
        assert!(cases >= least);
    }
}

#[test]
fn killed_while_the_ca_is_at_work() {
    let due = Due::new(false);
    assert_eq!(due.killed_by_the_ca("KILL; ORDERS"), 2, "it did not open one the first time");
    // Nobody but the CA knows of the first order; it is for the same CSR.
    assert_eq!(due.killed_by_the_ca("[ -n \"$HSMCERT_REFERENCE\" ] || { echo order-1; KILL; }; ORDERS"), 2);
    let due = Due::new(true);
    assert_eq!(due.killed_by_the_ca("KILL; ORDERS"), 1);
    assert_eq!(due.killed_by_the_ca("(issue) > answer; KILL; cat answer"), 1);
}

#[test]
fn a_disk_that_is_full_for_a_while() {
    for (ordered, least) in [(false, 3), (true, 9)] {
        assert!(Due::new(ordered).disk_full_at_files() >= least);
    }
}
