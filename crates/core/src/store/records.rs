//! The records that a store keeps in addition to the relations.

use super::ids::Place;
use crate::model::{
    Attributes, DeviceId, EventName, EventOrder, EventPosition, EventSeq, Language, Mobile, PushToken,
    Timestamp, UserId, UtcOffset, Version, stored_language, stored_mobile,
};
use serde::{Deserialize, Serialize};

/// A device without its relations and without its platform, which is part of its slot.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{DeviceRecord, Operation, Store, View, WriteSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let device = registry.store().view(AppId(1))?.find(&"watch".parse()?)?.unwrap();
/// let record = DeviceRecord { language: Some("fr".parse()?), ..DeviceRecord::new("watch".parse()?) };
/// let put = Operation::Put { device, record: Box::new(record.clone()) };
/// registry.store().commit(AppId(1), &WriteSet { operations: vec![put].into(), ..WriteSet::default() })?;
/// assert_eq!(registry.store().view(AppId(1))?.device(device.slot)?.unwrap().record, record);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// The token by which a gateway reaches it.
    pub token: Option<PushToken>,
    /// Its mobile number.
    #[serde(default, deserialize_with = "stored_mobile")]
    pub mobile: Option<Mobile>,
    /// Its language.
    #[serde(default, deserialize_with = "stored_language")]
    pub language: Option<Language>,
    /// Its offset from UTC.
    pub utc_offset: Option<UtcOffset>,
    /// When it was registered; absent if the device was registered before this field existed.
    #[serde(default)]
    pub registered_at: Option<Timestamp>,
    /// Its rank among the devices of its alias; the device that was bound first has the lowest. Kept only if the app
    /// evicts the oldest device of a full alias.
    pub alias_rank: Option<u32>,
}

impl DeviceRecord {
    /// Creates a record that has nothing but an id.
    ///
    /// ```
    /// use rollbook::store::DeviceRecord;
    /// let record = DeviceRecord::new("phone".parse()?);
    /// assert_eq!((record.id.as_str(), record.token, record.alias_rank), ("phone", None, None));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn new(id: DeviceId) -> Self {
        DeviceRecord {
            id,
            token: None,
            mobile: None,
            language: None,
            utc_offset: None,
            registered_at: None,
            alias_rank: None,
        }
    }
}

/// A device record as a view shows it.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Operation, Store, StoredDevice, View, WriteSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let watch = || -> Result<StoredDevice, Box<dyn std::error::Error>> {
///     let view = registry.store().view(AppId(1))?;
///     let place = view.find(&"watch".parse()?)?.ok_or("no watch")?;
///     Ok(view.device(place.slot)?.ok_or("an empty slot")?)
/// };
/// let before = watch()?;
/// let put = Operation::Put { device: before.place, record: Box::new(before.record.clone()) };
/// let writes = WriteSet { operations: vec![put].into(), ..WriteSet::default() };
/// let version = registry.store().commit(AppId(1), &writes)?.version;
/// assert_eq!(watch()?, StoredDevice { version, ..before });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDevice {
    /// The device's place.
    pub place: Place,
    /// The version of the commit that last changed it.
    pub version: Version,
    /// The record.
    pub record: DeviceRecord,
}

/// An event in the form in which it is appended.
///
/// ```
/// use rollbook::store::{EventRecord, Operation, Store, WriteSet};
/// use rollbook::{AppId, Attributes, EventSeq, Timestamp};
/// use rollbook_testkit::example;
///
/// let event = EventRecord {
///     at: Timestamp::from_secs(1_700_000_060),
///     name: "opened".parse()?,
///     device: Some("tablet".parse()?),
///     user: None,
///     attributes: Attributes::new(),
/// };
/// let append = Operation::Append { event: Box::new(event) };
/// let writes = WriteSet { operations: vec![append].into(), ..WriteSet::default() };
/// let committed = example::registry().store().commit(AppId(1), &writes)?;
/// assert_eq!(committed.appended[..], [EventSeq(2)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRecord {
    /// When it happened.
    pub at: Timestamp,
    /// The declared name.
    pub name: EventName,
    /// The device it was posted with.
    pub device: Option<DeviceId>,
    /// The user it was posted with.
    pub user: Option<UserId>,
    /// The event's attributes.
    pub attributes: Attributes,
}

