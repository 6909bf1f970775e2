//! Bounded sizes: the largest sets that a commit accepts, and larger ones that it refuses without a change.

use crate::subject::Subject;
use crate::writes::{Writes, event, event_type, tag};
use rollbook::Platform;
use rollbook::store::{StoreError, WriteSet};

const IOS: Platform = Platform::Ios;

pub(super) fn a_commit_takes_at_least_a_weight_of_4_096(t: &mut Subject<'_>) {
    let info = t.store().info();
    assert!(info.max_weight >= 4_096, "{} takes only {}", info.name, info.max_weight);
}

pub(super) fn the_store_says_the_same_of_itself_all_the_time(t: &mut Subject<'_>) {
    let s = t.store();
    let before = s.info();
    assert!(!before.name.is_empty(), "a store has a name");
    assert!(before.max_devices_per_platform <= 1 << 32, "ordinals are 32 bits");
    s.device(IOS, "ann");
    assert_eq!(s.info(), before);
}

/// A set of at most the given weight and many operations, the last of which is an event.
fn heavy(weight: usize) -> Writes {
    let inserts = 1_000.min(weight / 2);
    let mut set = (0..inserts).fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}")));
    let mut left = weight - inserts - 1;
    let all: Vec<u32> = (0..inserts as u32).collect();
    for n in 0.. {
        let links = left.min(inserts);
        if links == 0 {
            break;
        }
        set = set.link_new(&tag(&format!("{}", n % 8)), &all[..links]);
        left -= links;
    }
    set.append(event(1, "last", None, None))
}

pub(super) fn a_set_of_the_largest_weight_is_applied_whole(t: &mut Subject<'_>) {
    let s = t.store();
    let weight = s.info().max_weight.min(1 << 16);
    let set: WriteSet = heavy(weight).into();
    assert_eq!(set.weight(), weight, "what the case means to commit");
    let places = s.commit(set).inserted;
    let look = s.look();
    look.assert_names(&tag("0"), &places);
    assert_eq!(look.log_end(), 1, "to its last operation");
}

pub(super) fn a_set_beyond_the_largest_weight_is_too_large(t: &mut Subject<'_>) {
    let s = t.store();
    let most = s.info().max_weight;
    if most > 1 << 20 {
        return t.skip("the store takes sets that are too large to make here");
    }
    let before = s.look().picture();
    let too_large = s.try_commit(heavy(most + 1));
    match too_large {
        Err(StoreError::TooLarge { limit, actual, .. }) => {
            assert_eq!((limit, actual), (most as u64, most as u64 + 1), "the limit and what was given");
        }
        other => panic!("a set beyond the limit must be TooLarge: {other:?}"),
    }
    assert_eq!(s.look().picture(), before, "and leaves no trace");
}

pub(super) fn checks_and_erasures_weigh_too(t: &mut Subject<'_>) {
    let s = t.store();
    let most = s.info().max_weight;
    let Ok(erased) = u32::try_from(most) else {
        return t.skip("the store takes sets that are too large to make here");
    };
    s.commit(Writes::new().trim(1, erased));
    let sets = [
        Writes::new().trim(1, erased).open(),
        Writes::new().erase(crate::writes::owner_user("u"), 9, erased).open(),
        Writes::new().trim(1, erased).put_entry(event_type("x", 1)),
    ];
    for set in sets {
        let refused = s.try_commit(set);
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "must be TooLarge: {refused:?}");
    }
}

pub(super) fn a_full_platform_takes_no_more_devices(t: &mut Subject<'_>) {
    let s = t.store();
    let most = s.info().max_devices_per_platform;
    if most > 20_000 {
        return t.skip("the store takes more devices on a platform than can be made here");
    }
    for first in (0..most).step_by(1_000) {
        let new = first..most.min(first + 1_000);
        s.commit(new.fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}"))));
    }
    let refused = s.try_commit(Writes::new().insert(IOS, "one more"));
    assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "must be TooLarge: {refused:?}");
    assert_eq!(s.look().find("one more"), None);
    let first = s.look().find("0").expect("the first device");
    s.commit(Writes::new().remove(first).insert(IOS, "one more"));
    s.device(Platform::Android, "elsewhere");
}
