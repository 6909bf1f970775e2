//! Keys as the draft has them: which devices carry them, and keys dropped as a whole.

use super::overlay::Working;
use super::{Draft, Handle, KeyId, KeyIds};
use crate::error::Error;
use crate::model::{Alias, Platform, PlatformSet, TagName};
use crate::store::{Key, Relation, Slot, View};

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
        for platform in self.picture.platforms(key, platforms)?.iter() {
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
            let has = match self.working.get(n) {
                Some(Working { exists: true, alias: Some(given), .. }) => given.as_ref() == Some(alias),
                Some(Working { exists: true, .. }) => self.alias(Handle(n))?.as_ref() == Some(alias),
                _ => false,
            };
            now = now + u64::from(has) - u64::from(had);
        }
        if !self.picture.has_condemned() && self.dropped.is_empty() && self.working.is_empty() {
            return Ok(AliasCount { now, stored: now });
        }
        let mut stored = 0;
        for platform in self.picture.platforms(key, PlatformSet::ALL)?.iter() {
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
    pub(super) fn look_at_all(&mut self, key: Key<'_>) -> Result<(), Error> {
        let mut slots = Vec::new();
        for platform in self.picture.platforms(key, PlatformSet::ALL)?.iter() {
            self.picture.posting(key, platform)?.for_each(|ordinal| slots.push(Slot { platform, ordinal }));
        }
        for slot in slots {
            if let Some(stored) = self.stored(slot)? {
                self.at(stored.place);
            }
        }
        Ok(())
    }

    /// The draft's number for a key.
    pub(crate) fn key(&mut self, key: Key<'_>) -> KeyId {
        self.keys.intern(key)
    }

    /// The draft's numbers for the tags of a list, each once, in their order.
    pub(crate) fn tags(&mut self, tags: &[TagName]) -> KeyIds {
        let mut numbers = KeyIds::with_capacity(tags.len());
        self.keys.reserve(tags.len());
        for tag in tags {
            let number = self.key(Key::new(Relation::Tag, tag.as_str()));
            if !numbers.contains(&number) {
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
            None => match self.keys.get(tag) {
                Some(tag) => self.had_in_register(device, tag),
                None => Ok(false),
            },
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
