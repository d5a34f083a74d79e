//! The text for each target, word for word, and what names with odd characters do to it. The real programs read such
//! texts in `bind_servers.rs`; here a change of a word shows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use hsmcert::deploy::{Configuration, Error, KeyName, KeyStorage, LeafName, Listen, Method, Site, Target, TokenName};
use hsmcert::key::{KeyAlgorithm, KeyId};

fn site() -> Site {
    Site {
        names: vec!["www.example.com".into(), "*.example.org".into(), "192.0.2.1".into()],
        listen: Listen::default(),
        backend: None,
        chain: "/etc/ssl/www.fullchain.pem".into(),
        main: Some("/etc/site.conf".into()),
        stem: "/etc/ssl/www".into(),
        module: "/usr/lib/softhsm/libsofthsm2.so".into(),
        token: TokenName { label: "web token".into(), serial: "52fdc2913ccbd051".into(), on_disk: true, slot: 7 },
        key: KeyName {
            id: KeyId::new(vec![0x0b, 0xe5]),
            label: "www.example.com".into(),
            algorithm: KeyAlgorithm::DEFAULT,
        },
        pin_file: "/etc/hsmcert/pin".into(),
        environment: vec![("SOFTHSM2_CONF".into(), "/etc/softhsm2.conf".into())],
        leaf: LeafName { thumbprint: "880a".into(), serial: "7d6a".into(), modulus: Some("b30d".into()) },
        key_storage: KeyStorage { provider: "Cavium Key Storage Provider".into(), container: None },
    }
}

fn whole(configuration: &Configuration) -> String {
    let Configuration { main, companions, next } = configuration;
    let mut text = format!("==> {}\n{}", main.purpose, main.text);
    for (path, file) in companions {
        text.push_str(&format!("==> {} ({})\n{}", path.display(), file.purpose, file.text));
    }
    for (purpose, command) in next {
        text.push_str(&format!("next: {purpose}: {command}\n"));
    }
    text
}

/// `UPDATE_EXPECTED=1` writes the files anew, to be looked at with `git diff`.
#[test]
fn the_text_of_each_target_is_as_expected() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/bind");
    for (target, name) in Target::NAMES {
        let methods: Vec<Option<Method>> = match target.methods() {
            [] => vec![None],
            methods => methods.iter().copied().map(Some).collect(),
        };
        for method in methods {
            let text = whole(&target.configure(&site(), method).unwrap());
            let file = folder.join(method.map_or(format!("{name}.txt"), |method| format!("{name}-{method}.txt")));
            if std::env::var_os("UPDATE_EXPECTED").is_some() {
                std::fs::write(&file, &text).unwrap();
            }
            let expected = std::fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(text, expected, "{} (UPDATE_EXPECTED=1 writes it anew)", file.display());
        }
    }
}

/// All texts of all targets and methods.
fn all(site: &Site) -> Vec<(Target, Result<String, Error>)> {
    let methods = |target: Target| match target.methods() {
        [] => vec![None],
        methods => methods.iter().copied().map(Some).collect(),
    };
    let pairs =
        Target::NAMES.into_iter().flat_map(|(target, _)| methods(target).into_iter().map(move |one| (target, one)));
    pairs.map(|(target, method)| (target, target.configure(site, method).map(|all| whole(&all)))).collect()
}

#[test]
fn a_label_cannot_end_a_comment() {
    let mut site = site();
    site.token.label = "a\nServerRoot /evil\r\u{85}b".into();
    site.key.label = "c\nssl off;".into();
    for (target, text) in all(&site) {
        let text = text.unwrap();
        assert!(
            !text.lines().any(|line| line.starts_with("ServerRoot") || line.starts_with("ssl off")),
            "{target}\n{text}"
        );
    }
}

#[test]
fn a_name_of_the_certificate_cannot_add_a_directive() {
    let mut site = site();
    site.names = vec!["a; include /etc/passwd".into(), "b\nc".into(), "good.example.com".into(), "`id`".into()];
    for (target, text) in all(&site) {
        let text = text.unwrap();
        assert!(!text.contains("/etc/passwd") && !text.contains("`id`"), "{target}\n{text}");
    }
}

