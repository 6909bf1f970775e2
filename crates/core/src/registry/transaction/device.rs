//! One device of a transaction: where it is in the register, and what the transaction makes of it.

use super::names::KeyId;
use crate::model::{Alias, DeviceId, Platform, Set, Timestamp, UserId, Version};
use crate::small_table::{BitSet, Keyed, SmallTable};
use crate::store::{DeviceRecord, Place, Slot, StoredDevice};
use std::hash::{Hash, Hasher};
use std::mem;
use std::ops::{Index, IndexMut};

/// Tags that a transaction puts on a device (`true`) or takes off it.
pub(super) type TagEdits = SmallTable<(KeyId, bool), 2>;

impl Keyed for (KeyId, bool) {
    type Key<'a> = KeyId;

    fn key(&self) -> KeyId {
        self.0
    }

    fn has_key(&self, key: KeyId) -> bool {
        self.0 == key
    }
}

/// A device that a transaction has looked at.
#[derive(Debug)]
pub(super) struct Device {
    /// The version of the device in the register, once it was read.
    pub(super) version: Option<Version>,
    pub(super) staged: Staged,
}

/// What a transaction makes of a device. A place is where a device is in the register.
#[derive(Debug)]
pub(super) enum Staged {
    /// It stays where it is. Without edits it is untouched.
    Edited(Place, Edits),
    /// It is removed and inserted again on another platform.
    Moved(Place, New),
    /// It is inserted. An earlier device of its id, which the transaction removes, is at the place.
    Created(Option<Place>, New),
    Removed(Place),
    /// It goes with its user, whom the transaction deletes. That deletion removes it later; nothing else is written of it.
    RemovedWithUser(Place),
    /// The transaction created it and removed it again.
    Discarded(DeviceId),
}

/// What is different of a device that stays where it is, and what was read of it.
#[derive(Debug, Default)]
pub(super) struct Edits {
    pub(super) record: Record,
    /// It loses all tags that it has in the register; `tags` are put on it after that.
    pub(super) clears_tags: bool,
    pub(super) tags: TagEdits,
    pub(super) alias: Set<Alias>,
    pub(super) user: Option<UserId>,
    pub(super) held: Option<Box<HeldTags>>,
}

/// The record of a device that stays where it is.
#[derive(Debug, Default)]
pub(super) enum Record {
    #[default]
    Unread,
    Read(Box<DeviceRecord>),
    Changed(Box<DeviceRecord>),
}

/// Which of the transaction's tags a device has in the register, found in one pass over its tags.
#[derive(Debug)]
pub(super) struct HeldTags {
    pub(super) held: BitSet,
    /// The pass looked for the keys below this number.
    pub(super) below: usize,
}

/// A device that is inserted, with everything it has.
#[derive(Debug)]
pub(super) struct New {
    pub(super) platform: Platform,
    pub(super) record: Box<DeviceRecord>,
    pub(super) user: UserId,
    pub(super) alias: Option<Alias>,
    pub(super) tags: TagEdits,
    pub(super) last_seen: Option<Timestamp>,
}

impl New {
    /// A device that is registered now and has nothing yet.
    pub(super) fn registered(id: &DeviceId, platform: Platform, now: Timestamp) -> Self {
        let record = DeviceRecord { registered_at: Some(now), ..DeviceRecord::new(id.clone()) };
        New {
            platform,
            record: Box::new(record),
            user: id.anonymous_user(),
            alias: None,
            tags: TagEdits::default(),
            last_seen: None,
        }
    }
}

impl Edits {
    pub(super) fn is_empty(&self) -> bool {
        self.is_only_tags() && self.tags.len() == 0
    }

    /// Returns the edit if it is the only one and puts one tag on the device or takes it off.
    pub(super) fn only_tag(&self) -> Option<(KeyId, bool)> {
        match self.tags.as_slice() {
            [edit] if self.is_only_tags() => Some(*edit),
            _ => None,
        }
    }

    fn is_only_tags(&self) -> bool {
        let Edits { record, clears_tags, tags: _, alias, user, held: _ } = self;
        !matches!(record, Record::Changed(_)) && !clears_tags && *alias == Set::Keep && user.is_none()
    }
}

