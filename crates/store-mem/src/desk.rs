//! The tags of devices of which a commit changes many.
//!
//! A line holds its tags packed one after the other, so adding or removing one writes all of them again. A commit
//! that changes many tags unpacks those of a device once, changes them here, and packs them once at its end.

use crate::line::TagNumbers;
use hashbrown::{HashMap, HashSet};
use rollbook::store::{Check, Operation, OwnedKey, Relation};
use std::collections::BTreeSet;

/// A commit with up to this many operations on tags changes them line by line: packing a few times costs less than
/// unpacking.
const FEW: usize = 16;

/// The lines that a commit has unpacked or swept.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The tags of each unpacked line, by its number; `None` for a commit with few operations on tags.
    tags: Option<HashMap<u32, BTreeSet<u32>>>,
    /// Whether the commit drops keys. If not, a line that has the version of the commit has no dead numbers.
    drops: bool,
    /// The lines that were swept since the last drop of the commit.
    swept: HashSet<u32>,
}

impl Desk {
    /// Makes the desk for a set of operations.
    pub(crate) fn of(operations: &[Operation]) -> Self {
        let changes_tags = |operation: &&Operation| match operation {
            Operation::Link { key, .. } | Operation::Unlink { key, .. } => is_tag(key),
            _ => false,
        };
        let many = operations.iter().filter(changes_tags).nth(FEW).is_some();
        let drops = operations.iter().any(|operation| matches!(operation, Operation::Drop { .. }));
        Desk { tags: many.then(HashMap::new), drops, swept: HashSet::new() }
    }

    /// Notes that keys were dropped: a line that was swept may have dead numbers again.
    pub(crate) fn dropped(&mut self) {
        self.swept.clear();
    }

    /// Returns whether a line that has the version of the commit must be swept again, and notes that it is.
    pub(crate) fn sweeps_again(&mut self, number: u32) -> bool {
        self.drops && self.swept.insert(number)
    }

    /// Notes that a line is swept.
    pub(crate) fn sweeps(&mut self, number: u32) {
        if self.drops {
            self.swept.insert(number);
        }
    }

    /// Returns the tags of a line if it is unpacked.
    pub(crate) fn tags(&self, number: u32) -> Option<&BTreeSet<u32>> {
        self.tags.as_ref()?.get(&number)
    }

    /// Returns the tags of a line to be changed, and unpacks them if necessary. Returns `None` if the line itself is
    /// to be changed.
    pub(crate) fn tags_mut(
        &mut self,
        number: u32,
        unpack: impl FnOnce() -> BTreeSet<u32>,
    ) -> Option<&mut BTreeSet<u32>> {
        Some(self.tags.as_mut()?.entry(number).or_insert_with(unpack))
    }

    /// Forgets a line whose device is removed.
    pub(crate) fn forget(&mut self, number: u32) {
        if let Some(tags) = &mut self.tags {
            tags.remove(&number);
        }
        self.swept.remove(&number);
    }

    /// Returns everything that must be packed again.
    pub(crate) fn clear(&mut self) -> impl Iterator<Item = (u32, TagNumbers)> + use<> {
        let tags = std::mem::take(self).tags;
        tags.into_iter().flatten().map(|(number, tags)| (number, tags.into_iter().collect()))
    }
}

fn is_tag(key: &OwnedKey) -> bool {
    key.relation == Relation::Tag
}

/// The tags of devices for a set with many checks of links, unpacked once for all checks.
#[derive(Debug)]
pub(crate) struct Unpacked(Option<HashMap<u32, TagNumbers>>);

impl Unpacked {
    pub(crate) fn of(checks: &[Check]) -> Self {
        let of_tags = |check: &&Check| matches!(check, Check::Linked { key, .. } if is_tag(key));
        Unpacked(checks.iter().filter(of_tags).nth(FEW).is_some().then(HashMap::new))
    }

    /// Returns whether the line has this tag, or `None` if the line itself must be read.
    pub(crate) fn has(&mut self, number: u32, tag: u32, unpack: impl FnOnce() -> TagNumbers) -> Option<bool> {
        let tags = self.0.as_mut()?.entry(number).or_insert_with(unpack);
        Some(tags.binary_search(&tag).is_ok())
    }
}
