//! The form of a product's PIN.

use crate::pin::Pin;

/// The form that a product wants its PIN in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PinForm {
    /// Any text.
    Plain,
    /// `user:password`.
    UserPassword,
    /// Four hexadecimal digits, the id of an authentication key, then its password.
    KeyIdPassword,
}

impl PinForm {
    /// Whether a PIN can be right.
    #[must_use]
    pub fn fits(self, pin: &Pin) -> bool {
        match self {
            Self::Plain => true,
            Self::UserPassword => pin.has_user(),
            Self::KeyIdPassword => pin.has_key_id(),
        }
    }

    /// How it looks.
    #[must_use]
    pub fn example(self) -> &'static str {
        match self {
            Self::Plain => "PIN",
            Self::UserPassword => "user:password",
            Self::KeyIdPassword => {
                "0001password (the id of the authentication key as four hexadecimal digits, then its password)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_of_the_wrong_form_are_told() {
        let pin = |text: &str| Pin::new(text.to_owned());
        assert!(PinForm::UserPassword.fits(&pin("user:password")) && !PinForm::UserPassword.fits(&pin("password")));
        assert!(PinForm::KeyIdPassword.fits(&pin("0aB1password")) && !PinForm::KeyIdPassword.fits(&pin("password")));
        assert!(PinForm::KeyIdPassword.fits(&pin("@0001password")) && !PinForm::KeyIdPassword.fits(&pin("0001")));
        assert!(PinForm::Plain.fits(&pin("1")));
    }
}
