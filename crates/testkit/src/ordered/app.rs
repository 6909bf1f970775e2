//! Everything about one app: its state, its checks, its operations.
//!
//! Three things are easily overlooked, and each has its place below:
//!
//! - a device is named by its *place*, not by its slot: another device may have filled the slot since (`filled`,
//!   `at`);
//! - both sides of a relation change together, and a key without devices does not exist (`link`, `unlink`);
//! - operations see the effects of those before them in the set, checks see none of them (`apply`, and the frame in
//!   `mod.rs`).

use rollbook::store::{
    Check, Committed, Conflicted, Deleted, Deletion, Entry, EntryKey, EventOwner, EventRecord, Key,
    Operation, OwnedKey, Place, Relation, Slot, StoreError, StoredDevice,
};
use rollbook::{DeviceId, EventPosition, EventSeq, Platform, PlatformSet, Timestamp, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use std::ops::RangeInclusive;

/// The state of one app at one version.
#[derive(Debug, Clone, Default)]
pub(super) struct App {
    pub(super) version: Version,
    pub(super) sealed: bool,
    pub(super) devices: BTreeMap<Slot, Device>,
    /// The slots that had a device and are empty now. New devices get them first.
    emptied: BTreeSet<Slot>,
    pub(super) ids: BTreeMap<DeviceId, Slot>,
    /// The devices of each key. A key without devices is not in the map.
    keys: BTreeMap<OwnedKey, BTreeSet<Slot>>,
    pub(super) entries: BTreeMap<EntryKey, (Entry, Version)>,
    pub(super) log: BTreeMap<EventPosition, EventRecord>,
    pub(super) log_end: EventSeq,
}

/// A device and its side of the relations.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) stored: StoredDevice,
    pub(super) keys: BTreeSet<OwnedKey>,
    pub(super) last_seen: Option<Timestamp>,
}

fn conflict<T>(what: Conflicted) -> Result<T, StoreError> {
    Err(StoreError::conflict(what))
}

pub(super) fn too_large(what: &'static str, limit: u64, actual: u64) -> StoreError {
    StoreError::TooLarge { what, limit, actual }
}

/// Returns the range of all slots of a platform.
pub(super) fn slots(platform: Platform) -> RangeInclusive<Slot> {
    Slot { platform, ordinal: 0 }..=Slot { platform, ordinal: u32::MAX }
}

impl App {
    pub(super) fn has(&self, key: Key<'_>) -> bool {
        self.keys.contains_key(&key.to_owned())
    }

