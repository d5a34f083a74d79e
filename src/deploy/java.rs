//! Java: the configuration of the provider `SunPKCS11` (Oracle, "JDK PKCS#11 Reference Guide"). It pairs key and
//! certificate by `CKA_ID` and names the entry after the certificate's label.

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Site, openssl, shell, writable};

pub(super) fn configure(site: &Site) -> Result<Configuration, Error> {
    let alias = alias(&site.key.label);
    let path = site.main.clone().unwrap_or_else(|| site.companion(".java.cfg"));
    let (file, pin) = (text(&path), text(&site.pin_file));
    let mut notes = Notes::new(site, "Java's SunPKCS11 (hsmcert bind java)")
        .row(
            "Java code",
            &[
                &format!("Provider provider = Security.getProvider(\"SunPKCS11\").configure({});", literal(&file)),
                "Security.addProvider(provider);  // without it TLS finds no signature algorithm for the key",
                "KeyStore store = KeyStore.getInstance(\"PKCS11\", provider);",
                &format!("store.load(null, Files.readString(Path.of({})).strip().toCharArray());", literal(&pin)),
                &format!("store.getKey({0}, null), store.getCertificateChain({0})", literal(&alias)),
            ],
        )
        .row(
            "Tomcat",
            &[
                &format!(
                    "in conf/server.xml: <Certificate certificateKeystoreType=\"PKCS11\" certificateKeyAlias=\"{}\"",
                    in_xml(&alias)
                ),
                "certificateKeystoreFile=\"\" certificateKeystorePasswordFile=\"the PIN file\"/>, and the provider in",
                &format!("conf/java.security: security.provider.14=SunPKCS11 {file}  (not tried by hsmcert)"),
            ],
        );
    for (name, value) in &site.environment {
        notes = notes.row("Environment", &[&format!("{name}={value}")]);
    }
    let notes = notes
        .pin(site)
        .row("Chain", &["comes from the token: hsmcert accept has stored the intermediates there"])
        .renewal("a restart of the program")
        .finish();
    let text = format!(
        "{notes}name = hsmcert
library = {library}
# Java knows tokens by slot only. If the number has changed, make this file anew.
slot = {slot}
",
        library = quoted(&text(&site.module))?,
        slot = site.token.slot,
    );
    let main = ConfigFile { purpose: "SunPKCS11 configuration", text };
    let list = format!(
        "keytool -list -keystore NONE -storetype PKCS11 -addprovider SunPKCS11 -providerArg {0} -storepass:file {1}",
        shell::path(&path),
        shell::path(&site.pin_file)
    );
    let next = vec![("check", shell::with_environment(&site.environment, &list)), ("prove", openssl::handshake(site))];
    Ok(Configuration { main, companions: vec![], next })
}

/// The label as Java names the entry: it takes each byte of the UTF-8 for a character (measured with 17).
fn alias(label: &str) -> String {
    label.bytes().map(char::from).collect()
}

/// A string in Java. All but ASCII is escaped: the encoding of a source file is the compiler's to choose.
fn literal(value: &str) -> String {
    let mut literal = String::from("\"");
    for unit in value.encode_utf16() {
        match char::from_u32(unit.into()) {
            Some(one @ ('"' | '\\')) => literal.extend(['\\', one]),
            Some(one @ ' '..='~') => literal.push(one),
            Some(_) | None => literal.push_str(&format!("\\u{unit:04x}")),
        }
    }
    literal + "\""
}

fn in_xml(value: &str) -> String {
    value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// Words of the file are quoted where they hold more than a plain path; `${...}` would be a system property.
fn quoted(value: &str) -> Result<String, Error> {
    let value = writable("Java", value, if value.contains("${") { &['$'] } else { &[] })?;
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:+".contains(character);
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    Ok(format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
}
