//! Events: what is posted, what is read back, and the code that identifies one.

use super::{Attributes, DeviceId, EventName, EventSeq, Timestamp, UserId, absent};
use crate::violation::{Rule, Violation, shown};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An event to be posted.
///
/// ```
/// use rollbook::{Attributes, NewEvent};
/// let event = NewEvent {
///     user: Some("ann".parse()?),
///     attributes: Attributes::from_iter([("item", "book".into())]),
///     ..NewEvent::new("bought".parse()?)
/// };
/// assert!(event.timestamp_utc.is_none()); // it happened now
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewEvent {
    /// Its declared name.
    pub name: EventName,
    /// Its attributes; may be empty.
    pub attributes: Attributes,
    /// The device on which it happened. A device or a user must be given, and one of them must be known to the app.
    #[serde(default)]
    pub device: Option<DeviceId>,
    /// The user to whom it happened.
    #[serde(default)]
    pub user: Option<UserId>,
    /// When it happened: from 1970 to [`Limits::event_ahead_secs`](crate::Limits::event_ahead_secs) after now.
    #[serde(default)]
    pub timestamp_utc: Option<Timestamp>,
    /// When it happened by the device's own clock, in epoch seconds plus the device's UTC offset. The offset is
    /// subtracted again; a device without a known offset counts as UTC. Ignored if [`NewEvent::timestamp_utc`] is
    /// given. If both times are absent, the event happened now.
    #[serde(default)]
    pub timestamp_current: Option<Timestamp>,
}

impl NewEvent {
    /// Creates an event of this name, without attributes, device, user or time.
    ///
    /// ```
    /// use rollbook::NewEvent;
    /// let shop = rollbook_testkit::example::shop();
    /// let opened = NewEvent::new("opened".parse()?);
    /// assert!(shop.post_event(&opened).is_err()); // whose?
    /// assert!(shop.post_event(&NewEvent { user: Some("ann".parse()?), ..opened }).is_ok());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn new(name: EventName) -> Self {
        NewEvent {
            name,
            attributes: Attributes::new(),
            device: None,
            user: None,
            timestamp_utc: None,
            timestamp_current: None,
        }
    }
}

/// The code that identifies a posted event within its app, of the form `XXXXX-XXXXX` in upper-case hexadecimal.
///
/// ```
/// use rollbook::EventCode;
/// assert!("61BC9-84DD0".parse::<EventCode>().is_ok());
/// assert!("61bc9-84dd0".parse::<EventCode>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct EventCode(u64);

/// The number of bits in a code, which has ten hexadecimal digits.
const CODE_BITS: u32 = 40;
const HALF: u64 = (1 << (CODE_BITS / 2)) - 1;

impl EventCode {
    /// Returns the code of an event's number: a permutation of 40 bits keyed by the app's salt. So codes are unique
    /// without being stored, and reveal nothing about the number of events.
    pub(crate) fn of(seq: EventSeq, salt: u64) -> Self {
        let (mut left, mut right) = (seq.0 >> (CODE_BITS / 2) & HALF, seq.0 & HALF);
        // A Feistel network is a permutation whatever its round function is.
        for round in 0..4_u64 {
            let mut mix = right ^ salt.rotate_left(round as u32 * 16) ^ round << 60;
            mix = (mix ^ mix >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD);
            mix = (mix ^ mix >> 33).wrapping_mul(0xC4CE_B9FE_1A85_EC53);
            (left, right) = (right, left ^ (mix >> 40 & HALF));
        }
        EventCode(left << (CODE_BITS / 2) | right)
    }
}

impl fmt::Display for EventCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05X}-{:05X}", self.0 >> (CODE_BITS / 2), self.0 & HALF)
    }
}

impl std::str::FromStr for EventCode {
    type Err = Violation;
    fn from_str(text: &str) -> Result<Self, Violation> {
        let refused = || {
            Violation::new("code", Rule::Form, "must be XXXXX-XXXXX in upper-case hexadecimal", shown(text))
        };
        let digits = |part: &str| {
            let good =
                part.len() == 5 && part.bytes().all(|b| b.is_ascii_digit() || (b'A'..=b'F').contains(&b));
            good.then(|| u64::from_str_radix(part, 16).ok()).flatten()
        };
        let (left, right) = text.split_once('-').ok_or_else(refused)?;
        let (left, right) = digits(left).zip(digits(right)).ok_or_else(refused)?;
        Ok(EventCode(left << (CODE_BITS / 2) | right))
    }
}

impl<'de> Deserialize<'de> for EventCode {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(Violation::in_decoding)
    }
}

