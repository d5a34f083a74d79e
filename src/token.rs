//! The token: everything that goes through PKCS#11, and the only code that knows cryptoki.
//!
//! It knows no X.509: certificates, names and signatures are bytes here. Object handles never leave this
//! folder except as a number that is shown; what identifies a key is its public key and its `CKA_ID`.

mod attribute_template;
mod attribute_text;
mod attribute_value;
mod attributes;
mod call_error;
mod certificate_object;
mod conduct;
mod crew;
mod details;
mod error;
mod generation_mechanism;
mod get_attribute_value;
mod initialise;
mod initialise_error;
mod key_generation;
mod key_pair;
mod key_search;
mod listing;
mod lists;
mod mechanism;
mod module;
mod new_key_pair;
mod object;
mod object_change;
mod parallel;
mod probe;
mod public_key;
mod public_key_object;
mod raw;
mod retry;
mod session;
mod slot;
mod template_ladder;
mod underway;
pub mod vendor;
pub mod vendor_setup;
mod watchdog;
mod x9_31;

pub use attribute_text::AttributeText;
pub use attribute_value::{AttributeValue, ShownAttributes};
pub use certificate_object::{CertificateObject, NewCertificate};
pub use conduct::{Conduct, PinReader, Teller};
pub use details::{TokenDetails, TokenFlag};
pub use error::{CallError, Error, PinTries, Reach};
pub use initialise::{Role, TOKEN_LABEL_LEN};
pub use initialise_error::InitialiseError;
pub use key_generation::Protection;
pub use key_pair::KeyPair;
pub use listing::{Detail, Listed, Origin, Wanted};
pub use module::{CallObserver, Module};
pub use new_key_pair::{Lifetime, NewKeyPair};
pub use object::{KeyType, Object, ObjectClass};
pub use object_change::RawLabel;
pub use probe::{LibraryInfo, MechanismSignature, MechanismSizes, TokenLimits};
pub use session::Session;
pub use slot::{Selector, TokenInfo};
pub use underway::{Underway, Unsettled};
pub use watchdog::{Follower, TimeLimit, Watchdog};
