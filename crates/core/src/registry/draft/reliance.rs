//! What the plan rests on beside the devices it changes: the commit checks it.

use super::overlay::Working;
use super::{Draft, Handle, KeyId, Mode};
use crate::error::Error;
use crate::model::{Alias, PlatformSet, Timestamp, UserId};
use crate::store::{Key, Place, Relation, Slot, View};

impl<V: View> Draft<'_, V> {
    /// The commit conflicts when the register holds more than `most` devices of the alias by then. Is it the first time
    /// that the draft rests on this?
    pub(crate) fn rely_on_alias_room(&mut self, alias: &Alias, most: u64) -> bool {
        match self.alias_room.iter_mut().find(|(known, _)| known == alias) {
            Some((_, known)) => {
                *known = most.min(*known);
                false
            }
            None => {
                self.alias_room.push((alias.clone(), most));
                true
            }
        }
    }

    /// The commit conflicts when one of the alias's devices has lost it, or was changed in any way, by then: one that
    /// lost it and got it back is not as old as it was.
    pub(crate) fn rely_on_alias_order(&mut self, alias: &Alias) -> Result<(), Error> {
        let key = self.key(Key::new(Relation::Alias, alias.as_str()));
        for device in self.alias_carriers(alias)? {
            self.settle(device, key, true)?;
            // A batch rests on the version of every device that it looks at.
            let version = self.version(device)?.filter(|_| self.mode == Mode::Single);
            if let Some(Working { base: Some(place), rebuilt: false, .. }) = self.working.get(device.0)
                && let Some(version) = version
            {
                self.unchanged.push((*place, version));
            }
        }
        Ok(())
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
        for tag in tags {
            let key = self.keys.intern(Key::new(Relation::Tag, tag));
            self.settle(device, key, true)?;
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
