//! A transaction: the planned effect of one or several operations over a view, before it is committed.
//!
//! Every operation is planned by a function over a transaction, which reads the state as the operations before it left
//! it, and then refuses or stages changes. One operation is a transaction of one, a batch one of many: there is one set
//! of rules. A plan checks everything before it stages anything, so a refused operation leaves the transaction as it was.
//!
//! At the end the transaction becomes a write set. Its operations are the net effect, and its preconditions are the
//! read set:
//!
//! - One tag on or off a device commutes with every other change of the device: only the room for it is relied on.
//! - Any other change of a device relies on the version that was read.
//! - A batch relies on the version of every device that was looked at, because its operations may build on each other.
//!
//! | file | what |
//! |---|---|
//! | `mod.rs` | one device: find, read, change, move, remove |
//! | `shared.rs` | what is common to many devices: aliases, users, dropped keys; events |
//! | `emit.rs` | the write set |
//! | `device.rs`, `names.rs`, `read_set.rs` | the parts of a transaction |

mod device;
mod emit;
mod names;
mod read_set;
mod shared;

use super::plan_error::PlanError;
use crate::error::{Error, Subject};
use crate::live_view::{LiveView, decoded};
use crate::model::{
    Alias, AppRecord, DeviceId, EventType, Platform, PlatformSet, Set, TagName, Timestamp, UserId, Version,
};
use crate::small_table::{BitSet, FEW};
use crate::store::{
    DeviceRecord, Key, Operation, OwnedKey, Place, Relation, Slot, StoreError, StoredDevice, View,
};
pub(crate) use device::Handle;
use device::{Device, DeviceKey, Devices, Edits, Existing, HeldTags, New, Staged, impossible};
use names::Names;
pub(crate) use names::{KeyId, KeyIds};
use read_set::ReadSet;
pub(crate) use shared::StartedDeletion;
use smallvec::SmallVec;

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One operation.
    Single,
    /// Several operations, which may build on each other.
    Batch,
    /// Several operations that are never committed.
    Dry,
}

/// The planned effect of one or several operations.
pub(crate) struct Transaction<'a, V> {
    pub(crate) live: &'a LiveView<V>,
    pub(crate) app: &'a AppRecord,
    pub(crate) now: Timestamp,
    mode: Mode,
    devices: Devices,
    /// The keys that changes of devices and the read set name.
    names: Names,
    reads: ReadSet,
    /// Keys that are dropped from all devices of some platforms in the register; each key once.
    dropped: SmallVec<[(OwnedKey, PlatformSet); 1]>,
    /// Events and deletions of users, in the order of the operations that planned them.
    ordered: SmallVec<[Operation; 1]>,
    declared: Vec<EventType>,
    /// Devices in the register that were seen now.
    seen: SmallVec<[Place; 1]>,
}

impl<'a, V: View> Transaction<'a, V> {
    pub(crate) fn new(live: &'a LiveView<V>, app: &'a AppRecord, now: Timestamp, mode: Mode) -> Self {
        // A batch relies on the version of each device, which covers the number of its tags.
        let most_tags = app.limits.tags_per_device.filter(|_| mode == Mode::Single);
        Transaction {
            live,
            app,
            now,
            mode,
            devices: Devices::default(),
            names: Names::default(),
            reads: ReadSet::new(most_tags),
            dropped: SmallVec::new(),
            ordered: SmallVec::new(),
            declared: Vec::new(),
            seen: SmallVec::new(),
        }
    }

    /// Returns whether the transaction is of one operation.
    pub(crate) fn is_single(&self) -> bool {
        self.mode == Mode::Single
    }

    /// Makes room for this many more devices.
    pub(crate) fn reserve_devices(&mut self, more: usize) {
        self.devices.reserve(more);
    }

