//! What to do next about a token.

use hsmcert::key::KeyAlgorithm;
use hsmcert::token::{self, TokenInfo, Unsettled};

pub(super) fn token_hints(error: &token::Error) -> Vec<String> {
    use token::Error as Token;
    let text = |text: &str| vec![text.to_owned()];
    let list = |tokens: &[TokenInfo]| tokens.iter().map(|token| format!("there is {token}")).collect::<Vec<_>>();
    match error {
        Token::ModuleMissing(_) => text("install the HSM's client software, or name its module with --module FILE"),
        Token::ModuleUnusable { .. } => vec![
            "a module is a shared library for this processor, from the HSM's vendor".to_owned(),
            "see what is wrong with: hsmcert doctor".to_owned(),
        ],
        Token::ModuleStart { source, .. } if source.value() == "CKR_ARGUMENTS_BAD" => {
            text("it may want its configuration as an argument: init-args in a profile of hsmcert.toml")
        }
        Token::ModuleStart { .. } => vec![
            "check the vendor's configuration file and whether you may read it".to_owned(),
            "see what is wrong with: hsmcert doctor".to_owned(),
        ],
        Token::NoReturn { unsettled, .. } => {
            let mut all = left_over(unsettled);
            all.push("check that the HSM and its services are up and reachable".to_owned());
            all.push("if it needs longer: --timeout SECONDS or HSMCERT_TIMEOUT (0 waits for ever)".to_owned());
            all
        }
        Token::TokenMissing { present, .. } if present.is_empty() => {
            text("the module shows no initialised token at all")
        }
        Token::TokenMissing { present, .. } => list(present),
        Token::TokenAmbiguous { fitting, .. } => {
            let mut all = list(fitting);
            all.push("choose one with --token LABEL or --serial SERIAL".to_owned());
            all
        }
        Token::NoToken(_) => text("initialise one with: hsmcert token init --label LABEL, or with the vendor's tool"),
        Token::PinMissing(_) => text("give it with --pin-source FILE, HSMCERT_PIN, or type it at a terminal"),
        Token::PinForm { .. } => text("it was not tried: write it in this form"),
        Token::PinWrong { left, at_device, .. } => {
            let mut all = match left {
                token::PinTries::Unknown => vec![],
                token::PinTries::Few => text("few tries are left"),
                token::PinTries::One => text("one try is left; hsmcert will not take it"),
                token::PinTries::None => text("the PIN is locked now"),
            };
            all.push(match at_device {
                true => "it was typed at the device, once; run the command again to type it again".to_owned(),
                false => "it was tried once and is not tried again; check --pin-source (AWS CloudHSM: user:password)"
                    .to_owned(),
            });
            all
        }
        Token::PinFinalTry(_) => text("log in once with the vendor's own tool, which resets the counter"),
        Token::PinLocked(_) => text("the security officer can set a new PIN: hsmcert token set-pin --so"),
        Token::PinUnset(_) => text("the security officer sets it: hsmcert token set-pin --so"),
        Token::Initialise(error) => initialise_hints(error),
        Token::MechanismMissing { present, .. } if present.is_empty() => text("choose another algorithm or token"),
        Token::MechanismMissing { present, .. } => vec![format!("it has {}", present.join(", "))],
        Token::KeySize { algorithm: KeyAlgorithm::Rsa { .. }, .. } => {
            text("choose another size with KeyLength (TOML: key.size), or another token")
        }
        Token::KeySize { .. } => text("choose another KeyAlgorithm (TOML: key.algorithm), or another token"),
        Token::MakesNoKeys { creation, .. } => {
            let make = creation.map(|how| format!("make it with: {how}"));
            let reuse = "then request a certificate for it with --reuse-key LABEL".to_owned();
            make.into_iter().chain([reuse]).collect()
        }
        Token::LabelTooLong { .. } => text("take a shorter label (new: --label)"),
        Token::LabelTaken { .. } => {
            text("take another label (new: --label), or reuse the key with UseExistingKeySet = true (TOML: key.reuse)")
        }
        Token::KeyUnprotected { .. } => text("the token does not keep keys secret: use another one"),
        Token::KeyDiffers { .. } => text("report this to the HSM's vendor"),
        Token::PrivateKeyMissing(_) => text("log in as the user who owns the key"),
        Token::KeyAmbiguous { .. } => text("name it by id:HEX; see what is there with: hsmcert find-key"),
        Token::ReadBack(_) => text("the certificate object was removed again; report this to the HSM's vendor"),
        Token::CertificateStays { source, .. } => {
            let mut all = token_hints(source);
            all.push("when the token works again, run the same command: it finishes the work".to_owned());
            all
        }
        Token::LabelDiffers { .. } | Token::IdDiffers { .. } => text("report this to the HSM's vendor"),
        Token::CertificateRefused { .. } => text(
            "it holds an older certificate and takes no new one: see the HSM's documentation on certificate objects",
        ),
        Token::SchemeMismatch { .. } => text("choose a signature that fits the key"),
        Token::Random(_) => vec![],
        Token::Call { source, .. } => match source.reach() {
            token::Reach::Refused => vec![],
            token::Reach::Full => text("the token is full: remove what is not needed"),
            token::Reach::ReadOnly => {
                text("the token or the user may not write: check its write protection and your role")
            }
            token::Reach::NotLoggedIn if source.value() == "CKR_PIN_EXPIRED" => {
                text("set a new one with: hsmcert token set-pin")
            }
            token::Reach::NotLoggedIn => text("give a PIN with --pin-source"),
            token::Reach::Away => text("check that the HSM is reachable, then run the command again"),
            token::Reach::Broken => text("run with -vv to see the calls, and report it to the HSM's vendor"),
        },
    }
}

