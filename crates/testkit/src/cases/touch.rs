//! Heartbeats: the latest time counts, for the device that fills the place now.

use crate::look::device_id;
use crate::subject::Subject;
use crate::writes::{Writes, ranked, tag};
use rollbook::Platform;
use rollbook::store::{Conflicted, DeviceRecord};

const IOS: Platform = Platform::Ios;

pub(super) fn a_device_never_seen_has_no_time(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    assert_eq!(s.look().last_seen(ann.slot), None);
}

pub(super) fn a_heartbeat_is_shown(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(Platform::Android, "bob"));
    s.touch(&[(ann, 1_700_000_000), (bob, -5)]);
    let look = s.look();
    assert_eq!(look.last_seen(ann.slot), Some(1_700_000_000));
    assert_eq!(look.last_seen(bob.slot), Some(-5), "also before 1970");
}

pub(super) fn an_older_heartbeat_changes_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    for (at, expected) in [(10, 10), (9, 10), (10, 10), (-1, 10), (11, 11), (i64::MIN, 11)] {
        s.touch(&[(ann, at)]);
        assert_eq!(s.look().last_seen(ann.slot), Some(expected), "after a heartbeat at {at}");
    }
    s.touch(&[(ann, 30), (ann, 20)]);
    assert_eq!(s.look().last_seen(ann.slot), Some(30), "also within one call");
}

pub(super) fn a_time_given_at_the_insert_is_a_heartbeat(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert_seen(IOS, DeviceRecord::new(device_id("ann")), Some(50)));
    assert_eq!(s.look().last_seen(ann.slot), Some(50));
    s.touch(&[(ann, 49)]);
    assert_eq!(s.look().last_seen(ann.slot), Some(50), "an older one changes nothing");
    s.touch(&[(ann, 51)]);
    assert_eq!(s.look().last_seen(ann.slot), Some(51));
}

pub(super) fn a_heartbeat_makes_no_version(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("a"), &[0]));
    let before = s.look().picture();
    s.touch(&[(ann, 10)]);
    assert_eq!(s.look().picture(), before, "neither of the app nor of the device");
}

pub(super) fn heartbeats_of_places_that_were_left_are_skipped(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(IOS, "bob"));
    s.commit(Writes::new().remove(ann));
    s.touch(&[(ann, 10), (bob, 10)]);
    let look = s.look();
    assert_eq!(look.last_seen(ann.slot), None);
    assert_eq!(look.last_seen(bob.slot), Some(10), "the others count");
}

pub(super) fn changing_a_device_keeps_its_heartbeat(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    s.touch(&[(ann, 10)]);
    s.commit(Writes::new().put(ann, ranked(device_id("ann"), 1)).link(&tag("a"), &[ann]));
    assert_eq!(s.look().last_seen(ann.slot), Some(10));
}

pub(super) fn a_set_may_say_that_devices_were_seen(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(Platform::Android, "bob"));
    let version = s.look().version_of(ann);
    for (at, expected) in [(10, 10), (9, 10), (11, 11)] {
        s.commit(Writes::new().seen(&[ann, bob], at));
        let look = s.look();
        assert_eq!(look.last_seen(ann.slot), Some(expected), "after a set that says {at}");
        assert_eq!(look.last_seen(bob.slot), Some(expected), "of each of them");
        assert_eq!(look.version_of(ann), version, "it is no change of the device");
    }
    s.touch(&[(ann, 12)]);
    s.commit(Writes::new().link(&tag("a"), &[ann]).seen(&[ann], 5));
    assert_eq!(s.look().last_seen(ann.slot), Some(12), "an older time than a heartbeat");
    s.commit(Writes::new().remove(ann));
    assert_eq!(s.conflict(Writes::new().seen(&[bob, ann], 20)), Conflicted::DeviceGone);
    assert_eq!(s.look().last_seen(bob.slot), Some(11), "nothing of a set that conflicts");
}

pub(super) fn touching_nothing_is_no_error(t: &mut Subject<'_>) {
    let s = t.store();
    s.touch(&[]);
    assert_eq!(s.look().version(), 0);
}
