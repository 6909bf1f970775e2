//! Devices as records: what is stored is returned, by id and by slot, and versions show when it changed.

use crate::look::device_id;
use crate::subject::{APP, Subject};
use crate::writes::{Writes, alias, ranked, tag, user};
use rollbook::store::{DeviceRecord, Relation, Slot};
use rollbook::{Language, Mobile, Platform, PlatformSet, PushToken, Timestamp, UtcOffset, Version};

const IOS: Platform = Platform::Ios;

pub(super) fn an_app_never_committed_to_is_empty_at_version_0(t: &mut Subject<'_>) {
    let look = t.store().look_at(APP);
    assert_eq!(look.version(), 0, "the version before the first commit");
    assert!(!look.is_sealed(), "an app is not sealed from the beginning");
    assert_eq!(look.find("ann"), None, "no device is found");
    assert_eq!(look.device(Slot { platform: IOS, ordinal: 0 }), None, "no slot is filled");
    for platform in Platform::ALL {
        assert_eq!(look.devices(platform), [], "there are no devices on {platform}");
    }
    for relation in Relation::ALL {
        assert_eq!(look.names(relation), [""; 0], "there are no keys of {relation:?}");
    }
    assert_eq!(look.log_end(), 0, "there are no events");
}

pub(super) fn a_device_is_found_by_id_and_by_slot(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let look = s.look();
    assert_eq!(look.find("ann"), Some(ann), "ann stands where the commit said");
    let device = look.device(ann.slot).expect("ann fills her slot");
    assert_eq!(device.place, ann, "the slot knows its place");
    assert_eq!(device.record, DeviceRecord::new(device_id("ann")), "the record is as inserted");
    assert_eq!(look.devices(IOS), [ann.slot.ordinal], "ann is listed");
    assert_eq!(look.ids(IOS, &[ann.slot.ordinal], look.version()), [(ann.slot.ordinal, "ann".to_owned())]);
}

pub(super) fn every_field_of_a_record_comes_back(t: &mut Subject<'_>) {
    let s = t.store();
    let full = DeviceRecord {
        id: device_id(&"ü".repeat(127)),
        token: PushToken::new("t".repeat(4096)).ok(),
        mobile: Mobile::new("+86-13012345678").ok(),
        language: Language::new("zh-Hans-CN").ok(),
        utc_offset: UtcOffset::new(-43_200).ok(),
        registered_at: Some(Timestamp::from_secs(i64::MIN)),
        alias_rank: Some(u32::MAX),
    };
    assert!(full.token.is_some() && full.mobile.is_some() && full.language.is_some());
    let place = s.placed(Writes::new().insert_seen(IOS, full.clone(), Some(-7)));
    let look = s.look();
    assert_eq!(look.device(place.slot).map(|device| device.record), Some(full), "every field of the record");
    assert_eq!(look.last_seen(place.slot), Some(-7), "when it was last seen");
}

pub(super) fn ids_that_look_alike_are_different_devices(t: &mut Subject<'_>) {
    let s = t.store();
    let long = "x".repeat(255);
    let ids = ["a", "A", "aa", "a ", " a", "a/b", "ä", "a\u{308}", "0", "00", &long];
    let places: Vec<_> = ids.iter().map(|id| s.device(IOS, id)).collect();
    let look = s.look();
    for (id, place) in ids.iter().zip(places) {
        assert_eq!(look.find(id), Some(place), "{id:?} is its own device");
    }
    for id in ["", "b", "aaa", "a/", "Ä"].into_iter().filter(|id| !id.is_empty()) {
        assert_eq!(look.find(id), None, "{id:?} was never inserted");
    }
}

pub(super) fn every_platform_keeps_its_own_devices(t: &mut Subject<'_>) {
    let s = t.store();
    let places = Platform::ALL.map(|platform| s.device(platform, platform.name()));
    let look = s.look();
    for (platform, place) in Platform::ALL.into_iter().zip(places) {
        assert_eq!(place.slot.platform, platform, "a device stands on its platform");
        assert_eq!(look.devices(platform), [place.slot.ordinal], "{platform} has one device");
        assert_eq!(look.find(platform.name()), Some(place));
    }
}

pub(super) fn a_commit_answers_the_places_of_its_inserts_in_their_order(t: &mut Subject<'_>) {
    let s = t.store();
    let set = Writes::new().insert(IOS, "c").insert(Platform::Android, "a").insert(IOS, "b");
    let committed = s.commit(set);
    let look = s.look();
    let found: Vec<_> = ["c", "a", "b"].iter().filter_map(|id| look.find(id)).collect();
    assert_eq!(committed.inserted.as_slice(), found, "places in the order of the inserts");
}

pub(super) fn put_replaces_the_whole_record(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert_seen(IOS, ranked(device_id("ann"), 1), None));
    let other = DeviceRecord { language: Language::new("en").ok(), ..DeviceRecord::new(device_id("ann")) };
    let version = s.commit(Writes::new().put(ann, other.clone())).version;
    let device = s.look().device(ann.slot).expect("ann is still there");
    assert_eq!(device.record, other, "the new record, and nothing of the old one");
    assert_eq!((device.place, device.version), (ann, version), "in the old place, at the new version");
}

