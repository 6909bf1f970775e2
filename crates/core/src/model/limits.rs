//! Every limit of an app in one value, with named profiles.
//!
//! A limit speaks of what is added. Removing is always legal, also above a limit that was lowered later; what exists
//! above a lowered limit keeps working and can only shrink. Exactly at a limit is accepted. A list is counted as it
//! was sent: duplicates count.

use super::{Alias, TagName, absent, check_new};
use crate::violation::{Rule, Violation, Violations, shown};
use serde::{Deserialize, Serialize};
use unicode_script::{Script, UnicodeScript};

/// Which tag names and aliases may be added.
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
    /// Other vendors: 1 to 128 bytes without control characters, one of them visible, and with neither white space nor
    /// anything invisible at an end.
    Relaxed,
    /// As wide as a name can be: the same with 1 to 255 bytes.
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

/// Are these only letters, digits and underscores of ASCII? Almost every name is, and each name of a list is looked at.
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
    // Without an early end: names are short, and a branch at every byte costs more than the rest of them.
    text.bytes().fold(true, |plain, byte| plain & (byte < 128 && PLAIN >> (byte & 127) & 1 == 1))
}

fn in_jpush_alphabet(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_@!#$&*+=.|￥¥".contains(c) || (!c.is_ascii() && c.script() == Script::Han)
}

/// What happens when an alias that names its limit of devices is set on one more.
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
    /// The device bound to the alias first loses it. The order of bindings is kept while this is the app's policy;
    /// bindings made under another are older than all that are made under this one, in byte order of the device ids.
    EvictOldest,
}

/// The limits of one app. `None` means unlimited; it is written `"none"`, and `"unlimited"` and null are read as well.
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
    /// Which tag names and aliases may be added. JPush's alphabet.
    pub names: NameRule,
    /// Tags on one device. 1 000.
    #[serde(with = "absent::limit")]
    pub tags_per_device: Option<u32>,
    /// Tags in one add list, and in one remove list, of a device update. 100.
    #[serde(with = "absent::limit")]
    pub tags_per_list: Option<u32>,
    /// Sum of the bytes of the tags in one such list. 1 000.
    #[serde(with = "absent::limit")]
    pub tag_list_bytes: Option<u32>,
    /// Devices in one add list, and in one remove list, of a tag update. 1 000.
    #[serde(with = "absent::limit")]
    pub devices_per_list: Option<u32>,
    /// Devices that one alias may name, on all platforms together. 10.
    #[serde(with = "absent::limit")]
    pub devices_per_alias: Option<u32>,
    /// What happens beyond [`Limits::devices_per_alias`]. Refused.
    pub alias_overflow: AliasOverflow,
    /// Ids in one presence question; at least 1 is always needed. 1 000.
    #[serde(with = "absent::limit")]
    pub ids_per_presence: Option<u32>,
    /// A device is online when it was seen within so many seconds, inclusive. 600.
    pub online_window_secs: u32,
    /// The last-seen time is told when it lies within so many seconds, inclusive. 172 800 (48 hours).
    pub last_seen_window_secs: u32,
    /// Members of an event's attributes. 100.
    #[serde(with = "absent::limit")]
    pub attributes_per_event: Option<u32>,
    /// Bytes of one string among an event's attributes. 4 096.
    #[serde(with = "absent::limit")]
    pub attribute_bytes: Option<u32>,
    /// Items of one list among an event's attributes. 100.
    #[serde(with = "absent::limit")]
    pub attribute_items: Option<u32>,
    /// Does posting an undeclared event declare it? No.
    pub declare_on_first_use: bool,
    /// Events older than so many seconds disappear. Kept for ever.
    #[serde(with = "absent::limit")]
    pub event_retention_secs: Option<u32>,
    /// How many seconds later than now an event may have happened, inclusive; nor may it have happened before 1970.
    /// `None`: the times of events are not checked. 86 400 (24 hours): a time far ahead is a mistake, mostly of
    /// milliseconds for seconds.
    #[serde(with = "absent::limit")]
    pub event_ahead_secs: Option<u32>,
    /// Operations in one batch. 1 000.
    #[serde(with = "absent::limit")]
    pub operations_per_batch: Option<u32>,
    /// Nodes of one audience expression, at least 1. 10 000.
    pub audience_nodes: u32,
}

impl Limits {
    /// The documented limits of the JPush Device API; the default.
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

    /// JPush's numbers with names as other vendors allow them, such as `country:us` and `pref-news`.
    ///
    /// ```
    /// let tag = "pref-news".parse().unwrap();
    /// assert!(rollbook::Limits::relaxed().check_tag(&tag).is_ok());
    /// ```
    #[must_use]
    pub const fn relaxed() -> Self {
        Limits { names: NameRule::Relaxed, ..Self::jpush() }
    }

    /// No limit where a limit can be absent; names as wide as they can be.
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

    /// Can these be the limits of an app?
    ///
    /// A limit of 0 that only forbids to add something is one: an app without aliases, for instance. One under which
    /// what is there could not be read or removed any more is none.
    ///
    /// ```
    /// use rollbook::Limits;
    /// assert!(Limits { devices_per_alias: Some(0), ..Limits::default() }.check().is_ok());
    /// let refused = Limits { audience_nodes: 0, ..Limits::default() }.check().unwrap_err();
    /// assert_eq!(refused.to_string(), "limits.audience_nodes: range: must be at least 1: got 0");
    /// ```
    ///
    /// # Errors
    /// Every limit that cannot be one.
    pub fn check(&self) -> Result<(), Violations> {
        let mut limits = self.clone();
        let wrong = limits.at_least_1().into_iter().filter(|(_, limit)| limit.as_deref() == Some(&0));
        Violations::check(
            wrong.map(|(field, _)| Violation::new(field, Rule::Range, "must be at least 1", 0)).collect(),
        )
    }

    /// The limits as they count. Registers that were written before limits were [checked](Limits::check) may hold a 0
    /// where there can be none; such an app can still be read, exported and emptied.
    pub(crate) fn at_least_usable(mut self) -> Self {
        self.at_least_1()
            .into_iter()
            .filter_map(|(_, limit)| limit)
            .for_each(|limit| *limit = (*limit).max(1));
        self
    }

    /// The limits that cannot be 0: an audience has a node, a question about presence an id, a batch an operation, and
    /// the lists are also those by which tags and devices are removed.
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

    /// May this tag be added to a device?
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

    /// May this alias be set on a device?
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

/// Is a list of `items` within `limit`? The violation names `field`.
pub(crate) fn check_items(field: &'static str, items: usize, limit: Option<u32>) -> Result<(), Violation> {
    match limit {
        Some(most) if items > most as usize => {
            Err(Violation::new(field, Rule::Items, format!("must be at most {most}"), items))
        }
        _ => Ok(()),
    }
}
