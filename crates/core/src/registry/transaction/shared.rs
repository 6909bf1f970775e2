//! What is common to many devices of a transaction: aliases, users, and keys that are dropped as a whole; and events.

use super::device::{Device, DeviceKey, Edits, Existing, Handle, Staged};
use super::{KeyId, KeyIds, Mode, Transaction};
use crate::error::Error;
use crate::model::{
    Alias, DeviceId, EventName, EventOrder, EventType, OnUserChange, Platform, PlatformSet, Set, TagName,
    Timestamp, UserId,
};
use crate::registry::plan_error::PlanError;
use crate::small_table::BitSet;
use crate::store::{
    Deleted, Deletion, Entry, EntryKey, EntryKind, EventRecord, Key, LogIndex, LogRange, Operation, Relation,
    Slot, StoreError, View,
};
use crate::violation::{Rule, Violation, shown};

/// How many devices an alias has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AliasCount {
    /// In the transaction.
    pub(crate) now: u64,
    /// In the register as the store counts them, devices that are pending deletion included.
    pub(crate) stored: u64,
}

/// A deletion of a user that the commit of a transaction starts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartedDeletion {
    pub(crate) number: u64,
    /// Its position among the deletions of the transaction, and so that of its devices in
    /// [`Committed::condemned`](crate::store::Committed::condemned).
    pub(crate) nth: usize,
    /// The number of devices that earlier operations of the transaction take from the user. The write set does that after
    /// it starts the deletion, so the commit counts these devices, too.
    pub(crate) left: u64,
}

