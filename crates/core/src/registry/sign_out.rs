//! Signing out a user of very many devices, step by step: each step brings some of the devices back, which wait, unseen,
//! since the commit that took them from their user.

use crate::model::{OnUserChange, Platform};
use crate::store::{
    Check, DeviceRecord, Key, Operation, OwnedKey, Place, Relation, Slot, StoreError, StoredDevice, View,
    WriteSet,
};
use smallvec::smallvec;

/// The most operations of one step. Half of the weight that every store takes, because each device brings a check.
const STEP: usize = 1_024;

/// The next devices that come back; nothing when none waits any more.
pub(super) fn plan(
    view: &impl View,
    number: u64,
    clears: OnUserChange,
) -> Result<Option<WriteSet>, StoreError> {
    let mut step = Return::of(number, clears);
    let name = number.to_string();
    for platform in Platform::ALL {
        let waiting = view.posting(Key::new(Relation::Deletion, &name), platform)?;
        for ordinal in waiting.chunk(0, STEP) {
            if let Some(stored) = view.device(Slot { platform, ordinal })?
                && !step.take(view, stored)?
            {
                return Ok(step.done());
            }
        }
    }
    Ok(step.done())
}

/// The same of one device.
pub(super) fn plan_one(
    view: &impl View,
    number: u64,
    place: Place,
    clears: OnUserChange,
) -> Result<Option<WriteSet>, StoreError> {
    let mut step = Return::of(number, clears);
    if let Some(stored) = view.device(place.slot)? {
        step.take(view, stored)?;
    }
    Ok(step.done())
}

struct Return {
    waiting: OwnedKey,
    clears: OnUserChange,
    devices: Vec<Place>,
    operations: Vec<Operation>,
}

impl Return {
    fn of(number: u64, clears: OnUserChange) -> Self {
        let waiting = OwnedKey { relation: Relation::Deletion, name: number.to_string().into() };
        Return { waiting, clears, devices: Vec::new(), operations: Vec::new() }
    }

    /// One more device, if there is room for what it takes; whether there was.
    fn take(&mut self, view: &impl View, stored: StoredDevice) -> Result<bool, StoreError> {
        let StoredDevice { place, record, .. } = stored;
        let lost = self.lost_keys(view, place)?;
        // The link, and the record without the rank of its alias.
        let whole = self.operations.len() + lost.len() + 2 <= STEP;
        if !whole && !self.operations.is_empty() {
            return Ok(false);
        }
        self.devices.push(place);
        let unlink = |key| Operation::Unlink { key, devices: smallvec![place] };
        let most = if whole { lost.len() } else { STEP };
        self.operations.extend(lost.into_iter().take(most).map(unlink));
        // A device with more tags than a step removes comes back with a later one.
        if whole {
            let name = record.id.as_str().into();
            let key = OwnedKey { relation: Relation::User, name };
            if self.clears != OnUserChange::Keep && record.alias_rank.is_some() {
                let record = Box::new(DeviceRecord { alias_rank: None, ..record });
                self.operations.push(Operation::Put { device: place, record });
            }
            self.operations.push(Operation::Link { key, devices: smallvec![place] });
        }
        Ok(whole)
    }

    fn lost_keys(&self, view: &impl View, place: Place) -> Result<Vec<OwnedKey>, StoreError> {
        let relations: &[Relation] = match self.clears {
            OnUserChange::Keep => &[],
            OnUserChange::ClearAlias => &[Relation::Alias],
            OnUserChange::ClearAliasAndTags => &[Relation::Alias, Relation::Tag],
        };
        let mut keys = Vec::new();
        for &relation in relations {
            view.keys_of(place.slot, relation, &mut |name| {
                keys.push(OwnedKey { relation, name: name.into() })
            })?;
        }
        Ok(keys)
    }

    /// The set. It rests on the devices' waiting still: who came back by another hand may be somebody's by now.
    fn done(self) -> Option<WriteSet> {
        let Return { waiting, devices, operations, .. } = self;
        if operations.is_empty() {
            return None;
        }
        let check = Check::Linked { key: waiting, devices: devices.into(), is: true };
        Some(WriteSet { checks: smallvec![check], operations: operations.into() })
    }
}