impl TryFrom<String> for EventCode {
    type Error = Violation;
    fn try_from(text: String) -> Result<Self, Violation> {
        text.parse()
    }
}

impl From<EventCode> for String {
    fn from(code: EventCode) -> String {
        code.to_string()
    }
}

/// An event as it is read back.
///
/// ```
/// let page = rollbook_testkit::example::shop().events(&rollbook::EventQuery::default())?;
/// let opened = &page.items[0];
/// assert_eq!((opened.name.as_str(), &opened.device), ("opened", &Some("phone".parse()?)));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The code that posting it returned.
    pub code: EventCode,
    /// When it happened.
    pub at: Timestamp,
    /// Its name.
    pub name: EventName,
    /// The device it was posted with.
    pub device: Option<DeviceId>,
    /// The user it was posted with.
    pub user: Option<UserId>,
    /// Its attributes.
    pub attributes: Attributes,
}

/// The end of a page of events: a time and an event's number.
///
/// ```
/// use rollbook::{EventQuery, NewEvent};
/// let shop = rollbook_testkit::example::shop();
/// shop.post_event(&NewEvent { user: Some("ann".parse()?), ..NewEvent::new("opened".parse()?) })?;
/// let first = shop.events(&EventQuery { limit: 1, ..EventQuery::default() })?;
/// let rest = shop.events(&EventQuery { after: first.next, ..EventQuery::default() })?;
/// assert_eq!((first.items[0].device.clone(), rest.items[0].device.clone()), (None, Some("phone".parse()?)));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventPosition {
    /// The time.
    pub at: Timestamp,
    /// The event's number in the app.
    pub seq: EventSeq,
}

/// The order of a history.
///
/// ```
/// use rollbook::{EventOrder, EventQuery, NewEvent};
/// let shop = rollbook_testkit::example::shop();
/// shop.post_event(&NewEvent { user: Some("ann".parse()?), ..NewEvent::new("opened".parse()?) })?;
/// let newest = shop.events(&EventQuery { order: EventOrder::NewestFirst, ..EventQuery::default() })?.items;
/// let oldest = shop.events(&EventQuery { order: EventOrder::OldestFirst, ..EventQuery::default() })?.items;
/// assert!(newest.len() == 2 && newest.iter().eq(oldest.iter().rev()));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventOrder {
    /// The latest time first; at the same time, the event that was posted last.
    #[default]
    NewestFirst,
    /// The earliest time first; at the same time, the event that was posted first.
    OldestFirst,
}

/// The events that a query reads.
///
/// ```
/// use rollbook::{EventQuery, EventScope};
/// let of_ann = EventQuery { scope: EventScope::User("ann".parse()?), ..EventQuery::default() };
/// assert!(rollbook_testkit::example::shop().events(&of_ann)?.items.is_empty()); // it was posted on the phone
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventScope {
    /// All events of the app.
    #[default]
    All,
    /// The events posted with this device.
    Device(DeviceId),
    /// The events posted with this user.
    User(UserId),
    /// The events of this name.
    Name(EventName),
}

/// A query of the history.
///
/// ```
/// use rollbook::{EventOrder, EventQuery};
/// let all = EventQuery::default();
/// assert_eq!((all.order, all.limit), (EventOrder::NewestFirst, 100));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EventQuery {
    /// The events to read.
    pub scope: EventScope,
    /// The earliest time, inclusive. The default, [`Timestamp::MIN`], is written as absent.
    #[serde(with = "absent::from")]
    pub from: Timestamp,
    /// The latest time, inclusive. The default, [`Timestamp::MAX`], is written as absent.
    #[serde(with = "absent::until")]
    pub until: Timestamp,
    /// The order of the events.
    pub order: EventOrder,
    /// The end of the previous page; absent for the first page.
    pub after: Option<EventPosition>,
    /// The maximum number of events on a page; 0 counts as 1.
    pub limit: usize,
}

impl Default for EventQuery {
    fn default() -> Self {
        EventQuery {
            scope: EventScope::All,
            from: Timestamp::MIN,
            until: Timestamp::MAX,
            order: EventOrder::NewestFirst,
            after: None,
            limit: 100,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_different_events_differ() {
        let codes: std::collections::BTreeSet<_> =
            (1..=20_000).map(|n| EventCode::of(EventSeq(n), 99)).collect();
        assert_eq!(codes.len(), 20_000);
    }

    #[test]
    fn a_code_survives_printing_and_parsing() {
        let code = EventCode::of(EventSeq(12_345), 7);
        assert_eq!(code.to_string().parse::<EventCode>().unwrap(), code);
    }
}
