//! A user and a password (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::StatusCode;
use ureq::http::header::WWW_AUTHENTICATE;
use zeroize::Zeroizing;

use super::{Error, Reply, Surroundings, exposed, plain};
use crate::authority::SecretSource;

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub(in crate::ca) struct Basic<'a> {
    /// The protocol, for messages about the configuration.
    pub(in crate::ca) protocol: &'static str,
    pub(in crate::ca) user: &'a str,
    pub(in crate::ca) password: &'a SecretSource,
}

impl Basic<'_> {
    /// The value of `Authorization`.
    ///
    /// # Errors
    /// [`Error::Configuration`] for a user with a colon, where the password would begin; [`Error::Secret`].
    pub(in crate::ca) fn header(&self, around: &dyn Surroundings) -> Result<Zeroizing<String>, Error> {
        if self.user.contains(|character: char| character == ':' || character.is_control()) {
            return Err(self.wrong(format!("its user \"{}\" has a character that none can have", plain(self.user))));
        }
        let password = around.secret(self.password)?;
        let pair = Zeroizing::new(format!("{}:{}", self.user, exposed(&password)));
        let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
        Ok(Zeroizing::new(format!("Basic {}", *encoded)))
    }

    /// An answer to somebody whom the server knows. A wrong password is no decision about an order.
    ///
    /// # Errors
    /// [`Error::Configuration`] for 401, with the ways to log in that the server names.
    pub(in crate::ca) fn known(&self, reply: Reply) -> Result<Reply, Error> {
        if reply.status != StatusCode::UNAUTHORIZED {
            return Ok(reply);
        }
        let ways = reply.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let ways: Vec<&str> = ways.filter_map(|value| value.split_whitespace().next()).collect();
        let user = self.user;
        Err(match ways.iter().any(|way| way.eq_ignore_ascii_case("basic")) || ways.is_empty() {
            true => self.wrong(format!("the server does not take the password of {user} (401)")),
            false => self.wrong(format!("the server does not take passwords (401), but {}", plain(&ways.join(", ")))),
        })
    }

    fn wrong(&self, reason: String) -> Error {
        Error::Configuration { protocol: self.protocol, reason }
    }
}
