//! `hsmcert convert`: the other language asks for the same CSR, byte for byte.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::{Path, PathBuf};

use hsmcert::convert::convert;
use hsmcert::key::PublicKey;
use hsmcert::request::RequestSpec;
use hsmcert::spec::{self, Format, Options};
use hsmcert::x509::UnsignedCsr;
use support::{Outcome, Sandbox};

/// The files that ask for something: all templates, and the test files in which there is no mistake.
fn files() -> Vec<PathBuf> {
    let folders = ["request-templates", "tests/data/inf", "tests/data/toml"];
    let mut files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "inf" || ending == "toml"))
        .filter(|path| parse(path.to_str().unwrap(), &std::fs::read(path).unwrap()).is_some())
        .collect();
    files.sort();
    assert!(files.len() >= 40, "{files:#?}");
    files
}

fn parse(name: &str, bytes: &[u8]) -> Option<RequestSpec> {
    spec::parse(name, bytes, &Options::default()).ok().map(|parsed| parsed.spec)
}

/// The certification request info with a fixed key.
fn csr(request: &RequestSpec) -> Vec<u8> {
    UnsignedCsr::new(request, &PublicKey::rsa(&[0xc3; 256], &[1, 0, 1])).unwrap().to_be_signed().to_vec()
}

#[test]
fn there_and_back_is_the_same_request() {
    for path in files() {
        let name = path.display();
        let first = parse(path.to_str().unwrap(), &std::fs::read(&path).unwrap()).unwrap();
        for [there, back] in [[Format::Toml, Format::Inf], [Format::Inf, Format::Toml]] {
            let mut request = first.clone();
            let mut lost = false;
            for format in [there, back] {
                let written = convert(&request, format).unwrap_or_else(|error| panic!("{name}: {error}"));
                let ending = if format == Format::Inf { "x.inf" } else { "x.toml" };
                request = parse(ending, written.text.as_bytes()).unwrap();
                assert_eq!(csr(&request), csr(&first), "{name}\n{}", written.text);
                lost |= !written.lost.is_empty();
                assert!(lost || request == first, "{name}\n{request:#?}\n{first:#?}");
                // What it writes is normal: it writes that again.
                let again = convert(&request, format).unwrap();
                assert_eq!(body(&again.text), body(&written.text));
            }
        }
    }
}

/// The text without the header of comments, which tells the losses.
fn body(text: &str) -> &str {
    text.split_once("\n\n").unwrap().1
}

#[test]
fn templates_become_their_counterparts_through_the_binary() {
    let sandbox = Sandbox::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("request-templates");
    let mut count = 0;
    for path in files().into_iter().filter(|path| path.starts_with(&folder)) {
        let other = if path.extension().unwrap() == "inf" { "toml" } else { "inf" };
        let out = format!("{}.{other}", path.file_stem().unwrap().to_str().unwrap());
        let outcome = sandbox.run(&["convert", path.to_str().unwrap(), &out]).ok();
        assert_eq!(outcome.stderr, "", "{out}");
        assert!(outcome.stdout.ends_with(": the same request, byte for byte\n"), "{}", outcome.stdout);
        let counterpart = std::fs::read(path.with_extension(other)).unwrap();
        assert_eq!(parse(&out, &sandbox.read(&out)), parse(&out, &counterpart), "{out}");
        count += 1;
    }
    assert!(count >= 24);
}

#[test]
fn a_file_reads_well() {
    let sandbox = Sandbox::new();
    sandbox.write("web.inf", support::SEED_INF);
    sandbox.run(&["convert", "web.inf", "web.toml"]).ok();
    let expected = r#"# Written by hsmcert convert.

key-usage = ["digital-signature", "non-repudiation", "key-encipherment", "data-encipherment"]
extended-key-usage = ["server-auth"]

# Encoded in the order written here.
[subject]
st = "Washington"
l = "Seattle"
ou = "Certificate Management"
o = "Information Technology"
cn = "www.example.com"
c = "US"

[san]
dns = ["www.example.com", "example.com"]

[key]
algorithm = "rsa"
size = 2048

[signature]
hash = "sha256"

[token]
provider = "Cavium Key Storage Provider"

[windows]
machine-store = true
"#;
    assert_eq!(String::from_utf8(sandbox.read("web.toml")).unwrap(), expected);
    sandbox.run(&["convert", "web.toml", "again.inf"]).ok();
    let expected = r#"; Written by hsmcert convert.

[Version]
Signature = "$Windows NT$"

[NewRequest]
Subject = "C=US, CN=www.example.com, O=Information Technology, OU=Certificate Management, L=Seattle, S=Washington"
KeyAlgorithm = RSA
KeyLength = 2048
HashAlgorithm = sha256
ProviderName = "Cavium Key Storage Provider"
MachineKeySet = TRUE
; digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment
KeyUsage = 0xf0
SuppressDefaults = TRUE

[EnhancedKeyUsageExtension]
; serverAuth
OID = 1.3.6.1.5.5.7.3.1

[Extensions]
; subjectAltName
2.5.29.17 = "{text}"
_continue_ = "dns=www.example.com&"
_continue_ = "dns=example.com&"
"#;
    assert_eq!(String::from_utf8(sandbox.read("again.inf")).unwrap(), expected);
}

