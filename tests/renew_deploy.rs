//! What is done around a renewal: commands, and a real nginx that is brought to the new certificate or put back.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::PathBuf;
use std::process::Command;

use support::company::{Company, NAME, records, spec};
use support::{NAMING, Server, SoftToken, file_calls, free_port, openssl, service_environment, strace};

/// `pre`, `deploy` and `post` that write down what they are told.
const HOOKS: &str = "ca = 'company'\npre = ['sh', 'hook.sh', 'pre']\npost = ['sh', 'hook.sh', 'post']\n\
                     deploy = [{ command = ['sh', 'hook.sh', 'deploy'], env = ['FOR_THE_HOOK'] }]";

fn with_hooks() -> Company {
    let company = Company::new();
    company.token.write("web.toml", spec(NAME, HOOKS));
    company.token.write(
        "hook.sh",
        "echo $1 >> hooks; env | sort > env-$1; [ $1 = deploy ] && cp $HSMCERT_CERT $HSMCERT_CHAIN .; true\n",
    );
    company
}

impl Company {
    /// The hooks that ran, in order; they are forgotten.
    fn hooks(&self) -> Vec<String> {
        let path = self.token.path("hooks");
        let ran = std::fs::read_to_string(&path).unwrap_or_default();
        let _ = std::fs::remove_file(path);
        ran.lines().map(str::to_owned).collect()
    }

    /// A variable that a hook had.
    fn told(&self, hook: &str, name: &str) -> Option<String> {
        let all = String::from_utf8(self.token.read(&format!("env-{hook}"))).unwrap();
        all.lines().find_map(|line| line.strip_prefix(&format!("HSMCERT_{name}=")).map(str::to_owned))
    }
}

#[test]
fn hooks_run_around_a_renewal_and_are_told_what_they_need() {
    let company = with_hooks();
    let mut first = company.token.hsmcert();
    first.args(["renew", "web.toml"]).env("FOR_THE_HOOK", "yes").env("NOT_FOR_THE_HOOK", "no");
    support::Outcome::of(&mut first).ok();
    assert_eq!(company.hooks(), ["pre", "deploy", "post"]);
    let told = |name: &str| company.told("deploy", name).unwrap();
    let leaf = |what: &str| openssl(&company.token.folder().join("work"), &["x509", "-in", "cert.pem", "-noout", what]);
    assert_eq!(leaf("-serial").trim().to_lowercase(), format!("serial={}", told("CERT_SERIAL")));
    assert_eq!(leaf("-fingerprint").lines().count(), 1);
    assert_eq!((told("DNS"), told("KEY_LABEL"), told("CA")), (NAME.to_owned(), NAME.to_owned(), "company".to_owned()));
    assert_eq!(told("WHY"), "no certificate yet");
    assert!(told("KEY_URI").contains(&format!("object={NAME};type=private")), "{}", told("KEY_URI"));
    assert!(told("NOT_AFTER").ends_with('Z'), "{}", told("NOT_AFTER"));
    let (leaf, chain) = (company.token.read("cert.pem"), company.token.read("chain.pem"));
    assert!([leaf, chain].concat() == std::fs::read(told("FULLCHAIN")).unwrap(), "together they are the chain file");
    assert!(!PathBuf::from(told("CERT")).exists(), "it is there as long as the command runs");
    assert_eq!(company.told("post", "RESULT").as_deref(), Some("renewed"));
    for hook in ["pre", "deploy", "post"] {
        let all = String::from_utf8(company.token.read(&format!("env-{hook}"))).unwrap();
        assert!(!all.contains(SoftToken::PIN) && !all.contains("NOT_FOR_THE_HOOK"), "{all}");
        assert_eq!(all.contains("FOR_THE_HOOK=yes"), hook == "deploy", "{all}");
    }
    company.renew(&[]).ok();
    assert_eq!(company.hooks(), [""; 0], "nothing was due");
    company.answers("exit 12");
    company.renew(&["--force"]).exits(12);
    assert_eq!(company.hooks(), ["pre", "post"]);
    assert_eq!(company.told("post", "RESULT").as_deref(), Some("waits"));
}

