//! All limits of an app in one value, with named profiles.
//!
//! A limit applies to additions. Removals are always allowed, even above a limit that was lowered later: what exists
//! above it keeps working and can only shrink. A value exactly at a limit is accepted. Lists are counted as they were
//! sent, including duplicates.

use super::named::named_members;
use super::{Alias, TagName, absent, check_new};
use crate::violation::{Rule, Violation, Violations, shown};
use serde::{Deserialize, Serialize};
use unicode_script::{Script, UnicodeScript};

/// The tag names and aliases that may be added.
///
/// ```
/// use rollbook::{Limits, NameRule};
/// let limits = Limits { names: NameRule::Relaxed, ..Limits::default() };
/// assert!(limits.check_tag(&"country:us".parse().unwrap()).is_ok());
/// assert!(Limits::default().check_tag(&"country:us".parse().unwrap()).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NameRule {
    /// JPush: 1 to 40 bytes of `A-Z a-z 0-9 _`, Han characters and `@ ! # $ & * + = . | ￥ ¥`.
    Jpush,
    /// The names that other vendors allow: 1 to 128 bytes without control characters, with at least one visible
    /// character, and with neither white space nor an invisible character at an end.
    Relaxed,
    /// The widest rule: as [`NameRule::Relaxed`], but 1 to 255 bytes.
    Any,
}

impl NameRule {
    /// Checks a text that one of the name types has accepted already.
    pub(crate) fn check(self, field: &'static str, text: &str) -> Result<(), Violation> {
        let most = match self {
            NameRule::Jpush => 40,
            NameRule::Relaxed => 128,
            NameRule::Any => 255,
        };
        if text.len() > most {
            let actual = format!("{} ({})", text.len(), shown(text));
            return Err(Violation::new(field, Rule::Bytes, format!("must be 1 to {most}"), actual));
        }
        if self == NameRule::Jpush && !is_plain(text) && !text.chars().all(in_jpush_alphabet) {
            let limit = "must hold only A-Z a-z 0-9 _ Han characters and @!#$&*+=.|￥¥";
            return Err(Violation::new(field, Rule::Characters, limit, shown(text)));
        }
        // Every character of JPush's alphabet is visible.
        if self == NameRule::Jpush { Ok(()) } else { check_new(field, text) }
    }
}

/// Returns whether the text has only letters, digits and underscores of ASCII. Almost every name has, and each name of
/// a list is checked.
fn is_plain(text: &str) -> bool {
    const PLAIN: u128 = {
        let (mut plain, mut byte) = (0, 0_u8);
        while byte < 128 {
            if byte.is_ascii_alphanumeric() || byte == b'_' {
                plain |= 1 << byte;
            }
            byte += 1;
        }
        plain
    };
    // There is no early exit: names are short, and a branch at every byte costs more than reading the rest.
    text.bytes().fold(true, |plain, byte| plain & (byte < 128 && PLAIN >> (byte & 127) & 1 == 1))
}

fn in_jpush_alphabet(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_@!#$&*+=.|￥¥".contains(c) || (!c.is_ascii() && c.script() == Script::Han)
}

/// What happens if an alias that is at its limit of devices is set on another device.
///
/// ```
/// use rollbook::{AliasOverflow, Limits};
/// assert_eq!(Limits::default().alias_overflow, AliasOverflow::Refuse);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasOverflow {
    /// The operation is refused.
    Refuse,
    /// The device that was bound to the alias first loses it. The order of bindings is recorded while this is the app's
    /// policy. Bindings that were made under another policy count as older than all recorded ones, in byte order of the
    /// device ids.
    EvictOldest,
}

