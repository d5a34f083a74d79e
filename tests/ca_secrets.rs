//! A secret of a CA is in no output and in no file, whatever the CA answers and however much is asked to be said.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support::{Outcome, Request, SoftToken, StandIn, reply};

/// It is base64url, too, as ACME wants it.
const SECRET: &str = "s3cret-Vq8Zt2Lm9";
/// As CFSSL wants it.
const HEX: &str = "5345435245542d56713865a7";

/// The kinds of CAs that have a secret; `URL` is the server, and each has a way of its own to its secret.
const CAS: [(&str, &str); 8] = [
    (
        "vault by token",
        "type = 'vault'\nurl = 'URL'\nrole = 'web'\nlogin = { method = 'token', token-source = 'secret' }",
    ),
    (
        "vault by approle",
        "type = 'vault'\nurl = 'URL'\nrole = 'web'\n\
         login = { method = 'approle', role-id = 'r', secret-id-source = 'env:CA_SECRET' }",
    ),
    (
        "vault by kubernetes",
        "type = 'vault'\nurl = 'URL'\nrole = 'web'\nlogin = { method = 'kubernetes', role = 'r', token-source = 'secret' }",
    ),
    ("cfssl", "type = 'cfssl'\nurl = 'URL'\nprofile = 'web'\nauth-key-source = 'exec:cat key'"),
    ("est", "type = 'est'\nurl = 'URL'\nuser = 'machine'\npassword-source = 'exec:cat secret'"),
    ("adcs", "type = 'adcs'\nurl = 'URL'\ntemplate = 'Web'\nuser = 'machine'\npassword-source = 'env:CA_SECRET'"),
    (
        "acme with an external account",
        "type = 'acme'\ndirectory = 'URL/directory'\nterms-of-service-agreed = true\nchallenge = 'http-01'\n\
         eab-key-id = 'account'\neab-key-source = 'secret'\ntimeout = 5",
    ),
    (
        "aws-pca",
        "type = 'aws-pca'\nendpoint = 'URL'\ndays = 30\nsigning-algorithm = 'SHA256WITHRSA'\n\
         ca-arn = 'arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/11223344'",
    ),
];

const ANSWERS: [(&str, &str, &str); 8] = [
    ("200 OK", "Content-Type: application/json\r\n", "{}"),
    ("200 OK", "", "<html>Welcome</html>"),
    ("302 Found", "Location: https://login.example.com/\r\n", ""),
    ("400 Bad Request", "Content-Type: application/json\r\n", "{\"errors\": [\"no\"]}"),
    ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""),
    ("403 Forbidden", "Content-Type: application/problem+json\r\n", "{\"detail\": \"permission denied\"}"),
    ("429 Too Many Requests", "Retry-After: 60\r\n", ""),
    ("500 Internal Server Error", "", "oops"),
];

/// What the secret can look like: as it is, as hexadecimal key, and behind a user's name as HTTP Basic has it.
fn forms() -> Vec<String> {
    let (user, secret) = (STANDARD.encode(format!("machine:{SECRET}")), STANDARD.encode(SECRET));
    vec![SECRET.to_owned(), HEX.to_owned(), user, secret]
}

/// A server that answers thus; an ACME client comes as far as the account.
fn server(status: &'static str, headers: &'static str, body: &'static str) -> StandIn {
    let directory = |host: &str| {
        let url = |name: &str| format!("\"{name}\": \"http://{host}/{name}\"");
        let names = ["newNonce", "newAccount", "newOrder", "revokeCert", "keyChange"].map(url).join(", ");
        format!("{{{names}, \"meta\": {{\"externalAccountRequired\": true}}}}")
    };
    StandIn::new(move |request: &Request| match request.path() {
        "/directory" => {
            reply("200 OK", "Content-Type: application/json\r\n", directory(request.header("Host").unwrap()))
        }
        "/newNonce" => reply("200 OK", "Replay-Nonce: bm9uY2U\r\n", ""),
        _ => reply(status, headers, body),
    })
}

#[track_caller]
fn absent(folder: &Path, what: &str) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            absent(&path, what);
        } else {
            let content = std::fs::read(&path).unwrap();
            for form in forms() {
                let found = content.windows(form.len()).any(|window| window == form.as_bytes());
                assert!(!found, "{what}: {form} is in {}", path.display());
            }
        }
    }
}

