//! The verbs on a small store, end to end.

use rollbook::{
    Alias, AppKey, AppSettings, Audience, Command, DeviceId, DeviceUpdate, Error, ErrorKind, EventName,
    EventQuery, Limits, ManualClock, NewEvent, Outcome, Platform, PlatformSet, Presence, Registration,
    Registry, SeededEntropy, Set, TagName, TagsChange, Timestamp, UserId,
};
use rollbook_testkit::ordered::OrderedStore;

fn registry() -> Registry<OrderedStore> {
    Registry::builder(OrderedStore::new())
        .clock(ManualClock::at(Timestamp::from_secs(1_000_000)))
        .entropy(SeededEntropy::new(1))
        .build()
}

fn id(s: &str) -> DeviceId {
    DeviceId::new(s).unwrap()
}
fn tag(s: &str) -> TagName {
    TagName::new(s).unwrap()
}

#[test]
fn everything_once() {
    let registry = registry();
    let key = AppKey::new("shop").unwrap();
    let app = registry.create_app(&key, AppSettings { presence: true, ..AppSettings::default() }).unwrap();
    let ann = UserId::new("ann").unwrap();
    let alias = Alias::new("annie").unwrap();
    let new = Registration {
        tags: vec![tag("news"), tag("vip"), tag("news")],
        alias: Some(alias.clone()),
        user: Some(ann.clone()),
        ..Registration::new(id("d1"), Platform::Ios)
    };
    assert!(app.register(&new).unwrap().created);
    assert!(!app.register(&new).unwrap().created);
    let device = app.device(&id("d1")).unwrap();
    assert_eq!(device.tags, [tag("news"), tag("vip")]);
    assert_eq!(device.user, ann);
    assert_eq!(device.alias, Some(alias.clone()));
    assert_eq!(device.version.0, 1);
    app.register(&Registration::new(id("d2"), Platform::Android)).unwrap();
    app.update_tag(&tag("news"), &[id("d2"), id("d1")], &[]).unwrap();
    assert_eq!(app.device(&id("d1")).unwrap().version.0, 1);
    let error = app.update_tag(&tag("news"), &[id("d2"), id("d3")], &[id("d4")]).unwrap_err();
    assert_eq!(error.violations().len(), 2);
    assert_eq!(app.tags(PlatformSet::ALL, None, 10).unwrap().items.len(), 2);
    assert_eq!(app.tag_count(&tag("news"), PlatformSet::ALL).unwrap(), 2);
    assert_eq!(app.count(&"news && !vip".parse::<Audience>().unwrap()).unwrap(), 1);
    assert_eq!(app.alias_devices(&alias, PlatformSet::ALL).unwrap(), [id("d1")]);

    // Moving the platform keeps everything.
    app.touch(&[id("d1")]).unwrap();
    app.register(&Registration::new(id("d1"), Platform::Huawei)).unwrap();
    let moved = app.device(&id("d1")).unwrap();
    assert_eq!((moved.tags.len(), moved.alias.is_some(), moved.platform), (2, true, Platform::Huawei));
    assert_eq!(app.presence(&[id("d1"), id("d9")]).unwrap(), [Some(Presence::Online), None]);

    let update = DeviceUpdate {
        tags: TagsChange::Change { add: vec![tag("a")], remove: vec![tag("vip"), tag("a")] },
        alias: Set::Clear,
        ..DeviceUpdate::default()
    };
    app.update(&id("d1"), &update).unwrap();
    assert_eq!(app.device(&id("d1")).unwrap().tags, [tag("a"), tag("news")]);
    let stale = DeviceUpdate { based_on: Some(rollbook::Version(1)), ..update };
    assert_eq!(app.update(&id("d1"), &stale).unwrap_err().kind(), ErrorKind::State);

    app.delete_tag(&tag("news"), PlatformSet::ALL).unwrap();
    assert!(!app.has_tag(&id("d1"), &tag("news")).unwrap());
    app.update_tag(&tag("news"), &[id("d2")], &[]).unwrap();
    assert!(!app.has_tag(&id("d1"), &tag("news")).unwrap());

    let opened = EventName::new("opened").unwrap();
    assert!(app.post_event(&NewEvent { device: Some(id("d1")), ..NewEvent::new(opened.clone()) }).is_err());
    app.declare_event(&opened).unwrap();
    app.post_event(&NewEvent { device: Some(id("d1")), ..NewEvent::new(opened.clone()) }).unwrap();
    app.post_event(&NewEvent { user: Some(ann.clone()), ..NewEvent::new(opened.clone()) }).unwrap();
    app.post_event(&NewEvent { device: Some(id("d2")), ..NewEvent::new(opened) }).unwrap();
    assert_eq!(app.events(&EventQuery::default()).unwrap().items.len(), 3);

    let moved = app.register_user(&id("d1"), None, None, None).unwrap();
    assert!(moved.former_user_vanished);
    app.register_user(&id("d1"), Some(&ann), None, None).unwrap();
    app.register_user(&id("d3"), Some(&ann), None, None).unwrap();
    assert_eq!(app.delete_user(&ann).unwrap(), 2);
    assert!(matches!(app.device(&id("d1")), Err(Error::NotFound { .. })));
    assert_eq!(app.events(&EventQuery::default()).unwrap().items.len(), 1);
    assert_eq!(app.count(&Audience::All).unwrap(), 1);

    let batch = [
        Command::Register(Registration::new(id("b1"), Platform::Ios)),
        Command::UpdateTag { tag: tag("t"), add: vec![id("b1"), id("d2")], remove: vec![] },
        Command::DeleteTag { tag: tag("t"), platforms: PlatformSet::of(&[Platform::Ios]) },
        Command::Remove(id("d2")),
    ];
    app.dry_run(&batch).unwrap();
    assert_eq!(app.count(&Audience::All).unwrap(), 1);
    let outcomes = app.batch(&batch).unwrap();
    assert!(matches!(&outcomes[3], Outcome::Removed { vanished_user: Some(user) } if user.as_str() == "d2"));
    assert_eq!(app.tags(PlatformSet::ALL, None, 10).unwrap().items.len(), 0);

    registry.set_limits(&key, &Limits { tags_per_device: Some(1), ..Limits::default() }).unwrap();
    let small = registry.app(&key).unwrap();
    small.update_tag(&tag("one"), &[id("b1")], &[]).unwrap();
    let error = small.update_tag(&tag("two"), &[id("b1")], &[]).unwrap_err();
    assert_eq!(error.to_string(), "add[0]: tags per device: must be at most 1: got 2");
    registry.delete_app(&key).unwrap();
    assert!(matches!(app.device(&id("b1")), Err(Error::NotFound { .. })));
    assert!(registry.app(&key).is_err());
    assert!(registry.create_app(&key, AppSettings::default()).is_ok());
}
