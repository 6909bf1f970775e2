//! One device of a draft: how it stands in the register, and what is different by now.

use super::changes::TagChanges;
use super::intern::{FEW, KeyId};
use super::{Draft, Handle};
use crate::error::Error;
use crate::model::{Alias, DeviceId, Platform, PlatformSet, TagName, Timestamp, UserId, Version};
use crate::picture::decoded;
use crate::store::{DeviceRecord, Key, Place, Relation, StoreError, StoredDevice, View};
use hashbrown::HashSet;

/// Which of a draft's tags a device has in the register, read in one pass over its tags.
#[derive(Debug)]
struct HeldTags {
    held: HashSet<KeyId>,
    /// The pass looked for the keys below this number.
    below: usize,
}

/// One device of a draft.
#[derive(Debug)]
pub(super) struct Working {
    /// Where it stands in the register, if it does.
    pub(super) base: Option<Place>,
    pub(super) platform: Platform,
    /// Does the device exist in the draft?
    pub(super) exists: bool,
    /// It goes with its user, whom the draft deletes: nothing more is written of it.
    pub(super) condemned: bool,
    /// Everything is written anew: nothing that the register links to `base` holds any more.
    pub(super) rebuilt: bool,
    /// The draft made it; what stands in the register is another device of its id, or none.
    pub(super) made: bool,
    /// The record and its version, once read; the record as it shall be.
    pub(super) record: Option<Box<DeviceRecord>>,
    pub(super) version: Option<Version>,
    pub(super) record_changed: bool,
    pub(super) tags_cleared: bool,
    /// Tags that differ from the register's, and whether the device has them.
    pub(super) tags: TagChanges,
    /// Which tags the device has in the register, once many of them were asked for.
    held: Option<HeldTags>,
    pub(super) alias: Option<Option<Alias>>,
    pub(super) user: Option<UserId>,
    pub(super) last_seen: Option<Timestamp>,
}

impl Working {
    pub(super) fn of(place: Place) -> Self {
        Working {
            base: Some(place),
            platform: place.slot.platform,
            exists: true,
            condemned: false,
            rebuilt: false,
            made: false,
            record: None,
            version: None,
            record_changed: false,
            tags_cleared: false,
            tags: TagChanges::default(),
            held: None,
            alias: None,
            user: None,
            last_seen: None,
        }
    }

    pub(super) fn new(id: &DeviceId, platform: Platform, now: Timestamp) -> Self {
        let mut working = Working {
            base: None,
            platform,
            exists: false,
            condemned: false,
            rebuilt: true,
            made: true,
            record: None,
            version: None,
            record_changed: false,
            tags_cleared: false,
            tags: TagChanges::default(),
            held: None,
            alias: None,
            user: None,
            last_seen: None,
        };
        working.recreate(id, platform, now);
        working
    }

    /// A device of this id that starts from nothing, whatever stood here before.
    pub(super) fn recreate(&mut self, id: &DeviceId, platform: Platform, now: Timestamp) {
        self.platform = platform;
        self.exists = true;
        self.rebuilt = true;
        self.made = true;
        let registered_at = Some(now);
        self.record = Some(Box::new(DeviceRecord { registered_at, ..DeviceRecord::new(id.clone()) }));
        self.record_changed = true;
        self.tags_cleared = true;
        self.tags.clear();
        self.alias = Some(None);
        self.user = Some(id.anonymous_user());
        self.last_seen = None;
    }

    /// The id of a device that does not stand in the register.
    pub(super) fn new_id(&self) -> Option<&DeviceId> {
        self.record.as_ref().filter(|_| self.base.is_none()).map(|record| &record.id)
    }

    /// Notes what was read of the device.
    pub(super) fn take_in(&mut self, stored: StoredDevice) {
        self.version = Some(stored.version);
        if self.record.is_none() {
            self.record = Some(Box::new(stored.record));
        }
    }

    pub(super) fn tag_change(&self, tag: KeyId) -> Option<bool> {
        self.tags.get(tag)
    }

