//! A draft: what one or several commits have decided, over what is stored, before any of it is written.
//!
//! Each commit reads through the draft, so that it sees the commits before it. [`Draft::keep`] or [`Draft::undo`]
//! ends a commit. The batch is made at the end, so a record that several commits change is written once.

use crate::error::contradiction;
use crate::overlay::Overlay;
use crate::reads::Reads;
use crate::recent::Recent;
use crate::values::{Device, Devices, Header, NameRecord};
use hashbrown::{HashMap, HashSet};
use roaring::RoaringBitmap;
use rollbook::store::{
    Committed, Conflicted, Entry, EntryKey, EventRecord, OwnedKey, Place, Relation, Slot, StoreError,
};
use rollbook::{DeviceId, EventPosition, Platform, Timestamp, UserId, Version};
use std::sync::Arc;

/// An event that a draft appended, or erased, or both.
#[derive(Debug, Clone)]
pub(crate) struct Logged {
    pub(crate) record: Arc<EventRecord>,
    pub(crate) stored: bool,
    pub(crate) erased: bool,
}

/// What the commits to one app that share a batch have decided.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) reads: &'a Reads<'a>,
    pub(crate) recent: &'a Recent,
    pub(crate) header: Header,
    header_before: Header,
    pub(crate) slots: Overlay<Slot, Option<Device>>,
    pub(crate) ids: Overlay<DeviceId, Option<Slot>>,
    pub(crate) names: Overlay<OwnedKey, NameRecord>,
    pub(crate) numbers: Overlay<u64, Option<(OwnedKey, Platform)>>,
    pub(crate) chunks: Overlay<(u64, u16), RoaringBitmap>,
    pub(crate) free: Overlay<(Platform, u64), Option<u32>>,
    pub(crate) dead: Overlay<u64, u64>,
    pub(crate) entries: Overlay<EntryKey, Option<(Entry, Version)>>,
    pub(crate) events: Overlay<EventPosition, Logged>,
    pub(crate) seen: Overlay<Slot, Option<(Version, Timestamp)>>,
    /// Whether a deletion may have gained or lost devices. Also set by a commit that was taken back.
    pub(crate) deletions_moved: bool,
    /// Whether a tag with chunks has ended on a platform. Also set by a commit that was taken back.
    pub(crate) tag_ended: bool,
    /// For each user that the present commit touched, how many devices it had before.
    users_before: HashMap<Box<str>, u64>,
    /// The slots whose devices lost their dead key numbers since the last drop of the present commit.
    pub(crate) swept: HashSet<Slot>,
}

/// Calls the same method on every overlay.
macro_rules! overlays {
    ($draft:ident . $method:ident ( $($argument:expr)? )) => {
        $draft.slots.$method($($argument)?);
        $draft.ids.$method($($argument)?);
        $draft.names.$method($($argument)?);
        $draft.numbers.$method($($argument)?);
        $draft.chunks.$method($($argument)?);
        $draft.free.$method($($argument)?);
        $draft.dead.$method($($argument)?);
        $draft.entries.$method($($argument)?);
        $draft.events.$method($($argument)?);
        $draft.seen.$method($($argument)?);
    };
}

fn stored_name(reads: &Reads<'_>, recent: &Recent, key: &OwnedKey) -> Result<NameRecord, StoreError> {
    match recent.take_name(reads.app, key) {
        Some(record) => Ok(record),
        None => Ok(reads.name(key.as_key())?.unwrap_or_default()),
    }
}

pub(crate) fn conflict<T>(what: Conflicted) -> Result<T, StoreError> {
    Err(StoreError::conflict(what))
}

impl<'a> Draft<'a> {
    pub(crate) fn new(reads: &'a Reads<'a>, recent: &'a Recent, header: Header) -> Self {
        Draft {
            reads,
            recent,
            header,
            header_before: header,
            slots: Overlay::default(),
            ids: Overlay::default(),
            names: Overlay::default(),
            numbers: Overlay::default(),
            chunks: Overlay::default(),
            free: Overlay::default(),
            dead: Overlay::default(),
            entries: Overlay::default(),
            events: Overlay::default(),
            seen: Overlay::default(),
            deletions_moved: false,
            tag_ended: false,
            users_before: HashMap::new(),
            swept: HashSet::new(),
        }
    }

