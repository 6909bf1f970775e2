//! Each kind of check at, below and above what it allows, and in races.

use crate::look::device_id;
use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, event_type, key, ranked, tag, user};
use rollbook::store::{Check, Conflicted, DeviceRecord, EntryKey, OwnedKey, Place, Relation, StoreError};
use rollbook::{Platform, PlatformSet, Version};
use std::thread;

const IOS: Platform = Platform::Ios;

/// Returns how many of these sets, committed at once, are applied; the others must conflict with `loss`.
fn race(s: Desk<'_>, sets: Vec<Writes>, loss: Conflicted) -> usize {
    thread::scope(|scope| {
        let racers: Vec<_> = sets.into_iter().map(|set| scope.spawn(move || s.try_commit(set))).collect();
        let mut won = 0;
        for racer in racers {
            match racer.join() {
                Ok(Ok(_)) => won += 1,
                Ok(Err(StoreError::Conflict { what })) => assert_eq!(what, loss, "why a racer lost"),
                Ok(Err(error)) => panic!("a race must end in a commit or a conflict: {error}"),
                Err(_) => panic!("a commit panicked"),
            }
        }
        won
    })
}

pub(super) fn open_holds_until_the_app_is_sealed(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit(Writes::new().open());
    s.commit(Writes::new().open().seal());
    assert_eq!(s.conflict(Writes::new().open()), Conflicted::Sealed);
}

pub(super) fn absent_holds_while_no_device_has_the_id(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().absent("ann").insert(IOS, "ann"));
    let set = Writes::new().absent("ann").insert(Platform::Android, "bob");
    assert_eq!(s.conflict(set), Conflicted::DeviceExists, "on whatever platform");
    s.commit(Writes::new().remove(ann));
    s.commit(Writes::new().absent("ann"));
}

pub(super) fn unchanged_holds_at_exactly_the_version(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let version = s.look().version_of(ann);
    s.commit(Writes::new().unchanged(ann, version));
    for other in [Version(version.0 - 1), Version(version.0 + 1)] {
        assert_eq!(s.conflict(Writes::new().unchanged(ann, other)), Conflicted::DeviceChanged);
    }
    let later = s.commit(Writes::new().unchanged(ann, version).link(&tag("a"), &[ann])).version;
    assert_eq!(s.conflict(Writes::new().unchanged(ann, version)), Conflicted::DeviceChanged);
    s.commit(Writes::new().unchanged(ann, later));
}

pub(super) fn unchanged_does_not_hold_for_a_place_that_was_left(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let version = s.look().version_of(ann);
    s.commit(Writes::new().remove(ann));
    assert_eq!(s.conflict(Writes::new().unchanged(ann, version)), Conflicted::DeviceGone, "an empty slot");
    s.commit((0..40).fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}"))));
    assert_eq!(
        s.conflict(Writes::new().unchanged(ann, version)),
        Conflicted::DeviceGone,
        "filled by another"
    );
}

pub(super) fn key_at_most_counts_all_platforms_together(t: &mut Subject<'_>) {
    let s = t.store();
    for key in [tag("k"), alias("k"), user("k")] {
        s.commit(Writes::new().at_most(&key, 0));
        for (n, platform) in [IOS, Platform::Android, Platform::Unknown].into_iter().enumerate() {
            s.commit(Writes::new().insert(platform, &format!("{key:?} {n}")).link_new(&key, &[0]));
        }
        s.commit(Writes::new().at_most(&key, 4));
        s.commit(Writes::new().at_most(&key, 3));
        assert_eq!(s.conflict(Writes::new().at_most(&key, 2)), Conflicted::KeyFull);
        s.commit(Writes::new().drop_key(&key, PlatformSet::of(&[IOS, Platform::Unknown])));
        s.commit(Writes::new().at_most(&key, 1));
        assert_eq!(s.conflict(Writes::new().at_most(&key, 0)), Conflicted::KeyFull);
    }
}

pub(super) fn room_counts_the_tags_of_every_device(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(Platform::Android, "bob"));
    s.commit(Writes::new().room(&[ann, bob], 0));
    let set = Writes::new().link(&alias("a"), &[ann, bob]).link(&user("u"), &[ann, bob]);
    s.commit(set.link(&tag("1"), &[ann, bob]).link(&tag("2"), &[bob]));
    s.commit(Writes::new().room(&[ann], 1).room(&[ann, bob], 2).room(&[bob], 3));
    assert_eq!(s.conflict(Writes::new().room(&[ann], 0)), Conflicted::DeviceFull);
    assert_eq!(s.conflict(Writes::new().room(&[ann, bob], 1)), Conflicted::DeviceFull, "the last of several");
    s.commit(Writes::new().remove(ann));
    assert_eq!(s.conflict(Writes::new().room(&[bob, ann], 9)), Conflicted::DeviceGone);
}