    /// Does anything differ from the register?
    pub(super) fn is_changed(&self) -> bool {
        self.rebuilt
            || !self.exists
            || self.record_changed
            || self.tags_cleared
            || !self.tags.as_slice().is_empty()
            || self.alias.is_some()
            || self.user.is_some()
    }

    /// Is one tag on or off all that differs?
    pub(super) fn is_one_tag(&self) -> bool {
        !self.rebuilt
            && self.exists
            && !self.record_changed
            && !self.tags_cleared
            && self.tags.as_slice().len() == 1
            && self.alias.is_none()
            && self.user.is_none()
    }
}

impl<V: View> Draft<'_, V> {
    /// Reads the record of a device that stands in the register, once.
    pub(super) fn load(&mut self, device: Handle) -> Result<(), Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(()) };
        let Some(place) = working.base.filter(|_| working.version.is_none()) else { return Ok(()) };
        let stored = self.stored(place.slot)?.ok_or_else(|| {
            Error::store("read a device")(StoreError::corrupt("a device that is found has no record"))
        })?;
        if let Some(working) = self.working.get_mut(device.0) {
            working.take_in(stored);
        }
        Ok(())
    }

    /// Changes the record, and notes whether that made a difference.
    pub(crate) fn change_record(
        &mut self,
        device: Handle,
        change: impl FnOnce(&mut DeviceRecord),
    ) -> Result<(), Error> {
        self.load(device)?;
        if let Some(working) = self.working.get_mut(device.0)
            && let Some(record) = working.record.as_mut()
        {
            let before = record.clone();
            change(record);
            working.record_changed |= before != *record;
        }
        Ok(())
    }

    /// The record of a device.
    pub(crate) fn record(&mut self, device: Handle) -> Result<Option<&DeviceRecord>, Error> {
        self.load(device)?;
        Ok(self.working.get(device.0).and_then(|w| w.record.as_deref()))
    }

    /// The version of a device that stands in the register; one that the draft made has none.
    pub(crate) fn version(&mut self, device: Handle) -> Result<Option<Version>, Error> {
        self.load(device)?;
        Ok(self.working.get(device.0).filter(|working| !working.made).and_then(|working| working.version))
    }

    pub(crate) fn platform(&self, device: Handle) -> Platform {
        self.working.get(device.0).map_or(Platform::Unknown, |w| w.platform)
    }

    /// The device's alias.
    pub(crate) fn alias(&self, device: Handle) -> Result<Option<Alias>, Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(None) };
        if let Some(alias) = &working.alias {
            return Ok(alias.clone());
        }
        let Some(name) = self.single(device, Relation::Alias)? else { return Ok(None) };
        if self.is_dropped(Key::new(Relation::Alias, &name), working.platform) {
            return Ok(None);
        }
        Ok(Some(decoded(Alias::new(name))?))
    }

    /// The device's user.
    pub(crate) fn user(&self, device: Handle) -> Result<UserId, Error> {
        if let Some(user) = self.working.get(device.0).and_then(|w| w.user.clone()) {
            return Ok(user);
        }
        match self.single(device, Relation::User)? {
            Some(name) => decoded(UserId::new(name)),
            None => Err(Error::store("read a device")(StoreError::corrupt("a device has no user"))),
        }
    }

    pub(super) fn single(&self, device: Handle, relation: Relation) -> Result<Option<Box<str>>, Error> {
        let Some(place) = self.working.get(device.0).and_then(|w| w.base) else { return Ok(None) };
        let mut found = None;
        let read = self.picture.raw().keys_of(place.slot, relation, &mut |name| found = Some(name.into()));
        read.map_err(Error::store("read the keys of a device"))?;
        Ok(found)
    }

    /// How many tags the device has.
    pub(crate) fn tag_count(&self, device: Handle) -> Result<usize, Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(0) };
        let changes = working.tags.as_slice();
        let overlay = changes.iter().filter(|(_, present)| *present).count();
        if working.tags_cleared || working.rebuilt {
            return Ok(overlay);
        }
        let Some(place) = working.base else { return Ok(overlay) };
        let raw = self.picture.raw();
        let mut count =
            raw.key_count(place.slot, Relation::Tag).map_err(Error::store("count the tags of a device"))?;
        for (tag, _) in changes {
            count -= usize::from(self.had_tag_in_register(device, *tag)?);
        }
        for (dropped, on) in self.dropped.iter().filter(|(key, _)| key.relation == Relation::Tag) {
            let linked = on.contains(place.slot.platform) && {
                raw.linked(place.slot, dropped.as_key()).map_err(Error::store("read a link"))?
            };
            count -= usize::from(linked);
        }
        Ok(count + overlay)
    }

    /// Prepares questions about so many of the draft's tags on one device. A store may look through all of the device's
    /// tags to find one, so many questions are answered from one pass over them.
    pub(crate) fn ask_for_tags(&mut self, device: Handle, how_many: usize) -> Result<(), Error> {
        let below = self.keys.len();
        let Some(Working { base: Some(place), tags_cleared: false, rebuilt: false, held, .. }) =
            self.working.get(device.0)
        else {
            return Ok(());
        };
        if how_many <= FEW || held.as_ref().is_some_and(|held| held.below == below) {
            return Ok(());
        }
        let mut held = HashSet::new();
        let read = self.picture.raw().keys_of(place.slot, Relation::Tag, &mut |name| {
            held.extend(self.keys.find(Key::new(Relation::Tag, name)));
        });
        read.map_err(Error::store("read the tags of a device"))?;
        if let Some(working) = self.working.get_mut(device.0) {
            working.held = Some(HeldTags { held, below });
        }
        Ok(())
    }

    /// Has the device the tag in the register, drops of this draft taken into account?
    pub(super) fn had_tag_in_register(&self, device: Handle, tag: KeyId) -> Result<bool, Error> {
        let Some(key) = self.keys.get(tag) else { return Ok(false) };
        let known = self.working.get(device.0).and_then(|working| {
            let held = working.held.as_ref().filter(|held| tag.index() < held.below)?;
            Some((held.held.contains(&tag), working.base?.slot.platform))
        });
        match known {
            Some((has, platform)) => Ok(has && !self.is_dropped(key, platform)),
            None => self.had_in_register(device, key),
        }
    }

    /// The tags of a device that stands in the register, as the register has them, drops taken out.
    pub(super) fn stored_tags(&self, device: Handle) -> Result<Vec<Box<str>>, Error> {
        let Some(place) = self.working.get(device.0).and_then(|w| w.base) else { return Ok(Vec::new()) };
        let mut names: Vec<Box<str>> = Vec::new();
        let read = self.picture.raw().keys_of(place.slot, Relation::Tag, &mut |name| names.push(name.into()));
        read.map_err(Error::store("read the tags of a device"))?;
        names.retain(|name| !self.is_dropped(Key::new(Relation::Tag, name), place.slot.platform));
        Ok(names)
    }

    /// The device's tags, in byte order; the commit rests on them. Keys are dropped without a change of the devices.
    pub(crate) fn rely_on_tags(&mut self, device: Handle) -> Result<Vec<TagName>, Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(Vec::new()) };
        let mut names: Vec<Box<str>> = Vec::new();
        if !working.tags_cleared && !working.rebuilt {
            for name in self.stored_tags(device)? {
                let tag = self.keys.intern(Key::new(Relation::Tag, &name));
                if self.working.get(device.0).is_some_and(|working| working.tag_change(tag).is_none()) {
                    self.settle(device, tag, true)?;
                    names.push(name);
                }
            }
        }
        let changed = self.working.get(device.0).map(|working| working.tags.as_slice()).unwrap_or_default();
        let added = changed.iter().filter(|(_, present)| *present);
        names.extend(added.filter_map(|(tag, _)| self.keys.get(*tag)).map(|key| key.name.into()));
        names.sort_unstable();
        names.into_iter().map(|name| decoded(TagName::new(name))).collect()
    }

    /// The device's alias; the commit rests on it.
    pub(crate) fn rely_on_alias(&mut self, device: Handle) -> Result<Option<Alias>, Error> {
        let alias = self.alias(device)?;
        if let Some(alias) = &alias {
            let key = self.keys.intern(Key::new(Relation::Alias, alias.as_str()));
            self.settle(device, key, true)?;
        }
        Ok(alias)
    }

    /// The device was seen now: part of what else is written, and nothing where nothing else is.
    pub(crate) fn see(&mut self, device: Handle) {
        let now = Some(self.now);
        match self.working.get_mut(device.0) {
            Some(working) if working.rebuilt => working.last_seen = working.last_seen.max(now),
            Some(Working { base: Some(place), .. }) => self.seen.push(*place),
            _ => {}
        }
    }

    /// Makes room for so many more changes of a device's tags.
    pub(crate) fn reserve_tags(&mut self, device: Handle, more: usize) {
        if let Some(working) = self.working.get_mut(device.0) {
            working.tags.reserve(more);
        }
    }

    /// Puts a tag on a device or takes it off; the caller knows that this is a change.
    pub(crate) fn set_tag(&mut self, device: Handle, tag: KeyId, present: bool) {
        if let Some(working) = self.working.get_mut(device.0) {
            working.tags.put(tag, present);
        }
    }

    /// Takes all tags off a device.
    pub(crate) fn clear_tags(&mut self, device: Handle) -> Result<(), Error> {
        if self.tag_count(device)? == 0 {
            return Ok(());
        }
        if let Some(working) = self.working.get_mut(device.0) {
            working.tags_cleared = true;
            working.tags.clear();
        }
        Ok(())
    }

    /// Sets or clears the alias; the caller knows that this is a change.
    pub(crate) fn set_alias(&mut self, device: Handle, alias: Option<Alias>) {
        if let Some(working) = self.working.get_mut(device.0) {
            working.alias = Some(alias);
        }
    }

    /// Gives the device to a user; the caller knows that this is a change.
    pub(crate) fn set_user(&mut self, device: Handle, user: UserId) {
        if let Some(working) = self.working.get_mut(device.0) {
            working.user = Some(user);
        }
    }

    /// Moves a device to another platform, with everything it has.
    pub(crate) fn move_to(&mut self, device: Handle, platform: Platform) -> Result<(), Error> {
        self.load(device)?;
        let alias = self.alias(device)?;
        let user = self.user(device)?;
        let seen = match self.working.get(device.0) {
            Some(Working { base: Some(place), rebuilt: false, .. }) => {
                let seen =
                    self.picture.raw().last_seen(place.slot).map_err(Error::store("read a heartbeat"))?;
                let kept = if self.working.get(device.0).is_some_and(|w| w.tags_cleared) {
                    Vec::new()
                } else {
                    self.stored_tags(device)?
                };
                self.rely_on_keys(device, &kept)?;
                if let Some(working) = self.working.get_mut(device.0) {
                    for tag in kept {
                        let tag = self.keys.intern(Key::new(Relation::Tag, &tag));
                        if working.tag_change(tag).is_none() {
                            working.tags.put(tag, true);
                        }
                    }
                }
                seen
            }
            Some(working) => working.last_seen,
            None => None,
        };
        if let Some(working) = self.working.get_mut(device.0) {
            working.platform = platform;
            working.rebuilt = true;
            working.alias = Some(alias);
            working.user = Some(user);
            working.last_seen = seen;
        }
        Ok(())
    }

    /// A key disappears from one device of the draft, if it stands on one of these platforms.
    pub(super) fn forget_key(&mut self, device: Handle, key: Key<'_>, platforms: PlatformSet) {
        let known = self.keys.find(key);
        let Some(working) = self.working.get_mut(device.0) else { return };
        if !platforms.contains(working.platform) {
            return;
        }
        match key.relation {
            // The register's own link goes with the drop, the draft's with the change.
            Relation::Tag => {
                if let Some(tag) = known {
                    working.tags.remove(tag);
                }
            }
            Relation::Alias => {
                if working.alias.as_ref().is_some_and(|a| a.as_ref().is_some_and(|a| a.as_str() == key.name))
                {
                    working.alias = Some(None);
                }
            }
            Relation::User | Relation::Deletion => {}
        }
    }
}
