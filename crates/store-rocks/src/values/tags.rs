//! The numbers of a device's tags.

use std::collections::BTreeSet;

/// From this many numbers on, a change would move too much of a sorted list, so they become a tree when they change.
const MOST_LISTED: usize = 512;

/// Numbers in ascending order. When they are read and written they are a list. A commit that changes many tags of a
/// device with many tags changes a tree instead, in time that depends on the number of changes and not on the product
/// of the two.
#[derive(Debug, Clone)]
pub(crate) enum Tags {
    Listed(Vec<u64>),
    Tree(BTreeSet<u64>),
}

impl Default for Tags {
    fn default() -> Self {
        Tags::Listed(Vec::new())
    }
}

impl Tags {
    pub(crate) fn with_capacity(tags: usize) -> Self {
        Tags::Listed(Vec::with_capacity(tags))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Tags::Listed(all) => all.len(),
            Tags::Tree(all) => all.len(),
        }
    }

    pub(crate) fn contains(&self, tag: u64) -> bool {
        match self {
            Tags::Listed(all) => all.binary_search(&tag).is_ok(),
            Tags::Tree(all) => all.contains(&tag),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        let (listed, tree) = match self {
            Tags::Listed(all) => (Some(all.iter()), None),
            Tags::Tree(all) => (None, Some(all.iter())),
        };
        listed.into_iter().flatten().chain(tree.into_iter().flatten()).copied()
    }

    pub(crate) fn insert(&mut self, tag: u64) {
        match self.grown() {
            Tags::Listed(all) => {
                if let Err(at) = all.binary_search(&tag) {
                    all.insert(at, tag);
                }
            }
            Tags::Tree(all) => {
                all.insert(tag);
            }
        }
    }

    pub(crate) fn remove(&mut self, tag: u64) {
        match self.grown() {
            Tags::Listed(all) => {
                if let Ok(at) = all.binary_search(&tag) {
                    all.remove(at);
                }
            }
            Tags::Tree(all) => {
                all.remove(&tag);
            }
        }
    }

    /// Returns the numbers in the form in which they are changed.
    fn grown(&mut self) -> &mut Self {
        if let Tags::Listed(all) = self
            && all.len() >= MOST_LISTED
        {
            *self = Tags::Tree(std::mem::take(all).into_iter().collect());
        }
        self
    }
}

impl From<Vec<u64>> for Tags {
    /// The numbers must ascend.
    fn from(all: Vec<u64>) -> Self {
        Tags::Listed(all)
    }
}

impl PartialEq for Tags {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Tags {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_read_as_they_were_changed(
            first in proptest::collection::btree_set(0..2_000_u64, 0..1_200),
            steps in proptest::collection::vec((any::<bool>(), 0..2_000_u64), 0..300),
        ) {
            let (mut tags, mut model) = (Tags::from(first.iter().copied().collect::<Vec<_>>()), first);
            for (put, tag) in steps {
                if put {
                    tags.insert(tag);
                    model.insert(tag);
                } else {
                    tags.remove(tag);
                    model.remove(&tag);
                }
                prop_assert!(tags.contains(tag) == put && tags.len() == model.len());
            }
            prop_assert!(tags.iter().eq(model));
        }
    }
}
