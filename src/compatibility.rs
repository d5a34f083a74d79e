//! What a token can do, found out by doing it: keys, signatures, certificates, attributes, sessions. Whatever is made
//! is destroyed again, and what could not be is told.

mod certificate;
mod key;

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::key::{KeyAlgorithm, KeyId};
use crate::pin::Pin;
use crate::token::{
    self, LibraryInfo, Lifetime, MechanismSizes, Module, Reach, Session, ShownAttributes, TokenDetails, TokenLimits,
};

/// So many sessions are opened at once, beside the one that works.
const SESSIONS: usize = 8;
/// After so many calls in a row that did not reach the device the test ends.
const AWAY: usize = 2;

/// What was found out.
#[derive(Debug)]
pub struct Compatibility {
    /// The module's library.
    pub library: LibraryInfo,
    /// The token.
    pub details: TokenDetails,
    /// Hardware and sessions.
    pub limits: TokenLimits,
    /// The mechanisms that matter for certificates.
    pub mechanisms: Vec<MechanismSizes>,
    /// What was tried, in this order.
    pub attempts: Vec<Attempt>,
    /// The attributes of a new private key, those included that nobody asked for.
    pub private_key: ShownAttributes,
    /// The same of its public half.
    pub public_key: ShownAttributes,
    /// The algorithms by which a signature was made and verified.
    pub signs: Vec<KeyAlgorithm>,
    /// What could not be destroyed.
    pub left: Vec<String>,
    /// The device went away, and the rest was not tried.
    pub stopped_by: Option<token::Error>,
    away: usize,
}

/// One thing that was tried.
#[derive(Debug)]
pub struct Attempt {
    /// What it is about.
    pub area: Area,
    /// What exactly.
    pub what: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub time: Duration,
}

/// What an attempt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// `C_GenerateKeyPair`.
    KeyPair,
    /// `C_Sign`, and verified outside of the token.
    Signature,
    /// Certificate objects.
    Certificate,
    /// `C_SetAttributeValue`.
    Attribute,
    /// What is seen without a login.
    Login,
    /// Sessions.
    Sessions,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As it should; more about it.
    Works(String),
    /// The token says no.
    Refused(String),
    /// The token says yes and does something else.
    Wrong(String),
    /// It was not asked.
    NotTried(String),
}

/// What the attempts share.
struct Test<'s> {
    session: &'s Session<'s>,
    report: Compatibility,
    /// Label of everything that is made.
    label: String,
    /// How keys are made; tokens that refuse session objects get token objects.
    lifetime: Lifetime,
    /// `CKA_ID`s of all that was made.
    ids: Vec<KeyId>,
}

/// Tries a token on which the user is logged in. The PIN is for one more login, after a look from outside; without it
/// that is not tried. `now` is in seconds since 1970-01-01 UTC.
///
/// # Errors
/// Token errors before anything is made. Everything later is part of the result.
pub fn examine(module: &Module, session: &Session<'_>, pin: Option<&Pin>, now: i64) -> Result<Compatibility, Error> {
    let token = session.token();
    let report = Compatibility {
        library: module.library()?,
        details: module.details(token)?,
        limits: module.limits(token)?,
        mechanisms: module.mechanism_sizes(token)?,
        attempts: vec![],
        private_key: ShownAttributes::default(),
        public_key: ShownAttributes::default(),
        signs: vec![],
        left: vec![],
        stopped_by: None,
        away: 0,
    };
    let mut random = [0u8; 4];
    getrandom::fill(&mut random).map_err(|error| token::Error::Random(error.to_string()))?;
    let label = format!("hsmcert-token-test-{:08x}", u32::from_be_bytes(random));
    let mut test = Test { session, report, label, lifetime: Lifetime::Session, ids: vec![] };
    key::pairs(&mut test, |test, pair| certificate::objects(test, pair, pin, now));
    test.sessions(module);
    Ok(test.clear())
}

