//! What differs by operating system.

mod certificate_store;
mod child;
mod environment;
mod folders;
mod module_file;
mod p11_kit;
mod process;
mod rights;
mod silence;

pub use certificate_store::{KeyLink, StoreChange, StoreEntry, StoreError, StoreLocation, Stored, store_certificate};
pub use child::{Ending, end_as_asked, wait};
pub use environment::use_softhsm_configuration;
pub use folders::{configuration_folders, data_folder, state_folder};
pub use module_file::{Architecture, Format, ModuleFile, Processor};
pub use p11_kit::{ConfiguredModule, p11_kit_modules};
pub use process::{end_process, protect_process};
pub use rights::{Stranger, stranger};
pub use silence::{Silence, end_silence};
