//! Turns a draft into the one batch that writes it.

use crate::draft::{Draft, Logged};
use crate::families::Family;
use crate::keys::{self, EventIndex};
use crate::reads::handle;
use crate::values::{self, Device, PRESENT, encode_chunk, encode_entry, encode_event};
use rocksdb::{ColumnFamily, DB, WriteBatch};
use rollbook::store::{EventRecord, StoreError};
use rollbook::{AppId, EventPosition};

/// A write batch together with the handles of the column families.
pub(crate) struct Batch<'a> {
    db: &'a DB,
    batch: WriteBatch,
    /// The family that was written to last, which is nearly always the next one as well.
    last: Option<(Family, &'a ColumnFamily)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(db: &'a DB) -> Self {
        Batch { db, batch: WriteBatch::default(), last: None }
    }

    fn handle(&mut self, family: Family) -> Result<&'a ColumnFamily, StoreError> {
        match self.last {
            Some((last, handle)) if last == family => Ok(handle),
            _ => {
                let handle = handle(self.db, family)?;
                self.last = Some((family, handle));
                Ok(handle)
            }
        }
    }

    pub(crate) fn put(&mut self, family: Family, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        self.batch.put_cf(handle, key, value);
        Ok(())
    }

    pub(crate) fn delete(&mut self, family: Family, key: &[u8]) -> Result<(), StoreError> {
        let handle = self.handle(family)?;
        self.batch.delete_cf(handle, key);
        Ok(())
    }

    /// Puts the value, or deletes the key if there is none.
    fn set(&mut self, family: Family, key: &[u8], value: Option<Vec<u8>>) -> Result<(), StoreError> {
        match value {
            Some(value) => self.put(family, key, &value),
            None => self.delete(family, key),
        }
    }

    pub(crate) fn into_inner(self) -> WriteBatch {
        self.batch
    }
}

impl Draft<'_> {
    /// Puts everything that must be written into a batch, except the header, which the caller writes.
    pub(crate) fn write(&mut self, batch: &mut Batch<'_>) -> Result<(), StoreError> {
        let app = self.reads.app;
        for (id, slot) in self.ids.dirty() {
            if slot.is_none() {
                batch.delete(Family::Device, &keys::device(app, id.as_str()))?;
            }
        }
        for (slot, device) in self.slots.dirty() {
            let Some(device) = device else {
                batch.delete(Family::Slot, &keys::slot(app, *slot))?;
                continue;
            };
            let id = &device.record.id;
            batch.put(Family::Device, &keys::device(app, id.as_str()), &device.encode())?;
        }
        for (slot, device) in self.slots.dirty() {
            if let Some(Device { place, record, fresh: true, .. }) = device {
                let value = values::encode_slot(place.filled, &record.id);
                batch.put(Family::Slot, &keys::slot(app, *slot), &value)?;
            }
        }
        for (key, record) in self.names.dirty() {
            let value = (!record.homes.is_empty()).then(|| record.encode());
            batch.set(Family::Name, &keys::name(app, key.relation, &key.name), value)?;
        }
        for (number, of) in self.numbers.dirty() {
            let value = of.as_ref().map(|(key, platform)| values::encode_number(key, *platform));
            batch.set(Family::Number, &keys::number(app, *number), value)?;
        }
        for ((number, chunk), bitmap) in self.chunks.dirty() {
            let dead = matches!(self.numbers.get(number), Some(None));
            if dead && !bitmap.is_empty() {
                // The key was dropped: its chunks are cleared gradually by later commits, not here.
                continue;
            }
            let value = (!bitmap.is_empty()).then(|| encode_chunk(bitmap));
            batch.set(Family::Posting, &keys::chunk(app, *number, *chunk), value)?;
        }
        for ((platform, height), ordinal) in self.free.dirty() {
            let value = ordinal.map(values::encode_free);
            batch.set(Family::App, &keys::free(app, *platform, *height), value)?;
        }
        for (index, number) in self.dead.dirty() {
            if *number != 0 {
                batch.put(Family::App, &keys::dead(app, *index), &values::encode_dead(*number, 0))?;
            }
        }
        for (key, entry) in self.entries.dirty() {
            let value = match entry {
                Some((entry, version)) => {
                    let value = encode_entry(entry, *version);
                    Some(value.ok_or_else(|| StoreError::corrupt("an app that cannot be written as JSON"))?)
                }
                None => None,
            };
            batch.set(Family::Entry, &keys::entry(app, key), value)?;
        }
        for (slot, seen) in self.seen.dirty() {
            let value = seen.map(|(filled, at)| values::encode_seen(filled, at));
            batch.set(Family::Presence, &keys::slot(app, *slot), value)?;
        }
        for (at, Logged { record, stored, erased }) in self.events.dirty() {
            if stored == erased {
                write_event(batch, app, *at, record, !*erased)?;
            }
        }
        Ok(())
    }
}

/// Writes an event with all its index entries, or deletes it with them.
fn write_event(
    batch: &mut Batch<'_>,
    app: AppId,
    at: EventPosition,
    event: &EventRecord,
    is: bool,
) -> Result<(), StoreError> {
    let if_is = |value: Vec<u8>| is.then_some(value);
    batch.set(Family::Event, &keys::event(app, at), if_is(encode_event(event)))?;
    let device = event.device.as_ref().map(|id| EventIndex::Device(id.as_str()));
    let user = event.user.as_ref().map(|id| EventIndex::User(id.as_str()));
    for owner in device.into_iter().chain(user) {
        let value = values::encode_time(at.at);
        batch.set(Family::EventIndex, &keys::by_number(app, owner, at.seq), if_is(value))?;
        batch.set(Family::EventIndex, &keys::index(app, owner, at), if_is(PRESENT.to_vec()))?;
    }
    let name = EventIndex::Name(event.name.as_str());
    batch.set(Family::EventIndex, &keys::index(app, name, at), if_is(PRESENT.to_vec()))
}
