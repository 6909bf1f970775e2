//! Relations, read from the key and from the device, which always agree.

use crate::subject::Subject;
use crate::writes::{Writes, alias, deletion, key, tag, user};
use rollbook::store::Relation;
use rollbook::{Platform, PlatformSet};

const IOS: Platform = Platform::Ios;
const ANDROID: Platform = Platform::Android;

pub(super) fn a_link_is_seen_from_both_sides(t: &mut Subject<'_>) {
    let s = t.store();
    for (n, relation) in Relation::ALL.into_iter().enumerate() {
        let key = key(relation, "7");
        let (device, other) = (s.device(IOS, &format!("with {n}")), s.device(IOS, &format!("without {n}")));
        s.commit(Writes::new().link(&key, &[device]));
        let look = s.look();
        look.assert_names(&key, &[device]);
        assert_eq!(look.keys_of(device.slot, relation), ["7"], "the key of {relation:?}");
        assert_eq!(look.key_count(device.slot, relation), 1, "the count of {relation:?}");
        assert_eq!(look.key_count(other.slot, relation), 0, "the count of {relation:?} of the other device");
    }
}

pub(super) fn an_unlink_is_seen_from_both_sides(t: &mut Subject<'_>) {
    let s = t.store();
    for (n, relation) in Relation::ALL.into_iter().enumerate() {
        let key = key(relation, "7");
        let (first, second) = (s.device(IOS, &format!("first {n}")), s.device(IOS, &format!("second {n}")));
        s.commit(Writes::new().link(&key, &[first, second]));
        s.commit(Writes::new().unlink(&key, &[first]));
        let look = s.look();
        look.assert_names(&key, &[second]);
        assert_eq!(look.key_count(first.slot, relation), 0, "no key of {relation:?} is left");
    }
}

pub(super) fn an_empty_slot_has_no_keys(t: &mut Subject<'_>) {
    let s = t.store();
    let (gone, ann) = (s.device(IOS, "gone"), s.device(IOS, "ann"));
    s.commit(Writes::new().link(&tag("a"), &[gone, ann]));
    s.commit(Writes::new().remove(gone));
    let look = s.look();
    let never = crate::subject::slot(ANDROID, 77);
    for slot in [gone.slot, never] {
        assert!(!look.linked(slot, &tag("a")), "an empty slot is linked with nothing");
        assert_eq!(look.keys_of(slot, Relation::Tag), [""; 0], "an empty slot has no keys");
        assert_eq!(look.key_count(slot, Relation::Tag), 0, "an empty slot counts no keys");
    }
}

pub(super) fn a_device_carries_many_tags(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let tags: Vec<_> = (0..1_000).map(|n| tag(&format!("{n:04}"))).collect();
    s.commit(tags.iter().fold(Writes::new(), |set, tag| set.link(tag, &[ann])));
    s.commit(tags.iter().step_by(2).fold(Writes::new(), |set, tag| set.unlink(tag, &[ann])));
    let look = s.look();
    let expected: Vec<String> = (0..1_000).filter(|n| n % 2 == 1).map(|n| format!("{n:04}")).collect();
    assert_eq!(look.keys_of(ann.slot, Relation::Tag), expected, "every second tag is left");
    assert_eq!(look.key_count(ann.slot, Relation::Tag), 500, "and counted");
    assert!(look.linked(ann.slot, &tag("0999")) && !look.linked(ann.slot, &tag("0998")));
}

pub(super) fn a_key_names_devices_on_many_platforms(t: &mut Subject<'_>) {
    let s = t.store();
    for relation in Relation::ALL {
        let key = key(relation, "7");
        let mut places = Vec::new();
        for platform in [IOS, ANDROID, Platform::Unknown, Platform::Blackberry] {
            for n in 0..6 {
                places.push(s.device(platform, &format!("{relation:?} {platform} {n}")));
            }
        }
        s.commit(Writes::new().link(&key, &places));
        s.look().assert_names(&key, &places);
    }
}

