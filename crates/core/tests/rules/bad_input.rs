//! Bad input, operation by operation: the exact error, by the method, in a batch and in a rehearsal, and the whole app
//! as it was.

use crate::common::{
    TestApp, alias, apply, change_tags, device, devices, event, fixture, on_device, populate, refused,
    set_alias, snapshot, tag, tags, to_user, user, with_alias, with_tags,
};
use rollbook::{
    Attribute, Audience, Command, DeletedUser, DeviceUpdate, Error, ErrorKind, NewEvent, Registration, Rule,
    Set, Version,
};

const NAMES: &str = "characters: must hold only A-Z a-z 0-9 _ Han characters and @!#$&*+=.|￥¥: got";
const DEVICE: &str = "known: must be a device of the app: got";

/// Runs every command by its method, in a batch between two good ones, and in a rehearsal of that batch.
fn refuses(table: &[(Command, String)]) {
    let app = fixture().app;
    populate(&app);
    fill_alias(&app);
    let before = snapshot(&app);
    for (command, message) in table {
        assert_eq!(apply(&app, command).unwrap_err().to_string(), *message);
        let batch = [
            Command::DeclareEvent(event("first")),
            command.clone(),
            Command::Register(with_tags("last", tags(&["t"]))),
        ];
        let message = format!("operation 1: {message}");
        assert_eq!(app.batch(&batch).unwrap_err().to_string(), message);
        assert_eq!(app.dry_run(&batch).unwrap_err().to_string(), message);
        assert_eq!(snapshot(&app), before, "changed by what was refused: {command:?}");
    }
}

/// Binds `full` to as many devices as an alias takes.
fn fill_alias(app: &TestApp) {
    for n in 0..10 {
        app.register(&with_alias(&format!("f{n}"), "full")).unwrap();
    }
}

fn update(id: &str, update: DeviceUpdate) -> Command {
    Command::Update { device: device(id), update }
}

fn update_tag(name: &str, add: &[&str], remove: &[&str]) -> Command {
    Command::UpdateTag { tag: tag(name), add: devices(add), remove: devices(remove) }
}

fn many(how_many: usize) -> Vec<rollbook::TagName> {
    crate::common::many_tags(how_many)
}

#[test]
fn registering_a_device() {
    let long = "a".repeat(41);
    refuses(&[
        (
            Command::Register(with_tags("d1", tags(&["a b", "ok", "é"]))),
            format!("tags[0]: {NAMES} \"a b\"; tags[2]: {NAMES} \"é\""),
        ),
        (
            Command::Register(with_tags("new", tags(&[&long]))),
            format!("tags[0]: bytes: must be 1 to 40: got 41 (\"{long}\")"),
        ),
        (Command::Register(with_tags("new", many(101))), "tags: items: must be at most 100: got 101".into()),
        (
            Command::Register(with_tags("new", vec![tag(&"a".repeat(40)); 26])),
            "tags: total bytes: must be at most 1000: got 1040".into(),
        ),
        (Command::Register(with_alias("new", "a:b")), format!("alias: {NAMES} \"a:b\"")),
        (
            Command::Register(with_alias("new", "full")),
            "alias: devices per alias: must be at most 10: got 11 (\"full\")".into(),
        ),
        (
            Command::Register(Registration { alias: Some(alias("full")), ..with_tags("d1", tags(&["-"])) }),
            format!(
                "tags[0]: {NAMES} \"-\"; alias: devices per alias: must be at most 10: got 11 (\"full\")"
            ),
        ),
    ]);
}

#[test]
fn unregistering_and_removing_a_device() {
    refuses(&[
        (Command::Unregister(device("x")), "device not found: \"x\"".into()),
        (Command::Remove(device("x")), "device not found: \"x\"".into()),
    ]);
}

#[test]
fn updating_a_device() {
    let long = "汉".repeat(14);
    refuses(&[
        (update("x", DeviceUpdate::default()), "device not found: \"x\"".into()),
        (update("d1", change_tags(tags(&["a,b"]), vec![])), format!("tags.add[0]: {NAMES} \"a,b\"")),
        (
            update("d1", change_tags(tags(&["ok", &long]), vec![])),
            format!("tags.add[1]: bytes: must be 1 to 40: got 42 (\"{long}\")"),
        ),
        (
            update("d1", change_tags(many(101), vec![])),
            "tags.add: items: must be at most 100: got 101".into(),
        ),
        (
            update("d1", change_tags(vec![], many(101))),
            "tags.remove: items: must be at most 100: got 101".into(),
        ),
        (update("d1", set_alias("/")), format!("alias: {NAMES} \"/\"")),
        (
            update("d3", set_alias("full")),
            "alias: devices per alias: must be at most 10: got 11 (\"full\")".into(),
        ),
        (
            update(
                "d3",
                DeviceUpdate { based_on: Some(Version(99)), mobile: Set::Clear, ..DeviceUpdate::default() },
            ),
            "device \"d3\": version: must be 3, the current one: got 99".into(),
        ),
    ]);
}

