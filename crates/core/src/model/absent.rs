//! Forms of values that may be absent, for formats without null, such as TOML.

/// A limit that may be absent: a number, or `"none"`. `"unlimited"` and null are read as well.
///
/// Formats that are not human-readable have the usual form of an `Option`.
pub(super) mod limit {
    use serde::de::{Error, Unexpected, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::fmt;

    pub(crate) fn serialize<S: Serializer>(limit: &Option<u32>, to: S) -> Result<S::Ok, S::Error> {
        match limit {
            None if to.is_human_readable() => to.serialize_str("none"),
            Some(most) if to.is_human_readable() => to.serialize_u32(*most),
            limit => limit.serialize(to),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
        if from.is_human_readable() { from.deserialize_any(Limit) } else { Option::deserialize(from) }
    }

    struct Limit;

    impl<'de> Visitor<'de> for Limit {
        type Value = Option<u32>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number of 32 bits or \"none\"")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            let limit =
                u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
            Ok(Some(limit))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            let limit =
                u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))?;
            Ok(Some(limit))
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            match text {
                "none" | "unlimited" => Ok(None),
                other => Err(E::invalid_value(Unexpected::Str(other), &self)),
            }
        }

        fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
            from.deserialize_any(self)
        }
    }
}

/// An end of a time span, which is absent if the span is open: JavaScript numbers cannot hold
/// `Timestamp::MIN` or `Timestamp::MAX`.
macro_rules! open_end {
    ($name:ident, $open:expr) => {
        pub(super) mod $name {
            use crate::model::Timestamp;
            use serde::{Deserialize, Deserializer, Serialize, Serializer};

            pub(crate) fn serialize<S: Serializer>(end: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
                Some(*end).filter(|end| *end != $open).serialize(to)
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
                Ok(Option::deserialize(from)?.unwrap_or($open))
            }
        }
    };
}

open_end!(from, Timestamp::MIN);
open_end!(until, Timestamp::MAX);