    /// Returns the device of this id, if it exists in the transaction.
    pub(crate) fn find(&mut self, id: &DeviceId) -> Result<Option<Handle>, Error> {
        let device = match self.devices.find(DeviceKey::New(id)) {
            Some(device) => device,
            None => match self.live.find(id)? {
                Some(place) => self.devices.at(place),
                None => return Ok(None),
            },
        };
        Ok(Some(device).filter(|&device| self.devices[device].exists()))
    }

    /// Returns the device of this id, or the error that it is unknown.
    pub(crate) fn require(&mut self, id: &DeviceId) -> Result<Handle, Error> {
        self.find(id)?.ok_or_else(|| Error::not_found(Subject::Device, id.as_str()))
    }

    /// Creates a device whose id no device of the transaction has.
    pub(crate) fn create(&mut self, id: &DeviceId, platform: Platform) -> Result<Handle, PlanError> {
        let new = New::registered(id, platform, self.now);
        if let Some(device) = self.devices.find(DeviceKey::New(id)) {
            self.devices[device].staged = Staged::Created(None, new);
            return Ok(device);
        }
        let Some(place) = self.live.raw().find(id).map_err(Error::store("find a device"))? else {
            return Ok(self.devices.create(new));
        };
        if self.live.is_pending(place.slot) && self.mode != Mode::Dry {
            return Err(PlanError::PendingDevice { id: id.clone() });
        }
        let device = self.devices.at(place);
        if let Staged::RemovedWithUser(_) = self.devices[device].staged {
            return Err(PlanError::deleted_in_batch(id));
        }
        self.devices[device].staged = Staged::Created(Some(place), new);
        Ok(device)
    }

    pub(crate) fn remove(&mut self, device: Handle) {
        self.devices[device].remove();
    }

    /// Reads the device that is in a slot of the register. A slot that a view has named is not empty in it.
    fn stored(&self, slot: Slot) -> Result<StoredDevice, Error> {
        let stored = self.live.raw().device(slot).map_err(Error::store("read a device"))?;
        stored.ok_or_else(|| {
            Error::store("read a device")(StoreError::corrupt("a slot that a view names has no device"))
        })
    }

    /// Reads the record and the version of a device that is in the register, once.
    fn load(&mut self, device: Handle) -> Result<(), Error> {
        let Device { version: None, .. } = self.devices[device] else { return Ok(()) };
        if let Some(place) = self.devices[device].place() {
            let stored = self.stored(place.slot)?;
            self.devices[device].keep(stored);
        }
        Ok(())
    }

    pub(crate) fn record(&mut self, device: Handle) -> Result<&DeviceRecord, Error> {
        self.load(device)?;
        Ok(self.devices[device].record())
    }

    pub(crate) fn change_record(
        &mut self,
        device: Handle,
        change: impl FnOnce(&mut DeviceRecord),
    ) -> Result<(), Error> {
        self.load(device)?;
        self.devices[device].change_record(change);
        Ok(())
    }

    /// Returns the version of a device in the register. One that the transaction created has none.
    pub(crate) fn version(&mut self, device: Handle) -> Result<Option<Version>, Error> {
        self.load(device)?;
        let Device { version, staged } = &self.devices[device];
        Ok(version.filter(|_| !matches!(staged, Staged::Created(..))))
    }

    pub(crate) fn platform(&self, device: Handle) -> Platform {
        self.devices[device].platform()
    }

    pub(crate) fn alias(&self, device: Handle) -> Result<Option<Alias>, Error> {
        match self.devices[device].existing() {
            Existing::New(new) => Ok(new.alias.clone()),
            Existing::Stored(place, edits) => match &edits.alias {
                Set::To(alias) => Ok(Some(alias.clone())),
                Set::Clear => Ok(None),
                Set::Keep => self.stored_alias(place),
            },
        }
    }

    pub(crate) fn user(&self, device: Handle) -> Result<UserId, Error> {
        match self.devices[device].existing() {
            Existing::New(New { user, .. }) | Existing::Stored(_, Edits { user: Some(user), .. }) => {
                Ok(user.clone())
            }
            Existing::Stored(place, _) => match self.only_key(place, Relation::User)? {
                Some(name) => decoded(UserId::new(name)),
                None => Err(Error::store("read a device")(StoreError::corrupt("a device has no user"))),
            },
        }
    }

