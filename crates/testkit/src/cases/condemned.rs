//! Condemning: the devices of a user wait for removal under a deletion's number, in one step.

use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, deletion, tag, user};
use rollbook::store::{Place, Relation};
use rollbook::{Platform, PlatformSet, UserId};

/// Five devices of `u` on two platforms, each with a tag, and one of `v`.
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

pub(super) fn condemning_a_user_without_devices_changes_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    scene(s);
    let committed = s.commit(Writes::new().condemn("nobody", 7));
    assert!(committed.vanished_users.is_empty(), "nobody had no device before");
    s.look().assert_absent(&deletion(7));
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
