//! The verbs that are swept, each with the register that it is run on.

use super::Verb;
use super::scene::Scene;
use crate::op::{Op, Settings, small_limits};
use rollbook::store::Store;
use rollbook::{
    AliasOverflow, AppKey, AppOpen, Audience, Command, DeviceId, DeviceUpdate, EventQuery, Limits, NewEvent,
    OnUserChange, Platform, PlatformSet, Policies, Registration, Set, TagsChange, Timestamp, Version,
};
use std::fmt::Debug;
use std::str::FromStr;

const ALL: PlatformSet = PlatformSet::ALL;

/// Parses a name of any kind, or an audience.
fn of<T: FromStr<Err: Debug>>(text: &str) -> T {
    text.parse().expect("a text that the sweep uses")
}

fn all_of<T: FromStr<Err: Debug>>(texts: &[&str]) -> Vec<T> {
    texts.iter().map(|text| of(text)).collect()
}

fn red() -> AppKey {
    of("red")
}

fn d1() -> DeviceId {
    of("d1")
}

fn run(command: Command) -> Op {
    Op::Do(red(), command)
}

fn device(
    id: &str,
    platform: Platform,
    user: Option<&str>,
    alias: Option<&str>,
    tags: &[&str],
) -> Registration {
    Registration {
        user: user.map(of),
        alias: alias.map(of),
        tags: all_of(tags),
        token: Some(of("token")),
        ..Registration::new(of(id), platform)
    }
}

fn event(at: i64, device: Option<&str>, user: Option<&str>) -> NewEvent {
    NewEvent {
        device: device.map(of),
        user: user.map(of),
        timestamp_utc: Some(Timestamp::from_secs(at)),
        ..NewEvent::new(of("login"))
    }
}

fn delete_user(user: &str) -> Command {
    Command::DeleteUser(of(user))
}

/// Returns two apps of the same names, with a little of everything: users of several devices and of one, an alias that
/// is full, tags, heartbeats, and events of devices and of users, one of them past the retention.
fn filled() -> Scene {
    let limits = Limits {
        operations_per_batch: None,
        alias_overflow: AliasOverflow::EvictOldest,
        audience_nodes: 20,
        ..small_limits()
    };
    let mut filling = Vec::new();
    for app in [red(), of("blue")] {
        let settings = Settings {
            name: "shop".to_owned(),
            master: Some("open sesame".to_owned()),
            tokens: vec!["swordfish".to_owned()],
            presence: true,
            limits: limits.clone(),
            policies: Policies::default(),
        };
        filling.push(Op::CreateApp { app: app.clone(), settings });
        let devices = [
            device("d1", Platform::Ios, Some("ann"), Some("x"), &["news", "vip"]),
            device("d2", Platform::Android, Some("ann"), Some("x"), &["news"]),
            device("d3", Platform::Ios, Some("bob"), Some("y"), &["beta"]),
            device("d4", Platform::Unknown, None, None, &[]),
        ];
        let events = [
            event(1_000, Some("d1"), None),
            event(1_001, None, Some("ann")),
            event(1_002, Some("d3"), Some("bob")),
            event(850, Some("d4"), None),
        ];
        let declare = Command::DeclareEvent(of("login"));
        let commands = devices.into_iter().map(Command::Register).chain([declare]);
        let commands = commands.chain(events.into_iter().map(Command::PostEvent));
        filling.extend(commands.map(|command| Op::Do(app.clone(), command)));
        filling.push(Op::TouchAt(app, vec![(d1(), Timestamp::from_secs(990))]));
    }
    Scene::of(filling)
}

/// Returns every verb, most of them with several arguments.
pub(super) fn all<S: Store>() -> Vec<Verb<S>> {
    let on_filled = steps().into_iter().map(|(name, op)| Verb::step(name, filled(), op));
    let mut all: Vec<Verb<S>> = on_filled.collect();
    all.extend(after_a_crash());
    all.extend(beyond_steps());
    all
}

fn steps() -> Vec<(&'static str, Op)> {
    let mut all = apps();
    all.extend(commands().into_iter().map(|(name, command)| (name, run(command))));
    all.extend(batches());
    all.extend(questions());
    all
}

