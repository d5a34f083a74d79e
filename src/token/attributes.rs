//! The attributes of one object: read in one call, into buffers that hold what such attributes usually are. What is
//! longer is read once more; attributes are read one by one only where a module refuses the whole list.

use cryptoki::error::{Error as Cryptoki, RvError};
use cryptoki::object::{Attribute, AttributeType};

use super::error::{CallError, Reach};
use super::get_attribute_value::{Answer, Slot, attribute};
use super::object::ObjectClass;

/// No attribute that hsmcert reads is longer: a module that says so is wrong.
const LONGEST: usize = 1 << 20;

/// What the object shows of these attributes; `None` when it has vanished. `call` makes the call.
///
/// # Errors
/// The call's, when it says that nothing more can be had from the token.
pub(super) fn read(
    class: ObjectClass,
    types: &[AttributeType],
    mut call: impl FnMut(&mut [Slot]) -> Result<bool, Cryptoki>,
) -> Result<Option<Vec<Attribute>>, Cryptoki> {
    let refused = match read_list(class, types, &mut call) {
        Ok(attributes) => return Ok(Some(attributes)),
        Err(error) if is_gone(&error) => return Ok(None),
        Err(error) if is_lost(&error) => return Err(error),
        Err(error) => error,
    };
    let mut found = Vec::new();
    for kind in types {
        match read_sized(&[*kind], &mut call) {
            Ok(attributes) => found.extend(attributes),
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) if is_lost(&error) => return Err(error),
            Err(_) => {}
        }
    }
    // A module that shows nothing of an object still has the object; a device that does not answer has not said so.
    if found.is_empty() && CallError::new(&refused).reach() == Reach::Away { Err(refused) } else { Ok(Some(found)) }
}

/// What the object shows of these attributes, when the module takes the whole list.
///
/// # Errors
/// The call's.
pub(super) fn read_list(
    class: ObjectClass,
    types: &[AttributeType],
    call: &mut impl FnMut(&mut [Slot]) -> Result<bool, Cryptoki>,
) -> Result<Vec<Attribute>, Cryptoki> {
    let mut slots: Vec<Slot> = types.iter().map(|kind| Slot::new(*kind, room(*kind, class).0)).collect();
    let is_complete = call(&mut slots)?;
    let is_unclear = |slot: &Slot| match slot.answer() {
        Answer::Value(value) => kind_has_any_length(slot.kind()) && value.len() == slot.room(),
        Answer::Length(length) => length > slot.room(),
        Answer::Untouched => true,
        // The result of the call is about one attribute; another one may be too long for its buffer.
        Answer::Unavailable => !is_complete && room(slot.kind(), class).1,
    };
    let unclear: Vec<AttributeType> = slots.iter().filter(|slot| is_unclear(slot)).map(Slot::kind).collect();
    let mut found: Vec<Attribute> = slots.iter().filter(|slot| !is_unclear(slot)).filter_map(value).collect();
    if !unclear.is_empty() {
        found.extend(read_sized(&unclear, call)?);
        let place = |found: &Attribute| types.iter().position(|kind| *kind == found.attribute_type());
        found.sort_by_key(place);
    }
    Ok(found)
}

/// Asks for the lengths, then for the values.
fn read_sized(
    types: &[AttributeType],
    call: &mut impl FnMut(&mut [Slot]) -> Result<bool, Cryptoki>,
) -> Result<Vec<Attribute>, Cryptoki> {
    let mut slots: Vec<Slot> = types.iter().map(|kind| Slot::new(*kind, 0)).collect();
    call(&mut slots)?;
    let sized = |slot: &Slot| match slot.answer() {
        Answer::Length(length @ 0..=LONGEST) => Some(Slot::new(slot.kind(), length)),
        Answer::Length(_) | Answer::Unavailable | Answer::Untouched | Answer::Value(_) => None,
    };
    let mut slots: Vec<Slot> = slots.iter().filter_map(sized).collect();
    if slots.iter().any(|slot| slot.room() > 0) {
        call(&mut slots)?;
    }
    Ok(slots.iter().filter_map(value).collect())
}

fn value(slot: &Slot) -> Option<Attribute> {
    match slot.answer() {
        Answer::Value(value) => attribute(slot.kind(), value),
        Answer::Length(0) => attribute(slot.kind(), &[]),
        Answer::Length(_) | Answer::Unavailable | Answer::Untouched => None,
    }
}

/// How long the buffer of an attribute is at first, and whether a longer value would be of use. Keys that hsmcert knows
/// fit, so that what an EC key has no value for (a modulus) is not asked for once more. Lengths of values that can have
/// any are odd ones: a module that leaves the length as it was is then seen.
fn room(kind: AttributeType, class: ObjectClass) -> (usize, bool) {
    use AttributeType as Kind;
    if let Some(size) = kind.fixed_size() {
        return (size, false);
    }
    match (kind, class) {
        // RSA with 16,384 bits, and a leading zero.
        (Kind::Modulus, _) => (2051, false),
        (Kind::PublicExponent | Kind::EcParams, _) => (515, false),
        // P-521 in an OCTET STRING has 136 bytes.
        (Kind::EcPoint, _) => (163, false),
        // ML-DSA-87 has 2,592 bytes.
        (Kind::Value, ObjectClass::PublicKey) => (2603, false),
        (Kind::Value, _) => (4099, true),
        (Kind::Subject | Kind::Issuer | Kind::AllowedMechanisms, _) => (515, true),
        _ => (259, true),
    }
}

fn kind_has_any_length(kind: AttributeType) -> bool {
    kind.fixed_size().is_none()
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
