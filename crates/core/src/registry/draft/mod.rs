//! A draft: the state after the operations planned so far, and the write set that leads there.
//!
//! Every changing verb is a function over a draft: it reads what is, refuses, or notes what shall be. A single verb
//! is a draft of one, a batch a draft of many; there is one set of rules. A verb checks everything before it changes
//! the draft, so a refused verb leaves the draft as it was.
//!
//! Only the net effect is committed. What a write set checks depends on how much it rests on what was read:
//!
//! - one tag on or off a device commutes with everything else said of the device: it is checked for room only;
//! - any other change of a device is checked against the version that was read;
//! - in a batch every device that was looked at is, because the operations may rest on each other.

mod emit;
mod overlay;

use super::commit::Obstacle;
use crate::error::{Error, Subject};
use crate::model::{
    Alias, AppRecord, DeviceId, EventName, EventType, Platform, PlatformSet, TagName, Timestamp, UserId,
};
use crate::picture::Picture;
use crate::store::{EventRecord, Key, OwnedKey, Place, Relation, Slot, StoredDevice, View};
use hashbrown::HashMap;
use overlay::Working;
use smallvec::SmallVec;

/// A device of the draft, by its position in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Handle(usize);

impl Handle {
    /// The device's place in a list that has one item for each device of the draft.
    pub(crate) fn of<T: Default>(self, list: &mut Vec<T>) -> &mut T {
        if list.len() <= self.0 {
            list.resize_with(self.0 + 1, T::default);
        }
        #[allow(clippy::indexing_slicing, reason = "the list was just made long enough")]
        &mut list[self.0]
    }
}

/// What a draft is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One operation.
    Single,
    /// Several operations, which may rest on each other: the commit checks every device that was looked at.
    Batch,
    /// Several operations that are never committed.
    Dry,
}

/// The state after the operations planned so far.
pub(crate) struct Draft<'a, V> {
    pub(crate) picture: &'a Picture<V>,
    pub(crate) app: &'a AppRecord,
    pub(crate) now: Timestamp,
    mode: Mode,
    working: Vec<Working>,
    /// The devices of `working` that stand in the register, by slot.
    by_slot: HashMap<Slot, usize>,
    /// The devices of `working` that do not, by id.
    by_id: HashMap<DeviceId, usize>,
    /// Keys dropped from all devices of some platforms, in the register as it is.
    dropped: SmallVec<[(OwnedKey, PlatformSet); 1]>,
    /// Links that were found as they should be, by key, and whether the device has it.
    settled: Vec<(OwnedKey, bool, Place)>,
    /// Events and deletions, in the order of the operations.
    history: SmallVec<[Happening; 1]>,
    declared: Vec<EventType>,
    /// Aliases whose number of devices was relied on, with the most that the register may hold.
    alias_room: SmallVec<[(Alias, u64); 1]>,
    /// Users that an event's acceptance rests on, and a device that shows each.
    witnesses: SmallVec<[(UserId, Place); 1]>,
}

/// What goes into the write set in the order it was planned.
#[derive(Debug)]
enum Happening {
    Posted(Box<EventRecord>),
    Condemned { user: UserId, deletion: u64 },
}

impl<'a, V: View> Draft<'a, V> {
    pub(crate) fn new(picture: &'a Picture<V>, app: &'a AppRecord, now: Timestamp, mode: Mode) -> Self {
        Draft {
            picture,
            app,
            now,
            mode,
            working: Vec::new(),
            by_slot: HashMap::new(),
            by_id: HashMap::new(),
            dropped: SmallVec::new(),
            settled: Vec::new(),
            history: SmallVec::new(),
            declared: Vec::new(),
            alias_room: SmallVec::new(),
            witnesses: SmallVec::new(),
        }
    }

    /// How many devices the draft looks at.
    pub(crate) fn len(&self) -> usize {
        self.working.len()
    }

    /// The device of this id, if it exists in the draft.
    pub(crate) fn find(&mut self, id: &DeviceId) -> Result<Option<Handle>, Error> {
        if !self.by_id.is_empty()
            && let Some(&n) = self.by_id.get(id)
        {
            return Ok(self.existing(n));
        }
        let Some(place) = self.picture.find(id)? else { return Ok(None) };
        let n = self.at(place);
        Ok(self.existing(n))
    }

