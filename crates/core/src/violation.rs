//! A broken rule: the field, the rule, the limit, and what was sent.
//!
//! A call collects every [`Violation`] that it finds before it returns ([`Violations`]), so that a caller can fix a
//! list at once instead of item by item.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The maximum length in bytes of a value in an error. It keeps a hostile megabyte out of the logs.
const SHOWN_BYTES: usize = 64;

/// A rule of the register that an argument can break.
///
/// ```
/// use rollbook::{DeviceId, Rule};
/// assert_eq!(DeviceId::new("a\nb").unwrap_err().rule(), Rule::Characters);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// The length in bytes of UTF-8.
    Bytes,
    /// The characters that may occur.
    Characters,
    /// The overall form, such as a mobile number or a language.
    Form,
    /// The number of items in a list as it was sent, including duplicates.
    Items,
    /// The sum of the bytes of a list's items.
    TotalBytes,
    /// The range of a number.
    Range,
    /// A named thing must exist in the app.
    Known,
    /// At least one of several members must be given.
    Present,
    /// The number of tags that one device may carry.
    TagsPerDevice,
    /// The number of devices that one alias may name.
    DevicesPerAlias,
    /// The depth to which a value or an expression may nest.
    Depth,
    /// The kind of value that is allowed.
    Type,
}

impl Rule {
    /// Returns the rule's name as errors print it.
    ///
    /// ```
    /// assert_eq!(rollbook::Rule::TagsPerDevice.name(), "tags per device");
    /// ```
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::Bytes => "bytes",
            Rule::Characters => "characters",
            Rule::Form => "form",
            Rule::Items => "items",
            Rule::TotalBytes => "total bytes",
            Rule::Range => "range",
            Rule::Known => "known",
            Rule::Present => "present",
            Rule::TagsPerDevice => "tags per device",
            Rule::DevicesPerAlias => "devices per alias",
            Rule::Depth => "depth",
            Rule::Type => "type",
        }
    }
}

/// One broken rule: the field, the rule, the limit, and what was sent.
///
/// ```
/// use rollbook::{Rule, TagName};
///
/// let refused = TagName::new("").unwrap_err();
/// assert_eq!(refused.rule(), Rule::Bytes);
/// assert_eq!(refused.to_string(), "tag: bytes: must be 1 to 255: got 0 (\"\")");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Violation {
    field: Cow<'static, str>,
    index: Option<usize>,
    rule: Rule,
    limit: Cow<'static, str>,
    actual: String,
}

impl Violation {
    /// Creates a violation of `rule` in `field`, with the limit and the value that was sent as texts.
    ///
    /// ```
    /// use rollbook::{Rule, Violation};
    /// let violation = Violation::new("port", Rule::Range, "must be 1 to 65535", 0);
    /// assert_eq!(violation.to_string(), "port: range: must be 1 to 65535: got 0");
    /// ```
    pub fn new(
        field: impl Into<Cow<'static, str>>,
        rule: Rule,
        limit: impl Into<Cow<'static, str>>,
        actual: impl fmt::Display,
    ) -> Self {
        Violation { field: field.into(), index: None, rule, limit: limit.into(), actual: actual.to_string() }
    }

    /// Returns the same violation for item `index` of the list `field`.
    ///
    /// ```
    /// let refused = rollbook::TagName::new("").unwrap_err().in_list("tags.add", 3);
    /// assert_eq!((refused.field(), refused.index()), ("tags.add", Some(3)));
    /// assert!(refused.to_string().starts_with("tags.add[3]: bytes: "));
    /// ```
    #[must_use]
    pub fn in_list(mut self, field: impl Into<Cow<'static, str>>, index: usize) -> Self {
        self.field = field.into();
        self.index = Some(index);
        self
    }

    /// Returns the same violation for another field.
    ///
    /// ```
    /// let refused = rollbook::DeviceId::new("").unwrap_err().in_field("hwid");
    /// assert_eq!(refused.field(), "hwid");
    /// ```
    #[must_use]
    pub fn in_field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.field = field.into();
        self
    }

    /// Returns the field as the operation calls it, without the index.
    ///
    /// ```
    /// assert_eq!(rollbook::Platform::from_name("amiga").unwrap_err().field(), "platform");
    /// ```
    #[must_use]
    pub fn field(&self) -> &str {
        &self.field
    }

    /// Returns the position in the list as it was sent, from 0; absent if the field is not a list.
    ///
    /// ```
    /// use rollbook::{TagName, parse_list};
    /// assert_eq!(TagName::new("").unwrap_err().index(), None);
    /// let refused = parse_list::<TagName>("tags.add", &["news", ""]).unwrap_err();
    /// assert_eq!(refused.as_slice()[0].index(), Some(1));
    /// ```
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// Returns the rule that is broken.
    ///
    /// ```
    /// use rollbook::{Mobile, Rule};
    /// assert_eq!(Mobile::new("ann").unwrap_err().rule(), Rule::Form);
    /// ```
    #[must_use]
    pub fn rule(&self) -> Rule {
        self.rule
    }

    /// Returns the limit in words, such as `must be at most 100`.
    ///
    /// ```
    /// assert_eq!(rollbook::TagName::new("").unwrap_err().limit(), "must be 1 to 255");
    /// ```
    #[must_use]
    pub fn limit(&self) -> &str {
        &self.limit
    }

    /// Returns what was sent; long values are cut. It never contains a secret.
    ///
    /// ```
    /// use rollbook::{DeviceId, PushToken};
    /// assert_eq!(DeviceId::new("a\nb").unwrap_err().actual(), r#""a\nb""#);
    /// assert_eq!(PushToken::new("x".repeat(5_000)).unwrap_err().actual(), "5000");
    /// ```
    #[must_use]
    pub fn actual(&self) -> &str {
        &self.actual
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        if let Some(index) = self.index {
            write!(f, "[{index}]")?;
        }
        write!(f, ": {}", self.unnamed())
    }
}

