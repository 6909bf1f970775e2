//! Set operations on postings. The last one of an evaluation can be counted without being carried out.
//!
//! An operation changes a bitmap in place if it holds the only reference. A bitmap that the store or another part
//! shares is not copied where the operation creates a new one anyway.

use crate::store::Posting;
use roaring::{MultiOps, RoaringBitmap};
use std::sync::Arc;

/// A set before its last operation, which is carried out for the devices, and only counted for their number.
pub(super) enum Pending {
    One(Posting),
    Both(Posting, Posting),
    Either(Posting, Posting),
    /// The first without the second.
    Minus(Posting, Posting),
}

impl Pending {
    pub(super) fn build(self) -> Posting {
        match self {
            Pending::One(set) => set,
            Pending::Both(a, b) => both(a, b),
            Pending::Either(a, b) => either(a, b),
            Pending::Minus(a, b) => minus(a, &b),
        }
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Pending::One(set) => set.len(),
            Pending::Both(a, b) => both_len(a, b),
            // Inclusion and exclusion: only the intersection is counted over the bitmaps.
            Pending::Either(a, b) => a.len() + b.len() - both_len(a, b),
            Pending::Minus(a, b) => a.len() - both_len(a, b),
        }
    }

    /// Returns the union of `sets`. The largest is kept for the last operation, where a count does not copy it.
    pub(super) fn any_of(mut sets: Vec<Posting>) -> Self {
        sets.sort_by_key(Posting::len);
        let Some(largest) = sets.pop() else { return Pending::One(Posting::default()) };
        match sets.len() {
            0 => Pending::One(largest),
            _ => Pending::Either(union(sets), largest),
        }
    }
}

pub(super) fn both(a: Posting, b: Posting) -> Posting {
    match (a, b) {
        (Posting::Few(mut few), other) | (other, Posting::Few(mut few)) => {
            few.retain(|ordinal| other.contains(*ordinal));
            Posting::Few(few)
        }
        (Posting::Many(mut a), Posting::Many(mut b)) => {
            Posting::Many(if let Some(own) = Arc::get_mut(&mut a) {
                *own &= &*b;
                a
            } else if let Some(own) = Arc::get_mut(&mut b) {
                *own &= &*a;
                b
            } else {
                Arc::new(&*a & &*b)
            })
        }
    }
}

pub(super) fn both_len(a: &Posting, b: &Posting) -> u64 {
    match (a, b) {
        (Posting::Few(few), other) | (other, Posting::Few(few)) => {
            few.iter().filter(|ordinal| other.contains(**ordinal)).count() as u64
        }
        (Posting::Many(a), Posting::Many(b)) => a.intersection_len(b),
    }
}

pub(super) fn either(a: Posting, b: Posting) -> Posting {
    match (a, b) {
        (a, b) if a.is_empty() => b,
        (a, b) if b.is_empty() => a,
        (Posting::Few(a), Posting::Few(b)) => a.into_iter().chain(b).collect(),
        (Posting::Few(few), Posting::Many(many)) | (Posting::Many(many), Posting::Few(few)) => {
            // Checked first, because adding to a shared bitmap copies it.
            if few.iter().all(|ordinal| many.contains(*ordinal)) {
                return Posting::Many(many);
            }
            let mut own = Arc::unwrap_or_clone(many);
            own.extend(few);
            Posting::Many(Arc::new(own))
        }
        (Posting::Many(mut a), Posting::Many(mut b)) => {
            Posting::Many(if let Some(own) = Arc::get_mut(&mut a) {
                *own |= &*b;
                a
            } else if let Some(own) = Arc::get_mut(&mut b) {
                *own |= &*a;
                b
            } else {
                Arc::new(&*a | &*b)
            })
        }
    }
}

