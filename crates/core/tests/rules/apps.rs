//! Apps: create, list, look up, rename, delete.

use crate::common::{
    TestApp, alias, audience, change_tags, device, devices, event, every_command, fixture, key, on_device,
    populate, snapshot, tag, tags, to_user, user, with_tags,
};
use rollbook::store::{Entry, EntryKey, Operation, Store, View, WriteSet};
use rollbook::{
    AppId, AppInfo, AppSettings, AppUpdate, Audience, Command, DeviceUpdate, Error, ErrorKind, EventQuery,
    Limits, OnUserChange, PlatformSet, Policies, Secret, Set,
};

/// The message of an error that should have been answered.
fn message<T>(answer: Result<T, Error>) -> String {
    answer.err().map_or_else(|| "not refused".into(), |error| error.to_string())
}

#[test]
fn an_app_is_created_looked_up_and_listed_with_what_it_was_given() {
    let f = fixture();
    let settings = || AppSettings {
        name: "Our shop".into(),
        presence: true,
        limits: Limits::relaxed(),
        ..AppSettings::default()
    };
    let made = f.registry.create_app(&key("other"), settings()).unwrap();
    let found = f.registry.app(&key("other")).unwrap();
    for app in [made, found] {
        assert_eq!((app.key(), app.name(), app.has_presence()), (&key("other"), "Our shop", true));
        assert_eq!(*app.limits(), Limits::relaxed());
    }
    let listed = f.registry.apps(None, 10).unwrap();
    let info = AppInfo {
        key: key("other"),
        name: "Our shop".into(),
        presence: true,
        limits: Limits::relaxed(),
        policies: Policies::default(),
    };
    assert_eq!(listed.items[0], info);
    assert_eq!((listed.items.len(), listed.next), (2, None));
}

#[test]
fn an_app_of_a_key_that_is_taken_is_refused_and_the_other_stays() {
    let f = fixture();
    populate(&f.app);
    let before = snapshot(&f.app);
    let error = f.registry.create_app(f.app.key(), AppSettings::default()).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::State, "app already exists: shop"));
    assert_eq!(snapshot(&f.registry.app(&key("shop")).unwrap()), before);
}

#[test]
fn the_list_of_apps_is_in_byte_order_and_complete_whatever_the_page() {
    let f = fixture();
    for name in ["b", "B", "a1", "_", "zz"] {
        f.registry.create_app(&key(name), AppSettings::default()).unwrap();
    }
    for limit in [0, 1, 2, 5, 6, 7, usize::MAX] {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = f.registry.apps(after.as_ref(), limit).unwrap();
            assert!(page.items.len() <= limit.max(1));
            all.extend(page.items.into_iter().map(|info| info.key));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(all, ["B", "_", "a1", "b", "shop", "zz"].map(key), "{limit} on a page");
    }
}

#[test]
fn an_app_is_renamed_and_its_key_and_data_stay() {
    let f = fixture();
    populate(&f.app);
    let before = snapshot(&f.app);
    f.registry.rename_app(&key("shop"), "New name").unwrap();
    let app = f.registry.app(&key("shop")).unwrap();
    assert_eq!(app.name(), "New name");
    assert_eq!(snapshot(&app), before);
    f.registry.rename_app(&key("shop"), "New name").unwrap();
    f.registry.rename_app(&key("shop"), "").unwrap();
    assert_eq!(f.registry.apps(None, 1).unwrap().items[0].name, "");
}

#[test]
fn the_name_of_an_app_is_at_most_255_bytes() {
    let f = fixture();
    for good in ["a".repeat(254), "a".repeat(255), "汉".repeat(85)] {
        f.registry.rename_app(&key("shop"), &good).unwrap();
        assert_eq!(f.registry.app(&key("shop")).unwrap().name(), good);
    }
    let expected = "name: bytes: must be at most 255: got 256";
    assert_eq!(message(f.registry.rename_app(&key("shop"), &"a".repeat(256))), expected);
    let settings = AppSettings { name: "a".repeat(256), ..AppSettings::default() };
    assert_eq!(message(f.registry.create_app(&key("other"), settings)), expected);
    assert_eq!(f.registry.app(&key("shop")).unwrap().name(), "汉".repeat(85));
    assert_eq!(f.registry.apps(None, 10).unwrap().items.len(), 1);
}

