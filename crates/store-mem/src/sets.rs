//! The devices of a key that names more than one.

use roaring::RoaringBitmap;
use rollbook::store::Posting;
use smallvec::SmallVec;
use std::sync::Arc;

/// Two or three ordinals inline, or more as a bitmap that views share; 16 bytes in either case.
#[derive(Debug, Clone)]
pub(crate) enum Set {
    Few { len: u8, ordinals: [u32; 3] },
    Many { len: u32, ordinals: Arc<RoaringBitmap> },
}

const _: () = assert!(size_of::<Set>() == 16);

impl Default for Set {
    fn default() -> Self {
        Set::Few { len: 0, ordinals: [0; 3] }
    }
}

impl Set {
    pub(crate) fn of_two(one: u32, other: u32) -> Self {
        Set::Few { len: 2, ordinals: [one.min(other), one.max(other), 0] }
    }

    fn few(&self) -> &[u32] {
        match self {
            Set::Few { len, ordinals } => ordinals.get(..usize::from(*len)).unwrap_or_default(),
            Set::Many { .. } => &[],
        }
    }

    #[inline]
    pub(crate) fn len(&self) -> u32 {
        match self {
            Set::Few { len, .. } => u32::from(*len),
            Set::Many { len, .. } => *len,
        }
    }

    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        match self {
            Set::Few { .. } => self.few().contains(&ordinal),
            Set::Many { ordinals, .. } => ordinals.contains(ordinal),
        }
    }

    pub(crate) fn posting(&self) -> Posting {
        match self {
            Set::Few { .. } => Posting::Few(SmallVec::from_slice(self.few())),
            Set::Many { ordinals, .. } => Posting::Many(ordinals.clone()),
        }
    }

    /// Adds an ordinal that is not in the set.
    #[inline]
    pub(crate) fn insert(&mut self, ordinal: u32) {
        match self {
            Set::Many { len, ordinals } => {
                *len += u32::from(Arc::make_mut(ordinals).insert(ordinal));
            }
            Set::Few { .. } => {
                let mut all: SmallVec<[u32; 4]> = SmallVec::from_slice(self.few());
                let at = all.partition_point(|&other| other < ordinal);
                all.insert(at, ordinal);
                *self = Set::of(&all);
            }
        }
    }

    /// Removes an ordinal.
    pub(crate) fn remove(&mut self, ordinal: u32) {
        match self {
            Set::Many { len, ordinals } => {
                let bitmap = Arc::make_mut(ordinals);
                *len -= u32::from(bitmap.remove(ordinal));
                // Becomes inline again at two and not at three, so that a set at the border does not alternate
                // between the forms.
                if *len <= 2 {
                    let few: SmallVec<[u32; 4]> = bitmap.iter().collect();
                    *self = Set::of(&few);
                }
            }
            Set::Few { .. } => {
                let all: SmallVec<[u32; 4]> =
                    self.few().iter().copied().filter(|&other| other != ordinal).collect();
                *self = Set::of(&all);
            }
        }
    }

    fn of(all: &[u32]) -> Self {
        let mut ordinals = [0; 3];
        if all.len() > ordinals.len() {
            return Set::Many { len: all.len() as u32, ordinals: Arc::new(all.iter().copied().collect()) };
        }
        ordinals.iter_mut().zip(all).for_each(|(place, &ordinal)| *place = ordinal);
        Set::Few { len: all.len() as u8, ordinals }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_set_holds_what_was_put_in(steps in proptest::collection::vec((any::<bool>(), 0..9_u32), 0..60)) {
            let mut set = Set::default();
            let mut model = BTreeSet::new();
            for (add, ordinal) in steps {
                if add && model.insert(ordinal) {
                    set.insert(ordinal);
                } else if !add && model.remove(&ordinal) {
                    set.remove(ordinal);
                }
                let mut read = Vec::new();
                set.posting().for_each(|ordinal| read.push(ordinal));
                prop_assert!(read.iter().eq(&model));
                prop_assert_eq!(set.len() as usize, model.len());
            }
        }
    }

    #[test]
    fn a_reader_keeps_the_set_that_it_took() {
        let mut set = Set::default();
        (0..10).for_each(|ordinal| set.insert(ordinal));
        let taken = set.posting();
        set.insert(99);
        assert_eq!((taken.len(), set.len()), (10, 11));
    }
}
