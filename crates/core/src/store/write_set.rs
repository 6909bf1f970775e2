//! A write set: the checks that must hold and the operations that are then applied, as plain data.

use super::catalogue::{Entry, EntryKey};
use super::ids::{OwnedKey, Place};
use super::records::{DeviceRecord, EventRecord};
use crate::model::{DeviceId, EventSeq, Platform, PlatformSet, Timestamp, UserId, Version};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// The contents of one commit: all checks are verified against the state before the commit, then all operations are
/// applied in order.
///
/// A write set is self-contained and serialisable. It names devices by place and keys by name; the commit assigns
/// ordinals, versions and event numbers. Applying it a second time either conflicts or repeats its effects; it is never
/// applied in part.
///
/// ```
/// use rollbook::store::{Check, DeviceRecord, Operation, Store, WriteSet};
/// use rollbook::{AppId, DeviceId, Platform, Version};
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let id = DeviceId::new("phone")?;
/// let record = Box::new(DeviceRecord::new(id.clone()));
/// let insert = Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: vec![] };
/// let writes = WriteSet { checks: vec![Check::Absent { id }].into(), operations: vec![insert].into() };
/// let store = OrderedStore::new();
/// assert_eq!(store.commit(AppId(1), &writes)?.version, Version(1));
/// assert!(store.commit(AppId(1), &writes).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WriteSet {
    /// The conditions on the state before the commit.
    pub checks: SmallVec<[Check; 2]>,
    /// The changes, in this order.
    pub operations: SmallVec<[Operation; 1]>,
}

impl WriteSet {
    /// Returns the number of devices, keys, entries and events that the set names, which is what
    /// [`StoreInfo::max_weight`](super::StoreInfo::max_weight) limits.
    ///
    /// ```
    /// use rollbook::store::{Check, Operation, WriteSet};
    /// use rollbook::Timestamp;
    ///
    /// let trim = Operation::TrimLog { before: Timestamp::from_secs(0), most: 500 };
    /// let writes = WriteSet { checks: vec![Check::Open].into(), operations: vec![trim].into() };
    /// assert_eq!(writes.weight(), 501);
    /// ```
    #[must_use]
    pub fn weight(&self) -> usize {
        let checks = self.checks.iter().map(|check| match check {
            Check::Room { devices, .. } | Check::Linked { devices, .. } | Check::Unseen { devices, .. } => {
                devices.len()
            }
            _ => 1,
        });
        let operations = self.operations.iter().map(|operation| match operation {
            Operation::Insert { keys, .. } => keys.len() + 1,
            Operation::Link { devices, .. }
            | Operation::Unlink { devices, .. }
            | Operation::Touch { devices, .. } => devices.len(),
            Operation::EraseEvents { most, .. } | Operation::TrimLog { most, .. } => *most as usize,
            _ => 1,
        });
        checks.chain(operations).fold(0, usize::saturating_add)
    }
}