    /// Begins a commit; it can be taken back only if it is `undoable`.
    pub(crate) fn begin(&mut self, undoable: bool) {
        self.header_before = self.header;
        self.users_before.clear();
        self.swept.clear();
        overlays!(self.begin(undoable));
    }

    /// Makes room for what `new` new devices usually bring: an alias and a user each.
    pub(crate) fn expect(&mut self, new: usize) {
        self.slots.reserve(new);
        self.ids.reserve(new);
        self.names.reserve(2 * new);
        self.numbers.reserve(2 * new);
        self.chunks.reserve(new);
    }

    /// Ends the present commit, and completes what is reported of it.
    pub(crate) fn keep(&mut self, done: &mut Committed) -> Result<(), StoreError> {
        for (user, before) in &self.users_before {
            let key = OwnedKey { relation: Relation::User, name: user.clone() };
            let after = self.names.get(&key).map_or(0, NameRecord::len);
            if *before > 0 && after == 0 {
                let id = UserId::new(&**user).map_err(|_| StoreError::corrupt("the name of a user"))?;
                done.vanished_users.push(id);
            }
        }
        done.vanished_users.sort_unstable();
        overlays!(self.keep());
        Ok(())
    }

    /// Takes the present commit back.
    pub(crate) fn undo(&mut self) {
        self.header = self.header_before;
        overlays!(self.undo());
    }

    /// Loads the device of a slot, if the slot was not loaded yet.
    fn load_slot(&mut self, slot: Slot) -> Result<(), StoreError> {
        if self.slots.has(&slot) {
            return Ok(());
        }
        let Some((filled, id)) = self.reads.slot(slot)? else {
            self.slots.load(slot, None);
            return Ok(());
        };
        match self.reads.device(&id)? {
            Some(device) if device.place == (Place { slot, filled }) => {
                self.ids.load(id, Some(slot));
                self.slots.load(slot, Some(device));
                Ok(())
            }
            _ => contradiction("a slot that names a device which does not fill it"),
        }
    }

    /// Returns the slot of the device with an id.
    pub(crate) fn find(&mut self, id: &DeviceId) -> Result<Option<Slot>, StoreError> {
        if let Some(found) = self.ids.get(id) {
            return Ok(*found);
        }
        let Some(device) = self.reads.device(id)? else {
            self.ids.load(id.clone(), None);
            return Ok(None);
        };
        let slot = device.place.slot;
        if self.slots.has(&slot) {
            return contradiction("two devices in one slot");
        }
        self.ids.load(id.clone(), Some(slot));
        self.slots.load(slot, Some(device));
        Ok(Some(slot))
    }

    /// Returns the device that fills a place. Fails with a conflict if there is none.
    pub(crate) fn filled(&mut self, place: Place) -> Result<&Device, StoreError> {
        self.load_slot(place.slot)?;
        let device = self.slots.get(&place.slot).and_then(Option::as_ref);
        device.filter(|device| device.place == place).ok_or(StoreError::conflict(Conflicted::DeviceGone))
    }

    /// Returns the device of a slot that must be filled, to be changed.
    pub(crate) fn device_mut(&mut self, slot: Slot) -> Result<&mut Device, StoreError> {
        self.load_slot(slot)?;
        let device = self.slots.change(&slot).and_then(Option::as_mut);
        device.ok_or_else(|| StoreError::corrupt("a posting that names an empty slot"))
    }

