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

mod changes;
mod emit;
mod history;
mod index;
mod intern;
mod keys;
mod overlay;
mod reliance;

use super::plan_error::PlanError;
use crate::error::{Error, Subject};
use crate::model::{
    Alias, AppRecord, DeviceId, EventType, OnUserChange, Platform, PlatformSet, Timestamp, UserId, Version,
};
use crate::picture::Picture;
use crate::store::{EventRecord, OwnedKey, Place, Slot, StoredDevice, View};
use index::Index;
use intern::Interned;
pub(crate) use intern::{KeyId, KeyIds, KeySet};
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
    /// The keys that changes of devices name.
    keys: Interned,
    /// Which of them is meant.
    index: Index,
    /// Keys dropped from all devices of some platforms, in the register as it is; each key once.
    dropped: SmallVec<[(OwnedKey, PlatformSet); 1]>,
    /// Links that were found as they should be, by key, and whether the device has it.
    settled: Vec<(KeyId, bool, Place)>,
    /// Devices that the plan rests on without changing them.
    unchanged: Vec<(Place, Version)>,
    /// Events and deletions, in the order of the operations.
    history: SmallVec<[Happening; 1]>,
    declared: Vec<EventType>,
    alias_room: SmallVec<[AliasRoom; 1]>,
    /// Users all of whose devices were looked at, with how many the register may hold.
    users_at_most: SmallVec<[(UserId, u64); 1]>,
    /// Devices that were seen now, of those that stand in the register.
    seen: SmallVec<[Place; 1]>,
    /// Devices that must not have been seen since, and since when.
    unseen: SmallVec<[Place; 1]>,
    unseen_since: Timestamp,
    /// Users that an event's acceptance rests on, and a device that shows each.
    witnesses: SmallVec<[(UserId, Place); 1]>,
}

/// A deletion of a user that the commit of a draft begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// The number of the deletion.
    pub(crate) number: u64,
    /// Its place among the deletions of the draft, which is that of its devices in
    /// [`Committed::condemned`](crate::store::Committed::condemned).
    pub(crate) nth: usize,
    /// How many devices operations of the draft before it take from the user. In the write set they come after it, so
    /// that the commit counts these devices, too.
    pub(crate) left: u64,
}

/// What the draft rests on of an alias.
#[derive(Debug)]
struct AliasRoom {
    alias: Alias,
    /// The most devices of it that the register may hold.
    most: u64,
    /// It rests on the order in which they were bound.
    ordered: bool,
    /// It takes the alias off some of them.
    evicts: bool,
}

/// What goes into the write set in the order it was planned.
#[derive(Debug)]
enum Happening {
    Posted(Box<EventRecord>),
    /// The devices go for good, or to their anonymous users.
    Condemned {
        user: UserId,
        deletion: u64,
        signs_out: Option<OnUserChange>,
    },
}

impl<'a, V: View> Draft<'a, V> {
    pub(crate) fn new(picture: &'a Picture<V>, app: &'a AppRecord, now: Timestamp, mode: Mode) -> Self {
        Draft {
            picture,
            app,
            now,
            mode,
            working: Vec::new(),
            keys: Interned::default(),
            index: Index::default(),
            dropped: SmallVec::new(),
            settled: Vec::new(),
            unchanged: Vec::new(),
            history: SmallVec::new(),
            declared: Vec::new(),
            alias_room: SmallVec::new(),
            users_at_most: SmallVec::new(),
            seen: SmallVec::new(),
            unseen: SmallVec::new(),
            unseen_since: Timestamp::MIN,
            witnesses: SmallVec::new(),
        }
    }

    /// Is it of one operation?
    pub(crate) fn is_single(&self) -> bool {
        self.mode == Mode::Single
    }

    /// How many devices the draft looks at.
    pub(crate) fn len(&self) -> usize {
        self.working.len()
    }

    /// The device of this id, if it exists in the draft.
    pub(crate) fn find(&mut self, id: &DeviceId) -> Result<Option<Handle>, Error> {
        if let Some(n) = self.index.new_of(&self.working, id) {
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
        self.index.at(&self.working, place.slot).unwrap_or_else(|| self.add(Working::of(place)))
    }

    fn add(&mut self, working: Working) -> usize {
        self.working.push(working);
        self.index.add(&self.working);
        self.working.len() - 1
    }

    /// A new device. An id whose former device waits for removal is an obstacle that the caller clears first.
    pub(crate) fn create(&mut self, id: &DeviceId, platform: Platform) -> Result<Handle, PlanError> {
        if let Some(n) = self.index.new_of(&self.working, id) {
            if let Some(working) = self.working.get_mut(n) {
                working.recreate(id, platform, self.now);
            }
            return Ok(Handle(n));
        }
        let found = self.picture.raw().find(id).map_err(Error::store("find a device"))?;
        let n = match found {
            None => self.add(Working::new(id, platform, self.now)),
            Some(place) if self.picture.is_condemned(place.slot) && self.mode != Mode::Dry => {
                return Err(PlanError::PendingDevice { id: id.clone() });
            }
            Some(place) => {
                let n = self.at(place);
                match self.working.get_mut(n) {
                    Some(working) if working.condemned => return Err(PlanError::deleted_in_batch(id)),
                    Some(working) => working.recreate(id, platform, self.now),
                    None => {}
                }
                n
            }
        };
        Ok(Handle(n))
    }

    /// The device that fills a slot in the register.
    pub(crate) fn stored(&self, slot: Slot) -> Result<Option<StoredDevice>, Error> {
        self.picture.raw().device(slot).map_err(Error::store("read a device"))
    }

    /// A device leaves the draft.
    pub(crate) fn remove(&mut self, device: Handle) {
        if let Some(working) = self.working.get_mut(device.0) {
            working.exists = false;
        }
    }
}
