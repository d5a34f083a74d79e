//! Real servers with the key on the token, configured only by what `hsmcert bind` wrote, plus the frame that it says
//! the text belongs into. Clients of TLS 1.2 and TLS 1.3 look at what is served.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use support::{Browser, LinkedSite, NAMES, Server, backend, free_port, service_environment};

/// curl and OpenSSL see the certificate by both versions of TLS and for each name, and so does `hsmcert verify`.
#[track_caller]
fn serves(site: &LinkedSite, server: &Server) {
    server.serves(&site.certificate(), &site.ca(), &NAMES);
    let (address, ca) = (format!("127.0.0.1:{}", server.port()), site.ca());
    let live = ["--connect", &address, "--name", NAMES[0], "--ca-file", ca.to_str().unwrap()];
    site.run(&[&["verify", "request.crt.pem"], &live[..]].concat()).ok();
}

/// A configuration of nginx around the server block, with this user for the workers.
fn nginx_frame(folder: &Path, block: &Path, user: &str) -> Vec<String> {
    let frame = format!(
        "user {user};\nenv SOFTHSM2_CONF;\ndaemon off;\npid {0}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n  \
         client_body_temp_path {0}/body;\n  proxy_temp_path {0}/proxy;\n  fastcgi_temp_path {0}/fastcgi;\n  \
         uwsgi_temp_path {0}/uwsgi;\n  scgi_temp_path {0}/scgi;\n  include {1};\n}}\n",
        folder.display(),
        block.display()
    );
    let file = folder.join("nginx.conf");
    std::fs::write(&file, frame).unwrap();
    ["-e", "stderr", "-c", file.to_str().unwrap()].map(str::to_owned).to_vec()
}

/// The folder of programs that Debian does not put into everybody's path.
fn sbin(program: &str) -> Command {
    let path = Path::new("/usr/sbin").join(program);
    assert!(path.exists(), "{} is missing; tests/run installs it", path.display());
    Command::new(path)
}

fn nginx(site: &LinkedSite, user: &str, more: &[&str]) -> Server {
    let port = free_port();
    let bound = site.bind("nginx", "nginx-site.conf", port, more);
    let arguments = nginx_frame(site.folder(), &site.path("nginx-site.conf"), user);
    Server::start(site, sbin("nginx").args(arguments).envs(service_environment(&bound)), port)
}

#[test]
fn nginx_serves_with_the_engine() {
    let site = LinkedSite::for_all_users();
    serves(&site, &nginx(&site, "www-data", &[]));
}

#[test]
fn nginx_serves_with_an_ecdsa_key() {
    let site = LinkedSite::of(include_str!("../request-templates/ecdsa.inf"), &[]);
    site.let_all_users_in();
    serves(&site, &nginx(&site, "www-data", &[]));
}

#[test]
fn a_browser_trusts_nginx_and_refuses_the_wrong_name() {
    let site = LinkedSite::for_all_users();
    let server = nginx(&site, "www-data", &[]);
    let browser = Browser::trusting(&site, &site.ca());
    let page = browser.look(NAMES[0], server.port());
    assert_eq!(page["error"], serde_json::Value::Null, "{page:#}");
    assert_eq!(page["certificate_sans"], serde_json::json!(NAMES));
    assert_eq!(page["protocol"], "TLS 1.3");
    assert_eq!(browser.look("other.example.org", server.port())["error"], "net::ERR_CERT_COMMON_NAME_INVALID");
}

/// Labels and paths are encoded and quoted so that each program reads them back.
#[test]
fn labels_and_paths_with_odd_characters_work() {
    let mut site = LinkedSite::of(support::SEED_INF, &["--label", "w\u{e9}b; \"1\"=/%41"]);
    site.rename_pin_file("p i;n%20");
    let chain = site.path("ch ain.fullchain.pem");
    site.let_all_users_in();
    let more = ["--chain", chain.to_str().unwrap()];
    serves(&site, &nginx(&site, "www-data", &more));
    serves(&site, &apache(&site, &more));
    serves(&site, &stunnel(&site, &more));
    serves(&site, &gnutls(&site, &more));
    serves(&site, &java(&site, &more));
}

