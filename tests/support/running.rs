//! A program that runs beside the test, such as a server. It ends with the test.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub struct Running {
    child: Child,
    output: PathBuf,
}

impl Running {
    /// Starts it. What it prints goes to a new file in the folder.
    #[track_caller]
    pub fn start(command: &mut Command, folder: &Path, package: &str) -> Self {
        let output = tempfile::Builder::new().prefix("running-").tempfile_in(folder).unwrap();
        let (file, output) = output.keep().unwrap();
        command.stdin(Stdio::null()).stderr(file.try_clone().unwrap()).stdout(file);
        let child = command.spawn();
        let child =
            child.unwrap_or_else(|error| panic!("{command:?}: {error}; install it with: apt-get install {package}"));
        Self { child, output }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.output).unwrap()).into_owned()
    }

    /// Waits until it has printed a whole line with this text; what follows the text in that line.
    #[track_caller]
    pub fn prints(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.child.try_wait().unwrap();
            let printed = self.printed();
            let whole = printed.rfind('\n').map_or("", |end| &printed[..end]);
            if let Some((_, rest)) = whole.lines().find_map(|line| line.split_once(text)) {
                return rest.to_owned();
            }
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}, no `{text}` in:\n{printed}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it takes connections on this port of this machine.
    #[track_caller]
    pub fn listens(&mut self, port: u16) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "{ended:?}, {port} is closed:\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends a signal, for example `INT`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Waits until it has ended by itself.
    #[track_caller]
    pub fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "it does not end:\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The same command, to be started and not waited for.
pub fn spawnable(command: &assert_cmd::Command) -> Command {
    let mut spawnable = Command::new(command.get_program());
    spawnable.args(command.get_args()).env_clear();
    spawnable.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = command.get_current_dir() {
        spawnable.current_dir(folder);
    }
    spawnable
}
