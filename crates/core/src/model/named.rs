//! Members whose errors name them: what a reader of a format says of a value does not say whose value it is.

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// A whole number of 32 bits.
pub(super) fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    struct Number;

    impl Visitor<'_> for Number {
        type Value = u32;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of 32 bits")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<u32, E> {
            u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<u32, E> {
            u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))
        }
    }

    if from.is_human_readable() { from.deserialize_any(Number) } else { u32::deserialize(from) }
}

/// A function for each member that reads its value, and names it in the error where it has no such value.
macro_rules! named_members {
    ($($member:ident: $type:ty = $read:expr;)*) => {$(
        pub(super) fn $member<'de, D: serde::Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
            let named = |why| serde::de::Error::custom(format_args!("{}: {why}", stringify!($member)));
            let read: fn(D) -> Result<$type, D::Error> = $read;
            read(from).map_err(|why: D::Error| named(why))
        }
    )*};
}
pub(super) use named_members;

/// Reads one of the words of a type. For formats that people write: what stands in place of a word is told what the words
/// are.
pub(super) fn word<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
    words: &'static str,
) -> Result<T, D::Error> {
    if from.is_human_readable() {
        from.deserialize_any(Word { words, of: PhantomData })
    } else {
        T::deserialize(from)
    }
}

struct Word<T> {
    words: &'static str,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Word<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::deserialize(StrDeserializer::new(text))
    }
}
