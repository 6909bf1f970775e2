//! Applies the operations of a write set, one after the other.

use crate::draft::{Draft, conflict};
use crate::error::contradiction;
use crate::values::{Device, Ordinals, Tags};
use rollbook::store::{
    Committed, Conflicted, DeviceRecord, Entry, Operation, OwnedKey, Place, Slot, StoreError, WriteSet,
};
use rollbook::{Platform, Timestamp, Version};

/// The number of ordinals on one platform, which is the most devices that it can have.
pub(crate) const MOST_DEVICES: u64 = 1 << 32;

impl Draft<'_> {
    /// Verifies the checks of a write set and applies its operations as the next version.
    pub(crate) fn run(&mut self, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.prefetch(writes)?;
        for check in &writes.checks {
            self.verify(check)?;
        }
        self.header.version = Version(self.header.version.0 + 1);
        let mut done = Committed { version: self.header.version, ..Committed::default() };
        for operation in &writes.operations {
            self.apply(operation, &mut done)?;
        }
        Ok(done)
    }

    fn apply(&mut self, operation: &Operation, done: &mut Committed) -> Result<(), StoreError> {
        match operation {
            Operation::Insert { platform, record, last_seen, keys } => {
                done.inserted.push(self.insert(*platform, record, *last_seen, keys)?);
            }
            Operation::Put { device, record } => {
                self.change(*device)?;
                let kept = &mut self.device_mut(device.slot)?.record;
                if kept.id != record.id {
                    return conflict(Conflicted::DeviceGone);
                }
                kept.clone_from(record);
            }
            Operation::Remove { device } => self.remove(*device)?,
            Operation::Link { key, devices } => {
                for &place in devices {
                    self.link(key, place)?;
                }
            }
            Operation::Unlink { key, devices } => {
                for &place in devices {
                    self.unlink(key, place)?;
                }
            }
            Operation::Drop { key, platforms } => self.drop_key(key, *platforms)?,
            Operation::Condemn { user, deletion } => done.condemned.push(self.condemn(user, *deletion)?),
            Operation::PutEntry { entry } => self.put_entry(entry.clone())?,
            Operation::RemoveEntry { key } => {
                if self.entry(key)?.is_some() {
                    self.entries.set(key.clone(), None, None);
                }
            }
            Operation::Append { event } => done.appended.push(self.append(event)),
            Operation::EraseEvents { owner, through, most } => {
                done.erased_events += self.erase_events(owner, *through, *most as usize)?;
            }
            Operation::Touch { devices, at } => {
                for &place in devices {
                    self.filled(place)?;
                    if self.last_seen(place)?.is_none_or(|seen| seen < *at) {
                        self.seen.set(place.slot, Some((place.filled, *at)), None);
                    }
                }
            }
            Operation::TrimLog { before, most } => {
                done.erased_events += self.trim(*before, *most as usize)?;
            }
            Operation::Seal => self.header.sealed = true,
        }
        Ok(())
    }

    fn insert(
        &mut self,
        platform: Platform,
        record: &DeviceRecord,
        last_seen: Option<Timestamp>,
        keys: &[OwnedKey],
    ) -> Result<Place, StoreError> {
        if self.find(&record.id)?.is_some() {
            return conflict(Conflicted::DeviceExists);
        }
        let version = self.header.version;
        let place = self.vacant(platform)?;
        let mut device = Device {
            place,
            version,
            alias: 0,
            owner: 0,
            tags: Tags::with_capacity(keys.len()),
            record: record.clone(),
            fresh: true,
        };
        for key in keys {
            self.give(&mut device, key)?;
        }
        self.ids.set(record.id.clone(), Some(place.slot), None);
        self.slots.set(place.slot, Some(device), None);
        self.count_device(place.slot, true)?;
        if let Some(at) = last_seen {
            self.seen.set(place.slot, Some((place.filled, at)), None);
        }
        Ok(place)
    }

    /// Returns the place for the next device of a platform: the slot that was emptied last, filled at this version,
    /// or else one that was never used.
    fn vacant(&mut self, platform: Platform) -> Result<Place, StoreError> {
        let Ordinals { next, free } = self.header.ordinals(platform);
        if let Some(height) = free.checked_sub(1) {
            let top = (platform, height);
            // Taking the value makes the draft delete the item of the stack.
            let ordinal = self.free.edit(&top, || self.reads.free(platform, height))?.take();
            let Some(ordinal) = ordinal else {
                return contradiction("the stack of free ordinals");
            };
            self.header.set_ordinals(platform, Ordinals { next, free: height });
            return Ok(Place { slot: Slot { platform, ordinal }, filled: self.header.version });
        }
        let Ok(ordinal) = u32::try_from(next) else {
            let what = "the devices of a platform";
            return Err(StoreError::TooLarge { what, limit: MOST_DEVICES, actual: next + 1 });
        };
        self.header.set_ordinals(platform, Ordinals { next: next + 1, free });
        // Version 0 stands for the first device of a slot.
        Ok(Place { slot: Slot { platform, ordinal }, filled: Version(0) })
    }

    fn remove(&mut self, place: Place) -> Result<(), StoreError> {
        self.change(place)?;
        self.detach_all(place)?;
        let slot = place.slot;
        self.count_device(slot, false)?;
        let id = self.filled(place)?.record.id.clone();
        self.ids.set(id, None, None);
        self.slots.set(slot, None, None);
        self.seen.set(slot, None, None);
        let Ordinals { next, free } = self.header.ordinals(slot.platform);
        self.free.set((slot.platform, free), Some(slot.ordinal), None);
        self.header.set_ordinals(slot.platform, Ordinals { next, free: free + 1 });
        Ok(())
    }

    pub(crate) fn put_entry(&mut self, entry: Entry) -> Result<(), StoreError> {
        let (key, version) = (entry.key(), self.header.version);
        // Loads the stored entry: `set` would take an entry that was not loaded for absent.
        self.entry(&key)?;
        self.entries.set(key, Some((entry, version)), None);
        Ok(())
    }
}
