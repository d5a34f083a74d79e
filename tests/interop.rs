//! After `accept`, and after accepting a renewed certificate for the same key, the tools of four families each see
//! exactly one linked pair: keytool (Java), certutil (NSS), p11tool (GnuTLS), pkcs11-tool (OpenSC).

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::Command;

use support::{Class, LinkedSite, NAMES, SoftToken};

/// Runs a program with the token's configuration; stdout. It must succeed.
#[track_caller]
fn run(site: &LinkedSite, program: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(program);
    command.args(arguments).env("SOFTHSM2_CONF", site.folder().join("softhsm2.conf"));
    // Languages and colours of the machine play no part.
    command.env("LC_ALL", "C").current_dir(site.folder());
    let output = command.output().unwrap_or_else(|error| panic!("{program}: {error}; tests/run installs it"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}\n{}\n{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[track_caller]
fn each_tool_sees_one_pair(site: &LinkedSite, label: &str) {
    let pin = site.pin_file();
    let (pin, module) = (pin.to_str().unwrap(), site.module().to_str().unwrap());

    // OpenSC
    let objects = site.objects();
    let of = |class| objects.iter().filter(|object| object.class == class).collect::<Vec<_>>();
    let ([certificate], [private], [_]) =
        (&of(Class::Certificate)[..], &of(Class::Private)[..], &of(Class::Public)[..])
    else {
        panic!("{objects:#?}")
    };
    assert_eq!((&certificate.id, certificate.label.as_str()), (&private.id, label));

    // Java: the entry is named after the certificate, and holds the key that it finds by CKA_ID.
    site.bind("java", "java.cfg", 443, &["--force"]);
    let configuration = site.path("java.cfg");
    let list = ["-list", "-keystore", "NONE", "-storetype", "PKCS11", "-storepass:file", pin];
    let provider = ["-addprovider", "SunPKCS11", "-providerArg", configuration.to_str().unwrap()];
    let listing = run(site, "keytool", &[&list[..], &provider].concat());
    assert!(listing.contains("contains 1 entry"), "{listing}");
    assert!(listing.lines().any(|line| line == format!("{label}, PrivateKeyEntry, ")), "{listing}");

    // GnuTLS: the certificate without a login, the key with one.
    let token = format!("pkcs11:token={}", SoftToken::LABEL.replace(' ', "%20"));
    let certificates = run(site, "p11tool", &["--provider", module, "--list-all-certs", "--only-urls", &token]);
    let with_pin = format!("{token}?pin-source={pin}");
    let keys = run(site, "p11tool", &["--provider", module, "--login", "--list-privkeys", "--only-urls", &with_pin]);
    let id = |urls: &str| {
        let [url] = urls.lines().filter(|line| line.starts_with("pkcs11:")).collect::<Vec<_>>()[..] else {
            panic!("{urls}")
        };
        let id = url.split([';', '?']).find_map(|part| part.strip_prefix("id=")).unwrap();
        id.replace('%', "").to_lowercase()
    };
    assert_eq!((id(&certificates), id(&keys)), (certificate.id.clone(), private.id.clone()));

    // NSS: u,u,u means that it has found the key of the certificate.
    let database = format!("sql:{}", site.folder().join("nssdb").display());
    if !site.folder().join("nssdb").exists() {
        std::fs::create_dir(site.folder().join("nssdb")).unwrap();
        run(site, "certutil", &["-N", "-d", &database, "--empty-password"]);
        run(site, "modutil", &["-force", "-dbdir", &database, "-add", "hsm", "-libfile", module]);
    }
    let listing = run(site, "certutil", &["-L", "-d", &database, "-h", SoftToken::LABEL, "-f", pin]);
    let lines: Vec<&str> = listing.lines().filter(|line| line.contains(label)).collect();
    let [line] = lines.as_slice() else { panic!("{listing}") };
    assert!(line.trim_end().ends_with("u,u,u"), "{listing}");
    let keys = run(site, "certutil", &["-K", "-d", &database, "-h", SoftToken::LABEL, "-f", pin]);
    assert_eq!(keys.lines().filter(|line| line.starts_with("< 0>")).count(), 1, "{keys}");
    assert_eq!(keys.lines().filter(|line| line.starts_with("< 1>")).count(), 0, "{keys}");
}

#[test]
fn four_families_of_tools_see_one_linked_pair() {
    let site = LinkedSite::new();
    each_tool_sees_one_pair(&site, NAMES[0]);
    let before = site.read("request.crt.pem");
    site.run(&["dev-ca", "request.csr.pem", "request.crt.pem", "--force"]).ok();
    assert_ne!(site.read("request.crt.pem"), before);
    site.run(&["accept", "request.crt.pem", "--force"]).ok();
    each_tool_sees_one_pair(&site, NAMES[0]);
}

/// The old pair and its certificate are taken off the token when the new ones are in use.
#[test]
fn after_a_renewal_with_a_new_key_they_see_the_new_pair() {
    let site = LinkedSite::new();
    let old = site.objects()[0].id.clone();
    site.run(&["new", "request.inf", "request.csr.pem", "--force", "--label", "www.example.com.2"]).ok();
    site.run(&["dev-ca", "request.csr.pem", "request.crt.pem", "--force"]).ok();
    site.run(&["accept", "request.crt.pem", "--force"]).ok();
    for class in ["cert", "privkey", "pubkey"] {
        site.pkcs11_tool(&["--delete-object", "--type", class, "--id", &old]);
    }
    each_tool_sees_one_pair(&site, "www.example.com.2");
}
