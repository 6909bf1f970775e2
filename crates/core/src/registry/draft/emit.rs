//! From a draft to the write set that makes it true.

use super::intern::{Interned, KeyId};
use super::overlay::Working;
use super::{AliasRoom, Draft, Handle, Happening, Mode};
use crate::error::Error;
use crate::store::{
    Check, Deleted, Deletion, Entry, EntryKey, Key, Operation, OwnedKey, Place, Relation, View, WriteSet,
};
use smallvec::{SmallVec, smallvec};

/// What happens to the devices of one key.
#[derive(Default)]
struct Edges {
    cut: SmallVec<[Place; 1]>,
    linked: SmallVec<[Place; 1]>,
}

/// The edges of every key of the draft, by number: a store writes each posting once.
#[derive(Default)]
struct AllEdges(Vec<Edges>);

impl AllEdges {
    fn of(&mut self, key: KeyId) -> &mut Edges {
        if self.0.len() <= key.index() {
            self.0.resize_with(key.index() + 1, Edges::default);
        }
        #[allow(clippy::indexing_slicing, reason = "the list was just made long enough")]
        &mut self.0[key.index()]
    }
}

impl<V: View> Draft<'_, V> {
    /// The net effect of the draft; no operations when there is none.
    pub(crate) fn into_write_set(mut self) -> Result<WriteSet, Error> {
        let mut writes = WriteSet::default();
        writes.checks.push(Check::Open);
        for n in 0..self.working.len() {
            self.load_for_emission(Handle(n))?;
        }
        self.emit_history(&mut writes);
        for (key, platforms) in std::mem::take(&mut self.dropped) {
            writes.operations.push(Operation::Drop { key, platforms });
        }
        let mut edges = AllEdges::default();
        for n in 0..self.working.len() {
            self.emit_device(Handle(n), &mut writes, &mut edges)?;
        }
        // Removals come before inserts, because an id may be inserted only where it is absent.
        writes.operations.sort_by_key(|operation| matches!(operation, Operation::Insert { .. }));
        for declared in std::mem::take(&mut self.declared) {
            let key = EntryKey::EventType(declared.name.clone());
            writes.checks.push(Check::Entry { key, version: None });
            writes.operations.push(Operation::PutEntry { entry: Entry::EventType(declared) });
        }
        if writes.operations.is_empty() && edges.0.is_empty() {
            return Ok(WriteSet::default());
        }
        if !self.seen.is_empty() {
            let devices = std::mem::take(&mut self.seen);
            writes.operations.push(Operation::Touch { devices, at: self.now });
        }
        self.emit_reliance(&mut writes);
        emit_edges(self.keys, edges, &mut writes);
        Ok(writes)
    }

    /// Reads the versions that the checks need.
    fn load_for_emission(&mut self, device: Handle) -> Result<(), Error> {
        let needed = self.working.get(device.0).is_some_and(|working| {
            let rests_on_version =
                self.mode != Mode::Single || (working.is_changed() && !working.is_one_tag());
            rests_on_version && !working.condemned
        });
        if needed { self.load(device) } else { Ok(()) }
    }

    fn emit_history(&mut self, writes: &mut WriteSet) {
        for happening in std::mem::take(&mut self.history) {
            let operation = match happening {
                Happening::Posted(event) => Operation::Append { event },
                Happening::Condemned { user, deletion, signs_out } => {
                    let key = EntryKey::Deletion(deletion);
                    writes.checks.push(Check::Entry { key, version: None });
                    if let Some(clears) = signs_out {
                        writes.operations.push(Operation::Condemn { user: user.clone(), deletion });
                        let of = Deleted::SignOut { user, clears };
                        Operation::PutEntry { entry: Entry::Deletion(Deletion { number: deletion, of }) }
                    } else {
                        Operation::Condemn { user, deletion }
                    }
                }
            };
            writes.operations.push(operation);
        }
    }

    fn emit_device(
        &mut self,
        device: Handle,
        writes: &mut WriteSet,
        edges: &mut AllEdges,
    ) -> Result<(), Error> {
        let Some(working) = self.working.get(device.0) else { return Ok(()) };
        if working.condemned {
            return Ok(());
        }
        if let (Some(base), Some(version)) = (working.base, working.version)
            && (self.mode != Mode::Single || working.is_changed())
        {
            writes.checks.push(Check::Unchanged { device: base, version });
        }
        if let Some(base) = working.base
            && (working.rebuilt || !working.exists)
        {
            writes.operations.push(Operation::Remove { device: base });
        }
        if !working.exists {
            return Ok(());
        }
        if working.rebuilt {
            self.emit_new(device, writes);
            return Ok(());
        }
        self.emit_changes(device, writes, edges)
    }

    fn emit_new(&mut self, device: Handle, writes: &mut WriteSet) {
        // Names that nothing else of the draft speaks of need not be copied.
        let alone = self.working.len() == 1 && self.settled.is_empty();
        let Some(working) = self.working.get_mut(device.0) else { return };
        let Some(record) = working.record.take() else { return };
        let mut keys = Vec::with_capacity(working.tags.as_slice().len() + 2);
        let owned = |relation, name| OwnedKey { relation, name };
        keys.extend(working.user.take().map(|user| owned(Relation::User, user.into_text())));
        keys.extend(working.alias.take().flatten().map(|alias| owned(Relation::Alias, alias.into_text())));
        for (tag, _) in working.tags.as_slice().iter().filter(|(_, present)| *present) {
            let known = self.keys.get(*tag).filter(|_| !alone).map(Key::to_owned);
            keys.extend(known.or_else(|| self.keys.take(*tag)));
        }
        let (platform, last_seen) = (working.platform, working.last_seen);
        writes.operations.push(Operation::Insert { platform, record, last_seen, keys });
    }

    fn emit_changes(
        &mut self,
        device: Handle,
        writes: &mut WriteSet,
        edges: &mut AllEdges,
    ) -> Result<(), Error> {
        let cleared = match self.working.get(device.0) {
            Some(Working { tags_cleared: true, .. }) => self.stored_tags(device)?,
            _ => Vec::new(),
        };
        let old_alias = match self.working.get(device.0) {
            Some(Working { alias: Some(None), .. }) => self.stored_alias(device)?,
            _ => None,
        };
        let Some(working) = self.working.get_mut(device.0) else { return Ok(()) };
        let Some(base) = working.base else { return Ok(()) };
        if working.record_changed
            && let Some(record) = working.record.take()
        {
            writes.operations.push(Operation::Put { device: base, record });
        }
        for name in cleared {
            let tag = self.keys.intern_owned(OwnedKey { relation: Relation::Tag, name });
            if working.tag_change(tag) != Some(true) {
                edges.of(tag).cut.push(base);
            }
        }
        for (tag, present) in working.tags.as_slice() {
            if *present {
                edges.of(*tag).linked.push(base);
            } else if !working.tags_cleared {
                edges.of(*tag).cut.push(base);
            }
        }
        if let Some(name) = old_alias {
            let key = self.keys.intern_owned(OwnedKey { relation: Relation::Alias, name });
            edges.of(key).cut.push(base);
        }
        let alias = working.alias.take().flatten().map(|alias| (Relation::Alias, alias.into_text()));
        let user = working.user.take().map(|user| (Relation::User, user.into_text()));
        for (relation, name) in alias.into_iter().chain(user) {
            let key = self.keys.intern_owned(OwnedKey { relation, name });
            edges.of(key).linked.push(base);
        }
        Ok(())
    }

    fn stored_alias(&self, device: Handle) -> Result<Option<Box<str>>, Error> {
        let alias = self.single(device, Relation::Alias)?;
        let platform = self.platform(device);
        Ok(alias.filter(|name| !self.is_dropped(Key::new(Relation::Alias, name), platform)))
    }

    /// The checks on what the plan rests on beside the devices it changes.
    fn emit_reliance(&mut self, writes: &mut WriteSet) {
        let settled = std::mem::take(&mut self.settled);
        for has in [true, false] {
            let mut places: Vec<(KeyId, Place)> = Vec::new();
            places
                .extend(settled.iter().filter(|(_, is, _)| *is == has).map(|(key, _, place)| (*key, *place)));
            for (key, devices) in self.gathered(places) {
                writes.checks.push(Check::Linked { key, devices, is: has });
            }
        }
        if let Some(most) = self.app.limits.tags_per_device
            && self.mode == Mode::Single
        {
            let mut places: Vec<(KeyId, Place)> = Vec::new();
            let blind =
                self.working.iter().filter(|working| working.is_one_tag() && working.version.is_none());
            places.extend(blind.filter_map(|working| match (working.tags.as_slice(), working.base) {
                ([(tag, true)], Some(base)) => Some((*tag, base)),
                _ => None,
            }));
            for (key, devices) in self.gathered(places) {
                writes.checks.push(Check::Room { tag: key.name, devices, most });
            }
        }
        let unchanged = std::mem::take(&mut self.unchanged).into_iter();
        writes.checks.extend(unchanged.map(|(device, version)| Check::Unchanged { device, version }));
        for (user, place) in &self.witnesses {
            let key = Key::new(Relation::User, user.as_str()).to_owned();
            writes.checks.push(Check::Linked { key, devices: smallvec![*place], is: true });
        }
        for AliasRoom { alias, most, .. } in &self.alias_room {
            let key = Key::new(Relation::Alias, alias.as_str()).to_owned();
            writes.checks.push(Check::KeyAtMost { key, most: *most });
        }
        if !self.unseen.is_empty() {
            let devices = std::mem::take(&mut self.unseen);
            writes.checks.push(Check::Unseen { devices, since: self.unseen_since });
        }
        for (user, most) in &self.users_at_most {
            let key = Key::new(Relation::User, user.as_str()).to_owned();
            writes.checks.push(Check::KeyAtMost { key, most: *most });
        }
    }

    /// The places of each key together.
    fn gathered(&self, mut places: Vec<(KeyId, Place)>) -> Vec<(OwnedKey, SmallVec<[Place; 1]>)> {
        places.sort_by_key(|(key, _)| key.index());
        let groups = places.chunk_by(|(a, _), (b, _)| a == b);
        let group = |group: &[(KeyId, Place)]| {
            let key = self.keys.get(group.first()?.0)?.to_owned();
            Some((key, group.iter().map(|(_, place)| *place).collect()))
        };
        groups.filter_map(group).collect()
    }
}

/// One operation for each key that is cut, then one for each that is linked.
fn emit_edges(keys: Interned, edges: AllEdges, writes: &mut WriteSet) {
    let mut links: SmallVec<[Operation; 1]> = SmallVec::new();
    for (key, Edges { cut, linked }) in keys.into_keys().into_iter().zip(edges.0) {
        match (cut.is_empty(), linked.is_empty()) {
            (true, true) => {}
            (true, false) => links.push(Operation::Link { key, devices: linked }),
            (false, true) => writes.operations.push(Operation::Unlink { key, devices: cut }),
            (false, false) => {
                writes.operations.push(Operation::Unlink { key: key.clone(), devices: cut });
                links.push(Operation::Link { key, devices: linked });
            }
        }
    }
    writes.operations.append(&mut links);
}
