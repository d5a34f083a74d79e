//! `deploy` with each server that it knows beside nginx (`tests/renew_deploy.rs`): the real one gets its configuration, tests
//! it itself, is reloaded and looked at, and gets the old one back when its own check refuses the new one.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use support::company::{Company, NAME, spec};
use support::{Server, SoftToken, backend, free_port, service_environment};

/// A server as it is run here: by a supervisor that starts it again when it ends, with its own configuration around the
/// part that `bind` writes.
struct Kind {
    target: &'static str,
    method: &'static str,
    /// The part, in the working folder.
    part: &'static str,
    /// What stands around it; `FOLDER` and `PART` are put in.
    frame: &'static str,
    /// Starts it in the foreground; `FRAME` and `PART` are put in. So for the other commands.
    start: &'static str,
    /// Its own test, as words of TOML; `None`: it has none.
    check: Option<&'static str>,
    /// The signal by which it reads its configuration anew.
    reload: &'static str,
    /// A line that it refuses.
    nonsense: &'static str,
}

const APACHE: Kind = Kind {
    target: "apache",
    method: "engine",
    part: "apache-site.conf",
    frame: "ServerRoot FOLDER\nPidFile FOLDER/pid\nErrorLog /dev/stderr\nUser www-data\nGroup www-data\n\
            LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so\n\
            LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so\n\
            LoadModule socache_shmcb_module /usr/lib/apache2/modules/mod_socache_shmcb.so\n\
            LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\nInclude PART\n",
    start: "/usr/sbin/apache2 -DFOREGROUND -f FRAME",
    check: Some("'/usr/sbin/apache2', '-t', '-f', 'FRAME'"),
    reload: "USR1",
    nonsense: "NoSuchDirective on\n",
};

const HAPROXY: Kind = Kind {
    target: "haproxy",
    method: "provider",
    part: "haproxy-site.cfg",
    frame: "global\n    pidfile FOLDER/haproxy.pid\n",
    start: "/usr/sbin/haproxy -W -db -f FRAME -f PART",
    check: Some("'/usr/sbin/haproxy', '-c', '-f', 'FRAME', '-f', 'PART'"),
    reload: "USR2",
    nonsense: "    no-such-keyword\n",
};

const STUNNEL: Kind = Kind {
    target: "stunnel",
    method: "engine",
    part: "stunnel.d/site.conf",
    frame: "foreground = yes\npid =\ninclude = FOLDER/work/stunnel.d\n",
    start: "stunnel4 FRAME",
    check: None,
    reload: "HUP",
    nonsense: "no-such-option = 1\n",
};

/// A company whose site this server serves, set up with `bind` by hand.
struct Served {
    company: Company,
    server: Server,
    kind: Kind,
    port: u16,
    backend: String,
}

impl Served {
    #[track_caller]
    fn by(kind: Kind) -> Self {
        let company = Company::new();
        let folder = company.token.folder().to_owned();
        std::fs::write(folder.join("pin"), SoftToken::PIN).unwrap();
        std::fs::create_dir_all(company.token.path(kind.part).parent().unwrap()).unwrap();
        company.renew(&[]).ok();
        let (port, backend) = (free_port(), format!("127.0.0.1:{}", backend()));
        let (listen, pin) = (format!("127.0.0.1:{port}"), folder.join("pin"));
        let bind = ["bind", kind.target, "web.crt.pem", "--chain", "web.fullchain.pem", "--write", kind.part, "--json"];
        let more = ["--listen", &listen, "--pin-file", pin.to_str().unwrap(), "--method", kind.method];
        let backend_of = if kind.target == "apache" { vec![] } else { vec!["--backend", &backend] };
        let bound = company.token.run(&[&bind[..], &more, &backend_of].concat()).ok().json();
        // The children give up root, and what SoftHSM makes is for this user alone.
        let permit = format!("chmod -R a+rwX {}", folder.display());
        assert!(Command::new("sh").args(["-c", &permit]).status().unwrap().success());
        let served_by = |text: &str| fill(text, &company, &kind);
        std::fs::write(folder.join("frame.conf"), served_by(kind.frame)).unwrap();
        let supervisor = format!(
            "umask 0; trap 'kill $server; wait $server; exit' TERM; while :; do {} & server=$!; echo $server > {}/running; \
             wait $server; done",
            served_by(kind.start),
            folder.display()
        );
        let mut command = Command::new("sh");
        command.args(["-c", &supervisor]).envs(service_environment(&bound));
        let server = Server::start(&company.token, &mut command, port);
        let served = Self { company, server, kind, port, backend };
        served.deploys();
        served
    }

    /// The settings, with the server's own commands.
    fn deploys(&self) {
        let Kind { target, method, part, check, reload, .. } = self.kind;
        let check = check.map(|check| format!("check = [{}]\n", fill(check, &self.company, &self.kind)));
        let tell = |signal: &str| format!("['sh', '-c', 'kill -s {signal} $(cat ../running)']");
        let backend = match target {
            "apache" => String::new(),
            _ => format!("backend = '{}'\n", self.backend),
        };
        let settings = format!(
            "ca = 'company'\n[[renewal.deploy]]\ncommand = ['chmod', '-R', 'a+rwX', '../tokens']\n\
             [[renewal.deploy]]\ntarget = '{target}'\nmethod = '{method}'\nwrite = '{part}'\n\
             listen = '127.0.0.1:{}'\npin-file = '../pin'\n{backend}{}reload = {}\nrestart = {}",
            self.port,
            check.unwrap_or_default(),
            tell(reload),
            tell("TERM"),
        );
        self.company.token.write("web.toml", spec(NAME, &settings));
    }