pub(super) fn room_does_not_count_dropped_tags(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    s.commit((0..5).fold(Writes::new(), |set, n| set.link(&tag(&format!("{n}")), &[ann])));
    s.commit((0..4).fold(Writes::new(), |set, n| set.drop_key(&tag(&format!("{n}")), PlatformSet::ALL)));
    s.commit(Writes::new().room(&[ann], 1));
    assert_eq!(s.conflict(Writes::new().room(&[ann], 0)), Conflicted::DeviceFull);
}

pub(super) fn unseen_holds_while_no_device_was_seen_since(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(Platform::Android, "bob"));
    s.commit(Writes::new().unseen(&[ann, bob], i64::MIN));
    s.touch(&[(ann, 100)]);
    s.commit(Writes::new().unseen(&[ann, bob], 101));
    assert_eq!(s.conflict(Writes::new().unseen(&[ann], 100)), Conflicted::DeviceSeen, "exactly then");
    assert_eq!(
        s.conflict(Writes::new().unseen(&[bob, ann], 5)),
        Conflicted::DeviceSeen,
        "the last of several"
    );
    s.touch(&[(ann, 101)]);
    assert_eq!(s.conflict(Writes::new().unseen(&[ann], 101)), Conflicted::DeviceSeen, "seen again");
    let moved = s.placed(Writes::new().insert_seen(IOS, DeviceRecord::new(device_id("eve")), Some(7)));
    assert_eq!(s.conflict(Writes::new().unseen(&[moved], 7)), Conflicted::DeviceSeen, "a time of the insert");
    s.commit(Writes::new().unseen(&[moved], 8));
}

pub(super) fn unseen_does_not_hold_for_a_place_that_was_left(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    s.touch(&[(ann, 5)]);
    s.commit(Writes::new().remove(ann));
    assert_eq!(s.conflict(Writes::new().unseen(&[ann], 9)), Conflicted::DeviceGone, "an empty slot");
    let other = s.device(IOS, "bob");
    assert_eq!(s.conflict(Writes::new().unseen(&[ann], 9)), Conflicted::DeviceGone, "filled by another");
    s.commit(Writes::new().unseen(&[other], 5));
}

/// Heartbeats race with the removal of devices that were not seen: a device whose heartbeat was acknowledged in time
/// must stay.
pub(super) fn an_acknowledged_heartbeat_is_never_missed(t: &mut Subject<'_>) {
    let s = t.store();
    for round in 0..20 {
        let places: Vec<Place> = (0..8).map(|n| s.device(IOS, &format!("{round} {n}"))).collect();
        thread::scope(|scope| {
            let beats = scope.spawn(|| {
                for &place in &places {
                    s.touch(&[(place, 50)]);
                    // The heartbeat was acknowledged: either it came first, or the device was gone by then.
                    let look = s.look();
                    let there = look.device(place.slot).is_some_and(|device| device.place == place);
                    assert!(!there || look.last_seen(place.slot) == Some(50), "a heartbeat was lost");
                }
            });
            let removals = scope.spawn(|| {
                let removed =
                    |&&place: &&Place| s.try_commit(Writes::new().unseen(&[place], 50).remove(place)).is_ok();
                places.iter().rev().filter(removed).copied().collect::<Vec<Place>>()
            });
            let _ = (beats.join().expect("heartbeats"), removals.join().expect("removals"));
        });
        let look = s.look();
        let there = |place: &Place| look.device(place.slot).is_some_and(|device| device.place == *place);
        let (kept, gone): (Vec<Place>, Vec<Place>) = places.into_iter().partition(there);
        assert!(kept.iter().all(|place| look.last_seen(place.slot) == Some(50)), "whoever was kept was seen");
        assert!(gone.iter().all(|place| look.last_seen(place.slot).is_none()), "and whoever is gone was not");
        // A view may hold a lock that a commit waits for.
        drop(look);
        s.commit(kept.into_iter().fold(Writes::new(), Writes::remove));
    }
}

/// Returns a set that checks that each of the devices has room for this tag.
fn room_for(name: &str, devices: &[Place], most: u32) -> Writes {
    Writes::new().check(Check::Room { tag: name.into(), devices: devices.into(), most })
}

