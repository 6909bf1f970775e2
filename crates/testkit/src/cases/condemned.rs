//! Condemning: in one step, the devices of a user become pending under a deletion's number.

use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, deletion, event, tag, user, user_id};
use rollbook::store::{Check, Conflicted, Deleted, Deletion, Entry, EntryKey, Place, Relation};
use rollbook::{EventSeq, Platform, PlatformSet, UserId};

/// Registers five devices of `u` on two platforms, each with a tag, and one of `v`.
fn scene(s: Desk<'_>) -> (Vec<Place>, Place) {
    let mut set = Writes::new();
    for n in 0..5 {
        set = set.insert(if n < 3 { Platform::Ios } else { Platform::Android }, &format!("u {n}"));
    }
    set = set.insert(Platform::Ios, "v").link_new(&user("u"), &[0, 1, 2, 3, 4]).link_new(&user("v"), &[5]);
    let mut places =
        s.commit(set.link_new(&tag("t"), &[0, 1, 2, 3, 4, 5]).link_new(&alias("a"), &[0])).inserted.to_vec();
    let other = places.pop().expect("six places");
    (places, other)
}

fn names(users: &[UserId]) -> Vec<&str> {
    users.iter().map(UserId::as_str).collect()
}

pub(super) fn the_devices_of_a_user_become_those_of_the_deletion(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, other) = scene(s);
    let committed = s.commit(Writes::new().condemn("u", 7));
    assert_eq!(names(&committed.vanished_users), ["u"], "u has no device any more");
    let look = s.look();
    look.assert_absent(&user("u"));
    look.assert_names(&deletion(7), &places);
    look.assert_names(&user("v"), &[other]);
    assert_eq!(look.names(Relation::Deletion), ["7"], "the number in decimal digits");
}

pub(super) fn a_condemned_device_may_be_given_to_a_user_again(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, _) = scene(s);
    s.commit(Writes::new().condemn("u", 7));
    let waits = || Check::Linked { key: deletion(7), devices: [places[0]].into(), is: true };
    s.commit(Writes::new().check(waits()).link(&user("u 0"), &places[..1]));
    assert_eq!(s.conflict(Writes::new().check(waits())), Conflicted::LinkChanged, "it waits no more");
    let look = s.look();
    look.assert_names(&user("u 0"), &places[..1]);
    look.assert_names(&deletion(7), &places[1..]);
    look.assert_names(&alias("a"), &places[..1]);
}

pub(super) fn condemning_changes_nothing_else(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, other) = scene(s);
    s.touch(&[(places[0], 5)]);
    let before = s.look().version_of(places[0]);
    s.commit(Writes::new().condemn("u", 7));
    let look = s.look();
    assert_eq!(look.version_of(places[0]), before, "no device's version");
    look.assert_names(&tag("t"), &[&places[..], &[other]].concat());
    look.assert_names(&alias("a"), &places[..1]);
    assert_eq!(look.last_seen(places[0].slot), Some(5), "no heartbeat");
    assert_eq!(look.find("u 0"), Some(places[0]), "the devices stay until they are removed");
}

pub(super) fn condemning_a_user_without_devices_condemns_none(t: &mut Subject<'_>) {
    let s = t.store();
    scene(s);
    let committed = s.commit(Writes::new().condemn("nobody", 7));
    assert!(committed.vanished_users.is_empty(), "nobody had no device before");
    s.look().assert_absent(&deletion(7));
}

/// Returns the entry that condemning `user` writes when the newest event is `through`.
fn record(number: u64, user: &str, through: u64) -> Entry {
    let of = Deleted::User { user: user_id(user), through: EventSeq(through) };
    Entry::Deletion(Deletion { number, of })
}

pub(super) fn condemning_writes_who_is_deleted_and_the_newest_event(t: &mut Subject<'_>) {
    let s = t.store();
    scene(s);
    let version = s.commit(Writes::new().condemn("v", 7)).version;
    let entry = s.look().entry(&EntryKey::Deletion(7));
    assert_eq!(entry, Some((record(7, "v", 0), version)), "in an empty log the newest event is 0");
    // The event with the largest number is neither the latest nor the only one, and the one before it is erased.
    let events = [9, 3, 5].map(|at| event(at, "login", None, Some("u")));
    s.commit(events.into_iter().fold(Writes::new(), Writes::append));
    s.commit(Writes::new().trim(4, 1));
    let version = s.commit(Writes::new().condemn("u", 8)).version;
    let entry = s.look().entry(&EntryKey::Deletion(8));
    assert_eq!(entry, Some((record(8, "u", 3), version)), "the end of the log, with the version of the set");
    s.commit(Writes::new().append(event(1, "login", None, Some("u"))));
    assert_eq!(s.look().entry(&EntryKey::Deletion(8)), entry, "later events are not the deletion's");
}

