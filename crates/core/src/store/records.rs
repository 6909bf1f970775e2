//! The records that a store keeps beside the relations.

use super::ids::Place;
use crate::model::{
    Attributes, DeviceId, EventName, EventOrder, EventPosition, EventSeq, Language, Mobile, PushToken,
    Timestamp, UserId, UtcOffset, Version,
};
use serde::{Deserialize, Serialize};

/// A device without its relations and without its platform, which is part of its slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRecord {
    /// Its id.
    pub id: DeviceId,
    /// What a gateway reaches it by.
    pub token: Option<PushToken>,
    /// Its mobile number.
    pub mobile: Option<Mobile>,
    /// Its language.
    pub language: Option<Language>,
    /// Its offset from UTC.
    pub utc_offset: Option<UtcOffset>,
    /// Its rank among the devices of its alias, the first bound lowest; kept only where an app evicts the oldest.
    pub alias_rank: Option<u32>,
}

impl DeviceRecord {
    /// A record of nothing but an id.
    #[must_use]
    pub fn new(id: DeviceId) -> Self {
        DeviceRecord { id, token: None, mobile: None, language: None, utc_offset: None, alias_rank: None }
    }
}

/// A device record as a view shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDevice {
    /// Where it stands.
    pub place: Place,
    /// The commit that last changed it.
    pub version: Version,
    /// The record.
    pub record: DeviceRecord,
}

/// An event as it is appended.
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
    /// What was said about it.
    pub attributes: Attributes,
}

/// An event as a view shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEvent {
    /// Its number.
    pub seq: EventSeq,
    /// What was appended.
    pub record: EventRecord,
}

impl StoredEvent {
    /// Where the event stands in every index of the log.
    #[must_use]
    pub fn position(&self) -> EventPosition {
        EventPosition { at: self.record.at, seq: self.seq }
    }
}

/// Which index of the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogIndex<'a> {
    /// Every event.
    All,
    /// The events posted with a device.
    Device(&'a DeviceId),
    /// The events posted with a user.
    User(&'a UserId),
    /// The events of a name.
    Name(&'a EventName),
}

/// A stretch of one index of the log, in the order of (time, number).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange<'a> {
    /// The index.
    pub index: LogIndex<'a>,
    /// The earliest time, inclusive.
    pub from: Timestamp,
    /// The latest time, inclusive.
    pub until: Timestamp,
    /// Which end comes first.
    pub order: EventOrder,
    /// Go on behind this position, exclusive, in the order asked for.
    pub after: Option<EventPosition>,
    /// At most so many events.
    pub limit: usize,
}
