//! Deserialization of secrets and tokens. Errors name the kind of value that was found, never the value.

use super::Secret;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// A text that becomes a secret or a token, which checks its own rules.
pub(super) struct HiddenText(pub(super) String);

impl<'de> Deserialize<'de> for HiddenText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `deserialize_string` of a JSON reader would refuse any other value by itself, with the value in its message.
        let text = match deserializer.is_human_readable() {
            true => deserializer.deserialize_any(Text),
            false => deserializer.deserialize_string(Text),
        };
        text.map(HiddenText)
    }
}

/// Reads a list of secrets.
pub(super) fn secrets<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Secret>, D::Error> {
    match deserializer.is_human_readable() {
        true => deserializer.deserialize_any(Secrets),
        false => deserializer.deserialize_seq(Secrets),
    }
}

/// The visits whose default errors would contain the value.
macro_rules! tells_only_the_kind {
    ($($visit:ident: $type:ty, $kind:literal;)*) => {$(
        fn $visit<E: Error>(self, _: $type) -> Result<Self::Value, E> {
            Err(E::custom(format_args!("must be {}: got {}", self.wanted(), $kind)))
        }
    )*};
}

struct Text;

impl Text {
    fn wanted(&self) -> &'static str {
        "a string"
    }
}

impl Visitor<'_> for Text {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wanted())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<String, E> {
        Ok(text)
    }

    tells_only_the_kind! {
        visit_bool: bool, "a boolean";
        visit_i64: i64, "a number";
        visit_i128: i128, "a number";
        visit_u64: u64, "a number";
        visit_u128: u128, "a number";
        visit_f64: f64, "a number";
    }
}

struct Secrets;

impl Secrets {
    fn wanted(&self) -> &'static str {
        "a list of strings"
    }
}

impl<'de> Visitor<'de> for Secrets {
    type Value = Vec<Secret>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wanted())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Secret>, A::Error> {
        let mut secrets = Vec::new();
        while let Some(secret) = items.next_element()? {
            secrets.push(secret);
        }
        Ok(secrets)
    }

    tells_only_the_kind! {
        visit_bool: bool, "a boolean";
        visit_i64: i64, "a number";
        visit_i128: i128, "a number";
        visit_u64: u64, "a number";
        visit_u128: u128, "a number";
        visit_f64: f64, "a number";
        visit_str: &str, "a string";
    }
}