/// A device that exists in the transaction.
pub(super) enum Existing<'a> {
    Stored(Place, &'a Edits),
    New(&'a New),
}

impl Device {
    fn at(place: Place) -> Self {
        Device { version: None, staged: Staged::Edited(place, Edits::default()) }
    }

    /// Where the device, or the one that had its id, is in the register.
    pub(super) fn place(&self) -> Option<Place> {
        match self.staged {
            Staged::Edited(place, _)
            | Staged::Moved(place, _)
            | Staged::Created(Some(place), _)
            | Staged::Removed(place)
            | Staged::RemovedWithUser(place) => Some(place),
            Staged::Created(None, _) | Staged::Discarded(_) => None,
        }
    }

    /// Keeps what was read of the device.
    pub(super) fn keep(&mut self, stored: StoredDevice) {
        self.version = Some(stored.version);
        if let Staged::Edited(_, Edits { record: record @ Record::Unread, .. }) = &mut self.staged {
            *record = Record::Read(Box::new(stored.record));
        }
    }

    pub(super) fn exists(&self) -> bool {
        match self.staged {
            Staged::Edited(..) | Staged::Moved(..) | Staged::Created(..) => true,
            Staged::Removed(_) | Staged::RemovedWithUser(_) | Staged::Discarded(_) => false,
        }
    }

    pub(super) fn existing(&self) -> Existing<'_> {
        match &self.staged {
            Staged::Edited(place, edits) => Existing::Stored(*place, edits),
            Staged::Moved(_, new) | Staged::Created(_, new) => Existing::New(new),
            _ => impossible(),
        }
    }

    pub(super) fn platform(&self) -> Platform {
        match self.existing() {
            Existing::Stored(place, _) => place.slot.platform,
            Existing::New(new) => new.platform,
        }
    }

    pub(super) fn tags_mut(&mut self) -> &mut TagEdits {
        match &mut self.staged {
            Staged::Edited(_, Edits { tags, .. }) | Staged::Moved(_, New { tags, .. }) => tags,
            Staged::Created(_, New { tags, .. }) => tags,
            _ => impossible(),
        }
    }

    /// Takes all tags off the device.
    pub(super) fn clear_tags(&mut self) {
        self.tags_mut().clear();
        if let Staged::Edited(_, edits) = &mut self.staged {
            edits.clears_tags = true;
        }
    }

    pub(super) fn set_alias(&mut self, alias: Option<Alias>) {
        match &mut self.staged {
            Staged::Edited(_, edits) => edits.alias = alias.map_or(Set::Clear, Set::To),
            Staged::Moved(_, new) | Staged::Created(_, new) => new.alias = alias,
            _ => impossible(),
        }
    }

    pub(super) fn set_user(&mut self, user: UserId) {
        match &mut self.staged {
            Staged::Edited(_, edits) => edits.user = Some(user),
            Staged::Moved(_, new) | Staged::Created(_, new) => new.user = user,
            _ => impossible(),
        }
    }

    /// The alias that the transaction gave the device.
    pub(super) fn new_alias(&self) -> Option<&Alias> {
        match &self.staged {
            Staged::Edited(_, Edits { alias: Set::To(alias), .. }) => Some(alias),
            Staged::Moved(_, new) | Staged::Created(_, new) => new.alias.as_ref(),
            _ => None,
        }
    }

    /// The record, which was read before.
    pub(super) fn record(&self) -> &DeviceRecord {
        match &self.staged {
            Staged::Edited(_, Edits { record: Record::Read(record) | Record::Changed(record), .. }) => record,
            Staged::Moved(_, new) | Staged::Created(_, new) => &new.record,
            _ => impossible(),
        }
    }

    /// Changes the record, which was read before. A change that makes no difference leaves the device unedited.
    pub(super) fn change_record(&mut self, change: impl FnOnce(&mut DeviceRecord)) {
        match &mut self.staged {
            Staged::Edited(_, edits) => {
                edits.record = match mem::take(&mut edits.record) {
                    Record::Read(mut record) => {
                        let before = record.clone();
                        change(&mut record);
                        if before == record { Record::Read(record) } else { Record::Changed(record) }
                    }
                    Record::Changed(mut record) => {
                        change(&mut record);
                        Record::Changed(record)
                    }
                    Record::Unread => impossible(),
                }
            }
            Staged::Moved(_, new) | Staged::Created(_, new) => change(&mut new.record),
            _ => impossible(),
        }
    }

    pub(super) fn set_platform(&mut self, platform: Platform) {
        match &mut self.staged {
            Staged::Moved(_, new) | Staged::Created(_, new) => new.platform = platform,
            _ => impossible(),
        }
    }

    /// Makes a device that stays where it is one that moves. Its record was read before.
    pub(super) fn rebuild(
        &mut self,
        platform: Platform,
        user: UserId,
        alias: Option<Alias>,
        last_seen: Option<Timestamp>,
    ) {
        self.staged = match &mut self.staged {
            Staged::Edited(place, Edits { record, tags, .. }) => {
                let (Record::Read(record) | Record::Changed(record)) = mem::take(record) else {
                    impossible()
                };
                let tags = mem::take(tags);
                Staged::Moved(*place, New { platform, record, user, alias, tags, last_seen })
            }
            _ => impossible(),
        };
    }

    pub(super) fn remove(&mut self) {
        self.staged = match self.place() {
            Some(place) => Staged::Removed(place),
            None => Staged::Discarded(self.record().id.clone()),
        };
    }
}