    /// Returns the key of a relation of which a device has at most one.
    fn only_key(&self, place: Place, relation: Relation) -> Result<Option<Box<str>>, Error> {
        let mut found = None;
        let read = self.live.raw().keys_of(place.slot, relation, &mut |name| found = Some(name.into()));
        read.map_err(Error::store("read the keys of a device"))?;
        Ok(found)
    }

    /// Returns the alias that a device has in the register, unless the transaction drops it.
    fn stored_alias(&self, place: Place) -> Result<Option<Alias>, Error> {
        let Some(name) = self.only_key(place, Relation::Alias)? else { return Ok(None) };
        if self.is_dropped(Key::new(Relation::Alias, &name), place.slot.platform) {
            return Ok(None);
        }
        Ok(Some(decoded(Alias::new(name))?))
    }

    /// Returns the tags that a device has in the register, without those that the transaction drops.
    fn stored_tags(&self, place: Place) -> Result<Vec<Box<str>>, Error> {
        let mut names: Vec<Box<str>> = Vec::new();
        let read = self.live.raw().keys_of(place.slot, Relation::Tag, &mut |name| names.push(name.into()));
        read.map_err(Error::store("read the tags of a device"))?;
        names.retain(|name| !self.is_dropped(Key::new(Relation::Tag, name), place.slot.platform));
        Ok(names)
    }

    /// Returns whether a device has the key in the register and the transaction does not drop it.
    fn has_stored(&self, place: Place, key: Key<'_>) -> Result<bool, Error> {
        if self.is_dropped(key, place.slot.platform) {
            return Ok(false);
        }
        self.live.raw().linked(place.slot, key).map_err(Error::store("read a link"))
    }

    /// The same of a tag, answered from what [`Transaction::expect_tags`] read where that is possible.
    fn has_stored_tag(&self, place: Place, edits: &Edits, tag: KeyId) -> Result<bool, Error> {
        let key = self.names[tag].as_key();
        match edits.held.as_deref() {
            Some(HeldTags { held, below }) if tag.index() < *below => {
                Ok(held.contains(tag.index()) && !self.is_dropped(key, place.slot.platform))
            }
            _ => self.has_stored(place, key),
        }
    }

    /// Prepares this many questions about tags of one device. A store may look through all tags of a device to find one,
    /// so many questions are answered from one pass.
    pub(crate) fn expect_tags(&mut self, device: Handle, how_many: usize) -> Result<(), Error> {
        let below = self.names.len();
        let Staged::Edited(place, Edits { clears_tags: false, held, .. }) = &mut self.devices[device].staged
        else {
            return Ok(());
        };
        if how_many <= FEW || held.as_ref().is_some_and(|held| held.below == below) {
            return Ok(());
        }
        let mut found = BitSet::default();
        let read = self.live.raw().keys_of(place.slot, Relation::Tag, &mut |name| {
            if let Some(tag) = self.names.find(Key::new(Relation::Tag, name)) {
                found.insert(tag.index());
            }
        });
        read.map_err(Error::store("read the tags of a device"))?;
        *held = Some(Box::new(HeldTags { held: found, below }));
        Ok(())
    }