pub(super) fn minus(a: Posting, b: &Posting) -> Posting {
    match (a, b) {
        (Posting::Few(mut few), other) => {
            few.retain(|ordinal| !other.contains(*ordinal));
            Posting::Few(few)
        }
        (Posting::Many(many), Posting::Few(few)) => {
            // Checked first, because removing from a shared bitmap copies it.
            if !few.iter().any(|ordinal| many.contains(*ordinal)) {
                return Posting::Many(many);
            }
            let mut own = Arc::unwrap_or_clone(many);
            for ordinal in few {
                own.remove(*ordinal);
            }
            Posting::Many(Arc::new(own))
        }
        (Posting::Many(mut a), Posting::Many(b)) => Posting::Many(if let Some(own) = Arc::get_mut(&mut a) {
            *own -= &**b;
            a
        } else {
            Arc::new(&*a - &**b)
        }),
    }
}

/// Unites all sets at once, container by container, instead of copying a growing bitmap for every set.
fn union(sets: Vec<Posting>) -> Posting {
    let mut sets = sets;
    if sets.len() <= 2 {
        let last = sets.pop().unwrap_or_default();
        return match sets.pop() {
            Some(first) => either(first, last),
            None => last,
        };
    }
    let mut few: Vec<u32> = Vec::new();
    let mut many: Vec<&RoaringBitmap> = Vec::new();
    for set in &sets {
        match set {
            Posting::Few(these) => few.extend_from_slice(these),
            Posting::Many(these) => many.push(these),
        }
    }
    // Sorted, because appending in order is the fastest way to fill containers.
    few.sort_unstable();
    let few: Posting = few.into_iter().collect();
    match many.len() {
        0 => few,
        _ => either(Posting::Many(Arc::new(many.union())), few),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    type Set = BTreeSet<u32>;

    /// Generates sets that are empty, few or many, in two containers.
    fn sets() -> impl Strategy<Value = Set> {
        let ordinal = prop_oneof![0..12_u32, 65_530..65_540_u32, Just(u32::MAX)];
        prop::collection::btree_set(ordinal, 0..14)
    }

    fn plain(set: &Posting) -> Set {
        let mut plain = Set::new();
        set.for_each(|ordinal| assert!(plain.insert(ordinal)));
        plain
    }

    fn agree(make: impl Fn() -> Pending, expected: &Set) -> Result<(), TestCaseError> {
        prop_assert_eq!(make().len(), expected.len() as u64);
        prop_assert_eq!(&plain(&make().build()), expected);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Checks also that shared bitmaps do not change.
        #[test]
        fn the_algebra_agrees_with_plain_sets(from in sets(), many in prop::collection::vec(sets(), 0..5)) {
            let postings = |shared: &mut Vec<Posting>| -> Vec<Posting> {
                let made: Vec<Posting> = many.iter().map(|set| set.iter().copied().collect()).collect();
                shared.extend(made.iter().cloned());
                made
            };
            let own = || postings(&mut Vec::new());
            let first: Posting = from.iter().copied().collect();

            let any: Set = many.iter().flatten().copied().collect();
            agree(|| Pending::any_of(own()), &any)?;
            for (second, plainly) in own().into_iter().zip(&many) {
                agree(|| Pending::Both(first.clone(), second.clone()), &(&from & plainly))?;
                agree(|| Pending::Either(first.clone(), second.clone()), &(&from | plainly))?;
                agree(|| Pending::Minus(first.clone(), second.clone()), &(&from - plainly))?;
            }

            let mut shared = Vec::new();
            let held = postings(&mut shared);
            Pending::any_of(held.clone()).build();
            for second in held {
                Pending::Both(first.clone(), second.clone()).build();
                Pending::Either(first.clone(), second.clone()).build();
                Pending::Minus(first.clone(), second).build();
            }
            prop_assert_eq!(shared.iter().map(plain).collect::<Vec<_>>(), many.clone());
            prop_assert_eq!(plain(&first), from);
        }
    }

    #[test]
    fn one_set_alone_is_shared_and_not_copied() {
        let bitmap: Arc<RoaringBitmap> = Arc::new((0..100).collect());
        let own = || Posting::Many(bitmap.clone());
        for pending in [
            Pending::One(own()),
            Pending::any_of(vec![own()]),
            Pending::Either(own(), Posting::default()),
            Pending::Minus(own(), Posting::default()),
        ] {
            assert!(Arc::ptr_eq(&pending.build().into_bitmap(), &bitmap));
        }
    }
}