#[test]
fn nginx_passes_requests_on() {
    let site = LinkedSite::for_all_users();
    let address = format!("127.0.0.1:{}", backend());
    let server = nginx(&site, "www-data", &["--backend", &address]);
    assert_eq!(server.page(&site.ca(), "www.example.com"), "hi\n");
}

/// The pitfall that the head of the file warns of: nginx starts without a word and serves nobody.
#[test]
fn nginx_whose_workers_cannot_read_the_token_starts_and_fails_every_handshake() {
    let site = LinkedSite::new();
    let is_root = std::fs::read_to_string("/proc/self/status").unwrap().contains("\nUid:\t0\t");
    if is_root {
        let server = nginx(&site, "www-data", &[]);
        assert!(!server.s_client(&site.ca(), "www.example.com", "-tls1_3").status.success());
    } else {
        site.bind("nginx", "nginx-site.conf", 443, &[]);
    }
    let text = String::from_utf8(site.read("nginx-site.conf")).unwrap();
    assert!(text.contains("A clean start is no proof") && text.contains("chmod -R g+rwX"), "{text}");
}

/// A renewal: accept, reload, and the new certificate is served with the same configuration.
#[test]
fn nginx_serves_the_renewed_certificate_after_a_reload() {
    let site = LinkedSite::for_all_users();
    let server = nginx(&site, "www-data", &[]);
    serves(&site, &server);
    site.run(&["dev-ca", "request.csr.pem", "request.crt.pem", "--force"]).ok();
    site.run(&["accept", "request.crt.pem", "--force"]).ok();
    let unchanged = site.bind("nginx", "nginx-site.conf", server.port(), &[]);
    assert_eq!(unchanged["files"][0]["change"], "unchanged", "{unchanged:#}");
    site.let_all_users_in();
    server.reload();
    serves(&site, &server);
}

#[test]
fn apache_serves_with_the_engine() {
    let site = LinkedSite::for_all_users();
    serves(&site, &apache(&site, &[]));
}

fn apache(site: &LinkedSite, more: &[&str]) -> Server {
    let port = free_port();
    let bound = site.bind("apache", "apache-site.conf", port, more);
    let modules = ["mpm_event", "authz_core", "socache_shmcb", "ssl"]
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .concat();
    let frame = format!(
        "ServerRoot {0}\nPidFile {0}/httpd.pid\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n{modules}Include {1}\n",
        site.folder().display(),
        site.path("apache-site.conf").display()
    );
    let file = site.folder().join("httpd.conf");
    std::fs::write(&file, frame).unwrap();
    let mut command = sbin("apache2");
    command.args(["-DFOREGROUND", "-f"]).arg(&file).envs(service_environment(&bound));
    Server::start(site, &mut command, port)
}

/// stunnel takes a PIN only as `engineCtrl = PIN:...`, says its manual; the URI's pin-source does without.
#[test]
fn stunnel_serves_with_the_engine_and_no_pin_in_its_configuration() {
    let site = LinkedSite::new();
    serves(&site, &stunnel(&site, &[]));
    let text = String::from_utf8(site.read("stunnel-site.conf")).unwrap();
    assert!(!text.lines().any(|line| line.starts_with("engineCtrl = PIN")), "{text}");
}

fn stunnel(site: &LinkedSite, more: &[&str]) -> Server {
    let port = free_port();
    let address = format!("127.0.0.1:{}", backend());
    let bound = site.bind("stunnel", "stunnel-site.conf", port, &[&["--backend", &address], more].concat());
    let folder = site.folder().join("stunnel.d");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(site.path("stunnel-site.conf"), folder.join("site.conf")).unwrap();
    let file = site.folder().join("stunnel.conf");
    std::fs::write(&file, format!("foreground = yes\npid =\ninclude = {}\n", folder.display())).unwrap();
    let mut command = Command::new("stunnel4");
    command.arg(&file).envs(service_environment(&bound));
    Server::start(site, &mut command, port)
}

#[test]
fn gnutls_serves() {
    let site = LinkedSite::new();
    serves(&site, &gnutls(&site, &[]));
}