impl<V: View> Transaction<'_, V> {
    /// The transaction's number for a key.
    pub(crate) fn key(&mut self, key: Key<'_>) -> KeyId {
        self.names.intern(key)
    }

    /// The transaction's numbers for the tags of a list, each once, in their order.
    pub(crate) fn tags(&mut self, tags: &[TagName]) -> KeyIds {
        self.names.reserve(tags.len());
        let mut seen = BitSet::default();
        let numbers = tags.iter().map(|tag| self.names.intern(Key::new(Relation::Tag, tag.as_str())));
        numbers.filter(|tag| seen.insert(tag.index())).collect()
    }

    /// Returns whether the transaction drops the key from the devices that are on this platform in the register.
    pub(super) fn is_dropped(&self, key: Key<'_>, platform: Platform) -> bool {
        self.dropped.iter().any(|(dropped, on)| on.contains(platform) && dropped.as_key() == key)
    }

    /// Takes a tag or an alias from every device of some platforms.
    pub(crate) fn drop_key(&mut self, key: Key<'_>, platforms: PlatformSet) -> Result<(), Error> {
        // The drop takes what the register links; what the transaction has staged is taken here.
        let known = self.names.find(key);
        for device in self.devices.all_mut() {
            if !device.exists() || !platforms.contains(device.platform()) {
                continue;
            }
            if let Some(tag) = known.filter(|_| key.relation == Relation::Tag) {
                device.tags_mut().remove(tag);
            }
            if key.relation == Relation::Alias
                && device.new_alias().is_some_and(|new| new.as_str() == key.name)
            {
                device.set_alias(None);
            }
        }
        // On all of the platforms asked for, not only where the key has devices now: a device may move meanwhile. But
        // dropping a key without any device writes nothing.
        if self.live.cardinality(key, platforms)? > 0 {
            match self.dropped.iter_mut().find(|(dropped, _)| dropped.as_key() == key) {
                Some((_, on)) => *on = on.or(platforms),
                None => self.dropped.push((key.to_owned(), platforms)),
            }
        }
        Ok(())
    }

    /// Counts the devices of an alias.
    pub(crate) fn alias_devices(&self, alias: &Alias) -> Result<AliasCount, Error> {
        let key = Key::new(Relation::Alias, alias.as_str());
        let mut kept = PlatformSet::ALL;
        for (_, on) in self.dropped.iter().filter(|(dropped, _)| dropped.as_key() == key) {
            kept = kept.and(on.complement());
        }
        let in_register = self.live.cardinality(key, kept)?;
        let mut now = in_register;
        let mut carriers: Option<Vec<Slot>> = None;
        for device in self.devices.all() {
            let (place, new) = match &device.staged {
                // It is as the register has it, and counted.
                Staged::Edited(_, Edits { alias: Set::Keep, .. }) => continue,
                Staged::Created(None, new) => (None, new.alias.as_ref()),
                _ => (device.place(), device.new_alias()),
            };
            let had = match place {
                // In a batch this is asked for each alias of each device. So where the carriers are few, they are read
                // once, and not every device of the transaction is asked for.
                Some(place) if in_register <= self.devices.len() as u64 => {
                    let known = match carriers.take() {
                        Some(known) => known,
                        None => self.carriers(key, kept)?,
                    };
                    carriers.insert(known).binary_search(&place.slot).is_ok()
                }
                Some(place) => self.has_stored(place, key)?,
                None => false,
            };
            now = now + u64::from(new == Some(alias)) - u64::from(had);
        }
        if !self.live.has_pending() && self.dropped.is_empty() && self.devices.len() == 0 {
            return Ok(AliasCount { now, stored: now });
        }
        let stored = self.live.raw().cardinality(key, PlatformSet::ALL);
        let stored = stored.map_err(Error::store("count the devices of an alias"))?;
        Ok(AliasCount { now, stored })
    }

    /// Returns the devices of an alias.
    pub(crate) fn alias_carriers(&mut self, alias: &Alias) -> Result<Vec<Handle>, Error> {
        let key = Key::new(Relation::Alias, alias.as_str());
        let in_register = self.look_at_all(key)?;
        let carries = |device: &Device| match device.staged {
            Staged::Edited(place, Edits { alias: Set::Keep, .. }) => {
                in_register.binary_search(&place.slot).is_ok() && !self.is_dropped(key, place.slot.platform)
            }
            _ => device.new_alias() == Some(alias),
        };
        Ok(self.devices.handles().filter(|&device| carries(&self.devices[device])).collect())
    }

    /// Relies on the alias having at most this many devices in the register.
    pub(crate) fn rely_on_alias_room(&mut self, alias: &Alias, most: u64) {
        self.reads.alias_at_most(alias, most);
    }

    /// Relies on the order in which devices were bound to the alias: none of them may have lost it or have changed in any
    /// way, since one that lost it and got it back is younger than it was. Where the transaction `evicts` some of them,
    /// their owners are relied on, too, because no device is evicted to make room among devices that are deleted.
    pub(crate) fn rely_on_alias_order(&mut self, alias: &Alias, evicts: bool) -> Result<(), Error> {
        // The devices in the register are the same for all operations of a batch, so each reliance is noted once.
        let read = self.reads.alias(alias);
        let order = !std::mem::replace(&mut read.ordered, true);
        let owners = evicts && !std::mem::replace(&mut read.owned, true);
        if !order && !owners {
            return Ok(());
        }
        let key = self.key(Key::new(Relation::Alias, alias.as_str()));
        let mut covered = PlatformSet::NONE;
        for device in self.alias_carriers(alias)? {
            if owners {
                self.rely_on_owner(device)?;
            }
            let version = self.version(device)?;
            let Existing::Stored(place, _) = self.devices[device].existing() else { continue };
            if !order {
                continue;
            }
            // To take the alias off one device changes its version. To drop it changes none, but drops it from all devices
            // of a platform, so that one of them shows it.
            if !covered.contains(place.slot.platform) {
                self.rely_on_link(device, key, true)?;
                covered = covered.or(place.slot.platform.into());
            }
            // A batch relies on the version of every device that it looks at.
            if self.mode == Mode::Single
                && let Some(version) = version
            {
                self.reads.version(place, version);
            }
        }
        Ok(())
    }

    /// Returns whether some device is this user's. The commit relies on it.
    pub(crate) fn knows_user(&mut self, user: &UserId) -> Result<bool, Error> {
        if let Some(&device) = self.owned_by(user)?.first() {
            self.rely_on_owner(device)?;
            return Ok(true);
        }
        let key = Key::new(Relation::User, user.as_str());
        for platform in self.live.platforms(key, PlatformSet::ALL)?.iter() {
            // One more than the transaction has devices: at least one of them is as the register has it.
            let some = self.live.posting(key, platform)?.chunk(0, self.devices.len() + 1);
            let mut slots = some.into_iter().map(|ordinal| Slot { platform, ordinal });
            if let Some(slot) = slots.find(|slot| self.devices.find(DeviceKey::At(*slot)).is_none()) {
                let stored = self.stored(slot)?;
                self.reads.owner(user, stored.place);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the user's devices. The commit relies on the register having no other one.
    pub(crate) fn devices_of(&mut self, user: &UserId) -> Result<Vec<(Handle, DeviceId)>, Error> {
        let in_register = self.look_at_all(Key::new(Relation::User, user.as_str()))?.len() as u64;
        self.reads.user_at_most(user, in_register);
        let mut theirs = Vec::new();
        for device in self.owned_by(user)? {
            theirs.push((device, self.record(device)?.id.clone()));
        }
        Ok(theirs)
    }

    /// Returns the user's devices among those that the transaction has looked at.
    fn owned_by(&self, user: &UserId) -> Result<Vec<Handle>, Error> {
        let mut theirs = Vec::new();
        for device in self.devices.handles() {
            if self.devices[device].exists() && self.user(device)? == *user {
                theirs.push(device);
            }
        }
        Ok(theirs)
    }

    /// Takes every device that has the key in the register into the transaction. Returns their slots, ascending.
    fn look_at_all(&mut self, key: Key<'_>) -> Result<Vec<Slot>, Error> {
        let slots = self.carriers(key, PlatformSet::ALL)?;
        for &slot in &slots {
            if self.devices.find(DeviceKey::At(slot)).is_none() {
                let stored = self.stored(slot)?;
                let device = self.devices.at(stored.place);
                self.devices[device].keep(stored);
            }
        }
        Ok(slots)
    }

    /// Returns the slots of the devices that have the key in the register, ascending.
    fn carriers(&self, key: Key<'_>, among: PlatformSet) -> Result<Vec<Slot>, Error> {
        let mut slots = Vec::new();
        for platform in self.live.platforms(key, among)?.iter() {
            self.live.posting(key, platform)?.for_each(|ordinal| slots.push(Slot { platform, ordinal }));
        }
        slots.sort_unstable();
        Ok(slots)
    }

    /// Deletes a user with all devices and events. Returns nothing if the user has neither.
    ///
    /// A batch looks at each device, so that the operations that follow find it gone.
    pub(crate) fn delete_user(&mut self, user: &UserId) -> Result<Option<StartedDeletion>, PlanError> {
        let key = Key::new(Relation::User, user.as_str());
        let pending = self.pending_deletions()?;
        let is_earlier = |deletion: &&Deletion| matches!(&deletion.of, Deleted::User { user: deleted, .. } if deleted == user);
        if let Some(earlier) = pending.iter().find(is_earlier).filter(|_| self.mode != Mode::Dry) {
            return Err(PlanError::PendingDeletion { deletion: earlier.number });
        }
        if self.mode != Mode::Single {
            self.look_at_all(key)?;
        }
        let mut theirs = Vec::new();
        for device in self.owned_by(user)? {
            match self.devices[device].place() {
                Some(place) if self.has_stored(place, key)? => theirs.push((device, place)),
                _ => {
                    // The store would delete other devices: it does not know this one as the user's.
                    let limit =
                        "must come before the operations that give devices to the user, in another batch";
                    let actual = shown(user.as_str());
                    return Err(Violation::new("delete_user", Rule::Form, limit, actual).into());
                }
            }
        }
        let in_register = self.live.cardinality(key, PlatformSet::ALL)?;
        let left = match self.mode {
            Mode::Single => 0,
            // All of them are in the transaction, which knows who has left the user.
            Mode::Batch | Mode::Dry => in_register.saturating_sub(theirs.len() as u64),
        };
        if in_register == left && !self.has_events(user)? {
            return Ok(None);
        }
        for (device, place) in theirs {
            self.devices[device].staged = Staged::RemovedWithUser(place);
        }
        Ok(Some(self.start_deletion(user, &pending, left)))
    }

    /// Takes all devices from a user, however many: they are pending, unseen, until each of them is given to its anonymous
    /// user. `left` of them are the user's own already.
    pub(crate) fn sign_out_all(&mut self, user: &UserId, left: u64) -> Result<StartedDeletion, Error> {
        let clears: OnUserChange = self.app.policies.on_user_change;
        let pending = self.pending_deletions()?;
        let started = self.start_deletion(user, &pending, left);
        // The entry that the deletion writes says that the devices go; this one replaces it.
        let of = Deleted::SignOut { user: user.clone(), clears };
        let entry = Entry::Deletion(Deletion { number: started.number, of });
        self.ordered.push(Operation::PutEntry { entry });
        Ok(started)
    }

    fn start_deletion(&mut self, user: &UserId, pending: &[Deletion], left: u64) -> StartedDeletion {
        let nth = self.ordered.iter().filter(|step| matches!(step, Operation::Condemn { .. })).count();
        let newest = pending.iter().map(|deletion| deletion.number).max().unwrap_or(0);
        let number = newest + 1 + nth as u64;
        self.reads.absent(EntryKey::Deletion(number));
        self.ordered.push(Operation::Condemn { user: user.clone(), deletion: number });
        StartedDeletion { number, nth, left }
    }

    fn pending_deletions(&self) -> Result<Vec<Deletion>, Error> {
        let read = Error::store("read the deletions under way");
        let entries = match self.live.raw().entries(EntryKind::Deletion, None, usize::MAX) {
            Ok(entries) => entries,
            Err(error) => return Err(read(error)),
        };
        let deletion = |(entry, _)| match entry {
            Entry::Deletion(deletion) => Ok(deletion),
            _ => Err(StoreError::corrupt("an entry is of another kind than its key")),
        };
        entries.into_iter().map(deletion).collect::<Result<_, _>>().map_err(read)
    }

    /// Returns whether there is an event that was posted with the user and that the transaction has not deleted.
    fn has_events(&self, user: &UserId) -> Result<bool, Error> {
        for step in self.ordered.iter().rev() {
            match step {
                Operation::Append { event } if event.user.as_ref() == Some(user) => return Ok(true),
                Operation::Condemn { user: deleted, .. } if deleted == user => return Ok(false),
                _ => {}
            }
        }
        let range = LogRange {
            index: LogIndex::User(user),
            from: Timestamp::MIN,
            until: Timestamp::MAX,
            order: EventOrder::OldestFirst,
            after: None,
            limit: 1,
        };
        let events = self.live.raw().events(&range).map_err(Error::store("read the events of a user"))?;
        Ok(!events.is_empty())
    }

    /// Appends an event. Returns its position among the events of the transaction.
    pub(crate) fn post(&mut self, event: EventRecord) -> usize {
        let before = self.ordered.iter().filter(|step| matches!(step, Operation::Append { .. })).count();
        self.ordered.push(Operation::Append { event: Box::new(event) });
        before
    }

    pub(crate) fn is_declared(&self, name: &EventName) -> Result<bool, Error> {
        if self.declared.iter().any(|declared| declared.name == *name) {
            return Ok(true);
        }
        let key = EntryKey::EventType(name.clone());
        Ok(self.live.raw().entry(&key).map_err(Error::store("read an event type"))?.is_some())
    }

    /// Declares an event that is not declared.
    pub(crate) fn declare(&mut self, name: &EventName) {
        self.reads.absent(EntryKey::EventType(name.clone()));
        self.declared.push(EventType { name: name.clone(), declared_at: self.now });
    }
}