pub(super) fn put_keeps_keys_and_heartbeat(t: &mut Subject<'_>) {
    let s = t.store();
    let keys = [tag("a"), tag("b"), alias("c"), user("d")];
    let mut set = Writes::new().insert_seen(IOS, DeviceRecord::new(device_id("ann")), Some(5));
    for key in &keys {
        set = set.link_new(key, &[0]);
    }
    let ann = s.placed(set);
    s.commit(Writes::new().put(ann, ranked(device_id("ann"), 9)));
    let look = s.look();
    for key in &keys {
        look.assert_names(key, &[ann]);
    }
    assert_eq!(look.last_seen(ann.slot), Some(5), "a put is not a heartbeat");
}

pub(super) fn a_removed_device_is_gone_from_every_answer(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(IOS, "bob"));
    s.commit(Writes::new().remove(ann));
    let look = s.look();
    assert_eq!(look.find("ann"), None, "not found by id");
    assert_eq!(look.device(ann.slot), None, "not found by slot");
    assert_eq!(look.devices(IOS), [bob.slot.ordinal], "not listed");
    assert_eq!(look.last_seen(ann.slot), None, "never seen");
    assert_eq!(look.ids(IOS, &[ann.slot.ordinal], look.version()), [], "no id");
    assert_eq!(look.find("bob"), Some(bob), "the other stays");
}

pub(super) fn an_id_may_be_inserted_again_after_its_removal(t: &mut Subject<'_>) {
    let s = t.store();
    let first = s.placed(
        Writes::new().insert_seen(IOS, ranked(device_id("ann"), 1), Some(3)).link_new(&tag("a"), &[0]),
    );
    s.commit(Writes::new().remove(first));
    let second = s.device(Platform::Android, "ann");
    let look = s.look();
    assert_eq!(look.find("ann"), Some(second), "where she is now");
    assert_eq!(
        look.device(second.slot).map(|d| d.record.alias_rank),
        Some(None),
        "nothing of the old record"
    );
    assert_eq!(look.last_seen(second.slot), None, "no heartbeat of the old device");
    look.assert_absent(&tag("a"));
}

pub(super) fn an_id_may_be_removed_and_inserted_in_one_set(t: &mut Subject<'_>) {
    let s = t.store();
    let first = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("a"), &[0]));
    let second = s.placed(Writes::new().remove(first).insert(IOS, "ann"));
    assert_ne!(first, second, "another occupancy is another place");
    let look = s.look();
    assert_eq!(look.find("ann"), Some(second));
    assert_eq!(look.devices(IOS), [second.slot.ordinal], "one device");
    look.assert_absent(&tag("a"));
}

pub(super) fn the_version_grows_by_one_with_every_commit(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let sets = [
        Writes::new(),
        Writes::new().link(&tag("a"), &[ann]),
        Writes::new().remove(ann),
        Writes::new().open(),
    ];
    for (version, set) in (2..).zip(sets) {
        assert_eq!(s.commit(set).version, Version(version), "each commit is one more, also an empty one");
        assert_eq!(s.look().version(), version, "and the view shows it");
    }
}

pub(super) fn a_device_that_is_changed_gets_the_version(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("a"), &[0]));
    let record = DeviceRecord::new(device_id("ann"));
    let sets = [
        ("link", Writes::new().link(&tag("b"), &[ann])),
        ("unlink", Writes::new().unlink(&tag("a"), &[ann])),
        ("put of the same", Writes::new().put(ann, record)),
        ("link of an alias", Writes::new().link(&alias("old"), &[ann])),
        ("link of another alias", Writes::new().link(&alias("new"), &[ann])),
        ("link of a user", Writes::new().link(&user("u"), &[ann])),
    ];
    for (what, set) in sets {
        let version = s.commit(set).version;
        assert_eq!(s.look().version_of(ann), version, "a {what} gives the version");
    }
}

/// Two callers that set the same link do not notice each other: a version that was read between them must stay
/// current.
pub(super) fn a_link_that_changes_nothing_leaves_the_version(t: &mut Subject<'_>) {
    let s = t.store();
    let device = Writes::new().insert(IOS, "ann").link_new(&tag("a"), &[0]).link_new(&alias("x"), &[0]);
    let ann = s.placed(device.link_new(&user("u"), &[0]).link_new(&tag("dropped"), &[0]));
    s.commit(Writes::new().drop_key(&tag("dropped"), PlatformSet::ALL));
    let version = s.look().version_of(ann);
    let sets = [
        ("link of a tag", Writes::new().link(&tag("a"), &[ann])),
        ("link of the alias", Writes::new().link(&alias("x"), &[ann])),
        ("link of the user", Writes::new().link(&user("u"), &[ann])),
        ("unlink of an unknown tag", Writes::new().unlink(&tag("never"), &[ann])),
        ("unlink of a dropped tag", Writes::new().unlink(&tag("dropped"), &[ann])),
        ("unlink of another alias", Writes::new().unlink(&alias("y"), &[ann])),
    ];
    for (what, set) in sets {
        s.commit(set);
        assert_eq!(s.look().version_of(ann), version, "a {what} that changes nothing leaves the version");
    }
}

pub(super) fn a_device_that_is_not_named_keeps_its_version(t: &mut Subject<'_>) {
    let s = t.store();
    let ann =
        s.placed(Writes::new().insert(IOS, "ann").link_new(&alias("a"), &[0]).link_new(&user("u"), &[0]));
    let version = s.look().version_of(ann);
    let bob = s.device(IOS, "bob");
    s.commit(Writes::new().link(&alias("a"), &[bob]).link(&user("u"), &[bob]).link(&tag("t"), &[bob]));
    s.commit(Writes::new().remove(bob));
    s.touch(&[(ann, 50)]);
    assert_eq!(s.look().version_of(ann), version, "what happens to another is no change of ann");
}