fn gnutls(site: &LinkedSite, more: &[&str]) -> Server {
    let port = free_port();
    site.bind("gnutls", "gnutls.sh", port, more);
    let mut command = Command::new("sh");
    command.arg(site.path("gnutls.sh"));
    Server::start(site, &mut command, port)
}

#[test]
fn java_serves_with_sun_pkcs11() {
    let site = LinkedSite::new();
    serves(&site, &java(&site, &[]));
}

fn java(site: &LinkedSite, more: &[&str]) -> Server {
    let port = free_port();
    let bound = site.bind("java", "java.cfg", port, more);
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/HttpsServer.java");
    let value = |name: &str| bound[name].as_str().unwrap().to_owned();
    let mut command = Command::new("java");
    // Java reads its arguments in the encoding of the locale.
    command.env("LC_ALL", "C.UTF-8");
    // The alias as it stands in the printed line of Java, which takes each byte of a label for a character.
    let alias: String = value("label").bytes().map(char::from).collect();
    let escape = |one: char| match one {
        '"' => "\\\"".to_owned(),
        one if one.is_ascii() => one.to_string(),
        one => format!("\\u{:04x}", u32::from(one)),
    };
    let line = format!("store.getKey(\"{}\", null)", alias.chars().map(escape).collect::<String>());
    let text = String::from_utf8(site.read("java.cfg")).unwrap();
    assert!(text.contains(&line), "{line} is not in:\n{text}");
    command.arg(program).arg(site.path("java.cfg")).args([value("pin_file"), alias, port.to_string()]);
    for variable in bound["environment"].as_array().unwrap() {
        command.env(variable["name"].as_str().unwrap(), variable["value"].as_str().unwrap());
    }
    Server::start(site, &mut command, port)
}

/// The command that `bind openssl` says to try, as it is.
#[test]
fn openssl_serves_with_the_engine() {
    openssl_serves(&LinkedSite::new(), &[]);
}

fn openssl_serves(site: &LinkedSite, more: &[&str]) {
    let port = free_port();
    let bound = site.bind("openssl", "openssl.cnf", port, more);
    let next = bound["next"].as_array().unwrap();
    let command = next.iter().find(|one| one["purpose"] == "try").unwrap()["command"].as_str().unwrap();
    // s_server ends when its input does, and the shell would stand between it and its signals.
    let command = format!("exec env {command}");
    Server::start(site, Command::new("sh").args(["-c", &command]), port).serves(
        &site.certificate(),
        &site.ca(),
        &NAMES,
    );
}

/// charon finds the key on the token and says that the certificate has it. It runs in a network namespace of its own,
/// since it changes routing rules.
#[test]
fn strongswan_loads_key_and_certificate() {
    let site = LinkedSite::new();
    let socket = site.folder().join("vici");
    let uri = format!("unix://{}", socket.display());
    let folder = site.folder().join("swanctl");
    for name in ["conf.d", "x509", "x509ca"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    let bound = site.bind("strongswan", "swanctl-site.conf", 443, &[]);
    std::fs::copy(site.path("swanctl-site.conf"), folder.join("conf.d/site.conf")).unwrap();
    std::fs::write(folder.join("swanctl.conf"), "include conf.d/*.conf\n").unwrap();
    let next = |purpose: &str| {
        let all = bound["next"].as_array().unwrap();
        all.iter().find(|one| one["purpose"] == purpose).unwrap()["command"].as_str().unwrap().to_owned()
    };
    let write_pin = Command::new("sh").args(["-c", &next("the PIN")]).status().unwrap();
    assert!(write_pin.success());
    let plugins = "random nonce x509 pubkey pkcs1 pem openssl sha1 sha2 hmac kdf gcm";
    let frame = format!(
        "charon-systemd {{\n  load = {plugins} socket-default kernel-netlink pkcs11 vici\n  \
         filelog {{ stderr {{ default = 0 }} }}\n  plugins {{ vici {{ socket = {uri} }} }}\n}}\n\
         swanctl {{ load = {plugins} }}\ninclude {}\n",
        site.path("request.crt.strongswan.conf").display()
    );
    let file = site.folder().join("strongswan.conf");
    std::fs::write(&file, frame).unwrap();
    let environment = [("STRONGSWAN_CONF", &file), ("SWANCTL_DIR", &folder)];
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "/usr/sbin/charon-systemd"]);
    command.envs(environment).envs(service_environment(&bound));
    let server = Server::start_until(&site, &mut command, 0, || UnixStream::connect(&socket).is_ok());
    let swanctl = |what: &str| {
        let output = sbin("swanctl").args([what, "--uri", &uri]).envs(environment).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&output.stderr), server.log());
        said
    };
    let loaded = swanctl("--load-all");
    assert!(loaded.contains("loaded key token-hsmcert from token"), "{loaded}");
    assert!(loaded.contains("loaded connection 'hsmcert'"), "{loaded}");
    let listed = swanctl("--list-certs");
    assert!(listed.contains("www.example.com, example.com") && listed.contains("has private key"), "{listed}");
}

