//! What a script can tell apart: the kind of each error, and whether another try may help.

use super::{Error, KeyFate};
use crate::prune::PruneError;
use crate::repair::RepairError;
use crate::token::{self, Reach};
use crate::{ca, file, state, tls, trial, x509};

/// The kinds of failure: a promise to scripts. Exit codes are made from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// A bug.
    Internal,
    /// The command line.
    Usage,
    /// The request file.
    RequestInvalid,
    /// Module, token, device or cluster is not there or not reachable.
    TokenUnavailable,
    /// The PIN.
    LoginFailed,
    /// No such key or certificate.
    NotFound,
    /// A label, id or file is taken, or several fit.
    Conflict,
    /// The certificate.
    CertificateRejected,
    /// The token cannot do it or may not.
    TokenRefused,
    /// The file system.
    Io,
    /// Several files, and they failed in different ways.
    Partial,
    /// A live server does not serve what it should, or does not answer.
    ServedDiffers,
    /// A certificate is due for renewal, which somebody asked to fail on.
    Due,
    /// A certificate is over, which somebody asked to fail on.
    Expired,
    /// The CA said no, or cannot be reached.
    CaRefused,
    /// The CA has not decided.
    CaPending,
    /// A hook failed.
    HookFailed,
    /// A certificate was renewed, which somebody asked to be told by the exit code.
    Renewed,
    /// Another run of hsmcert holds the lock.
    Busy,
}

impl Error {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Spec(_)
            | Self::NoLabel
            | Self::SelfSigned { .. }
            | Self::KeyReference { .. }
            | Self::Inexpressible { .. } => ErrorKind::RequestInvalid,
            Self::Uri(_)
            | Self::Deploy(_)
            | Self::HalfOfPair { .. }
            | Self::CertificateOfKey { .. }
            | Self::UnusableLabel { .. } => ErrorKind::Usage,
            Self::ModuleFile { .. } => ErrorKind::TokenUnavailable,
            Self::File(error) => file_kind(error),
            Self::Token(error) => token_kind(error),
            Self::Trial(error) => match error {
                trial::Error::Folder(_) => ErrorKind::Io,
                trial::Error::Lost(_) => ErrorKind::TokenUnavailable,
                trial::Error::File(error) => file_kind(error),
                trial::Error::Token(error) => token_kind(error),
            },
            Self::X509(error) => x509_kind(error),
            Self::Ca(error) => match error {
                ca::Error::Refused { .. }
                | ca::Error::Unavailable { .. }
                | ca::Error::Answer { .. }
                | ca::Error::Account { .. }
                | ca::Error::Unproved { .. } => ErrorKind::CaRefused,
                ca::Error::Hook(_) => ErrorKind::HookFailed,
                ca::Error::Secret(_) | ca::Error::Configuration { .. } => ErrorKind::Usage,
                ca::Error::Kept(_) | ca::Error::Challenge(_) => ErrorKind::Io,
            },
            Self::OtherKeyIssued { .. } => ErrorKind::CaRefused,
            Self::Rollout(_) => ErrorKind::HookFailed,
            Self::Prune(PruneError::Served { .. } | PruneError::NoAnswer { .. }) => ErrorKind::ServedDiffers,
            Self::Prune(PruneError::NotReplaced { .. } | PruneError::OtherKey { .. }) => ErrorKind::Conflict,
            Self::Repair(RepairError::Changed(_)) => ErrorKind::Busy,
            Self::Repair(RepairError::NoPair { .. } | RepairError::ChainInTheWay { .. }) => ErrorKind::Conflict,
            Self::Repair(RepairError::NotInFile { .. }) => ErrorKind::NotFound,
            Self::State(error) => match error {
                state::Error::Busy(_) => ErrorKind::Busy,
                state::Error::Folder { .. } | state::Error::Damaged { .. } | state::Error::Newer { .. } => {
                    ErrorKind::Io
                }
                state::Error::File(error) => file_kind(error),
            },
            Self::AfterKeyMade { source, .. }
            | Self::Intermediate { source, .. }
            | Self::NotUndone { source, .. }
            | Self::OldStays { source, .. }
            | Self::NotDeleted { source, .. }
            | Self::NotRenamed { source, .. } => source.kind(),
            Self::KeyMissing(_)
            | Self::KeyNotFound(_)
            | Self::OtherToken { .. }
            | Self::PublicKeyNotShown { .. }
            | Self::CertificateMissing { .. } => ErrorKind::NotFound,
            Self::ForeignKey { .. }
            | Self::Expired { .. }
            | Self::CaCertificate { .. }
            | Self::Strict { .. }
            | Self::LinkNotProved { .. }
            | Self::HandshakeFailed { .. }
            | Self::LinkBroken { .. }
            | Self::NotLinked(_)
            | Self::OtherLinked { .. }
            | Self::NoKeyId(_) => ErrorKind::CertificateRejected,
            Self::LabelFixed { .. } => ErrorKind::TokenRefused,
            Self::ServedDiffers { .. } => ErrorKind::ServedDiffers,
            Self::Tls(error) => match error {
                tls::Error::Name(_) => ErrorKind::Usage,
                tls::Error::Root { .. } | tls::Error::Handshake(_) | tls::Error::CriticalExtension => {
                    ErrorKind::CertificateRejected
                }
                tls::Error::Resolve { .. }
                | tls::Error::Unreachable { .. }
                | tls::Error::TimeLimit { .. }
                | tls::Error::NotTls(_)
                | tls::Error::Closed => ErrorKind::ServedDiffers,
            },
            Self::SeveralLeaves(_)
            | Self::SeveralCertificates(_)
            | Self::SeveralKeys { .. }
            | Self::KeyInUse { .. }
            | Self::CertificateGoesToo { .. }
            | Self::LabelInUse { .. }
            | Self::UnclearPair { .. }
            | Self::LabelOfOther { .. } => ErrorKind::Conflict,
            Self::DevCa { .. } | Self::WindowsStore { .. } => ErrorKind::Io,
            Self::NotConverted(_) => ErrorKind::Internal,
        }
    }

    /// Whether the same command may work later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Token(token::Error::Call { source, .. } | token::Error::ModuleStart { source, .. })
            | Self::Trial(trial::Error::Token(token::Error::Call { source, .. })) => source.reach() == Reach::Away,
            Self::Token(token::Error::CertificateStays { source, .. }) => {
                matches!(&**source, token::Error::Call { source, .. } if source.reach() == Reach::Away)
            }
            // Not after a call that may have changed something, and never after a login.
            Self::Token(token::Error::NoReturn { unsettled, .. }) => unsettled.is_empty(),
            Self::State(state::Error::Busy(_)) | Self::Repair(RepairError::Changed(_)) => true,
            Self::AfterKeyMade { source, fate: KeyFate::Destroyed, .. }
            | Self::Intermediate { source, .. }
            | Self::OldStays { source, .. }
            | Self::NotDeleted { source, .. }
            | Self::NotRenamed { source, .. } => source.is_retryable(),
            Self::ServedDiffers { retryable, .. } => *retryable,
            Self::Tls(error) => error.is_retryable(),
            Self::Ca(error) => error.is_retryable(),
            Self::Prune(PruneError::NoAnswer { source, .. }) => source.is_retryable(),
            Self::Rollout(_) => true,
            _ => false,
        }
    }
}