#[test]
fn the_secret_is_said_and_kept_nowhere() {
    let token = SoftToken::with_request();
    token.write("secret", format!("{SECRET}\n"));
    token.write("key", format!("{HEX}\n"));
    for (name, table) in CAS {
        let mut was_sent = false;
        for (status, headers, body) in ANSWERS {
            let server = server(status, headers, body);
            token.write("hsmcert.toml", format!("[ca.company]\n{}\n", table.replace("URL", &server.url())));
            for more in [&["-vv"][..], &["-vv", "--json"], &["-vv", "--isolate"]] {
                let mut command = token.hsmcert();
                command.args(["submit", "request.csr.pem", "--ca", "company", "--force"]).args(more);
                command.env("CA_SECRET", SECRET).env("AWS_ACCESS_KEY_ID", "AKIA5EXAMPLE");
                command.env("AWS_SECRET_ACCESS_KEY", SECRET).env("AWS_EC2_METADATA_DISABLED", "true");
                let outcome = Outcome::of(&mut command);
                assert!(outcome.code.is_some_and(|code| code != 0), "{name}, {status}: {outcome:?}");
                for form in forms() {
                    let said = [&outcome.stdout, &outcome.stderr].into_iter().any(|text| text.contains(&form));
                    assert!(!said, "{name}, {status}: {form}\n{outcome:?}");
                }
            }
            was_sent |= server.seen().iter().any(|request| {
                let all = format!("{}\n{}\n{}", request.line, request.headers, String::from_utf8_lossy(&request.body));
                // A MAC or a signature is what these send of it.
                let is_proof =
                    all.contains("authsign") || all.contains("AWS4-HMAC-SHA256") || all.contains("/newAccount");
                is_proof || forms().iter().any(|form| all.contains(form))
            });
        }
        assert!(was_sent, "{name}");
        for folder in ["state", "data", "cache", "config", "home", "tmp"] {
            absent(&token.folder().join(folder), name);
        }
    }
}

/// A secret in the wrong place is refused, and not repeated.
#[test]
fn a_secret_in_the_configuration_is_not_repeated() {
    let token = SoftToken::with_request();
    let vault = "type = 'vault'\nurl = 'https://vault.example.com'\nrole = 'web'\n";
    for table in [
        format!("[profile.default]\npin = '{SECRET}'"),
        format!("[profile.default]\nuri = 'pkcs11:token=x?pin-value={SECRET}'"),
        format!("[ca.company]\n{vault}login = {{ method = 'token', token = '{SECRET}' }}"),
        format!("[ca.company]\n{vault}token = '{SECRET}'"),
        format!("[ca.company]\ntype = 'est'\nurl = 'https://e'\npassword-source = ['{SECRET}']"),
        format!("[ca.company]\ntype = 'est'\nurl = 'https://e'\npassword-source = '{SECRET}"),
    ] {
        token.write("hsmcert.toml", &table);
        for arguments in [
            &["find-key", "-vv"][..],
            &["find-key", "--json"],
            &["doctor", "-vv"],
            &["submit", "request.csr.pem", "--ca", "company", "-vv"],
        ] {
            let mut command = token.hsmcert();
            let outcome = Outcome::of(command.env_remove("HSMCERT_MODULE").args(arguments));
            assert!(outcome.code.is_some_and(|code| code != 0), "{table}: {outcome:?}");
            assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains(SECRET), "{table}: {outcome:?}");
        }
    }
    std::fs::remove_file(token.path("hsmcert.toml")).unwrap();
    for uri in [
        format!("pkcs11:token=x?pin-value={SECRET}"),
        format!("pkcs11:token=x;pin-value={SECRET};tokn=y"),
        format!("pkcs:token=x?pin-value={SECRET}"),
    ] {
        token.write("uri.toml", format!("san.dns = ['a.example']\n[token]\nprofile = 'x'\nuri = \"{uri}\"\n"));
        for arguments in [
            &["lint", "uri.toml"][..],
            &["lint", "uri.toml", "--json"],
            &["new", "uri.toml", "-vv"],
            &["convert", "uri.toml", "uri.inf"],
            &["renew", "uri.toml", "--json"],
            &["find-key", "-vv", "--uri", &uri],
            &["find-key", "--json", "--uri", &uri],
        ] {
            let outcome = token.run(arguments);
            assert!(outcome.code.is_some_and(|code| code != 0), "{outcome:?}");
            assert!(!format!("{}{}", outcome.stdout, outcome.stderr).contains(SECRET), "{outcome:?}");
        }
    }
}