    pub(crate) fn tag_count(&self, device: Handle) -> Result<usize, Error> {
        let added = |tags: &[(KeyId, bool)]| tags.iter().filter(|(_, present)| *present).count();
        let (place, edits) = match self.devices[device].existing() {
            Existing::New(new) => return Ok(added(new.tags.as_slice())),
            Existing::Stored(_, edits) if edits.clears_tags => return Ok(added(edits.tags.as_slice())),
            Existing::Stored(place, edits) => (place, edits),
        };
        let raw = self.live.raw();
        let count = raw.key_count(place.slot, Relation::Tag);
        let mut count = count.map_err(Error::store("count the tags of a device"))?;
        // Edited tags count as they are edited, so those that the register counts are taken out first.
        for (tag, _) in edits.tags.as_slice() {
            count -= usize::from(self.has_stored_tag(place, edits, *tag)?);
        }
        for (dropped, on) in self.dropped.iter().filter(|(key, _)| key.relation == Relation::Tag) {
            let linked = on.contains(place.slot.platform) && {
                raw.linked(place.slot, dropped.as_key()).map_err(Error::store("read a link"))?
            };
            count -= usize::from(linked);
        }
        Ok(count + added(edits.tags.as_slice()))
    }

    pub(crate) fn has_tag(&self, device: Handle, tag: KeyId) -> Result<bool, Error> {
        match self.devices[device].existing() {
            Existing::New(new) => Ok(new.tags.get(tag).is_some_and(|edit| edit.1)),
            Existing::Stored(place, edits) => match edits.tags.get(tag) {
                Some((_, present)) => Ok(*present),
                None => Ok(!edits.clears_tags && self.has_stored_tag(place, edits, tag)?),
            },
        }
    }

    /// Returns whether the tag is on the device, or off it, already. The commit relies on that, unless the transaction
    /// itself made it so.
    pub(crate) fn is_already(&mut self, device: Handle, tag: KeyId, present: bool) -> Result<bool, Error> {
        if self.has_tag(device, tag)? != present {
            return Ok(false);
        }
        if let Existing::Stored(place, edits) = self.devices[device].existing()
            && !edits.clears_tags
            && edits.tags.get(tag).is_none()
            && !self.is_dropped(self.names[tag].as_key(), place.slot.platform)
        {
            self.reads.link(tag, present, place);
        }
        Ok(true)
    }

    /// Relies on the device having the key, or lacking it, in the register, where that is so. Where it is not, the
    /// transaction itself made it so, and nothing is to be relied on.
    pub(crate) fn rely_on_link(&mut self, device: Handle, key: KeyId, has: bool) -> Result<(), Error> {
        if let Existing::Stored(place, _) = self.devices[device].existing() {
            let linked = self.live.raw().linked(place.slot, self.names[key].as_key());
            if linked.map_err(Error::store("read a link"))? == has {
                self.reads.link(key, has, place);
            }
        }
        Ok(())
    }

    /// Returns the device's tags, in byte order. The commit relies on them: dropping a tag changes no device's version.
    pub(crate) fn rely_on_tags(&mut self, device: Handle) -> Result<Vec<TagName>, Error> {
        let mut tags: Vec<KeyId> = self.rely_on_stored_tags(device)?.into_vec();
        let edits = match self.devices[device].existing() {
            Existing::Stored(_, edits) => edits.tags.as_slice(),
            Existing::New(new) => new.tags.as_slice(),
        };
        tags.extend(edits.iter().filter(|(_, present)| *present).map(|(tag, _)| *tag));
        let mut names: Vec<&str> = tags.into_iter().map(|tag| &*self.names[tag].name).collect();
        names.sort_unstable();
        names.into_iter().map(|name| decoded(TagName::new(name))).collect()
    }

    /// Relies on the tags that the device has in the register and that the transaction does not change; returns them.
    fn rely_on_stored_tags(&mut self, device: Handle) -> Result<KeyIds, Error> {
        let mut kept = KeyIds::new();
        if let Existing::Stored(place, edits) = self.devices[device].existing()
            && !edits.clears_tags
        {
            for name in self.stored_tags(place)? {
                let tag = self.names.intern_owned(OwnedKey { relation: Relation::Tag, name });
                if edits.tags.get(tag).is_none() {
                    self.reads.link(tag, true, place);
                    kept.push(tag);
                }
            }
        }
        Ok(kept)
    }