#[test]
fn when_pre_fails_nothing_is_done() {
    let company = with_hooks();
    company.token.write("hook.sh", "echo $1 >> hooks; env > env-$1; echo 'the disk is full' >&2; [ $1 != pre ]\n");
    company
        .renew(&[])
        .fails(13)
        .says("the pre command fails: sh hook.sh pre: the disk is full")
        .says("nothing was done");
    assert_eq!(
        (company.calls(), company.token.objects().len(), company.hooks()),
        (0, 0, vec!["pre".into(), "post".into()])
    );
    assert_eq!(company.told("post", "RESULT").as_deref(), Some("failed"));
    assert!(!company.token.files().iter().any(|file| file.starts_with("web.c")), "{:?}", company.token.files());
}

#[test]
fn when_deploy_fails_the_next_run_does_it_again() {
    let company = with_hooks();
    company.token.write("hook.sh", "echo $1 >> hooks; env > env-$1; [ $1 != deploy ] || [ -e works ]\n");
    let failed = company.renew(&["--json"]).exits(13);
    failed.json_error("hook-failed");
    let result = &failed.json()["results"][0];
    assert_eq!((&result["outcome"], &result["error"]["code"]), (&"failed".into(), &"hook-failed".into()));
    assert_eq!(result["certificate"]["label"], NAME, "it is in place");
    assert_eq!(company.told("post", "RESULT").as_deref(), Some("failed"));
    company.token.run(&["verify", NAME]).ok();
    company.renew(&[]).exits(13).says("the deploy command fails").says("the same command deploys it");
    company.token.write("works", "");
    company.hooks();
    assert!(company.renew(&[]).ok().stdout.contains("no certificate yet; new key "));
    assert_eq!(company.hooks(), ["pre", "deploy", "post"]);
    assert_eq!((company.calls(), company.csrs()), (1, 1), "the CA was asked once");
    company.is_whole();
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
    assert_eq!(company.pairs(), [NAME]);
}

#[test]
fn when_post_fails_the_certificate_is_in_place_all_the_same() {
    let company = with_hooks();
    company.token.write("hook.sh", "env > env-$1; [ $1 != post ]\n");
    let failed = company.renew(&[]).exits(13).says("the post command fails");
    assert!(failed.stdout.contains("renewed by company"), "{failed:?}");
    company.is_whole();
    assert!(company.renew(&[]).ok().stdout.contains("not due"));
}

#[test]
fn a_command_that_hangs_is_ended() {
    let company = Company::new();
    company.token.write("web.toml", spec(NAME, "ca = 'company'\npre = { command = ['sleep', '600'], timeout = 1 }"));
    company.renew(&[]).fails(13).says("sleep was ended: it took more than 1 s");
    assert_eq!(company.calls(), 0);
}

#[test]
fn what_cannot_be_deployed_is_refused_before_anything_is_done() {
    let company = Company::new();
    for (deploy, said) in [
        ("['iis']", "none of nginx, apache, haproxy, stunnel"),
        ("['ngnix']", "none of nginx, apache, haproxy, stunnel"),
        ("['haproxy']", "deploy needs the file"),
        ("[{ target = 'nginx', listen = 'here' }]", "listen = \"here\" of nginx"),
        ("[{ target = 'nginx', connect = 'www.example.com' }]", "expected HOST:PORT"),
        (
            "[{ target = 'haproxy', write = 'a', method = 'engine' }]",
            "haproxy has no method \"engine\"; it has provider",
        ),
        ("[{ command = [] }]", "empty command"),
    ] {
        company.token.write("web.toml", spec(NAME, &format!("ca = 'company'\ndeploy = {deploy}")));
        company.renew(&[]).fails(2).says(said);
        company.token.run(&["lint", "web.toml"]).exits(2).says(said);
    }
    assert_eq!((company.calls(), company.token.objects().len()), (0, 0));
    company.token.write("web.toml", spec(NAME, "deploy = [{ target = 'nginx', wirte = 'a' }]"));
    company.token.run(&["lint", "web.toml"]).exits(3).says("unknown key `wirte`").says("did you mean `write`?");
}