/// Servers read it in the tests above; this is what stands in it.
#[test]
fn the_uri_in_pem_has_the_form_that_the_provider_reads() {
    let site = LinkedSite::new();
    let bound = site.bind("pem-uri", "key.pem", 443, &[]);
    let parsed = site.openssl(&["asn1parse", "-in", "key.pem"]);
    let values: Vec<&str> = parsed.lines().filter_map(|line| line.split_once("prim: ")).map(|(_, rest)| rest).collect();
    let [description, uri] = values.as_slice() else { panic!("{parsed}") };
    assert!(
        description.starts_with("VISIBLESTRING") && description.ends_with(":PKCS#11 Provider URI v1.0"),
        "{parsed}"
    );
    let pin = site.pin_file();
    // By the id alone: a renewal changes the label.
    let key = bound["key_uri"].as_str().unwrap().replace(&format!(";object={}", NAMES[0]), "");
    let expected = format!(":{key}?pin-source={}", pin.display());
    assert!(uri.starts_with("UTF8STRING") && uri.ends_with(&expected), "{parsed}\n{expected}");
    assert!(String::from_utf8(site.read("key.pem")).unwrap().starts_with("-----BEGIN PKCS#11 PROVIDER URI-----\n"));
}

/// `HAProxy` is told of the key by the provider alone.
#[test]
fn haproxy_serves_with_the_provider() {
    let site = LinkedSite::new();
    serves(&site, &haproxy(&site, &[]));
    let address = format!("127.0.0.1:{}", backend());
    let server = haproxy(&site, &["--backend", &address, "--force"]);
    assert_eq!(server.page(&site.ca(), "www.example.com"), "hi\n");
}

fn haproxy(site: &LinkedSite, more: &[&str]) -> Server {
    let port = free_port();
    let bound = site.bind("haproxy", "haproxy.cfg", port, more);
    let mut command = sbin("haproxy");
    command.args(["-db", "-f"]).arg(site.path("haproxy.cfg")).envs(service_environment(&bound));
    Server::start(site, &mut command, port)
}

/// Without the provider it understands all but the key.
#[test]
fn haproxy_without_the_provider_does_not_load_the_key() {
    let site = LinkedSite::new();
    site.bind("haproxy", "haproxy.cfg", free_port(), &[]);
    let output = sbin("haproxy").args(["-c", "-f"]).arg(site.path("haproxy.cfg")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("unable to load private key from file") && said.contains("fullchain.pem.key"), "{said}");
    // It, that there are errors, and that they are fatal.
    assert_eq!(said.matches("[ALERT]").count(), 3, "{said}");
}

const PROVIDER: [&str; 2] = ["--method", "provider"];

#[test]
fn nginx_serves_with_the_provider() {
    let site = LinkedSite::for_all_users();
    serves(&site, &nginx(&site, "www-data", &PROVIDER));
}

#[test]
fn apache_serves_with_the_provider() {
    let site = LinkedSite::for_all_users();
    serves(&site, &apache(&site, &PROVIDER));
}

#[test]
fn stunnel_serves_with_the_provider() {
    let site = LinkedSite::new();
    serves(&site, &stunnel(&site, &PROVIDER));
}

#[test]
fn openssl_serves_with_the_provider() {
    let site = LinkedSite::new();
    openssl_serves(&site, &PROVIDER);
}
