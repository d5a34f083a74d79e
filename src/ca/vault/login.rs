//! The token of a call: one that is there, or one that a login gives and that ends with the work.

use serde::{Deserialize, Serialize};

use super::super::http::exposed;
use super::super::{Error, Surroundings};
use super::Server;
use crate::authority::{AppRole, Kubernetes, Secret, VaultLogin, VaultToken};

/// A token, and whose it is.
pub(super) enum Token {
    /// Somebody else's, who goes on using it.
    Theirs(Secret),
    /// Of a login that was made for this work.
    Ours(Secret),
}

/// Gets the token.
///
/// # Errors
/// [`Error::Secret`], [`Error::Refused`] for a login that the server does not take, and what the network says.
pub(super) fn login(server: &Server<'_>, how: &VaultLogin, around: &dyn Surroundings) -> Result<Token, Error> {
    match how {
        VaultLogin::Token(VaultToken { token_source }) => around.secret(token_source).map(Token::Theirs),
        VaultLogin::AppRole(AppRole { mount, role_id, secret_id_source }) => {
            #[derive(Serialize)]
            struct Body<'a> {
                role_id: &'a str,
                #[serde(skip_serializing_if = "Option::is_none")]
                secret_id: Option<&'a str>,
            }
            let secret = secret_id_source.as_ref().map(|source| around.secret(source)).transpose()?;
            ask(server, mount, &Body { role_id, secret_id: secret.as_ref().map(exposed) })
        }
        VaultLogin::Kubernetes(Kubernetes { mount, role, token_source }) => {
            #[derive(Serialize)]
            struct Body<'a> {
                role: &'a str,
                jwt: &'a str,
            }
            let secret = around.secret(token_source)?;
            ask(server, mount, &Body { role, jwt: exposed(&secret) })
        }
    }
}

fn ask(server: &Server<'_>, mount: &str, body: &impl Serialize) -> Result<Token, Error> {
    #[derive(Deserialize)]
    struct LoggedIn {
        auth: Auth,
    }
    #[derive(Deserialize)]
    struct Auth {
        client_token: String,
    }
    let reply = server.post(&format!("auth/{}/login", mount.trim_matches('/')), None, body)?;
    // What does not parse is not shown: a token may be in it.
    let LoggedIn { auth } = serde_json::from_slice(&reply.body)
        .map_err(|_| Error::Answer { message: "the login gives no token".to_owned() })?;
    match auth.client_token.as_str() {
        "" => Err(Error::Refused { message: "the login is not complete (does it want a second factor?)".to_owned() }),
        _ => Ok(Token::Ours(Secret::new(auth.client_token))),
    }
}

impl Token {
    pub(super) fn secret(&self) -> &Secret {
        match self {
            Self::Theirs(secret) | Self::Ours(secret) => secret,
        }
    }

    /// Ends a login of ours. One that cannot be ended does by itself: it is no failure of the work.
    pub(super) fn end(&self, server: &Server<'_>, around: &dyn Surroundings) {
        if let Self::Ours(secret) = self {
            let revoked = server.post("auth/token/revoke-self", Some(secret), &serde_json::Map::new());
            if let Err(error) = revoked {
                around.tell(&format!("CA: the login could not be ended: {error}"));
            }
        }
    }
}
