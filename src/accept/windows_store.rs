//! The last step of `accept` on Windows: the certificate goes into the certificate store, linked to the key as the
//! provider names it.

use crate::deploy;
use crate::error::Error;
use crate::platform::{self, KeyLink, StoreEntry, StoreLocation, Stored};
use crate::state::WindowsRequest;
use crate::token::vendor::{Vendor, is_software_provider};
use crate::x509::Certificate;

/// What the user says about the store. `None` leaves it to the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The store.
    pub location: Option<StoreLocation>,
    /// The key storage provider.
    pub provider: Option<String>,
    /// The container: what the provider calls the key.
    pub container: Option<String>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The store.
    pub location: StoreLocation,
    /// The name that the certificate gets.
    pub friendly_name: Option<String>,
    /// The provider, as far as it is known.
    pub provider: Option<String>,
    /// The container, as far as it is known.
    pub container: Option<String>,
    /// A key-reference file of AWS CloudHSM may name the container.
    pub wants_key_reference: bool,
}

impl Plan {
    /// What was typed, else what the request says, else what is known of the HSM. A container is only taken from what
    /// is written somewhere: a link to a key that is not there is worse than none.
    #[must_use]
    pub fn new(wishes: Wishes, request: &WindowsRequest, vendor: Option<&Vendor>) -> Self {
        let Wishes { location, provider, container } = wishes;
        let WindowsRequest { machine_store, friendly_name, provider: asked, key_container } = request;
        let of_request = if *machine_store { StoreLocation::LocalMachine } else { StoreLocation::CurrentUser };
        let of_vendor = vendor.and_then(|vendor| vendor.providers.first()).map(|name| (*name).to_owned());
        // Windows' own providers, a habit of request files, hold no key of a token.
        let asked = asked.clone().filter(|name| !is_software_provider(name));
        // And the keys of SoftHSM are in no provider, whatever the request says.
        let in_provider = !vendor.is_some_and(|vendor| vendor.software);
        let provider = provider.or(asked).or(of_vendor);
        let container = container.or_else(|| key_container.clone().filter(|_| in_provider));
        let is_cloudhsm = provider.as_deref().is_some_and(deploy::is_cloudhsm);
        Self {
            location: location.unwrap_or(of_request),
            friendly_name: friendly_name.clone(),
            wants_key_reference: in_provider && is_cloudhsm && container.is_none(),
            provider,
            container,
        }
    }

    /// Takes the key-reference file that has the key's label for its name; the name of such a file is the container.
    /// How the files of other keys are named is not documented, so no other is guessed at.
    #[must_use]
    pub fn with_key_references(mut self, names: &[String], label: &str) -> Self {
        if self.wants_key_reference {
            self.container = names.iter().find(|name| *name == label).cloned();
        }
        self
    }

    /// The link, if both names are known.
    #[must_use]
    pub fn link(&self) -> Option<KeyLink> {
        let (provider, container) = (self.provider.clone()?, self.container.clone()?);
        Some(KeyLink { key_spec: deploy::key_spec(&provider), provider, container })
    }
}

