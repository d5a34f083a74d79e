//! The attributes of one object: read in one go, and one by one only where a module refuses the whole list.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::object::{Attribute, AttributeType};

use super::error::{CallError, Reach};

/// What the object shows of these attributes; `None` when it has vanished. `get` makes the call.
///
/// # Errors
/// The call's, when it says that nothing more can be had from the token.
pub(super) fn read(
    types: &[AttributeType],
    mut get: impl FnMut(&[AttributeType]) -> Result<Vec<Attribute>, Cryptoki>,
) -> Result<Option<Vec<Attribute>>, Cryptoki> {
    let refused = match get(types) {
        Ok(attributes) => return Ok(Some(attributes)),
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) if is_lost(&error) => return Err(error),
        Err(error) => error,
    };
    let mut found = Vec::new();
    for kind in types {
        match get(&[*kind]) {
            Ok(attributes) => found.extend(attributes),
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) if is_lost(&error) => return Err(error),
            Err(_) => {}
        }
    }
    // A module that shows nothing of an object still has the object; a device that does not answer has not said so.
    if found.is_empty() && CallError::new(&refused).reach() == Reach::Away { Err(refused) } else { Ok(Some(found)) }
}

/// Somebody else has destroyed the object.
fn is_gone(error: &Cryptoki) -> bool {
    matches!(error, Cryptoki::Pkcs11(RvError::ObjectHandleInvalid | RvError::KeyHandleInvalid, _))
}

/// No further call will work: asking for each attribute would only take time.
fn is_lost(error: &Cryptoki) -> bool {
    matches!(
        error,
        Cryptoki::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::CryptokiNotInitialized
                | RvError::UserNotLoggedIn,
            _
        )
    )
}
