//! What the plan rests on beside the devices it changes: the commit checks it.

use super::overlay::Working;
use super::{AliasRoom, Draft, Handle, KeyId, Mode};
use crate::error::Error;
use crate::model::{Alias, PlatformSet, Timestamp, UserId};
use crate::store::{Key, Place, Relation, Slot, View};

impl<V: View> Draft<'_, V> {
    /// The commit conflicts when the register holds more than `most` devices of the alias by then.
    pub(crate) fn rely_on_alias_room(&mut self, alias: &Alias, most: u64) {
        let room = self.alias_room(alias);
        room.most = most.min(room.most);
    }

    /// The commit conflicts when the order in which devices were bound to the alias may be another by then, because one
    /// of them has lost the alias or was changed in any way: one that lost it and got it back is not as old as it was.
    /// Whoever loses it to make room does so only if all of them are still there, so where the draft `evicts` the commit
    /// conflicts also when one of them was deleted with its user.
    pub(crate) fn rely_on_alias_order(&mut self, alias: &Alias, evicts: bool) -> Result<(), Error> {
        let room = self.alias_room(alias);
        // The register's devices are the same for all of a batch: what was noted once is not noted again.
        let order = !std::mem::replace(&mut room.ordered, true);
        let owners = evicts && !std::mem::replace(&mut room.evicts, true);
        if !order && !owners {
            return Ok(());
        }
        let key = self.key(Key::new(Relation::Alias, alias.as_str()));
        let mut witnessed = PlatformSet::NONE;
        for device in self.alias_carriers(alias)? {
            if owners {
                self.rely_on_owner(device)?;
            }
            // A batch rests on the version of every device that it looks at.
            let version = self.version(device)?.filter(|_| order && self.mode == Mode::Single);
            let Some(Working { base: Some(place), rebuilt: false, .. }) = self.working.get(device.0) else {
                continue;
            };
            let place = *place;
            // Whoever takes the alias off one device changes the device. Whoever drops it does not, but drops it from
            // all devices of a platform: one of them shows it.
            if order && !witnessed.contains(place.slot.platform) {
                self.settle(device, key, true)?;
                witnessed = witnessed.or(place.slot.platform.into());
            }
            self.unchanged.extend(version.map(|version| (place, version)));
        }
        Ok(())
    }

    fn alias_room(&mut self, alias: &Alias) -> &mut AliasRoom {
        let known = self.alias_room.iter().position(|room| room.alias == *alias);
        let at = known.unwrap_or_else(|| {
            let alias = alias.clone();
            self.alias_room.push(AliasRoom { alias, most: u64::MAX, ordered: false, evicts: false });
            self.alias_room.len() - 1
        });
        #[allow(clippy::indexing_slicing, reason = "found, or just made")]
        &mut self.alias_room[at]
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
        for platform in self.picture.platforms(key, PlatformSet::ALL)?.iter() {
            // One more than the draft looks at: at least one of them is as the register has it.
            let some = self.picture.posting(key, platform)?.chunk(0, self.working.len() + 1);
            let slots = some.into_iter().map(|ordinal| Slot { platform, ordinal });
            if let Some(slot) = slots.into_iter().find(|slot| self.index.at(&self.working, *slot).is_none())
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
        if self.owned_as_registered(device).is_some() {
            self.owner(device)?;
        }
        Ok(())
    }

    /// The device's user; the commit rests on it as [`Draft::rely_on_owner`] says.
    pub(crate) fn owner(&mut self, device: Handle) -> Result<UserId, Error> {
        let user = self.user(device)?;
        if let Some(place) = self.owned_as_registered(device) {
            self.witnesses.push((user.clone(), place));
        }
        Ok(user)
    }

    /// The device that fills this place, if it is there and was not seen since; never seen, it must have been registered
    /// before. The commit conflicts when it is seen by then.
    pub(crate) fn unseen_since(&mut self, place: Place, since: Timestamp) -> Result<Option<Handle>, Error> {
        if self.picture.is_condemned(place.slot) {
            return Ok(None);
        }
        let Some(stored) = self.stored(place.slot)?.filter(|stored| stored.place == place) else {
            return Ok(None);
        };
        if !self.picture.is_unseen_since(place.slot, stored.record.registered_at, since)? {
            return Ok(None);
        }
        self.unseen.push(place);
        self.unseen_since = since;
        Ok(Some(Handle(self.at(place))))
    }

    /// Where a device stands whose user is the one that the register has.
    fn owned_as_registered(&self, device: Handle) -> Option<Place> {
        let Working { base, user: None, rebuilt: false, .. } = self.working.get(device.0)? else {
            return None;
        };
        *base
    }

    /// Is the tag on the device, or off it, as it should be? The commit then rests on that, unless the draft itself made
    /// it so.
    pub(crate) fn is_already(&mut self, device: Handle, tag: KeyId, present: bool) -> Result<bool, Error> {
        if self.has_tag(device, tag)? != present {
            return Ok(false);
        }
        if let Some(working) = self.working.get(device.0)
            && let Working { base: Some(place), rebuilt: false, tags_cleared: false, .. } = working
            && working.tag_change(tag).is_none()
            && let Some(name) = self.keys.get(tag)
            && !self.is_dropped(name, place.slot.platform)
        {
            self.settled.push((tag, present, *place));
        }
        Ok(true)
    }

    /// Notes that a device takes these tags, and its alias and user, along to another slot. Keys are dropped, and users
    /// condemned, without a change of the devices: what is gone by then must not come back with the move.
    pub(super) fn rely_on_keys(&mut self, device: Handle, tags: &[Box<str>]) -> Result<(), Error> {
        if let Some(Working { base: Some(place), rebuilt: false, .. }) = self.working.get(device.0) {
            // The names were read from the same picture: that the device has them needs no further question.
            let (place, keys) = (*place, &mut self.keys);
            let settled = tags.iter().map(|tag| (keys.intern(Key::new(Relation::Tag, tag)), true, place));
            self.settled.extend(settled);
        }
        if self.working.get(device.0).is_some_and(|working| working.alias.is_none())
            && let Some(alias) = self.alias(device)?
        {
            let key = self.keys.intern(Key::new(Relation::Alias, alias.as_str()));
            self.settle(device, key, true)?;
        }
        self.rely_on_owner(device)
    }

    /// Notes that a device was found with, or without, the key, and that the commit rests on it. Where the draft itself
    /// made it so, the commit rests on what is written.
    pub(crate) fn settle(&mut self, device: Handle, key: KeyId, has: bool) -> Result<(), Error> {
        let Some(Working { base: Some(place), rebuilt: false, .. }) = self.working.get(device.0) else {
            return Ok(());
        };
        let (Some(name), place) = (self.keys.get(key), *place) else { return Ok(()) };
        if self.picture.raw().linked(place.slot, name).map_err(Error::store("read a link"))? == has {
            self.settled.push((key, has, place));
        }
        Ok(())
    }
}
