//! The account at the CA (RFC 8555, section 7.3): one for each directory, and for each external account there. It is made
//! at the first order and kept for all that follow.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::PROTOCOL;
use super::conversation::Conversation;
use crate::authority::{Acme, ExternalAccount};
use crate::ca::http::exposed;
use crate::ca::{Error, Surroundings};

/// Where it is kept.
pub(super) fn file_name(acme: &Acme) -> String {
    let external = acme.external_account.as_ref().map(|external| external.key_id.as_str());
    let of = Sha256::new().chain_update(&acme.directory).chain_update([0]).chain_update(external.unwrap_or_default());
    format!("acme-account-{}.json", base16ct::lower::encode_string(&of.finalize()[..8]))
}

/// The account that is kept, else a new one.
pub(super) fn open(acme: &Acme, conversation: &Conversation<'_>, around: &dyn Surroundings) -> Result<Account, Error> {
    let (name, builder) = (file_name(acme), Account::builder_with_http(conversation.http()));
    if let Some(kept) = around.kept(&name)? {
        let credentials: AccountCredentials = serde_json::from_slice(&kept)
            .map_err(|error| Error::Kept(format!("there is no ACME account in {}: {error}", around.place(&name))))?;
        return conversation.run(builder.from_credentials(credentials));
    }
    around.can_keep()?;
    let contact: Vec<&str> = acme.contact.iter().map(String::as_str).collect();
    let new = NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
    let external = acme.external_account.as_ref().map(|external| external_key(external, around)).transpose()?;
    let made = conversation.run(builder.create(&new, acme.directory.clone(), external.as_ref()));
    let (account, credentials) = made?;
    let json = serde_json::to_vec(&credentials).map_err(|error| Error::Kept(error.to_string()))?;
    around.keep(&name, &Zeroizing::new(json))?;
    around.tell(&format!("CA: a new account, {}, kept in {}", account.id(), around.place(&name)));
    Ok(account)
}

/// Refuses a profile that the CA does not name.
pub(super) fn check_profile(account: &Account, profile: &str) -> Result<(), Error> {
    let mut known: Vec<&str> = account.profiles().map(|profile| profile.name).collect();
    known.sort_unstable();
    if known.contains(&profile) {
        return Ok(());
    }
    let reason = match known.as_slice() {
        [] => "it has no profiles".to_owned(),
        known => format!("it has no profile \"{profile}\"; there are: {}", known.join(", ")),
    };
    Err(Error::Configuration { protocol: PROTOCOL, reason })
}

/// CAs hand the key out in base64url; some with padding, some in plain base64.
fn external_key(external: &ExternalAccount, around: &dyn Surroundings) -> Result<ExternalAccountKey, Error> {
    let secret = around.secret(&external.key_source)?;
    let text = Zeroizing::new(exposed(&secret).trim_end_matches('=').replace('+', "-").replace('/', "_"));
    let key = URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Zeroizing::new);
    let key = key.map_err(|_| Error::Secret(format!("the key in {} is no base64url", external.key_source)))?;
    Ok(ExternalAccountKey::new(external.key_id.clone(), &key))
}