fn apps() -> Vec<(&'static str, Op)> {
    let app = red;
    let settings = Settings { tokens: vec!["new".to_owned()], ..Settings::default() };
    let policies = Policies { on_user_change: OnUserChange::ClearAlias, ..Policies::default() };
    vec![
        ("create an app", Op::CreateApp { app: of("green"), settings }),
        ("delete an app", Op::DeleteApp(red())),
        ("rename an app", Op::RenameApp { app: app(), name: "market".to_owned() }),
        ("set limits", Op::SetLimits { app: app(), limits: Box::new(Limits::jpush()) }),
        ("set the same presence", Op::SetPresence { app: app(), on: true }),
        ("set presence", Op::SetPresence { app: app(), on: false }),
        ("set policies", Op::SetPolicies { app: app(), policies }),
        ("set the master secret", Op::SetMaster { app: app(), secret: None }),
        ("set API tokens", Op::SetTokens { app: app(), tokens: vec!["new".to_owned()] }),
        ("verify a secret", Op::Verify { app: app(), secret: "swordfish".to_owned() }),
        ("list the apps", Op::Apps { limit: 1 }),
        ("resume no deletions", Op::ResumeDeletions),
        (
            "open an app on a new device",
            Op::Open(red(), AppOpen { user: Some(of("bob")), ..AppOpen::new(of("new")) }),
        ),
        ("open an app", Op::Open(red(), AppOpen { token: Some(of("other")), ..AppOpen::new(d1()) })),
        ("a call of a device", Op::DeviceCalled(red(), of("d2"))),
        ("touch", Op::Touch(red(), vec![d1(), of("d3")])),
        ("touch at a time", Op::TouchAt(red(), vec![(of("d2"), Timestamp::from_secs(995))])),
        ("remove devices that were not seen", Op::RemoveUnseen(red(), Timestamp::from_secs(1_001))),
        ("purge events", Op::PurgeEvents(red())),
    ]
}

fn commands() -> Vec<(&'static str, Command)> {
    let update = |update| Command::Update { device: d1(), update };
    let tags = TagsChange::Change { add: all_of(&["beta"]), remove: all_of(&["vip"]) };
    let register_user = |device: &str, user: Option<&str>| Command::RegisterUser {
        device: of(device),
        user: user.map(of),
        platform: None,
        utc_offset: None,
    };
    vec![
        ("register a device", Command::Register(device("new", Platform::Ios, Some("bob"), None, &["news"]))),
        ("register a device as it is", Command::Register(device("d4", Platform::Unknown, None, None, &[]))),
        (
            "register a device that evicts",
            Command::Register(device("d3", Platform::Ios, None, Some("x"), &[])),
        ),
        (
            "move a device",
            Command::Register(device("d1", Platform::WindowsPhone, Some("bob"), None, &["beta"])),
        ),
        ("unregister", Command::Unregister(d1())),
        ("remove a device", Command::Remove(of("d3"))),
        (
            "update a device",
            update(DeviceUpdate { tags, alias: Set::To(of("y")), ..DeviceUpdate::default() }),
        ),
        ("update a device with nothing", update(DeviceUpdate::default())),
        ("unbind an alias", Command::UnbindAlias { alias: of("x"), devices: vec![d1()] }),
        ("delete an alias", Command::DeleteAlias { alias: of("x"), platforms: ALL }),
        ("delete an alias in part", Command::DeleteAlias { alias: of("x"), platforms: Platform::Ios.into() }),
        (
            "update a tag",
            Command::UpdateTag { tag: of("vip"), add: all_of(&["d2", "d3"]), remove: vec![d1()] },
        ),
        ("delete a tag", Command::DeleteTag { tag: of("news"), platforms: ALL }),
        ("register a user", register_user("d2", Some("bob"))),
        ("register a user on a new device", register_user("new", Some("eve"))),
        ("register no user", register_user("d1", None)),
        ("remove a device as it is", Command::RemoveBasedOn { device: d1(), version: Version(1) }),
        ("sign a device out", Command::SignOut(d1())),
        ("sign a device out that nobody claimed", Command::SignOut(of("d4"))),
        ("sign a user out", Command::SignOutUser(of("ann"))),
        ("sign out a user that is unknown", Command::SignOutUser(of("nobody"))),
        ("delete a user", delete_user("ann")),
        ("delete a user that is unknown", delete_user("nobody")),
        ("declare an event", Command::DeclareEvent(of("buy"))),
        ("post an event", Command::PostEvent(event(1_003, Some("d1"), Some("bob")))),
    ]
}

