//! Commands around a renewal, and servers that it is brought to, as they are configured.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

#[cfg(test)]
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::authority::{Exec, five_minutes};

/// A command: program and arguments in an array, or a table that says more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Hook(pub Exec);

/// What is done with a certificate that was renewed: a server by its name, or a table that says more.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub enum Deploy {
    /// A command runs.
    Command(Exec),
    /// A server gets its configuration.
    Server(Box<Server>),
}

/// A server. What is left out is as the target's packages have it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Server {
    /// nginx, apache, haproxy or stunnel.
    #[serde(default)]
    #[cfg_attr(test, schemars(!default))]
    pub target: String,
    /// How it reaches the key: engine, provider or store.
    pub method: Option<String>,
    /// Its configuration; a relative path begins beside the request file.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub write: Option<PathBuf>,
    /// Where it listens: PORT or ADDRESS:PORT; left out, 443.
    pub listen: Option<String>,
    /// ADDRESS:PORT of the program that gets the decrypted traffic.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub backend: Option<SocketAddr>,
    /// The file from which it reads the PIN.
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub pin_file: Option<PathBuf>,
    /// The command that tests the configuration; an empty array: none.
    pub check: Option<Vec<String>>,
    /// The command that makes the server read the configuration; an empty array: none.
    pub reload: Option<Vec<String>>,
    /// The command that starts the server again when it has read the configuration and does not serve the certificate; an
    /// empty array: none.
    pub restart: Option<Vec<String>>,
    /// HOST:PORT where it is looked at; left out, this machine and the port of `listen`.
    pub connect: Option<String>,
    /// Names of environment variables that these commands get beside the usual ones.
    #[serde(default, deserialize_with = "crate::command::deserialize_names")]
    pub env: Vec<String>,
    /// How many seconds each command may take; left out, 300.
    #[serde(default = "five_minutes")]
    #[cfg_attr(test, schemars(with = "Option<u64>"))]
    pub timeout: u64,
    /// Of a table that is no server's; nothing else than `env` and `timeout` stands beside it then.
    #[cfg_attr(test, schemars(skip))]
    command: Option<Vec<String>>,
}

/// How both are written.
enum Written {
    Name(String),
    Words(Vec<String>),
    Table(Box<Server>),
}

impl TryFrom<Written> for Deploy {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        let mut table = match written {
            Written::Name(target) => Box::new(Server { target, timeout: five_minutes(), ..Server::default() }),
            Written::Words(_) => {
                return Err("a deploy step is the name of a server, or a table with target or command");
            }
            Written::Table(table) => table,
        };
        match (table.command.take(), table.target.as_str()) {
            (None, "") => Err("a deploy step has either target or command"),
            (None, _) => Ok(Self::Server(table)),
            (Some(command), "") => {
                let exec = Exec { command, env: std::mem::take(&mut table.env), timeout: table.timeout };
                let is_alone = *table == Server { timeout: exec.timeout, ..Server::default() };
                let beside = "a command has env and timeout beside it; the other keys are for a target";
                if is_alone { Ok(Self::Command(exec)) } else { Err(beside) }
            }
            (Some(_), _) => Err("a deploy step has either target or command"),
        }
    }
}

impl TryFrom<Written> for Hook {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, &'static str> {
        let command = "a command is an array of program and arguments, or a table with command, env and timeout";
        match written {
            Written::Words(command) => Ok(Self(Exec { command, env: vec![], timeout: five_minutes() })),
            Written::Name(_) => Err(command),
            Written::Table(table) => match Deploy::try_from(Written::Table(table)) {
                Ok(Deploy::Command(exec)) => Ok(Self(exec)),
                Ok(Deploy::Server(_)) | Err(_) => Err(command),
            },
        }
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name, an array of program and arguments, or a table")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Written, E> {
        Ok(Written::Name(name.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, words: A) -> Result<Written, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(words)).map(Written::Words)
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Written, A::Error> {
        Box::deserialize(MapAccessDeserializer::new(table)).map(Written::Table)
    }
}

/// What editors are told; serde reads the same by hand for better messages.
#[cfg(test)]
pub(super) mod schema {
    use schemars::JsonSchema;

    use super::{Exec, Server};

    /// Program and arguments, or a table that says more.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "a schema")]
    pub(in crate::renewal) enum Command {
        Words(Vec<String>),
        Table(Exec),
    }

    /// A server by its name, or a table that says more.
    #[derive(JsonSchema)]
    #[schemars(untagged)]
    #[allow(dead_code, reason = "a schema")]
    pub(in crate::renewal) enum Step {
        Server(String),
        Command(Exec),
        Table(Box<Server>),
    }
}
