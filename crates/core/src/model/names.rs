//! Validated strings: a value of such a type proves that its rule holds, also after decoding.
//!
//! Comparison is by bytes: case-sensitive and without Unicode normalisation. No type here derefs to `str` or has a
//! default, because a name is not just a checked string, and there is no name that was not chosen.

use super::hidden::HiddenText;
use super::language::Language;
use crate::violation::{Rule, Violation, Violations, shown};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::{Borrow, Cow};
use std::fmt;

/// The maximum length in bytes of every kind of name except app keys and tokens. A store may keep a name's length in
/// one byte.
const NAME_BYTES: usize = 255;
/// The maximum length of a mobile number in bytes.
const MOBILE_BYTES: usize = 20;

pub(super) fn sized(field: &'static str, text: &str, most: usize) -> Result<(), Violation> {
    if (1..=most).contains(&text.len()) {
        return Ok(());
    }
    let actual = format!("{} ({})", text.len(), shown(text));
    Err(Violation::new(field, Rule::Bytes, format!("must be 1 to {most}"), actual))
}

fn printable(field: &'static str, text: &str) -> Result<(), Violation> {
    // Every name that is read is checked here. A text of plain ASCII, by far the most common, is checked without
    // decoding and without a branch at every byte.
    let plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    if !plain && text.chars().any(char::is_control) {
        return Err(Violation::new(field, Rule::Characters, "must hold no control characters", shown(text)));
    }
    Ok(())
}

fn plain_name(field: &'static str, text: &str) -> Result<(), Violation> {
    sized(field, text, NAME_BYTES)?;
    printable(field, text)
}

fn app_key(field: &'static str, text: &str) -> Result<(), Violation> {
    sized(field, text, 64)?;
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
        return Ok(());
    }
    Err(Violation::new(field, Rule::Characters, "must hold only A-Z a-z 0-9 - _", shown(text)))
}

fn mobile(field: &'static str, text: &str) -> Result<(), Violation> {
    sized(field, text, MOBILE_BYTES)?;
    if was_mobile(text) && text.bytes().any(|b| b.is_ascii_digit()) {
        return Ok(());
    }
    let limit = "must be + or a digit, then digits and -, with at least one digit";
    Err(Violation::new(field, Rule::Form, limit, shown(text)))
}

/// Checks the earlier rule for mobile numbers, which did not require a digit.
fn was_mobile(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b == b'+' || b.is_ascii_digit());
    first && bytes.all(|b| b == b'-' || b.is_ascii_digit())
}