#[test]
fn what_the_languages_say_differently() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/convert");
    let sandbox = Sandbox::new();
    let mut from = "odd.inf";
    sandbox.write(from, std::fs::read(folder.join(from)).unwrap());
    for to in ["odd.toml", "normal.inf"] {
        sandbox.run(&["convert", from, to]).ok();
        let written = String::from_utf8(sandbox.read(to)).unwrap();
        assert_eq!(written, std::fs::read_to_string(folder.join(to)).unwrap(), "{to}");
        from = to;
    }
    assert_eq!(parse("odd.inf", &sandbox.read("odd.inf")), parse("normal.inf", &sandbox.read("normal.inf")));
}

const LOSSY: &str = "[subject]\ncn = { text = \"x\", type = \"bmp\" }\no = \"100% \\\"A\\\"\"\n[san]\ndns = \"x.example\"\n\
                     [token]\nuri = \"pkcs11:token=web\"\n";

#[test]
fn losses_are_told_on_stderr_in_json_and_in_the_file() {
    let sandbox = Sandbox::new();
    sandbox.write("a.toml", LOSSY);
    let outcome = sandbox.run(&["convert", "a.toml", "a.inf"]).ok();
    let outcome = outcome.says("warning: lost: CN as BMPString \"x\": an INF makes it UTF8String \"x\" here");
    let outcome = outcome.says("warning: lost: token.uri = \"pkcs11:token=web\": an INF names no URI; use --uri");
    assert_eq!(outcome.stdout, "INF written to a.inf: the same request but for 2 losses\n");
    let text = String::from_utf8(sandbox.read("a.inf")).unwrap();
    assert!(text.contains("\n; - token.uri = \"pkcs11:token=web\": an INF names no URI; use --uri\n"), "{text}");
    assert!(text.contains("O=\"\"100%% \"\"\"\"A\"\"\"\"\"\""), "{text}");

    let json = sandbox.run(&["convert", "a.toml", "-", "--json"]).ok().json();
    assert_eq!((&json["from"], &json["to"], &json["file"]), (&"toml".into(), &"inf".into(), &serde_json::Value::Null));
    assert_eq!(json["lost"].as_array().unwrap().len(), 2);
    assert_eq!(json["warnings"], serde_json::json!([]), "they are in `lost`");
    assert_eq!(json["text"], text.as_str());
}

#[test]
fn streams_and_languages() {
    let sandbox = Sandbox::new();
    sandbox.write("a.toml", "san.dns = \"${HOST}\"\n");
    let convert = |arguments: &[&str]| {
        Outcome::of(
            sandbox.hsmcert().env("HOST", "b.example").arg("convert").args(arguments).write_stdin(support::SEED_INF),
        )
    };
    assert!(convert(&["-", "-"]).ok().stdout.contains("\n[san]\ndns = [\"www.example.com\", \"example.com\"]\n"));
    assert!(convert(&["-", "-", "--to", "inf"]).ok().stdout.contains("\n[NewRequest]\n"));
    assert!(convert(&["a.toml", "-"]).ok().stdout.contains("\"{text}dns=b.example&\""));
    let set = convert(&["a.toml", "-", "--set", "dns=c.example", "--set", "cn=c"]).ok();
    assert!(set.stdout.contains("\"{text}dns=c.example&\"") && set.stdout.contains("\"CN=c\""), "{}", set.stdout);
    convert(&["a.toml", "-", "--to", "yaml"]).exits(2);
    convert(&["a.toml", "b.toml", "--to", "inf"]).fails(2).says("b.toml would be read as toml, not inf");
    assert_eq!(sandbox.files(), ["a.toml"]);
}

#[test]
fn nothing_is_replaced_or_written_in_vain() {
    let sandbox = Sandbox::new();
    sandbox.write("a.toml", LOSSY);
    sandbox.write("a.inf", "mine");
    sandbox.run(&["convert", "a.toml", "a.inf"]).fails(7);
    assert_eq!(sandbox.read("a.inf"), b"mine");
    sandbox.run(&["convert", "a.toml", "a.inf", "--force"]).ok();
    assert!(sandbox.read("a.inf").starts_with(b"; Written"));
    // A file in place of itself.
    sandbox.run(&["convert", "a.inf", "a.inf", "--force"]).ok();
    sandbox.write("bad.inf", "[NewRequest]\nSubject = \"CN=a, b\"\n");
    sandbox.run(&["convert", "bad.inf", "bad.toml"]).exits(3).says("is not `type=value`");
    sandbox.run(&["convert", "none.inf", "bad.toml"]).fails(10);
    sandbox.write("strict.inf", "[NewRequest]\nSubject = \"CN=a\"\nKeyLenght = 2048\n");
    sandbox.run(&["convert", "strict.inf", "bad.toml", "--strict"]).exits(3);
    assert_eq!(sandbox.files(), ["a.inf", "a.toml", "bad.inf", "strict.inf"]);
}

#[test]
fn what_cannot_be_said_at_all_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("a.toml", "san.dns = \"a.example\"\n[key]\nlabel = \" x\"\nreuse = true\n");
    let outcome = sandbox.run(&["convert", "a.toml", "a.inf"]).fails(3);
    outcome.says("error: no INF can ask for this: KeyContainer = \" x\": a value has");
    // The CSR itself cannot be made.
    sandbox.write("b.toml", "[subject]\ncn = { text = \"ü\", type = \"printable\" }\n[san]\ndns = \"a.example\"\n");
    sandbox.run(&["convert", "b.toml", "b.inf"]).fails(3).says("ü");
    assert_eq!(sandbox.files(), ["a.toml", "b.toml"]);
}
