//! `new` finds its token by options or by the request; what comes after it finds the same one by what `new` remembers.

mod support;

use support::{Outcome, SoftToken, inf};

/// A command without the variables that name module and token.
fn run(token: &SoftToken, arguments: &[&str]) -> Outcome {
    let mut command = token.hsmcert();
    Outcome::of(command.env_remove("HSMCERT_MODULE").env_remove("HSMCERT_TOKEN").args(arguments))
}

fn with_options(token: &SoftToken, label: &str, arguments: &[&str]) -> Outcome {
    let module = token.module().to_str().unwrap_or_default().to_owned();
    run(token, &[arguments, &["--module", &module, "--token", label]].concat())
}

/// Two tokens in one module, the key on the second one.
fn issued() -> SoftToken {
    let token = SoftToken::new();
    token.initialise("second");
    token.write("request.inf", inf("www.example.com"));
    with_options(&token, "second", &["new", "request.inf", "request.csr.pem"]).ok();
    run(&token, &["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    token
}

#[test]
fn accept_verify_and_bind_need_no_options() {
    let token = issued();
    let accepted = run(&token, &["accept", "request.crt.pem", "--json", "-v"]).ok().json();
    assert_eq!(accepted["token"], "second");
    assert!(accepted["explanations"][0].to_string().ends_with("(the request)\""), "{accepted:#}");
    assert_eq!(run(&token, &["verify", "request.crt.pem", "--json"]).ok().json()["token"], "second");
    let bound = run(&token, &["bind", "nginx", "request.crt.pem"]).ok();
    assert!(bound.stdout.contains("token=second"), "{}", bound.stdout);
}

#[test]
fn what_is_named_comes_first() {
    let token = issued();
    with_options(&token, SoftToken::LABEL, &["accept", "request.crt.pem"]).fails(8).says("no key on the token");
    // The test's own environment names the first token.
    token.run(&["accept", "request.crt.pem"]).fails(8);
    run(&token, &["accept", "request.crt.pem", "--trial"]).fails(8);
}

#[test]
fn a_default_profile_keeps_its_pin_for_its_own_token() {
    let token = issued();
    let module = token.module().display().to_string();
    let profile = format!("[profile.default]\nmodule = \"{module}\"\ntoken = \"{}\"\n", SoftToken::LABEL);
    token.write("hsmcert.toml", profile);
    token.write("request.toml", "[san]\ndns = [\"toml.example\"]\n");
    with_options(&token, "second", &["new", "request.toml", "toml.csr.pem"]).ok();
    run(&token, &["dev-ca", "toml.csr.pem", "toml.crt.pem"]).ok();
    run(&token, &["accept", "toml.crt.pem"]).fails(8);
}

#[test]
fn without_memory_it_is_as_before() {
    let token = issued();
    run(&token, &["accept", "request.crt.pem", "--state-dir", "empty"]).fails(4).says("no token is named");
}

/// What options leave open, the URI of a key says.
#[test]
fn the_uri_of_a_key_names_module_and_pin_beside_an_option_for_the_token() {
    let token = SoftToken::with_certificate();
    token.run(&["accept", "request.crt.pem"]).ok();
    token.initialise("other");
    token.write("pin", SoftToken::PIN);
    let run = |pin: &str, arguments: &[&str]| {
        let mut command = token.hsmcert();
        for name in ["HSMCERT_MODULE", "HSMCERT_TOKEN", "HSMCERT_PIN"] {
            command.env_remove(name);
        }
        let place = format!("?module-path={}{pin}", token.module().display());
        let uri = |path: &str| format!("pkcs11:{path}object=www.example.com{place}");
        let arguments = arguments.iter().map(|one| one.strip_prefix("uri:").map_or((*one).to_owned(), uri));
        Outcome::of(command.args(arguments))
    };
    let pin = "&pin-source=pin";
    for command in ["verify", "export"] {
        run(pin, &[command, "uri:token=test%20token;"]).ok();
        run(pin, &[command, "uri:token=test%20token;", "--token", "test token"]).ok();
        run(pin, &[command, "uri:", "--token", "test token"]).ok();
        run("", &[command, "uri:", "--token", "test token", "--pin-source", "pin"]).ok();
        // Its PIN is not given to another token.
        run(pin, &[command, "uri:token=test%20token;", "--token", "other"]).fails(5).says("wants a PIN");
    }
    // An option for the module wins.
    run(pin, &["export", "uri:", "--token", "test token", "--module", "nosuch.so"]).fails(4).says("nosuch.so");
}
