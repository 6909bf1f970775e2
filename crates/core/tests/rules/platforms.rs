//! Platforms: their names and numbers, and what happens to a device that moves.

use crate::common::{
    alias, device, devices, enrol, every_device_of, every_tag, fixture, platforms, populate, snapshot, tag,
    tags, user,
};
use rollbook::{Audience, Device, Platform, PlatformSet, Registration};

#[test]
fn every_platform_has_its_name_and_its_vendors_number_and_name() {
    let table = [
        ("ios", Some(1), Some("ios")),
        ("android", Some(3), Some("android")),
        ("windows_phone", Some(5), Some("winphone")),
        ("macos", Some(7), None),
        ("windows", Some(8), Some("winphone")),
        ("amazon", Some(9), Some("android")),
        ("safari", Some(10), None),
        ("chrome", Some(11), None),
        ("firefox", Some(12), None),
        ("huawei", Some(17), Some("android")),
        ("sms", Some(18), None),
        ("xiaomi", Some(19), Some("android")),
        ("whatsapp", Some(21), None),
        ("harmony", None, Some("hmos")),
        ("quickapp", None, Some("quickapp")),
        ("blackberry", Some(2), None),
        ("unknown", None, None),
    ];
    assert_eq!(Platform::COUNT, table.len());
    for (name, number, jpush) in table {
        let platform = Platform::from_name(name).unwrap();
        assert_eq!((platform.name(), platform.device_type(), platform.jpush_name()), (name, number, jpush));
        if let Some(number) = number {
            assert_eq!(Platform::from_device_type(i64::from(number)).unwrap(), platform);
        }
        if let Some(jpush) = jpush {
            assert!(PlatformSet::from_jpush_name(jpush).unwrap().contains(platform));
            assert_eq!(Platform::from_name(jpush).unwrap().jpush_name(), Some(jpush));
        }
        assert_eq!(serde_json::to_value(platform).unwrap(), name);
    }
}

#[test]
fn jpush_means_every_phone_of_a_kind_by_its_name() {
    let by = |name| {
        PlatformSet::from_jpush_name(name).map(|set| set.iter().map(Platform::name).collect::<Vec<_>>())
    };
    assert_eq!(by("ios").unwrap(), ["ios"]);
    assert_eq!(by("android").unwrap(), ["android", "amazon", "huawei", "xiaomi"]);
    for name in ["winphone", "windows_phone"] {
        assert_eq!(by(name).unwrap(), ["windows_phone", "windows"]);
    }
    for name in ["hmos", "harmony"] {
        assert_eq!(by(name).unwrap(), ["harmony"]);
    }
    assert_eq!(by("quickapp").unwrap(), ["quickapp"]);
    for name in ["", "huawei", "windows", "macos", "chrome", "unknown", "Android", "all"] {
        let message =
            format!("platform: known: must be one of ios android winphone hmos quickapp: got {name:?}");
        assert_eq!(by(name).unwrap_err().to_string(), message);
    }
}

#[test]
fn an_unknown_number_or_name_is_an_argument_error() {
    for number in [i64::MIN, -1, 0, 4, 6, 13, 16, 20, 22, 257, i64::MAX] {
        let numbers = "1 3 5 7 8 9 10 11 12 17 18 19 21 2";
        let message = format!("device_type: known: must be one of {numbers}: got {number}");
        assert_eq!(Platform::from_device_type(number).unwrap_err().to_string(), message);
    }
    for name in ["", "iOS", "amiga", "winphone ", "1"] {
        let names = "unknown ios android windows_phone macos windows amazon safari chrome firefox huawei sms \
                     xiaomi whatsapp harmony quickapp blackberry";
        let message = format!("platform: known: must be one of {names}: got {name:?}");
        assert_eq!(Platform::from_name(name).unwrap_err().to_string(), message);
        let decoded = serde_json::from_value::<Platform>(name.into()).unwrap_err();
        assert_eq!(format!("platform: {decoded}"), message);
    }
}

#[test]
fn a_device_that_moves_keeps_its_tags_alias_user_and_everything_else() {
    let app = fixture().app;
    populate(&app);
    for platform in Platform::ALL {
        let before = snapshot(&app);
        let told = app.register(&Registration::new(device("d1"), platform)).unwrap();
        assert!(!told.created && told.former_user.is_none() && told.evicted.is_empty());
        let mut after = snapshot(&app);
        let moved = after.devices.get_mut(&device("d1")).unwrap();
        let was = &before.devices[&device("d1")];
        assert_eq!(*moved, Device { platform, version: moved.version, ..was.clone() });
        *moved = was.clone();
        assert_eq!(after, before);
    }
}

#[test]
fn a_device_that_moves_is_on_its_new_platform_only() {
    let app = fixture().app;
    populate(&app);
    enrol(&app, "d1", Platform::Huawei);
    let count = |platform| app.tag_count(&tag("news"), platforms(&[platform])).unwrap();
    assert_eq!((count(Platform::Ios), count(Platform::Android), count(Platform::Huawei)), (0, 1, 1));
    let of = |platform| app.alias_devices(&alias("annie"), platforms(&[platform])).unwrap();
    assert_eq!((of(Platform::Ios), of(Platform::Huawei)), (vec![], devices(&["d1"])));
    let by_platform = app.count_by_platform(&Audience::All).unwrap();
    assert!(!by_platform.contains_key(&Platform::Ios));
    assert_eq!(by_platform[&Platform::Huawei], 1);
}

#[test]
fn a_device_can_move_and_change_its_user_and_tags_in_one_registration() {
    let app = fixture().app;
    populate(&app);
    let told = app
        .register(&Registration {
            user: Some(user("eve")),
            tags: tags(&["more"]),
            alias: Some(alias("evie")),
            ..Registration::new(device("d4"), Platform::Ios)
        })
        .unwrap();
    assert_eq!((told.former_user, told.former_user_vanished), (Some(user("bob")), true));
    let after = snapshot(&app);
    assert_eq!(after.devices[&device("d4")].tags, tags(&["more", "vip"]));
    assert_eq!(after.aliases[&alias("evie")], devices(&["d4"]));
}

#[test]
fn the_unknown_platform_is_matched_only_without_a_filter_or_by_its_name() {
    let app = fixture().app;
    app.register_user(&device("d1"), None, None, None).unwrap();
    app.update_tag(&tag("t"), &devices(&["d1"]), &[]).unwrap();
    let named = PlatformSet::ALL.and(PlatformSet::from(Platform::Unknown).complement());
    assert_eq!(app.tag_count(&tag("t"), PlatformSet::ALL).unwrap(), 1);
    assert_eq!(app.tag_count(&tag("t"), named).unwrap(), 0);
    assert!(every_tag(&app, named).is_empty());
    assert!(every_device_of(&app, &tag("t"), named).is_empty());
    assert_eq!(app.tag_count(&tag("t"), platforms(&[Platform::Unknown])).unwrap(), 1);
}

#[test]
fn no_platforms_are_nothing_and_deleting_on_none_changes_nothing() {
    let app = fixture().app;
    populate(&app);
    assert_eq!(app.tag_count(&tag("news"), PlatformSet::NONE).unwrap(), 0);
    assert!(every_tag(&app, PlatformSet::NONE).is_empty());
    crate::common::changes_nothing(&app, |app| app.delete_tag(&tag("news"), PlatformSet::NONE));
    crate::common::changes_nothing(&app, |app| app.delete_alias(&alias("annie"), PlatformSet::NONE));
}
