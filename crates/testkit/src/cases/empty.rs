//! A key that lost its last device cannot be distinguished from one that never existed.

use crate::subject::{Desk, Subject};
use crate::writes::{Writes, alias, deletion, key, tag, user};
use rollbook::store::{Place, Relation};
use rollbook::{Platform, PlatformSet};

/// Inserts a device with a key of every relation that it can have at once.
fn full(s: Desk<'_>) -> Place {
    let set = Writes::new().insert(Platform::Ios, "ann").link_new(&tag("t"), &[0]);
    s.placed(set.link_new(&alias("a"), &[0]).link_new(&user("u"), &[0]))
}

pub(super) fn a_key_never_linked_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    full(s);
    let look = s.look();
    for relation in Relation::ALL {
        look.assert_absent(&key(relation, "never"));
    }
}

pub(super) fn a_key_whose_last_device_lost_it_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = full(s);
    s.commit(Writes::new().unlink(&tag("t"), &[ann]).unlink(&alias("a"), &[ann]).unlink(&user("u"), &[ann]));
    let look = s.look();
    look.assert_absent(&tag("t"));
    look.assert_absent(&alias("a"));
    look.assert_absent(&user("u"));
    assert_eq!(look.find("ann"), Some(ann), "the device stays");
}

pub(super) fn a_key_whose_last_device_was_removed_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = full(s);
    s.commit(Writes::new().remove(ann));
    let look = s.look();
    for relation in Relation::ALL {
        assert_eq!(look.names(relation), [""; 0], "no key of {relation:?} is left");
    }
}

pub(super) fn a_key_whose_last_device_got_another_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = full(s);
    s.commit(Writes::new().link(&alias("b"), &[ann]).link(&user("v"), &[ann]));
    let look = s.look();
    look.assert_absent(&alias("a"));
    look.assert_absent(&user("u"));
}

pub(super) fn a_key_that_was_dropped_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    full(s);
    let keys = [tag("t"), alias("a"), user("u")];
    s.commit(keys.iter().fold(Writes::new(), |set, key| set.drop_key(key, PlatformSet::ALL)));
    let look = s.look();
    for key in &keys {
        look.assert_absent(key);
    }
}

pub(super) fn a_user_that_was_condemned_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    full(s);
    s.commit(Writes::new().condemn("u", 7));
    s.look().assert_absent(&user("u"));
}

pub(super) fn a_deletion_without_devices_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = full(s);
    s.commit(Writes::new().condemn("u", 7));
    s.commit(Writes::new().remove(ann));
    s.look().assert_absent(&deletion(7));
}

pub(super) fn a_key_made_and_lost_in_one_set_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = full(s);
    s.commit(
        Writes::new()
            .link(&tag("x"), &[ann])
            .unlink(&tag("x"), &[ann])
            .link(&alias("y"), &[ann])
            .link(&alias("a"), &[ann]),
    );
    let look = s.look();
    look.assert_absent(&tag("x"));
    look.assert_absent(&alias("y"));
}

pub(super) fn a_link_of_no_devices_makes_no_key(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit(Writes::new().link(&tag("x"), &[]).unlink(&tag("y"), &[]));
    let look = s.look();
    look.assert_absent(&tag("x"));
    look.assert_absent(&tag("y"));
}

pub(super) fn a_key_that_is_empty_on_one_platform_only_stays(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = full(s);
    let bob = s.placed(Writes::new().insert(Platform::Android, "bob").link_new(&tag("t"), &[0]));
    s.commit(Writes::new().unlink(&tag("t"), &[ann]));
    s.look().assert_names(&tag("t"), &[bob]);
}