#[test]
fn without_a_usable_name_there_is_still_a_configuration() {
    let mut site = site();
    site.names = vec![];
    let nginx = Target::Nginx.configure(&site, None).unwrap().main.text;
    assert!(nginx.contains("server_name _;"), "{nginx}");
    let apache = Target::Apache.configure(&site, None).unwrap().main.text;
    assert!(!apache.contains("ServerName"), "{apache}");
}

/// A wildcard alone names no host to connect to.
#[test]
fn a_wildcard_is_an_alias_for_apache() {
    let mut site = site();
    site.names = vec!["*.example.com".into(), "example.com".into()];
    let text = Target::Apache.configure(&site, None).unwrap().main.text;
    assert!(text.contains("ServerName example.com\n    ServerAlias *.example.com\n"), "{text}");
}

#[test]
fn paths_with_blanks_and_quotes_are_quoted() {
    let mut site = site();
    site.chain = PathBuf::from(r#"/srv/a "b" c\d/x.fullchain.pem"#);
    let line = |target: Target, word: &str| {
        let text = target.configure(&site, None).unwrap().main.text;
        text.lines().find(|line| line.contains(word)).unwrap_or_else(|| panic!("{text}")).trim().to_owned()
    };
    let escaped = r#"/srv/a \"b\" c\\d/x.fullchain.pem"#;
    assert_eq!(line(Target::Nginx, "ssl_certificate "), format!("ssl_certificate \"{escaped}\";"));
    assert_eq!(line(Target::Apache, "SSLCertificateFile "), format!("SSLCertificateFile \"{escaped}\""));
    assert_eq!(line(Target::StrongSwan, "certs ="), format!("certs = \"{escaped}\""));
    assert_eq!(line(Target::GnuTls, "--x509certfile"), r#"--x509certfile '/srv/a "b" c\d/x.fullchain.pem' \"#);
    assert_eq!(line(Target::Stunnel, "cert ="), r#"cert = /srv/a "b" c\d/x.fullchain.pem"#);
}

#[test]
fn what_a_format_cannot_say_is_refused() {
    let with_chain = |name: &str| Site { chain: PathBuf::from(name), ..site() };
    for (target, chain) in [
        (Target::Nginx, "/srv/$x/a.pem"),
        (Target::Apache, "/srv/${x}/a.pem"),
        (Target::HaProxy, "/srv/it's/a.pem"),
        (Target::Stunnel, "/srv/a.pem "),
        (Target::Nginx, "/srv/a\n/b.pem"),
        (Target::GnuTls, "/srv/a\n/b.pem"),
    ] {
        let error = target.configure(&with_chain(chain), None).unwrap_err();
        assert!(matches!(error, Error::Unwritable { .. }), "{target}: {error}");
        assert!(error.to_string().contains("cannot stand in a file for"), "{error}");
    }
}

#[test]
fn a_percent_sign_is_doubled_for_systemd() {
    let site = Site { environment: vec![("SOFTHSM2_CONF".into(), r#"/a%b"c\d"#.into())], ..site() };
    let companions = Target::Stunnel.configure(&site, None).unwrap().companions;
    assert!(companions[0].1.text.contains(r#"Environment="SOFTHSM2_CONF=/a%%b\"c\\d""#), "{}", companions[0].1.text);
}

#[test]
fn a_token_without_label_is_named_by_its_serial_number() {
    let mut site = site();
    site.token.label = String::new();
    let text = Target::Apache.configure(&site, None).unwrap().main.text;
    assert!(text.contains("\"pkcs11:serial=52fdc2913ccbd051;id=%0b%e5;"), "{text}");
}

#[test]
fn where_a_server_listens_can_be_said_in_three_ways() {
    let site = |listen: &str| Site { listen: listen.parse().unwrap(), ..site() };
    let nginx = |listen| Target::Nginx.configure(&site(listen), None).unwrap().main.text;
    assert!(nginx("8443").contains("listen 8443 ssl;"));
    assert!(nginx("127.0.0.1:8443").contains("listen 127.0.0.1:8443 ssl;"));
    assert!(nginx("[::1]:8443").contains("listen [::1]:8443 ssl;"));
    let apache = Target::Apache.configure(&site("[::1]:8443"), None).unwrap().main.text;
    assert!(apache.contains("Listen [::1]:8443\n<VirtualHost [::1]:8443>"), "{apache}");
    assert!("localhost:1".parse::<Listen>().is_err());
}
