//! A token whose PINs are typed at the device: nobody is asked for one, none is given to it, and a line says where to look.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Outcome, SEED_INF, Shim, SoftToken};

const LOOK: &str = "look at the device of the token \"test token\" and type the PIN there";

fn pad(token: &SoftToken) -> Shim<'_> {
    Shim::before(token).with_pin_pad(SoftToken::PIN, SoftToken::SO_PIN, "new-pin-Zu81")
}

/// Nobody gives a PIN.
fn run(shim: &Shim<'_>, arguments: &[&str]) -> Outcome {
    Outcome::of(shim.hsmcert().env_remove("HSMCERT_PIN").args(arguments))
}

#[test]
fn the_main_job_with_a_pin_pad() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = pad(&token);
    run(&shim, &["new", "request.inf", "request.csr.pem"]).ok().says(LOOK);
    token.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let linked = run(&shim, &["accept", "request.crt.pem", "--json"]).ok().json();
    assert!(linked["notes"].to_string().contains("type the PIN there"), "{linked:#}");
    run(&shim, &["verify", "request.crt.pem"]).ok().says(LOOK);
    run(&shim, &["find-key", "-q"]).ok();
    run(&shim, &["doctor", "--login"]).ok().says(LOOK);
    let looked = run(&shim, &["doctor"]).ok();
    assert!(looked.stdout.contains("PIN is typed at the device") && looked.stdout.contains("0 warnings"), "{looked:?}");
    assert_eq!((shim.count("C_Login"), token.certificates().len()), (5, 1));
    // A PIN that an option gives is not for the device, and what stands in the environment for other tokens is left alone.
    let outcome = Outcome::of(shim.hsmcert().args(["find-key", "--pin-source", "nosuch"])).ok();
    outcome.says("the file nosuch is not read").says(LOOK);
    run(&shim, &["token", "info"]).ok();
}

#[test]
fn what_is_typed_wrong_is_told() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).with_pin_pad("wrong-pin", "", "");
    let outcome = run(&shim, &["find-key"]).fails(5);
    outcome.says("does not accept the PIN").says("it was typed at the device").says("run the command again");
    assert_eq!(shim.count("C_Login"), 1);
    let shim = pad(&token).failing("C_Login:1:0x50");
    run(&shim, &["find-key"]).fails(4).says("C_Login: CKR_FUNCTION_CANCELED");
}

/// There is no second login that nobody sees.
#[test]
fn a_lost_session_is_the_end() {
    let token = SoftToken::with_certificate();
    let shim = pad(&token).failing("C_SignInit:1:0xb3");
    run(&shim, &["accept", "request.crt.pem", "-v"]).fails(4).says("the PIN is typed at the device");
    assert_eq!((shim.count("C_Login"), token.certificates().len()), (1, 0));
}

#[test]
fn pins_are_set_at_the_device() {
    let token = SoftToken::new();
    let shim = pad(&token);
    let set = run(&shim, &["token", "set-pin", "--token", "test token", "--new-pin-source", "nosuch"]).ok();
    set.says("type the old PIN, then the new PIN of the user there").says("the file nosuch is not read");
    let opens = |pin: &str| Outcome::of(token.hsmcert().env("HSMCERT_PIN", pin).args(["find-key"])).code == Some(0);
    assert!(opens("new-pin-Zu81"));
    let shim = Shim::before(&token).with_pin_pad("", SoftToken::SO_PIN, "other-pin-Zu82");
    let set = run(&shim, &["token", "set-pin", "--token", "test token", "--so"]).ok();
    set.says("type the PIN of the security officer, then the new PIN of the user there");
    assert!(opens("other-pin-Zu82"));
}

#[test]
fn a_token_is_initialised_at_the_device() {
    let token = SoftToken::new();
    let shim = Shim::before(&token).with_pin_pad("", "so-pin-of-pad", "user-pin-of-pad");
    let made = run(&shim, &["token", "init", "--label", "at the pad", "--yes"]).ok();
    made.says("look at the device of the token \"at the pad\" and type the PIN of the security officer there");
    let list = ["find-key", "--token", "at the pad"];
    Outcome::of(token.hsmcert().env("HSMCERT_PIN", "user-pin-of-pad").args(list)).ok();
}
