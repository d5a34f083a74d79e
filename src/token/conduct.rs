//! How a session treats its token: what is known of the product, and who is told of what follows from it.

use std::fmt;
use std::path::Path;

use super::vendor::{self, Quirks, Vendor};
use crate::pin::Pin;

/// Is told in a sentence what was chosen or tried again; never a secret.
pub type Teller = Box<dyn Fn(&str)>;

/// Reads a PIN anew from where it was read before; `None` when it cannot be read.
pub type PinReader = Box<dyn Fn() -> Option<Pin>>;

/// What a session goes by.
pub struct Conduct {
    /// The product, if it is known.
    pub vendor: Option<&'static Vendor>,
    /// How it is treated: the row's, unless somebody says otherwise.
    pub quirks: Quirks,
    /// Who is told.
    pub teller: Option<Teller>,
    /// Reads the PIN anew after a lost session; without it there is no second login.
    pub pin_again: Option<PinReader>,
}

impl Conduct {
    /// By the name of the module's file.
    #[must_use]
    pub fn of(module: &Path) -> Self {
        let vendor = vendor::by_module(module);
        let quirks = vendor.map_or(Quirks::STANDARD, |vendor| vendor.quirks);
        Self { vendor, quirks, teller: None, pin_again: None }
    }

    pub(super) fn tell(&self, text: &str) {
        if let Some(teller) = &self.teller {
            teller(text);
        }
    }

    /// The product, as it begins a sentence.
    pub(super) fn product(&self) -> &'static str {
        self.vendor.map_or("the token", |vendor| vendor.product)
    }
}

impl fmt::Debug for Conduct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let product = self.vendor.map(|vendor| vendor.product);
        f.debug_struct("Conduct").field("product", &product).field("quirks", &self.quirks).finish_non_exhaustive()
    }
}
