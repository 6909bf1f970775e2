//! Builds write sets in the words of a case.

use crate::look::device_id;
use rollbook::store::{
    Check, DeviceRecord, Entry, EntryKey, EventOwner, EventRecord, Key, Operation, OwnedKey, Place, Relation,
    WriteSet,
};
use rollbook::{
    Attributes, DeviceId, EventName, EventSeq, EventType, Platform, PlatformSet, Timestamp, UserId, Version,
};

/// A write set under construction.
#[derive(Clone, Default)]
pub(crate) struct Writes(WriteSet);

impl From<Writes> for WriteSet {
    fn from(writes: Writes) -> WriteSet {
        writes.0
    }
}

impl Writes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn check(mut self, check: Check) -> Self {
        self.0.checks.push(check);
        self
    }

    pub(crate) fn then(mut self, operation: Operation) -> Self {
        self.0.operations.push(operation);
        self
    }

    pub(crate) fn open(self) -> Self {
        self.check(Check::Open)
    }

    pub(crate) fn absent(self, id: &str) -> Self {
        self.check(Check::Absent { id: device_id(id) })
    }

    pub(crate) fn unchanged(self, device: Place, version: Version) -> Self {
        self.check(Check::Unchanged { device, version })
    }

    pub(crate) fn at_most(self, key: &OwnedKey, most: u64) -> Self {
        self.check(Check::KeyAtMost { key: key.clone(), most })
    }

    pub(crate) fn room(self, devices: &[Place], most: u32) -> Self {
        self.check(Check::Room {
            tag: "a tag that nobody has".into(),
            devices: devices.into(),
            most: most + 1,
        })
    }

    pub(crate) fn unseen(self, devices: &[Place], since: i64) -> Self {
        self.check(Check::Unseen { devices: devices.into(), since: Timestamp::from_secs(since) })
    }

    pub(crate) fn entry_is(self, key: &EntryKey, version: Option<Version>) -> Self {
        self.check(Check::Entry { key: key.clone(), version })
    }

    pub(crate) fn seen(self, devices: &[Place], at: i64) -> Self {
        self.then(Operation::Touch { devices: devices.into(), at: Timestamp::from_secs(at) })
    }

    pub(crate) fn insert(self, platform: Platform, id: &str) -> Self {
        self.insert_seen(platform, DeviceRecord::new(device_id(id)), None)
    }

    pub(crate) fn insert_seen(self, platform: Platform, record: DeviceRecord, seen: Option<i64>) -> Self {
        let last_seen = seen.map(Timestamp::from_secs);
        self.then(Operation::Insert { platform, record: Box::new(record), last_seen, keys: Vec::new() })
    }

    pub(crate) fn put(self, device: Place, record: DeviceRecord) -> Self {
        self.then(Operation::Put { device, record: Box::new(record) })
    }

    pub(crate) fn remove(self, device: Place) -> Self {
        self.then(Operation::Remove { device })
    }

    pub(crate) fn link(self, key: &OwnedKey, devices: &[Place]) -> Self {
        self.then(Operation::Link { key: key.clone(), devices: devices.into() })
    }

    /// Gives the key to devices that the set inserts, by their positions among the inserts.
    #[track_caller]
    pub(crate) fn link_new(mut self, key: &OwnedKey, inserts: &[u32]) -> Self {
        let new = self.0.operations.iter_mut().filter_map(|operation| match operation {
            Operation::Insert { keys, .. } => Some(keys),
            _ => None,
        });
        let mut new: Vec<_> = new.collect();
        for &n in inserts {
            new.get_mut(n as usize).expect("an insert of the set").push(key.clone());
        }
        self
    }

    pub(crate) fn unlink(self, key: &OwnedKey, devices: &[Place]) -> Self {
        self.then(Operation::Unlink { key: key.clone(), devices: devices.into() })
    }

    pub(crate) fn drop_key(self, key: &OwnedKey, platforms: PlatformSet) -> Self {
        self.then(Operation::Drop { key: key.clone(), platforms })
    }

    pub(crate) fn condemn(self, user: &str, deletion: u64) -> Self {
        self.then(Operation::Condemn { user: user_id(user), deletion })
    }

    pub(crate) fn put_entry(self, entry: Entry) -> Self {
        self.then(Operation::PutEntry { entry })
    }

    pub(crate) fn remove_entry(self, key: &EntryKey) -> Self {
        self.then(Operation::RemoveEntry { key: key.clone() })
    }

    pub(crate) fn append(self, event: EventRecord) -> Self {
        self.then(Operation::Append { event: Box::new(event) })
    }

    pub(crate) fn erase(self, owner: EventOwner, through: u64, most: u32) -> Self {
        self.then(Operation::EraseEvents { owner, through: EventSeq(through), most })
    }

    pub(crate) fn trim(self, before: i64, most: u32) -> Self {
        self.then(Operation::TrimLog { before: Timestamp::from_secs(before), most })
    }

    pub(crate) fn seal(self) -> Self {
        self.then(Operation::Seal)
    }
}

pub(crate) fn key(relation: Relation, name: &str) -> OwnedKey {
    Key::new(relation, name).to_owned()
}

pub(crate) fn tag(name: &str) -> OwnedKey {
    key(Relation::Tag, name)
}

pub(crate) fn alias(name: &str) -> OwnedKey {
    key(Relation::Alias, name)
}

pub(crate) fn user(name: &str) -> OwnedKey {
    key(Relation::User, name)
}

pub(crate) fn deletion(number: u64) -> OwnedKey {
    key(Relation::Deletion, &number.to_string())
}

#[track_caller]
pub(crate) fn user_id(name: &str) -> UserId {
    UserId::new(name).expect("a user that a case uses")
}

#[track_caller]
pub(crate) fn event_name(name: &str) -> EventName {
    EventName::new(name).expect("an event name that a case uses")
}

/// A declared event type; its time distinguishes two declarations.
#[track_caller]
pub(crate) fn event_type(name: &str, declared_at: i64) -> Entry {
    let declared_at = Timestamp::from_secs(declared_at);
    Entry::EventType(EventType { name: event_name(name), declared_at })
}

/// An event of a device, a user, both or none.
#[track_caller]
pub(crate) fn event(at: i64, name: &str, device: Option<&str>, user: Option<&str>) -> EventRecord {
    EventRecord {
        at: Timestamp::from_secs(at),
        name: event_name(name),
        device: device.map(device_id),
        user: user.map(user_id),
        attributes: Attributes::new(),
    }
}

pub(crate) fn owner_device(id: &str) -> EventOwner {
    EventOwner::Device(device_id(id))
}

pub(crate) fn owner_user(id: &str) -> EventOwner {
    EventOwner::User(user_id(id))
}

/// Returns a record that differs by its rank from every other record of the same id.
pub(crate) fn ranked(id: DeviceId, rank: u32) -> DeviceRecord {
    DeviceRecord { alias_rank: Some(rank), ..DeviceRecord::new(id) }
}
