//! The keys of each table, as serde knows them.

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor, value};
use serde::forward_to_deserialize_any;

use super::format::{AltNames, Key, NameConstraints, Request, SelfSigned, Signature, Token, Windows};
use crate::renewal::Renewal;

/// Tables by name with their keys; the file itself has the name "".
pub(super) fn tables() -> [(&'static str, &'static [&'static str]); 9] {
    [
        ("", keys::<Request>()),
        ("san", keys::<AltNames>()),
        ("key", keys::<Key>()),
        ("signature", keys::<Signature>()),
        ("token", keys::<Token>()),
        ("self-signed", keys::<SelfSigned>()),
        ("name-constraints", keys::<NameConstraints>()),
        ("windows", keys::<Windows>()),
        ("renewal", keys::<Renewal>()),
    ]
}

fn keys<'de, T: Deserialize<'de>>() -> &'static [&'static str] {
    let mut keys: &'static [&'static str] = &[];
    // It always fails: it only listens to what the type asks for.
    let _ = T::deserialize(Listener(&mut keys)).is_ok();
    keys
}

struct Listener<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Listener<'_> {
    type Error = value::Error;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, value::Error> {
        *self.0 = fields;
        Err(value::Error::custom("only the keys are wanted"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, value::Error> {
        Err(value::Error::custom("not a table of keys"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
