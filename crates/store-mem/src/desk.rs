//! The tags of devices that a commit changes many of.
//!
//! A line holds its tags packed one behind the other, so that taking one out or putting one in writes all of them again.
//! A commit that changes many tags unpacks those of a device once, changes them here, and packs them once at its end.

use crate::line::TagNumbers;
use hashbrown::{HashMap, HashSet};
use rollbook::store::{Check, Operation, OwnedKey, Relation};
use std::collections::BTreeSet;

/// Up to this many keys of tags a commit changes line by line: packing a few times costs less than unpacking.
const FEW: usize = 16;

/// Lines that a commit has unpacked or swept.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The tags of each unpacked line, by its number; nothing while a commit changes only a few keys.
    tags: Option<HashMap<u32, BTreeSet<u32>>>,
    /// Does the commit drop keys? If not, a line that has the commit's version has no dead numbers.
    drops: bool,
    /// The lines swept since the last drop of the commit.
    swept: HashSet<u32>,
}

impl Desk {
    /// The desk for a set of operations.
    pub(crate) fn of(operations: &[Operation]) -> Self {
        let changes_tags = |operation: &&Operation| match operation {
            Operation::Link { key, .. } | Operation::Unlink { key, .. } => is_tag(key),
            _ => false,
        };
        let many = operations.iter().filter(changes_tags).nth(FEW).is_some();
        let drops = operations.iter().any(|operation| matches!(operation, Operation::Drop { .. }));
        Desk { tags: many.then(HashMap::new), drops, swept: HashSet::new() }
    }

    /// Keys are dropped: a line that was swept may have dead numbers again.
    pub(crate) fn dropped(&mut self) {
        self.swept.clear();
    }

    /// Is a line that has the version of the commit to be swept? Notes that it is.
    pub(crate) fn sweeps_again(&mut self, number: u32) -> bool {
        self.drops && self.swept.insert(number)
    }

    /// Notes that a line is swept.
    pub(crate) fn sweeps(&mut self, number: u32) {
        if self.drops {
            self.swept.insert(number);
        }
    }

    /// The tags of a line, if it is unpacked.
    pub(crate) fn tags(&self, number: u32) -> Option<&BTreeSet<u32>> {
        self.tags.as_ref()?.get(&number)
    }

    /// The tags of a line to be changed, unpacked if they were not; nothing when the line is to be changed itself.
    pub(crate) fn tags_mut(
        &mut self,
        number: u32,
        unpack: impl FnOnce() -> BTreeSet<u32>,
    ) -> Option<&mut BTreeSet<u32>> {
        Some(self.tags.as_mut()?.entry(number).or_insert_with(unpack))
    }

    /// The line is given up.
    pub(crate) fn forget(&mut self, number: u32) {
        if let Some(tags) = &mut self.tags {
            tags.remove(&number);
        }
        self.swept.remove(&number);
    }

    /// Everything that is to be packed again.
    pub(crate) fn clear(&mut self) -> impl Iterator<Item = (u32, TagNumbers)> + use<> {
        let tags = std::mem::take(self).tags;
        tags.into_iter().flatten().map(|(number, tags)| (number, tags.into_iter().collect()))
    }
}

fn is_tag(key: &OwnedKey) -> bool {
    key.relation == Relation::Tag
}

/// The tags of devices whose links many checks of a set are about, unpacked once for all of them.
#[derive(Debug)]
pub(crate) struct Unpacked(Option<HashMap<u32, TagNumbers>>);

impl Unpacked {
    pub(crate) fn of(checks: &[Check]) -> Self {
        let of_tags = |check: &&Check| matches!(check, Check::Linked { key, .. } if is_tag(key));
        Unpacked(checks.iter().filter(of_tags).nth(FEW).is_some().then(HashMap::new))
    }

    /// Has the line this tag? Nothing when that is to be found in the line itself.
    pub(crate) fn has(&mut self, number: u32, tag: u32, unpack: impl FnOnce() -> TagNumbers) -> Option<bool> {
        let tags = self.0.as_mut()?.entry(number).or_insert_with(unpack);
        Some(tags.binary_search(&tag).is_ok())
    }
}
