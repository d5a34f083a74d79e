//! A CA that speaks ACME (RFC 8555).
//!
//! The reference is the URL of the order. It is remembered as soon as the order is open, so a run that was ended at any
//! point is followed by one that goes on with the same order.

mod account;
mod authorize;
mod certificate_id;
mod challenge;
mod conversation;
mod patience;
mod problem;
mod renewal_info;

use instant_acme::{Account, CertificateIdentifier, Identifier, NewOrder, Order, OrderStatus};

use super::{Answer, Error, Pending, Surroundings};
use crate::authority::Acme;
use crate::request::GeneralName;
use conversation::Conversation;
use patience::Patience;
pub use renewal_info::{Renewal, RenewalInfo};

/// For messages about the configuration.
const PROTOCOL: &str = "acme";

/// Refuses names that cannot be proved in the way that is configured, before anything is asked for.
///
/// # Errors
/// [`Error::Configuration`].
pub fn check(acme: &Acme, names: &[GeneralName]) -> Result<(), Error> {
    challenge::identifiers(names, &acme.challenge).map(|_| ())
}

/// Orders a certificate, proves that the names are under control, and fetches it.
///
/// # Errors
/// Those of [`Error`].
pub fn submit(acme: &Acme, asked: &super::Order<'_>, around: &dyn Surroundings) -> Result<Answer, Error> {
    let identifiers = challenge::identifiers(asked.names, &acme.challenge)?;
    let conversation = Conversation::new(acme, around)?;
    let account = account::open(acme, &conversation, around)?;
    let mut order = match resume(&account, acme, asked, &conversation, around)? {
        Some(order) => order,
        None => begin(&account, acme, asked, &identifiers, &conversation, around)?,
    };
    if order.state().status == OrderStatus::Pending {
        authorize::authorize(&mut order, acme, &conversation, around)?;
    }
    if order.state().status == OrderStatus::Ready {
        conversation.run(order.finalize_csr(asked.csr))?;
    }
    Patience::new(acme.timeout).wait_while(OrderStatus::Processing, &mut order, &conversation)?;
    let state = order.state();
    match state.status {
        OrderStatus::Valid if state.error.is_none() => {
            let chain = conversation.run(order.certificate())?;
            Ok(Answer::Issued(chain.unwrap_or_default().into_bytes()))
        }
        OrderStatus::Valid | OrderStatus::Invalid => Err(authorize::refusal(&mut order, &conversation)?),
        OrderStatus::Pending | OrderStatus::Ready | OrderStatus::Processing => Ok(Answer::Pending(Pending {
            reference: Some(order.url().to_owned()),
            message: format!("the order {} is not through after {} s", order.url(), acme.timeout),
            retry_after: conversation.retry_after(),
        })),
    }
}

/// The order that an earlier run opened, if it can still come to a good end.
fn resume(
    account: &Account,
    acme: &Acme,
    asked: &super::Order<'_>,
    conversation: &Conversation<'_>,
    around: &dyn Surroundings,
) -> Result<Option<Order>, Error> {
    let Some(url) = asked.reference else { return Ok(None) };
    // Of another CA that had this name in the configuration.
    if !conversation::is_same_server(url, &acme.directory) {
        return Ok(None);
    }
    match conversation.run(account.order(url.to_owned())) {
        Ok(mut order) => {
            let is_over = order.state().status == OrderStatus::Invalid;
            around.tell(&format!("CA: the order {url} {}", if is_over { "has failed: a new one" } else { "goes on" }));
            Ok((!is_over).then_some(order))
        }
        Err(error @ (Error::Refused { .. } | Error::Answer { .. })) => {
            around.tell(&format!("CA: the order {url} is no more: a new one ({error})"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Opens an order.
fn begin(
    account: &Account,
    acme: &Acme,
    asked: &super::Order<'_>,
    identifiers: &[Identifier],
    conversation: &Conversation<'_>,
    around: &dyn Surroundings,
) -> Result<Order, Error> {
    if let Some(profile) = &acme.profile {
        account::check_profile(account, profile)?;
    }
    let open = |replaces: Option<CertificateIdentifier<'static>>| {
        let mut new = NewOrder::new(identifiers);
        if let Some(profile) = &acme.profile {
            new = new.profile(profile);
        }
        if let Some(replaces) = replaces {
            new = new.replaces(replaces);
        }
        conversation.run(account.new_order(&new))
    };
    let order = match asked.replaces.and_then(certificate_id::of) {
        None => open(None)?,
        Some(predecessor) => match open(Some(predecessor)) {
            // The predecessor is another CA's, or replaced already, or the CA does not know what that is (RFC 9773,
            // section 5): no reason to have no certificate.
            Err(error @ (Error::Refused { .. } | Error::Answer { .. })) => {
                around.tell(&format!("CA: the order does not name its predecessor: {error}"));
                match conversation.made() {
                    // The CA has made it, and does not say that it has read the name.
                    Some(url) => conversation.run(account.order(url))?,
                    None => open(None)?,
                }
            }
            order => order?,
        },
    };
    around.tell(&format!("CA: the order is {}", order.url()));
    (asked.opened)(order.url())?;
    Ok(order)
}