/// The limits of one app, with their defaults. `None` means unlimited; it is written `"none"`, and `"unlimited"` and
/// null are read as well.
///
/// ```
/// use rollbook::{AliasOverflow, Limits};
///
/// let limits = Limits { devices_per_alias: Some(3), alias_overflow: AliasOverflow::EvictOldest, ..Limits::jpush() };
/// assert_eq!(limits.tags_per_device, Some(1_000));
/// assert_eq!(Limits::default(), Limits::jpush());
/// let limits: Limits = serde_json::from_str(r#"{"tags_per_device": "none"}"#).unwrap();
/// assert_eq!((limits.tags_per_device, limits.devices_per_alias), (None, Some(10)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// The tag names and aliases that may be added. Default: JPush's alphabet.
    #[serde(deserialize_with = "read::names")]
    pub names: NameRule,
    /// The maximum number of tags on one device. Default: 1 000.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::tags_per_device")]
    pub tags_per_device: Option<u32>,
    /// The maximum number of tags in one add list, and in one remove list, of a device update. Default: 100.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::tags_per_list")]
    pub tags_per_list: Option<u32>,
    /// The maximum sum of the bytes of the tags in one such list. Default: 1 000.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::tag_list_bytes")]
    pub tag_list_bytes: Option<u32>,
    /// The maximum number of devices in one add list, and in one remove list, of a tag update. Default: 1 000.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::devices_per_list")]
    pub devices_per_list: Option<u32>,
    /// The maximum number of devices of one alias, on all platforms together. Default: 10.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::devices_per_alias")]
    pub devices_per_alias: Option<u32>,
    /// What happens beyond [`Limits::devices_per_alias`]. Default: the operation is refused.
    #[serde(deserialize_with = "read::alias_overflow")]
    pub alias_overflow: AliasOverflow,
    /// The maximum number of ids in one presence query, which needs at least 1. Default: 1 000.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::ids_per_presence")]
    pub ids_per_presence: Option<u32>,
    /// A device is online if it was seen within this number of seconds, inclusive. Default: 600.
    #[serde(deserialize_with = "read::online_window_secs")]
    pub online_window_secs: u32,
    /// The last-seen time is reported if it lies within this number of seconds, inclusive. Default: 172 800 (48 hours).
    #[serde(deserialize_with = "read::last_seen_window_secs")]
    pub last_seen_window_secs: u32,
    /// The maximum number of members of an event's attributes. Default: 100.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::attributes_per_event")]
    pub attributes_per_event: Option<u32>,
    /// The maximum number of bytes of one string among an event's attributes. Default: 4 096.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::attribute_bytes")]
    pub attribute_bytes: Option<u32>,
    /// The maximum number of items of one list among an event's attributes. Default: 100.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::attribute_items")]
    pub attribute_items: Option<u32>,
    /// Whether posting an undeclared event declares it. Default: no.
    #[serde(deserialize_with = "read::declare_on_first_use")]
    pub declare_on_first_use: bool,
    /// Events older than this number of seconds disappear. Default: events are kept for ever.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::event_retention_secs")]
    pub event_retention_secs: Option<u32>,
    /// The number of seconds after now, inclusive, within which an event may happen; it may not happen before 1970
    /// either. `None`: the times of events are not checked. Default: 86 400 (24 hours), because a time far ahead is a
    /// mistake, usually milliseconds in place of seconds.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::event_ahead_secs")]
    pub event_ahead_secs: Option<u32>,
    /// The maximum number of operations in one batch. Default: 1 000.
    #[serde(serialize_with = "absent::limit::serialize", deserialize_with = "read::operations_per_batch")]
    pub operations_per_batch: Option<u32>,
    /// The maximum number of nodes of one audience expression, at least 1. Default: 10 000.
    #[serde(deserialize_with = "read::audience_nodes")]
    pub audience_nodes: u32,
}

mod read {
    use super::absent::limit::deserialize as limit;
    use super::{AliasOverflow, NameRule, named_members};
    use crate::model::named::{number, word};
    use serde::Deserialize;

    named_members! {
        names: NameRule = |from| word(from, "`jpush`, `relaxed` or `any`");
        tags_per_device: Option<u32> = limit;
        tags_per_list: Option<u32> = limit;
        tag_list_bytes: Option<u32> = limit;
        devices_per_list: Option<u32> = limit;
        devices_per_alias: Option<u32> = limit;
        alias_overflow: AliasOverflow = |from| word(from, "`refuse` or `evict_oldest`");
        ids_per_presence: Option<u32> = limit;
        online_window_secs: u32 = number;
        last_seen_window_secs: u32 = number;
        attributes_per_event: Option<u32> = limit;
        attribute_bytes: Option<u32> = limit;
        attribute_items: Option<u32> = limit;
        declare_on_first_use: bool = bool::deserialize;
        event_retention_secs: Option<u32> = limit;
        event_ahead_secs: Option<u32> = limit;
        operations_per_batch: Option<u32> = limit;
        audience_nodes: u32 = number;
    }
}

impl Limits {
    /// Returns the documented limits of the JPush Device API, which are the default.
    ///
    /// ```
    /// assert_eq!(rollbook::Limits::jpush(), rollbook::Limits::default());
    /// assert_eq!(rollbook::Limits::jpush().tags_per_device, Some(1_000));
    /// ```
    #[must_use]
    pub const fn jpush() -> Self {
        Limits {
            names: NameRule::Jpush,
            tags_per_device: Some(1_000),
            tags_per_list: Some(100),
            tag_list_bytes: Some(1_000),
            devices_per_list: Some(1_000),
            devices_per_alias: Some(10),
            alias_overflow: AliasOverflow::Refuse,
            ids_per_presence: Some(1_000),
            online_window_secs: 600,
            last_seen_window_secs: 48 * 3600,
            attributes_per_event: Some(100),
            attribute_bytes: Some(4_096),
            attribute_items: Some(100),
            declare_on_first_use: false,
            event_retention_secs: None,
            event_ahead_secs: Some(24 * 3600),
            operations_per_batch: Some(1_000),
            audience_nodes: 10_000,
        }
    }