pub(super) fn room_lets_a_full_device_keep_the_tag_that_it_has(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(Platform::Android, "bob"));
    s.commit(Writes::new().link(&tag("1"), &[ann]).link(&tag("2"), &[ann]).link(&alias("3"), &[ann]));
    for most in [2, 1, 0] {
        s.commit(room_for("1", &[ann], most));
        let full = s.conflict(room_for("3", &[ann], most));
        assert_eq!(full, Conflicted::DeviceFull, "no room for a third tag where {most} are allowed");
    }
    s.commit(room_for("1", &[ann, bob], 2));
    let full = s.conflict(room_for("1", &[ann, bob], 0));
    assert_eq!(full, Conflicted::DeviceFull, "each device is asked for itself: bob has no tag");
    s.commit(Writes::new().drop_key(&tag("1"), PlatformSet::ALL));
    s.commit(room_for("1", &[ann], 2));
    assert_eq!(s.conflict(room_for("1", &[ann], 1)), Conflicted::DeviceFull, "a dropped tag is not had");
}

fn linked(key: &OwnedKey, devices: &[Place], is: bool) -> Writes {
    Writes::new().check(Check::Linked { key: key.clone(), devices: devices.into(), is })
}

pub(super) fn linked_holds_while_every_device_has_the_key(t: &mut Subject<'_>) {
    let s = t.store();
    for (n, relation) in Relation::ALL.into_iter().enumerate() {
        let key = key(relation, "7");
        let devices = [s.device(IOS, &format!("ann {n}")), s.device(Platform::Android, &format!("bob {n}"))];
        assert_eq!(s.conflict(linked(&key, &devices, true)), Conflicted::LinkChanged, "none has it");
        s.commit(Writes::new().link(&key, &devices[..1]));
        s.commit(linked(&key, &devices[..1], true));
        let one = s.conflict(linked(&key, &devices, true));
        assert_eq!(one, Conflicted::LinkChanged, "the last of several lacks {relation:?}");
        s.commit(Writes::new().link(&key, &devices[1..]));
        s.commit(linked(&key, &devices, true));
        s.commit(Writes::new().unlink(&key, &devices[..1]));
        assert_eq!(s.conflict(linked(&key, &devices, true)), Conflicted::LinkChanged, "the first lost it");
    }
    s.commit(linked(&tag("t"), &[], true));
}

pub(super) fn linked_holds_while_no_device_has_the_key(t: &mut Subject<'_>) {
    let s = t.store();
    for (n, relation) in Relation::ALL.into_iter().enumerate() {
        let (key, other) = (key(relation, "7"), key(relation, "8"));
        let devices = [s.device(IOS, &format!("ann {n}")), s.device(Platform::Android, &format!("bob {n}"))];
        s.commit(Writes::new().link(&other, &devices));
        s.commit(linked(&key, &devices, false));
        s.commit(Writes::new().link(&key, &devices[1..]));
        s.commit(linked(&key, &devices[..1], false));
        let one = s.conflict(linked(&key, &devices, false));
        assert_eq!(one, Conflicted::LinkChanged, "the last of several has {relation:?}");
    }
    s.commit(linked(&tag("t"), &[], false));
}

pub(super) fn linked_does_not_hold_for_a_place_that_was_left(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("t"), &[0]));
    s.commit(Writes::new().remove(ann));
    for is in [true, false] {
        assert_eq!(s.conflict(linked(&tag("t"), &[ann], is)), Conflicted::DeviceGone, "an empty slot");
    }
    s.commit(
        (0..40).fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}")).link_new(&tag("t"), &[n])),
    );
    for is in [true, false] {
        assert_eq!(s.conflict(linked(&tag("t"), &[ann], is)), Conflicted::DeviceGone, "filled by another");
    }
}

pub(super) fn linked_follows_a_key_that_was_dropped(t: &mut Subject<'_>) {
    let s = t.store();
    let devices = [s.device(IOS, "ann"), s.device(Platform::Android, "bob")];
    s.commit(Writes::new().link(&tag("t"), &devices));
    s.commit(Writes::new().drop_key(&tag("t"), IOS.into()));
    s.commit(linked(&tag("t"), &devices[..1], false));
    s.commit(linked(&tag("t"), &devices[1..], true));
    assert_eq!(s.conflict(linked(&tag("t"), &devices[..1], true)), Conflicted::LinkChanged);
    s.commit(Writes::new().link(&user("u"), &devices).condemn("u", 7));
    s.commit(linked(&user("u"), &devices, false));
    s.commit(linked(&key(Relation::Deletion, "7"), &devices, true));
}

