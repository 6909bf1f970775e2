//! The JPush object form: `"all"`, or an object whose members are joined by and.
//!
//! - [`JpushAudience`], [`JpushMembers`]: the form as plain data, with texts as they were sent.
//! - `read`: form to tree, where every rule and limit is checked; `write`: tree to form, where it can be expressed.

mod read;
mod write;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The maximum number of tags in one member.
pub(super) const MOST_TAGS: usize = 20;
/// The maximum number of aliases, and of device ids.
pub(super) const MOST_NAMES: usize = 1_000;

const ALL: &str = "all";

/// An audience in JPush's form: the text `all`, or an object of members joined by and.
///
/// It is plain data: texts as they were sent, so that errors can name a text by its member and index. The condition
/// itself is an [`Audience`](crate::Audience): `Audience::try_from(&form)` checks every rule and limit, and
/// `JpushAudience::try_from(&audience)` converts back if the form can express the tree.
///
/// An empty member counts as absent. An object without any present member is refused and does not select every device:
/// a sender whose list is empty by mistake would otherwise reach all devices. An unknown member is refused too, because
/// ignoring a condition would reach more devices than were meant.
///
/// It deserializes only from self-describing formats, such as JSON.
///
/// ```
/// use rollbook::{Audience, JpushAudience};
///
/// let json = r#"{"tag":["t1","t2"],"tag_and":["t3","t4"],"tag_not":["t5","t6"],"platform":["ios","winphone"]}"#;
/// let form: JpushAudience = serde_json::from_str(json)?;
/// let audience = Audience::try_from(&form)?;
/// assert_eq!(
///     audience.to_string(),
///     "(t1 || t2) && t3 && t4 && !(t5 || t6) && platform(ios, windows_phone, windows)"
/// );
/// assert_eq!(JpushAudience::try_from(&audience)?, form);
///
/// let empty: JpushAudience = serde_json::from_str(r#"{"tag":[]}"#)?;
/// assert!(Audience::try_from(&empty).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JpushAudience {
    /// Every device of the app.
    All,
    /// The devices that every member selects.
    Of(JpushMembers),
}

/// The members of an audience in JPush's form. An empty member and null count as absent. The JPush members that have no
/// meaning here (`segment`, `abtest`, `live_activity_id`, `file`) are accepted if they are empty.
///
/// ```
/// use rollbook::{Audience, JpushAudience, JpushMembers};
///
/// let members = JpushMembers { tag: vec!["news".into(); 21], ..JpushMembers::default() };
/// let refused = Audience::try_from(&JpushAudience::Of(members)).unwrap_err();
/// assert_eq!(refused.to_string(), "tag: items: must be at most 20: got 21");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Sent")]
pub struct JpushMembers {
    /// The devices with any of these tags; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag: Vec<String>,
    /// The devices with all of these tags; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag_and: Vec<String>,
    /// The devices with none of these tags; at most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag_not: Vec<String>,
    /// The devices of any of these aliases; at most 1 000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alias: Vec<String>,
    /// These devices; at most 1 000.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub registration_id: Vec<String>,
    /// The devices on these platforms, by JPush's names; see [`PlatformSet::from_jpush_name`].
    ///
    /// [`PlatformSet::from_jpush_name`]: crate::PlatformSet::from_jpush_name
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<JpushPlatforms>,
}

/// The members in the form in which they are sent.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sent {
    tag: Option<Vec<String>>,
    tag_and: Option<Vec<String>>,
    tag_not: Option<Vec<String>>,
    alias: Option<Vec<String>>,
    registration_id: Option<Vec<String>>,
    platform: Option<JpushPlatforms>,
    #[serde(rename = "segment")]
    _segment: Nothing,
    #[serde(rename = "abtest")]
    _abtest: Nothing,
    #[serde(rename = "live_activity_id")]
    _live_activity_id: Nothing,
    #[serde(rename = "file")]
    _file: Nothing,
}

impl From<Sent> for JpushMembers {
    fn from(sent: Sent) -> Self {
        JpushMembers {
            tag: sent.tag.unwrap_or_default(),
            tag_and: sent.tag_and.unwrap_or_default(),
            tag_not: sent.tag_not.unwrap_or_default(),
            alias: sent.alias.unwrap_or_default(),
            registration_id: sent.registration_id.unwrap_or_default(),
            platform: sent.platform,
        }
    }
}

/// A member that has no meaning here. Ignoring a condition would reach more devices than were meant, so it must be
/// empty: null, or an empty text, list or object.
#[derive(Default)]
struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Nothing)
    }
}

impl<'de> Visitor<'de> for Nothing {
    type Value = Nothing;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing: this member has no meaning here")
    }

    fn visit_unit<E: Error>(self) -> Result<Nothing, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Nothing, E> {
        if text.is_empty() { Ok(self) } else { Err(E::invalid_type(Unexpected::Other("a text"), &self)) }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Nothing, A::Error> {
        match items.next_element::<IgnoredAny>()? {
            None => Ok(self),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Seq, &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Nothing, A::Error> {
        match members.next_key::<IgnoredAny>()? {
            None => Ok(self),
            Some(_) => Err(A::Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// Platforms in JPush's form: the text `all`, or a list of names.
///
/// ```
/// use rollbook::JpushPlatforms;
/// let platforms: JpushPlatforms = serde_json::from_str(r#"["android","hmos"]"#)?;
/// assert_eq!(platforms, JpushPlatforms::Of(vec!["android".into(), "hmos".into()]));
/// assert_eq!(serde_json::to_string(&JpushPlatforms::All)?, r#""all""#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JpushPlatforms {
    /// Every platform.
    All,
    /// These platforms; an empty list counts as absent.
    Of(Vec<String>),
}

impl Serialize for JpushAudience {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            JpushAudience::All => to.serialize_str(ALL),
            JpushAudience::Of(members) => members.serialize(to),
        }
    }
}

impl Serialize for JpushPlatforms {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            JpushPlatforms::All => to.serialize_str(ALL),
            JpushPlatforms::Of(names) => names.serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for JpushAudience {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AudienceVisitor)
    }
}

impl<'de> Deserialize<'de> for JpushPlatforms {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(PlatformsVisitor)
    }
}

struct AudienceVisitor;

impl<'de> Visitor<'de> for AudienceVisitor {
    type Value = JpushAudience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text `all` or an object of members")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<JpushAudience, E> {
        all_or_refused(text, &self).map(|()| JpushAudience::All)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<JpushAudience, A::Error> {
        JpushMembers::deserialize(MapAccessDeserializer::new(members)).map(JpushAudience::Of)
    }
}

struct PlatformsVisitor;

impl<'de> Visitor<'de> for PlatformsVisitor {
    type Value = JpushPlatforms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text `all` or a list of platforms")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<JpushPlatforms, E> {
        all_or_refused(text, &self).map(|()| JpushPlatforms::All)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<JpushPlatforms, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(names)).map(JpushPlatforms::Of)
    }
}

fn all_or_refused<'de, E: Error>(text: &str, expected: &impl Visitor<'de>) -> Result<(), E> {
    if text == ALL {
        return Ok(());
    }
    // Errors do not repeat a megabyte of text.
    let end = text.floor_char_boundary(64);
    Err(E::invalid_value(Unexpected::Str(text.get(..end).unwrap_or_default()), expected))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
