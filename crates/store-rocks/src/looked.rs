//! The state of a view, with a cache of the records that it has read. The cache lives as long as the view: a caller
//! that finds a device usually reads its keys next, and one that reads where a key has devices usually counts them
//! next.

use crate::bytes::{Decoded, Malformed};
use crate::error;
use crate::families::Family;
use crate::keys::{self, KeyBuf};
use crate::newest::Picture;
use crate::numbers::Numbers;
use crate::open::RocksStore;
use crate::reads::{Bytes, Reads};
use crate::values::{self, Devices, Header, Holds, Home, find_home};
use rollbook::store::{Key, Place, Relation, Slot, StoreError};
use rollbook::{AppId, DeviceId, Platform, Version};
use smallvec::SmallVec;
use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering::SeqCst;

/// How many key numbers are looked up at once.
const AT_ONCE: usize = 128;

/// How many names are cached: more than most audiences have.
const MOST_NAMES: usize = 32;

/// A view of one version of one app.
///
/// ```
/// use rollbook::store::{Store, View, WriteSet};
/// use rollbook::{AppId, Version};
/// use rollbook_store_rocks::{RocksOptions, RocksStore};
/// # let directory = tempfile::tempdir()?;
/// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
/// let before = store.view(AppId(1))?;
/// store.commit(AppId(1), &WriteSet::default())?;
/// assert_eq!((before.version(), store.view(AppId(1))?.version()), (Version(0), Version(1)));
/// # drop(before);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RocksView<'a> {
    pub(crate) picture: Picture,
    /// Read on first use: the picture has what most reads need.
    header: Cell<Option<Header>>,
    /// The device that was read last.
    device: RefCell<Option<Device<'a>>>,
    /// The key of the device that was last looked for and not found: a caller that creates a device looks for it
    /// twice.
    absent: RefCell<Option<KeyBuf>>,
    /// The names that were looked up, also those without a record.
    names: RefCell<SmallVec<[Name<'a>; 2]>>,
    numbers: &'a Numbers,
    /// The version at which a tag of the app last ended, for looking up cached tag numbers.
    ended: Version,
    pub(crate) reads: Reads<'a>,
}

/// The record of a device.
struct Device<'a> {
    slot: Slot,
    key: KeyBuf,
    value: Bytes<'a>,
}

/// The record of a name.
struct Name<'a> {
    key: KeyBuf,
    value: Option<Bytes<'a>>,
}

impl std::fmt::Debug for RocksView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksView").field("app", &self.reads.app).field("picture", &self.picture).finish()
    }
}

impl<'a> RocksView<'a> {
    pub(crate) fn new(store: &'a RocksStore, app: AppId) -> Result<Self, StoreError> {
        let state = store.apps.get(app);
        if state.newest.is_new() {
            store.look(app, &state)?;
        }
        let newest = state.newest.read();
        let reads = Reads::at_once(&store.db, app);
        let header = Cell::new(None);
        let picture = match newest.filter(|(turn, _)| state.newest.is_still(*turn)) {
            Some((_, picture)) => picture,
            None => {
                let stored = reads.header()?.unwrap_or_default();
                header.set(Some(stored));
                Picture::new(&stored, true)
            }
        };
        // Must be loaded after taking the snapshot: a writer publishes `ended` before its commit becomes visible, so
        // the value covers every commit in the snapshot.
        let ended = Version(state.ended.load(SeqCst));
        let (device, absent, names) = (RefCell::default(), RefCell::default(), RefCell::default());
        Ok(RocksView { picture, header, device, absent, names, numbers: &store.numbers, ended, reads })
    }

    pub(crate) fn header(&self) -> Result<Header, StoreError> {
        if let Some(header) = self.header.get() {
            return Ok(header);
        }
        let header = self.reads.header()?.unwrap_or_default();
        self.header.set(Some(header));
        Ok(header)
    }

    /// Returns where the device of an id stands.
    pub(crate) fn place(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        let key = keys::device(self.reads.app, id.as_str());
        if self.absent.borrow().as_ref() == Some(&key) {
            return Ok(None);
        }
        let Some(value) = self.reads.get(Family::Device, &key)? else {
            *self.absent.borrow_mut() = Some(key);
            return Ok(None);
        };
        let place = Holds::decode(&value).map_err(error::malformed(Family::Device, &key))?.place;
        *self.device.borrow_mut() = Some(Device { slot: place.slot, key, value });
        Ok(Some(place))
    }