pub(super) fn entry_holds_at_exactly_the_version(t: &mut Subject<'_>) {
    let s = t.store();
    let key = event_type("login", 0).key();
    s.commit(Writes::new().entry_is(&key, None));
    assert_eq!(
        s.conflict(Writes::new().entry_is(&key, Some(Version(1)))),
        Conflicted::EntryChanged,
        "absent"
    );
    let first = s.commit(Writes::new().entry_is(&key, None).put_entry(event_type("login", 1))).version;
    assert_eq!(s.conflict(Writes::new().entry_is(&key, None)), Conflicted::EntryChanged, "present");
    s.commit(Writes::new().entry_is(&key, Some(first)).entry_is(&EntryKey::NextApp, None));
    let second = s.commit(Writes::new().put_entry(event_type("login", 1))).version;
    let old = Writes::new().entry_is(&key, Some(first));
    assert_eq!(s.conflict(old), Conflicted::EntryChanged, "written again, though with the same value");
    s.commit(Writes::new().entry_is(&key, Some(second)).remove_entry(&key));
    assert_eq!(s.conflict(Writes::new().entry_is(&key, Some(second))), Conflicted::EntryChanged, "removed");
}

pub(super) fn checks_judge_the_state_before_the_operations(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let version = s.look().version_of(ann);
    let key = event_type("login", 0).key();
    let set = Writes::new().link(&tag("t"), &[ann]).put(ann, ranked(device_id("ann"), 1)).insert(IOS, "bob");
    let set = set.put_entry(event_type("login", 1)).seal();
    let set = set.open().absent("bob").unchanged(ann, version).at_most(&tag("t"), 0).room(&[ann], 0);
    s.commit(set.entry_is(&key, None));
}

pub(super) fn a_check_alone_changes_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("t"), &[0]));
    let version = s.look().version_of(ann);
    s.commit(Writes::new().unchanged(ann, version).room(&[ann], 1).at_most(&tag("t"), 1));
    assert_eq!(s.look().version_of(ann), version, "a check does not change the device that it names");
}

pub(super) fn of_racing_inserts_of_one_id_one_wins(t: &mut Subject<'_>) {
    let s = t.store();
    for round in 0..20 {
        let id = format!("{round}");
        let sets =
            [IOS, Platform::Android, IOS, Platform::Sms].map(|p| Writes::new().absent(&id).insert(p, &id));
        assert_eq!(race(s, sets.to_vec(), Conflicted::DeviceExists), 1, "one insert of {id} wins");
    }
    let devices: usize = Platform::ALL.iter().map(|&platform| s.look().devices(platform).len()).sum();
    assert_eq!(devices, 20, "one device a round");
}

pub(super) fn of_racing_changes_of_one_version_one_wins(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    for round in 0..20 {
        let version = s.look().version_of(ann);
        let set = |n| Writes::new().unchanged(ann, version).link(&tag(&format!("{round} {n}")), &[ann]);
        assert_eq!(race(s, (0..4).map(set).collect(), Conflicted::DeviceChanged), 1, "one change wins");
    }
    assert_eq!(s.look().key_count(ann.slot, Relation::Tag), 20, "one tag a round");
}

pub(super) fn of_racing_links_that_must_be_new_one_wins(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    for round in 0..20 {
        let tag = tag(&format!("{round}"));
        let set = || linked(&tag, &[ann], false).link(&tag, &[ann]);
        assert_eq!(race(s, (0..4).map(|_| set()).collect(), Conflicted::LinkChanged), 1, "one link is new");
    }
}

pub(super) fn racing_tags_fill_the_room_of_a_device_exactly(t: &mut Subject<'_>) {
    let s = t.store();
    for round in 0..20 {
        let place = s.device(IOS, &format!("{round}"));
        let set = |n| Writes::new().room(&[place], 2).link(&tag(&format!("{n}")), &[place]);
        assert_eq!(race(s, (0..6).map(set).collect(), Conflicted::DeviceFull), 3, "three tags have room");
    }
}

pub(super) fn of_racing_writes_of_one_entry_one_wins(t: &mut Subject<'_>) {
    let s = t.store();
    for round in 0..20 {
        let key = event_type(&format!("{round}"), 0).key();
        let set = |n| Writes::new().entry_is(&key, None).put_entry(event_type(&format!("{round}"), n));
        assert_eq!(race(s, (0..4).map(set).collect(), Conflicted::EntryChanged), 1, "one write wins");
    }
}