    /// Gives the device of a place the version of this commit, and removes its dead key numbers.
    pub(crate) fn change(&mut self, place: Place) -> Result<(), StoreError> {
        let (now, last_drop) = (self.header.version, self.header.last_drop);
        let swept = self.swept.contains(&place.slot);
        let device = self.filled(place)?;
        // A key that this commit dropped may still be among the keys of the device, unless the device was swept
        // since.
        if device.version > last_drop || (device.version == now && swept) {
            // No key has died since the last write of the device.
            if device.version != now {
                self.device_mut(place.slot)?.version = now;
            }
            return Ok(());
        }
        let (alias, owner, tags) = (device.alias, device.owner, device.tags.iter().collect());
        self.swept.insert(place.slot);
        let tags = self.live(tags)?.into();
        let alias = self.live(vec![alias])?.pop().unwrap_or(0);
        let owner = self.live(vec![owner])?.pop().unwrap_or(0);
        let device = self.device_mut(place.slot)?;
        (device.version, device.alias, device.owner, device.tags) = (now, alias, owner, tags);
        Ok(())
    }

    /// Returns those of the numbers that are not dead.
    fn live(&mut self, mut numbers: Vec<u64>) -> Result<Vec<u64>, StoreError> {
        let mut failed = None;
        numbers.retain(|&number| match self.number(number) {
            Ok(found) => found.is_some(),
            Err(error) => {
                failed = Some(error);
                true
            }
        });
        failed.map_or(Ok(numbers), Err)
    }

    /// Returns how many tags a device carries if they are fewer than `enough`, and otherwise some number that is at
    /// least `enough`.
    pub(crate) fn has_tags(&mut self, place: Place, enough: usize) -> Result<usize, StoreError> {
        let last_drop = self.header.last_drop;
        let device = self.filled(place)?;
        // ||Dead numbers only make the list longer: a list shorter than `enough` needs no look-up of any number.
        if device.tags.len() < enough || device.version > last_drop {
            return Ok(device.tags.len());
        }
        let tags = device.tags.iter().collect();
        Ok(self.live(tags)?.len())
    }

    /// Returns what a number stands for, or `None` if it is dead.
    pub(crate) fn number(&mut self, number: u64) -> Result<Option<&(OwnedKey, Platform)>, StoreError> {
        if number == 0 {
            return Ok(None);
        }
        Ok(self.numbers.read(&number, || self.reads.number(number))?.as_ref())
    }

    pub(crate) fn name(&mut self, key: &OwnedKey) -> Result<&NameRecord, StoreError> {
        self.names.read(key, || stored_name(self.reads, self.recent, key))
    }

    pub(crate) fn name_mut(&mut self, key: &OwnedKey) -> Result<&mut NameRecord, StoreError> {
        if key.relation == Relation::User && !self.users_before.contains_key(&key.name) {
            let devices = self.name(key)?.len();
            self.users_before.insert(key.name.clone(), devices);
        }
        self.deletions_moved |= key.relation == Relation::Deletion;
        self.names.edit(key, || stored_name(self.reads, self.recent, key))
    }

    pub(crate) fn chunk_mut(&mut self, number: u64, ordinal: u32) -> Result<&mut RoaringBitmap, StoreError> {
        let key = (number, (ordinal >> 16) as u16);
        let (reads, recent) = (self.reads, self.recent);
        self.chunks.edit(&key, || match recent.take_chunk(reads.app, number, key.1) {
            Some(ordinals) => Ok(ordinals),
            None => Ok(reads.chunk(number, key.1)?.unwrap_or_default()),
        })
    }

    /// Ends the draft after it was written. What it holds is what is stored now, so it is kept decoded for the next
    /// one.
    pub(crate) fn leave(self) {
        let Draft { reads, recent, chunks, names, numbers, .. } = self;
        let live = |number: u64| !matches!(numbers.get(&number), Some(None));
        recent.put_chunks(
            reads.app,
            chunks.into_cells().filter(|((number, _), ordinals)| live(*number) && !ordinals.is_empty()),
        );
        let has_chunks =
            |record: &NameRecord| record.homes.iter().any(|home| matches!(home.devices, Devices::Chunked(_)));
        recent.put_names(reads.app, names.into_cells().filter(|(_, record)| has_chunks(record)));
    }

    pub(crate) fn entry(&mut self, key: &EntryKey) -> Result<Option<&(Entry, Version)>, StoreError> {
        Ok(self.entries.read(key, || self.reads.entry(key))?.as_ref())
    }
}
