//! The conversation with the CA: instant-acme says what is to be sent, and [`Client`] sends it.
//!
//! Its futures wait for answers and for nothing else, so no runtime is needed: what is asked is put into a mailbox, is
//! sent while the future rests, and the answer is put back.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use instant_acme::{BodyWrapper, BytesResponse, HttpClient, Problem};
use ureq::http::header::{CONTENT_TYPE, LOCATION};
use ureq::http::{Request, Response, StatusCode, Uri};

use super::{PROTOCOL, account, problem};
use crate::authority::Acme;
use crate::ca::http::{Call, Client, Place, Reply, beginning};
use crate::ca::{Error, Surroundings};

/// Seconds for one request and its answer.
const ONE_ANSWER: u64 = 60;

/// A conversation with one CA.
pub(super) struct Conversation<'a> {
    client: Client<'a>,
    directory: &'a str,
    /// Where the account is kept, for messages.
    account_file: String,
    mailbox: Mailbox,
    last: RefCell<Last>,
}

/// Of the last answer to the last wish.
#[derive(Debug, Default)]
struct Last {
    retry_after: Option<Duration>,
    beginning: String,
    made: Option<String>,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(acme: &'a Acme, around: &'a dyn Surroundings) -> Result<Self, Error> {
        let client = connect(acme, around)?;
        let account_file = around.place(&account::file_name(acme));
        Ok(Self {
            client,
            directory: &acme.directory,
            account_file,
            mailbox: Mailbox::default(),
            last: RefCell::default(),
        })
    }

    /// For what is made by instant-acme: it asks here.
    pub(super) fn http(&self) -> Box<dyn HttpClient> {
        Box::new(self.mailbox.clone())
    }

    /// The pause that the CA asked for in its last answer.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.last.borrow().retry_after
    }

    /// The address of what the CA made with its last answer (section 7.4).
    pub(super) fn made(&self) -> Option<String> {
        self.last.borrow().made.clone()
    }

    /// Does what instant-acme wants, to its end.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Account`] and [`Error::Unavailable`] in the CA's words, [`Error::Answer`].
    pub(super) fn run<T>(&self, wish: impl Future<Output = Result<T, instant_acme::Error>>) -> Result<T, Error> {
        self.last.take();
        let mut wish = pin!(wish);
        loop {
            if let Poll::Ready(result) = wish.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return result.map_err(|error| self.told(error));
            }
            let asked = self.mailbox.post().asked.take();
            let asked =
                asked.ok_or_else(|| Error::Answer { message: "nothing is asked and nothing comes".to_owned() })?;
            let answered = self.send(asked)?;
            self.mailbox.post().answered = Some(answered);
        }
    }

    /// Sends one request. A refusal is told here, in the CA's words, but for a nonce that has grown old (section 6.5):
    /// instant-acme takes the next one.
    fn send(&self, asked: Request<Bytes>) -> Result<Response<Vec<u8>>, Error> {
        let (head, body) = asked.into_parts();
        let url = head.uri.to_string();
        check_kind(&url, self.directory)?;
        let content = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let headers: Vec<(&'static str, &str)> = content.map(|content| ("Content-Type", content)).into_iter().collect();
        let reply = self.client.send(&Call { method: head.method, url: &url, headers: &headers, body: &body })?;
        let location = reply.headers.get(LOCATION).filter(|_| reply.status == StatusCode::CREATED);
        let made = location.and_then(|value| value.to_str().ok()).map(str::to_owned);
        *self.last.borrow_mut() = Last { retry_after: reply.retry_after, beginning: beginning(&reply.body), made };
        let reply = match serde_json::from_slice::<Problem>(&reply.body) {
            Ok(said) if !reply.status.is_success() => match problem::kind(&said) {
                "badNonce" => reply,
                "accountDoesNotExist" => {
                    return Err(Error::Account { message: problem::words(&said), file: self.account_file.clone() });
                }
                "rateLimited" => {
                    let (message, retry_after) = (problem::words(&said), reply.retry_after);
                    return Err(Error::Unavailable { message, retry_after });
                }
                _ => reply.accepted(|_| Some(problem::words(&said)))?,
            },
            // ACME says no with a problem document: whatever this is, it does not speak it.
            _ => reply.accepted(|_| None).map_err(|error| match error {
                Error::Refused { message } => Error::Answer { message: format!("{url}: {message}") },
                error => error,
            })?,
        };
        let Reply { status, headers, body, retry_after: _ } = reply;
        let (mut head, body) = Response::new(body).into_parts();
        (head.status, head.headers) = (status, headers);
        Ok(Response::from_parts(head, body))
    }

    /// What instant-acme makes of an answer.
    fn told(&self, error: instant_acme::Error) -> Error {
        match error {
            instant_acme::Error::Api(said) if problem::kind(&said) == "badNonce" => {
                Error::Unavailable { message: problem::words(&said), retry_after: None }
            }
            instant_acme::Error::Api(said) => Error::Refused { message: problem::words(&said) },
            instant_acme::Error::KeyRejected => {
                Error::Kept(format!("there is no usable account key in {}", self.account_file))
            }
            error @ instant_acme::Error::Json(_) => {
                Error::Answer { message: format!("{error}: {}", self.last.borrow().beginning) }
            }
            error => Error::Answer { message: error.to_string() },
        }
    }
}

/// What sends requests to the CA.
pub(super) fn connect<'a>(acme: &Acme, around: &'a dyn Surroundings) -> Result<Client<'a>, Error> {
    let (url, timeout) = (acme.directory.as_str(), acme.timeout.min(ONE_ANSWER));
    Client::new(Place { protocol: PROTOCOL, url, root_file: acme.root.as_deref(), timeout }, around)
}

/// Whether both addresses are of one server.
pub(super) fn is_same_server(one: &str, other: &str) -> bool {
    let server = |url: &str| {
        let url: Uri = url.parse().ok()?;
        Some((url.scheme()?.clone(), url.authority()?.clone()))
    };
    server(one).is_some_and(|one| server(other) == Some(one))
}

/// Refuses an address that is not as safe as that of the directory.
pub(super) fn check_kind(url: &str, directory: &str) -> Result<(), Error> {
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
    if scheme(url) == scheme(directory) {
        return Ok(());
    }
    Err(Error::Answer { message: format!("its address {url} is not of the kind of {directory}") })
}

/// One question and one answer at a time.
#[derive(Clone, Default)]
struct Mailbox(Arc<Mutex<Post>>);

#[derive(Default)]
struct Post {
    asked: Option<Request<Bytes>>,
    answered: Option<Response<Vec<u8>>>,
}

impl Mailbox {
    fn post(&self) -> MutexGuard<'_, Post> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Answered = Pin<Box<dyn Future<Output = Result<BytesResponse, instant_acme::Error>> + Send>>;

impl HttpClient for Mailbox {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Answered {
        let mailbox = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let Ok(body) = body.collect().await;
            mailbox.post().asked = Some(Request::from_parts(head, body.to_bytes()));
            let answered = poll_fn(|_| match mailbox.post().answered.take() {
                Some(answered) => Poll::Ready(answered),
                None => Poll::Pending,
            });
            Ok(BytesResponse::from(answered.await.map(|body| Full::new(Bytes::from(body)))))
        })
    }
}