    /// Evaluates `question` on the record of the device that fills a slot. Returns `None` if the slot is empty.
    pub(crate) fn ask<T>(
        &self,
        slot: Slot,
        question: impl FnOnce(Holds<'_>) -> Decoded<T>,
    ) -> Result<Option<T>, StoreError> {
        let mut last = self.device.borrow_mut();
        if last.as_ref().is_none_or(|looked| looked.slot != slot) {
            let Some((id, value)) = self.reads.device_bytes(slot)? else { return Ok(None) };
            *last = Some(Device { slot, key: keys::device(self.reads.app, id.as_str()), value });
        }
        let Some(Device { key, value, .. }) = &*last else { return Ok(None) };
        let answer = Holds::decode(value).and_then(|holds| {
            if holds.place.slot != slot {
                return Err(Malformed("a device in a slot that names another"));
            }
            question(holds)
        });
        answer.map(Some).map_err(error::malformed(Family::Device, key))
    }

    /// Evaluates `question` on the record of a name. Returns `None` if there is none.
    pub(crate) fn name<T>(
        &self,
        of: Key<'_>,
        question: impl FnOnce(&[u8]) -> Decoded<T>,
    ) -> Result<Option<T>, StoreError> {
        let key = keys::name(self.reads.app, of.relation, of.name);
        let mut names = self.names.borrow_mut();
        let at = match names.iter().position(|name| name.key == key) {
            Some(at) => at,
            None => {
                let value = self.reads.get(Family::Name, &key)?;
                // Clearing everything is enough: a name that is still used is read once more.
                if names.len() == MOST_NAMES {
                    names.clear();
                }
                names.push(Name { key, value });
                names.len() - 1
            }
        };
        let Some(Name { key, value: Some(value) }) = names.get(at) else { return Ok(None) };
        question(value).map(Some).map_err(error::malformed(Family::Name, key))
    }

    /// Returns the home of a key on one platform.
    pub(crate) fn home(&self, of: Key<'_>, platform: Platform) -> Result<Option<Home>, StoreError> {
        Ok(self.name(of, |value| find_home(value, platform))?.flatten())
    }

    /// Returns whether the device that fills a slot holds a key.
    pub(crate) fn holds(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        let (app, platform, version) = (self.reads.app, slot.platform, self.picture.version);
        let popular = key.relation == Relation::Tag;
        let known = || self.numbers.get(app, platform, key.name, self.ended, version);
        let number = match popular.then(known).flatten() {
            Some(number) => number,
            None => match self.home(key, platform)? {
                None => return Ok(false),
                // A key of few devices has their ordinals in its own record, so the device need not be read.
                Some(Home { devices: Devices::Few(few), .. }) => return Ok(few.contains(&slot.ordinal)),
                Some(Home { number, .. }) => {
                    if popular {
                        self.numbers.put(app, platform, key.name, number, version);
                    }
                    number
                }
            },
        };
        Ok(self.ask(slot, |holds| holds.holds(key.relation, number))?.unwrap_or(false))
    }

    /// Calls `each` with the names of those key numbers that are not dead.
    pub(crate) fn each_name(
        &self,
        numbers: &[u64],
        relation: Relation,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        for numbers in numbers.chunks(AT_ONCE) {
            let asked: Vec<KeyBuf> = numbers.iter().map(|&n| keys::number(self.reads.app, n)).collect();
            let found = self.reads.get_many(Family::Number, &asked, true)?;
            for (key, value) in asked.iter().zip(found) {
                let Some(value) = value else { continue };
                let named = values::decode_number(&value).map_err(error::malformed(Family::Number, key))?;
                if named.0 == relation {
                    each(named.2);
                }
            }
        }
        Ok(())
    }

    /// Returns the key numbers that a device holds in a relation, dead ones included, and the version of the device.
    pub(crate) fn held(
        &self,
        slot: Slot,
        relation: Relation,
    ) -> Result<(SmallVec<[u64; 16]>, Version), StoreError> {
        let held = self.ask(slot, |holds| {
            let mut numbers = SmallVec::new();
            match relation {
                Relation::Tag => holds.each_tag(|tag| {
                    numbers.push(tag);
                    true
                })?,
                Relation::Alias => numbers.push(holds.alias),
                Relation::User | Relation::Deletion => numbers.push(holds.owner),
            }
            numbers.retain(|number| *number != 0);
            Ok((numbers, holds.version))
        })?;
        Ok(held.unwrap_or_default())
    }
}