/// Does it. Twice is as good as once.
///
/// # Errors
/// [`Error::WindowsStore`].
pub fn store(plan: &Plan, leaf: &Certificate) -> Result<Stored, Error> {
    let link = plan.link();
    let entry = StoreEntry {
        location: plan.location,
        certificate: leaf.der(),
        friendly_name: plan.friendly_name.as_deref(),
        link: link.as_ref(),
    };
    platform::store_certificate(entry).map_err(|source| Error::WindowsStore { location: plan.location, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::vendor::{SOFTHSM, VENDORS, by_profile};

    fn request() -> WindowsRequest {
        WindowsRequest {
            machine_store: true,
            friendly_name: Some("Web".into()),
            provider: Some("Luna Key Storage Provider".into()),
            key_container: Some("web key".into()),
        }
    }

    fn wishes(provider: Option<&str>, container: Option<&str>) -> Wishes {
        Wishes { location: None, provider: provider.map(str::to_owned), container: container.map(str::to_owned) }
    }

    #[test]
    fn without_a_word_it_is_the_users_store_and_no_link() {
        let plan = Plan::new(Wishes::default(), &WindowsRequest::default(), None);
        assert_eq!((plan.location, plan.link()), (StoreLocation::CurrentUser, None));
    }

    #[test]
    fn the_request_names_store_provider_and_container() {
        let plan = Plan::new(Wishes::default(), &request(), by_profile("luna"));
        assert_eq!((plan.location, plan.friendly_name.as_deref()), (StoreLocation::LocalMachine, Some("Web")));
        let link = KeyLink { provider: "Luna Key Storage Provider".into(), container: "web key".into(), key_spec: 0 };
        assert_eq!(plan.link(), Some(link));
    }

    #[test]
    fn what_is_typed_comes_first() {
        let typed = Wishes { location: Some(StoreLocation::CurrentUser), ..wishes(Some("A"), Some("b")) };
        let plan = Plan::new(typed, &request(), None);
        assert_eq!(plan.location, StoreLocation::CurrentUser);
        assert_eq!((plan.provider.as_deref(), plan.container.as_deref()), (Some("A"), Some("b")));
    }

    #[test]
    fn a_container_is_never_made_up() {
        let request = WindowsRequest { key_container: None, ..request() };
        let plan = Plan::new(wishes(Some("A"), None), &request, by_profile("cloudhsm"));
        assert_eq!((plan.container.as_deref(), plan.link()), (None, None));
        let plan = Plan::new(wishes(None, Some("b")), &WindowsRequest::default(), None);
        assert_eq!(plan.link(), None, "a container without a provider is no link");
    }

    #[test]
    fn an_hsm_names_its_provider_and_softhsm_has_none() {
        let plan = Plan::new(wishes(None, Some("b")), &WindowsRequest::default(), by_profile("cloudhsm"));
        let link = plan.link().unwrap();
        assert_eq!((link.provider.as_str(), link.key_spec), ("Cavium Key Storage Provider", 2));
        assert_eq!(Plan::new(Wishes::default(), &request(), Some(&SOFTHSM)).link(), None);
    }

    #[test]
    fn the_key_reference_file_of_the_labels_name_is_the_container() {
        let names = ["tq-3daacd89".to_owned(), "web".to_owned()];
        let plan = |vendor, wishes| Plan::new(wishes, &WindowsRequest::default(), by_profile(vendor));
        let of = |plan: Plan, label| plan.with_key_references(&names, label).container;
        assert_eq!(of(plan("cloudhsm", Wishes::default()), "web").as_deref(), Some("web"));
        assert_eq!(of(plan("cloudhsm", Wishes::default()), "we"), None, "a part of the name is not enough");
        assert_eq!(of(plan("cloudhsm", wishes(None, Some("typed"))), "web").as_deref(), Some("typed"));
        assert_eq!(of(plan("luna", Wishes::default()), "web"), None, "other providers have no such files");
        let software = plan("softhsm", wishes(Some("Cavium Key Storage Provider"), None));
        assert_eq!(of(software, "web"), None, "SoftHSM's keys are in no provider");
    }

    #[test]
    fn windows_own_provider_holds_no_key_of_a_token() {
        let provider = Some("Microsoft Software Key Storage Provider".to_owned());
        let plan = Plan::new(Wishes::default(), &WindowsRequest { provider, ..request() }, None);
        assert_eq!((plan.provider.as_deref(), plan.link()), (None, None));
    }

    #[test]
    fn deploy_and_token_know_the_same_providers_of_cloudhsm() {
        for vendor in VENDORS {
            for provider in vendor.providers {
                assert_eq!(deploy::is_cloudhsm(provider), vendor.profile == "cloudhsm", "{provider}");
            }
        }
    }
}
