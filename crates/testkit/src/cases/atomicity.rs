//! All or nothing: a set that conflicts anywhere changes nothing; a set that is applied is applied in order.

use crate::look::device_id;
use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, deletion, event, event_type, ranked, tag, user};
use rollbook::store::{Conflicted, Place};
use rollbook::{EventSeq, Platform, PlatformSet, Version};

const IOS: Platform = Platform::Ios;

struct Scene {
    ann: Place,
    bob: Place,
    gone: Place,
}

/// Some content of every kind, and a place whose device is gone and whose slot another device fills now.
fn scene(s: Desk<'_>) -> Scene {
    let (gone, ann) = (s.device(IOS, "gone"), s.device(IOS, "ann"));
    s.commit(Writes::new().remove(gone));
    let bob = s.device(IOS, "bob");
    let set = Writes::new().link(&tag("t"), &[ann, bob]).link(&alias("a"), &[ann]).link(&user("u"), &[ann]);
    s.commit(set.put_entry(event_type("login", 1)).append(event(5, "login", Some("ann"), None)));
    Scene { ann, bob, gone }
}

/// Returns operations of every kind that would change the scene.
fn everything(Scene { ann, bob, .. }: &Scene) -> Writes {
    Writes::new()
        .insert(IOS, "new")
        .link_new(&tag("new"), &[0])
        .put(*ann, ranked(device_id("ann"), 3))
        .link(&tag("x"), &[*ann, *bob])
        .unlink(&tag("t"), &[*ann])
        .link(&alias("b"), &[*ann])
        .condemn("u", 7)
        .drop_key(&tag("t"), PlatformSet::ALL)
        .put_entry(event_type("login", 2))
        .put_entry(event_type("logout", 2))
        .append(event(1, "login", None, None))
        .trim(100, 1)
        .seal()
        .remove(*bob)
}

/// Commits a set that must conflict, and compares everything before and after.
#[track_caller]
fn assert_untouched(s: Desk<'_>, set: Writes, expected: Conflicted) {
    let before = s.look().picture();
    assert_eq!(s.conflict(set), expected, "the kind of conflict");
    assert_eq!(s.look().picture(), before, "a set that conflicts with {expected:?} leaves no trace");
}

pub(super) fn a_check_that_fails_applies_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let version = s.look().version_of(scene.ann);
    let login = event_type("login", 1).key();
    let checks = [
        (everything(&scene).absent("ann"), Conflicted::DeviceExists),
        (everything(&scene).unchanged(scene.ann, Version(version.0 + 1)), Conflicted::DeviceChanged),
        (everything(&scene).unchanged(scene.gone, version), Conflicted::DeviceGone),
        (everything(&scene).at_most(&tag("t"), 1), Conflicted::KeyFull),
        (everything(&scene).room(&[scene.bob, scene.ann], 0), Conflicted::DeviceFull),
        (everything(&scene).room(&[scene.gone], 9), Conflicted::DeviceGone),
        (everything(&scene).entry_is(&login, None), Conflicted::EntryChanged),
    ];
    for (set, expected) in checks {
        assert_untouched(s, set, expected);
    }
    s.commit(Writes::new().seal());
    assert_untouched(s, everything(&scene).open(), Conflicted::Sealed);
}

pub(super) fn the_last_of_many_checks_that_fails_applies_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let set = (0..500).fold(everything(&scene).open(), |set, n| set.absent(&format!("absent {n}")));
    assert_untouched(s, set.absent("ann"), Conflicted::DeviceExists);
}

pub(super) fn an_operation_that_conflicts_applies_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let gone = scene.gone;
    let operations = [
        (everything(&scene).insert(Platform::Android, "ann"), Conflicted::DeviceExists),
        (everything(&scene).insert(IOS, "new"), Conflicted::DeviceExists),
        (everything(&scene).put(gone, ranked(device_id("gone"), 1)), Conflicted::DeviceGone),
        (everything(&scene).remove(gone), Conflicted::DeviceGone),
        (everything(&scene).remove(scene.bob), Conflicted::DeviceGone),
        (everything(&scene).link(&tag("y"), &[scene.ann, gone]), Conflicted::DeviceGone),
        (everything(&scene).unlink(&tag("t"), &[scene.ann, gone]), Conflicted::DeviceGone),
    ];
    for (set, expected) in operations {
        assert_untouched(s, set, expected);
    }
}

pub(super) fn a_conflict_in_the_middle_of_a_large_set_applies_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let insert = |set: Writes, n: u32| set.insert(IOS, &format!("large {n}")).link_new(&tag("large"), &[n]);
    let first = (0..500).fold(Writes::new(), insert);
    let set = (500..1_000).fold(first.link(&tag("large"), &[scene.gone]), insert);
    assert_untouched(s, set, Conflicted::DeviceGone);
    let places = s.commit((0..1_000).fold(Writes::new(), insert)).inserted;
    s.look().assert_names(&tag("large"), &places);
}

