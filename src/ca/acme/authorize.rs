//! Authorizations (RFC 8555, section 7.5): the names of an order are proved.

use std::thread;

use instant_acme::{AuthorizationHandle, AuthorizationStatus, Authorizations, ChallengeStatus, Order, OrderStatus};

use super::challenge::{self, Proof};
use super::conversation::Conversation;
use super::patience::Patience;
use super::problem;
use crate::authority::Acme;
use crate::ca::{Error, Surroundings};

/// Answers the challenges of all names that are not proved yet, and waits until the CA has looked. All answers are there
/// before the CA looks for the first: a name and its wildcard share one DNS record. They are taken away again.
pub(super) fn authorize(
    order: &mut Order,
    acme: &Acme,
    conversation: &Conversation<'_>,
    around: &dyn Surroundings,
) -> Result<(), Error> {
    let kind = challenge::kind(&acme.challenge);
    let word = challenge::word(&kind);
    let mut answers = challenge::answers(acme, around)?;
    let mut names = order.authorizations();
    while let Some(mut name) = next(&mut names, conversation)? {
        if name.status != AuthorizationStatus::Pending {
            continue;
        }
        let offered = challenge::offered(&name.challenges);
        let text = name.identifier().to_string();
        let Some(challenge) = name.challenge(kind.clone()) else {
            return Err(Error::Refused { message: format!("it takes {offered} for {text}, and not {word}") });
        };
        let key_authorization = challenge.key_authorization();
        let identifier = challenge.identifier().identifier;
        answers.set(&Proof { identifier, token: &challenge.token, key_authorization: &key_authorization })?;
        around.tell(&format!("CA: {text} is proved by {word}"));
    }
    thread::sleep(answers.settling_time());
    let mut names = order.authorizations();
    while let Some(mut name) = next(&mut names, conversation)? {
        if name.status != AuthorizationStatus::Pending {
            continue;
        }
        if let Some(mut challenge) = name.challenge(kind.clone())
            && challenge.status == ChallengeStatus::Pending
        {
            conversation.run(challenge.set_ready())?;
        }
    }
    Patience::new(acme.timeout).wait_while(OrderStatus::Pending, order, conversation)
}

/// Why an order has failed: the reasons are with the challenges of its names.
pub(super) fn refusal(order: &mut Order, conversation: &Conversation<'_>) -> Result<Error, Error> {
    let mut reasons = Vec::new();
    let of_order = order.state().error.as_ref().map(problem::words);
    let mut names = order.authorizations();
    while let Some(mut name) = next(&mut names, conversation)? {
        conversation.run(name.refresh())?;
        let text = name.identifier().to_string();
        let errors = name.challenges.iter().filter_map(|challenge| challenge.error.as_ref());
        reasons.extend(errors.map(|error| format!("{text}: {}", problem::words(error))));
    }
    if reasons.is_empty() {
        let message = of_order.unwrap_or_else(|| "the order has failed, and it does not say why".to_owned());
        return Ok(Error::Refused { message });
    }
    Ok(Error::Unproved { message: reasons.join("; ") })
}

fn next<'n>(
    names: &'n mut Authorizations<'_>,
    conversation: &Conversation<'_>,
) -> Result<Option<AuthorizationHandle<'n>>, Error> {
    conversation.run(async move { names.next().await.transpose() })
}