    fn existing(&self, n: usize) -> Option<Handle> {
        self.working.get(n).filter(|w| w.exists).map(|_| Handle(n))
    }

    /// The device of this id, or the error that says it is unknown.
    pub(crate) fn require(&mut self, id: &DeviceId) -> Result<Handle, Error> {
        self.find(id)?.ok_or_else(|| Error::not_found(Subject::Device, id.as_str()))
    }

    /// The working copy of the device that stands in the register at `place`.
    pub(crate) fn at(&mut self, place: Place) -> usize {
        // A draft of one device, by far the most common, is searched without hashing.
        if let [only] = self.working.as_slice()
            && only.base == Some(place)
        {
            return 0;
        }
        let next = self.working.len();
        let n = *self.by_slot.entry(place.slot).or_insert(next);
        if n == next {
            self.working.push(Working::of(place));
        }
        n
    }

    /// A new device. An id whose former device waits for removal is an obstacle that the caller clears first.
    pub(crate) fn create(&mut self, id: &DeviceId, platform: Platform) -> Result<Handle, Obstacle> {
        if let Some(&n) = self.by_id.get(id) {
            if let Some(working) = self.working.get_mut(n) {
                working.recreate(id, platform);
            }
            return Ok(Handle(n));
        }
        let found = self.picture.raw().find(id).map_err(Error::store("find a device"))?;
        let n = match found {
            None => {
                self.by_id.insert(id.clone(), self.working.len());
                self.working.push(Working::new(id, platform));
                self.working.len() - 1
            }
            Some(place) if self.picture.is_condemned(place.slot) && self.mode != Mode::Dry => {
                return Err(Obstacle::Condemned { id: id.clone() });
            }
            Some(place) => {
                let n = self.at(place);
                match self.working.get_mut(n) {
                    Some(working) if working.condemned => return Err(Obstacle::condemned_in_batch(id)),
                    Some(working) => working.recreate(id, platform),
                    None => {}
                }
                n
            }
        };
        Ok(Handle(n))
    }

    /// A device leaves the draft.
    pub(crate) fn remove(&mut self, device: Handle) {
        if let Some(working) = self.working.get_mut(device.0) {
            working.exists = false;
        }
    }

    /// Has the key been dropped from the devices that stand on this platform in the register?
    fn is_dropped(&self, key: Key<'_>, platform: Platform) -> bool {
        self.dropped.iter().any(|(dropped, on)| on.contains(platform) && dropped.as_key() == key)
    }

    /// A tag or alias is taken from every device of some platforms.
    pub(crate) fn drop_key(&mut self, key: Key<'_>, platforms: PlatformSet) -> Result<(), Error> {
        for n in 0..self.working.len() {
            self.forget_key(Handle(n), key, platforms)?;
        }
        let platforms = self.narrowed(key, platforms)?;
        if !platforms.is_empty() {
            self.dropped.push((key.to_owned(), platforms));
        }
        Ok(())
    }

    /// The platforms among these on which the register has devices of the key, so that dropping nothing writes
    /// nothing.
    fn narrowed(&self, key: Key<'_>, platforms: PlatformSet) -> Result<PlatformSet, Error> {
        let mut on = PlatformSet::NONE;
        for platform in platforms.iter() {
            if self.picture.cardinality(key, platform.into())? > 0 {
                on = on.with(platform);
            }
        }
        Ok(on)
    }

    /// How many devices carry the alias in the draft, and how many of them the register itself counts.
    pub(crate) fn alias_devices(&mut self, alias: &Alias) -> Result<AliasCount, Error> {
        let key = Key::new(Relation::Alias, alias.as_str());
        let mut kept = PlatformSet::ALL;
        for (dropped, on) in &self.dropped {
            if dropped.as_key() == key {
                kept = kept.and(on.complement());
            }
        }
        let mut now = self.picture.cardinality(key, kept)?;
        for n in 0..self.working.len() {
            let had = self.had_in_register(Handle(n), key)?;
            let has = self.working.get(n).is_some_and(|w| w.exists)
                && self.alias(Handle(n))?.as_ref() == Some(alias);
            now = now + u64::from(has) - u64::from(had);
        }
        let mut stored = 0;
        for platform in Platform::ALL {
            let count = self.picture.raw().cardinality(key, platform);
            stored += count.map_err(Error::store("count the devices of an alias"))?;
        }
        Ok(AliasCount { now, stored })
    }