fn initialise_hints(error: &token::InitialiseError) -> Vec<String> {
    use token::InitialiseError as Initialise;
    let text = |text: &str| vec![text.to_owned()];
    match error {
        Initialise::OfficerPinWrong { .. } => text(
            "it was tried once and is not tried again; check --so-pin-source (openCryptoki's first one is 87654321)",
        ),
        Initialise::OfficerPinFinalTry(_) => text("use the vendor's own tool, which can reset the counter"),
        Initialise::OfficerPinLocked(_) => {
            text("the vendor's own tool can reset the token, which destroys its objects")
        }
        Initialise::PinLength { .. } => text("choose a PIN that fits; nothing was changed"),
        Initialise::NotShown(label) => {
            vec![format!("its user's PIN is not set yet: hsmcert token set-pin --so --token \"{label}\"")]
        }
        Initialise::Label(_) => text("choose another with --label"),
        Initialise::LabelTaken(_) => text("choose another with --label: two tokens of one label cannot be told apart"),
        Initialise::NoFreeToken { present, .. } => {
            let mut all: Vec<_> = present.iter().map(|token| format!("there is {token}")).collect();
            all.push("make a slot or partition with the vendor's tool, or see hsmcert token init --help".to_owned());
            all
        }
        Initialise::SeveralFreeTokens(free) => {
            let mut all: Vec<_> =
                free.iter().map(|one| format!("there is slot {}, {}", one.slot_number(), one.model)).collect();
            all.push("choose one with --slot NUMBER".to_owned());
            all
        }
        Initialise::Refused { .. } => text("the vendor's own tool does this"),
        Initialise::UserPinNotSet { source, .. } => {
            let mut all = token_hints(source);
            all.push("set it with: hsmcert token set-pin --so --token LABEL".to_owned());
            all
        }
    }
}

/// What may be left over when calls have not returned.
pub(in crate::cli) fn left_over(unsettled: &[Unsettled]) -> Vec<String> {
    unsettled.iter().map(|one| unsettled_hint(*one).to_owned()).collect()
}

fn unsettled_hint(unsettled: Unsettled) -> &'static str {
    match unsettled {
        Unsettled::Nothing => "the work itself was done, and only its result was not shown: see hsmcert find-key",
        Unsettled::KeyPair => {
            "a new key pair may be left on the token, without a CSR: look for it with hsmcert find-key --orphans, or hsmcert repair"
        }
        Unsettled::Certificate => {
            "a certificate may be stored and not proved yet: when the token answers, run the same command again"
        }
        Unsettled::Removal => "what was to be removed may still be there: see hsmcert repair",
        Unsettled::Attribute => "an attribute may be changed or not: see hsmcert find-key --json",
        Unsettled::Initialisation => "the token may be initialised, and its user's PIN not set: see hsmcert token list",
        Unsettled::Pin => {
            "the user's PIN may be the old or the new one: the security officer can set it with hsmcert token set-pin --so"
        }
        Unsettled::Login => "the PIN may count as tried: find out before you try it again",
    }
}