/// A condition on the state before the commit. If it does not hold, the commit applies nothing and returns
/// [`Conflict`](super::StoreError::Conflict).
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Check, Conflicted, OwnedKey, Relation, Store, StoreError, WriteSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let news_at_most = |most| {
///     let key = OwnedKey { relation: Relation::Tag, name: "news".into() };
///     let checks = vec![Check::Open, Check::KeyAtMost { key, most }].into();
///     registry.store().commit(AppId(1), &WriteSet { checks, ..WriteSet::default() })
/// };
/// assert!(news_at_most(2).is_ok());
/// assert!(matches!(news_at_most(1), Err(StoreError::Conflict { what: Conflicted::KeyFull })));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Check {
    /// The app is not sealed.
    Open,
    /// No device of this id exists.
    Absent {
        /// The id.
        id: DeviceId,
    },
    /// The device still fills this place and still has this version.
    Unchanged {
        /// The device.
        device: Place,
        /// Its version when it was read.
        version: Version,
    },
    /// The key names at most `most` devices, on all platforms together.
    KeyAtMost {
        /// The key.
        key: OwnedKey,
        /// The maximum number of devices.
        most: u64,
    },
    /// Each of these devices still fills its place, and either has the tag already or carries fewer than `most` tags.
    Room {
        /// The tag that the devices are about to get.
        tag: Box<str>,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// The maximum number of tags on one device.
        most: u32,
    },
    /// Each of these devices still fills its place, and has the key or does not have it, as `is` requires.
    Linked {
        /// The key.
        key: OwnedKey,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// Whether the devices must have the key (`true`) or must not have it (`false`).
        is: bool,
    },
    /// Each of these devices still fills its place, and no heartbeat of it at or after `since` was acknowledged. A
    /// [`Store::touch`](super::Store::touch) that returned before the commit counts. One that returns later finds the
    /// device as the commit left it.
    Unseen {
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// The earliest time at which a heartbeat makes the check fail.
        since: Timestamp,
    },
    /// The entry has this version, or, if `version` is `None`, there is no such entry.
    Entry {
        /// The entry's key.
        key: EntryKey,
        /// Its version when it was read.
        version: Option<Version>,
    },
}

/// One change. Several operations of a set may change the same device; each sees the effects of those before it.
///
/// An operation names a device by its place. It conflicts ([`DeviceGone`](super::Conflicted::DeviceGone)) if the device
/// does not fill the place at this point of the set.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Operation, OwnedKey, Relation, Store, View, WriteSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let watch = registry.store().view(AppId(1))?.find(&"watch".parse()?)?.unwrap();
/// let key = OwnedKey { relation: Relation::Tag, name: "vip".into() };
/// let link = Operation::Link { key, devices: vec![watch].into() };
/// registry.store().commit(AppId(1), &WriteSet { operations: vec![link].into(), ..WriteSet::default() })?;
/// assert!(registry.app(&example::KEY.parse()?)?.contains(&"vip".parse()?, &"watch".parse()?)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// Inserts a device on a platform with all its keys. The commit assigns the ordinal. Conflicts
    /// ([`DeviceExists`](super::Conflicted::DeviceExists)) if a device of this id exists at this point of the set.
    ///
    /// The keys are part of the insert, instead of links that follow it, so that a store may write the device once.
    Insert {
        /// The platform.
        platform: Platform,
        /// The record.
        record: Box<DeviceRecord>,
        /// When it was last seen; set for a device that moves from another platform.
        last_seen: Option<Timestamp>,
        /// Its keys. They are linked in this order.
        keys: Vec<OwnedKey>,
    },
    /// Replaces the record of a device. The id must be the same.
    Put {
        /// The device.
        device: Place,
        /// The new record.
        record: Box<DeviceRecord>,
    },
    /// Removes a device and all its links.
    Remove {
        /// The device.
        device: Place,
    },
    /// Gives devices a key. In every relation but tags the key replaces the one that the device had.
    ///
    /// Linking a device to a key that it has changes nothing, not even the device's version. Two callers may link the
    /// same without seeing each other, and a version that was read between the two commits must stay valid.
    Link {
        /// The key.
        key: OwnedKey,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
    },
    /// Takes a key from devices. Unlinking a key that a device does not have changes nothing, as with
    /// [`Operation::Link`].
    Unlink {
        /// The key.
        key: OwnedKey,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
    },
    /// Records that devices were seen, as [`Store::touch`](super::Store::touch) does: an older time changes nothing,
    /// and no device's version changes. The heartbeats become visible, and durable, with the rest of the set.
    Touch {
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// When they were seen.
        at: Timestamp,
    },
    /// Removes a key from all devices of these platforms, in a time that does not depend on their number. The registry
    /// drops only tags and aliases. No device's version changes. A later key of the same name starts empty.
    Drop {
        /// The key.
        key: OwnedKey,
        /// The platforms from which the key is removed.
        platforms: PlatformSet,
    },
    /// Makes all devices of `user` pending deletion: the key `(User, user)` becomes the key `(Deletion, deletion)`, in
    /// a time that does not depend on the number of devices. Also writes the catalogue entry [`EntryKey::Deletion`] of
    /// that number, with the user and the number of the newest event at this point of the set. No device's version
    /// changes. The entry is written even if the user has no devices, because there may be events of the user.
    /// [`Committed::condemned`] reports the number of devices.
    Condemn {
        /// The user.
        user: UserId,
        /// The deletion's number. The operation conflicts ([`EntryChanged`](super::Conflicted::EntryChanged)) if an
        /// entry of this number exists. The caller must also ensure that no device is pending under this number; it
        /// keeps a deletion's entry until the devices are removed. If one is, a store either reports the same conflict
        /// or adds the user's devices to those that are pending.
        deletion: u64,
    },
    /// Writes a catalogue entry.
    PutEntry {
        /// The entry, which contains its key.
        entry: Entry,
    },
    /// Removes a catalogue entry. Removing an entry that does not exist changes nothing.
    RemoveEntry {
        /// The entry's key.
        key: EntryKey,
    },
    /// Appends an event to the log.
    Append {
        /// The event. The commit assigns its number.
        event: Box<EventRecord>,
    },
    /// Erases the first events of an owner, in the order of their numbers.
    EraseEvents {
        /// The owner of the events.
        owner: EventOwner,
        /// The last number to erase, inclusive.
        through: EventSeq,
        /// The maximum number of events to erase.
        most: u32,
    },
    /// Erases the oldest events by time.
    TrimLog {
        /// Only events before this time are erased.
        before: Timestamp,
        /// The maximum number of events to erase.
        most: u32,
    },
    /// Seals an app that is being deleted. [`View::is_sealed`](super::View::is_sealed) is true from then on,
    /// permanently.
    Seal,
}

