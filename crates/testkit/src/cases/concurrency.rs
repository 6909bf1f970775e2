//! Many threads: every commit takes effect exactly once, readers always see whole commits, and no call waits for ever.

use crate::invariants::check_store_invariants;
use crate::subject::{APP, Desk, OTHER, Subject};
use crate::writes::{Writes, alias, event, tag, user};
use rollbook::store::{Conflicted, Place, Relation, StoreError};
use rollbook::{AppId, Platform, PlatformSet};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const IOS: Platform = Platform::Ios;

pub(super) fn every_commit_is_a_version_of_its_own(t: &mut Subject<'_>) {
    let s = t.store();
    let all: Vec<(u64, u64, Place)> = thread::scope(|scope| {
        let writer = |thread: u32| {
            move || {
                let commit = |n| {
                    let set = Writes::new().insert(IOS, &format!("{thread} {n}"));
                    let committed = s.commit(set.append(event(1, "x", None, None)));
                    (committed.version.0, committed.appended[0].0, committed.inserted[0])
                };
                (0..50).map(commit).collect::<Vec<_>>()
            }
        };
        let writers: Vec<_> = (0..4).map(|thread| scope.spawn(writer(thread))).collect();
        writers.into_iter().flat_map(|writer| writer.join().expect("a writer")).collect()
    });
    let expected: BTreeSet<u64> = (1..=200).collect();
    assert_eq!(all.iter().map(|one| one.0).collect::<BTreeSet<_>>(), expected, "each version once");
    assert_eq!(all.iter().map(|one| one.1).collect::<BTreeSet<_>>(), expected, "each number once");
    assert_eq!(all.iter().map(|one| one.2.slot).collect::<BTreeSet<_>>().len(), 200, "each slot once");
    let look = s.look();
    assert_eq!((look.version(), look.log_end(), look.devices(IOS).len()), (200, 200, 200));
}

pub(super) fn devices_that_get_one_tag_never_conflict(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..80).map(|n| s.device(IOS, &format!("{n}"))).collect();
    thread::scope(|scope| {
        for some in places.chunks(20) {
            scope.spawn(move || {
                some.iter().for_each(|&place| drop(s.commit(Writes::new().link(&tag("t"), &[place]))))
            });
        }
    });
    s.look().assert_names(&tag("t"), &places);
}

/// Registers, tags, renames and removes devices, and keeps exactly one owner for each device.
fn churn(s: Desk<'_>, app: AppId, thread: usize) {
    let mut mine: Vec<Place> = Vec::new();
    for n in 0..60 {
        let platform = if n % 3 == 0 { IOS } else { Platform::Android };
        let set = Writes::new().insert(platform, &format!("{thread} {n}")).link_new(&tag("all"), &[0]);
        let set =
            set.link_new(&alias(&format!("{}", n % 4)), &[0]).link_new(&user(&format!("{}", n % 5)), &[0]);
        mine.extend(s.commit_in(app, set.append(event(n, "x", Some("ann"), None))).inserted);
        s.touch_in(app, &mine.iter().map(|&place| (place, n)).collect::<Vec<_>>());
        if n % 4 == 3 {
            let place = mine.swap_remove(n.unsigned_abs() as usize % mine.len());
            s.commit_in(app, Writes::new().link(&alias("other"), &[place]).unlink(&tag("all"), &[place]));
            s.commit_in(app, Writes::new().remove(place));
        }
        if n % 16 == 9 {
            s.commit_in(app, Writes::new().drop_key(&tag("all"), PlatformSet::of(&[IOS])));
            s.commit_in(app, Writes::new().trim(n - 5, 3));
        }
    }
}

pub(super) fn a_reader_never_sees_what_contradicts_itself(t: &mut Subject<'_>) {
    let s = t.store();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 0;
            while !stop.load(Ordering::SeqCst) {
                let look = s.look();
                assert!(look.version() >= last, "time does not run backwards");
                last = look.version();
                let breaches = check_store_invariants(&look.0).expect("a view that is read");
                assert!(breaches.is_empty(), "version {last}: {breaches:?}");
            }
        });
        let writers: Vec<_> = (0..3).map(|thread| scope.spawn(move || churn(s, APP, thread))).collect();
        let writers: Vec<bool> = writers.into_iter().map(|writer| writer.join().is_ok()).collect();
        stop.store(true, Ordering::SeqCst);
        assert!(reader.join().is_ok(), "a reader saw what contradicts itself");
        assert_eq!(writers, [true; 3], "every writer came to its end");
    });
}

pub(super) fn apps_are_written_side_by_side(t: &mut Subject<'_>) {
    let s = t.store();
    thread::scope(|scope| {
        scope.spawn(|| churn(s, APP, 0));
        scope.spawn(|| churn(s, OTHER, 0));
    });
    // The store chooses the ordinals; everything else follows from the commits, which are the same.
    let state = |app| {
        let look = s.look_at(app);
        let names = Relation::ALL.map(|relation| look.names(relation));
        let sizes = Platform::ALL.map(|platform| look.devices(platform).len());
        (look.version(), look.log_end(), look.size(&tag("all")), names, sizes)
    };
    let here = state(APP);
    assert_eq!(here, state(OTHER), "the same commits make the same app");
}

pub(super) fn racing_removals_of_one_device_remove_it_once(t: &mut Subject<'_>) {
    let s = t.store();
    for round in 0..20 {
        let place = s.placed(Writes::new().insert(IOS, &format!("{round}")).link_new(&tag("t"), &[0]));
        let removed: usize = thread::scope(|scope| {
            let racers: Vec<_> =
                (0..4).map(|_| scope.spawn(move || s.try_commit(Writes::new().remove(place)))).collect();
            let won = |answer| match answer {
                Ok(_) => 1,
                Err(StoreError::Conflict { what: Conflicted::DeviceGone }) => 0,
                Err(error) => panic!("a race must end in a commit or a conflict: {error}"),
            };
            racers.into_iter().map(|racer| won(racer.join().expect("a racer"))).sum()
        });
        assert_eq!(removed, 1, "one removal wins");
    }
    s.look().assert_absent(&tag("t"));
}