#[test]
fn an_unknown_app_is_not_found_by_any_operation() {
    let f = fixture();
    let x = key("x");
    let expected = "app not found: \"x\"";
    assert_eq!(message(f.registry.app(&x)), expected);
    assert_eq!(message(f.registry.rename_app(&x, "n")), expected);
    assert_eq!(message(f.registry.set_limits(&x, &Limits::default())), expected);
    assert_eq!(message(f.registry.set_presence(&x, true)), expected);
    assert_eq!(message(f.registry.set_master_secret(&x, None)), expected);
    assert_eq!(message(f.registry.set_api_tokens(&x, &[])), expected);
    assert_eq!(message(f.registry.delete_app(&x)), expected);
}

#[test]
fn settings_are_changed_together_in_one_commit_or_not_at_all() {
    let f = fixture();
    let directory = || f.registry.store().view(AppId::DIRECTORY).unwrap().version().0;
    let app = || f.registry.app(f.app.key()).unwrap();
    let secret = |text: &str| Secret::new(text).unwrap();
    let before = (directory(), app().name().to_owned(), app().has_presence(), app().limits().clone());
    let policies = Policies { on_user_change: OnUserChange::ClearAlias, ..Policies::default() };
    let update = AppUpdate {
        name: Some("Other".into()),
        master_secret: Set::To(secret("new")),
        api_tokens: Some(vec![secret("one"), secret("two")]),
        presence: Some(!before.2),
        limits: Some(Limits { tags_per_device: Some(7), ..Limits::relaxed() }),
        policies: Some(policies.clone()),
    };
    let limits = Some(Limits { audience_nodes: 0, tags_per_list: Some(0), ..Limits::default() });
    let refused = AppUpdate { name: Some("x".repeat(256)), limits, ..update.clone() };
    let told = message(f.registry.update_app(f.app.key(), &refused));
    for field in ["name: bytes: ", "limits.tags_per_list: range: ", "limits.audience_nodes: range: "] {
        assert!(told.contains(field), "{told}");
    }
    assert_eq!(before, (directory(), app().name().to_owned(), app().has_presence(), app().limits().clone()));
    f.registry.update_app(f.app.key(), &update).unwrap();
    assert_eq!(directory(), before.0 + 1);
    let changed = app();
    assert_eq!((changed.name(), changed.has_presence()), ("Other", !before.2));
    assert_eq!((changed.limits().tags_per_device, changed.policies()), (Some(7), &policies));
    assert!(changed.verify_master_secret(&secret("new")) && changed.verify_api_token(&secret("two")));
    // What is not given stays, and what is so already is not written.
    f.registry.update_app(f.app.key(), &AppUpdate::default()).unwrap();
    let same = AppUpdate { name: Some("Other".into()), ..AppUpdate::default() };
    f.registry.update_app(f.app.key(), &same).unwrap();
    assert_eq!(directory(), before.0 + 1);
    let cleared =
        AppUpdate { master_secret: Set::Clear, api_tokens: Some(Vec::new()), ..AppUpdate::default() };
    f.registry.update_app(f.app.key(), &cleared).unwrap();
    assert!(!app().has_master_secret() && app().api_tokens() == 0 && app().name() == "Other");
    let unknown = message(f.registry.update_app(&key("nobody"), &update));
    assert!(unknown.contains("nobody"), "{unknown}");
}

#[test]
fn a_handle_keeps_the_limits_it_was_made_with_and_a_new_one_has_the_new_ones() {
    let f = fixture();
    let lowered = f.relimited(&Limits { tags_per_device: Some(1), ..Limits::default() });
    f.app.register(&with_tags("d1", tags(&["a", "b"]))).unwrap();
    assert!(lowered.register(&with_tags("d2", tags(&["a", "b"]))).is_err());
}