    /// The devices that carry the alias in the draft.
    pub(crate) fn alias_carriers(&mut self, alias: &Alias) -> Result<Vec<Handle>, Error> {
        self.look_at_all(Key::new(Relation::Alias, alias.as_str()))?;
        let mut carriers = Vec::new();
        for n in 0..self.working.len() {
            let handle = Handle(n);
            if self.working.get(n).is_some_and(|w| w.exists) && self.alias(handle)?.as_ref() == Some(alias) {
                carriers.push(handle);
            }
        }
        Ok(carriers)
    }

    /// Takes every device of the key in the register into the draft.
    fn look_at_all(&mut self, key: Key<'_>) -> Result<(), Error> {
        let mut slots = Vec::new();
        for platform in Platform::ALL {
            self.picture.posting(key, platform)?.for_each(|ordinal| slots.push(Slot { platform, ordinal }));
        }
        for slot in slots {
            if let Some(stored) = self.stored(slot)? {
                self.at(stored.place);
            }
        }
        Ok(())
    }

    /// The commit conflicts when the register holds more than `most` devices of the alias by then.
    pub(crate) fn rely_on_alias_room(&mut self, alias: &Alias, most: u64) {
        match self.alias_room.iter_mut().find(|(known, _)| known == alias) {
            Some((_, known)) => *known = most.min(*known),
            None => self.alias_room.push((alias.clone(), most)),
        }
    }

