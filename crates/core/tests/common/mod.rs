//! What the tests share: a register to work on, names in short, and the whole of an app to compare.

use rollbook::{
    Alias, App, AppKey, AppSettings, Attributes, Audience, Command, Device, DeviceId, DeviceUpdate, Error,
    Event, EventName, EventOrder, EventQuery, EventType, Limits, ManualClock, Mobile, NewEvent, Outcome,
    Platform, PlatformSet, PushToken, Registration, Registry, SeededEntropy, Set, TagCount, TagName,
    TagsChange, Timestamp, UserId, UtcOffset,
};
use rollbook_testkit::ordered::OrderedStore;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

pub(crate) type TestApp = App<OrderedStore>;

/// What the clock shows at first.
pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_700_000_000);

/// A register with one app, whose key is `shop`.
pub(crate) struct Fixture {
    pub(crate) registry: Registry<OrderedStore>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) app: TestApp,
}

/// A register whose app may ask for presence, with the default limits.
pub(crate) fn fixture() -> Fixture {
    fixture_of(Limits::default())
}

pub(crate) fn fixture_of(limits: Limits) -> Fixture {
    let clock = Arc::new(ManualClock::at(NOW));
    let registry = Registry::builder(OrderedStore::new())
        .clock(Arc::clone(&clock))
        .entropy(SeededEntropy::new(1))
        .build();
    let settings = AppSettings { presence: true, limits, ..AppSettings::default() };
    let app = registry.create_app(&key("shop"), settings).unwrap();
    Fixture { registry, clock, app }
}

impl Fixture {
    /// A handle of the app under other limits.
    pub(crate) fn relimited(&self, limits: &Limits) -> TestApp {
        self.registry.set_limits(self.app.key(), limits).unwrap();
        self.registry.app(self.app.key()).unwrap()
    }
}

pub(crate) fn key(text: &str) -> AppKey {
    AppKey::new(text).unwrap()
}

pub(crate) fn device(text: &str) -> DeviceId {
    DeviceId::new(text).unwrap()
}

pub(crate) fn devices(texts: &[&str]) -> Vec<DeviceId> {
    texts.iter().map(|text| device(text)).collect()
}

pub(crate) fn tag(text: &str) -> TagName {
    TagName::new(text).unwrap()
}

pub(crate) fn tags(texts: &[&str]) -> Vec<TagName> {
    texts.iter().map(|text| tag(text)).collect()
}

pub(crate) fn alias(text: &str) -> Alias {
    Alias::new(text).unwrap()
}

pub(crate) fn user(text: &str) -> UserId {
    UserId::new(text).unwrap()
}

pub(crate) fn event(text: &str) -> EventName {
    EventName::new(text).unwrap()
}

pub(crate) fn audience(text: &str) -> Audience {
    text.parse().unwrap()
}

pub(crate) fn platforms(some: &[Platform]) -> PlatformSet {
    PlatformSet::of(some)
}

/// So many different tags of five bytes each.
pub(crate) fn many_tags(how_many: usize) -> Vec<TagName> {
    (0..how_many).map(|n| tag(&format!("t{n:04}"))).collect()
}

/// So many different device ids.
pub(crate) fn many_devices(how_many: usize) -> Vec<DeviceId> {
    (0..how_many).map(|n| device(&format!("n{n:04}"))).collect()
}

/// Registers a device of which nothing else is said.
pub(crate) fn enrol(app: &TestApp, id: &str, platform: Platform) {
    app.register(&Registration::new(device(id), platform)).unwrap();
}

pub(crate) fn with_tags(id: &str, tags: Vec<TagName>) -> Registration {
    Registration { tags, ..Registration::new(device(id), Platform::Ios) }
}

pub(crate) fn with_alias(id: &str, name: &str) -> Registration {
    Registration { alias: Some(alias(name)), ..Registration::new(device(id), Platform::Ios) }
}

pub(crate) fn with_user(id: &str, name: &str) -> Registration {
    Registration { user: Some(user(name)), ..Registration::new(device(id), Platform::Ios) }
}

pub(crate) fn change_tags(add: Vec<TagName>, remove: Vec<TagName>) -> DeviceUpdate {
    DeviceUpdate { tags: TagsChange::Change { add, remove }, ..DeviceUpdate::default() }
}

pub(crate) fn set_alias(name: &str) -> DeviceUpdate {
    DeviceUpdate { alias: Set::To(alias(name)), ..DeviceUpdate::default() }
}

pub(crate) fn on_device(name: &str, id: &str) -> NewEvent {
    NewEvent { device: Some(device(id)), ..NewEvent::new(event(name)) }
}

