//! Commands around a renewal, and servers that it is brought to, as they are configured.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::authority::Exec;

/// A command: program and arguments in an array, or a table that says more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook(pub Exec);

/// What is done with a certificate that was renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deploy {
    /// A command runs.
    Command(Exec),
    /// A server gets its configuration.
    Server(Box<Server>),
}

/// A server. What is left out is as the target's packages have it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Server {
    /// The target of `bind`.
    pub target: String,
    /// How it reaches the key.
    pub method: Option<String>,
    /// Its configuration; a relative path begins beside the request file.
    pub write: Option<PathBuf>,
    /// Where it listens.
    pub listen: Option<String>,
    /// Where decrypted traffic goes.
    pub backend: Option<SocketAddr>,
    /// The file from which it reads the PIN.
    pub pin_file: Option<PathBuf>,
    /// The command that tests the configuration; empty: none.
    pub check: Option<Vec<String>>,
    /// The command that makes the server read it; empty: none.
    pub reload: Option<Vec<String>>,
    /// The command that starts it again when it has read the configuration and does not serve the certificate; empty:
    /// none.
    pub restart: Option<Vec<String>>,
    /// Where it is looked at, as `HOST:PORT`.
    pub connect: Option<String>,
    /// Variables of the environment that both commands get beside the usual ones.
    pub env: Vec<String>,
    /// How many seconds each of them may take.
    pub timeout: u64,
}

/// The table of either.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    command: Option<Vec<String>>,
    target: Option<String>,
    method: Option<String>,
    write: Option<PathBuf>,
    listen: Option<String>,
    backend: Option<SocketAddr>,
    pin_file: Option<PathBuf>,
    check: Option<Vec<String>>,
    reload: Option<Vec<String>>,
    restart: Option<Vec<String>>,
    connect: Option<String>,
    #[serde(default)]
    env: Vec<String>,
    #[serde(default = "five_minutes")]
    timeout: u64,
}

fn five_minutes() -> u64 {
    300
}

impl TryFrom<Table> for Deploy {
    type Error = &'static str;

    fn try_from(table: Table) -> Result<Self, &'static str> {
        let Table {
            command,
            target,
            method,
            write,
            listen,
            backend,
            pin_file,
            check,
            reload,
            restart,
            connect,
            env,
            timeout,
        } = table;
        match (command, target) {
            (None, Some(target)) => Ok(Self::Server(Box::new(Server {
                target,
                method,
                write,
                listen,
                backend,
                pin_file,
                check,
                reload,
                restart,
                connect,
                env,
                timeout,
            }))),
            (Some(command), None) => {
                let texts = [&method, &listen, &connect].into_iter().any(Option::is_some);
                let paths = [&write, &pin_file].into_iter().any(Option::is_some);
                let commands = [&check, &reload, &restart].into_iter().any(Option::is_some);
                if texts || paths || commands || backend.is_some() {
                    return Err("a command has env and timeout beside it; the other keys are for a target");
                }
                Ok(Self::Command(Exec { command, env, timeout }))
            }
            (None, None) | (Some(_), Some(_)) => Err("a deploy step has either target or command"),
        }
    }
}

impl<'de> Deserialize<'de> for Hook {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HookVisitor)
    }
}

struct HookVisitor;

impl<'de> Visitor<'de> for HookVisitor {
    type Value = Hook;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a command: an array of program and arguments, or a table with command, env and timeout")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<Hook, A::Error> {
        let command = Vec::deserialize(SeqAccessDeserializer::new(words))?;
        Ok(Hook(Exec { command, env: vec![], timeout: five_minutes() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Hook, A::Error> {
        Exec::deserialize(MapAccessDeserializer::new(table)).map(Hook)
    }
}

impl<'de> Deserialize<'de> for Deploy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DeployVisitor)
    }
}

struct DeployVisitor;

impl<'de> Visitor<'de> for DeployVisitor {
    type Value = Deploy;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a server, or a table with target or command")
    }

    fn visit_str<E: Error>(self, target: &str) -> Result<Deploy, E> {
        let server = Server { target: target.to_owned(), timeout: five_minutes(), ..Server::default() };
        Ok(Deploy::Server(Box::new(server)))
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Deploy, A::Error> {
        let table = Table::deserialize(MapAccessDeserializer::new(table))?;
        Deploy::try_from(table).map_err(A::Error::custom)
    }
}

/// What editors are told; serde reads the same by hand for better messages.
#[cfg(test)]
pub(super) mod schema {
    use schemars::JsonSchema;

    /// Program and arguments, or a table that says more.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "a schema")]
    pub(in crate::renewal) enum Command {
        Words(Vec<String>),
        Table(CommandTable),
    }

    /// A command.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    #[allow(dead_code, reason = "a schema")]
    pub(in crate::renewal) struct CommandTable {
        /// Program and arguments; no shell is in between.
        command: Vec<String>,
        /// Names of environment variables that it gets beside the usual ones.
        #[schemars(default)]
        env: Vec<String>,
        /// How many seconds it may take; left out, 300.
        timeout: Option<u64>,
    }

    /// A server by its name, or a table that says more.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "a schema")]
    pub(in crate::renewal) enum Step {
        Server(String),
        Command(CommandTable),
        Table(Box<ServerTable>),
    }

    /// A server.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields, rename_all = "kebab-case")]
    #[allow(dead_code, reason = "a schema")]
    pub(in crate::renewal) struct ServerTable {
        /// nginx, apache, haproxy or stunnel.
        target: String,
        /// How it reaches the key: engine, provider or store.
        method: Option<String>,
        /// Its configuration; a relative path begins beside the request file.
        write: Option<String>,
        /// Where it listens: PORT or ADDRESS:PORT; left out, 443.
        listen: Option<String>,
        /// ADDRESS:PORT of the program that gets the decrypted traffic.
        backend: Option<String>,
        /// The file from which it reads the PIN.
        pin_file: Option<String>,
        /// The command that tests the configuration; an empty array: none.
        check: Option<Vec<String>>,
        /// The command that makes the server read the configuration; an empty array: none.
        reload: Option<Vec<String>>,
        /// The command that starts the server again when it has read the configuration and does not serve the
        /// certificate; an empty array: none.
        restart: Option<Vec<String>>,
        /// HOST:PORT where it is looked at; left out, this machine and the port of `listen`.
        connect: Option<String>,
        /// Names of environment variables that both commands get beside the usual ones.
        #[schemars(default)]
        env: Vec<String>,
        /// How many seconds each command may take; left out, 300.
        timeout: Option<u64>,
    }
}
