//! Bad input: each is refused with its own exit code, says what to do next, and leaves token and disk as they were.

mod support;

use support::{Outcome, SEED_INF, Shim, SoftToken};

/// `new` on a request with this content must fail with code 3, name the place, and say what to do.
fn refuses_request(content: impl AsRef<[u8]>, place: &str, text: &str) {
    let token = SoftToken::new();
    token.write("request.inf", content);
    let outcome = token.refuses(3, &["new", "request.inf", "request.csr.pem"]).says(place).says(text);
    advises(&outcome);
    let error = token.run(&["new", "request.inf", "request.csr.pem", "--json"]).exits(3).json_error("request-invalid");
    assert_eq!(error["retryable"], false);
}

fn advises(outcome: &Outcome) {
    let advice = outcome.stderr.lines().any(|line| line.trim_start().trim_start_matches("= ").starts_with("help: "));
    assert!(advice || outcome.stderr.contains("\nhint: "), "nothing to do next:\n{}", outcome.stderr);
}

#[test]
fn request_file_missing() {
    let token = SoftToken::new();
    let outcome = token.refuses(10, &["new", "nosuch.inf", "request.csr.pem"]).says("nosuch.inf");
    advises(&outcome);
}

#[test]
fn request_file_empty() {
    refuses_request("", "request.inf", "empty");
}

#[test]
fn request_file_binary() {
    refuses_request([0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0xff, 0xfe, 0x80, 0], "request.inf", "binary");
}

#[test]
fn request_file_not_an_inf() {
    refuses_request("<html>\n<body>404 Not Found</body>\n</html>\n", "request.inf:1", "<html>");
}

#[test]
fn request_file_that_is_a_csr() {
    let token = SoftToken::with_request();
    let outcome = token.refuses(3, &["new", "request.csr.pem", "second.csr.pem"]).says("request.csr.pem");
    advises(&outcome);
}

#[test]
fn no_new_request_section() {
    refuses_request("[Version]\nSignature = \"$Windows NT$\"\n[Extensions]\n", "request.inf", "[NewRequest]");
}

#[test]
fn subject_that_does_not_parse() {
    let request = SEED_INF.replace("C=US,CN=www", "C=US,www");
    refuses_request(request, "request.inf:4", "www.example.com");
}

#[test]
fn key_too_small() {
    refuses_request(SEED_INF.replace("2048", "1024"), "request.inf:7", "1024");
}

#[test]
fn unknown_key_is_a_warning_with_the_nearest_known_one() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF.replace("HashAlgorithm", "HashAlgoritm"));
    token.run(&["new", "request.inf"]).ok().says("warning").says("HashAlgoritm").says("HashAlgorithm").says(":5");
    token.write("strict.inf", SEED_INF.replace("HashAlgorithm", "HashAlgoritm"));
    token.refuses(3, &["new", "strict.inf", "--strict", "--label", "other"]);
}

#[test]
fn wrong_pin_is_tried_once() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    let mut command = shim.hsmcert();
    let outcome = token.refuses_command(5, command.env("HSMCERT_PIN", "wrong-pin").args(["new", "request.inf"]));
    advises(&outcome);
    let outcome = outcome.says("C_Login: CKR_PIN_INCORRECT");
    assert!(!outcome.stderr.contains("wrong-pin"), "{}", outcome.stderr);
    assert_eq!(shim.count("C_Login"), 1);
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
    let mut command = shim.hsmcert();
    let again = Outcome::of(command.env("HSMCERT_PIN", "wrong-pin").args(["find-key", "--json"])).exits(5);
    assert_eq!(again.json_error("login-failed")["retryable"], false);
}

#[test]
fn no_pin() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let outcome = token.refuses_command(5, token.hsmcert().env_remove("HSMCERT_PIN").args(["new", "request.inf"]));
    outcome.says("--pin-source").says("HSMCERT_PIN");
}

#[test]
fn a_pin_source_that_cannot_be_read_is_not_no_pin() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    for (source, named) in [("nosuch.pin", "nosuch.pin"), ("env:NOSUCH", "NOSUCH"), ("exec:false", "command")] {
        token.refuses(5, &["new", "request.inf", "--pin-source", source]).says(named).says("hint: ");
    }
}

#[test]
fn no_such_token_lists_those_there_are() {
    let token = SoftToken::new();
    token.initialise("second token");
    token.write("request.inf", SEED_INF);
    let outcome = token.refuses(4, &["new", "request.inf", "--token", "nosuch"]);
    outcome.says("nosuch").says(SoftToken::LABEL).says("second token").says("hint: ");
    let error = token.run(&["find-key", "--token", "nosuch", "--json"]).exits(4).json_error("token-unavailable");
    assert_eq!(error["retryable"], false);
}

#[test]
fn several_tokens_and_none_named() {
    let token = SoftToken::new();
    token.initialise("second token");
    let outcome = token.refuses_command(7, token.hsmcert().env_remove("HSMCERT_TOKEN").arg("find-key"));
    outcome.says(SoftToken::LABEL).says("second token").says("--token");
}

#[test]
fn output_exists() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.write("request.csr.pem", "mine");
    let shim = Shim::before(&token);
    let outcome = token.refuses_command(7, shim.hsmcert().args(["new", "request.inf", "request.csr.pem"]));
    outcome.says("request.csr.pem").says("--force");
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
}

#[test]
fn output_folder_missing_is_found_before_the_key_is_made() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    let shim = Shim::before(&token);
    let outcome = token.refuses_command(10, shim.hsmcert().args(["new", "request.inf", "out/request.csr.pem"]));
    advises(&outcome.says("out"));
    assert_eq!(shim.count("C_GenerateKeyPair"), 0);
}

#[test]
fn certificate_file_that_is_a_csr() {
    let token = SoftToken::with_request();
    let outcome = token.refuses(8, &["accept", "request.csr.pem"]).says("request");
    advises(&outcome);
}

#[test]
fn certificate_file_that_is_a_private_key() {
    let token = SoftToken::with_request();
    token.openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "web.key"]);
    let outcome = token.refuses(8, &["accept", "web.key"]).says("private key");
    advises(&outcome);
    let key = String::from_utf8(token.read("web.key")).unwrap();
    let line = key.lines().nth(1).unwrap();
    assert!(!outcome.stderr.contains(line), "a key must not be printed");
}

#[test]
fn certificate_file_that_is_nothing_known() {
    let token = SoftToken::with_request();
    for (name, content) in [("empty", &b""[..]), ("text", b"hello\n"), ("binary", b"\x00\x01\x02\x03")] {
        token.write(name, content);
        advises(&token.refuses(8, &["accept", name]));
    }
}

#[test]
fn certificate_file_missing() {
    let token = SoftToken::with_request();
    advises(&token.refuses(10, &["accept", "nosuch.crt"]).says("nosuch.crt"));
}

#[test]
fn module_that_is_not_there_or_no_module() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    advises(&token.refuses(4, &["new", "request.inf", "--module", "nosuch.so"]).says("nosuch.so"));
    advises(&token.refuses(4, &["new", "request.inf", "--module", "./request.inf"]).says("request.inf"));
}

#[test]
fn a_pin_on_the_command_line_is_a_usage_error() {
    let token = SoftToken::new();
    token.write("request.inf", SEED_INF);
    token.run(&["new", "request.inf", "--pin", "1234"]).exits(2);
    let outcome = token.refuses(2, &["new", "request.inf", "--uri", "pkcs11:token=x?pin-value=1234"]);
    outcome.says("pin-source");
}
