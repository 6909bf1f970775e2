//! A device that moves to another platform: a removal, an insert and links, in one set.

use crate::look::device_id;
use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, ranked, tag, user};
use rollbook::Platform;
use rollbook::store::Place;

const IOS: Platform = Platform::Ios;
const ANDROID: Platform = Platform::Android;

fn scene(s: Desk<'_>) -> (Place, Place) {
    let set = Writes::new().insert_seen(IOS, ranked(device_id("ann"), 4), Some(30)).insert(IOS, "bob");
    let set = set.link_new(&tag("1"), &[0, 1]).link_new(&tag("2"), &[0]).link_new(&alias("a"), &[0, 1]);
    let places = s.commit(set.link_new(&user("u"), &[0])).inserted;
    (places[0], places[1])
}

/// Returns the set that moves ann.
fn moving(from: Place, to: Platform) -> Writes {
    let set = Writes::new().remove(from).insert_seen(to, ranked(device_id("ann"), 4), Some(30));
    set.link_new(&tag("1"), &[0])
        .link_new(&tag("2"), &[0])
        .link_new(&alias("a"), &[0])
        .link_new(&user("u"), &[0])
}

pub(super) fn a_device_moves_with_everything_it_has(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = scene(s);
    let committed = s.commit(moving(ann, ANDROID));
    let new = committed.inserted[0];
    assert!(committed.vanished_users.is_empty(), "its user has a device before and after");
    assert_eq!(new.slot.platform, ANDROID);
    let look = s.look();
    assert_eq!(look.find("ann"), Some(new));
    assert_eq!(look.devices(IOS), [bob.slot.ordinal], "it left the old platform");
    assert_eq!(look.devices(ANDROID), [new.slot.ordinal], "and is on the new one");
    look.assert_names(&tag("1"), &[new, bob]);
    look.assert_names(&tag("2"), &[new]);
    look.assert_names(&alias("a"), &[new, bob]);
    look.assert_names(&user("u"), &[new]);
    assert_eq!(look.last_seen(new.slot), Some(30), "with its heartbeat");
    assert_eq!(look.device(new.slot).map(|device| device.record), Some(ranked(device_id("ann"), 4)));
}

pub(super) fn a_device_moves_to_and_fro(t: &mut Subject<'_>) {
    let s = t.store();
    let (mut ann, bob) = scene(s);
    let mut known = vec![ann];
    for n in 0..20 {
        ann = s.placed(moving(ann, if n % 2 == 0 { ANDROID } else { IOS }));
        assert!(!known.contains(&ann), "every stay is another place: {ann:?}");
        known.push(ann);
        s.look().assert_names(&tag("1"), &[ann, bob]);
    }
    for &old in known.iter().filter(|&&old| old != ann) {
        s.conflict(Writes::new().remove(old));
    }
}

pub(super) fn two_devices_change_platforms_in_one_set(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(ANDROID, "bob"));
    s.commit(Writes::new().link(&tag("a"), &[ann]).link(&tag("b"), &[bob]));
    let set = Writes::new().remove(ann).remove(bob).insert(ANDROID, "ann").insert(IOS, "bob");
    let places = s.commit(set.link_new(&tag("a"), &[0]).link_new(&tag("b"), &[1])).inserted;
    let look = s.look();
    look.assert_names(&tag("a"), &places[..1]);
    look.assert_names(&tag("b"), &places[1..]);
}

pub(super) fn a_move_that_conflicts_leaves_the_device_where_it_was(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = scene(s);
    let before = s.look().picture();
    s.conflict(moving(ann, ANDROID).insert(ANDROID, "bob"));
    assert_eq!(s.look().picture(), before);
    assert_eq!(s.look().find("bob"), Some(bob));
}

pub(super) fn a_list_read_before_a_move_names_the_device_at_most_once(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = scene(s);
    let as_of = s.look().version();
    let new = s.placed(moving(ann, ANDROID));
    let look = s.look();
    let old = look.ids(IOS, &[ann.slot.ordinal, bob.slot.ordinal], as_of);
    assert_eq!(old, [(bob.slot.ordinal, "bob".to_owned())], "ann left this list");
    assert_eq!(look.find("ann"), Some(new));
}