impl Test<'_> {
    /// The device does not answer any more.
    fn is_over(&self) -> bool {
        self.report.stopped_by.is_some()
    }

    /// Does something and remembers how it ended; what it gives goes on.
    fn attempt<T>(
        &mut self,
        area: Area,
        what: impl Into<String>,
        act: impl FnOnce() -> Result<(T, String), Error>,
    ) -> Option<T> {
        if self.is_over() {
            return None;
        }
        let start = Instant::now();
        let result = act();
        let time = start.elapsed();
        let (value, outcome) = match result {
            Ok((value, detail)) => (Some(value), Outcome::Works(detail)),
            Err(error) => (None, self.failure(error)),
        };
        self.report.attempts.push(Attempt { area, what: what.into(), outcome, time });
        value
    }

    /// How an error reads, and whether the test goes on after it.
    fn failure(&mut self, error: Error) -> Outcome {
        let text = words(&error);
        // What is no error of the token is about what the token has made.
        let Error::Token(error) = error else { return Outcome::Wrong(text) };
        if matches!(
            error,
            token::Error::ReadBack(_) | token::Error::KeyDiffers { .. } | token::Error::LabelDiffers { .. }
        ) {
            return Outcome::Wrong(text);
        }
        let is_away = matches!(&error, token::Error::Call { source, .. } if source.reach() == Reach::Away);
        self.report.away = if is_away { self.report.away + 1 } else { 0 };
        if self.report.away >= AWAY {
            self.report.stopped_by = Some(error);
        }
        Outcome::Refused(text)
    }

    fn not_tried(&mut self, area: Area, what: &str, why: impl Into<String>) {
        if self.is_over() {
            return;
        }
        let (what, outcome) = (what.to_owned(), Outcome::NotTried(why.into()));
        self.report.attempts.push(Attempt { area, what, outcome, time: Duration::ZERO });
    }

    /// Sessions beside the one that works.
    fn sessions(&mut self, module: &Module) {
        let token = self.session.token().clone();
        self.attempt(Area::Sessions, format!("{SESSIONS} more sessions at once"), || {
            let open = (0..SESSIONS).map(|_| Session::open(module, token.clone())).collect::<Result<Vec<_>, _>>()?;
            Ok(((), format!("{} were open", open.len() + 1)))
        });
    }

    fn destroy(&mut self, pair: token::KeyPair<'_>) {
        let what = format!("destroy {}", pair.public_key().algorithm());
        self.attempt(Area::KeyPair, what, || Ok((pair.destroy()?, String::new())));
    }

    /// The same for a pair on the token whose handles another login has made void.
    fn destroy_by_id(&mut self, algorithm: KeyAlgorithm, id: &KeyId) {
        let (session, label) = (self.session, self.label.clone());
        self.attempt(Area::KeyPair, format!("destroy {algorithm}"), || match session.clear(id, &label)?.len() {
            0 => Ok(((), String::new())),
            left => Err(token::Error::ReadBack(format!("{left} objects are still there")).into()),
        });
    }

    /// Nothing stays, whatever has failed before.
    fn clear(mut self) -> Compatibility {
        for id in &self.ids {
            match self.session.clear(id, &self.label) {
                Ok(left) => self.report.left.extend(left.iter().map(ToString::to_string)),
                Err(error) => {
                    let what = format!("perhaps objects with the label \"{}\" and the id {id}", self.label);
                    self.report.left.push(format!("{what}: {}", words(&error.into())));
                }
            }
        }
        self.report
    }
}

/// An error with its causes.
fn words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        let more = current.to_string();
        if !text.ends_with(&more) {
            text = format!("{text}: {more}");
        }
        cause = current.source();
    }
    text
}

impl Compatibility {
    /// Whether the token can do what hsmcert is for: make a key pair of a kind that every CA takes, and sign with it.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.signs.iter().any(|algorithm| match algorithm {
            KeyAlgorithm::Rsa { .. } | KeyAlgorithm::Ec(_) => true,
            KeyAlgorithm::Ed25519 | KeyAlgorithm::MlDsa(_) => false,
        })
    }
}