    /// Is some device of the draft this user's? Notes what the answer rests on.
    pub(crate) fn knows_user(&mut self, user: &UserId) -> Result<bool, Error> {
        for n in 0..self.working.len() {
            if self.working.get(n).is_some_and(|w| w.exists) && self.user(Handle(n))? == *user {
                self.rely_on_owner(Handle(n))?;
                return Ok(true);
            }
        }
        let key = Key::new(Relation::User, user.as_str());
        for platform in Platform::ALL {
            let mut found = None;
            let posting = self.picture.posting(key, platform)?;
            posting.for_each(|ordinal| {
                let slot = Slot { platform, ordinal };
                if found.is_none() && !self.by_slot.contains_key(&slot) {
                    found = Some(slot);
                }
            });
            if let Some(slot) = found
                && let Some(stored) = self.stored(slot)?
            {
                self.witnesses.push((user.clone(), stored.place));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The commit conflicts when the device is gone or its user has changed by then.
    pub(crate) fn rely_on_owner(&mut self, device: Handle) -> Result<(), Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(()) };
        if let Some(place) = working.base
            && working.user.is_none()
            && !working.rebuilt
        {
            let user = self.user(device)?;
            self.witnesses.push((user, place));
        }
        Ok(())
    }

    /// Notes an event.
    pub(crate) fn post(&mut self, event: EventRecord) -> usize {
        let before = self.history.iter().filter(|h| matches!(h, Happening::Posted(_))).count();
        self.history.push(Happening::Posted(Box::new(event)));
        before
    }

    /// Is the event declared, in the register or in the draft?
    pub(crate) fn is_declared(&self, name: &EventName) -> Result<bool, Error> {
        if self.declared.iter().any(|declared| declared.name == *name) {
            return Ok(true);
        }
        let key = crate::store::EntryKey::EventType(name.clone());
        Ok(self.picture.raw().entry(&key).map_err(Error::store("read an event type"))?.is_some())
    }

    /// Declares an event.
    pub(crate) fn declare(&mut self, name: &EventName) {
        self.declared.push(EventType { name: name.clone(), declared_at: self.now });
    }

    /// Condemns all devices of a user; the number of the deletion, or nothing when the user has no device.
    ///
    /// A draft of several operations looks at each of them, so that those that follow find it gone.
    pub(crate) fn condemn(&mut self, user: &UserId) -> Result<Option<u64>, Error> {
        let key = Key::new(Relation::User, user.as_str());
        if self.mode != Mode::Single {
            self.look_at_all(key)?;
        }
        let mut theirs = Vec::new();
        for n in 0..self.working.len() {
            let exists = self.working.get(n).is_some_and(|w| w.exists);
            if exists && self.user(Handle(n))? == *user {
                if !self.had_in_register(Handle(n), key)? {
                    // The register would condemn the wrong devices: it does not know this one as the user's.
                    let limit =
                        "must come before the operations that give devices to the user, in another batch";
                    let actual = crate::violation::shown(user.as_str());
                    return Err(crate::Violation::new("delete_user", crate::Rule::Form, limit, actual).into());
                }
                theirs.push(n);
            }
        }
        let devices = match self.mode {
            Mode::Single => self.picture.cardinality(key, PlatformSet::ALL)?,
            // All of them are in the draft, which knows who has left the user.
            Mode::Batch | Mode::Dry => theirs.len() as u64,
        };
        if devices == 0 {
            return Ok(None);
        }
        for n in theirs {
            if let Some(working) = self.working.get_mut(n) {
                working.exists = false;
                working.condemned = true;
            }
        }
        let deletion = self.next_deletion()?;
        self.history.push(Happening::Condemned { user: user.clone(), deletion });
        Ok(Some(deletion))
    }

    /// A number that no deletion under way in this app has.
    fn next_deletion(&self) -> Result<u64, Error> {
        let kind = crate::store::EntryKind::Deletion;
        let under_way = self.picture.raw().entries(kind, None, usize::MAX);
        let under_way = under_way.map_err(Error::store("read the deletions under way"))?;
        let newest = under_way.iter().filter_map(|(entry, _)| match entry.key() {
            crate::store::EntryKey::Deletion(number) => Some(number),
            _ => None,
        });
        let here = self.history.iter().filter(|h| matches!(h, Happening::Condemned { .. })).count() as u64;
        Ok(newest.max().unwrap_or(0) + 1 + here)
    }

    pub(crate) fn stored(&self, slot: Slot) -> Result<Option<StoredDevice>, Error> {
        self.picture.raw().device(slot).map_err(Error::store("read a device"))
    }

    /// Notes that a device was found with, or without, the key, and that the commit rests on it. Where the draft itself
    /// made it so, the commit rests on what is written.
    pub(crate) fn settle(
        &mut self,
        device: Handle,
        relation: Relation,
        name: &str,
        has: bool,
    ) -> Result<(), Error> {
        let Some(Working { base: Some(place), rebuilt: false, .. }) = self.working.get(device.0) else {
            return Ok(());
        };
        let (key, place) = (Key::new(relation, name), *place);
        if self.picture.raw().linked(place.slot, key).map_err(Error::store("read a link"))? == has {
            self.settled.push((key.to_owned(), has, place));
        }
        Ok(())
    }

    /// Is this tag on the device in the draft?
    pub(crate) fn has_tag(&self, device: Handle, tag: &TagName) -> Result<bool, Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(false) };
        match working.tag_change(tag) {
            Some(present) => Ok(present),
            None if working.tags_cleared || working.rebuilt => Ok(false),
            None => self.had_in_register(device, Key::new(Relation::Tag, tag.as_str())),
        }
    }

    /// Has the device the key in the register, drops of this draft taken into account?
    fn had_in_register(&self, device: Handle, key: Key<'_>) -> Result<bool, Error> {
        let Some(place) = self.working.get(device.0).and_then(|w| w.base) else { return Ok(false) };
        if self.is_dropped(key, place.slot.platform) {
            return Ok(false);
        }
        self.picture.raw().linked(place.slot, key).map_err(Error::store("read a link"))
    }
}

/// How many devices an alias names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AliasCount {
    /// In the draft.
    pub(crate) now: u64,
    /// In the register as the store counts it, devices that wait for removal included.
    pub(crate) stored: u64,
}