pub(super) fn a_conflict_uses_no_version_number_or_ordinal(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let version = s.look().version();
    let end = s.look().log_end();
    for n in 0..50 {
        let set = Writes::new().insert(IOS, &format!("{n}")).append(event(1, "login", None, None));
        s.conflict(set.remove(scene.gone));
    }
    let committed = s.commit(Writes::new().insert(IOS, "next").append(event(1, "login", None, None)));
    assert_eq!(committed.version, Version(version + 1), "the next version");
    assert_eq!(committed.appended.as_slice(), [EventSeq(end + 1)], "the next number");
    let ordinal = committed.inserted.first().map(|place| place.slot.ordinal);
    assert!(ordinal.is_some_and(|ordinal| ordinal < 50), "ordinals stay dense: got {ordinal:?}");
}

pub(super) fn operations_see_those_before_them(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let set = Writes::new().link(&tag("x"), &[ann]).unlink(&tag("x"), &[ann]).link(&tag("x"), &[ann]);
    let set = set.link(&alias("1"), &[ann]).link(&alias("2"), &[ann]).unlink(&alias("1"), &[ann]);
    let set = set.put(ann, ranked(device_id("ann"), 1)).put(ann, ranked(device_id("ann"), 2));
    let set = set.put_entry(event_type("a", 1)).put_entry(event_type("a", 2));
    let key = event_type("b", 1).key();
    s.commit(set.put_entry(event_type("b", 1)).remove_entry(&key));
    let look = s.look();
    look.assert_names(&tag("x"), &[ann]);
    look.assert_names(&alias("2"), &[ann]);
    look.assert_absent(&alias("1"));
    assert_eq!(look.device(ann.slot).and_then(|d| d.record.alias_rank), Some(2), "the later put");
    assert_eq!(
        look.entry(&event_type("a", 2).key()).map(|(e, _)| e),
        Some(event_type("a", 2)),
        "the later entry"
    );
    assert_eq!(look.entry(&key), None, "written, then removed");
}

pub(super) fn the_last_operation_of_a_set_is_applied(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("a"), &[0]));
    s.look().assert_names(&tag("a"), &[ann]);
    s.commit(Writes::new().link(&tag("b"), &[ann]).unlink(&tag("a"), &[ann]));
    s.look().assert_absent(&tag("a"));
}

pub(super) fn new_devices_come_with_their_keys(t: &mut Subject<'_>) {
    let s = t.store();
    let old = s.device(IOS, "old");
    let set = Writes::new()
        .insert(IOS, "0")
        .link(&tag("mixed"), &[old])
        .insert(Platform::Sms, "1")
        .insert(IOS, "2");
    let set = set.link_new(&tag("one"), &[1]).link_new(&tag("mixed"), &[2, 0]).link_new(&user("u"), &[0, 1]);
    let places = s.commit(set).inserted;
    let look = s.look();
    look.assert_names(&tag("one"), &places[1..2]);
    look.assert_names(&tag("mixed"), &[places[0], places[2], old]);
    look.assert_names(&user("u"), &places[..2]);
}

pub(super) fn the_keys_of_a_new_device_are_linked_in_their_order(t: &mut Subject<'_>) {
    let s = t.store();
    let set = Writes::new().insert(IOS, "ann");
    let set = set.link_new(&alias("first"), &[0]).link_new(&alias("second"), &[0]).link_new(&tag("t"), &[0]);
    let set = set.link_new(&user("u"), &[0]).link_new(&deletion(7), &[0]).link_new(&user("v"), &[0]);
    let ann = s.placed(set.link_new(&tag("t"), &[0]).link_new(&user("v"), &[0]));
    let look = s.look();
    for key in [alias("second"), tag("t"), user("v")] {
        look.assert_names(&key, &[ann]);
    }
    for key in [alias("first"), user("u"), deletion(7)] {
        look.assert_absent(&key);
    }
}

pub(super) fn the_first_conflict_is_answered_checks_before_operations(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let (ann, gone) = (scene.ann, scene.gone);
    let set = Writes::new().remove(gone).at_most(&tag("t"), 0).absent("ann");
    assert_eq!(s.conflict(set), Conflicted::KeyFull, "the first check, before any operation");
    let set = Writes::new().absent("ann").at_most(&tag("t"), 0);
    assert_eq!(s.conflict(set), Conflicted::DeviceExists, "the first check");
    let set = Writes::new().absent("nobody").room(&[ann, gone], 0);
    assert_eq!(s.conflict(set), Conflicted::DeviceFull, "the first device of a check");
    let set = Writes::new().insert(IOS, "ann").remove(gone);
    assert_eq!(s.conflict(set), Conflicted::DeviceExists, "the first operation");
    let set = Writes::new().remove(gone).insert(IOS, "ann");
    assert_eq!(s.conflict(set), Conflicted::DeviceGone, "the first operation");
}

pub(super) fn a_malformed_set_conflicts_and_applies_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    let scene = scene(s);
    let malformed = [
        everything(&scene).link(&tag("x"), &[scene.bob]),
        Writes::new().insert(IOS, "new").link(&tag("x"), &[Place { filled: Version(u64::MAX), ..scene.ann }]),
        Writes::new().insert(IOS, "new").put(scene.ann, ranked(device_id("bob"), 1)),
    ];
    for set in malformed {
        assert_untouched(s, set, Conflicted::DeviceGone);
    }
}