pub(super) fn the_newest_event_is_that_at_this_point_of_the_set(t: &mut Subject<'_>) {
    let s = t.store();
    scene(s);
    s.commit(Writes::new().append(event(1, "login", None, Some("u"))));
    let set = Writes::new().append(event(2, "login", None, Some("u"))).condemn("u", 7);
    s.commit(set.append(event(3, "login", None, Some("u"))));
    let entry = s.look().entry(&EntryKey::Deletion(7)).map(|(entry, _)| entry);
    assert_eq!(
        entry,
        Some(record(7, "u", 2)),
        "with what the set appended before, without what it did after"
    );
}

pub(super) fn the_number_of_a_deletion_under_way_is_refused(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, other) = scene(s);
    s.commit(Writes::new().condemn("u", 7));
    let before = s.look().picture();
    assert_eq!(s.conflict(Writes::new().condemn("v", 7)), Conflicted::EntryChanged);
    assert_eq!(s.look().picture(), before, "a number that is taken applies nothing");
    let twice = Writes::new().condemn("v", 8).condemn("nobody", 8);
    assert_eq!(s.conflict(twice), Conflicted::EntryChanged, "also when the set itself took it");
    assert_eq!(s.look().picture(), before, "a number that is taken applies nothing of the set");
    s.look().assert_names(&user("v"), &[other]);
    let set = places.iter().fold(Writes::new(), |set, &place| set.remove(place));
    s.commit(set.remove_entry(&EntryKey::Deletion(7)));
    s.commit(Writes::new().condemn("v", 7));
    s.look().assert_names(&deletion(7), &[other]);
}

pub(super) fn a_user_made_again_has_only_its_new_devices(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, _) = scene(s);
    s.commit(Writes::new().condemn("u", 7));
    let new = s.placed(Writes::new().insert(Platform::Ios, "new").link_new(&user("u"), &[0]));
    let look = s.look();
    look.assert_names(&user("u"), &[new]);
    look.assert_names(&deletion(7), &places);
    drop(look);
    let committed = s.commit(Writes::new().condemn("u", 8));
    assert_eq!(names(&committed.vanished_users), ["u"]);
    let look = s.look();
    look.assert_names(&deletion(7), &places);
    look.assert_names(&deletion(8), &[new]);
    look.assert_absent(&user("u"));
}

pub(super) fn condemned_devices_are_removed_in_any_number_of_steps(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, other) = scene(s);
    s.commit(Writes::new().condemn("u", 7));
    for n in 0..places.len() {
        let committed = s.commit(Writes::new().remove(places[n]));
        assert!(committed.vanished_users.is_empty(), "u vanished when it was condemned");
        s.look().assert_names(&deletion(7), &places[n + 1..]);
    }
    let look = s.look();
    look.assert_names(&tag("t"), &[other]);
    look.assert_absent(&alias("a"));
}

pub(super) fn a_condemned_device_may_get_a_user_again(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, other) = scene(s);
    s.commit(Writes::new().condemn("u", 7));
    s.commit(Writes::new().link(&user("v"), &places[..1]).link(&user("u"), &places[1..2]));
    let look = s.look();
    look.assert_names(&deletion(7), &places[2..]);
    look.assert_names(&user("v"), &[places[0], other]);
    look.assert_names(&user("u"), &places[1..2]);
}

pub(super) fn a_set_condemns_what_it_linked_before(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, other) = scene(s);
    let set = Writes::new().insert(Platform::Ios, "new").link_new(&user("u"), &[0]).condemn("u", 7);
    let committed = s.commit(set.link(&user("u"), &[other]));
    let vanished = names(&committed.vanished_users);
    assert_eq!(vanished, ["v"], "u has a device again at the end, v lost its only one");
    let look = s.look();
    look.assert_names(&deletion(7), &[&places[..], &committed.inserted[..]].concat());
    look.assert_names(&user("u"), &[other]);
}

pub(super) fn the_user_of_a_condemned_device_is_not_dropped_again(t: &mut Subject<'_>) {
    let s = t.store();
    let (places, _) = scene(s);
    s.commit(Writes::new().condemn("u", 7));
    s.commit(Writes::new().drop_key(&user("u"), PlatformSet::ALL).unlink(&user("u"), &places[..1]));
    s.look().assert_names(&deletion(7), &places);
}
