//! `hsmcert bind`: which certificate is meant, what is refused, what is written and what is not.

mod support;

use support::{LinkedSite, SEED_INF, Sandbox, Server, Shim, SoftToken, free_port, inf};

const LABEL: &str = "www.example.com";

#[test]
fn without_write_the_text_goes_to_stdout_and_nothing_to_the_disk() {
    let site = LinkedSite::new();
    let before = site.files();
    let outcome = site.run(&["bind", "nginx", "request.crt.pem"]).ok();
    assert!(outcome.stdout.starts_with("# nginx") && outcome.stdout.ends_with("}\n"), "{}", outcome.stdout);
    assert_eq!(site.files(), before);
    outcome.says("request.crt.openssl.cnf").says("--write FILE").says("next: check: ").says("nginx -t");
}

/// By its file, by accept's chain file, by its label, by its URI, or because it is the only one.
#[test]
fn the_certificate_is_named_in_five_ways() {
    let site = LinkedSite::new();
    let run = |name: &[&str]| site.run(&[&["bind", "java", "--json"], name].concat()).ok().json();
    let by_file = run(&["request.crt.pem"]);
    let uri = by_file["certificate_uri"].as_str().unwrap();
    for name in [&["request.crt.fullchain.pem"][..], &[LABEL], &[uri], &[]] {
        let bound = run(name);
        for value in ["subject", "label", "id", "key_uri"] {
            assert_eq!(bound[value], by_file[value], "{name:?}");
        }
    }
    let chain = site.path("request.crt.fullchain.pem");
    assert_eq!(by_file["chain"], chain.to_str().unwrap());
    assert_eq!(run(&["request.crt.fullchain.pem"])["chain"], chain.to_str().unwrap());
}

/// Whoever names a label has no chain file at hand: it is made from the certificates on the token.
#[test]
fn by_label_the_chain_file_is_written_too() {
    let site = LinkedSite::new();
    site.run(&["bind", "stunnel", LABEL, "--write", "site.conf"]).ok();
    assert_eq!(site.read("www.example.com.fullchain.pem"), site.read("request.crt.fullchain.pem"));
    site.run(&["bind", "stunnel", LABEL, "--write", "other.conf", "--chain", "request.crt.fullchain.pem"]).ok();
    assert!(String::from_utf8(site.read("other.conf")).unwrap().contains("request.crt.fullchain.pem\n"));
}

#[test]
fn what_is_not_linked_is_refused() {
    let token = SoftToken::with_certificate();
    for name in [&["request.crt.pem"][..], &[LABEL], &[]] {
        let arguments = [&["bind", "nginx", "--write", "site.conf"], name].concat();
        token.refuses(6, &arguments).says("hsmcert accept");
    }
    token.refuses(10, &["bind", "nginx", "nosuch.pem"]).says("nosuch.pem");
    token.refuses(6, &["bind", "nginx", "nosuch"]).says("\"nosuch\"");
}

#[test]
fn a_certificate_that_is_not_the_one_on_the_token_is_refused() {
    let site = LinkedSite::new();
    site.run(&["dev-ca", "request.csr.pem", "newer.crt.pem"]).ok();
    site.refuses(8, &["bind", "nginx", "newer.crt.pem"]).says("another certificate").says("hsmcert accept");
    let ca = site.ca();
    site.refuses(8, &["bind", "nginx", ca.to_str().unwrap()]).says("no key on the token");
}

/// A certificate that another tool has stored under an id that its key has not.
#[test]
fn a_certificate_without_its_key_is_told_apart_from_none() {
    let token = SoftToken::with_certificate();
    token.openssl(&["x509", "-in", "request.crt.pem", "-outform", "DER", "-out", "crt.der"]);
    token.pkcs11_tool(&["--write-object", "crt.der", "--type", "cert", "--id", "01", "--label", "astray"]);
    token.refuses(8, &["bind", "nginx", "astray"]).says("astray").says("not linked").says("hsmcert accept");
}

#[test]
fn of_two_linked_certificates_one_must_be_named() {
    let site = LinkedSite::new();
    site.write("two.inf", inf("two.example.com"));
    site.run(&["new", "two.inf"]).ok();
    site.run(&["dev-ca", "two.csr.pem", "two.crt.pem"]).ok();
    site.run(&["accept", "two.crt.pem"]).ok();
    site.refuses(7, &["bind", "nginx"]).says("two.example.com").says(LABEL).says("find-key");
    let text = site.run(&["bind", "nginx", "two.example.com"]).ok().stdout;
    assert!(text.contains("server_name two.example.com example.com;"), "{text}");
}

#[test]
fn a_chain_file_of_another_certificate_is_refused() {
    let site = LinkedSite::new();
    std::fs::copy(site.ca(), site.path("other.pem")).unwrap();
    let arguments = ["bind", "nginx", LABEL, "--chain", "other.pem", "--write", "site.conf"];
    site.refuses(8, &arguments).says("other.pem").says("--chain");
}

