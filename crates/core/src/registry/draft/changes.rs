//! The tags of one device that differ from the register's.

use super::intern::{FEW, KeyId};
use hashbrown::HashMap;
use smallvec::SmallVec;

/// Tags, and whether the device has each. An update of a device changes a few, so these are searched one by one; from
/// some number on they are found by hash, so that a device of 100 000 tags costs no more for each of them.
#[derive(Debug, Default)]
pub(super) struct TagChanges {
    list: SmallVec<[(KeyId, bool); 2]>,
    /// Where each is in the list, once they are more than a few.
    places: HashMap<KeyId, usize>,
}

impl TagChanges {
    fn place(&self, tag: KeyId) -> Option<usize> {
        if self.places.is_empty() {
            return self.list.iter().position(|(changed, _)| *changed == tag);
        }
        self.places.get(&tag).copied()
    }

    pub(super) fn get(&self, tag: KeyId) -> Option<bool> {
        self.list.get(self.place(tag)?).map(|(_, present)| *present)
    }

    pub(super) fn put(&mut self, tag: KeyId, present: bool) {
        if let Some((_, known)) = self.place(tag).and_then(|place| self.list.get_mut(place)) {
            *known = present;
            return;
        }
        self.list.push((tag, present));
        // Once they are found by hash they stay so, also when some go again.
        if self.list.len() > FEW || !self.places.is_empty() {
            let from = if self.places.is_empty() { 0 } else { self.list.len() - 1 };
            let places = self.list.iter().enumerate().skip(from);
            self.places.extend(places.map(|(place, (tag, _))| (*tag, place)));
        }
    }

    pub(super) fn remove(&mut self, tag: KeyId) {
        let Some(place) = self.place(tag) else { return };
        self.list.swap_remove(place);
        if self.places.is_empty() {
            return;
        }
        self.places.remove(&tag);
        if let Some((moved, _)) = self.list.get(place) {
            self.places.insert(*moved, place);
        }
    }

    pub(super) fn clear(&mut self) {
        self.list.clear();
        self.places.clear();
    }

    pub(super) fn reserve(&mut self, more: usize) {
        self.list.reserve(more);
    }

    pub(super) fn as_slice(&self) -> &[(KeyId, bool)] {
        &self.list
    }
}

#[cfg(test)]
mod tests {
    use super::super::intern::Interned;
    use super::*;
    use crate::store::{Key, Relation};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn what_was_put_is_found(steps in proptest::collection::vec((0..3_u8, 0..40_usize), 0..200)) {
            let mut keys = Interned::default();
            let tags: Vec<KeyId> =
                (0..40).map(|n| keys.intern(Key::new(Relation::Tag, &n.to_string()))).collect();
            let (mut changes, mut model) = (TagChanges::default(), BTreeMap::new());
            for (step, n) in steps {
                if step == 2 {
                    changes.remove(tags[n]);
                    model.remove(&n);
                } else {
                    changes.put(tags[n], step == 1);
                    model.insert(n, step == 1);
                }
                prop_assert!((0..40).all(|n| changes.get(tags[n]) == model.get(&n).copied()));
                prop_assert_eq!(changes.as_slice().len(), model.len());
            }
        }
    }
}
