//! From a draft to the write set that makes it true.

use super::overlay::Working;
use super::{Draft, Handle, Happening, Mode};
use crate::error::Error;
use crate::model::TagName;
use crate::store::{
    Check, DeviceRecord, Entry, EntryKey, Key, Operation, OwnedKey, Place, Relation, Target, View, WriteSet,
};
use smallvec::{SmallVec, smallvec};

/// One link to be made or cut: the key, and whose.
struct Edge<T> {
    key: OwnedKey,
    device: T,
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
        let mut cuts = Vec::new();
        let mut links = Vec::new();
        let mut inserted = 0;
        for n in 0..self.working.len() {
            self.emit_device(Handle(n), &mut writes, &mut inserted, &mut cuts, &mut links)?;
        }
        // Removals come before inserts, because an id may be inserted only where it is absent.
        writes.operations.sort_by_key(|operation| matches!(operation, Operation::Insert { .. }));
        for (key, devices) in grouped(cuts) {
            writes.operations.push(Operation::Unlink { key, devices });
        }
        for (key, devices) in grouped(links) {
            writes.operations.push(Operation::Link { key, devices });
        }
        for declared in std::mem::take(&mut self.declared) {
            writes
                .checks
                .push(Check::Entry { key: EntryKey::EventType(declared.name.clone()), version: None });
            writes.operations.push(Operation::PutEntry { entry: Entry::EventType(declared) });
        }
        if writes.operations.is_empty() {
            return Ok(WriteSet::default());
        }
        self.emit_reliance(&mut writes);
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
            writes.operations.push(match happening {
                Happening::Posted(event) => Operation::Append { event },
                Happening::Condemned { user, deletion } => {
                    let key = EntryKey::Deletion(deletion);
                    writes.checks.push(Check::Entry { key, version: None });
                    Operation::Condemn { user, deletion }
                }
            });
        }
    }

    fn emit_device(
        &mut self,
        device: Handle,
        writes: &mut WriteSet,
        inserted: &mut u32,
        cuts: &mut Vec<Edge<Place>>,
        links: &mut Vec<Edge<Target>>,
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
            let target = Target::New(*inserted);
            *inserted += 1;
            self.emit_new(device, target, writes, links);
            return Ok(());
        }
        self.emit_changes(device, writes, cuts, links)
    }

    fn emit_new(
        &mut self,
        device: Handle,
        target: Target,
        writes: &mut WriteSet,
        links: &mut Vec<Edge<Target>>,
    ) {
        let Some(working) = self.working.get_mut(device.0) else { return };
        let Some(record) = working.record.take() else { return };
        writes.operations.push(Operation::Insert {
            platform: working.platform,
            record,
            last_seen: working.last_seen,
        });
        let mut link = |relation, name: &str| {
            links.push(Edge { key: Key::new(relation, name).to_owned(), device: target });
        };
        if let Some(user) = &working.user {
            link(Relation::User, user.as_str());
        }
        if let Some(Some(alias)) = &working.alias {
            link(Relation::Alias, alias.as_str());
        }
        for (tag, _) in working.tags.iter().filter(|(_, present)| *present) {
            link(Relation::Tag, tag.as_str());
        }
    }

    fn emit_changes(
        &mut self,
        device: Handle,
        writes: &mut WriteSet,
        cuts: &mut Vec<Edge<Place>>,
        links: &mut Vec<Edge<Target>>,
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
            let record: Box<DeviceRecord> = record;
            writes.operations.push(Operation::Put { device: base, record });
        }
        let stays = |tag: &TagName| working.tags.iter().any(|(changed, present)| *present && changed == tag);
        for tag in cleared.iter().filter(|tag| !stays(tag)) {
            cuts.push(Edge { key: Key::new(Relation::Tag, tag.as_str()).to_owned(), device: base });
        }
        for (tag, present) in &working.tags {
            let key = Key::new(Relation::Tag, tag.as_str()).to_owned();
            if *present {
                links.push(Edge { key, device: Target::At(base) });
            } else if !working.tags_cleared {
                cuts.push(Edge { key, device: base });
            }
        }
        if let Some(alias) = old_alias {
            cuts.push(Edge { key: OwnedKey { relation: Relation::Alias, name: alias }, device: base });
        }
        if let Some(Some(alias)) = &working.alias {
            let key = Key::new(Relation::Alias, alias.as_str()).to_owned();
            links.push(Edge { key, device: Target::At(base) });
        }
        if let Some(user) = &working.user {
            let key = Key::new(Relation::User, user.as_str()).to_owned();
            links.push(Edge { key, device: Target::At(base) });
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
        if let Some(most) = self.app.limits.tags_per_device
            && self.mode == Mode::Single
        {
            let one_tag = |working: &Working| working.is_one_tag() && working.version.is_none();
            let mut rooms = Vec::new();
            for working in self.working.iter().filter(|working| one_tag(working)) {
                if let ([(tag, true)], Some(base)) = (working.tags.as_slice(), working.base) {
                    let key = Key::new(Relation::Tag, tag.as_str()).to_owned();
                    rooms.push(Edge { key, device: base });
                }
            }
            for (key, devices) in grouped(rooms) {
                writes.checks.push(Check::Room { tag: key.name, devices, most });
            }
        }
        for has in [true, false] {
            let settled = self.settled.iter().filter(|(_, is, _)| *is == has);
            let edges = settled.map(|(key, _, place)| Edge { key: key.clone(), device: *place }).collect();
            for (key, devices) in grouped(edges) {
                writes.checks.push(Check::Linked { key, devices, is: has });
            }
        }
        for (user, place) in &self.witnesses {
            let key = Key::new(Relation::User, user.as_str()).to_owned();
            writes.checks.push(Check::Linked { key, devices: smallvec![*place], is: true });
        }
        for (alias, most) in &self.alias_room {
            let key = Key::new(Relation::Alias, alias.as_str()).to_owned();
            writes.checks.push(Check::KeyAtMost { key, most: *most });
        }
    }
}

/// Edges of the same key become one operation: a store writes each posting once.
fn grouped<T>(mut edges: Vec<Edge<T>>) -> Vec<(OwnedKey, SmallVec<[T; 1]>)> {
    if edges.windows(2).any(|pair| matches!(pair, [a, b] if a.key != b.key)) {
        edges.sort_by(|a, b| a.key.cmp(&b.key));
    }
    let mut groups: Vec<(OwnedKey, SmallVec<[T; 1]>)> = Vec::new();
    for edge in edges {
        match groups.last_mut() {
            Some((key, devices)) if *key == edge.key => devices.push(edge.device),
            _ => groups.push((edge.key, smallvec![edge.device])),
        }
    }
    groups
}