#[test]
fn a_deleted_app_is_gone_from_the_list_and_created_again_starts_empty() {
    let f = fixture();
    populate(&f.app);
    f.registry.delete_app(&key("shop")).unwrap();
    assert!(f.registry.apps(None, 10).unwrap().items.is_empty());
    assert_eq!(message(f.registry.delete_app(&key("shop"))), "app not found: \"shop\"");
    assert_eq!(f.registry.resume_deletions().unwrap(), 0);

    let again = f.registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    let empty = snapshot(&again);
    assert!(empty.devices.is_empty() && empty.tags.is_empty());
    assert!(empty.events.is_empty() && empty.event_types.is_empty());
    populate(&again);
    assert_eq!(snapshot(&again).devices.len(), 4);
}

#[test]
fn an_app_with_more_data_than_one_step_takes_is_deleted_to_the_end() {
    let f = fixture();
    f.app.declare_event(&event("opened")).unwrap();
    for thousand in 0..3 {
        let commands: Vec<_> = (0..500)
            .flat_map(|n| {
                let id = format!("d{thousand}-{n}");
                [
                    rollbook::Command::Register(with_tags(&id, tags(&["t"]))),
                    rollbook::Command::PostEvent(on_device("opened", &id)),
                ]
            })
            .collect();
        f.app.batch(&commands).unwrap();
    }
    f.registry.delete_app(&key("shop")).unwrap();
    let again = f.registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    assert!(snapshot(&again).devices.is_empty());
}

#[test]
fn a_handle_of_a_deleted_app_is_dead_also_when_its_key_is_created_again() {
    let f = fixture();
    populate(&f.app);
    f.registry.delete_app(&key("shop")).unwrap();
    all_is_dead(&f.app);
    let again = f.registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    populate(&again);
    let before = snapshot(&again);
    all_is_dead(&f.app);
    all_is_dead(&f.app.clone());
    assert_eq!(snapshot(&again), before);
}

fn all_is_dead(app: &TestApp) {
    let all = PlatformSet::ALL;
    let one = device("d1");
    let ids = devices(&["d1"]);
    let mut answers = vec![
        ("device", message(app.device(&one))),
        ("update", message(app.update(&one, &DeviceUpdate::default()))),
        ("alias_devices", message(app.alias_devices(&alias("annie"), all))),
        ("tags", message(app.tags(all, None, 10))),
        ("tag_count", message(app.tag_count(&tag("news"), all))),
        ("has_tag", message(app.has_tag(&one, &tag("news")))),
        ("tag_devices", message(app.tag_devices(&tag("news"), all, None, 10))),
        ("user_devices", message(app.user_devices(&user("ann"), all))),
        ("delete_user", message(app.delete_user(&user("nobody")))),
        ("resume_deletions", message(app.resume_deletions())),
        ("event_types", message(app.event_types())),
        ("events", message(app.events(&EventQuery::default()))),
        ("post_event", message(app.post_event(&to_user("opened", "ann")))),
        ("purge_events", message(app.purge_events())),
        ("touch", message(app.touch(&ids))),
        ("touch nothing", message(app.touch(&[]))),
        ("touch_at", message(app.touch_at(&[]))),
        ("presence", message(app.presence(&ids))),
        ("last_seen", message(app.last_seen(&one))),
        ("count", message(app.count(&Audience::All))),
        ("audience", message(app.audience(&audience("news"), None, 10))),
        ("contains", message(app.contains(&Audience::All, &one))),
        ("batch", message(app.batch(&[]))),
        ("dry_run", message(app.dry_run(&[]))),
        ("batch", message(app.batch(&every_command()))),
    ];
    for command in every_command() {
        answers.push(("command", message(crate::common::apply(app, &command))));
    }
    for (operation, answer) in answers {
        assert_eq!(answer, "app not found: \"shop\"", "{operation}");
    }
}

/// Every limit that cannot be 0, at 0.
fn absurd() -> Limits {
    Limits {
        tags_per_list: Some(0),
        tag_list_bytes: Some(0),
        devices_per_list: Some(0),
        ids_per_presence: Some(0),
        operations_per_batch: Some(0),
        audience_nodes: 0,
        ..Limits::default()
    }
}

