//! Applies operations that were validated: nothing here can fail.

use crate::desk::Desk;
use crate::devices::Seat;
use crate::keys::{Happened, Keys};
use crate::line::{KeyNumbers, Line, TagNumbers};
use crate::row::Space;
use crate::state::AppState;
use roaring::RoaringBitmap;
use rollbook::store::{
    Committed, Deleted, Deletion, Entry, EntryKind, Operation, OwnedKey, Place, Relation, Slot,
};
use rollbook::{Platform, PlatformSet, UserId, Version};
use smallvec::SmallVec;
use std::sync::Arc;

/// Applies the operations. Also returns bitmaps that may be freed once no thread waits for the lock.
pub(crate) fn apply(
    state: &mut AppState,
    operations: &[Operation],
    version: Version,
) -> (Committed, Vec<Arc<RoaringBitmap>>) {
    state.version = version;
    state.owners.note_gone = true;
    state.owners.note_born = may_undo_births(operations);
    state.desk = Desk::of(operations);
    let mut committed = Committed { version, ..Committed::default() };
    for operation in operations {
        state.apply(operation, &mut committed);
    }
    for (number, tags) in state.desk.clear() {
        if let Some((line, spills)) = state.devices.line_mut(number) {
            line.set_tags(&tags, spills);
        }
    }
    committed.vanished_users = state.vanished();
    let mut garbage = std::mem::take(&mut state.tags.garbage);
    garbage.append(&mut state.aliases.garbage);
    garbage.append(&mut state.owners.garbage);
    (committed, garbage)
}

/// Returns whether a user that one operation creates may be gone after another one.
fn may_undo_births(operations: &[Operation]) -> bool {
    let owns = |relation: Relation| matches!(relation, Relation::User | Relation::Deletion);
    let names_owners = |operation: &&Operation| match operation {
        Operation::Remove { .. } | Operation::Condemn { .. } => true,
        // Of several owners among its keys only the last stays.
        Operation::Insert { keys, .. } => keys.iter().any(|key| owns(key.relation)),
        Operation::Link { key, .. } | Operation::Unlink { key, .. } | Operation::Drop { key, .. } => {
            owns(key.relation)
        }
        _ => false,
    };
    let owners = |operation: &Operation| match operation {
        Operation::Insert { keys, .. } => keys.iter().filter(|key| owns(key.relation)).count(),
        _ => 1,
    };
    operations.iter().filter(names_owners).map(owners).sum::<usize>() > 1
}

/// Links a slot with a key, and returns the key's number. `first` is the first row of the key and `known` its row on
/// the platform of the slot, if they exist.
fn attach(
    keys: &mut Keys,
    space: Space,
    key: &OwnedKey,
    (first, known): (Option<u32>, Option<u32>),
    slot: Slot,
) -> u32 {
    match known {
        Some(number) => {
            keys.add(number, slot.ordinal);
            number
        }
        None => keys.create(space, &key.name, first, slot),
    }
}

impl AppState {
    fn apply(&mut self, operation: &Operation, committed: &mut Committed) {
        let version = committed.version;
        match operation {
            Operation::Insert { platform, record, last_seen, keys } => {
                if let Some(seat) = self.devices.seat(*platform, version) {
                    let numbers = self.numbers(keys, seat.place.slot);
                    let Seat { place, .. } = seat;
                    self.devices.fill(seat, record, &numbers, version);
                    if let Some(at) = last_seen {
                        self.devices.touch(seat.number, *at);
                    }
                    committed.inserted.push(place);
                }
            }
            Operation::Put { device, record } => {
                let Some((number, _)) = self.devices.at_slot(device.slot) else { return };
                self.stamp(number, version);
                if let Some((line, spills)) = self.devices.line_mut(number) {
                    line.put(record, spills);
                }
            }
            Operation::Remove { device } => self.remove(*device),
            Operation::Link { key, devices } => self.link(key, devices, version),
            Operation::Unlink { key, devices } => self.unlink(key, devices, version),
            Operation::Drop { key, platforms } => {
                self.desk.dropped();
                let (keys, space) = self.keys_mut(key.relation);
                if let Some(first) = keys.find(space, &key.name) {
                    keys.drop_name(first, *platforms);
                }
            }
            Operation::Condemn { user, deletion } => {
                let of = Deleted::User { user: user.clone(), through: self.log.end() };
                let entry = Entry::Deletion(Deletion { number: *deletion, of });
                self.entries_mut(EntryKind::Deletion).insert(entry.key(), (entry, version));
                let first = self.owners.find(Space::Plain, user.as_str());
                committed.condemned.push(first.map_or(0, |first| self.owners.len(first, PlatformSet::ALL)));
                if let Some(first) = first {
                    self.owners.condemn(first, &deletion.to_string());
                }
            }
            Operation::Touch { devices, at } => {
                for place in devices {
                    if let Some((number, _)) = self.devices.at_slot(place.slot) {
                        self.devices.touch(number, *at);
                    }
                }
            }
            Operation::PutEntry { entry } => {
                let key = entry.key();
                self.entries_mut(key.kind()).insert(key, (entry.clone(), version));
            }
            Operation::RemoveEntry { key } => {
                self.entries_mut(key.kind()).remove(key);
            }
            Operation::Append { event } => committed.appended.push(self.log.append(event)),
            Operation::EraseEvents { owner, through, most } => {
                committed.erased_events += self.log.erase(owner, *through, *most);
            }
            Operation::TrimLog { before, most } => committed.erased_events += self.log.trim(*before, *most),
            Operation::Seal => self.sealed = true,
        }
    }

