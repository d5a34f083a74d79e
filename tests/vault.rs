//! CSRs go to the PKI engine of a real `OpenBao` over TLS, which speaks as Vault does.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use serde_json::json;
use support::{OpenBao, Outcome, Request, Sandbox, SoftToken, StandIn, openssl, reply};

const SUBMIT: [&str; 4] = ["submit", "request.csr.pem", "--ca", "company"];

/// A folder with a CSR for www.example.com and two more names.
fn with_csr() -> Sandbox {
    let sandbox = Sandbox::new();
    let names = "subjectAltName=DNS:www.example.com,DNS:example.com,IP:192.0.2.7";
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem"];
    let request = ["-subj", "/C=US/O=Example/CN=www.example.com", "-addext", names, "-out", "request.csr.pem"];
    openssl(&sandbox.path(""), &[&["req", "-new"], &key[..], &request].concat());
    sandbox
}

/// `[ca.company]` for a server, with the root's token.
fn configure(sandbox: &Sandbox, bao: &OpenBao, settings: &str) {
    sandbox.write("token", OpenBao::ROOT_TOKEN);
    configure_login(sandbox, bao, settings, "method = \"token\", token-source = \"token\"");
}

fn configure_login(sandbox: &Sandbox, bao: &OpenBao, settings: &str, login: &str) {
    let (url, root) = (bao.url(), bao.root_file());
    let table = format!("[ca.company]\ntype = \"vault\"\nurl = \"{url}\"\nroot = \"{}\"\n", root.display());
    sandbox.write("hsmcert.toml", format!("{table}{settings}\nlogin = {{ {login} }}\n"));
}

/// What OpenSSL says of the certificate that was written.
fn issued(sandbox: &Sandbox) -> String {
    sandbox.run(&[&SUBMIT[..], &["--force"]].concat()).ok();
    let shown = ["x509", "-in", "request.crt.pem", "-noout", "-subject", "-ext", "subjectAltName"];
    openssl(&sandbox.path(""), &shown)
}

#[test]
fn a_role_signs_and_the_certificate_is_accepted() {
    let token = SoftToken::with_request();
    let bao = OpenBao::start(&token);
    configure(&token, &bao, "role = \"web\"\nttl = \"30m\"");
    let said = token.run(&[&SUBMIT[..], &["--json"]].concat()).ok().json();
    assert_eq!(said["protocol"], "vault");
    assert_eq!(said["issuer"], "CN=Example Root");
    assert_eq!(said["subject_alt_names"], json!(["DNS:www.example.com", "DNS:example.com"]));
    assert_eq!(said["certificates"], 2);
    let dates = ["x509", "-in", "request.crt.pem", "-noout", "-enddate", "-dateopt", "iso_8601"];
    let valid_to = token.openssl(&dates).trim().replace("notAfter=", "").replace(' ', "T");
    let valid_to: jiff::Timestamp = valid_to.parse().unwrap();
    assert!(valid_to < jiff::Timestamp::now() + jiff::SignedDuration::from_mins(31), "{valid_to}");
    token.run(&["accept", "request.crt.pem"]).ok();
}

/// Roles differ in where they take the names from.
#[test]
fn the_names_of_the_csr_are_in_the_certificate_whatever_the_role() {
    let sandbox = with_csr();
    let bao = OpenBao::start(&sandbox);
    bao.role("by-call", &json!({ "allow_any_name": true, "use_csr_common_name": false, "use_csr_sans": false }));
    for settings in ["role = \"web\"", "role = \"by-call\"", "role = \"web\"\nverbatim = true", "verbatim = true"] {
        configure(&sandbox, &bao, settings);
        let issued = issued(&sandbox);
        for name in ["DNS:www.example.com", "DNS:example.com", "IP Address:192.0.2.7", "CN = www.example.com"] {
            assert!(issued.contains(name), "{settings}: {issued}");
        }
        assert_eq!(issued.contains("O = Example"), settings.contains("verbatim"), "{settings}: {issued}");
    }
    // A common name that is none of the alternative names does not become one.
    let names = ["-subj", "/CN=api.example.com", "-addext", "subjectAltName=DNS:www.example.com"];
    let request = ["req", "-new", "-key", "key.pem", "-out", "request.csr.pem"];
    openssl(&sandbox.path(""), &[&request[..], &names].concat());
    configure(&sandbox, &bao, "role = \"web\"");
    assert!(!issued(&sandbox).contains("DNS:api"));
}