    /// What `bind` wrote: its part, and for the provider the file with the URI of the key.
    fn written(&self) -> Vec<u8> {
        let key = std::fs::read(self.path("web.fullchain.pem.key")).unwrap_or_default();
        [self.company.token.read(self.kind.part), key].concat()
    }

    /// What `openssl s_client` and `curl` see is this certificate. Right after a reload an old process may still answer.
    #[track_caller]
    fn serves(&self, certificate: &str) {
        let folder = self.company.token.folder();
        let trusted = folder.join("trusted.pem");
        let root =
            ["ca Example/root.pem", "ca Example/policy.pem"].map(|file| std::fs::read(folder.join(file)).unwrap());
        std::fs::write(&trusted, root.concat()).unwrap();
        let leaf = String::from_utf8(self.company.token.read(certificate)).unwrap();
        let body = leaf.lines().nth(1).unwrap().to_owned();
        let end = Instant::now() + Duration::from_secs(20);
        let mut seen = 0;
        while seen < 5 {
            let output = self.server.s_client(&trusted, NAME, "-tls1_3");
            seen = if String::from_utf8_lossy(&output.stdout).contains(&body) { seen + 1 } else { 0 };
            assert!(Instant::now() < end, "{certificate} is not served\n{}", self.server.log());
        }
        self.server.serves(&self.path(certificate), &trusted, &[NAME]);
    }

    fn path(&self, file: &str) -> PathBuf {
        self.company.token.path(file)
    }

    /// Somebody breaks another part of its configuration, or mends it.
    fn frame(&self, more: &str) {
        let frame = fill(self.kind.frame, &self.company, &self.kind) + more;
        std::fs::write(self.company.token.folder().join("frame.conf"), frame).unwrap();
    }
}

fn fill(text: &str, company: &Company, kind: &Kind) -> String {
    let folder = company.token.folder().display().to_string();
    let part = company.token.path(kind.part).display().to_string();
    text.replace("FRAME", &format!("{folder}/frame.conf")).replace("FOLDER", &folder).replace("PART", &part)
}

/// Twice with a new key, once with the same.
#[track_caller]
fn is_brought_to_new_certificates(kind: Kind) {
    let served = Served::by(kind);
    served.serves("web.crt.pem");
    for key in ["new", "new", "same"] {
        let before = (served.written(), served.company.token.read("web.crt.pem"));
        served.company.renew(&["--force", "--key", key]).ok();
        assert_eq!(served.written() == before.0, key == "same", "it names the key");
        assert!(served.company.token.read("web.crt.pem") != before.1);
        served.serves("web.crt.pem");
        served.company.is_whole();
    }
    assert_eq!((served.company.csrs(), served.company.pairs().len()), (4, 3));
}

/// The old certificate is served, and the next run brings the new one, for which nothing is ordered again.
#[track_caller]
fn is_put_back(kind: Kind, said: &str) {
    let served = Served::by(kind);
    let before = (served.written(), served.company.token.read("web.fullchain.pem"));
    served.frame(served.kind.nonsense);
    let failed = served.company.renew(&["--force"]).exits(13);
    let failed = failed.says(&format!("{} is not deployed: ", served.kind.target)).says(said);
    assert!(failed.stdout.contains("; not deployed"), "{failed:?}");
    assert!((served.written(), served.company.token.read("web.fullchain.pem")) == before);
    served.frame("");
    served.serves("web.fullchain.pem");
    served.company.renew(&[]).ok();
    served.serves("web.crt.pem");
    served.company.is_whole();
    assert_eq!((served.company.csrs(), served.company.calls()), (2, 2), "one order for both runs");
}

#[test]
fn apache_is_brought_to_new_certificates() {
    is_brought_to_new_certificates(APACHE);
}

#[test]
fn apache_with_the_provider_is_brought_to_new_certificates() {
    is_brought_to_new_certificates(Kind { method: "provider", ..APACHE });
}

#[test]
fn apache_is_put_back_when_its_check_fails() {
    is_put_back(APACHE, "its own check fails: /usr/sbin/apache2 -t -f ");
}

#[test]
fn haproxy_is_brought_to_new_certificates() {
    is_brought_to_new_certificates(HAPROXY);
}

#[test]
fn haproxy_is_put_back_when_its_check_fails() {
    is_put_back(HAPROXY, "unknown keyword 'no-such-keyword'");
}

#[test]
fn stunnel_is_brought_to_new_certificates() {
    is_brought_to_new_certificates(STUNNEL);
}

#[test]
fn stunnel_with_the_provider_is_brought_to_new_certificates() {
    is_brought_to_new_certificates(Kind { method: "provider", ..STUNNEL });
}

/// It has no check, and goes on with what it had when it cannot read its configuration anew.
#[test]
fn stunnel_is_put_back_when_it_goes_on_with_the_old_certificate() {
    is_put_back(STUNNEL, "does not serve the new certificate");
}
