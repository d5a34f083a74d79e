//! What differs by operating system.

mod environment;
mod folders;

pub use environment::use_softhsm_configuration;
pub use folders::{configuration_folders, data_folder, state_folder};
