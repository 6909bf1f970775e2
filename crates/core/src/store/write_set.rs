//! A write set: the checks that must hold and the operations that then apply, as plain data.

use super::catalogue::{Entry, EntryKey};
use super::ids::{OwnedKey, Place};
use super::records::{DeviceRecord, EventRecord};
use crate::model::{DeviceId, EventSeq, Platform, PlatformSet, Timestamp, UserId, Version};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Everything one commit does: first every check against the state before the commit, then every operation in order.
///
/// It is self-contained and serialisable: it names devices by place, keys by name, and leaves ordinals, versions and
/// event numbers to the commit. Applied twice it conflicts or repeats itself; it never half applies.
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
    /// What must be true of the state before the commit.
    pub checks: SmallVec<[Check; 2]>,
    /// What is done, in this order.
    pub operations: SmallVec<[Operation; 1]>,
}

impl WriteSet {
    /// How many devices, keys, entries and events the set names: what a store's size limit counts.
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

/// What must be true of the state before the commit; otherwise the commit answers
/// [`Conflict`](super::StoreError::Conflict) and applies nothing.
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
    /// The key names at most so many devices, on all platforms together.
    KeyAtMost {
        /// The key.
        key: OwnedKey,
        /// The most.
        most: u64,
    },
    /// Each of these devices still fills its place, and has the tag already or carries fewer than `most` tags.
    Room {
        /// The tag that the devices are about to get.
        tag: Box<str>,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// The most tags that one device may carry.
        most: u32,
    },
    /// Each of these devices still fills its place, and has the key or has it not.
    Linked {
        /// The key.
        key: OwnedKey,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// Must it have the key, or must it not?
        is: bool,
    },
    /// Each of these devices still fills its place, and no heartbeat of it at or after `since` was acknowledged: a
    /// [`Store::touch`](super::Store::touch) that returned before the commit is judged by it, and one that returns later
    /// finds the device as the commit left it.
    Unseen {
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// Since when.
        since: Timestamp,
    },
    /// The entry has this version; `None`: there is no such entry.
    Entry {
        /// Which entry.
        key: EntryKey,
        /// Its version when it was read.
        version: Option<Version>,
    },
}

/// One change. Operations on the same device may follow each other in one set; each sees what those before it did.
///
/// An operation names a device by its place, and conflicts ([`DeviceGone`](super::Conflicted::DeviceGone)) when the
/// device does not fill the place at this point of the set.
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
    /// A new device on a platform, with all its keys; the commit gives it the ordinal. No device of its id may exist at
    /// this point of the set ([`DeviceExists`](super::Conflicted::DeviceExists)).
    ///
    /// The keys are part of the insert, and not links that follow it, so that a store may write a device once.
    Insert {
        /// The platform.
        platform: Platform,
        /// The record.
        record: Box<DeviceRecord>,
        /// When it was last seen, for a device that moves from another platform.
        last_seen: Option<Timestamp>,
        /// Its keys, each as if it were linked in this order.
        keys: Vec<OwnedKey>,
    },
    /// The record of a device is replaced; the id must be the same.
    Put {
        /// The device.
        device: Place,
        /// The new record.
        record: Box<DeviceRecord>,
    },
    /// A device is removed, with everything that links it.
    Remove {
        /// The device.
        device: Place,
    },
    /// Devices get a key. For every relation but tags the key replaces the one the device had.
    ///
    /// Linking what is linked changes nothing, not even the device's version: two callers may link the same without
    /// seeing each other, and a version that was read between the two must stay good.
    Link {
        /// The key.
        key: OwnedKey,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
    },
    /// Devices lose a key. Unlinking what is not linked changes nothing, as with [`Operation::Link`].
    Unlink {
        /// The key.
        key: OwnedKey,
        /// The devices.
        devices: SmallVec<[Place; 1]>,
    },
    /// Devices were seen, as [`Store::touch`](super::Store::touch) records it: an older time changes nothing, and no
    /// device's version changes. It becomes visible, and durable, with the rest of the set.
    Touch {
        /// The devices.
        devices: SmallVec<[Place; 1]>,
        /// When.
        at: Timestamp,
    },
    /// A key (the registry drops only tags and aliases) disappears from all devices of these platforms, in a time that
    /// does not depend on how many they are. No device's version changes. A later key of the same name starts empty.
    Drop {
        /// The key.
        key: OwnedKey,
        /// Where.
        platforms: PlatformSet,
    },
    /// All devices of `user` wait for removal from now on: the key `(User, user)` becomes the key
    /// `(Deletion, deletion)`, in a time that does not depend on how many they are, and the catalogue entry
    /// [`EntryKey::Deletion`] of that number is written, with the user and the number of the newest event at this
    /// point of the set. No device's version changes. The entry is written also for a user without devices, who may
    /// have events. [`Committed::condemned`] reports how many devices there were.
    Condemn {
        /// The user.
        user: UserId,
        /// The deletion's number; no entry of it may exist ([`EntryChanged`](super::Conflicted::EntryChanged)). Nor may
        /// devices wait under it, which is for the caller to see to: its entry stays until they are removed. Where they
        /// do wait, a store either answers the same, or lets the user's devices wait with them.
        deletion: u64,
    },
    /// A catalogue entry is written.
    PutEntry {
        /// The entry; its key is part of it.
        entry: Entry,
    },
    /// A catalogue entry is removed; removing what is not there changes nothing.
    RemoveEntry {
        /// Which.
        key: EntryKey,
    },
    /// An event is appended to the log.
    Append {
        /// The event; the commit gives it its number.
        event: Box<EventRecord>,
    },
    /// The first events of an owner, in the order of their numbers, are erased.
    EraseEvents {
        /// Whose.
        owner: EventOwner,
        /// Up to this number, inclusive.
        through: EventSeq,
        /// At most so many.
        most: u32,
    },
    /// The oldest events by time are erased.
    TrimLog {
        /// Only those whose time is before this.
        before: Timestamp,
        /// At most so many.
        most: u32,
    },
    /// The app is being deleted: [`View::is_sealed`](super::View::is_sealed) is true from now on, and for ever.
    Seal,
}

/// Whose events: the id that an event was posted with.
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

/// What a commit assigned and found out.
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
    /// The version that this commit made.
    pub version: Version,
    /// The places of the set's inserts, in their order.
    pub inserted: SmallVec<[Place; 1]>,
    /// The numbers of the set's appended events, in their order.
    pub appended: SmallVec<[EventSeq; 1]>,
    /// The users that had a device before the commit and have none after it, sorted, [`Operation::Condemn`] included.
    pub vanished_users: SmallVec<[UserId; 1]>,
    /// How many devices each [`Operation::Condemn`] of the set found, in the order of these operations.
    pub condemned: SmallVec<[u64; 1]>,
    /// How many events were erased.
    pub erased_events: u64,
}
