//! The walk-through as it is typed at a prompt of Windows: its environment variables, the module in the place where
//! AWS CloudHSM installs it (`SoftHSM` under that name), and files as programs of Windows write them.

use std::path::{Path, PathBuf};
use std::process::Command;

use hsmcert::pin::Pin;
use hsmcert::token::vendor::{Platform, by_profile};
use hsmcert::token::{Module, Selector};
use hsmcert::x509::{self, Csr};

use crate::support::{Outcome, SEED_INF, Sandbox};

const USER_AND_PASSWORD: &str = "USER:PASSWORD";

/// A server on which `n3fips_password` is set, with a token whose PIN is that.
struct Server {
    sandbox: Sandbox,
}

impl Server {
    fn new() -> Self {
        let server = Self { sandbox: Sandbox::new() };
        let tokens = server.sandbox.folder().join("tokens");
        std::fs::create_dir(&tokens).unwrap();
        std::fs::write(server.configuration(), format!("directories.tokendir = {}\n", tokens.display())).unwrap();
        let mut maker = Command::new(std::env::current_exe().unwrap());
        maker.args(["--ignored", "--exact", "typed::make_the_token"]).env("SOFTHSM2_CONF", server.configuration());
        assert!(maker.output().unwrap().status.success());
        server.sandbox.write("request.inf", SEED_INF);
        server
    }

    fn configuration(&self) -> PathBuf {
        self.sandbox.folder().join("softhsm2.conf")
    }

