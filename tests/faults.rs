//! Whatever call fails, at whatever place: hsmcert ends with a code of its table, says which call it was, and leaves
//! no half of anything. A good run is asked for its calls; then each of them fails once.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::company::record_files;
use support::{Object, Outcome, SEED_INF, Shim, Snapshot, SoftToken};

const DEVICE_ERROR: &str = "0x30";

/// Each call of a run that works: function, and the how manieth of it.
fn calls(shim: &Shim<'_>) -> Vec<(String, usize)> {
    let all = shim.calls();
    let earlier = |index: usize| all[..index].iter().filter(|call| call.function == all[index].function).count();
    all.iter().enumerate().map(|(index, call)| (call.function.clone(), earlier(index) + 1)).collect()
}

/// What is wrong with the way in which a run with one failed call ended, if anything.
fn complaint(outcome: &Outcome, function: &str) -> Option<String> {
    let told = match function {
        // cryptoki does not tell this one; the next call finds the search still open.
        "C_FindObjectsFinal" => outcome.stderr.contains(": CKR_OPERATION_ACTIVE"),
        _ => outcome.stderr.contains(&format!("{function}: CKR_DEVICE_ERROR")),
    };
    match outcome.code {
        // Closing the session and the module: the work is done.
        Some(0) => None,
        Some(4) if told && outcome.stdout.is_empty() => None,
        code => Some(format!("code {code:?}\n{}", outcome.stderr)),
    }
}

fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn new_leaves_a_pair_with_its_request_or_nothing() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let good = Shim::before(&token);
    good.run(&["new", "request.inf", "good.csr", "--label", "good"]).ok();
    let mut complaints = Vec::new();
    for (number, (function, nth)) in calls(&good).into_iter().enumerate() {
        let (label, file) = (format!("key {number}"), format!("{number}.csr"));
        let shim = Shim::before(&token).failing(&format!("{function}:{nth}:{DEVICE_ERROR}"));
        let outcome = shim.run(&["new", "request.inf", &file, "--label", &label]);
        complaints.extend(complaint(&outcome, &function).map(|text| format!("{function}:{nth}: {text}")));
        let made: Vec<Object> = token.objects().into_iter().filter(|object| object.label == label).collect();
        let expected = if outcome.code == Some(0) { (2, true) } else { (0, false) };
        if (made.len(), token.path(&file).exists()) != expected {
            complaints.push(format!("{function}:{nth}: code {:?} leaves {made:#?}", outcome.code));
        }
    }
    assert_none(&complaints);
}

#[test]
fn accept_leaves_the_certificate_or_nothing_and_can_be_run_again() {
    let token = SoftToken::with_certificate();
    let good = Shim::before(&token);
    good.run(&["accept", "request.crt.pem"]).ok();
    let id = token.objects()[0].id.clone();
    let mut complaints = Vec::new();
    for (function, nth) in calls(&good) {
        token.pkcs11_tool(&["--delete-object", "--type", "cert", "--id", &id]);
        let shim = Shim::before(&token).failing(&format!("{function}:{nth}:{DEVICE_ERROR}"));
        let outcome = shim.run(&["accept", "request.crt.pem"]);
        complaints.extend(complaint(&outcome, &function).map(|text| format!("{function}:{nth}: {text}")));
        let objects = token.objects();
        if objects.len() != if outcome.code == Some(0) { 3 } else { 2 } {
            complaints.push(format!("{function}:{nth}: code {:?} leaves {objects:#?}", outcome.code));
        }
        token.run(&["accept", "request.crt.pem"]).ok();
        assert_eq!(token.objects().len(), 3, "{function}:{nth}: running it again makes it whole");
    }
    assert_none(&complaints);
}

/// A device that is away for a moment is no token that never changes labels: the renewal is not over.
#[test]
fn a_renewal_whose_labels_fail_once_is_finished_by_the_next_run() {
    let token = SoftToken::new();
    token.write("web.toml", "san.dns = ['web']\n[key]\nalgorithm = 'ecdsa'\n[renewal]\nca = 'dev'\n");
    token.run(&["renew", "web.toml"]).ok();
    let renew = ["renew", "web.toml", "--force"];
    for value in ["0x32", "0x31"] {
        let failed = Shim::before(&token).failing(&format!("C_SetAttributeValue:2:{value}")).run(&renew);
        assert_ne!(failed.code, Some(0), "{failed:#?}");
        token.run(&["renew", "web.toml"]).ok();
        let stored = token.certificates().into_iter().find(|one| one.label == "web").unwrap();
        assert!(token.read("web.crt.pem").starts_with(token.stored(&stored).trim_end().as_bytes()), "{value}");
    }
}

/// Of a run that was ended when the key was gone, and what is remembered of it was not.
#[test]
fn what_a_deletion_could_not_forget_is_forgotten_by_the_next_run() {
    let delete = ["delete-key", "www.example.com", "--certificate", "--force", "--yes"];
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    let [record] = record_files(token.folder()).try_into().unwrap();
    let content = std::fs::read(&record).unwrap();
    let killed = Shim::before(&token).killing("C_DestroyObject:3").run(&delete);
    assert_eq!((killed.code, token.objects().len()), (None, 1), "the certificate is left");
    token.run(&delete).ok();
    assert!(!record.exists());

    std::fs::write(&record, content).unwrap();
    token.run(&["delete-key", "other", "--yes"]).fails(6);
    token.run(&["delete-key", "www.example.com", "--dry-run"]).ok();
    assert!(record.exists());
    let outcome = token.run(&delete).ok();
    assert!(outcome.stdout.starts_with("nothing is left of \"www.example.com\" on the token"), "{}", outcome.stdout);
    assert!(!record.exists());
    token.run(&delete).fails(6);
}

/// An object that was found and says that it is not there: a key named by its id is renamed or deleted as a whole all the same.
#[test]
fn a_half_that_is_not_shown_for_a_moment_is_not_passed_over() {
    let token = SoftToken::in_memory();
    token.pkcs11_tool(&["--keypairgen", "--key-type", "EC:prime256v1", "--label", "web", "--id", "01"]);
    let before = Snapshot::of(token.folder());
    for command in [&["rename", "id:01", "web.old"][..], &["delete-key", "id:01", "--yes"]] {
        before.restore();
        let good = Shim::before(&token);
        good.run(command).ok();
        let asked = good.count("C_GetAttributeValue");
        for nth in 1..=asked {
            before.restore();
            let outcome = Shim::before(&token).failing(&format!("C_GetAttributeValue:{nth}:0x82")).run(command);
            let labels: Vec<String> = token.objects().into_iter().map(|one| one.label).collect();
            let is_whole = labels.is_empty() || labels == ["web", "web"] || labels == ["web.old", "web.old"];
            assert!(is_whole, "{command:?}, {nth} of {asked}: {labels:?} {outcome:#?}");
        }
    }
}
