//! Validation of operations before the first of them is applied, so that applying cannot fail half way.
//!
//! Whether an operation can fail depends on places and ids alone, so validation keeps track only of those that
//! earlier operations of the set have changed.

use crate::devices::Devices;
use crate::state::AppState;
use hashbrown::HashMap;
use rollbook::store::{Conflicted, EntryKey, Operation, Place, Relation, Slot, StoreError};
use rollbook::{DeviceId, Platform, Version};
use smallvec::SmallVec;

/// Fails if any of the operations would not apply.
pub(crate) fn rehearse(
    state: &AppState,
    operations: &[Operation],
    version: Version,
) -> Result<(), StoreError> {
    let mut rehearsal = Rehearsal {
        devices: &state.devices,
        version,
        places: HashMap::new(),
        ids: HashMap::new(),
        shelves: SmallVec::new(),
        deletions: SmallVec::new(),
        removes: operations.iter().any(|operation| matches!(operation, Operation::Remove { .. })),
        names: operations.iter().any(names_places),
        inserts: operations
            .iter()
            .filter(|operation| matches!(operation, Operation::Insert { .. }))
            .nth(1)
            .is_some(),
    };
    let mut rows = NewRows::default();
    for (position, operation) in operations.iter().enumerate() {
        // No later operation depends on what the last one changes, so that need not be noted.
        let is_last = position + 1 == operations.len();
        match operation {
            Operation::Insert { platform, record, keys, .. } => {
                rehearsal.insert(*platform, &record.id, is_last)?;
                keys.iter().for_each(|key| *rows.of(key.relation) += 1);
            }
            Operation::Put { device, record } => rehearsal.put(*device, &record.id)?,
            Operation::Remove { device } => rehearsal.remove(*device, is_last)?,
            Operation::Link { key, devices } => {
                devices.iter().try_for_each(|&place| rehearsal.place(place))?;
                *rows.of(key.relation) += devices.len().min(Platform::COUNT) as u64;
            }
            Operation::Unlink { devices, .. } | Operation::Touch { devices, .. } => {
                devices.iter().try_for_each(|&place| rehearsal.place(place))?
            }
            Operation::Condemn { deletion, .. } => rehearsal.begin(state, *deletion)?,
            Operation::PutEntry { entry } => rehearsal.entry(&entry.key(), true),
            Operation::RemoveEntry { key } => rehearsal.entry(key, false),
            Operation::Drop { .. }
            | Operation::Append { .. }
            | Operation::EraseEvents { .. }
            | Operation::TrimLog { .. }
            | Operation::Seal => {}
        }
    }
    let NewRows { tags, aliases, owners } = rows;
    for (rows, keys) in [(tags, &state.tags), (aliases, &state.aliases), (owners, &state.owners)] {
        let limit = keys.rows_left();
        if rows > limit {
            return Err(StoreError::TooLarge { what: "new keys of a relation", limit, actual: rows });
        }
    }
    Ok(())
}

const fn names_places(operation: &Operation) -> bool {
    matches!(
        operation,
        Operation::Put { .. }
            | Operation::Remove { .. }
            | Operation::Link { .. }
            | Operation::Unlink { .. }
            | Operation::Touch { .. }
    )
}

/// The most rows that the set can make of each relation.
#[derive(Default)]
struct NewRows {
    tags: u64,
    aliases: u64,
    owners: u64,
}

impl NewRows {
    fn of(&mut self, relation: Relation) -> &mut u64 {
        match relation {
            Relation::Tag => &mut self.tags,
            Relation::Alias => &mut self.aliases,
            Relation::User | Relation::Deletion => &mut self.owners,
        }
    }
}

/// The slots of a platform as the inserts and removals of the set leave them.
struct Shelf {
    platform: Platform,
    /// Slots emptied by the set; the last is filled first.
    emptied: Vec<u32>,
    /// The slots that were vacant before, which are filled next; in the form of `Shelf::vacant` in `devices`.
    vacant: u32,
    /// The number of slots ever filled; new ones come last.
    len: u32,
}

struct Rehearsal<'a> {
    devices: &'a Devices,
    version: Version,
    /// The slots that the set changed: the version that filled each, and the id of its device.
    places: HashMap<Slot, Option<(Version, &'a str)>>,
    /// The ids that the set changed, and whether they exist.
    ids: HashMap<Box<str>, bool>,
    shelves: SmallVec<[Shelf; 1]>,
    /// The deletions whose entries the set changed, and whether they exist.
    deletions: SmallVec<[(u64, bool); 1]>,
    /// Whether the set names places. If not, they need no bookkeeping.
    names: bool,
    /// Whether the set removes devices.
    removes: bool,
    /// Whether the set inserts several devices. If not, and it removes none, ids need no bookkeeping.
    inserts: bool,
}

impl<'a> Rehearsal<'a> {
    fn entry(&mut self, key: &EntryKey, exists: bool) {
        if let EntryKey::Deletion(number) = key {
            self.deletions.push((*number, exists));
        }
    }