pub(super) fn the_platforms_of_a_key_are_those_of_its_devices(t: &mut Subject<'_>) {
    let s = t.store();
    for (n, relation) in Relation::ALL.into_iter().enumerate() {
        let key = key(relation, "7");
        let on = |platforms: &[Platform]| {
            assert_eq!(s.look().platforms(&key), PlatformSet::of(platforms), "the platforms of {relation:?}");
        };
        on(&[]);
        let device = |platform, id: &str| s.device(platform, &format!("{id} {n}"));
        let (ann, bob) = (device(IOS, "ann"), device(IOS, "bob"));
        let (eve, joe) = (device(ANDROID, "eve"), device(Platform::Unknown, "joe"));
        s.commit(Writes::new().link(&key, &[joe]));
        on(&[Platform::Unknown]);
        s.commit(Writes::new().link(&key, &[ann, bob, eve]));
        on(&[IOS, ANDROID, Platform::Unknown]);
        s.commit(Writes::new().unlink(&key, &[ann]));
        on(&[IOS, ANDROID, Platform::Unknown]);
        s.commit(Writes::new().unlink(&key, &[bob]));
        on(&[ANDROID, Platform::Unknown]);
        s.commit(Writes::new().remove(eve));
        on(&[Platform::Unknown]);
        s.commit(Writes::new().link(&key, &[ann]).drop_key(&key, Platform::Unknown.into()));
        on(&[IOS]);
        s.commit(Writes::new().drop_key(&key, PlatformSet::ALL));
        on(&[]);
    }
    s.commit(Writes::new().insert(ANDROID, "max").link_new(&user("u"), &[0]).condemn("u", 9));
    assert_eq!(s.look().platforms(&user("u")), PlatformSet::NONE, "a condemned user is on none");
    assert_eq!(s.look().platforms(&deletion(9)), ANDROID.into(), "and the deletion where the user was");
}

pub(super) fn a_posting_shrinks_and_grows_across_its_small_form(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..9).map(|n| s.device(IOS, &format!("{n}"))).collect();
    for relation in Relation::ALL {
        let key = key(relation, "7");
        for n in 1..=places.len() {
            s.commit(Writes::new().link(&key, &places[n - 1..n]));
            s.look().assert_names(&key, &places[..n]);
        }
        for n in 1..=places.len() {
            s.commit(Writes::new().unlink(&key, &places[n - 1..n]));
            s.look().assert_names(&key, &places[n..]);
        }
    }
}

pub(super) fn a_posting_is_looked_into_for_any_ordinals(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..40).map(|n| s.device(IOS, &format!("{n}"))).collect();
    let third: Vec<_> = places.iter().copied().step_by(3).collect();
    s.commit(Writes::new().link(&tag("many"), &third).link(&tag("few"), &third[4..6]));
    let look = s.look();
    let ordinals: Vec<u32> = places.iter().map(|place| place.slot.ordinal).collect();
    let every = |n: usize| ordinals.iter().copied().step_by(n).collect::<Vec<_>>();
    for key in [tag("many"), tag("few"), tag("nobody")] {
        for platform in [IOS, ANDROID] {
            look.assert_among(&key, platform, &[]);
            look.assert_among(&key, platform, &ordinals);
            look.assert_among(&key, platform, &every(2));
            look.assert_among(&key, platform, &every(30));
            look.assert_among(&key, platform, &[1_000, u32::MAX]);
            ordinals.iter().for_each(|&one| look.assert_among(&key, platform, &[one]));
        }
    }
}

pub(super) fn an_alias_replaces_the_alias(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(ANDROID, "bob"));
    s.commit(Writes::new().link(&alias("old"), &[ann, bob]));
    s.commit(Writes::new().link(&alias("new"), &[ann]));
    let look = s.look();
    look.assert_names(&alias("old"), &[bob]);
    look.assert_names(&alias("new"), &[ann]);
    assert_eq!(look.keys_of(ann.slot, Relation::Alias), ["new"], "one alias");
}

pub(super) fn a_user_replaces_the_user(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(ANDROID, "bob"));
    s.commit(Writes::new().link(&user("old"), &[ann, bob]));
    s.commit(Writes::new().link(&user("new"), &[ann]));
    let look = s.look();
    look.assert_names(&user("old"), &[bob]);
    look.assert_names(&user("new"), &[ann]);
}

pub(super) fn a_device_has_a_user_or_a_deletion_never_both(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&user("ann"), &[0]));
    s.commit(Writes::new().link(&deletion(7), &[ann]));
    let look = s.look();
    look.assert_names(&deletion(7), &[ann]);
    look.assert_absent(&user("ann"));
    drop(look);
    s.commit(Writes::new().link(&user("eve"), &[ann]));
    let look = s.look();
    look.assert_names(&user("eve"), &[ann]);
    look.assert_absent(&deletion(7));
}