#[test]
fn issuers_mounts_and_namespaces_are_named() {
    let sandbox = with_csr();
    let bao = OpenBao::start(&sandbox);
    bao.call(
        "pki/root/generate/internal",
        &json!({ "common_name": "Second Root", "issuer_name": "second", "ttl": "8760h" }),
    );
    configure(&sandbox, &bao, "role = \"web\"\nissuer = \"second\"");
    let said = sandbox.run(&[&SUBMIT[..], &["--json"]].concat()).ok().json();
    assert_eq!(said["issuer"], "CN=Second Root");

    bao.call("sys/namespaces/team", &json!({}));
    bao.call("team/sys/mounts/web/pki", &json!({ "type": "pki" }));
    bao.call("team/web/pki/root/generate/internal", &json!({ "common_name": "Root of the Team" }));
    bao.call("team/web/pki/roles/any", &json!({ "allow_any_name": true, "key_type": "any" }));
    configure(&sandbox, &bao, "role = \"any\"\nmount = \"web/pki\"\nnamespace = \"team\"\nttl = \"1h\"");
    let said = sandbox.run(&[&SUBMIT[..], &["--json", "--force"]].concat()).ok().json();
    assert_eq!(said["issuer"], "CN=Root of the Team");
}

/// A login of ours leaves no token behind.
#[test]
fn an_approle_logs_in() {
    let sandbox = with_csr();
    let bao = OpenBao::start(&sandbox);
    bao.call("sys/auth/approle", &json!({ "type": "approle" }));
    let rules = "path \"pki/sign/*\" { capabilities = [\"update\"] }";
    bao.call("sys/policies/acl/signer", &json!({ "policy": rules }));
    bao.call("auth/approle/role/machine", &json!({ "token_policies": "signer", "role_id": "machine-7" }));
    let secret = bao.call("auth/approle/role/machine/secret-id", &json!({}))["data"]["secret_id"].clone();
    let secret = secret.as_str().unwrap();
    let login = "method = \"approle\", role-id = \"machine-7\", secret-id-source = \"env:SECRET_ID\"";
    configure_login(&sandbox, &bao, "role = \"web\"", login);
    let submit = |secret: &str| {
        let mut command = sandbox.hsmcert();
        command.args(SUBMIT).args(["--force", "-v"]).env("SECRET_ID", secret);
        let outcome = Outcome::of(&mut command);
        assert!(!outcome.stderr.contains(secret), "{}", outcome.stderr);
        outcome
    };
    let tokens = || bao.list("auth/token/accessors")["data"]["keys"].as_array().unwrap().len();
    let before = tokens();
    submit(secret).ok();
    assert_eq!(tokens(), before);
    submit("11111111-2222-3333-4444-555555555555").fails(11).says("the CA refuses: invalid role or secret ID");
    sandbox.run(&SUBMIT).fails(7);
    sandbox.run(&[&SUBMIT[..], &["--force"]].concat()).fails(2).says("environment variable SECRET_ID: it is not set");

    // Its policy allows nothing else, and the login ends all the same.
    configure_login(&sandbox, &bao, "verbatim = true", login);
    submit(secret).fails(11).says("permission denied");
    assert_eq!(tokens(), before);

    // With a lease the certificate would be revoked by the end of the login.
    bao.role("leased", &json!({ "allow_any_name": true, "generate_lease": true }));
    configure_login(&sandbox, &bao, "role = \"leased\"", login);
    submit(secret).ok().says("warning: the role makes leases");
    let serial = openssl(&sandbox.path(""), &["x509", "-in", "request.crt.pem", "-noout", "-serial"]);
    let octets: Vec<String> = serial.trim().as_bytes()["serial=".len()..].chunks(2).map(hex).collect();
    let stored = bao.read(&format!("pki/cert/{}", octets.join("-")));
    assert_eq!(stored["data"]["revocation_time"], 0, "{stored}");
}