#[test]
fn mistakes_on_the_command_line_are_found_before_the_token_is_touched() {
    let sandbox = Sandbox::new();
    let run = |arguments: &[&str]| sandbox.run(&[arguments, &["--module", "/nowhere.so"]].concat());
    run(&["bind"]).fails(2).says("nginx, apache");
    run(&["bind", "iss"]).exits(2).says("iis");
    run(&["bind", "haproxy", "--method", "engine"]).fails(2).says("it has provider");
    run(&["bind", "java", "--method", "engine"]).fails(2).says("leave --method out");
    run(&["bind", "java", "--backend", "127.0.0.1:80"]).fails(2).says("--backend");
    run(&["bind", "nginx", "--listen", "https"]).exits(2).says("PORT");
    run(&["bind", "nginx", "--write", "no/such/folder.conf"]).fails(10).says("mkdir -p");
}

#[test]
fn a_name_that_the_format_cannot_hold_is_refused() {
    let site = LinkedSite::new();
    site.refuses(2, &["bind", "nginx", LABEL, "--chain", "a$b.pem", "--write", "site.conf"]).says("nginx").says("'$'");
}

#[test]
fn written_twice_is_written_once() {
    let site = LinkedSite::new();
    let arguments = ["bind", "apache", "request.crt.pem", "--write", "site.conf"];
    site.run(&[&arguments[..], &["-v"]].concat()).ok();
    let times = |site: &LinkedSite| {
        let time = |name: &String| site.path(name).metadata().unwrap().modified().unwrap();
        site.files().iter().map(time).collect::<Vec<_>>()
    };
    let before = times(&site);
    let outcome = site.run(&arguments).ok();
    assert!(outcome.stdout.starts_with("apache is configured already: nothing changed\n"), "{}", outcome.stdout);
    assert_eq!(times(&site), before);
}

#[test]
fn other_content_is_shown_as_a_difference_and_kept() {
    let site = LinkedSite::new();
    let write = ["bind", "nginx", "request.crt.pem", "--write", "site.conf"];
    site.run(&write).ok();
    let edited = String::from_utf8(site.read("site.conf")).unwrap().replace("root /var/www/html;", "root /srv/mine;");
    site.write("site.conf", &edited);
    std::fs::remove_file(site.path("request.crt.openssl.cnf")).unwrap();
    let outcome = site.refuses(7, &write);
    let outcome = outcome.says("\n-    root /srv/mine;\n+    root /var/www/html;\n").says("+++ ").says("--force");
    assert!(outcome.stderr.contains("site.conf has other content; nothing was written"), "{}", outcome.stderr);
    let error = site.run(&[&write[..], &["--json"]].concat()).exits(7).json_error("conflict");
    assert!(error["causes"][0].as_str().unwrap().contains("-    root /srv/mine;\n"), "{error:#}");
    let changed = site.run(&[&write[..], &["--force", "--json"]].concat()).ok().json();
    assert_eq!(changed["files"][0]["change"], "replaced");
    assert!(!String::from_utf8(site.read("site.conf")).unwrap().contains("/srv/mine"));
}

/// Debian's `sites-enabled` holds links.
#[cfg(unix)]
#[test]
fn a_link_stays_and_its_file_is_replaced() {
    let site = LinkedSite::new();
    site.write("available.conf", "old\n");
    std::os::unix::fs::symlink("available.conf", site.path("enabled.conf")).unwrap();
    site.refuses(7, &["bind", "java", LABEL, "--write", "enabled.conf"]).says("-old");
    site.run(&["bind", "java", LABEL, "--write", "enabled.conf", "--force"]).ok();
    assert!(site.path("enabled.conf").is_symlink());
    assert!(site.read("available.conf").starts_with(b"# Java"));
}

#[test]
fn no_file_and_no_output_holds_the_pin() {
    let site = LinkedSite::new();
    for target in ["nginx", "apache", "haproxy", "stunnel", "gnutls", "java", "openssl", "strongswan", "iis", "pem-uri"]
    {
        let file = format!("{target}.conf");
        let outcome = site.run(&["bind", target, LABEL, "--force", "--write", &file, "--json"]).ok();
        assert!(!outcome.stdout.contains(SoftToken::PIN) && !outcome.stderr.contains(SoftToken::PIN), "{target}");
    }
    for name in site.files() {
        let bytes = site.read(&name);
        assert!(!bytes.windows(SoftToken::PIN.len()).any(|part| part == SoftToken::PIN.as_bytes()), "{name}");
    }
}