    /// Returns JPush's numbers with names as other vendors allow them, such as `country:us` and `pref-news`.
    ///
    /// ```
    /// let tag = "pref-news".parse().unwrap();
    /// assert!(rollbook::Limits::relaxed().check_tag(&tag).is_ok());
    /// ```
    #[must_use]
    pub const fn relaxed() -> Self {
        Limits { names: NameRule::Relaxed, ..Self::jpush() }
    }

    /// Returns no limit wherever a limit can be absent, and the widest rule for names.
    /// The times of events are not checked either: [`Limits::event_ahead_secs`] is one of the limits that can be absent.
    ///
    /// ```
    /// assert_eq!(rollbook::Limits::unlimited().tags_per_device, None);
    /// ```
    #[must_use]
    pub const fn unlimited() -> Self {
        Limits {
            names: NameRule::Any,
            tags_per_device: None,
            tags_per_list: None,
            tag_list_bytes: None,
            devices_per_list: None,
            devices_per_alias: None,
            ids_per_presence: None,
            attributes_per_event: None,
            attribute_bytes: None,
            attribute_items: None,
            event_ahead_secs: None,
            operations_per_batch: None,
            ..Self::jpush()
        }
    }

    /// Checks whether an app can have these limits.
    ///
    /// A limit of 0 is allowed if it only prevents additions: for instance, an app without aliases. It is refused if
    /// what exists could then no longer be read or removed.
    ///
    /// ```
    /// use rollbook::Limits;
    /// assert!(Limits { devices_per_alias: Some(0), ..Limits::default() }.check().is_ok());
    /// let refused = Limits { audience_nodes: 0, ..Limits::default() }.check().unwrap_err();
    /// assert_eq!(refused.to_string(), "limits.audience_nodes: range: must be at least 1: got 0");
    /// ```
    ///
    /// # Errors
    /// A violation for every limit that must not be 0.
    pub fn check(&self) -> Result<(), Violations> {
        let mut limits = self.clone();
        let wrong = limits.at_least_1().into_iter().filter(|(_, limit)| limit.as_deref() == Some(&0));
        Violations::check(
            wrong.map(|(field, _)| Violation::new(field, Rule::Range, "must be at least 1", 0)).collect(),
        )
    }

    /// Returns the limits in the form in which they are applied. Registers that were written before limits were
    /// [checked](Limits::check) may hold a 0 that is not allowed; such an app can still be read, exported and emptied.
    pub(crate) fn at_least_usable(mut self) -> Self {
        self.at_least_1()
            .into_iter()
            .filter_map(|(_, limit)| limit)
            .for_each(|limit| *limit = (*limit).max(1));
        self
    }

    /// Returns the limits that must not be 0: an audience has a node, a presence query an id, a batch an operation, and
    /// tags and devices are removed by lists, too.
    fn at_least_1(&mut self) -> [(&'static str, Option<&mut u32>); 6] {
        [
            ("limits.tags_per_list", self.tags_per_list.as_mut()),
            ("limits.tag_list_bytes", self.tag_list_bytes.as_mut()),
            ("limits.devices_per_list", self.devices_per_list.as_mut()),
            ("limits.ids_per_presence", self.ids_per_presence.as_mut()),
            ("limits.operations_per_batch", self.operations_per_batch.as_mut()),
            ("limits.audience_nodes", Some(&mut self.audience_nodes)),
        ]
    }

    /// Checks whether this tag may be added to a device.
    ///
    /// ```
    /// let refused = rollbook::Limits::jpush().check_tag(&"two words".parse().unwrap()).unwrap_err();
    /// assert_eq!(refused.field(), "tag");
    /// ```
    ///
    /// # Errors
    /// A violation of the field `tag`.
    pub fn check_tag(&self, tag: &TagName) -> Result<(), Violation> {
        self.names.check("tag", tag.as_str())
    }

    /// Checks whether this alias may be set on a device.
    ///
    /// ```
    /// let limits = rollbook::Limits::jpush();
    /// assert!(limits.check_alias(&"ann".parse().unwrap()).is_ok());
    /// assert!(limits.check_alias(&"a-n-n".parse().unwrap()).is_err());
    /// ```
    ///
    /// # Errors
    /// A violation of the field `alias`.
    pub fn check_alias(&self, alias: &Alias) -> Result<(), Violation> {
        self.names.check("alias", alias.as_str())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::jpush()
    }
}

/// Checks whether a list of `items` items is within `limit`. The violation names `field`.
pub(crate) fn check_items(field: &'static str, items: usize, limit: Option<u32>) -> Result<(), Violation> {
    match limit {
        Some(most) if items > most as usize => {
            Err(Violation::new(field, Rule::Items, format!("must be at most {most}"), items))
        }
        _ => Ok(()),
    }
}