pub(crate) fn to_user(name: &str, id: &str) -> NewEvent {
    NewEvent { user: Some(user(id)), ..NewEvent::new(event(name)) }
}

/// Something of every kind: `d1` (ios, with every field) and `d2` (android) are Ann's and share an alias, `d3` is
/// nobody's and of no known platform, `d4` (harmony) is Bob's.
pub(crate) fn populate(app: &TestApp) {
    app.register(&Registration {
        token: Some(PushToken::new("opaque").unwrap()),
        mobile: Some(Mobile::new("+86-13012345678").unwrap()),
        language: Some("zh-CN".parse().unwrap()),
        utc_offset: Some(UtcOffset::BEIJING),
        user: Some(user("ann")),
        alias: Some(alias("annie")),
        ..with_tags("d1", tags(&["news", "vip"]))
    })
    .unwrap();
    app.register(&Registration {
        user: Some(user("ann")),
        alias: Some(alias("annie")),
        platform: Platform::Android,
        ..with_tags("d2", tags(&["news"]))
    })
    .unwrap();
    app.register_user(&device("d3"), None, None, None).unwrap();
    app.register(&Registration {
        user: Some(user("bob")),
        platform: Platform::Harmony,
        ..with_tags("d4", tags(&["vip"]))
    })
    .unwrap();
    app.touch(&devices(&["d1", "d3"])).unwrap();
    app.declare_event(&event("opened")).unwrap();
    app.declare_event(&event("closed")).unwrap();
    app.post_event(&on_device("opened", "d1")).unwrap();
    app.post_event(&to_user("closed", "ann")).unwrap();
    app.post_event(&on_device("opened", "d3")).unwrap();
    app.post_event(&NewEvent { user: Some(user("bob")), ..on_device("closed", "d4") }).unwrap();
}

/// One operation of every kind, each of which changes a populated app and none of which needs another.
pub(crate) fn every_command() -> Vec<Command> {
    let attributes: Attributes = [("tries", 2.into())].into_iter().collect();
    vec![
        Command::Register(Registration { platform: Platform::Huawei, ..with_tags("d1", tags(&["new"])) }),
        Command::Unregister(device("d1")),
        Command::Update {
            device: device("d2"),
            update: DeviceUpdate {
                alias: Set::To(alias("other")),
                mobile: Set::To(Mobile::new("1").unwrap()),
                ..change_tags(tags(&["fresh"]), tags(&["news"]))
            },
        },
        Command::UnbindAlias { alias: alias("annie"), devices: devices(&["d1", "d3"]) },
        Command::DeleteAlias { alias: alias("annie"), platforms: platforms(&[Platform::Ios]) },
        Command::UpdateTag { tag: tag("vip"), add: devices(&["d3"]), remove: devices(&["d4"]) },
        Command::DeleteTag { tag: tag("news"), platforms: PlatformSet::ALL },
        Command::RegisterUser {
            device: device("d4"),
            user: Some(user("carol")),
            platform: None,
            utc_offset: None,
        },
        Command::DeclareEvent(event("installed")),
        Command::PostEvent(NewEvent { attributes, ..on_device("opened", "d1") }),
        Command::SignOut(device("d4")),
        Command::Remove(device("d3")),
        Command::SignOutUser(user("bob")),
        Command::DeleteUser(user("ann")),
    ]
}

/// The command by the method of its name.
pub(crate) fn apply(app: &TestApp, command: &Command) -> Result<Outcome, Error> {
    Ok(match command {
        Command::Register(registration) => Outcome::Registered(app.register(registration)?),
        Command::Unregister(id) => done(app.unregister(id)?),
        Command::Remove(id) => Outcome::Removed { vanished_user: app.remove(id)? },
        Command::RemoveBasedOn { device, version } => {
            Outcome::Removed { vanished_user: app.remove_based_on(device, *version)? }
        }
        Command::SignOut(id) => Outcome::SignedOut(app.sign_out(id)?),
        Command::SignOutUser(user) => Outcome::UserSignedOut { devices: app.sign_out_user(user)? },
        Command::Update { device, update } => Outcome::Updated(app.update(device, update)?),
        Command::UnbindAlias { alias, devices } => done(app.unbind_alias(alias, devices)?),
        Command::DeleteAlias { alias, platforms } => done(app.delete_alias(alias, *platforms)?),
        Command::UpdateTag { tag, add, remove } => done(app.update_tag(tag, add, remove)?),
        Command::DeleteTag { tag, platforms } => done(app.delete_tag(tag, *platforms)?),
        Command::RegisterUser { device, user, platform, utc_offset } => {
            Outcome::Registered(app.register_user(device, user.as_ref(), *platform, *utc_offset)?)
        }
        Command::DeleteUser(user) => Outcome::UserDeleted(app.delete_user(user)?),
        Command::DeclareEvent(name) => done(app.declare_event(name)?),
        Command::PostEvent(event) => Outcome::Posted(app.post_event(event)?),
    })
}