    fn begin(&mut self, state: &AppState, number: u64) -> Result<(), StoreError> {
        let key = EntryKey::Deletion(number);
        let changed = self.deletions.iter().rev().find(|(changed, _)| *changed == number);
        let exists =
            changed.map_or_else(|| state.entries(key.kind()).contains_key(&key), |(_, exists)| *exists);
        self.entry(&key, true);
        if exists { Err(StoreError::conflict(Conflicted::EntryChanged)) } else { Ok(()) }
    }

    fn place(&self, place: Place) -> Result<(), StoreError> {
        let fills = match self.places.get(&place.slot).filter(|_| !self.places.is_empty()) {
            Some(changed) => changed.is_some_and(|(filled, _)| filled == place.filled),
            None => self.devices.at_place(place).is_some(),
        };
        if fills { Ok(()) } else { Err(StoreError::conflict(Conflicted::DeviceGone)) }
    }

    fn with_id<R>(&self, slot: Slot, with: impl FnOnce(&str) -> R) -> Result<R, StoreError> {
        if let Some(Some((_, id))) = self.places.get(&slot) {
            return Ok(with(id));
        }
        let gone = || StoreError::conflict(Conflicted::DeviceGone);
        let (_, line) = self.devices.at_slot(slot).ok_or_else(gone)?;
        line.with_id(&self.devices.spills, with)
    }

    fn put(&self, place: Place, id: &DeviceId) -> Result<(), StoreError> {
        self.place(place)?;
        // Another id means another device, which does not fill the place.
        let same = self.with_id(place.slot, |held| held == id.as_str())?;
        if same { Ok(()) } else { Err(StoreError::conflict(Conflicted::DeviceGone)) }
    }

    fn shelf(&mut self, platform: Platform) -> Option<&mut Shelf> {
        let known = self.shelves.iter().position(|shelf| shelf.platform == platform);
        let at = known.unwrap_or_else(|| {
            let (vacant, len) =
                self.devices.shelf(platform).map_or((0, 0), |shelf| (shelf.vacant, shelf.len));
            self.shelves.push(Shelf { platform, emptied: Vec::new(), vacant, len });
            self.shelves.len() - 1
        });
        self.shelves.get_mut(at)
    }

    fn insert(&mut self, platform: Platform, id: &'a DeviceId, is_last: bool) -> Result<(), StoreError> {
        let id = id.as_str();
        let exists = self.ids.get(id).copied().unwrap_or_else(|| self.devices.find(id).is_some());
        if exists {
            return Err(StoreError::conflict(Conflicted::DeviceExists));
        }
        let (devices, version, first) = (self.devices, self.version, self.devices.first_ordinal());
        let Some(shelf) = self.shelf(platform) else { return Ok(()) };
        let (index, filled) = if let Some(index) = shelf.emptied.pop() {
            (index, version)
        } else if let Some(index) = shelf.vacant.checked_sub(1) {
            shelf.vacant = devices.vacant_under(Slot { platform, ordinal: first + index });
            (index, version)
        } else {
            let limit = most_devices(first);
            if u64::from(shelf.len) >= limit {
                let actual = limit + 1;
                return Err(StoreError::TooLarge { what: "the devices of a platform", limit, actual });
            }
            shelf.len += 1;
            (shelf.len - 1, Version(0))
        };
        self.lines_fit()?;
        let slot = Slot { platform, ordinal: first + index };
        if self.names && !is_last {
            self.places.insert(slot, Some((filled, id)));
        }
        if (self.removes || self.inserts) && !is_last {
            self.ids.insert(id.into(), true);
        }
        Ok(())
    }

    fn lines_fit(&self) -> Result<(), StoreError> {
        let limit = self.devices.chunks_left();
        let chunks = |len: u32| u64::from(len.div_ceil(1 << crate::chunked::CHUNK_BITS));
        let held = |platform| self.devices.shelf(platform).map_or(0, |shelf| chunks(shelf.len));
        let actual = self.shelves.iter().map(|shelf| chunks(shelf.len) - held(shelf.platform)).sum();
        if actual <= limit {
            return Ok(());
        }
        Err(StoreError::TooLarge { what: "further chunks of devices in an app", limit, actual })
    }

    fn remove(&mut self, place: Place, is_last: bool) -> Result<(), StoreError> {
        self.place(place)?;
        if is_last {
            return Ok(());
        }
        let id = self.with_id(place.slot, |id| Box::<str>::from(id))?;
        self.ids.insert(id, false);
        self.places.insert(place.slot, None);
        let first = self.devices.first_ordinal();
        if let Some(shelf) = self.shelf(place.slot.platform) {
            shelf.emptied.push(place.slot.ordinal - first);
        }
        Ok(())
    }
}

/// Returns the most devices on one platform: every ordinal from the first on except the highest, so that their number
/// fits in the width of an ordinal.
pub(crate) fn most_devices(first_ordinal: u32) -> u64 {
    u64::from(u32::MAX - first_ordinal)
}