impl Violation {
    fn unnamed(&self) -> impl fmt::Display {
        fmt::from_fn(|f| write!(f, "{}: {}: got {}", self.rule.name(), self.limit, self.actual))
    }

    /// Converts the violation into the error of a decoder. The message does not contain the field: callers know where
    /// in the data the value is, and many decoders prepend its path.
    pub(crate) fn in_decoding<E: serde::de::Error>(self) -> E {
        E::custom(self.unnamed())
    }
}

impl std::error::Error for Violation {}

/// Serializes an object with the members `field`, `index` (if the field is a list), `rule`, `limit` and `actual`.
///
/// ```
/// let refused = rollbook::TagName::new("").unwrap_err().in_list("tags", 3);
/// let expected = r#"{"field":"tags","index":3,"rule":"bytes","limit":"must be 1 to 255","actual":"0 (\"\")"}"#;
/// assert_eq!(serde_json::to_string(&refused)?, expected);
/// # Ok::<(), serde_json::Error>(())
/// ```
impl Serialize for Violation {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut object = to.serialize_struct("Violation", 5)?;
        object.serialize_field("field", &self.field)?;
        object.serialize_field("index", &self.index)?;
        object.serialize_field("rule", self.rule.name())?;
        object.serialize_field("limit", &self.limit)?;
        object.serialize_field("actual", &self.actual)?;
        object.end()
    }
}

/// Returns a value as errors show it: quoted, escaped, and cut at 64 bytes.
pub(crate) fn shown(value: &str) -> String {
    if value.len() <= SHOWN_BYTES {
        return format!("{value:?}");
    }
    let end = (0..=SHOWN_BYTES).rev().find(|&at| value.is_char_boundary(at)).unwrap_or(0);
    format!("{:?}…", value.get(..end).unwrap_or_default())
}

/// All rules that the arguments of one call break, in the order in which they were found; never empty.
///
/// ```
/// use rollbook::{Platform, TagName, Violations};
/// let found = [TagName::new("").err(), TagName::new("news").err(), Platform::from_device_type(99).err()];
/// let refused = Violations::check(found.into_iter().flatten().collect()).unwrap_err();
/// assert_eq!(refused.iter().map(|one| one.field()).collect::<Vec<_>>(), ["tag", "device_type"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Returns all of `found` as one value, or `None` if it is empty.
    ///
    /// ```
    /// use rollbook::{TagName, Violations};
    /// assert_eq!(Violations::from_found(Vec::new()), None);
    /// let bad = TagName::new("").unwrap_err();
    /// assert_eq!(Violations::from_found(vec![bad.clone()]).unwrap().as_slice(), [bad]);
    /// ```
    #[must_use]
    pub fn from_found(found: Vec<Violation>) -> Option<Self> {
        if found.is_empty() { None } else { Some(Violations(found)) }
    }

    /// Returns `Ok` if `found` is empty, otherwise all of it as one error.
    ///
    /// ```
    /// use rollbook::{DeviceId, Violations};
    /// assert!(Violations::check(Vec::new()).is_ok());
    /// let found = vec![DeviceId::new("").unwrap_err()];
    /// assert_eq!(Violations::check(found).unwrap_err().as_slice().len(), 1);
    /// ```
    ///
    /// # Errors
    /// All of `found`.
    pub fn check(found: Vec<Violation>) -> Result<(), Violations> {
        Self::from_found(found).map_or(Ok(()), Err)
    }

    /// Returns the violations in the order in which they were found.
    ///
    /// ```
    /// use rollbook::{TagName, parse_list};
    /// let refused = parse_list::<TagName>("tags.add", &["", "news", "\n"]).unwrap_err();
    /// assert_eq!(refused.as_slice().last().unwrap().index(), Some(2));
    /// ```
    #[must_use]
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// Iterates over the violations in the order in which they were found.
    ///
    /// ```
    /// use rollbook::{Rule, TagName, parse_list};
    /// let refused = parse_list::<TagName>("tags.add", &["", "news", "\n"]).unwrap_err();
    /// assert!(refused.iter().map(|one| one.rule()).eq([Rule::Bytes, Rule::Characters]));
    /// ```
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}

impl From<Violation> for Violations {
    fn from(one: Violation) -> Self {
        Violations(vec![one])
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, violation) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("; ")?;
            }
            violation.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Violations {}