fn done((): ()) -> Outcome {
    Outcome::Done
}

/// Everything in an app that can be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) tags: Vec<TagCount>,
    pub(crate) aliases: BTreeMap<Alias, Vec<DeviceId>>,
    pub(crate) users: BTreeMap<UserId, Vec<DeviceId>>,
    pub(crate) events: Vec<Event>,
    pub(crate) event_types: Vec<EventType>,
}

/// Reads the whole app, by small pages, and checks that the devices and every index over them tell the same.
pub(crate) fn snapshot(app: &TestApp) -> Snapshot {
    let mut devices = BTreeMap::new();
    for id in everyone(app) {
        let found = app.device(&id).unwrap();
        assert!(devices.insert(id.clone(), found).is_none(), "{id} is listed twice");
    }
    assert_eq!(app.count(&Audience::All).unwrap(), devices.len() as u64);

    let mut aliases: BTreeMap<Alias, Vec<DeviceId>> = BTreeMap::new();
    let mut users: BTreeMap<UserId, Vec<DeviceId>> = BTreeMap::new();
    let mut carriers: BTreeMap<TagName, BTreeSet<DeviceId>> = BTreeMap::new();
    for (id, device) in &devices {
        assert_eq!(*id, device.id);
        users.entry(device.user.clone()).or_default().push(id.clone());
        if let Some(alias) = &device.alias {
            aliases.entry(alias.clone()).or_default().push(id.clone());
        }
        for tag in &device.tags {
            carriers.entry(tag.clone()).or_default().insert(id.clone());
        }
    }
    for (alias, carriers) in &aliases {
        assert_eq!(app.alias_devices(alias, PlatformSet::ALL).unwrap(), *carriers);
    }
    for (user, owned) in &users {
        assert_eq!(app.user_devices(user, PlatformSet::ALL).unwrap(), *owned);
    }
    let tags = every_tag(app, PlatformSet::ALL);
    let counts: Vec<TagCount> = carriers
        .iter()
        .map(|(tag, carriers)| TagCount { tag: tag.clone(), devices: carriers.len() as u64 })
        .collect();
    assert_eq!(tags, counts);
    for (tag, carriers) in &carriers {
        let listed = every_device_of(app, tag, PlatformSet::ALL);
        assert_eq!(listed.len(), carriers.len());
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), *carriers);
    }
    let events = every_event(app, &EventQuery { order: EventOrder::OldestFirst, ..EventQuery::default() });
    Snapshot { devices, tags, aliases, users, events, event_types: app.event_types().unwrap() }
}

/// The ids of all devices, in the order of the listing.
pub(crate) fn everyone(app: &TestApp) -> Vec<DeviceId> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = app.audience(&Audience::All, after, 50).unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

pub(crate) fn every_tag(app: &TestApp, platforms: PlatformSet) -> Vec<TagCount> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = app.tags(platforms, after.as_ref(), 7).unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

pub(crate) fn every_device_of(app: &TestApp, tag: &TagName, platforms: PlatformSet) -> Vec<DeviceId> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let page = app.tag_devices(tag, platforms, after, 7).unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

pub(crate) fn every_event(app: &TestApp, query: &EventQuery) -> Vec<Event> {
    let mut all = Vec::new();
    let mut query = EventQuery { limit: 3, ..query.clone() };
    loop {
        let page = app.events(&query).unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return all,
        }
    }
}

/// Asserts that the operation is refused with this message and leaves the app as it was.
pub(crate) fn refused<T: Debug>(
    app: &TestApp,
    message: &str,
    operation: impl FnOnce(&TestApp) -> Result<T, Error>,
) {
    let before = snapshot(app);
    assert_eq!(operation(app).unwrap_err().to_string(), message);
    assert_eq!(snapshot(app), before, "changed by what was refused: {message}");
}

/// Asserts that the operation succeeds and leaves the app as it was, versions included.
pub(crate) fn changes_nothing<T>(app: &TestApp, operation: impl FnOnce(&TestApp) -> Result<T, Error>) -> T {
    let before = snapshot(app);
    let answer = operation(app).unwrap();
    assert_eq!(snapshot(app), before);
    answer
}