fn batches() -> Vec<(&'static str, Op)> {
    let updates = vec![
        Command::Unregister(d1()),
        Command::UnbindAlias { alias: of("x"), devices: vec![d1()] },
        Command::Update {
            device: d1(),
            update: DeviceUpdate { alias: Set::To(of("y")), ..DeviceUpdate::default() },
        },
        Command::DeleteAlias { alias: of("x"), platforms: ALL },
    ];
    let all_kinds = vec![
        Command::Register(device("new", Platform::Ios, Some("bob"), None, &["news"])),
        Command::Remove(of("d4")),
        Command::UpdateTag { tag: of("vip"), add: all_of(&["d2", "new"]), remove: vec![d1()] },
        Command::DeclareEvent(of("buy")),
        Command::PostEvent(NewEvent { name: of("buy"), ..event(1_003, Some("new"), None) }),
        Command::DeleteTag { tag: of("beta"), platforms: ALL },
    ];
    let with_deletions = vec![
        Command::PostEvent(event(1_004, Some("d2"), None)),
        delete_user("ann"),
        delete_user("bob"),
        Command::Register(device("new", Platform::Ios, None, None, &[])),
    ];
    vec![
        ("a batch", Op::Batch(red(), all_kinds.clone())),
        ("a batch of nothing", Op::Batch(red(), Vec::new())),
        ("a batch of updates", Op::Batch(red(), updates)),
        ("a batch that deletes users", Op::Batch(red(), with_deletions)),
        ("rehearse a batch", Op::DryRun(red(), all_kinds)),
    ]
}

fn questions() -> Vec<(&'static str, Op)> {
    let audience = || of::<Audience>("news && !vip || alias(x) && user(ann) || beta && platform(ios)");
    let page = |limit| EventQuery { limit, ..EventQuery::default() };
    let (app, limit, platforms) = (red, 1, ALL);
    vec![
        ("look a device up", Op::Device(red(), d1())),
        ("the devices of an alias", Op::AliasDevices(red(), of("x"), ALL)),
        ("the devices of a user", Op::UserDevices(red(), of("ann"), ALL)),
        ("has a device a tag", Op::HasTag(red(), d1(), of("news"))),
        ("count a tag", Op::TagCount(red(), of("news"), ALL)),
        ("list the tags", Op::Tags { app: app(), platforms, limit }),
        ("list the devices of a tag", Op::TagDevices { app: app(), tag: of("news"), platforms, limit }),
        ("presence", Op::Presence(red(), vec![d1(), of("d2"), of("nobody")])),
        ("list the event types", Op::EventTypes(red())),
        ("list events", Op::Events(red(), page(2))),
        ("count an audience", Op::Count(red(), audience())),
        ("count an audience by platform", Op::CountByPlatform(red(), audience())),
        ("list an audience", Op::Select { app: app(), audience: audience(), limit }),
        ("is a device in an audience", Op::Contains(red(), audience(), of("d2"))),
    ]
}

/// Returns verbs to be run on registers in which deletions were stopped.
fn after_a_crash<S: Store>() -> Vec<Verb<S>> {
    let user = |nth| filled().with_stopped(run(delete_user("ann")), nth);
    let app = |nth| filled().with_stopped(Op::DeleteApp(red()), nth);
    let again = Op::CreateApp { app: red(), settings: Settings::default() };
    let return_of_d1 = run(Command::Register(device("d1", Platform::Ios, None, None, &["news"])));
    let events = Op::Events(red(), EventQuery::default());
    let selects = Op::Select { app: red(), audience: Audience::All, limit: 2 };
    let both = user(2).with_stopped(Op::DeleteApp(of("blue")), 2);
    vec![
        Verb::step("resume the deletion of a user", user(2), Op::ResumeDeletions),
        Verb::step("resume the deletion of a user's events", user(3), Op::ResumeDeletions),
        Verb::step("resume the deletion of an app", app(2), Op::ResumeDeletions),
        Verb::step("resume the deletion of a sealed app", app(3), Op::ResumeDeletions),
        Verb::step("resume deletions of both kinds", both, Op::ResumeDeletions),
        Verb::step("register a device whose user is being deleted", user(2), return_of_d1),
        Verb::step("delete another user meanwhile", user(2), run(delete_user("bob"))),
        Verb::step("list events while their user is being deleted", user(2), events),
        Verb::step("list an audience while a user is being deleted", user(2), selects),
        Verb::step("create an app while the one before is being deleted", app(2), again),
        Verb::step("delete an app while one of its users is being deleted", user(2), Op::DeleteApp(red())),
    ]
}