    /// Returns the device's alias. The commit relies on it.
    pub(crate) fn rely_on_alias(&mut self, device: Handle) -> Result<Option<Alias>, Error> {
        let alias = self.alias(device)?;
        if let Some(alias) = &alias {
            let key = self.key(Key::new(Relation::Alias, alias.as_str()));
            self.rely_on_link(device, key, true)?;
        }
        Ok(alias)
    }

    /// Returns the device's user. The commit relies on the device being there and being this user's, unless the
    /// transaction gave it to the user.
    pub(crate) fn rely_on_owner(&mut self, device: Handle) -> Result<UserId, Error> {
        let user = self.user(device)?;
        if let Existing::Stored(place, Edits { user: None, .. }) = self.devices[device].existing() {
            self.reads.owner(&user, place);
        }
        Ok(user)
    }

    /// Returns the device at this place, if it is there and was not seen since; never seen, it must have been registered
    /// before. The commit relies on its not being seen.
    pub(crate) fn rely_on_unseen(&mut self, place: Place, since: Timestamp) -> Result<Option<Handle>, Error> {
        if self.live.is_pending(place.slot) {
            return Ok(None);
        }
        let stored = self.live.raw().device(place.slot).map_err(Error::store("read a device"))?;
        let Some(stored) = stored.filter(|stored| stored.place == place) else { return Ok(None) };
        if !self.live.is_unseen_since(place.slot, stored.record.registered_at, since)? {
            return Ok(None);
        }
        self.reads.unseen(place, since);
        Ok(Some(self.devices.at(place)))
    }

    /// Notes that the device was seen now. That is written with what else is written, and not by itself.
    pub(crate) fn see(&mut self, device: Handle) {
        match &mut self.devices[device].staged {
            Staged::Moved(_, new) | Staged::Created(_, new) => {
                new.last_seen = new.last_seen.max(Some(self.now))
            }
            Staged::Edited(place, _) => self.seen.push(*place),
            _ => impossible(),
        }
    }

    /// Makes room for this many more edits of a device's tags.
    pub(crate) fn reserve_tags(&mut self, device: Handle, more: usize) {
        self.devices[device].tags_mut().reserve(more);
    }

    /// Puts a tag on a device or takes it off. The caller knows that this is a change.
    pub(crate) fn set_tag(&mut self, device: Handle, tag: KeyId, present: bool) {
        let tags = self.devices[device].tags_mut();
        let at = tags.find_or_push(tag, || (tag, present));
        tags.at_mut(at).1 = present;
    }

    pub(crate) fn clear_tags(&mut self, device: Handle) -> Result<(), Error> {
        if self.tag_count(device)? > 0 {
            self.devices[device].clear_tags();
        }
        Ok(())
    }

    /// Sets or clears the alias. The caller knows that this is a change.
    pub(crate) fn set_alias(&mut self, device: Handle, alias: Option<Alias>) {
        self.devices[device].set_alias(alias);
    }

    /// Gives the device to a user. The caller knows that this is a change.
    pub(crate) fn set_user(&mut self, device: Handle, user: UserId) {
        self.devices[device].set_user(user);
    }

    /// Moves a device to another platform, with everything it has.
    ///
    /// The commit relies on all of that. Keys are dropped, and users deleted, without a change of the devices: what is
    /// gone by then must not come back with the move.
    pub(crate) fn move_to(&mut self, device: Handle, platform: Platform) -> Result<(), Error> {
        let Existing::Stored(place, edits) = self.devices[device].existing() else {
            self.devices[device].set_platform(platform);
            return Ok(());
        };
        let keeps_alias = edits.alias == Set::Keep;
        self.load(device)?;
        let kept = self.rely_on_stored_tags(device)?;
        let user = self.rely_on_owner(device)?;
        let alias = if keeps_alias { self.rely_on_alias(device)? } else { self.alias(device)? };
        let last_seen = self.live.raw().last_seen(place.slot).map_err(Error::store("read a heartbeat"))?;
        self.devices[device].rebuild(platform, user, alias, last_seen);
        for tag in kept {
            self.set_tag(device, tag, true);
        }
        Ok(())
    }
}