    pub(super) fn names<'a>(
        &'a self,
        relation: Relation,
        after: Option<&str>,
    ) -> impl Iterator<Item = &'a str> {
        // No name is empty, so the empty one sorts before all of them.
        let start = OwnedKey { relation, name: after.unwrap_or_default().into() };
        let behind = self.keys.range((Excluded(start), Unbounded));
        behind.map(|(key, _)| key).take_while(move |key| key.relation == relation).map(|key| &*key.name)
    }

    /// Returns the slots of a key on all platforms.
    pub(super) fn all_slots_of(&self, key: Key<'_>) -> impl Iterator<Item = &Slot> {
        self.keys.get(&key.to_owned()).into_iter().flatten()
    }

    /// Returns the slots of a key on a platform.
    pub(super) fn slots_of(&self, key: Key<'_>, platform: Platform) -> impl Iterator<Item = &Slot> {
        self.keys.get(&key.to_owned()).into_iter().flat_map(move |all| all.range(slots(platform)))
    }

    /// Returns the device of a place. Fails unless that very device still fills the slot: a filled slot alone is not
    /// enough.
    fn filled(&self, place: Place) -> Result<&Device, StoreError> {
        let device = self.devices.get(&place.slot).filter(|device| device.stored.place == place);
        device.ok_or(StoreError::conflict(Conflicted::DeviceGone))
    }

    /// Returns the same, for changes.
    pub(super) fn at(&mut self, place: Place) -> Result<&mut Device, StoreError> {
        let device = self.devices.get_mut(&place.slot).filter(|device| device.stored.place == place);
        device.ok_or(StoreError::conflict(Conflicted::DeviceGone))
    }

    /// Verifies one check. If the device has left the place, that is reported before the result of the check itself.
    pub(super) fn verify(&self, check: &Check) -> Result<(), StoreError> {
        match check {
            Check::Open if self.sealed => conflict(Conflicted::Sealed),
            Check::Absent { id } if self.ids.contains_key(id) => conflict(Conflicted::DeviceExists),
            Check::Unchanged { device, version } if self.filled(*device)?.stored.version != *version => {
                conflict(Conflicted::DeviceChanged)
            }
            Check::KeyAtMost { key, most } if self.keys.get(key).map_or(0, BTreeSet::len) as u64 > *most => {
                conflict(Conflicted::KeyFull)
            }
            Check::Room { tag, devices, most } => {
                let key = Key::new(Relation::Tag, tag).to_owned();
                for &place in devices {
                    let keys = &self.filled(place)?.keys;
                    // At its limit a device may still be given a tag that it has: that takes no room.
                    let tags = keys.iter().filter(|key| key.relation == Relation::Tag).count();
                    if tags >= *most as usize && !keys.contains(&key) {
                        return conflict(Conflicted::DeviceFull);
                    }
                }
                Ok(())
            }
            Check::Linked { key, devices, is } => {
                // Every device is checked, and each must exist, even when the result is already known.
                for &place in devices {
                    if self.filled(place)?.keys.contains(key) != *is {
                        return conflict(Conflicted::LinkChanged);
                    }
                }
                Ok(())
            }
            Check::Unseen { devices, since } => {
                // A heartbeat takes the same lock as a commit, so every acknowledged one is visible here.
                for &place in devices {
                    if self.filled(place)?.last_seen.is_some_and(|at| at >= *since) {
                        return conflict(Conflicted::DeviceSeen);
                    }
                }
                Ok(())
            }
            Check::Entry { key, version } if self.entries.get(key).map(|(_, v)| *v) != *version => {
                conflict(Conflicted::EntryChanged)
            }
            Check::Open
            | Check::Absent { .. }
            | Check::Unchanged { .. }
            | Check::KeyAtMost { .. }
            | Check::Entry { .. } => Ok(()),
        }
    }

    /// Applies one operation. Errors may leave through `?` at any point: the state is a copy, which is then dropped.
    pub(super) fn apply(
        &mut self,
        operation: &Operation,
        first: u32,
        done: &mut Committed,
    ) -> Result<(), StoreError> {
        match operation {
            Operation::Insert { platform, record, last_seen, keys } => {
                if self.ids.contains_key(&record.id) {
                    return conflict(Conflicted::DeviceExists);
                }
                let place = self.vacant(*platform, first)?;
                self.emptied.remove(&place.slot);
                self.ids.insert(record.id.clone(), place.slot);
                let stored = StoredDevice { place, version: self.version, record: (**record).clone() };
                let device = Device { stored, keys: BTreeSet::new(), last_seen: *last_seen };
                self.devices.insert(place.slot, device);
                for key in keys {
                    self.link(key, place.slot);
                }
                done.inserted.push(place);
            }
            Operation::Put { device, record } => {
                let stored = &mut self.change(*device)?.stored;
                if stored.record.id != record.id {
                    return conflict(Conflicted::DeviceGone);
                }
                stored.record = (**record).clone();
            }
            Operation::Remove { device } => {
                let gone = self.change(*device)?.clone();
                for key in &gone.keys {
                    self.unlink(key, device.slot);
                }
                self.ids.remove(&gone.stored.record.id);
                self.devices.remove(&device.slot);
                self.emptied.insert(device.slot);
            }
            Operation::Link { key, devices } => {
                for &place in devices {
                    // A device that already has the key is not changed, so its version stays.
                    if !self.holds(place, key)? {
                        self.change(place)?;
                        self.link(key, place.slot);
                    }
                }
            }
            Operation::Unlink { key, devices } => {
                for &place in devices {
                    if self.holds(place, key)? {
                        self.change(place)?;
                        self.unlink(key, place.slot);
                    }
                }
            }
            Operation::Drop { key, platforms } => {
                // This visits every device. A store for many devices can instead give each (key, platform) a number
                // that devices hold, and drop the number.
                self.take(key, *platforms);
            }
            Operation::Condemn { user, deletion } => {
                let entry_key = EntryKey::Deletion(*deletion);
                if self.entries.contains_key(&entry_key) {
                    return conflict(Conflicted::EntryChanged);
                }
                // The end of the log as the set has made it so far: the deletion erases the events before this point,
                // and events of a later user with the same name come after it.
                let of = Deleted::User { user: user.clone(), through: self.log_end };
                let entry = Entry::Deletion(Deletion { number: *deletion, of });
                self.entries.insert(entry_key, (entry, self.version));
                let from = Key::new(Relation::User, user.as_str()).to_owned();
                let to = Key::new(Relation::Deletion, &deletion.to_string()).to_owned();
                let theirs = self.take(&from, PlatformSet::ALL);
                done.condemned.push(theirs.len() as u64);
                for slot in theirs {
                    self.link(&to, slot);
                }
            }
            Operation::PutEntry { entry } => {
                self.entries.insert(entry.key(), (entry.clone(), self.version));
            }
            Operation::RemoveEntry { key } => {
                self.entries.remove(key);
            }
            Operation::Append { event } => {
                // Numbers are never used again, so the end is stored and not derived from the last event.
                self.log_end.0 += 1;
                let position = EventPosition { at: event.at, seq: self.log_end };
                self.log.insert(position, (**event).clone());
                done.appended.push(self.log_end);
            }
            Operation::EraseEvents { owner, through, most } => {
                let theirs = |event: &EventRecord| match owner {
                    EventOwner::Device(id) => event.device.as_ref() == Some(id),
                    EventOwner::User(id) => event.user.as_ref() == Some(id),
                };
                let found = self.log.iter().filter(|(at, event)| at.seq <= *through && theirs(event));
                let mut found: Vec<EventPosition> = found.map(|(at, _)| *at).collect();
                found.sort_by_key(|at| at.seq);
                self.erase(found.into_iter().take(*most as usize).collect(), done);
            }
            Operation::Touch { devices, at } => {
                for &place in devices {
                    let device = self.at(place)?;
                    device.last_seen = device.last_seen.max(Some(*at));
                }
            }
            Operation::TrimLog { before, most } => {
                let old = self.log.keys().take_while(|at| at.at < *before).take(*most as usize);
                self.erase(old.copied().collect(), done);
            }
            Operation::Seal => self.sealed = true,
        }
        Ok(())
    }

    /// Returns the place for the next device of a platform: an emptied slot, filled now, or else the slot after all
    /// others.
    fn vacant(&self, platform: Platform, first: u32) -> Result<Place, StoreError> {
        if let Some(&slot) = self.emptied.range(slots(platform)).next() {
            return Ok(Place { slot, filled: self.version });
        }
        let ordinal = match self.devices.range(slots(platform)).next_back() {
            None => first,
            Some((last, _)) => {
                let next = last.ordinal.checked_add(1);
                next.ok_or_else(|| too_large("the devices of a platform", 1 << 32, (1 << 32) + 1))?
            }
        };
        Ok(Place { slot: Slot { platform, ordinal }, filled: Version(0) })
    }

    /// Returns the device of a place and gives it the version of this commit.
    fn change(&mut self, place: Place) -> Result<&mut Device, StoreError> {
        let version = self.version;
        let device = self.at(place)?;
        device.stored.version = version;
        Ok(device)
    }

    fn holds(&mut self, place: Place, key: &OwnedKey) -> Result<bool, StoreError> {
        Ok(self.at(place)?.keys.contains(key))
    }

    /// Gives a key to the device of a slot, and takes away the key that it excludes.
    fn link(&mut self, key: &OwnedKey, slot: Slot) {
        let owner = |relation| matches!(relation, Relation::User | Relation::Deletion);
        let excludes = |old: &OwnedKey| match key.relation {
            Relation::Tag => false,
            Relation::Alias => old.relation == Relation::Alias,
            Relation::User | Relation::Deletion => owner(old.relation),
        };
        let Some(device) = self.devices.get_mut(&slot) else { return };
        let old = device.keys.iter().find(|old| excludes(old)).cloned();
        device.keys.insert(key.clone());
        if let Some(old) = old.filter(|old| old != key) {
            self.unlink(&old, slot);
        }
        self.keys.entry(key.clone()).or_default().insert(slot);
    }

    fn unlink(&mut self, key: &OwnedKey, slot: Slot) {
        if let Some(device) = self.devices.get_mut(&slot) {
            device.keys.remove(key);
        }
        if let Some(all) = self.keys.get_mut(key) {
            all.remove(&slot);
            if all.is_empty() {
                self.keys.remove(key);
            }
        }
    }

    /// Takes a key from all its devices on some platforms and returns their slots. No version changes.
    fn take(&mut self, key: &OwnedKey, platforms: PlatformSet) -> Vec<Slot> {
        let all = self.keys.get(key).into_iter().flatten().copied();
        let taken: Vec<Slot> = all.filter(|slot| platforms.contains(slot.platform)).collect();
        for &slot in &taken {
            self.unlink(key, slot);
        }
        taken
    }

    fn erase(&mut self, events: Vec<EventPosition>, done: &mut Committed) {
        for at in events {
            done.erased_events += u64::from(self.log.remove(&at).is_some());
        }
    }
}