/// libp11 and GnuTLS take the line break for a part of the PIN, and say "PIN incorrect".
#[test]
fn a_pin_file_that_servers_cannot_use_is_told() {
    let site = LinkedSite::new();
    let run = |pin: &str| site.run(&["bind", "nginx", LABEL, "--pin-file", pin]).ok();
    site.write("broken", "1234\n");
    run("broken").says("warning: ").says("ends with a line break");
    run("nosuch").says("warning: the PIN file ").says("is not there");
    site.write("long", "32 characters are one too many..");
    run("long").says("warning: ").says("32 bytes").says("--method provider");
    site.write("good", "31 characters are what it takes");
    assert!(!run("good").stderr.contains("warning: "));
}

#[test]
fn json_has_all_that_a_script_needs() {
    let site = LinkedSite::new();
    let bound = site.bind("haproxy", "haproxy.cfg", 8443, &[]);
    assert_eq!((&bound["target"], &bound["method"]), (&"haproxy".into(), &"provider".into()));
    assert_eq!(bound["subject_alt_names"][0], "DNS:www.example.com");
    assert_eq!(bound["environment"][0]["name"], "SOFTHSM2_CONF");
    let files = bound["files"].as_array().unwrap();
    for file in files {
        assert_eq!(file["change"], "created");
        let written = std::fs::read_to_string(file["path"].as_str().unwrap()).unwrap();
        assert_eq!(file["text"], written);
    }
    let purposes: Vec<_> = files.iter().map(|file| file["purpose"].as_str().unwrap()).collect();
    assert_eq!(purposes, ["HAProxy frontend", "OpenSSL configuration", "key URI in PEM", "environment for systemd"]);
    let printed = site.run(&["bind", "haproxy", "--json"]).ok().json();
    assert_eq!((&printed["files"][0]["change"], &printed["files"][0]["path"]), (&"printed".into(), &().into()));
}

#[test]
fn the_file_for_certutil_names_the_container_that_was_given() {
    let site = LinkedSite::new();
    let bound = site.bind("iis", "iis.ps1", 443, &["--ksp-container", "my key"]);
    let text = bound["files"][1]["text"].as_str().unwrap();
    assert!(text.contains("Container=my key&") && text.contains("Provider=Cavium Key Storage Provider&"), "{text}");
    let fingerprint = site.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-fingerprint", "-sha1"]);
    let thumbprint = fingerprint.trim().rsplit('=').next().unwrap().replace(':', "").to_lowercase();
    let serial = site.openssl(&["x509", "-in", "request.crt.pem", "-noout", "-serial"]);
    let serial = serial.trim().trim_start_matches("serial=").to_lowercase();
    let script = bound["files"][0]["text"].as_str().unwrap();
    assert!(script.contains(&format!("-CertificateThumbPrint {thumbprint} ")), "{script}");
    assert!(script.contains(&format!("-repairstore My {serial} ")), "{script}");
}

/// What a newcomer does first: no HSM, no settings, one command after the other.
#[test]
fn the_trial_token_serves_too() {
    let machine = Sandbox::new();
    machine.write("request.inf", SEED_INF);
    for arguments in [
        &["new", "request.inf", "request.csr.pem", "--trial"][..],
        &["dev-ca", "request.csr.pem", "request.crt.pem"],
        &["accept", "request.crt.pem"],
    ] {
        machine.run(arguments).ok();
    }
    let port = free_port();
    let listen = format!("127.0.0.1:{port}");
    let arguments = ["bind", "openssl", "request.crt.pem", "--write", "openssl.cnf", "--json", "--listen", &listen];
    let bound = machine.run(&arguments).ok().json();
    assert!(bound["notes"].to_string().contains("run as this user"), "{bound:#}");
    assert_eq!(bound["warnings"], serde_json::json!([]), "the PIN file can be used as it is");
    assert!(bound["environment"][0]["value"].as_str().unwrap().ends_with("hsmcert/token/softhsm2.conf"));
    let command = format!("exec env {}", bound["next"][0]["command"].as_str().unwrap());
    let server = Server::start(&machine, std::process::Command::new("sh").args(["-c", &command]), port);
    let ca = machine.folder().join("data/hsmcert/dev-ca/ca.pem");
    server.serves(&machine.path("request.crt.pem"), &ca, &[LABEL]);
}

/// Linking rule 8: what `accept` remembers of such a token makes everything after it work the same.
#[test]
fn a_token_that_holds_no_certificates_is_bound_by_the_chain_file() {
    let token = SoftToken::with_certificate();
    let shim = Shim::before(&token).refusing_certificates("0x54");
    shim.run(&["bind", "nginx", "request.crt.pem"]).fails(6).says("hsmcert accept");
    shim.run(&["accept", "request.crt.pem"]).ok();
    let bound = shim.run(&["bind", "nginx", "request.crt.pem"]).ok();
    assert!(bound.stdout.contains("request.crt.fullchain.pem"), "{}", bound.stdout);
}
