//! The trial token: a private `SoftHSM` token, so that a machine without an HSM does the main job at once.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::file;
use crate::pin::{Pin, PinSource};
use crate::token::{self, Module, Selector, TokenInfo};

/// `label` of the trial token.
pub const LABEL: &str = "hsmcert-trial";
/// `SoftHSM` cuts a configuration line at these (`src/lib/common/SimpleConfigLoader.cpp`).
const UNUSABLE: [char; 3] = ['#', '=', '\n'];

/// Why there is no trial token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder's path cannot stand in `SoftHSM`'s configuration.
    #[error("SoftHSM cannot use the folder {}: its path holds one of # =", .0.display())]
    Folder(PathBuf),
    /// The token was there once and is not any more.
    #[error("the trial token in {} is gone", .0.display())]
    Lost(PathBuf),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] file::Error),
    /// The module refused.
    #[error(transparent)]
    Token(#[from] token::Error),
}

/// The folder of the trial token: configuration, PIN and the token itself.
#[derive(Debug, Clone)]
pub struct TrialToken {
    folder: PathBuf,
}

/// Kept from before the module starts until the login is done: other processes wait.
#[derive(Debug)]
pub struct Starting {
    _lock: fs::File,
    is_made: bool,
}

impl TrialToken {
    /// The trial token below a data folder.
    #[must_use]
    pub fn below(data_folder: &Path) -> Self {
        Self { folder: data_folder.join("token") }
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that `SOFTHSM2_CONF` must name.
    #[must_use]
    pub fn configuration(&self) -> PathBuf {
        self.folder.join("softhsm2.conf")
    }

    /// Where its PIN is.
    #[must_use]
    pub fn pin_source(&self) -> PinSource {
        PinSource::File(self.pin_file())
    }

    fn selector(&self) -> Selector {
        Selector { label: Some(LABEL.to_owned()), ..Selector::default() }
    }

    fn pin_file(&self) -> PathBuf {
        self.folder.join("pin")
    }

    fn ready_file(&self) -> PathBuf {
        self.folder.join("ready")
    }

    /// Makes folder, configuration and PIN if they are not there, before the module starts. Processes start one after
    /// the other: `SoftHSM` reads its tokens at start and rewrites the token's file at login, and a process that reads
    /// while another one writes sees no token, or makes a second one. What is returned is kept until the login is done.
    ///
    /// # Errors
    /// [`Error::Folder`], [`Error::File`].
    pub fn prepare(&self) -> Result<Starting, Error> {
        if self.folder.to_string_lossy().contains(UNUSABLE) {
            return Err(Error::Folder(self.folder.clone()));
        }
        let tokens = self.folder.join("tokens");
        if !self.ready_file().exists() {
            create_private_folder(&tokens)?;
        }
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        fs_err::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let lock = options.open(self.folder.join("lock"));
        let lock = lock.map_err(file::Error::Io)?;
        lock.file().lock().map_err(file::Error::Io)?;
        // Another process may have made it while this one waited.
        let is_made = self.ready_file().exists();
        if !is_made {
            let configuration = format!(
                "# The trial token of hsmcert: keys are on this disk, not in an HSM.\n\
                 directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
                tokens.display()
            );
            write_once(&self.configuration(), configuration.as_bytes())?;
            // Without a line break: libp11 and GnuTLS take all bytes of a `pin-source` for the PIN.
            write_once(&self.pin_file(), random_pin()?.as_bytes())?;
        }
        Ok(Starting { _lock: lock, is_made })
    }

    /// Makes the token itself, once.
    ///
    /// # Errors
    /// [`Error::Token`], [`Error::File`].
    pub fn make(&self, module: &Module, starting: &Starting) -> Result<(), Error> {
        if starting.is_made {
            return Ok(());
        }
        if !module.tokens()?.iter().any(|token| token.label == LABEL) {
            let text = file::read(&self.pin_file())?;
            let pin = Pin::new(String::from_utf8_lossy(&text).trim_end().to_owned());
            // Nobody ever needs the security officer of this token: its PIN is thrown away.
            let so_pin = Pin::new(random_pin()?);
            let token = module.initialise(&module.token_to_initialise(&Selector::default())?, LABEL, Some(&so_pin))?;
            module.set_user_pin(&token, Some(&so_pin), Some(&pin))?;
        }
        write_once(&self.ready_file(), b"")
    }

    /// Finds the token; one that was made and is not there any more is not made again, since keys are lost
    /// with it.
    ///
    /// # Errors
    /// [`Error::Lost`], [`Error::Token`].
    pub fn find(&self, module: &Module) -> Result<TokenInfo, Error> {
        module.token(&self.selector()).map_err(|error| match error {
            token::Error::TokenMissing { .. } => Error::Lost(self.folder.clone()),
            other => Error::Token(other),
        })
    }
}

fn create_private_folder(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(file::Error::Io)?;
    #[cfg(unix)]
    if let Some(parent) = path.parent() {
        use std::os::unix::fs::PermissionsExt as _;
        for folder in [parent, path] {
            fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(file::Error::Io)?;
        }
    }
    Ok(())
}

/// Writes a file that only its owner can read, unless it is there.
fn write_once(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use fs_err::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    match options.open(path) {
        Ok(mut file) => file.write_all(bytes).map_err(file::Error::Io)?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file::Error::Io(error).into()),
    }
    Ok(())
}

fn random_pin() -> Result<String, Error> {
    // 30 characters: libp11 0.4.12 reads 31 bytes of a `pin-source` and no more.
    let mut bytes = [0u8; 15];
    getrandom::fill(&mut bytes).map_err(|error| token::Error::Random(error.to_string()))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
