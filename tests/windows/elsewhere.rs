//! On a system without the store.

use serde_json::Value;

use crate::support::{SEED_INF, SoftToken};

#[test]
fn a_link_that_cannot_be_made_is_refused_and_no_store_is_no_problem() {
    let token = SoftToken::with_certificate();
    for option in ["--ksp", "--ksp-container"] {
        let refused = token.refuses(2, &["accept", "request.crt.pem", option, "name"]);
        refused.says(&format!("{option} is about the certificate store of Windows")).says("hsmcert bind iis");
    }
    let accepted = token.run(&["-accept", "request.crt.pem", "-machine", "--no-windows-store", "--json"]).ok().json();
    assert_eq!(accepted["windows_store"], Value::Null);
    token.run(&["-accept", "request.crt.pem", "-machine", "-user"]).fails(2).says("cannot be used with");
}

/// What is remembered of a request with these lines in place of `MachineKeySet = True`, and these options.
fn remembered(lines: &str, options: &[&str]) -> Value {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF.replace("MachineKeySet = True", lines));
    token.run(&[&["-new", "request.inf", "--state-dir", "memory"], options].concat()).ok();
    let memory = std::fs::read_dir(token.path("memory")).unwrap().map(|entry| entry.unwrap().path());
    let file = memory.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "json")).unwrap();
    let record: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    record["request"]["windows"].clone()
}

#[test]
fn new_remembers_what_the_request_says_about_the_store() {
    let all = remembered("MachineKeySet = True\nFriendlyName = Web\nKeyContainer = \"{key 1}\"", &[]);
    let expected = serde_json::json!({
        "machine_store": true,
        "friendly_name": "Web",
        "provider": "Cavium Key Storage Provider",
        "key_container": "{key 1}",
    });
    assert_eq!(all, expected);
}

#[test]
fn a_label_is_no_container_and_certreqs_words_come_before_the_request() {
    let of = |lines: &str, options: &[&str]| {
        let all = remembered(lines, options);
        (all["machine_store"].clone(), all["key_container"].clone())
    };
    assert_eq!(of("", &[]), (false.into(), Value::Null));
    assert_eq!(of("KeyContainer = a", &["--label", "b"]), (false.into(), Value::Null));
    assert_eq!(of("MachineKeySet = True", &["-user"]), (false.into(), Value::Null));
    assert_eq!(of("", &["-machine"]), (true.into(), Value::Null));
}