/// Returns the verbs that cannot be expressed as a step.
fn beyond_steps<S: Store>() -> Vec<Verb<S>> {
    let ids = |ids: Vec<DeviceId>| format!("{ids:?}");
    vec![
        Verb {
            name: "select an audience and read it".to_owned(),
            scene: filled(),
            clears: false,
            run: Box::new(move |registry, _| {
                let selected = registry.app(&red())?.select(&of("news || beta"))?;
                Ok(ids(selected.ids()?))
            }),
        },
        Verb {
            name: "when was a device last seen".to_owned(),
            scene: filled(),
            clears: false,
            run: Box::new(|registry, _| Ok(format!("{:?}", registry.app(&red())?.last_seen(&d1())?))),
        },
        Verb {
            name: "resume the deletions of one app".to_owned(),
            scene: filled().with_stopped(run(delete_user("ann")), 2),
            clears: true,
            run: Box::new(|registry, _| Ok(format!("{:?}", registry.app(&red())?.resume_deletions()?))),
        },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Fails to compile when an operation is added, as a reminder to sweep it as well.
    fn of_op(op: &Op) -> usize {
        match op {
            Op::CreateApp { .. } => 0,
            Op::DeleteApp(_) => 1,
            Op::RenameApp { .. } => 2,
            Op::SetLimits { .. } => 3,
            Op::SetPresence { .. } => 4,
            Op::SetMaster { .. } => 5,
            Op::SetTokens { .. } => 6,
            Op::Verify { .. } => 7,
            Op::Apps { .. } => 8,
            Op::ResumeDeletions => 9,
            Op::MoveClock(_) => 10,
            Op::Do(..) => 11,
            Op::Batch(..) => 12,
            Op::DryRun(..) => 13,
            Op::Touch(..) => 14,
            Op::TouchAt(..) => 15,
            Op::PurgeEvents(_) => 16,
            Op::Device(..) => 17,
            Op::AliasDevices(..) => 18,
            Op::UserDevices(..) => 19,
            Op::HasTag(..) => 20,
            Op::TagCount(..) => 21,
            Op::Tags { .. } => 22,
            Op::TagDevices { .. } => 23,
            Op::Presence(..) => 24,
            Op::EventTypes(_) => 25,
            Op::Events(..) => 26,
            Op::Count(..) => 27,
            Op::CountByPlatform(..) => 28,
            Op::Select { .. } => 29,
            Op::Contains(..) => 30,
            Op::SetPolicies { .. } => 31,
            Op::Open(..) => 32,
            Op::DeviceCalled(..) => 33,
            Op::RemoveUnseen(..) => 34,
        }
    }

    fn of_command(command: &Command) -> usize {
        match command {
            Command::Register(_) => 0,
            Command::Unregister(_) => 1,
            Command::Remove(_) => 2,
            Command::Update { .. } => 3,
            Command::UnbindAlias { .. } => 4,
            Command::DeleteAlias { .. } => 5,
            Command::UpdateTag { .. } => 6,
            Command::DeleteTag { .. } => 7,
            Command::RegisterUser { .. } => 8,
            Command::DeleteUser(_) => 9,
            Command::DeclareEvent(_) => 10,
            Command::PostEvent(_) => 11,
            Command::RemoveBasedOn { .. } => 12,
            Command::SignOut(_) => 13,
            Command::SignOutUser(_) => 14,
        }
    }

    #[test]
    fn every_operation_but_the_clocks_is_swept() {
        let swept: BTreeSet<usize> = steps().iter().map(|(_, op)| of_op(op)).collect();
        assert_eq!(swept, (0..35).filter(|&kind| kind != 10).collect());
        let swept: BTreeSet<usize> = commands().iter().map(|(_, command)| of_command(command)).collect();
        assert_eq!(swept, (0..15).collect());
    }
}
