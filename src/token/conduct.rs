//! How a session treats its token: what is known of the product, and who is told of what follows from it.

use std::fmt;
use std::path::Path;

use super::vendor::{self, Quirks, Vendor};

/// Is told in a sentence what was chosen or tried again; never a secret.
pub type Teller = Box<dyn Fn(&str)>;

/// What a session goes by.
pub struct Conduct {
    /// The product, if it is known.
    pub vendor: Option<&'static Vendor>,
    /// How it is treated: the row's, unless somebody says otherwise.
    pub quirks: Quirks,
    /// Who is told.
    pub teller: Option<Teller>,
}

impl Conduct {
    /// By the name of the module's file.
    #[must_use]
    pub fn of(module: &Path) -> Self {
        let vendor = vendor::by_module(module);
        Self { vendor, quirks: vendor.map_or(Quirks::STANDARD, |vendor| vendor.quirks), teller: None }
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
