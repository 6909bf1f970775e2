//! Dropped keys: they vanish everywhere at once, and the references to them that devices still hold never show again.

use crate::look::device_id;
use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, key, ranked, tag, user};
use rollbook::store::{Place, Relation};
use rollbook::{Platform, PlatformSet};

const IOS: Platform = Platform::Ios;
const ANDROID: Platform = Platform::Android;

/// Six devices on each of two platforms, all with the tag `t` and the tag `keep`.
fn crowd(s: Desk<'_>) -> (Vec<Place>, Vec<Place>) {
    let insert = |set: Writes, (platform, n)| set.insert(platform, &format!("{platform} {n}"));
    let all: Vec<u32> = (0..12).collect();
    let who = (0..6).map(|n| (IOS, n)).chain((0..6).map(|n| (ANDROID, n)));
    let set = who.fold(Writes::new(), insert).link_new(&tag("t"), &all).link_new(&tag("keep"), &all);
    let mut ios = s.commit(set).inserted.to_vec();
    let android = ios.split_off(6);
    (ios, android)
}

pub(super) fn a_dropped_key_is_gone_from_both_sides(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    let look = s.look();
    look.assert_absent(&tag("t"));
    look.assert_names(&tag("keep"), &[ios, android].concat());
}

pub(super) fn a_drop_changes_no_version_of_a_device(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, _) = crowd(s);
    let before = s.look().version_of(ios[0]);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    let look = s.look();
    assert_eq!(look.version_of(ios[0]), before);
    assert!(look.version() > before.0, "the drop itself is a version");
}

pub(super) fn a_drop_on_some_platforms_leaves_the_others(t: &mut Subject<'_>) {
    let s = t.store();
    let (_, android) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::of(&[IOS, Platform::Sms])));
    s.look().assert_names(&tag("t"), &android);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::NONE));
    s.look().assert_names(&tag("t"), &android);
    s.commit(Writes::new().drop_key(&tag("t"), ANDROID.into()));
    s.look().assert_absent(&tag("t"));
}

pub(super) fn dropping_what_is_absent_changes_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("never"), PlatformSet::ALL).drop_key(&alias("t"), PlatformSet::ALL));
    s.look().assert_names(&tag("t"), &[ios, android].concat());
}

pub(super) fn a_key_made_again_starts_empty(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, _) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    s.commit(Writes::new().link(&tag("t"), &ios[..1]));
    s.look().assert_names(&tag("t"), &ios[..1]);
    let new = s.placed(Writes::new().insert(ANDROID, "new").link_new(&tag("t"), &[0]));
    s.look().assert_names(&tag("t"), &[ios[0], new]);
}

pub(super) fn a_key_dropped_and_made_again_many_times_starts_empty(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    let all = [ios, android].concat();
    for n in 0..40 {
        let few = &all[n % all.len()..(n % all.len() + 2).min(all.len())];
        s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
        s.commit(Writes::new().link(&tag("t"), few));
        s.look().assert_names(&tag("t"), few);
    }
}

pub(super) fn another_key_never_inherits_the_devices_of_a_dropped_one(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    let new = s.device(IOS, "new");
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    for n in 0..200 {
        s.commit(Writes::new().link(&tag(&format!("other {n}")), &[new]));
    }
    let look = s.look();
    for place in ios.iter().chain(&android) {
        assert_eq!(look.keys_of(place.slot, Relation::Tag), ["keep"], "the tags of {place:?}");
        assert_eq!(look.key_count(place.slot, Relation::Tag), 1, "the count of {place:?}");
    }
}

pub(super) fn a_drop_and_a_link_in_one_set_are_applied_in_order(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, _) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL).link(&tag("t"), &ios[1..2]));
    s.look().assert_names(&tag("t"), &ios[1..2]);
    s.commit(Writes::new().link(&tag("t"), &ios[2..3]).drop_key(&tag("t"), PlatformSet::ALL));
    s.look().assert_absent(&tag("t"));
    let set = Writes::new().link(&tag("t"), &ios[2..3]).drop_key(&tag("t"), PlatformSet::ALL);
    s.commit(set.link(&tag("t"), &ios[3..4]).drop_key(&tag("t"), ANDROID.into()));
    s.look().assert_names(&tag("t"), &ios[3..4]);
}

pub(super) fn the_next_write_of_a_device_sweeps_what_it_holds(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    let put = |place: Place, id: &str| Writes::new().put(place, ranked(device_id(id), 1));
    s.commit(put(ios[0], "ios 0"));
    s.commit(Writes::new().link(&tag("new"), &ios[1..2]));
    s.commit(Writes::new().unlink(&tag("t"), &ios[2..3]));
    s.commit(Writes::new().unlink(&tag("keep"), &ios[3..4]));
    s.commit(Writes::new().remove(ios[4]));
    s.commit(Writes::new().link(&tag("t"), &android[..1]));
    let look = s.look();
    look.assert_names(&tag("t"), &android[..1]);
    look.assert_names(&tag("new"), &ios[1..2]);
    let keep = [&ios[..3], &ios[5..], &android[..]].concat();
    look.assert_names(&tag("keep"), &keep);
}

pub(super) fn a_device_may_have_the_key_again_that_it_still_holds(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    s.commit(Writes::new().link(&tag("t"), &ios[..2]).link(&tag("t"), &android[..1]));
    s.commit(Writes::new().unlink(&tag("t"), &ios[..1]));
    let look = s.look();
    look.assert_names(&tag("t"), &[ios[1], android[0]]);
    assert_eq!(look.key_count(ios[1].slot, Relation::Tag), 2, "counted once");
}

pub(super) fn every_relation_can_be_dropped(t: &mut Subject<'_>) {
    let s = t.store();
    for relation in Relation::ALL {
        let (old, new) = (key(relation, "7"), key(relation, "8"));
        let places: Vec<_> = (0..6).map(|n| s.device(IOS, &format!("{relation:?} {n}"))).collect();
        s.commit(Writes::new().link(&old, &places));
        s.commit(Writes::new().drop_key(&old, PlatformSet::ALL));
        let look = s.look();
        look.assert_absent(&old);
        drop(look);
        s.commit(Writes::new().link(&new, &places[..2]).link(&old, &places[1..3]));
        let look = s.look();
        look.assert_names(&old, &places[1..3]);
        look.assert_names(&new, if relation.is_many() { &places[..2] } else { &places[..1] });
    }
}

pub(super) fn a_dropped_user_has_vanished(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit(Writes::new().insert(IOS, "a").insert(ANDROID, "b").link_new(&user("u"), &[0, 1]));
    let some = s.commit(Writes::new().drop_key(&user("u"), IOS.into()));
    assert!(some.vanished_users.is_empty(), "it has a device on another platform");
    let all = s.commit(Writes::new().drop_key(&user("u"), PlatformSet::ALL));
    assert_eq!(all.vanished_users.iter().map(|u| u.as_str()).collect::<Vec<_>>(), ["u"]);
}

pub(super) fn a_slot_that_is_filled_again_holds_nothing_dropped(t: &mut Subject<'_>) {
    let s = t.store();
    let (ios, android) = crowd(s);
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    s.commit(ios.iter().fold(Writes::new(), |set, &place| set.remove(place)));
    s.commit((0..20).fold(Writes::new(), |set, n| set.insert(IOS, &format!("new {n}"))));
    s.commit(Writes::new().link(&tag("t"), &android[..1]));
    let look = s.look();
    look.assert_names(&tag("t"), &android[..1]);
    look.assert_names(&tag("keep"), &android);
}
