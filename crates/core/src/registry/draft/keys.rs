//! Keys as the draft has them: which devices carry them, and keys dropped as a whole.

use super::intern::FEW;
use super::overlay::Working;
use super::{Draft, Handle, KeyId, KeyIds};
use crate::error::Error;
use crate::model::{Alias, DeviceId, Platform, PlatformSet, TagName, UserId};
use crate::store::{Key, Place, Relation, Slot, View};
use hashbrown::HashSet;

/// How many devices an alias names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AliasCount {
    /// In the draft.
    pub(crate) now: u64,
    /// In the register as the store counts it, devices that wait for removal included.
    pub(crate) stored: u64,
}

impl<V: View> Draft<'_, V> {
    /// Has the key been dropped from the devices that stand on this platform in the register?
    pub(super) fn is_dropped(&self, key: Key<'_>, platform: Platform) -> bool {
        self.dropped.iter().any(|(dropped, on)| on.contains(platform) && dropped.as_key() == key)
    }

    /// A tag or alias is taken from every device of some platforms.
    pub(crate) fn drop_key(&mut self, key: Key<'_>, platforms: PlatformSet) -> Result<(), Error> {
        for n in 0..self.working.len() {
            self.forget_key(Handle(n), key, platforms);
        }
        // All of the platforms asked for, not only those on which there is something now: a device may move meanwhile.
        // Dropping nothing writes nothing.
        if self.picture.cardinality(key, platforms)? > 0 {
            match self.dropped.iter_mut().find(|(dropped, _)| dropped.as_key() == key) {
                Some((_, on)) => *on = on.or(platforms),
                None => self.dropped.push((key.to_owned(), platforms)),
            }
        }
        Ok(())
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
        let in_register = self.picture.cardinality(key, kept)?;
        let mut now = in_register;
        let mut carriers: Option<Vec<Slot>> = None;
        for (n, working) in self.working.iter().enumerate() {
            if working.exists && working.alias.is_none() {
                // It is as the register has it, and counted.
                continue;
            }
            let had = match working.base {
                // In a batch this is asked for each alias of each device: so the carriers, who are few, are read once,
                // and not every device of the draft each time.
                Some(place) if in_register <= self.working.len() as u64 => {
                    if carriers.is_none() {
                        carriers = Some(self.carriers(key, kept)?);
                    }
                    carriers.as_ref().is_some_and(|slots| slots.binary_search(&place.slot).is_ok())
                }
                Some(_) => self.had_in_register(Handle(n), key)?,
                None => false,
            };
            let has = working.exists && working.alias.as_ref().is_some_and(|own| own.as_ref() == Some(alias));
            now = now + u64::from(has) - u64::from(had);
        }
        if !self.picture.has_condemned() && self.dropped.is_empty() && self.working.is_empty() {
            return Ok(AliasCount { now, stored: now });
        }
        let stored = self.picture.raw().cardinality(key, PlatformSet::ALL);
        let stored = stored.map_err(Error::store("count the devices of an alias"))?;
        Ok(AliasCount { now, stored })
    }

    /// The devices that carry the alias in the draft.
    pub(crate) fn alias_carriers(&mut self, alias: &Alias) -> Result<Vec<Handle>, Error> {
        let key = Key::new(Relation::Alias, alias.as_str());
        let in_register = self.look_at_all(key)?;
        let carries = |working: &Working| match (&working.alias, working.base) {
            (Some(own), _) => own.as_ref() == Some(alias),
            (None, Some(Place { slot, .. })) => {
                in_register.binary_search(&slot).is_ok() && !self.is_dropped(key, slot.platform)
            }
            (None, None) => false,
        };
        let all = self.working.iter().enumerate();
        Ok(all.filter(|(_, working)| working.exists && carries(working)).map(|(n, _)| Handle(n)).collect())
    }

    /// The devices of the user in the draft. The commit conflicts when the register has another one by then.
    pub(crate) fn devices_of(&mut self, user: &UserId) -> Result<Vec<(Handle, DeviceId)>, Error> {
        let key = Key::new(Relation::User, user.as_str());
        let in_register = self.look_at_all(key)?.len() as u64;
        if self.users_at_most.iter().all(|(known, _)| known != user) {
            self.users_at_most.push((user.clone(), in_register));
        }
        let mut theirs = Vec::new();
        for n in 0..self.working.len() {
            if self.working.get(n).is_some_and(|working| working.exists)
                && self.user(Handle(n))? == *user
                && let Some(record) = self.record(Handle(n))?
            {
                theirs.push((Handle(n), record.id.clone()));
            }
        }
        Ok(theirs)
    }

    /// Takes every device of the key in the register into the draft; the slots where they stand, ascending.
    pub(super) fn look_at_all(&mut self, key: Key<'_>) -> Result<Vec<Slot>, Error> {
        let slots = self.carriers(key, PlatformSet::ALL)?;
        for &slot in &slots {
            if self.index.at(&self.working, slot).is_none()
                && let Some(stored) = self.stored(slot)?
            {
                let n = self.at(stored.place);
                if let Some(working) = self.working.get_mut(n) {
                    working.take_in(stored);
                }
            }
        }
        Ok(slots)
    }

    /// The slots of the devices of the key in the register, ascending.
    fn carriers(&self, key: Key<'_>, among: PlatformSet) -> Result<Vec<Slot>, Error> {
        let mut slots = Vec::new();
        for platform in self.picture.platforms(key, among)?.iter() {
            self.picture.posting(key, platform)?.for_each(|ordinal| slots.push(Slot { platform, ordinal }));
        }
        slots.sort_unstable();
        Ok(slots)
    }

    /// The draft's number for a key.
    pub(crate) fn key(&mut self, key: Key<'_>) -> KeyId {
        self.keys.intern(key)
    }

    /// The draft's numbers for the tags of a list, each once, in their order.
    pub(crate) fn tags(&mut self, tags: &[TagName]) -> KeyIds {
        let mut numbers = KeyIds::with_capacity(tags.len());
        self.keys.reserve(tags.len());
        // The numbers of a long list are told apart by hash.
        let mut seen = HashSet::new();
        for tag in tags {
            let number = self.key(Key::new(Relation::Tag, tag.as_str()));
            let is_new = if tags.len() > FEW { seen.insert(number) } else { !numbers.contains(&number) };
            if is_new {
                numbers.push(number);
            }
        }
        numbers
    }

    /// Is this tag on the device in the draft?
    pub(crate) fn has_tag(&self, device: Handle, tag: KeyId) -> Result<bool, Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(false) };
        match working.tag_change(tag) {
            Some(present) => Ok(present),
            None if working.tags_cleared || working.rebuilt => Ok(false),
            None => self.had_tag_in_register(device, tag),
        }
    }

    /// Has the device the key in the register, drops of this draft taken into account?
    pub(super) fn had_in_register(&self, device: Handle, key: Key<'_>) -> Result<bool, Error> {
        let Some(place) = self.working.get(device.0).and_then(|w| w.base) else { return Ok(false) };
        if self.is_dropped(key, place.slot.platform) {
            return Ok(false);
        }
        self.picture.raw().linked(place.slot, key).map_err(Error::store("read a link"))
    }
}