#[test]
fn limits_under_which_an_app_could_not_be_read_or_emptied_are_refused_all_at_once() {
    let f = fixture();
    let message = "limits.tags_per_list: range: must be at least 1: got 0; \
                   limits.tag_list_bytes: range: must be at least 1: got 0; \
                   limits.devices_per_list: range: must be at least 1: got 0; \
                   limits.ids_per_presence: range: must be at least 1: got 0; \
                   limits.operations_per_batch: range: must be at least 1: got 0; \
                   limits.audience_nodes: range: must be at least 1: got 0";
    let settings = AppSettings { limits: absurd(), ..AppSettings::default() };
    let error = f.registry.create_app(&key("other"), settings).unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Argument, message));
    assert!(f.registry.app(&key("other")).is_err());
    let error = f.registry.set_limits(&key("shop"), &absurd()).unwrap_err();
    assert_eq!(error.to_string(), message);
    assert_eq!(*f.registry.app(&key("shop")).unwrap().limits(), Limits::default());
}

#[test]
fn a_limit_of_0_that_only_forbids_to_add_something_is_a_limit() {
    let f = fixture();
    populate(&f.app);
    let none = Limits {
        tags_per_device: Some(0),
        devices_per_alias: Some(0),
        attributes_per_event: Some(0),
        attribute_bytes: Some(0),
        attribute_items: Some(0),
        online_window_secs: 0,
        last_seen_window_secs: 0,
        event_ahead_secs: Some(0),
        event_retention_secs: Some(0),
        ..Limits::default()
    };
    let app = f.relimited(&none);
    assert!(app.update(&device("d1"), &change_tags(tags(&["new"]), vec![])).is_err());
    app.update(&device("d1"), &change_tags(vec![], tags(&["news"]))).unwrap();
    app.delete_alias(&alias("annie"), PlatformSet::ALL).unwrap();
    assert_eq!(app.count(&Audience::All).unwrap(), 4);
}

#[test]
fn an_app_whose_record_holds_limits_from_before_they_were_checked_works_and_so_do_the_others() {
    let f = fixture();
    populate(&f.app);
    let shop = EntryKey::App(key("shop"));
    let view = f.registry.store().view(AppId::DIRECTORY).unwrap();
    let Some((Entry::App(mut record), _)) = view.entry(&shop).unwrap() else { panic!("no record") };
    drop(view);
    record.limits = absurd();
    let put = Operation::PutEntry { entry: Entry::App(record) };
    let writes = WriteSet { operations: vec![put].into(), ..WriteSet::default() };
    f.registry.store().commit(AppId::DIRECTORY, &writes).unwrap();

    let listed = f.registry.apps(None, 10).unwrap().items;
    assert_eq!(listed[0].limits.audience_nodes, 1, "the least that counts");
    assert!(listed[0].limits.check().is_ok(), "what is listed or exported can be imported");
    let app = f.registry.app(&key("shop")).unwrap();
    assert_eq!(app.count(&Audience::All).unwrap(), 4);
    assert_eq!(app.count_by_platform(&Audience::All).unwrap().len(), 4);
    assert_eq!(app.tag_devices(&tag("news"), PlatformSet::ALL, None, 10).unwrap().items.len(), 2);
    assert_eq!(app.presence(&devices(&["d1"])).unwrap().len(), 1);
    app.update(&device("d1"), &change_tags(vec![], tags(&["a"]))).unwrap();
    app.unbind_alias(&alias("annie"), &devices(&["d1"])).unwrap();
    app.batch(&[Command::Remove(device("d1"))]).unwrap();
    // Whatever else is changed of the app, its limits are then such that they count.
    f.registry.rename_app(&key("shop"), "renamed").unwrap();
    let view = f.registry.store().view(AppId::DIRECTORY).unwrap();
    let Some((Entry::App(record), _)) = view.entry(&shop).unwrap() else { panic!("no record") };
    assert!(record.limits.check().is_ok());
}
