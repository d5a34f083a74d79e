//! What a module can do, seen from outside: by what hsmcert says and does, and by OpenSC's `pkcs11-tool`. The table of
//! docs/modules.md says the same.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Tested;
use super::journey::{json_of, request};

/// A row of the table: what is looked at, and what was seen.
pub type Row = (&'static str, String);

const ACCEPTED: &str = "www.example.com";

/// Looks at a token after a journey, in which these schemes were proved.
#[track_caller]
pub fn observe(token: &dyn Tested, schemes: &[String]) -> Vec<Row> {
    let info = json_of(token, &["token", "info"]);
    let pin_length = format!("{} to {}", info["min_pin_length"], info["max_pin_length"]);
    let rsa = tool(token, &["--list-mechanisms"], false);
    let sizes = rsa.lines().find_map(|line| line.trim().strip_prefix("RSA-PKCS-KEY-PAIR-GEN, keySize={"));
    let sizes = sizes.and_then(|rest| rest.split_once('}')).map_or("not told", |(sizes, _)| sizes);
    let key = json_of(token, &["find-key", "--label", ACCEPTED])["pairs"][0].clone();
    let public_objects = tool(token, &["--list-objects"], false);
    let without_login = |class: &str| yes_or_no(public_objects.contains(class));
    vec![
        ("token made by", token.made_by().to_owned()),
        ("PIN, bytes", pin_length),
        ("RSA keys, bits", sizes.replace(',', " to ")),
        ("RSA-PSS, so TLS 1.3", yes_or_no(schemes.iter().any(|scheme| scheme.starts_with("RSA-PSS")))),
        ("SHA-256 for RSA made in", hashed_in(&info)),
        ("EC P-256", takes(token, "ecdsa-p256")),
        ("EC P-384", takes(token, "ecdsa-p384")),
        ("EC P-521", takes(token, "ecdsa-p521")),
        ("Ed25519", takes(token, "ed25519")),
        ("ML-DSA-65", takes(token, "ml-dsa-65")),
        ("certificate readable without login", without_login("Certificate Object")),
        ("public key readable without login", without_login("Public Key Object")),
        ("second certificate with the same id", second_certificate(token, key["id"].as_str().unwrap())),
        ("id can be changed", id_changes(token, key["id"].as_str().unwrap())),
        ("key can also", other_uses(&key)),
        ("key counts as made in the token", yes_or_no(key["weaknesses"].as_array().unwrap().is_empty())),
        ("`--require-hardware`", require_hardware(token)),
    ]
}

fn yes_or_no(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// `pkcs11-tool`'s output; what it cannot do it says there too.
fn tool(token: &dyn Tested, arguments: &[&str], login: bool) -> String {
    let with_login = ["--login", "--pin", token.pin()];
    let output = token.pkcs11_tool(&[if login { &with_login[..] } else { &[] }, arguments].concat());
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn hashed_in(info: &Value) -> String {
    let mechanisms = info["mechanisms"].as_array().unwrap();
    let has = |name: &str| mechanisms.iter().any(|one| one["name"] == name && one["present"] == true);
    if has("CKM_SHA256_RSA_PKCS") { "the token" } else { "hsmcert" }.to_owned()
}

/// Request, certificate and link with a key of this algorithm.
#[track_caller]
fn takes(token: &dyn Tested, algorithm: &str) -> String {
    let (name, file) = (format!("{algorithm}.example.com"), format!("{algorithm}.toml"));
    let (csr, certificate) = (format!("{algorithm}.csr.pem"), format!("{algorithm}.crt.pem"));
    std::fs::write(token.work().join(&file), request(&name, algorithm)).unwrap();
    let made = token.hsmcert(&["new", &file, &csr]);
    let said = String::from_utf8_lossy(&made.stderr);
    match made.status.code() {
        Some(0) => token.check(),
        // Refused before anything was made.
        Some(9) if said.contains("the token cannot make a key") => {
            token.check();
            return "no".to_owned();
        }
        Some(9) if said.contains("the pair was destroyed") => {
            token.tidy();
            return "no: its public key is unreadable".to_owned();
        }
        code => panic!("{algorithm}: {code:?}\n{said}"),
    }
    json_of(token, &["dev-ca", &csr, &certificate]);
    json_of(token, &["accept", &certificate]);
    "yes".to_owned()
}

/// Whether the token takes the certificate of the journey's beginning beside that of its end.
fn second_certificate(token: &dyn Tested, id: &str) -> String {
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl").args(arguments).current_dir(token.work()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "first.der"]);
    let count = |token: &dyn Tested| {
        let found = json_of(token, &["find-key", "--objects", "--id", id]);
        found["objects"].as_array().unwrap().iter().filter(|one| one["class"] == "certificate").count()
    };
    assert_eq!(count(token), 1);
    let second = ["--write-object", "first.der", "--type", "cert", "--id", id, "--label", "second"];
    let said = tool(token, &second, true);
    match count(token) {
        2 => {
            tool(token, &["--delete-object", "--type", "cert", "--label", "second"], true);
            assert_eq!(count(token), 1, "{said}");
            "yes".to_owned()
        }
        count => format!("no: {count}"),
    }
}

/// `C_SetAttributeValue` on the public key, and back.
fn id_changes(token: &dyn Tested, id: &str) -> String {
    let change = |from: &str, to: &str| {
        let said = tool(token, &["--type", "pubkey", "--id", from, "--set-id", to], true);
        (tool(token, &["--list-objects", "--type", "pubkey"], true).contains(&format!("ID:         {to}")), said)
    };
    let (changed, said) = change(id, "0a0b");
    if !changed {
        return "no".to_owned();
    }
    assert!(change("0a0b", id).0, "{said}");
    "yes".to_owned()
}

/// What the private key is allowed beside signing, after hsmcert has made it.
fn other_uses(key: &Value) -> String {
    let objects = key["objects"].as_array().unwrap();
    let private = objects.iter().find(|one| one["class"] == "private").unwrap();
    let uses = [
        ("CKA_DECRYPT", "decrypt"),
        ("CKA_UNWRAP", "unwrap"),
        ("CKA_DERIVE", "derive"),
        ("CKA_SIGN_RECOVER", "sign with recovery"),
    ];
    let allowed = uses.iter().filter(|(attribute, _)| private["attributes"][*attribute] == true);
    let allowed: Vec<_> = allowed.map(|(_, word)| *word).collect();
    if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") }
}

fn require_hardware(token: &dyn Tested) -> String {
    let output = token.hsmcert(&["find-key", "--require-hardware"]);
    token.check();
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => "accepts it".to_owned(),
        Some(4) if said.contains("hardware is required") => "refuses it".to_owned(),
        code => panic!("{code:?}\n{said}"),
    }
}

/// The column of the table must say what was seen; with `UPDATE_EXPECTED=1` it is made to.
#[track_caller]
pub fn compare(page: &Path, column: &str, seen: &[Row]) {
    let lock = std::fs::File::options().create(true).truncate(false).write(true).open(lock_file()).unwrap();
    lock.lock().unwrap();
    let text = std::fs::read_to_string(page).unwrap();
    let rows: Vec<Vec<String>> = text.lines().filter(|line| line.starts_with('|')).map(cells).collect();
    let index = rows[0].iter().position(|name| name == column).unwrap_or_else(|| panic!("no column {column}"));
    if std::env::var_os("UPDATE_EXPECTED").is_some_and(|value| value == "1") {
        std::fs::write(page, rewrite(&text, index, seen)).unwrap();
        return;
    }
    let written: Vec<_> = rows[2..].iter().map(|row| (row[0].as_str(), row[index].clone())).collect();
    assert_eq!(written, seen, "column {column} of {}; UPDATE_EXPECTED=1 rewrites it", page.display());
}

fn cells(line: &str) -> Vec<String> {
    line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The page with these cells in a column; rows that are not there yet come at the end of the table.
fn rewrite(text: &str, index: usize, seen: &[Row]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| line.starts_with('|')).unwrap();
    let end = start + lines[start..].iter().take_while(|line| line.starts_with('|')).count();
    let old: Vec<Vec<String>> = lines[start + 2..end].iter().map(|line| cells(line)).collect();
    let columns = cells(lines[start]).len();
    let rows = seen.iter().map(|(name, value)| {
        let mut row = old.iter().find(|row| row[0] == *name).cloned().unwrap_or_else(|| vec![String::new(); columns]);
        row[0] = (*name).to_owned();
        row[index].clone_from(value);
        format!("| {} |", row.join(" | "))
    });
    let head = lines[..start + 2].iter().map(|line| (*line).to_owned());
    let tail = lines[end..].iter().map(|line| (*line).to_owned());
    head.chain(rows).chain(tail).collect::<Vec<_>>().join("\n") + "\n"
}

/// Tests that run at once rewrite one column after the other.
fn lock_file() -> PathBuf {
    std::env::temp_dir().join("hsmcert-modules-table.lock")
}
