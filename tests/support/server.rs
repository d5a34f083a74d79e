//! A server of others as a child process on the loopback interface, and a client's view of it.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{Sandbox, tools};

/// How long a server may take to listen, and to end.
const DEADLINE: Duration = Duration::from_secs(60);

/// A port that is free now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A program that answers each connection with one HTTP response; it ends with the test.
pub fn backend() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nhi\n");
            });
        }
    });
    port
}

/// A running server. Dropping it ends it by its process id.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Server {
    /// Starts it and waits until it listens. Output goes to a file in the sandbox.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, command: &mut Command, port: u16) -> Self {
        Self::start_until(sandbox, command, port, || TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// Starts it and waits until this is true.
    #[track_caller]
    pub fn start_until(sandbox: &Sandbox, command: &mut Command, port: u16, ready: impl Fn() -> bool) -> Self {
        let log = sandbox.folder().join(format!("server-{port}.log"));
        let file = std::fs::File::create(&log).unwrap();
        command.stdin(Stdio::piped()).stdout(file.try_clone().unwrap()).stderr(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}; tests/run installs it"));
        let mut server = Self { child, port, log };
        let end = Instant::now() + DEADLINE;
        while !ready() {
            if let Some(status) = server.child.try_wait().unwrap() {
                panic!("{command:?} ended with {status}\n{}", server.log());
            }
            assert!(Instant::now() < end, "{command:?} does not get ready\n{}", server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// What it has said.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The page that curl gets.
    #[track_caller]
    pub fn page(&self, ca: &Path, name: &str) -> String {
        let output = self.curl(ca, name);
        assert!(output.status.success(), "{}\n{}", shown(&output), self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks it to read its configuration anew, and waits until the workers that ran before are gone: for a moment old and
    /// new ones answer side by side.
    #[track_caller]
    pub fn reload(&self) {
        let before = self.workers();
        assert!(!before.is_empty(), "it has no workers\n{}", self.log());
        self.signal("HUP");
        let end = Instant::now() + DEADLINE;
        while before.iter().any(|worker| Path::new("/proc").join(worker).exists()) {
            assert!(Instant::now() < end, "the old workers go on\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process ids of its children.
    fn workers(&self) -> Vec<String> {
        let children = Command::new("pgrep").args(["-P", &self.child.id().to_string()]).output().unwrap();
        String::from_utf8(children.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, name: &str) {
        tools::run(Command::new("kill").args(["-s", name, &self.child.id().to_string()]), "procps");
    }

    /// A client of TLS 1.2 and one of TLS 1.3 trust it for each of the names and for no other; they are shown this
    /// certificate, and get a page.
    #[track_caller]
    pub fn serves(&self, certificate: &Path, ca: &Path, names: &[&str]) {
        let folder = certificate.parent().unwrap();
        let fingerprint = x509(&["-fingerprint", "-sha256"], certificate);
        for version in ["-tls1_2", "-tls1_3"] {
            for name in names {
                let output = self.s_client(ca, name, version);
                assert!(output.status.success(), "{version} {name}\n{}\n{}", shown(&output), self.log());
                let served = folder.join(format!("served-{}.pem", self.port));
                std::fs::write(&served, first_certificate(&shown(&output))).unwrap();
                assert_eq!(x509(&["-fingerprint", "-sha256"], &served), fingerprint, "{version} {name}");
                let sans = x509(&["-ext", "subjectAltName"], &served);
                for name in names {
                    assert!(sans.contains(&format!("DNS:{name}")), "{sans}");
                }
            }
            let wrong = self.s_client(ca, "wrong.example.net", version);
            assert!(
                !wrong.status.success() && shown(&wrong).to_lowercase().contains("hostname mismatch"),
                "{}",
                shown(&wrong)
            );
        }
        for name in names {
            let output = self.curl(ca, name);
            assert!(output.status.success(), "curl {name}\n{}\n{}", shown(&output), self.log());
        }
        // 60: the peer's certificate cannot be authenticated.
        assert_eq!(self.curl(ca, "wrong.example.net").status.code(), Some(60));
    }

    /// A handshake; what the client says.
    pub fn s_client(&self, ca: &Path, name: &str, version: &str) -> Output {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &format!("127.0.0.1:{}", self.port), "-servername", name, version]);
        command.args(["-showcerts", "-verify_return_error", "-verify_hostname", name, "-CAfile"]).arg(ca);
        command.stdin(Stdio::null()).output().unwrap()
    }

    fn curl(&self, ca: &Path, name: &str) -> Output {
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30", "--cacert"]).arg(ca);
        command.args(["--connect-to", &format!("{name}:443:127.0.0.1:{}", self.port), &format!("https://{name}/")]);
        command.output().unwrap_or_else(|error| panic!("curl: {error}; install it with: apt-get install curl"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A master process takes its workers along only when it is asked to end.
        let _ = Command::new("kill").args(["-s", "TERM", &self.child.id().to_string()]).status();
        let end = Instant::now() + DEADLINE;
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Of what `s_client -showcerts` prints.
fn first_certificate(text: &str) -> &str {
    let (begin, end) = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----");
    let from = text.find(begin).unwrap_or_else(|| panic!("no certificate in:\n{text}"));
    let to = text.find(end).unwrap() + end.len();
    &text[from..to]
}

/// What `openssl x509` says of a certificate.
fn x509(what: &[&str], certificate: &Path) -> String {
    let arguments = [&["x509", "-noout"], what, &["-in", certificate.to_str().unwrap()]].concat();
    super::openssl(certificate.parent().unwrap(), &arguments)
}
