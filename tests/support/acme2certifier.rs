//! acme2certifier, a CA that says when it wants its certificates to be renewed. It ends with the test.

use std::path::{Path, PathBuf};

use super::{Running, free_port, openssl, tools};

/// A CA on a port of its own, which looks at no names.
#[derive(Debug)]
pub struct Acme2Certifier {
    folder: PathBuf,
    port: u16,
    running: Running,
}

/// Its own start listens on port 80 alone.
const SERVE: &str = "\
import sys
from wsgiref.simple_server import make_server
from acme2certifier.share import acme2certifier_wsgi as ca
server = make_server('127.0.0.1', int(sys.argv[1]), ca.application, handler_class=ca.get_handler_cls())
print('listens', flush=True)
server.serve_forever()
";

impl Acme2Certifier {
    /// Its certificates live for 90 days. Its files go to a new folder below this one. `renewals` is a section of its
    /// configuration.
    #[track_caller]
    pub fn start(sandbox: &Path, renewals: &str) -> Self {
        let (folder, port) = (sandbox.join("acme2certifier"), free_port());
        std::fs::create_dir(&folder).unwrap();
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key"];
        let root = ["req", "-x509", "-out", "ca.pem", "-subj", "/CN=acme2certifier", "-days", "365"];
        openssl(&folder, &[&root[..], &key].concat());
        let running = run(&folder, port, renewals);
        Self { folder, port, running }
    }

    /// The same CA with other settings.
    #[track_caller]
    pub fn restart(&mut self, renewals: &str) {
        self.running.signal("KILL");
        self.running.ends();
        self.running = run(&self.folder, self.port, renewals);
    }

    /// It answers no more.
    #[track_caller]
    pub fn stop(&mut self) {
        self.running.signal("KILL");
        self.running.ends();
    }

    /// `[ca.a2c]`.
    pub fn table(&self) -> String {
        format!(
            "[ca.a2c]\ntype = 'acme'\ndirectory = 'http://127.0.0.1:{}/directory'\nterms-of-service-agreed = true\n\
             contact = ['admin@example.com']\nchallenge = 'http-01'\nwebroot = '.'\n",
            self.port
        )
    }

    /// How often it was asked when to renew, since it was started the last time.
    pub fn asked(&self) -> usize {
        self.running.printed().lines().filter(|line| line.contains("GET /acme/renewal-info/")).count()
    }
}

#[track_caller]
fn run(folder: &Path, port: u16, renewals: &str) -> Running {
    let place = |name: &str| folder.join(name).display().to_string();
    let settings = format!(
        "[CAhandler]\nhandler_module: acme2certifier.cahandlers.openssl_ca_handler\nissuing_ca_key: {}\n\
         issuing_ca_cert: {}\nissuing_ca_crl: {}\ncert_save_path: {}\nca_cert_chain_list: []\ncert_validity_days: 90\n[DBhandler]\n\
         handler: wsgi\ndbfile: {}\n[Challenge]\nchallenge_validation_disable: True\n[Renewalinfo]\n{renewals}\n",
        place("ca.key"),
        place("ca.pem"),
        place("crl.pem"),
        folder.display(),
        place("orders.db")
    );
    std::fs::write(folder.join("acme_srv.cfg"), settings).unwrap();
    let mut command = tools::python("python");
    command.args(["-c", SERVE, &port.to_string()]).env("ACME_SRV_CONFIGFILE", folder.join("acme_srv.cfg"));
    let mut running =
        Running::start(command.env("ACME2CERTIFIER_I_KNOW_THE_RISK", "1"), folder, "acme2certifier (PyPI)");
    running.prints("listens");
    running
}