fn file_kind(error: &file::Error) -> ErrorKind {
    match error {
        file::Error::Exists(_) => ErrorKind::Conflict,
        file::Error::Missing(_)
        | file::Error::MissingFolder { .. }
        | file::Error::TooLarge(_)
        | file::Error::Unwritten { .. }
        | file::Error::Io(_) => ErrorKind::Io,
    }
}

fn token_kind(error: &token::Error) -> ErrorKind {
    use token::Error as Token;
    match error {
        Token::ModuleMissing(_)
        | Token::ModuleUnusable { .. }
        | Token::ModuleStart { .. }
        | Token::NoReturn { .. }
        | Token::TokenMissing { .. }
        | Token::NoToken(_)
        | Token::Random(_) => ErrorKind::TokenUnavailable,
        Token::TokenAmbiguous { .. } | Token::LabelTaken { .. } | Token::KeyAmbiguous { .. } => ErrorKind::Conflict,
        Token::Initialise(error) => initialise_kind(error),
        Token::CertificateStays { source, .. } => token_kind(source),
        Token::PinMissing(_)
        | Token::PinForm { .. }
        | Token::PinWrong { .. }
        | Token::PinFinalTry(_)
        | Token::PinLocked(_)
        | Token::PinUnset(_) => ErrorKind::LoginFailed,
        Token::PrivateKeyMissing(_) => ErrorKind::NotFound,
        Token::MechanismMissing { .. }
        | Token::MakesNoKeys { .. }
        | Token::LabelTooLong { .. }
        | Token::KeySize { .. }
        | Token::KeyUnprotected { .. }
        | Token::KeyDiffers { .. }
        | Token::ReadBack(_)
        | Token::LabelDiffers { .. }
        | Token::IdDiffers { .. }
        | Token::CertificateRefused { .. }
        | Token::SchemeMismatch { .. } => ErrorKind::TokenRefused,
        Token::Call { source, .. } => match source.reach() {
            Reach::Refused | Reach::Full | Reach::ReadOnly => ErrorKind::TokenRefused,
            Reach::NotLoggedIn => ErrorKind::LoginFailed,
            Reach::Away | Reach::Broken => ErrorKind::TokenUnavailable,
        },
    }
}

fn initialise_kind(error: &token::InitialiseError) -> ErrorKind {
    use token::InitialiseError as Initialise;
    match error {
        Initialise::OfficerPinWrong { .. }
        | Initialise::OfficerPinFinalTry(_)
        | Initialise::OfficerPinLocked(_)
        | Initialise::PinLength { .. } => ErrorKind::LoginFailed,
        Initialise::Refused { .. } => ErrorKind::TokenRefused,
        Initialise::NotShown(_) => ErrorKind::TokenUnavailable,
        Initialise::Label(_) => ErrorKind::Usage,
        Initialise::LabelTaken(_) | Initialise::SeveralFreeTokens(_) => ErrorKind::Conflict,
        Initialise::NoFreeToken { .. } => ErrorKind::TokenUnavailable,
        Initialise::UserPinNotSet { source, .. } => token_kind(source),
    }
}

fn x509_kind(error: &x509::Error) -> ErrorKind {
    if error.is_about_request() { ErrorKind::RequestInvalid } else { ErrorKind::CertificateRejected }
}