/// A company whose site is served by nginx, set up with `bind` by hand.
struct Served {
    company: Company,
    nginx: Server,
    port: u16,
}

impl Served {
    fn new() -> Self {
        let company = Company::new();
        let port = free_port();
        let folder = company.token.folder().to_owned();
        std::fs::write(folder.join("pin"), SoftToken::PIN).unwrap();
        company.renew(&[]).ok();
        let (listen, pin) = (format!("127.0.0.1:{port}"), folder.join("pin"));
        let bind =
            ["bind", "nginx", "web.crt.pem", "--chain", "web.fullchain.pem", "--write", "nginx-site.conf", "--json"];
        let more = ["--listen", &listen, "--pin-file", pin.to_str().unwrap()];
        let bound = company.token.run(&[&bind[..], &more].concat()).ok().json();
        // The workers stay what the test is, so that they can read the token that changes.
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let frame = format!(
            "user {};\ndaemon off;\npid {1}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n  \
             client_body_temp_path {1}/body;\n  proxy_temp_path {1}/proxy;\n  fastcgi_temp_path {1}/fastcgi;\n  \
             uwsgi_temp_path {1}/uwsgi;\n  scgi_temp_path {1}/scgi;\n  include {2};\n}}\n",
            user.trim(),
            folder.display(),
            company.token.path("nginx-site.conf").display()
        );
        std::fs::write(folder.join("nginx.conf"), frame).unwrap();
        // As a service is supervised: when nginx ends, it is started again.
        let supervisor = "trap 'kill $nginx; wait $nginx; exit' TERM; while :; do \
                          /usr/sbin/nginx -e stderr -c \"$0\" & nginx=$!; wait $nginx; done";
        let mut command = Command::new("sh");
        command.args(["-c", supervisor]).arg(folder.join("nginx.conf")).envs(service_environment(&bound));
        let nginx = Server::start(&company.token, &mut command, port);
        let served = Self { company, nginx, port };
        served.deploys("", "", "[]");
        served
    }

    /// The settings, with these commands in the place of nginx's own.
    fn deploys(&self, check: &str, reload: &str, restart: &str) {
        let folder = self.company.token.folder().display().to_string();
        let nginx = |what: &str| format!("['/usr/sbin/nginx', {what}, '-e', 'stderr', '-c', '{folder}/nginx.conf']");
        let or = |own: &str, usual: String| if own.is_empty() { usual } else { own.to_owned() };
        let (check, reload) = (or(check, nginx("'-t'")), or(reload, nginx("'-s', 'reload'")));
        let settings = format!(
            "ca = 'company'\n[[renewal.deploy]]\ntarget = 'nginx'\nwrite = 'nginx-site.conf'\nlisten = '127.0.0.1:{}'\n\
             pin-file = '../pin'\ncheck = {check}\nreload = {reload}\nrestart = {restart}",
            self.port
        );
        self.company.token.write("web.toml", spec(NAME, &settings));
    }