    /// Gives the device of a line the version of the commit, and sweeps its dead keys once.
    #[inline]
    fn stamp(&mut self, number: u32, version: Version) {
        let Some((line, _)) = self.devices.line_mut(number) else { return };
        let stamped = std::mem::replace(&mut line.version, version) == version;
        if !(self.tags.any_dead() || self.aliases.any_dead() || self.owners.any_dead()) {
            return;
        }
        if stamped {
            if self.desk.sweeps_again(number) {
                self.sweep(number);
            }
        } else {
            self.desk.sweeps(number);
            self.sweep(number);
        }
    }

    fn sweep(&mut self, number: u32) -> Option<()> {
        let (line, _) = self.devices.line_mut(number)?;
        // A dead key only counts its holders, so the ordinal does not matter.
        if line.alias != 0 && !self.aliases.is_live(line.alias) {
            self.aliases.release(line.alias, 0);
            line.alias = 0;
        }
        if line.owner != 0 && !self.owners.is_live(line.owner) {
            self.owners.release(line.owner, 0);
            line.owner = 0;
        }
        if self.tags.any_dead() {
            let dead: TagNumbers =
                self.tags_of(number).into_iter().filter(|tag| !self.tags.is_live(*tag)).collect();
            for &tag in &dead {
                self.tags.release(tag, 0);
            }
            if !dead.is_empty() {
                self.take_tags(number, &dead);
            }
        }
        Some(())
    }

    /// Returns the numbers of a line's tags, ascending.
    fn tags_of(&self, number: u32) -> TagNumbers {
        match (self.desk.tags(number), self.devices.line(number)) {
            (Some(tags), _) => tags.iter().copied().collect(),
            (None, Some(line)) => line.tags(&self.devices.spills).collect(),
            (None, None) => TagNumbers::new(),
        }
    }

    fn has_tag(&self, number: u32, line: &Line, tag: u32) -> bool {
        match self.desk.tags(number) {
            Some(tags) => tags.contains(&tag),
            None => line.tags(&self.devices.spills).find(|&held| held >= tag) == Some(tag),
        }
    }

    /// Adds a tag to a line, or removes it.
    fn set_tag(&mut self, number: u32, tag: u32, present: bool) {
        let AppState { desk, devices, .. } = self;
        let Some((line, spills)) = devices.line_mut(number) else { return };
        if let Some(tags) = desk.tags_mut(number, || line.tags(spills).collect()) {
            if present {
                tags.insert(tag)
            } else {
                tags.remove(&tag)
            };
            return;
        }
        let mut tags: TagNumbers = line.tags(spills).filter(|&held| held != tag).collect();
        if present {
            tags.insert(tags.partition_point(|&held| held < tag), tag);
        }
        line.set_tags(&tags, spills);
    }

    /// Removes tags from a line. Their numbers ascend.
    fn take_tags(&mut self, number: u32, gone: &[u32]) {
        let AppState { desk, devices, .. } = self;
        let Some((line, spills)) = devices.line_mut(number) else { return };
        let stays = |tag: &u32| gone.binary_search(tag).is_err();
        if let Some(tags) = desk.tags_mut(number, || line.tags(spills).collect()) {
            tags.retain(stays);
            return;
        }
        let tags: TagNumbers = line.tags(spills).filter(stays).collect();
        line.set_tags(&tags, spills);
    }

    fn remove(&mut self, place: Place) {
        let Some((number, line)) = self.devices.at_slot(place.slot) else { return };
        let ordinal = place.slot.ordinal;
        let (alias, owner) = (line.alias, line.owner);
        for tag in self.tags_of(number) {
            self.tags.release(tag, ordinal);
        }
        self.aliases.release(alias, ordinal);
        self.owners.release(owner, ordinal);
        self.desk.forget(number);
        self.devices.remove(number);
    }

    /// Links a new device with its keys, and returns their numbers.
    fn numbers(&mut self, keys: &[OwnedKey], slot: Slot) -> KeyNumbers {
        let mut numbers = KeyNumbers::default();
        for key in keys {
            let (all, space) = self.keys_mut(key.relation);
            let first = all.find(space, &key.name);
            let known = first.and_then(|first| all.on(first, slot.platform));
            let held = match key.relation {
                // The slot was vacant, so a live row can only have it since an earlier key of this list: the tag is
                // named twice.
                Relation::Tag if known.is_some_and(|known| all.has(known, slot.ordinal)) => continue,
                Relation::Tag => 0,
                Relation::Alias => numbers.alias,
                Relation::User | Relation::Deletion => numbers.owner,
            };
            if held != 0 && all.first_of(held) == first {
                continue;
            }
            let linked = attach(all, space, key, (first, known), slot);
            all.release(held, slot.ordinal);
            match key.relation {
                Relation::Tag => numbers.tags.push(linked),
                Relation::Alias => numbers.alias = linked,
                Relation::User | Relation::Deletion => numbers.owner = linked,
            }
        }
        numbers.tags.sort_unstable();
        numbers
    }

