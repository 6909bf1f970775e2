//! The attributes of an event: an object of plain values, one level deep.

use super::Limits;
use super::limits::check_items;
use crate::violation::{Rule, Violation, shown};
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A single value.
///
/// ```
/// use rollbook::{Attribute, Scalar};
/// let read: Attribute = serde_json::from_str("[1, true, \"text\"]").unwrap();
/// assert_eq!(read, Attribute::List(vec![Scalar::Integer(1), Scalar::Bool(true), Scalar::Text("text".into())]));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// A boolean.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Float(f64),
    /// A string.
    Text(String),
}

/// A value or a list of values. Nothing nests deeper, and there is no null.
///
/// ```
/// use rollbook::{Attribute, Scalar};
/// assert_eq!(Attribute::from("text"), Attribute::One(Scalar::Text("text".into())));
/// assert!(serde_json::from_str::<Attribute>("[[1]]").is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Attribute {
    /// One value.
    One(Scalar),
    /// A list of values.
    List(Vec<Scalar>),
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Attribute::One(Scalar::Text(text.to_owned()))
    }
}

impl From<i64> for Attribute {
    fn from(number: i64) -> Self {
        Attribute::One(Scalar::Integer(number))
    }
}

impl From<f64> for Attribute {
    fn from(number: f64) -> Self {
        Attribute::One(Scalar::Float(number))
    }
}

impl From<bool> for Attribute {
    fn from(truth: bool) -> Self {
        Attribute::One(Scalar::Bool(truth))
    }
}

/// The attributes of an event by name, in byte order of the names.
///
/// ```
/// use rollbook::{Attribute, Attributes};
/// let attributes: Attributes = [("login", Attribute::from("facebook")), ("tries", 2.into())].into_iter().collect();
/// assert_eq!(attributes.iter().count(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<String, Attribute>);

impl Attributes {
    /// Creates an empty set of attributes.
    ///
    /// ```
    /// use rollbook::Attributes;
    /// assert_eq!(Attributes::new().iter().count(), 0);
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one attribute and replaces a former value.
    ///
    /// ```
    /// use rollbook::Attributes;
    /// let mut attributes = Attributes::new();
    /// attributes.insert("price", 12);
    /// attributes.insert("currency", "EUR");
    /// assert_eq!(attributes.get("price"), Some(&12.into()));
    /// assert_eq!(attributes.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["currency", "price"]);
    /// ```
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Attribute>) {
        self.0.insert(name.into(), value.into());
    }

    /// Returns one attribute.
    ///
    /// ```
    /// use rollbook::Attributes;
    /// let attributes = Attributes::from_iter([("item", "book".into())]);
    /// assert_eq!(attributes.get("item"), Some(&"book".into()));
    /// assert_eq!(attributes.get("price"), None);
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.get(name)
    }

    /// Returns all attributes in byte order of their names.
    ///
    /// ```
    /// use rollbook::Attributes;
    /// let attributes = Attributes::from_iter([("price", 12.into()), ("item", "book".into())]);
    /// assert!(attributes.iter().eq([("item", &"book".into()), ("price", &12.into())]));
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Adds a violation to `found` for every rule of `limits` that these attributes break.
    pub(crate) fn check(&self, limits: &Limits, found: &mut Vec<Violation>) {
        found.extend(check_items("attributes", self.0.len(), limits.attributes_per_event).err());
        for (name, value) in &self.0 {
            if !(1..=255).contains(&name.len()) {
                let actual = format!("{} ({})", name.len(), shown(name));
                found.push(Violation::new("attributes", Rule::Bytes, "names must be 1 to 255", actual));
                continue;
            }
            let field = || format!("attributes.{}", name.escape_debug());
            match value {
                Attribute::One(scalar) => found.extend(scalar.check(limits).map(|v| v.in_field(field()))),
                Attribute::List(list) => {
                    if let Err(violation) = check_items("attributes", list.len(), limits.attribute_items) {
                        found.push(violation.in_field(field()));
                    }
                    let bad =
                        list.iter().enumerate().filter_map(|(n, scalar)| Some((n, scalar.check(limits)?)));
                    found.extend(bad.map(|(n, violation)| violation.in_list(field(), n)));
                }
            }
        }
    }
}

impl Scalar {
    fn check(&self, limits: &Limits) -> Option<Violation> {
        match self {
            Scalar::Text(text) => {
                let most = limits.attribute_bytes.filter(|&most| text.len() > most as usize)?;
                let actual = format!("{} ({})", text.len(), shown(text));
                Some(Violation::new("attributes", Rule::Bytes, format!("must be at most {most}"), actual))
            }
            Scalar::Float(number) if !number.is_finite() => {
                Some(Violation::new("attributes", Rule::Range, "must be finite", number))
            }
            Scalar::Float(_) | Scalar::Bool(_) | Scalar::Integer(_) => None,
        }
    }
}

impl<N: Into<String>> FromIterator<(N, Attribute)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, Attribute)>>(attributes: I) -> Self {
        Attributes(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// Reads a value and, if `LISTS`, a list of values. Errors name what was expected, which a derived reader of an
/// untagged form cannot do.
struct Reader<const LISTS: bool>;

impl<'de, const LISTS: bool> Visitor<'de> for Reader<LISTS> {
    type Value = Attribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true or false")?;
        if LISTS { f.write_str(", or a list of those") } else { Ok(()) }
    }

    fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Attribute, E> {
        Ok(truth.into())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Attribute, E> {
        Ok(number.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Attribute, E> {
        // A whole number beyond 64 signed bits is kept as the nearest float, as JSON readers do.
        Ok(i64::try_from(number).map_or_else(|_| (number as f64).into(), Attribute::from))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Attribute, E> {
        Ok(number.into())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Attribute, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Attribute, A::Error> {
        if !LISTS {
            return Err(de::Error::invalid_type(de::Unexpected::Seq, &self));
        }
        let mut scalars = Vec::new();
        while let Some(scalar) = list.next_element()? {
            scalars.push(scalar);
        }
        Ok(Attribute::List(scalars))
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader::<true>)
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_any(Reader::<false>)? {
            Attribute::One(scalar) => Ok(scalar),
            Attribute::List(_) => Err(de::Error::invalid_type(de::Unexpected::Seq, &Reader::<false>)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_refused_with_what_was_expected() {
        let refusal = |json: &str| serde_json::from_str::<Attributes>(json).unwrap_err().to_string();
        assert!(
            refusal(r#"{"a":null}"#).starts_with(
                "invalid type: null, expected a text, a number, true or false, or a list of those"
            )
        );
        assert!(refusal(r#"{"a":{"b":1}}"#).starts_with("invalid type: map, expected a text"));
        assert!(
            refusal(r#"{"a":[[1]]}"#)
                .starts_with("invalid type: sequence, expected a text, a number, true or false")
        );
    }

    #[test]
    fn values_survive_printing_and_reading() {
        let text = r#"{"b":true,"f":1.5,"i":-3,"l":["x",2],"t":"y"}"#;
        let attributes: Attributes = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&attributes).unwrap(), text);
    }
}