fn push_token(field: &'static str, text: &str) -> Result<(), Violation> {
    // A token gives access to a device, so an error contains its length and never its text.
    if !(1..=4096).contains(&text.len()) {
        return Err(Violation::new(field, Rule::Bytes, "must be 1 to 4096", text.len()));
    }
    if text.chars().any(char::is_control) {
        return Err(Violation::new(field, Rule::Characters, "must hold no control characters", "one"));
    }
    Ok(())
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $field:literal, $rule:ident, $good:literal) => {
        name_type! { $(#[$doc])* $name, $field, $rule, $good, Cow<'_, str> }
    };
    // The last two arguments: a text for the examples, and the type it is decoded from.
    ($(#[$doc:meta])* $name:ident, $field:literal, $rule:ident, $good:literal, $text:ty) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks the rule and keeps the text.
            ///
            /// ```
            #[doc = concat!("use rollbook::{Rule, ", stringify!($name), "};")]
            #[doc = concat!("assert!(", stringify!($name), "::new(String::from(\"", $good, "\")).is_ok());")]
            #[doc = concat!("assert_eq!(", stringify!($name), "::new(\"\").unwrap_err().rule(), Rule::Bytes);")]
            /// ```
            ///
            /// # Errors
            /// The rule that the text breaks, with its limit and the text.
            pub fn new(text: impl Into<Box<str>> + AsRef<str>) -> Result<Self, Violation> {
                $rule($field, text.as_ref())?;
                Ok($name(text.into()))
            }
        }

        text_type! { $name, $good, $text }
    };
}

/// The methods and traits of every type that holds a checked text, given its `new`.
macro_rules! text_type {
    ($name:ident, $good:literal, $text:ty) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                Self::try_from(<$text>::deserialize(from)?).map_err(Violation::in_decoding)
            }
        }

        impl $name {
            /// Returns the text.
            ///
            /// ```
            #[doc = concat!("let held = rollbook::", stringify!($name), "::new(\"", $good, "\")?;")]
            #[doc = concat!("assert_eq!(held.as_str(), \"", $good, "\");")]
            /// # Ok::<(), rollbook::Violation>(())
            /// ```
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Returns the text without copying it.
            ///
            /// ```
            #[doc = concat!("let text = rollbook::", stringify!($name), "::new(\"", $good, "\")?.into_text();")]
            #[doc = concat!("assert_eq!(text, Box::from(\"", $good, "\"));")]
            /// # Ok::<(), rollbook::Violation>(())
            /// ```
            #[must_use]
            pub fn into_text(self) -> Box<str> {
                self.0
            }
        }

        impl TryFrom<&str> for $name {
            type Error = Violation;
            fn try_from(text: &str) -> Result<Self, Violation> {
                Self::new(text)
            }
        }

        impl TryFrom<Cow<'_, str>> for $name {
            type Error = Violation;
            fn try_from(text: Cow<'_, str>) -> Result<Self, Violation> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = Violation;
            fn from_str(text: &str) -> Result<Self, Violation> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

macro_rules! shown_type {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

name_type! {
    /// An app's public key: 1 to 64 bytes of `A-Z a-z 0-9 - _`.
    ///
    /// ```
    /// use rollbook::AppKey;
    /// assert!(AppKey::new("61BC9-84DD0").is_ok());
    /// assert!(AppKey::new("a/b").is_err());
    /// ```
    AppKey, "app", app_key, "shop"
}
name_type! {
    /// The id of one installation of an app: 1 to 255 bytes, no control characters. A new id must also have a visible
    /// character, and neither white space nor an invisible character at an end.
    ///
    /// ```
    /// use rollbook::DeviceId;
    /// assert!(DeviceId::new("+86-130@example.org").is_ok());
    /// assert!(DeviceId::new("line\nbreak").is_err());
    /// ```
    DeviceId, "device", plain_name, "phone"
}
name_type! {
    /// The id of the person to whom devices belong: 1 to 255 bytes, no control characters. A new id must also have a
    /// visible character, and neither white space nor an invisible character at an end.
    ///
    /// ```
    /// use rollbook::UserId;
    /// assert!(UserId::new("someuser@user.com").is_ok());
    /// assert!(UserId::new("").is_err());
    /// ```
    UserId, "user", plain_name, "ann"
}
name_type! {
    /// A label on devices: 1 to 255 bytes, no control characters. The rule for tags that are added is narrower and set
    /// by the app: [`Limits::names`](crate::Limits::names).
    ///
    /// ```
    /// use rollbook::TagName;
    /// assert!(TagName::new("新闻").is_ok());
    /// assert!(TagName::new("a".repeat(256)).is_err());
    /// ```
    TagName, "tag", plain_name, "news"
}
name_type! {
    /// A nickname of devices: 1 to 255 bytes, no control characters. The rule for aliases that are set is narrower and
    /// set by the app: [`Limits::names`](crate::Limits::names).
    ///
    /// ```
    /// use rollbook::Alias;
    /// assert!(Alias::new("ann").is_ok());
    /// assert!(Alias::new("").is_err());
    /// ```
    Alias, "alias", plain_name, "ann"
}
name_type! {
    /// The name of a declared event type: 1 to 255 bytes, no control characters, case-sensitive.
    ///
    /// ```
    /// use rollbook::EventName;
    /// assert!(EventName::new("activityCompleted").is_ok());
    /// assert!(EventName::new("\0").is_err());
    /// ```
    EventName, "event", plain_name, "opened"
}
name_type! {
    /// A mobile number: `+` or a digit, then digits and `-`; at most 20 characters, at least one of them a digit.
    ///
    /// ```
    /// use rollbook::Mobile;
    /// assert!(Mobile::new("+86-13012345678").is_ok());
    /// assert!(Mobile::new("-1").is_err() && Mobile::new("+").is_err());
    /// ```
    Mobile, "mobile", mobile, "+86-13012345678"
}
text_type! { Language, "zh-CN", Cow<'_, str> }
name_type! {
    /// The token by which a gateway reaches a device: 1 to 4096 bytes, no control characters. Its `Debug` form and the
    /// errors about it do not contain the text.
    ///
    /// ```
    /// use rollbook::PushToken;
    /// let token = PushToken::new("opaque").unwrap();
    /// assert_eq!(format!("{token:?}"), "PushToken(6 bytes)");
    /// ```
    PushToken, "token", push_token, "opaque", HiddenText
}
shown_type!(AppKey, DeviceId, UserId, TagName, Alias, EventName, Mobile, Language);

impl TryFrom<HiddenText> for PushToken {
    type Error = Violation;
    fn try_from(text: HiddenText) -> Result<Self, Violation> {
        Self::new(text.0)
    }
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PushToken({} bytes)", self.0.len())
    }
}

impl Mobile {
    /// Reads a number that a register holds already. Stores decode with it. Earlier releases kept numbers without a
    /// digit; they stay as they are.
    ///
    /// ```
    /// use rollbook::Mobile;
    /// assert_eq!(Mobile::stored("+-")?.as_str(), "+-");
    /// assert!(Mobile::stored("call me").is_err());
    /// # Ok::<(), rollbook::Violation>(())
    /// ```
    ///
    /// # Errors
    /// As for [`Mobile::new`], for a text that no release kept.
    pub fn stored(text: impl Into<Box<str>> + AsRef<str>) -> Result<Self, Violation> {
        sized("mobile", text.as_ref(), MOBILE_BYTES)?;
        if was_mobile(text.as_ref()) {
            return Ok(Mobile(text.into()));
        }
        Mobile::new(text)
    }
}

/// Decodes a number that a register holds, with [`Mobile::stored`].
pub(crate) fn stored_mobile<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Mobile>, D::Error> {
    let text = Option::<Cow<'_, str>>::deserialize(from)?;
    text.map(Mobile::stored).transpose().map_err(Violation::in_decoding)
}

impl DeviceId {
    /// Returns the anonymous user of this device. A device that no user has claimed belongs to the user of its own id.
    ///
    /// ```
    /// use rollbook::DeviceId;
    /// assert_eq!(DeviceId::new("d1").unwrap().anonymous_user().as_str(), "d1");
    /// ```
    #[must_use]
    pub fn anonymous_user(&self) -> UserId {
        UserId(self.0.clone())
    }
}

/// Validates a list of texts. The errors name every invalid item by its index in `field`.
///
/// # Errors
/// One violation for each item that breaks its rule.
///
/// ```
/// use rollbook::{TagName, parse_list};
/// let refused = parse_list::<TagName>("tags.add", &["news", "", "\n"]).unwrap_err();
/// assert_eq!(refused.iter().map(|v| v.index()).collect::<Vec<_>>(), [Some(1), Some(2)]);
/// ```
pub fn parse_list<T>(field: &'static str, texts: &[impl AsRef<str>]) -> Result<Vec<T>, Violations>
where
    T: for<'a> TryFrom<&'a str, Error = Violation>,
{
    let mut good = Vec::with_capacity(texts.len());
    let mut bad = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match T::try_from(text.as_ref()) {
            Ok(name) => good.push(name),
            Err(violation) => bad.push(violation.in_list(field, index)),
        }
    }
    match Violations::from_found(bad) {
        None => Ok(good),
        Some(all) => Err(all),
    }
}