#[test]
fn unbinding_an_alias() {
    refuses(&[
        (
            Command::UnbindAlias { alias: alias("annie"), devices: devices(&["d1", "x", "d2", "y"]) },
            format!("devices[1]: {DEVICE} \"x\"; devices[3]: {DEVICE} \"y\""),
        ),
        (
            Command::UnbindAlias { alias: alias("annie"), devices: vec![device("d1"); 1001] },
            "devices: items: must be at most 1000: got 1001".into(),
        ),
    ]);
}

#[test]
fn updating_a_tag() {
    let crowd = vec![device("d1"); 1001];
    refuses(&[
        (update_tag("t", &[], &[]), "add or remove: present: one of them must name devices: got none".into()),
        (update_tag("a:b", &["d1"], &[]), format!("tag: {NAMES} \"a:b\"")),
        (
            update_tag("t", &["d1", "x"], &["y", "d2"]),
            format!("add[1]: {DEVICE} \"x\"; remove[0]: {DEVICE} \"y\""),
        ),
        (
            Command::UpdateTag { tag: tag("a:b"), add: crowd.clone(), remove: crowd },
            format!(
                "tag: {NAMES} \"a:b\"; add: items: must be at most 1000: got 1001; \
                 remove: items: must be at most 1000: got 1001"
            ),
        ),
    ]);
}

#[test]
fn posting_an_event() {
    let attribute = |name: &str, value: Attribute| {
        Command::PostEvent(NewEvent {
            attributes: [(name, value)].into_iter().collect(),
            ..on_device("opened", "d1")
        })
    };
    refuses(&[
        (
            Command::PostEvent(NewEvent::new(event("opened"))),
            "device or user: present: one of them must be given: got neither".into(),
        ),
        (Command::PostEvent(on_device("opened", "x")), format!("device: {DEVICE} \"x\"")),
        (
            Command::PostEvent(to_user("undeclared", "x")),
            "event: known: must be declared: got \"undeclared\"; user: known: must be a user of the app: got \"x\"".into(),
        ),
        (attribute("", 1.into()), "attributes: bytes: names must be 1 to 255: got 0 (\"\")".into()),
        (attribute("n", f64::NAN.into()), "attributes.n: range: must be finite: got NaN".into()),
    ]);
}

#[test]
fn asking() {
    let app = fixture().app;
    populate(&app);
    refused(&app, "devices: items: must be at least 1: got 0", |app| app.presence(&[]));
    refused(&app, "devices: items: must be at most 1000: got 1001", |app| {
        app.presence(&vec![device("d1"); 1001])
    });
    refused(&app, &format!("devices[0]: {DEVICE} \"x\""), |app| app.touch(&devices(&["x", "d1"])));
    refused(&app, "audience: form: must hold a name, a function, `!` or `(` at column 9: got `)`", |app| {
        app.count(&Audience::parse("news && )")?)
    });
    refused(&app, "audience: depth: must be at most 64: got 65", |app| {
        app.count(&(1..65).fold(Audience::All, |inner, _| !inner))
    });
}

#[test]
fn an_error_tells_field_index_rule_limit_and_value_apart() {
    let app = fixture().app;
    populate(&app);
    let error = app.update_tag(&tag("t"), &devices(&["d1", "x"]), &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    let [violation] = error.violations() else { panic!("{error}") };
    assert_eq!((violation.field(), violation.index(), violation.rule()), ("add", Some(1), Rule::Known));
    assert_eq!((violation.limit(), violation.actual()), ("must be a device of the app", "\"x\""));
}

#[test]
fn each_kind_of_error_says_what_to_do_next() {
    let f = fixture();
    populate(&f.app);
    let app = &f.app;
    let kind = |error: Error| error.kind();
    assert_eq!(kind(app.update_tag(&tag("t"), &[], &[]).unwrap_err()), ErrorKind::Argument);
    assert_eq!(kind(app.device(&device("x")).unwrap_err()), ErrorKind::NotFound);
    let stale = DeviceUpdate { based_on: Some(Version(99)), ..DeviceUpdate::default() };
    assert_eq!(kind(app.update(&device("d1"), &stale).unwrap_err()), ErrorKind::State);
    assert_eq!(kind(app.batch(&[Command::Remove(device("x"))]).unwrap_err()), ErrorKind::NotFound);
    assert_eq!(kind(app.batch(&[Command::PostEvent(to_user("x", "ann"))]).unwrap_err()), ErrorKind::Argument);
    f.registry.set_presence(app.key(), false).unwrap();
    let without = f.registry.app(app.key()).unwrap();
    assert_eq!(kind(without.presence(&devices(&["d1"])).unwrap_err()), ErrorKind::Forbidden);
    assert_eq!(app.delete_user(&user("x")).unwrap(), DeletedUser::default());
}

#[test]
fn a_hostile_value_is_cut_and_escaped_in_an_error() {
    let app = fixture().app;
    populate(&app);
    let long = format!("{}\u{202e}", "x".repeat(252));
    let error = app.update_tag(&tag("t"), &[device(&long)], &[]).unwrap_err();
    assert_eq!(error.to_string(), format!("add[0]: {DEVICE} \"{}\"…", "x".repeat(64)));
    let error = app.device(&device("a\u{202e}\"b")).unwrap_err();
    assert_eq!(error.to_string(), "device not found: \"a\\u{202e}\\\"b\"");
}
