//! The relations: both sides of a link are changed together, and the counts with them.

use crate::draft::{Draft, conflict};
use crate::error::contradiction;
use crate::values::{Device, Devices, Home};
use roaring::RoaringBitmap;
use rollbook::store::{
    Conflicted, Deleted, Deletion, Entry, EntryKey, Key, OwnedKey, Place, Relation, Slot, StoreError,
};
use rollbook::{Platform, PlatformSet, UserId};
use smallvec::SmallVec;

impl Draft<'_> {
    /// Links the device of a place with a key. An alias or owner that the device had is replaced.
    pub(crate) fn link(&mut self, key: &OwnedKey, place: Place) -> Result<(), StoreError> {
        if self.holds(key, place)?.is_some() {
            return Ok(());
        }
        self.change(place)?;
        // The device is taken out of the draft while its keys change. A commit that fails in between is taken back or
        // never written, so the gap is not seen.
        let Some(mut device) = self.slots.change(&place.slot).and_then(Option::take) else {
            return conflict(Conflicted::DeviceGone);
        };
        self.give(&mut device, key)?;
        self.slots.set(place.slot, Some(device), None);
        Ok(())
    }

    /// Links a device with a key that it may have already.
    pub(crate) fn give(&mut self, device: &mut Device, key: &OwnedKey) -> Result<(), StoreError> {
        let slot = device.place.slot;
        let replaced = match key.relation {
            Relation::Tag => 0,
            Relation::Alias => device.alias,
            Relation::User | Relation::Deletion => device.owner,
        };
        if replaced != 0 {
            let number = self.name(key)?.home(slot.platform).map(|home| home.number);
            if number == Some(replaced) {
                return Ok(());
            }
            self.detach(slot, replaced)?;
        }
        let Some(number) = self.attach(key, device)? else { return Ok(()) };
        match key.relation {
            Relation::Tag => device.tags.insert(number),
            Relation::Alias => device.alias = number,
            Relation::User | Relation::Deletion => device.owner = number,
        }
        Ok(())
    }

    /// Removes a key from the device of a place.
    pub(crate) fn unlink(&mut self, key: &OwnedKey, place: Place) -> Result<(), StoreError> {
        let Some(number) = self.holds(key, place)? else { return Ok(()) };
        self.change(place)?;
        self.detach(place.slot, number)?;
        let device = self.device_mut(place.slot)?;
        match key.relation {
            Relation::Tag => device.tags.remove(number),
            Relation::Alias => device.alias = 0,
            Relation::User | Relation::Deletion => device.owner = 0,
        }
        Ok(())
    }

    /// Returns the key's number on the device's platform if the device holds it.
    fn holds(&mut self, key: &OwnedKey, place: Place) -> Result<Option<u64>, StoreError> {
        let number = self.name(key)?.home(place.slot.platform).map(|home| home.number);
        let device = self.filled(place)?;
        Ok(number.filter(|&number| device.holds(key.relation, number)))
    }

    /// Adds a device to those of a key. Returns the key's number on its platform, or `None` if the device was there
    /// already.
    fn attach(&mut self, key: &OwnedKey, device: &Device) -> Result<Option<u64>, StoreError> {
        let (slot, next) = (device.place.slot, self.header.next_number);
        let record = self.name_mut(key)?;
        let Some(home) = record.home_mut(slot.platform) else {
            let few = SmallVec::from_slice(&[slot.ordinal]);
            // The name has no devices on this platform yet, so it gets a new key number there.
            record.homes.push(Home { platform: slot.platform, number: next, devices: Devices::Few(few) });
            self.header.next_number += 1;
            self.numbers.set(next, Some((key.clone(), slot.platform)), None);
            return Ok(Some(next));
        };
        let number = home.number;
        if device.holds(key.relation, number) {
            return Ok(None);
        }
        let spilled = match &mut home.devices {
            Devices::Few(few) => match few.binary_search(&slot.ordinal) {
                // The device does not hold the number, so its ordinal must not be among the devices either.
                Ok(_) => return contradiction("a key that names a device which does not hold it"),
                Err(at) if few.len() < few.inline_size() => {
                    few.insert(at, slot.ordinal);
                    return Ok(Some(number));
                }
                Err(_) => std::mem::take(few),
            },
            Devices::Chunked(_) => SmallVec::new(),
        };
        home.devices = Devices::Chunked(home.devices.len() + spilled.len() as u64 + 1);
        for ordinal in spilled.into_iter().chain([slot.ordinal]) {
            if !enter(self.chunk_mut(number, ordinal)?, ordinal) {
                return contradiction("a posting that names a device which does not hold the key");
            }
        }
        Ok(Some(number))
    }

    /// Removes a slot from the devices of a key that it is known to hold. The key ends with its last device.
    fn detach(&mut self, slot: Slot, number: u64) -> Result<(), StoreError> {
        let Some((key, _)) = self.number(number)?.cloned() else { return Ok(()) };
        let record = self.name_mut(&key)?;
        let home = record.home_mut(slot.platform).filter(|home| home.number == number);
        let Some(home) = home else { return contradiction("a key number that its name does not know") };
        let chunked = matches!(home.devices, Devices::Chunked(_));
        let (there, left) = match &mut home.devices {
            Devices::Few(few) => {
                let before = few.len();
                few.retain(|ordinal| *ordinal != slot.ordinal);
                (few.len() < before, few.len() as u64)
            }
            Devices::Chunked(many) => {
                *many = many.saturating_sub(1);
                let left = *many;
                (self.chunk_mut(number, slot.ordinal)?.remove(slot.ordinal), left)
            }
        };
        if !there {
            return contradiction("a device that holds a key which does not name it");
        }
        if left == 0 {
            self.tag_ended |= chunked && key.relation == Relation::Tag;
            self.name_mut(&key)?.homes.retain(|home| home.number != number);
            self.numbers.set(number, None, None);
        }
        Ok(())
    }

    /// Removes a device that is about to be deleted from all its keys.
    pub(crate) fn detach_all(&mut self, place: Place) -> Result<(), StoreError> {
        let device = self.filled(place)?;
        let held: Vec<u64> = device.tags.iter().chain([device.alias, device.owner]).collect();
        for number in held {
            self.detach(place.slot, number)?;
        }
        Ok(())
    }

    /// Drops a key from its devices on some platforms: its numbers die, and the devices are not touched.
    pub(crate) fn drop_key(&mut self, key: &OwnedKey, platforms: PlatformSet) -> Result<(), StoreError> {
        if !self.name(key)?.homes.iter().any(|home| platforms.contains(home.platform)) {
            return Ok(());
        }
        let mut dead = SmallVec::<[Home; 1]>::new();
        self.name_mut(key)?.homes.retain(|home| {
            let stays = !platforms.contains(home.platform);
            if !stays {
                dead.push(home.clone());
            }
            stays
        });
        self.header.last_drop = self.header.version;
        // Devices that this commit has swept may hold the numbers that die now.
        self.swept.clear();
        for home in dead {
            // Loads the number: `set` would take one that was not loaded for absent.
            self.number(home.number)?;
            self.numbers.set(home.number, None, None);
            // Chunks are cleared by later commits. A key of few devices has none.
            if let Devices::Chunked(_) = home.devices {
                self.tag_ended |= key.relation == Relation::Tag;
                self.dead.set(self.header.dead.1, home.number, 0);
                self.header.dead.1 += 1;
            }
        }
        Ok(())
    }

    /// Makes the devices of a user wait for removal: the key is renamed to the deletion, and its numbers and devices
    /// stay as they are. Returns the number of devices.
    pub(crate) fn condemn(&mut self, user: &UserId, deletion: u64) -> Result<u64, StoreError> {
        let key = EntryKey::Deletion(deletion);
        if self.entry(&key)?.is_some() {
            return conflict(Conflicted::EntryChanged);
        }
        let of = Deleted::User { user: user.clone(), through: self.header.log_end };
        self.put_entry(Entry::Deletion(Deletion { number: deletion, of }))?;
        let from = Key::new(Relation::User, user.as_str()).to_owned();
        let to = Key::new(Relation::Deletion, &deletion.to_string()).to_owned();
        if self.name(&from)?.homes.is_empty() {
            return Ok(0);
        }
        if !self.name(&to)?.homes.is_empty() {
            // The number of the deletion must be unused: neither an entry nor devices may exist under it.
            return conflict(Conflicted::EntryChanged);
        }
        let moved = std::mem::take(self.name_mut(&from)?);
        for home in &moved.homes {
            let (number, platform) = (home.number, home.platform);
            self.number(number)?;
            self.numbers.set(number, Some((to.clone(), platform)), None);
        }
        let devices = moved.len();
        *self.name_mut(&to)? = moved;
        Ok(devices)
    }

    /// Adds a device to the posting of all devices of its platform, or removes it.
    pub(crate) fn count_device(&mut self, slot: Slot, is: bool) -> Result<(), StoreError> {
        let chunk = self.chunk_mut(all_of(slot.platform), slot.ordinal)?;
        let changed = if is { enter(chunk, slot.ordinal) } else { chunk.remove(slot.ordinal) };
        if changed { Ok(()) } else { contradiction("the posting of all devices of a platform") }
    }
}

/// Adds an ordinal to a chunk, and returns whether it was new. New devices have the highest ordinals, which can be
/// appended without a search.
fn enter(chunk: &mut RoaringBitmap, ordinal: u32) -> bool {
    chunk.try_push(ordinal).is_ok() || chunk.insert(ordinal)
}

/// Returns the key number of the posting of all devices of a platform.
pub(crate) fn all_of(platform: Platform) -> u64 {
    u64::from(platform.number())
}