    /// The process ids of nginx's workers.
    fn workers(&self) -> Vec<String> {
        let master = std::fs::read_to_string(self.company.token.folder().join("nginx.pid")).unwrap();
        let children = Command::new("pgrep").args(["-P", master.trim()]).output().unwrap();
        String::from_utf8(children.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
    }

    /// nginx has this certificate for clients that trust the company. After a reload an old worker may answer for a while.
    #[track_caller]
    fn serves(&self, certificate: &str) {
        while self.workers().len() != 1 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let root = self.company.token.folder().join("ca Example/root.pem");
        let policy = std::fs::read(self.company.token.folder().join("ca Example/policy.pem")).unwrap();
        let trusted = self.company.token.folder().join("trusted.pem");
        std::fs::write(&trusted, [std::fs::read(root).unwrap(), policy].concat()).unwrap();
        self.nginx.serves(&self.company.token.path(certificate), &trusted, &[NAME]);
    }

    /// nginx reads its configuration anew, and its workers are other ones.
    fn reload(&self) {
        let master = std::fs::read_to_string(self.company.token.folder().join("nginx.pid")).unwrap();
        let before = self.workers();
        assert!(!before.is_empty());
        assert!(Command::new("kill").args(["-s", "HUP", master.trim()]).status().unwrap().success());
        while self.workers().iter().any(|worker| before.contains(worker)) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    fn configuration(&self) -> Vec<u8> {
        self.company.token.read("nginx-site.conf")
    }
}

#[test]
fn nginx_is_brought_to_the_new_certificate() {
    let served = Served::new();
    served.serves("web.crt.pem");
    let before = served.configuration();
    served.company.renew(&["--force"]).ok();
    assert!(served.configuration() != before, "it names the new key");
    served.serves("web.crt.pem");
    served.company.is_whole();
    // The next one too: hsmcert knows what it wrote. And with the same key there is nothing to write.
    served.company.renew(&["--force"]).ok();
    served.serves("web.crt.pem");
    let before = served.configuration();
    served.company.renew(&["--force", "--key", "same"]).ok();
    assert!(served.configuration() == before);
    served.serves("web.crt.pem");
    assert_eq!((served.company.csrs(), served.company.pairs().len()), (4, 3));
}

#[test]
fn a_check_that_fails_leaves_everything_as_it_was() {
    let served = Served::new();
    let (configuration, chain) = (served.configuration(), served.company.token.read("web.fullchain.pem"));
    served.deploys("['sh', '-c', 'echo the site is closed >&2; false']", "", "[]");
    let failed = served.company.renew(&["--force"]).exits(13);
    let failed = failed.says("nginx is not deployed: its own check fails").says("the site is closed");
    assert!(failed.stdout.contains("; not deployed"), "{failed:?}");
    assert!(served.configuration() == configuration && served.company.token.read("web.fullchain.pem") == chain);
    served.serves("web.fullchain.pem");
    served.deploys("", "", "[]");
    served.company.renew(&[]).ok();
    served.serves("web.crt.pem");
    served.company.is_whole();
    assert_eq!((served.company.csrs(), served.company.calls()), (2, 2), "one CSR for both runs");
}

/// The server says that all is well, and a client sees that it is not.
#[test]
fn a_server_that_does_not_serve_the_new_certificate_is_put_back() {
    let served = Served::new();
    let (configuration, chain) = (served.configuration(), served.company.token.read("web.fullchain.pem"));
    served.serves("web.crt.pem");
    served.deploys("", "['true']", "[]");
    let failed = served.company.renew(&["--force"]).exits(13).says("does not serve the new certificate");
    failed.says("served-certificate").says("what was there before is back, and in use");
    assert!(served.configuration() == configuration && served.company.token.read("web.fullchain.pem") == chain);
    assert!(records(served.company.token.folder()).iter().all(|record| record["renewal"]["before"].is_null()));
    served.serves("web.fullchain.pem");
    served.deploys("", "", "[]");
    served.company.renew(&[]).ok();
    served.serves("web.crt.pem");
}

/// libp11 0.4.12 in the main process of nginx has seen the new key under its first label, and the new workers do not find
/// it: only a new start helps.
#[test]
fn a_server_that_only_a_new_start_helps_is_started_again() {
    let served = Served::new();
    served.company.answers("exit 12");
    served.company.renew(&["--force"]).exits(12);
    served.reload();
    served.company.answers("issue");
    served.deploys("", "", "['sh', 'restart.sh']");
    let folder = served.company.token.folder().display().to_string();
    served.company.token.write("restart.sh", format!("kill -s TERM $(cat {folder}/nginx.pid)"));
    let renewed = served.company.renew(&["-v"]).ok().says("so it is started again");
    assert!(renewed.stdout.contains("renewed by company"), "{renewed:?}");
    served.serves("web.crt.pem");
    served.company.is_whole();
}

#[test]
fn what_somebody_has_changed_is_not_written_over() {
    let served = Served::new();
    let mine = [served.configuration(), b"# mine\n".to_vec()].concat();
    served.company.token.write("nginx-site.conf", &mine);
    served
        .company
        .renew(&["--force"])
        .exits(13)
        .says("nginx-site.conf has other content than hsmcert wrote")
        .says("--force");
    assert!(served.configuration() == mine);
    let bind = ["bind", "nginx", NAME, "--chain", "web.fullchain.pem", "--write", "nginx-site.conf"];
    served.company.token.run(&bind).fails(7);
    served.company.token.run(&[&bind[..], &["--force"]].concat()).ok();
    served.company.renew(&[]).ok();
    served.serves("web.crt.pem");
}

impl Served {
    /// A command of nginx before which hsmcert is killed, once.
    fn kills_at(&self, check: bool, reload: bool) {
        let folder = self.company.token.folder().display().to_string();
        let script = format!(
            "[ -e killed ] || {{ touch killed; kill -9 $PPID; exit 1; }}\nexec /usr/sbin/nginx \"$@\" -e stderr -c {folder}/nginx.conf\n"
        );
        self.company.token.write("kill.sh", script);
        let _ = std::fs::remove_file(self.company.token.path("killed"));
        let or = |is: bool, what: &str| if is { format!("['sh', 'kill.sh', {what}]") } else { String::new() };
        self.deploys(&or(check, "'-t'"), &or(reload, "'-s', 'reload'"), "[]");
    }
}

/// What was there before the run that was killed is known to the next one.
#[test]
fn a_deployment_that_was_killed_is_finished_or_put_back() {
    let served = Served::new();
    for (check, reload) in [(true, false), (false, true)] {
        served.kills_at(check, reload);
        assert_eq!(served.company.renew(&["--force"]).code, None);
        served.company.renew(&[]).ok();
        served.serves("web.crt.pem");
        served.company.is_whole();
    }
    let (configuration, chain) = (served.configuration(), served.company.token.read("web.fullchain.pem"));
    served.kills_at(true, false);
    assert_eq!(served.company.renew(&["--force"]).code, None);
    assert!(served.configuration() != configuration, "it was written before the check");
    served.deploys("['false']", "", "[]");
    served.company.renew(&[]).exits(13).says("what was there before is back");
    assert!(served.configuration() == configuration && served.company.token.read("web.fullchain.pem") == chain);
    served.serves("web.fullchain.pem");
    served.deploys("", "", "[]");
    served.company.renew(&[]).ok();
    served.serves("web.crt.pem");
    served.company.is_whole();
    assert_eq!((served.company.csrs(), served.company.calls()), (4, 4), "one order for each certificate");
}

#[test]
fn a_deployment_that_was_killed_at_a_file_is_finished() {
    let served = Served::new();
    let force = ["renew", "web.toml", "--force"];
    let calls = file_calls(&served.company.token, &force);
    // The configuration, and what is remembered right before and behind it.
    let first = calls.iter().position(|call| call.line.contains("nginx-site")).unwrap() - 1;
    assert!(calls.len() - first > 3, "{calls:#?}");
    for call in &calls[first..] {
        assert_eq!(strace(&served.company.token, NAMING, &force, Some(&call.kill())).code, None, "{call:?}");
        served.company.renew(&[]).ok();
        served.serves("web.crt.pem");
        served.company.is_whole();
    }
    assert_eq!(served.company.csrs(), served.company.pairs().len(), "one CSR for each pair");
}
