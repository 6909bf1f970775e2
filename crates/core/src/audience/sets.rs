//! The algebra of postings, of which the last operation need not be carried out to be counted.
//!
//! A bitmap that nobody else holds is changed in place; one that the store or another part holds is never copied where
//! an operation makes a new one anyway.

use crate::store::Posting;
use roaring::{MultiOps, RoaringBitmap};
use std::sync::Arc;

/// A set as the last operation that makes it: built when the devices are wanted, only counted when they are not.
pub(super) enum Pending {
    One(Posting),
    Both(Posting, Posting),
    Either(Posting, Posting),
    /// The first without the second.
    Minus(Posting, Posting),
}

impl Pending {
    pub(super) fn nothing() -> Self {
        Pending::One(Posting::default())
    }

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
            Pending::Either(a, b) => a.len() + b.len() - both_len(a, b),
            Pending::Minus(a, b) => a.len() - both_len(a, b),
        }
    }

    /// What is in all of `sets`, smallest first, stopping when nothing is left; nothing when there are no sets.
    pub(super) fn all_of(mut sets: Vec<Posting>) -> Self {
        sets.sort_by_key(Posting::len);
        let last = sets.pop();
        let mut rest = sets.into_iter();
        let (Some(last), first) = (last, rest.next()) else { return Pending::nothing() };
        let Some(mut left) = first else { return Pending::One(last) };
        for next in rest {
            if left.is_empty() {
                return Pending::nothing();
            }
            left = both(left, next);
        }
        Pending::Both(left, last)
    }

    /// What is in any of `sets`; the largest is not touched before the end.
    pub(super) fn any_of(mut sets: Vec<Posting>) -> Self {
        sets.sort_by_key(Posting::len);
        let Some(largest) = sets.pop() else { return Pending::nothing() };
        match sets.len() {
            0 => Pending::One(largest),
            _ => Pending::Either(union(sets), largest),
        }
    }

    /// What is in `from` and in none of `gone`.
    pub(super) fn without(mut from: Posting, mut gone: Vec<Posting>) -> Self {
        let Some(last) = gone.pop() else { return Pending::One(from) };
        for next in gone {
            if from.is_empty() {
                return Pending::nothing();
            }
            from = minus(from, &next);
        }
        Pending::Minus(from, last)
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

/// All of `sets` at once: container by container, instead of one growing bitmap after the other.
fn union(sets: Vec<Posting>) -> Posting {
    let mut sets = sets;
    if sets.len() <= 2 {
        let last = sets.pop().unwrap_or_default();
        return match sets.pop() {
            Some(first) => either(first, last),
            None => last,
        };
    }
    let bitmaps = sets.iter().filter_map(|set| match set {
        Posting::Many(many) => Some(&**many),
        Posting::Few(_) => None,
    });
    let mut all: RoaringBitmap = bitmaps.union();
    for set in &sets {
        if let Posting::Few(few) = set {
            all.extend(few.iter().copied());
        }
    }
    Posting::Many(Arc::new(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    type Set = BTreeSet<u32>;

    /// Sets that are empty, few or many, in two containers.
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

        /// Also when another holds the bitmaps: they must stay as they were.
        #[test]
        fn the_algebra_agrees_with_plain_sets(from in sets(), many in prop::collection::vec(sets(), 0..5)) {
            let postings = |shared: &mut Vec<Posting>| -> Vec<Posting> {
                let made: Vec<Posting> = many.iter().map(|set| set.iter().copied().collect()).collect();
                shared.extend(made.iter().cloned());
                made
            };
            let own = || postings(&mut Vec::new());
            let first: Posting = from.iter().copied().collect();

            let all = many.iter().cloned().reduce(|a, b| &a & &b).unwrap_or_default();
            let any: Set = many.iter().flatten().copied().collect();
            let rest: Set = &from - &any;
            agree(|| Pending::all_of(own()), &all)?;
            agree(|| Pending::any_of(own()), &any)?;
            agree(|| Pending::without(first.clone(), own()), &rest)?;

            let mut shared = Vec::new();
            let held = postings(&mut shared);
            Pending::all_of(held.clone()).build();
            Pending::any_of(held.clone()).build();
            Pending::without(first.clone(), held).build();
            prop_assert_eq!(shared.iter().map(plain).collect::<Vec<_>>(), many.clone());
            prop_assert_eq!(plain(&first), from);
        }
    }

    #[test]
    fn one_set_alone_is_shared_and_not_copied() {
        let bitmap: Arc<RoaringBitmap> = Arc::new((0..100).collect());
        let one = || vec![Posting::Many(bitmap.clone())];
        for pending in [
            Pending::all_of(one()),
            Pending::any_of(one()),
            Pending::without(Posting::Many(bitmap.clone()), vec![]),
            Pending::without(Posting::Many(bitmap.clone()), vec![Posting::default()]),
        ] {
            assert!(Arc::ptr_eq(&pending.build().into_bitmap(), &bitmap));
        }
    }
}