fn hex(pair: &[u8]) -> String {
    String::from_utf8(pair.to_vec()).unwrap().to_lowercase()
}

/// The API of Kubernetes is a stand-in that knows one service account; the login is that of `OpenBao`.
#[test]
fn a_pod_logs_in() {
    let sandbox = with_csr();
    let bao = OpenBao::start(&sandbox);
    let claims = json!({
        "iss": "kubernetes/serviceaccount", "sub": "system:serviceaccount:web:renewer",
        "kubernetes.io/serviceaccount/namespace": "web", "kubernetes.io/serviceaccount/service-account.name": "renewer",
        "kubernetes.io/serviceaccount/service-account.uid": "7",
    });
    let jwt = format!("{}.{}.c2ln", url_base64(r#"{"alg":"RS256"}"#), url_base64(&claims.to_string()));
    let account = json!({ "username": "system:serviceaccount:web:renewer", "uid": "7", "groups": [] });
    let known = jwt.clone();
    let kubernetes = StandIn::new(move |request: &Request| {
        let review: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
        let status = match review["spec"]["token"] == known {
            true => json!({ "authenticated": true, "user": account }),
            false => json!({ "authenticated": false, "error": "unknown token" }),
        };
        reply("201 Created", "Content-Type: application/json\r\n", json!({ "status": status }).to_string())
    });
    bao.call("sys/auth/cluster", &json!({ "type": "kubernetes" }));
    let api = json!({
        "kubernetes_host": kubernetes.url(), "kubernetes_ca_cert": std::fs::read_to_string(bao.root_file()).unwrap(),
        "token_reviewer_jwt": jwt, "disable_local_ca_jwt": true,
    });
    bao.call("auth/cluster/config", &api);
    let rules = "path \"pki/sign/web\" { capabilities = [\"update\"] }";
    bao.call("sys/policies/acl/signer", &json!({ "policy": rules }));
    let bound = json!({
        "bound_service_account_names": "renewer", "bound_service_account_namespaces": "web", "token_policies": "signer",
    });
    bao.call("auth/cluster/role/pods", &bound);
    let login = "method = \"kubernetes\", mount = \"cluster\", role = \"pods\", token-source = \"jwt\"";
    configure_login(&sandbox, &bao, "role = \"web\"", login);
    sandbox.write("jwt", &jwt);
    sandbox.run(&SUBMIT).ok();
    sandbox.write("jwt", format!("{jwt}x"));
    sandbox.run(&[&SUBMIT[..], &["--force"]].concat()).fails(11).says("permission denied");
    // Where Kubernetes puts it, there is none here.
    let login = "method = \"kubernetes\", mount = \"cluster\", role = \"pods\"";
    configure_login(&sandbox, &bao, "role = \"web\"", login);
    let absent = sandbox.run(&[&SUBMIT[..], &["--force"]].concat()).fails(2);
    absent.says("/var/run/secrets/kubernetes.io/serviceaccount/token");
}

fn url_base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    let sandbox = with_csr();
    let bao = OpenBao::start(&sandbox);
    bao.role("narrow", &json!({ "allowed_domains": "example.net" }));
    bao.role("rsa", &json!({ "allowed_domains": "example.com", "allow_subdomains": true, "key_type": "rsa" }));
    for (settings, words) in [
        ("role = \"narrow\"", "common name www.example.com not allowed by this role"),
        ("role = \"rsa\"", "role requires keys of type rsa"),
        ("role = \"nobody\"", "unknown role: nobody"),
        ("role = \"web\"\nmount = \"pkj\"", "no handler for route"),
        ("role = \"web\"\nttl = \"a while\"", "time: invalid duration"),
    ] {
        configure(&sandbox, &bao, settings);
        let outcome = sandbox.run(&[&SUBMIT[..], &["--json"]].concat());
        assert_eq!(outcome.code, Some(11), "{settings}: {}", outcome.stderr);
        let error = outcome.json_error("ca-refused");
        assert!(error["message"].as_str().unwrap().contains(words), "{error:#}");
        assert_eq!(error["retryable"], false, "{error:#}");
    }
    configure(&sandbox, &bao, "role = \"web\"");
    sandbox.write("token", "s.nobody");
    let denied = sandbox.run(&[&SUBMIT[..], &["-v"]].concat()).fails(11).says("permission denied");
    assert!(!denied.stderr.contains("s.nobody"), "{}", denied.stderr);
    sandbox.write("token", "two\u{1b}lines");
    sandbox.run(&SUBMIT).fails(2).says("X-Vault-Token has characters");
    sandbox.write("token", "");
    sandbox.run(&SUBMIT).fails(2).says("the file token: its first line is empty");
    configure(&sandbox, &bao, "");
    sandbox.run(&SUBMIT).fails(2).says("it needs a role");
}

#[test]
fn a_server_that_cannot_do_it_now_is_asked_again_later() {
    let sandbox = with_csr();
    let bao = OpenBao::start(&sandbox);
    configure(&sandbox, &bao, "role = \"web\"");
    let retryable = |words: &str| {
        let error = sandbox.run(&[&SUBMIT[..], &["--json"]].concat()).json_error("ca-refused");
        assert!(error["message"].as_str().unwrap().contains(words), "{error:#}");
        assert_eq!(error["retryable"], true, "{error:#}");
    };
    bao.call("sys/seal", &json!({}));
    retryable("sealed");
    // Its certificate is by nobody whom the operating system knows.
    let trusted = String::from_utf8(sandbox.read("hsmcert.toml")).unwrap();
    let untrusted: Vec<&str> = trusted.lines().filter(|line| !line.starts_with("root ")).collect();
    sandbox.write("hsmcert.toml", untrusted.join("\n"));
    retryable("certificate");
    sandbox.write("hsmcert.toml", trusted);
    drop(bao);
    retryable("refused");
    assert!(!sandbox.path("request.crt.pem").exists());
}

/// Stand-ins for a proxy in between, and for a server that breaks.
#[test]
fn what_is_no_answer_is_shown_from_its_beginning() {
    let sandbox = with_csr();
    sandbox.write("token", "t");
    let submit = |server: &StandIn| {
        let login = "login = { method = \"token\", token-source = \"token\" }";
        let table =
            format!("[ca.company]\ntype = \"vault\"\nurl = \"{}\"\nrole = \"web\"\ntimeout = 1\n", server.url());
        sandbox.write("hsmcert.toml", format!("{table}{login}\n"));
        sandbox.run(&SUBMIT).fails(11)
    };
    let html = "<html><h1>Sign in</h1></html>";
    submit(&StandIn::always("200 OK", "", html)).says("not understood").says("<html><h1>Sign in</h1></html>");
    submit(&StandIn::always("502 Bad Gateway", "", html)).says("cannot do it now: 502 Bad Gateway: <html>");
    submit(&StandIn::always("200 OK", "", "{\"data\":{}}")).says("missing field `certificate`");
    let cut = StandIn::new(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{\"data\":{\"cert".to_vec());
    submit(&cut).says("it ends early: {\"data\":{\"cert");
    let elsewhere = StandIn::always("307 Temporary Redirect", "Location: https://elsewhere.example/\r\n", "");
    submit(&elsewhere).says("https://elsewhere.example/: redirects are not followed");
    submit(&StandIn::always("429 Too Many Requests", "Retry-After: 90\r\n", "{\"errors\":[]}")).says("again in 90 s");
    let slow = StandIn::new(|_| {
        std::thread::sleep(std::time::Duration::from_secs(30));
        vec![]
    });
    submit(&slow).says("timeout");
    assert_eq!(cut.seen().len(), 1, "it was asked again");
    assert_eq!(cut.seen()[0].header("X-Vault-Token"), Some("t"));
    assert!(cut.seen()[0].line.starts_with("POST /v1/pki/sign/web "), "{:?}", cut.seen());
}