/// An event as a view shows it.
///
/// ```
/// use rollbook::store::{LogIndex, LogRange, Store, View};
/// use rollbook::{AppId, EventOrder, EventSeq, Timestamp};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let range = LogRange {
///     index: LogIndex::All,
///     from: Timestamp::MIN,
///     until: Timestamp::MAX,
///     order: EventOrder::NewestFirst,
///     after: None,
///     limit: 10,
/// };
/// let events = registry.store().view(AppId(1))?.events(&range)?;
/// assert_eq!((events[0].seq, events[0].record.name.as_str()), (EventSeq(1), "opened"));
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its number.
    pub seq: EventSeq,
    /// The record that was appended.
    pub record: EventRecord,
}

impl StoredEvent {
    /// Returns the event's position, which is the same in every index of the log.
    ///
    /// ```
    /// use rollbook::store::{EventRecord, StoredEvent};
    /// use rollbook::{Attributes, EventPosition, EventSeq, Timestamp};
    ///
    /// let at = Timestamp::from_secs(1_700_000_000);
    /// let (device, user, attributes) = (Some("phone".parse()?), None, Attributes::new());
    /// let record = EventRecord { at, name: "opened".parse()?, device, user, attributes };
    /// let event = StoredEvent { seq: EventSeq(7), record };
    /// assert_eq!(event.position(), EventPosition { at, seq: EventSeq(7) });
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn position(&self) -> EventPosition {
        EventPosition { at: self.record.at, seq: self.seq }
    }
}

/// The indexes of the log.
///
/// ```
/// use rollbook::store::{LogIndex, LogRange, Store, View};
/// use rollbook::{AppId, EventOrder, Timestamp};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// let count = |index: LogIndex<'_>| {
///     let (from, until, order) = (Timestamp::MIN, Timestamp::MAX, EventOrder::OldestFirst);
///     view.events(&LogRange { index, from, until, order, after: None, limit: 10 }).map(|events| events.len())
/// };
/// assert_eq!(count(LogIndex::Name(&"opened".parse()?))?, 1);
/// assert_eq!(count(LogIndex::Device(&"phone".parse()?))?, 1);
/// assert_eq!(count(LogIndex::Device(&"watch".parse()?))?, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogIndex<'a> {
    /// Every event.
    All,
    /// The events posted with a device.
    Device(&'a DeviceId),
    /// The events posted with a user.
    User(&'a UserId),
    /// The events of this name.
    Name(&'a EventName),
}

/// A range of one index of the log, in the order of (time, number).
///
/// ```
/// use rollbook::store::{LogIndex, LogRange, Store, View};
/// use rollbook::{AppId, EventOrder, Timestamp};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let view = registry.store().view(AppId(1))?;
/// let mut range = LogRange {
///     index: LogIndex::All,
///     from: Timestamp::from_secs(1_700_000_000),
///     until: Timestamp::from_secs(1_700_000_000),
///     order: EventOrder::OldestFirst,
///     after: None,
///     limit: 1,
/// };
/// let page = view.events(&range)?;
/// assert_eq!(page.len(), 1);
/// range.after = page.last().map(|event| event.position());
/// assert_eq!(view.events(&range)?, []);
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange<'a> {
    /// The index.
    pub index: LogIndex<'a>,
    /// The earliest time, inclusive.
    pub from: Timestamp,
    /// The latest time, inclusive.
    pub until: Timestamp,
    /// Whether the newest or the oldest event comes first.
    pub order: EventOrder,
    /// The events after this position, exclusive, in the given order; `None` starts at the beginning.
    pub after: Option<EventPosition>,
    /// The maximum number of events.
    pub limit: usize,
}
