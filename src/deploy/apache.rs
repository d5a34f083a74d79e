//! Apache httpd with `mod_ssl`: a virtual host. `SSLCertificateKeyFile` takes a `pkcs11:` URI since 2.4.42.

use super::notes::Notes;
use super::site::text;
use super::{ConfigFile, Configuration, Error, Method, Site, key_uri, openssl, pem_uri, service, shell, writable};

pub(super) fn configure(site: &Site, method: Method) -> Result<Configuration, Error> {
    let environment = site.openssl_environment();
    let service = service::service(site, "apache2", &environment)?;
    let mut companions = vec![(site.openssl_configuration(), openssl::file(site, method)?)];
    let (why, key) = match method {
        Method::Engine => ("mod_ssl hands a pkcs11: URI to the engine", key_uri::key_uri(site)),
        // With the engine's package installed, mod_ssl gives a URI to the engine and never to the provider.
        Method::Provider | Method::Store => {
            companions.push((site.key_file(), pem_uri::file(site)));
            ("This file holds the URI of the key, not the key: OpenSSL's provider reads it", text(&site.key_file()))
        }
    };
    let notes = Notes::new(site, "Apache httpd (hsmcert bind apache)")
        .row(
            "Belongs",
            &[
                "into /etc/apache2/sites-available/NAME.conf, then: a2enmod ssl && a2ensite NAME",
                "(Red Hat: /etc/httpd/conf.d/NAME.conf, with the package mod_ssl)",
            ],
        )
        .row("Packages", &[&format!("apache2, {}", method.package())])
        .environment(&environment, &text(&site.companion(".apache2.service.conf")))
        .pin(site)
        .permissions(site, "www-data, Red Hat: apache")
        .renewal("systemctl reload apache2")
        .finish();
    // Twice the same `Listen` is an error, and the files of the distributions have the one for 443.
    let listen = match site.listen.port {
        443 => "# Listen 443 stands in Debian's ports.conf and in Red Hat's ssl.conf.\n".to_owned(),
        port => {
            format!("Listen {}{port}\n", site.listen.address.map(|_| site.listen.host("") + ":").unwrap_or_default())
        }
    };
    let text = format!(
        "{notes}{listen}<VirtualHost {host}:{port}>
{names}
    SSLEngine on
    SSLCertificateFile {chain}
    # {why}.
    SSLCertificateKeyFile {key}
    # Key exchange with the RSA key is left out: it needs more of the HSM than signatures.
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCipherSuite ECDHE+AESGCM:ECDHE+CHACHA20

{pages}</VirtualHost>
",
        host = site.listen.host("*"),
        port = site.listen.port,
        pages = match site.backend {
            Some(backend) => format!(
                "    # a2enmod proxy_http\n    ProxyPreserveHost on\n    ProxyPass / http://{backend}/\n    ProxyPassReverse / http://{backend}/\n"
            ),
            None => "    # Your pages.\n    DocumentRoot /var/www/html\n".to_owned(),
        },
        names = names(site),
        chain = quoted(&text(&site.chain))?,
        key = quoted(&key)?,
    );
    let mut next = Vec::new();
    if let Some(service) = service {
        companions.push(service.companion);
        next.push(("the daemon's environment", service.install));
    }
    next.push(("check", shell::with_environment(&environment, "apachectl configtest")));
    next.push(("start", "systemctl restart apache2".to_owned()));
    next.push(("prove", openssl::handshake(site)));
    Ok(Configuration { main: ConfigFile { purpose: "Apache virtual host", text }, companions, next })
}

/// `ServerName` takes no wildcard, `ServerAlias` does.
fn names(site: &Site) -> String {
    let first = site.host_name();
    let mut text = first.map(|name| format!("    ServerName {name}\n")).unwrap_or_default();
    for name in site.host_names().into_iter().filter(|name| Some(*name) != first) {
        text.push_str(&format!("    ServerAlias {name}\n"));
    }
    text
}

/// `${NAME}` is replaced by httpd even in quotes, and cannot be escaped.
fn quoted(value: &str) -> Result<String, Error> {
    let value = writable("Apache httpd", value, if value.contains("${") { &['$'] } else { &[] })?;
    Ok(format!("\"{}\"", value.replace('\\', r"\\").replace('"', "\\\"")))
}