pub(super) fn one_name_in_different_relations_is_different_keys(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob, eve) = (s.device(IOS, "ann"), s.device(IOS, "bob"), s.device(IOS, "eve"));
    s.commit(Writes::new().link(&tag("7"), &[ann]).link(&alias("7"), &[bob]).link(&user("7"), &[eve]));
    let look = s.look();
    look.assert_names(&tag("7"), &[ann]);
    look.assert_names(&alias("7"), &[bob]);
    look.assert_names(&user("7"), &[eve]);
    look.assert_absent(&deletion(7));
    drop(look);
    s.commit(Writes::new().drop_key(&tag("7"), PlatformSet::ALL));
    let look = s.look();
    look.assert_absent(&tag("7"));
    look.assert_names(&alias("7"), &[bob]);
}

pub(super) fn names_that_look_alike_are_different_keys(t: &mut Subject<'_>) {
    let s = t.store();
    let long = ["x".repeat(255), "x".repeat(254), format!("{}y", "x".repeat(254))];
    let mut names = vec!["a", "A", "aa", "a ", "a/", "ä", "a\u{308}", "\u{10FFFF}", "0"];
    names.extend(long.iter().map(String::as_str));
    for relation in [Relation::Tag, Relation::Alias, Relation::User] {
        let mut linked = Vec::new();
        for (n, name) in names.iter().enumerate() {
            let key = key(relation, name);
            linked.push((
                s.placed(Writes::new().insert(IOS, &format!("{relation:?}{n}")).link_new(&key, &[0])),
                key,
            ));
        }
        let look = s.look();
        for (place, key) in linked {
            look.assert_names(&key, &[place]);
        }
    }
}

pub(super) fn linking_what_is_linked_changes_nothing_else(t: &mut Subject<'_>) {
    let s = t.store();
    for (n, relation) in Relation::ALL.into_iter().enumerate() {
        let key = key(relation, "7");
        let place = s.device(IOS, &n.to_string());
        s.commit(Writes::new().link(&key, &[place, place]).link(&key, &[place]));
        s.commit(Writes::new().link(&key, &[place]));
        let look = s.look();
        look.assert_names(&key, &[place]);
        assert_eq!(look.key_count(place.slot, relation), 1, "linked once");
    }
}

pub(super) fn unlinking_what_is_not_linked_changes_nothing_else(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(IOS, "bob"));
    s.commit(Writes::new().link(&alias("a"), &[ann]).link(&alias("b"), &[bob]).link(&tag("t"), &[bob]));
    s.commit(
        Writes::new().unlink(&alias("b"), &[ann]).unlink(&tag("t"), &[ann]).unlink(&tag("never"), &[ann]),
    );
    let look = s.look();
    look.assert_names(&alias("a"), &[ann]);
    look.assert_names(&alias("b"), &[bob]);
    look.assert_names(&tag("t"), &[bob]);
    look.assert_absent(&tag("never"));
}

pub(super) fn removing_a_device_takes_it_off_all_its_keys(t: &mut Subject<'_>) {
    let s = t.store();
    let keys = [tag("a"), tag("b"), alias("c"), user("d")];
    let (ann, bob) = (s.device(IOS, "ann"), s.device(IOS, "bob"));
    s.commit(keys.iter().fold(Writes::new(), |set, key| set.link(key, &[ann, bob])));
    s.commit(Writes::new().remove(ann));
    let look = s.look();
    for key in &keys {
        look.assert_names(key, &[bob]);
    }
}

pub(super) fn users_without_devices_are_answered_sorted(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = ["1", "2", "3", "4", "5"].iter().map(|id| s.device(IOS, id)).collect();
    let (z, a, m) = (user("z"), user("a"), user("m"));
    let set = Writes::new().link(&z, &places[..1]).link(&a, &places[1..2]).link(&m, &places[2..4]);
    let committed = s.commit(set.link(&user("k"), &places[4..]));
    assert!(committed.vanished_users.is_empty(), "nobody had a device before");
    let set = Writes::new().remove(places[0]).link(&user("new"), &places[1..2]).unlink(&m, &places[2..3]);
    let committed = s.commit(set.drop_key(&user("k"), PlatformSet::of(&[IOS])));
    let vanished: Vec<&str> = committed.vanished_users.iter().map(|user| user.as_str()).collect();
    assert_eq!(vanished, ["a", "k", "z"], "relinked, dropped and removed; m keeps a device");
}

pub(super) fn a_user_that_is_back_at_the_end_of_the_set_has_not_vanished(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&user("u"), &[0]));
    let set = Writes::new().remove(ann).insert(ANDROID, "ann").link_new(&user("u"), &[0]);
    assert!(s.commit(set).vanished_users.is_empty(), "u has a device before and after");
    let set = Writes::new().insert(IOS, "bob").link_new(&user("short"), &[0]).link_new(&user("v"), &[0]);
    assert!(s.commit(set).vanished_users.is_empty(), "a user that was only inside the set has not vanished");
}
