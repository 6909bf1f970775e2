//! From a transaction to the write set that makes it true.

use super::device::{Device, Edits, Handle, New, Record, Staged};
use super::{KeyId, Mode, Transaction};
use crate::error::Error;
use crate::model::{Alias, Set, Version};
use crate::store::{Entry, Operation, OwnedKey, Place, Relation, View, WriteSet};
use smallvec::SmallVec;
use std::mem;

type Operations = SmallVec<[Operation; 1]>;

/// The links of one key that are made and removed.
#[derive(Default)]
struct Links {
    cut: SmallVec<[Place; 1]>,
    linked: SmallVec<[Place; 1]>,
}

/// The links of every key of the transaction, by number: a store writes each posting once.
#[derive(Default)]
struct AllLinks(Vec<Links>);

impl AllLinks {
    fn of(&mut self, key: KeyId) -> &mut Links {
        if self.0.len() <= key.index() {
            self.0.resize_with(key.index() + 1, Links::default);
        }
        #[allow(clippy::indexing_slicing, reason = "the list was just made long enough")]
        &mut self.0[key.index()]
    }
}

impl<V: View> Transaction<'_, V> {
    /// Returns the net effect with its preconditions; a write set without operations when there is none.
    pub(crate) fn into_write_set(mut self) -> Result<WriteSet, Error> {
        for device in self.devices.handles() {
            if self.relies_on_version(device) {
                self.load(device)?;
            }
        }
        let mut operations = mem::take(&mut self.ordered);
        let dropped = self.dropped.iter().cloned();
        operations.extend(dropped.map(|(key, platforms)| Operation::Drop { key, platforms }));
        let mut links = AllLinks::default();
        // Names that nothing else of the transaction names need not be copied.
        let alone = self.devices.len() == 1 && !self.reads.has_links();
        for device in mem::take(&mut self.devices).into_all() {
            self.emit_device(device, alone, &mut operations, &mut links)?;
        }
        // An insert comes after the removal that frees its id.
        operations.sort_by_key(|operation| matches!(operation, Operation::Insert { .. }));
        let declared = self.declared.into_iter().map(Entry::EventType);
        operations.extend(declared.map(|entry| Operation::PutEntry { entry }));
        if operations.is_empty() && links.0.is_empty() {
            return Ok(WriteSet::default());
        }
        if !self.seen.is_empty() {
            operations.push(Operation::Touch { devices: self.seen, at: self.now });
        }
        let checks = self.reads.into_checks(&self.names);
        emit_links(self.names.into_keys(), links, &mut operations);
        Ok(WriteSet { checks, operations })
    }

    fn relies_on_version(&self, device: Handle) -> bool {
        match &self.devices[device].staged {
            Staged::RemovedWithUser(_) => false,
            // One tag on or off commutes with whatever else happens to the device.
            Staged::Edited(_, edits) if self.mode == Mode::Single => {
                !edits.is_empty() && edits.only_tag().is_none()
            }
            _ => true,
        }
    }

    fn emit_device(
        &mut self,
        device: Device,
        alone: bool,
        operations: &mut Operations,
        links: &mut AllLinks,
    ) -> Result<(), Error> {
        let Device { version, staged } = device;
        match staged {
            Staged::RemovedWithUser(_) | Staged::Discarded(_) => {}
            Staged::Removed(place) => self.emit_removal(place, version, operations),
            Staged::Moved(place, new) | Staged::Created(Some(place), new) => {
                self.emit_removal(place, version, operations);
                self.emit_new(new, alone, operations);
            }
            Staged::Created(None, new) => self.emit_new(new, alone, operations),
            Staged::Edited(place, edits) => {
                match (version, edits.only_tag()) {
                    (Some(version), _) if self.mode != Mode::Single || !edits.is_empty() => {
                        self.reads.version(place, version);
                    }
                    (None, Some((tag, true))) => self.reads.room(tag, place),
                    _ => {}
                }
                self.emit_edits(place, edits, operations, links)?;
            }
        }
        Ok(())
    }

    fn emit_removal(&mut self, device: Place, version: Option<Version>, operations: &mut Operations) {
        if let Some(version) = version {
            self.reads.version(device, version);
        }
        operations.push(Operation::Remove { device });
    }

    fn emit_new(&mut self, new: New, alone: bool, operations: &mut Operations) {
        let New { platform, record, user, alias, tags, last_seen } = new;
        let mut keys = Vec::with_capacity(tags.len() + 2);
        keys.push(OwnedKey { relation: Relation::User, name: user.into_text() });
        keys.extend(alias.map(alias_key));
        for (tag, _) in tags.as_slice().iter().filter(|(_, present)| *present) {
            keys.push(if alone { self.names.take(*tag) } else { self.names[*tag].clone() });
        }
        operations.push(Operation::Insert { platform, record, last_seen, keys });
    }

    fn emit_edits(
        &mut self,
        device: Place,
        edits: Edits,
        operations: &mut Operations,
        links: &mut AllLinks,
    ) -> Result<(), Error> {
        let Edits { record, clears_tags, tags, alias, user, held: _ } = edits;
        if let Record::Changed(record) = record {
            operations.push(Operation::Put { device, record });
        }
        if clears_tags {
            for name in self.stored_tags(device)? {
                let tag = self.names.intern_owned(OwnedKey { relation: Relation::Tag, name });
                if tags.get(tag) != Some(&(tag, true)) {
                    links.of(tag).cut.push(device);
                }
            }
        }
        for (tag, present) in tags.as_slice() {
            if *present {
                links.of(*tag).linked.push(device);
            } else if !clears_tags {
                links.of(*tag).cut.push(device);
            }
        }
        let new_alias = match alias {
            Set::Keep => None,
            Set::To(alias) => Some(alias),
            Set::Clear => {
                if let Some(alias) = self.stored_alias(device)? {
                    let key = self.names.intern_owned(alias_key(alias));
                    links.of(key).cut.push(device);
                }
                None
            }
        };
        let user = user.map(|user| OwnedKey { relation: Relation::User, name: user.into_text() });
        for key in new_alias.map(alias_key).into_iter().chain(user) {
            let key = self.names.intern_owned(key);
            links.of(key).linked.push(device);
        }
        Ok(())
    }
}

fn alias_key(alias: Alias) -> OwnedKey {
    OwnedKey { relation: Relation::Alias, name: alias.into_text() }
}

/// One operation for each key that devices lose, then one for each that devices get.
fn emit_links(keys: impl Iterator<Item = OwnedKey>, links: AllLinks, operations: &mut Operations) {
    let mut gains = Operations::new();
    for (key, Links { cut, linked }) in keys.zip(links.0) {
        match (cut.is_empty(), linked.is_empty()) {
            (true, true) => {}
            (true, false) => gains.push(Operation::Link { key, devices: linked }),
            (false, true) => operations.push(Operation::Unlink { key, devices: cut }),
            (false, false) => {
                operations.push(Operation::Unlink { key: key.clone(), devices: cut });
                gains.push(Operation::Link { key, devices: linked });
            }
        }
    }
    operations.append(&mut gains);
}