    fn link(&mut self, key: &OwnedKey, devices: &[Place], version: Version) {
        // The key's number on each platform, once it is known.
        let mut numbers = [0_u32; Platform::COUNT];
        for &Place { slot, .. } in devices {
            let Some((number, _)) = self.devices.at_slot(slot) else { continue };
            let Some(known) = numbers.get_mut(usize::from(slot.platform.number())) else { continue };
            if *known == 0 {
                let (keys, space) = self.keys(key.relation);
                let found = keys.find(space, &key.name).and_then(|first| keys.on(first, slot.platform));
                *known = found.unwrap_or(0);
            }
            let linked = self.link_one(key, *known, number, slot, version);
            *known = linked.unwrap_or(*known);
        }
    }

    /// Links one device with the key, which has the number `known` or none yet (0). Returns the number, or `None` if
    /// the device was linked already.
    fn link_one(
        &mut self,
        key: &OwnedKey,
        known: u32,
        number: u32,
        slot: Slot,
        version: Version,
    ) -> Option<u32> {
        let ordinal = slot.ordinal;
        let held_by = |line: &Line| match key.relation {
            Relation::Tag => 0,
            Relation::Alias => line.alias,
            Relation::User | Relation::Deletion => line.owner,
        };
        let (keys, space) = self.keys(key.relation);
        let line = self.devices.line(number)?;
        let held = held_by(line);
        let is_held = match key.relation {
            Relation::Tag => known != 0 && self.has_tag(number, line, known),
            _ => known != 0 && held != 0 && keys.first_of(held) == keys.first_of(known),
        };
        if is_held {
            return None;
        }
        self.stamp(number, version);
        // The key that it held may have been dead, and then `stamp` has swept it.
        let held = held_by(self.devices.line(number)?);
        let (keys, _) = self.keys_mut(key.relation);
        let known = Some(known).filter(|&known| known != 0);
        let first = if known.is_none() { keys.find(space, &key.name) } else { None };
        let linked = attach(keys, space, key, (first, known), slot);
        keys.release(held, ordinal);
        let (line, _) = self.devices.line_mut(number)?;
        match key.relation {
            Relation::Tag => self.set_tag(number, linked, true),
            Relation::Alias => line.alias = linked,
            Relation::User | Relation::Deletion => line.owner = linked,
        }
        Some(linked)
    }

    fn unlink(&mut self, key: &OwnedKey, devices: &[Place], version: Version) {
        for &place in devices {
            let _ = self.unlink_one(key, place, version);
        }
    }

    fn unlink_one(&mut self, key: &OwnedKey, place: Place, version: Version) -> Option<()> {
        let ordinal = place.slot.ordinal;
        let (number, line) = self.devices.at_slot(place.slot)?;
        // Looked up again for each device: the key is gone once its last device is.
        let (keys, space) = self.keys(key.relation);
        let first = keys.find(space, &key.name)?;
        let held = match key.relation {
            Relation::Tag => {
                let wanted = keys.on(first, place.slot.platform)?;
                Some(wanted).filter(|&wanted| self.has_tag(number, line, wanted))?
            }
            Relation::Alias => line.alias,
            Relation::User | Relation::Deletion => line.owner,
        };
        if keys.first_of(held) != Some(first) {
            return None;
        }
        self.stamp(number, version);
        let (keys, _) = self.keys_mut(key.relation);
        keys.release(held, ordinal);
        let (line, _) = self.devices.line_mut(number)?;
        match key.relation {
            Relation::Tag => self.set_tag(number, held, false),
            Relation::Alias => line.alias = 0,
            Relation::User | Relation::Deletion => line.owner = 0,
        }
        Some(())
    }

    /// Returns the users that had devices before the commit and have none after it.
    fn vanished(&mut self) -> SmallVec<[UserId; 1]> {
        let happened = std::mem::take(&mut self.owners.happened);
        let mut vanished = SmallVec::new();
        let name_of = |event: &Happened| match event {
            Happened::Born(name) | Happened::Gone(name) => name.clone(),
        };
        let mut seen = hashbrown::HashSet::new();
        for event in &happened {
            let name = name_of(event);
            // The first event of a name shows whether the user existed before.
            let is_first = happened.len() == 1 || seen.insert(name.clone());
            let was_there = is_first && matches!(event, Happened::Gone(_));
            if was_there && self.owners.find(Space::Plain, &name).is_none() {
                vanished.extend(UserId::new(name).ok());
            }
        }
        vanished.sort_unstable();
        vanished
    }
}