/// The owner of events: the id with which they were posted.
///
/// ```
/// use rollbook::store::{EventOwner, Operation, Store, WriteSet};
/// use rollbook::{AppId, EventSeq};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let erased = |owner| {
///     let erase = Operation::EraseEvents { owner, through: EventSeq(1), most: 10 };
///     let writes = WriteSet { operations: vec![erase].into(), ..WriteSet::default() };
///     registry.store().commit(AppId(1), &writes).map(|committed| committed.erased_events)
/// };
/// assert_eq!(erased(EventOwner::Device("watch".parse()?))?, 0);
/// assert_eq!(erased(EventOwner::Device("phone".parse()?))?, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EventOwner {
    /// The events posted with this device.
    Device(DeviceId),
    /// The events posted with this user.
    User(UserId),
}

/// What a commit assigned and found.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Operation, Store, View, WriteSet};
/// use rollbook_testkit::example;
///
/// let registry = example::registry();
/// let mut writes = WriteSet::default();
/// for id in ["phone", "tablet"] {
///     let device = registry.store().view(AppId(1))?.find(&id.parse()?)?.unwrap();
///     writes.operations.push(Operation::Remove { device });
/// }
/// let committed = registry.store().commit(AppId(1), &writes)?;
/// assert_eq!(committed.vanished_users[..], ["ann".parse()?]);
/// assert!(committed.inserted.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// The version that this commit created.
    pub version: Version,
    /// The places of the inserted devices, in the order of the set's inserts.
    pub inserted: SmallVec<[Place; 1]>,
    /// The numbers of the appended events, in the order of the set's appends.
    pub appended: SmallVec<[EventSeq; 1]>,
    /// The users that had a device before the commit and have none after it, sorted. Users of an [`Operation::Condemn`]
    /// are included.
    pub vanished_users: SmallVec<[UserId; 1]>,
    /// The number of devices that each [`Operation::Condemn`] of the set found, in the order of these operations.
    pub condemned: SmallVec<[u64; 1]>,
    /// The number of events that were erased.
    pub erased_events: u64,
}