#[cold]
#[allow(clippy::unreachable, reason = "to go on with a device that is not there would write something wrong")]
pub(super) fn impossible() -> ! {
    unreachable!("verbs name devices that exist, and read a record before they use it")
}

/// A device of a transaction, by its position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handle(usize);

impl Handle {
    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// What a device of a transaction is found by. It stays the same, whatever becomes of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeviceKey<'a> {
    /// Where it is in the register.
    At(Slot),
    /// The id of one that is not in the register.
    New(&'a DeviceId),
}

impl Hash for DeviceKey<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            // One word: a tag update of many devices spends much of its time here.
            DeviceKey::At(Slot { platform, ordinal }) => {
                state.write_u64((*platform as u64) << 32 | u64::from(*ordinal));
            }
            DeviceKey::New(id) => id.hash(state),
        }
    }
}

impl Keyed for Device {
    type Key<'a> = DeviceKey<'a>;

    fn key(&self) -> DeviceKey<'_> {
        match (self.place(), &self.staged) {
            (Some(place), _) => DeviceKey::At(place.slot),
            (None, Staged::Discarded(id)) => DeviceKey::New(id),
            (None, _) => DeviceKey::New(&self.record().id),
        }
    }

    fn has_key(&self, key: DeviceKey<'_>) -> bool {
        match (self.place(), key) {
            (Some(place), DeviceKey::At(slot)) => place.slot == slot,
            (None, DeviceKey::New(_)) => self.key() == key,
            _ => false,
        }
    }
}

/// The devices of a transaction. Most transactions have one.
#[derive(Debug, Default)]
pub(super) struct Devices {
    table: SmallTable<Device, 1>,
    /// Some of them are not in the register. Where none is, no id has to be looked for.
    has_new: bool,
}

impl Devices {
    pub(super) fn find(&self, key: DeviceKey<'_>) -> Option<Handle> {
        if matches!(key, DeviceKey::New(_)) && !self.has_new {
            return None;
        }
        self.table.position(key).map(Handle)
    }

    /// Returns the device at this place, which is added if it is not there.
    pub(super) fn at(&mut self, place: Place) -> Handle {
        Handle(self.table.find_or_push(DeviceKey::At(place.slot), || Device::at(place)))
    }

    /// Adds a device whose id is neither in the register nor among these.
    pub(super) fn create(&mut self, new: New) -> Handle {
        self.has_new = true;
        Handle(self.table.push(Device { version: None, staged: Staged::Created(None, new) }))
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.table.reserve(more);
    }

    pub(super) fn handles(&self) -> impl Iterator<Item = Handle> + use<> {
        (0..self.table.len()).map(Handle)
    }

    pub(super) fn all(&self) -> &[Device] {
        self.table.as_slice()
    }

    pub(super) fn all_mut(&mut self) -> &mut [Device] {
        self.table.as_mut_slice()
    }

    pub(super) fn into_all(self) -> impl Iterator<Item = Device> {
        self.table.into_items().into_iter()
    }
}

impl Index<Handle> for Devices {
    type Output = Device;

    fn index(&self, device: Handle) -> &Device {
        self.table.at(device.0)
    }
}

impl IndexMut<Handle> for Devices {
    fn index_mut(&mut self, device: Handle) -> &mut Device {
        self.table.at_mut(device.0)
    }
}
