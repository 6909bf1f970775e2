//! Everything of one app, and the reads that need more than one part of it.

use crate::desk::Desk;
use crate::devices::Devices;
use crate::keys::Keys;
use crate::line::Line;
use crate::log::Log;
use crate::row::Space;
use hashbrown::DefaultHashBuilder;
use rollbook::Version;
use rollbook::store::{Entry, EntryKey, EntryKind, Key, Relation};
use std::collections::BTreeMap;

/// The catalogue entries of one kind.
pub(crate) type Entries = BTreeMap<EntryKey, (Entry, Version)>;

/// One app.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) version: Version,
    pub(crate) sealed: bool,
    pub(crate) devices: Devices,
    pub(crate) tags: Keys,
    pub(crate) aliases: Keys,
    /// Users and deletions.
    pub(crate) owners: Keys,
    catalogue: [Entries; 4],
    pub(crate) log: Log,
    /// What the commit under way has noted about lines.
    pub(crate) desk: Desk,
}

impl AppState {
    pub(crate) fn new(first_ordinal: u32, hasher: &DefaultHashBuilder) -> Self {
        AppState {
            version: Version(0),
            sealed: false,
            devices: Devices::new(first_ordinal, hasher.clone()),
            tags: Keys::new(hasher.clone(), [true, false]),
            aliases: Keys::new(hasher.clone(), [false, false]),
            owners: Keys::new(hasher.clone(), [false, true]),
            catalogue: Default::default(),
            log: Log::default(),
            desk: Desk::default(),
        }
    }

    /// Returns the keys of a relation, and the space of its names.
    #[inline]
    pub(crate) const fn keys(&self, relation: Relation) -> (&Keys, Space) {
        match relation {
            Relation::Tag => (&self.tags, Space::Plain),
            Relation::Alias => (&self.aliases, Space::Plain),
            Relation::User => (&self.owners, Space::Plain),
            Relation::Deletion => (&self.owners, Space::Deletion),
        }
    }

    /// Returns the keys of a relation, and the space of its names.
    pub(crate) const fn keys_mut(&mut self, relation: Relation) -> (&mut Keys, Space) {
        match relation {
            Relation::Tag => (&mut self.tags, Space::Plain),
            Relation::Alias => (&mut self.aliases, Space::Plain),
            Relation::User => (&mut self.owners, Space::Plain),
            Relation::Deletion => (&mut self.owners, Space::Deletion),
        }
    }

    pub(crate) fn entries(&self, kind: EntryKind) -> &Entries {
        let [apps, next, types, deletions] = &self.catalogue;
        match kind {
            EntryKind::App => apps,
            EntryKind::NextApp => next,
            EntryKind::EventType => types,
            EntryKind::Deletion => deletions,
        }
    }

    pub(crate) fn entries_mut(&mut self, kind: EntryKind) -> &mut Entries {
        let [apps, next, types, deletions] = &mut self.catalogue;
        match kind {
            EntryKind::App => apps,
            EntryKind::NextApp => next,
            EntryKind::EventType => types,
            EntryKind::Deletion => deletions,
        }
    }

    /// Returns whether the device of this line has the key.
    #[inline]
    pub(crate) fn is_linked(&self, line: &Line, slot: rollbook::store::Slot, key: Key<'_>) -> bool {
        let (keys, space) = self.keys(key.relation);
        let Some(first) = keys.find(space, key.name) else { return false };
        match key.relation {
            // Tags are never condemned, so there is one row per platform.
            Relation::Tag => keys.on(first, slot.platform).is_some_and(|wanted| {
                line.tags(&self.devices.spills).find(|&number| number >= wanted) == Some(wanted)
            }),
            Relation::Alias => keys.first_of(line.alias) == Some(first),
            Relation::User | Relation::Deletion => keys.first_of(line.owner) == Some(first),
        }
    }

    /// Calls `each` with the numbers of the device's keys in a relation, without the dead ones.
    #[inline]
    pub(crate) fn live_keys(&self, line: &Line, relation: Relation, mut each: impl FnMut(u32)) {
        let (keys, space) = self.keys(relation);
        match relation {
            Relation::Tag => {
                let all = line.tags(&self.devices.spills);
                all.filter(|&number| keys.is_live(number)).for_each(each);
            }
            Relation::Alias if keys.is_live(line.alias) => each(line.alias),
            Relation::User | Relation::Deletion if keys.is_live_in(line.owner, space) => each(line.owner),
            Relation::Alias | Relation::User | Relation::Deletion => {}
        }
    }

    pub(crate) fn key_count(&self, line: &Line, relation: Relation) -> usize {
        let mut count = 0;
        self.live_keys(line, relation, |_| count += 1);
        count
    }
}