    fn hsmcert(&self) -> assert_cmd::Command {
        let mut command = self.sandbox.hsmcert();
        command.env("SOFTHSM2_CONF", self.configuration());
        // As the walk-through has them set.
        for (name, value) in [
            ("liquidsecurity_daemon_id", "1"),
            ("liquidsecurity_daemon_socket_type", "TCPSOCKET"),
            ("liquidsecurity_daemon_tcp_port", "1111"),
            ("n3fips_username", "USER"),
            ("n3fips_password", USER_AND_PASSWORD),
            ("n3fips_partition", "hsm-ABCDEFGHIJK"),
        ] {
            command.env(name, value);
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let outcome = Outcome::of(self.hsmcert().args(arguments));
        assert!(!(outcome.stdout.clone() + &outcome.stderr).contains("PASSWORD"), "{outcome:#?}");
        outcome
    }

    fn csr(&self, name: &str) -> Csr {
        Csr::from_bytes(&self.sandbox.read(name)).unwrap()
    }
}

#[test]
#[ignore = "for the other tests, in a process with a SoftHSM configuration of its own"]
fn make_the_token() {
    let [module] = by_profile("cloudhsm").unwrap().modules(Platform::Windows) else { panic!("one usual place") };
    let module = Module::load(Path::new(module), None, None, None).unwrap();
    let (so_pin, pin) = (Pin::new("security officer".into()), Pin::new(USER_AND_PASSWORD.into()));
    let token = module.token_to_initialise(&Selector::default()).unwrap();
    let token = module.initialise(&token, "cavium", Some(&so_pin)).unwrap();
    module.set_user_pin(&token, Some(&so_pin), Some(&pin)).unwrap();
}

#[test]
fn the_walk_through() {
    let server = Server::new();
    let none = server.run(&["find-key", "--count", "--profile", "cloudhsm"]).ok();
    assert_eq!(none.stdout.trim_end(), "0");
    let made = server.run(&["-new", "request.inf", "request.csr.pem"]).ok();
    assert!(made.stdout.starts_with("CSR written to request.csr.pem\n"), "{}", made.stdout);
    for (class, what) in [("2", "public"), ("3", "private")] {
        let found = server.run(&["find-key", "-c", class, "--profile", "cloudhsm"]).ok();
        assert!(found.stdout.contains(what) && found.stdout.contains("www.example.com"), "{}", found.stdout);
    }
    let names: Vec<String> =
        server.csr("request.csr.pem").subject_alt_names().iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:www.example.com", "DNS:example.com"]);
    server.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let accepted = server.run(&["-accept", "request.crt.pem"]).ok();
    assert!(accepted.stdout.contains("store      LocalMachine\\My of Windows (added)"), "{}", accepted.stdout);
    server.run(&["verify", "request.crt.pem"]).ok();
}

#[test]
fn words_of_certreq_in_any_case_and_a_name_of_its_own_for_the_csr() {
    let server = Server::new();
    server.run(&["-New", "-Q", "-F", ".\\request.inf"]).ok();
    assert!(server.sandbox.files().contains(&"request.csr.pem".to_owned()));
}

#[test]
fn a_wrong_password_in_the_environment_is_tried_once() {
    let server = Server::new();
    let mut command = server.hsmcert();
    command.env("n3fips_password", "USER:other").args(["-new", "request.inf", "request.csr.pem"]);
    let refused = Outcome::of(&mut command).fails(5);
    assert!(!refused.stderr.contains("other"), "{}", refused.stderr);
    assert!(!server.sandbox.files().contains(&"request.csr.pem".to_owned()));
}

#[test]
fn files_as_programs_of_windows_write_them() {
    let server = Server::new();
    let inf = SEED_INF.replace("O=Information Technology", "O=Caf\u{e9}").replace('\n', "\r\n");
    let marked: Vec<u8> = std::iter::once('\u{feff}').chain(inf.chars()).collect::<String>().into_bytes();
    let wide = |order: fn(u16) -> [u8; 2]| {
        let units = std::iter::once(0xfeff).chain(inf.encode_utf16());
        units.flat_map(order).collect::<Vec<u8>>()
    };
    let ansi: Vec<u8> = inf.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect();
    let forms = [
        ("utf-8", inf.clone().into_bytes()),
        ("utf-8-mark", marked),
        ("unicode", wide(u16::to_le_bytes)),
        ("unicode-big-endian", wide(u16::to_be_bytes)),
        ("ansi", ansi),
    ];
    for (form, bytes) in forms {
        server.sandbox.write("form.inf", bytes);
        let (csr, label) = (format!("{form}.csr"), format!("--label={form}"));
        server.run(&["-new", "form.inf", &csr, &label]).ok();
        let subject = server.csr(&csr).subject().to_string();
        assert!(subject.contains("O=Caf\u{e9}") && subject.contains("CN=www.example.com"), "{form}: {subject}");
    }

    server.run(&["-new", "request.inf", "request.csr.pem"]).ok();
    server.run(&["dev-ca", "request.csr.pem", "request.crt.pem"]).ok();
    let pem = String::from_utf8(server.sandbox.read("request.crt.pem")).unwrap();
    server.sandbox.write("notepad.crt", pem.replace('\n', "\r\n"));
    assert_eq!(
        x509::read_certificates(&server.sandbox.read("notepad.crt")).unwrap(),
        x509::read_certificates(pem.as_bytes()).unwrap()
    );
    server.run(&["-accept", "notepad.crt"]).ok();
    server.sandbox.write("pin.txt", format!("{USER_AND_PASSWORD}\r\n"));
    server.run(&["find-key", "--pin-source", "pin.txt", "--profile", "cloudhsm"]).ok();
}

#[test]
fn paths_with_spaces_and_letters_of_other_languages() {
    let server = Server::new();
    let folder = "mein Ordner \u{e9}\u{416}\u{65e5}";
    std::fs::create_dir(server.sandbox.path(folder)).unwrap();
    let request = format!("{folder}\\request \u{fc}.inf");
    server.sandbox.write(&request, SEED_INF);
    let made = server.run(&["-new", &request]).ok();
    assert!(made.stdout.starts_with(&format!("CSR written to {folder}\\request \u{fc}.csr.pem\n")), "{}", made.stdout);
    // The whole path, with a drive, a letter of another case in it, and both kinds of slashes.
    let whole = server.sandbox.path(&request).display().to_string().replace('\\', "/");
    server.run(&["-new", &whole, "whole.csr.pem", "--label", "whole"]).ok();
    let output =
        server.run(&["find-key", "-c", "3", "--label", "whole", "--json", "--profile", "cloudhsm"]).ok().json();
    assert_eq!(output["objects"][0]["label"], "whole");
}

/// The child has input, output and exit code for its parent's, and nothing is left of the folder through which they spoke.
#[test]
fn a_command_in_a_process_of_its_own() {
    let server = Server::new();
    let made = server.run(&["-new", "request.inf", "request.csr.pem", "--isolate", "-v"]).ok();
    made.says("works in a process of its own");
    assert!(server.sandbox.path("request.csr.pem").exists());
    server.run(&["-new", "nothing.inf", "--isolate"]).fails(10).says("no such file");
    let mut piped = server.hsmcert();
    let piped = Outcome::of(piped.args(["lint", "-", "--isolate"]).write_stdin(SEED_INF)).ok();
    assert!(piped.stdout.contains("www.example.com"), "{piped:#?}");
    let temporary = std::fs::read_dir(server.sandbox.folder().join("tmp")).unwrap();
    let left = temporary.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with("hsmcert-"));
    assert_eq!(left.count(), 0);
}
