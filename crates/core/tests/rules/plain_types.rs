//! Plain types as data: what is written in a format is read from it, whatever it holds; what callers send refuses
//! members that it does not know.

use crate::common::{fixture, populate};
use proptest::prelude::*;
use rollbook::store::{
    Check, Deleted, Deletion, DeviceRecord, Durability, Entry, EntryKey, EntryKind, EventOwner, EventRecord,
    Operation, OwnedKey, Place, Relation, Slot, WriteSet,
};
use rollbook::{
    AppId, AppInfo, AppOpen, AppSettings, Command, Device, DeviceUpdate, Event, EventPosition, EventQuery,
    EventSeq, EventType, Limits, NewEvent, Outcome, Page, Platform, PlatformSet, Policies, Presence,
    Registered, Registration, SignedOut, TagCount, TagsChange, Timestamp, Updated, Version,
};
use rollbook_testkit::oracle::{Answer, Oracle};
use rollbook_testkit::{op::ops_strategy, strategies};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Debug;

/// TOML has tables at its top, and nothing else.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Top<T> {
    value: T,
}

/// Writes the value in each format and reads it back.
fn reads_back<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
    let tree = serde_json::to_value(value).unwrap();
    assert_eq!(&serde_json::from_value::<T>(tree).unwrap(), value, "{json}");

    let top = Top { value };
    let toml = toml::to_string(&top).unwrap_or_else(|error| panic!("{error}: {json}"));
    let read = toml::from_str::<Top<T>>(&toml).unwrap_or_else(|error| panic!("{error}: {toml}"));
    assert_eq!(&read.value, value, "{toml}");

    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).unwrap();
    assert_eq!(&ciborium::from_reader::<T, _>(cbor.as_slice()).unwrap(), value, "{json}");
}

/// What the register returns, by what a random register of the model returns.
fn answers_read_back(answer: &Answer) {
    match answer {
        Answer::Outcome(outcome) => reads_back(outcome),
        Answer::Outcomes(outcomes) => outcomes.iter().for_each(reads_back),
        Answer::Device(device) => reads_back::<Device>(device),
        Answer::Devices(ids) => reads_back(ids),
        Answer::Events(events) => events.iter().for_each(reads_back::<Event>),
        Answer::Presence(told) => told.iter().flatten().for_each(reads_back::<Presence>),
        Answer::EventTypes(types) => types.iter().for_each(reads_back::<EventType>),
        Answer::Apps(apps) => apps.iter().for_each(reads_back::<AppInfo>),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_callers_send_reads_back_in_every_format(
        registration in strategies::registration(), update in strategies::device_update(),
        command in strategies::command(), event in strategies::event(), query in strategies::event_query(),
        (limits, policies) in (strategies::limits(), strategies::policies()),
        audience in strategies::audience(), attributes in strategies::attributes(),
        (platforms, offset) in (strategies::platforms(), strategies::utc_offset()),
        at in strategies::timestamp(),
    ) {
        reads_back(&registration);
        reads_back(&update);
        reads_back(&command);
        reads_back(&event);
        reads_back(&query);
        reads_back(&limits);
        reads_back(&policies);
        reads_back(&audience);
        reads_back(&attributes);
        reads_back(&platforms);
        reads_back(&offset);
        reads_back(&at);
    }

    #[test]
    fn names_read_back_in_every_format(
        device in strategies::device_id(), user in strategies::user_id(), tag in strategies::wide_tag(),
        alias in strategies::alias(), event in strategies::event_name(), language in strategies::language(),
        mobile in strategies::mobile(), key in strategies::app_key(), platform in strategies::platform(),
    ) {
        reads_back(&device);
        reads_back(&user);
        reads_back(&tag);
        reads_back(&alias);
        reads_back(&event);
        reads_back(&language);
        reads_back(&mobile);
        reads_back(&key);
        reads_back(&platform);
    }

    #[test]
    fn whatever_a_register_returns_reads_back_in_every_format(ops in ops_strategy(20..=20)) {
        let mut oracle = Oracle::new();
        for op in &ops {
            if let Ok(answer) = oracle.answer(op) {
                answers_read_back(&answer);
            }
        }
        for app in oracle.apps() {
            oracle.everything(app).for_each(|device| reads_back(&device));
        }
    }
}

#[test]
fn the_records_of_a_store_and_the_rest_read_back_in_every_format() {
    let user = || "ann".parse().unwrap();
    let slot = Slot { platform: Platform::Harmony, ordinal: u32::MAX };
    let place = Place { slot, filled: Version(7) };
    let key = || OwnedKey { relation: Relation::Tag, name: "news".into() };
    let record = || DeviceRecord {
        alias_rank: Some(1),
        language: Some("zh-CN".parse().unwrap()),
        ..DeviceRecord::new("d".parse().unwrap())
    };
    let event = EventRecord {
        at: Timestamp::from_secs(-1),
        name: "opened".parse().unwrap(),
        device: None,
        user: Some(user()),
        attributes: [("n", 1.into())].into_iter().collect(),
    };
    let event_type = EventType { name: "opened".parse().unwrap(), declared_at: Timestamp::from_secs(5) };
    let deletion = Deletion { number: 3, of: Deleted::User { user: user(), through: EventSeq(9) } };
    let checks = vec![
        Check::Open,
        Check::Absent { id: "d".parse().unwrap() },
        Check::Unchanged { device: place, version: Version(1) },
        Check::KeyAtMost { key: key(), most: 5 },
        Check::Room { tag: "news".into(), devices: vec![place].into(), most: 1 },
        Check::Linked { key: key(), devices: vec![place].into(), is: false },
        Check::Unseen { devices: vec![place].into(), since: Timestamp::from_secs(3) },
        Check::Entry { key: EntryKey::Deletion(3), version: None },
    ];
    let (platform, last_seen) = (Platform::Ios, Some(Timestamp::from_secs(1)));
    let operations = vec![
        Operation::Insert { platform, record: Box::new(record()), last_seen, keys: vec![key()] },
        Operation::Put { device: place, record: Box::new(record()) },
        Operation::Remove { device: place },
        Operation::Link { key: key(), devices: vec![place].into() },
        Operation::Unlink { key: key(), devices: vec![place].into() },
        Operation::Touch { devices: vec![place].into(), at: Timestamp::from_secs(4) },
        Operation::Drop { key: key(), platforms: PlatformSet::ALL },
        Operation::Condemn { user: user(), deletion: 3 },
        Operation::PutEntry { entry: Entry::EventType(event_type.clone()) },
        Operation::RemoveEntry { key: EntryKey::EventType("opened".parse().unwrap()) },
        Operation::Append { event: Box::new(event.clone()) },
        Operation::EraseEvents { owner: EventOwner::User(user()), through: EventSeq(1), most: 2 },
        Operation::TrimLog { before: Timestamp::from_secs(0), most: 3 },
        Operation::Seal,
    ];
    checks.iter().for_each(reads_back);
    operations.iter().for_each(reads_back);
    reads_back(&WriteSet { checks: checks.into(), operations: operations.into() });
    reads_back(&record());
    reads_back(&event);
    reads_back(&event_type);
    reads_back(&place);
    reads_back(&Entry::Deletion(deletion));
    reads_back(&Entry::NextApp(AppId(2)));
    reads_back(&EntryKey::App("shop".parse().unwrap()));
    reads_back(&EntryKind::Deletion);
    reads_back(&Durability::Buffered);
    reads_back(&[Presence::Online, Presence::LastSeen(Timestamp::from_secs(1)), Presence::Offline]);
    reads_back(&Page {
        items: vec![TagCount { tag: "a".parse().unwrap(), devices: 1 }],
        next: None::<Version>,
    });
    reads_back(&EventPosition { at: Timestamp::MIN, seq: EventSeq(1) });
    let registered = Registered {
        created: false,
        former_user: Some(user()),
        former_user_vanished: true,
        evicted: vec!["d".parse().unwrap()],
        kept_alias: Some("x".parse().unwrap()),
        kept_tags: vec!["a".parse().unwrap()],
    };
    reads_back(&Outcome::Registered(registered));
    reads_back(&Outcome::SignedOut(SignedOut { former_user: Some(user()), ..SignedOut::default() }));
    reads_back(&Outcome::UserSignedOut { devices: 2 });
    reads_back(&AppOpen { language: Some("de".parse().unwrap()), ..AppOpen::new("d".parse().unwrap()) });
    reads_back(&Outcome::Updated(Updated { evicted: vec![] }));
    for limits in [Limits::jpush(), Limits::relaxed(), Limits::unlimited()] {
        reads_back(&limits);
    }
}

#[test]
fn every_variant_and_member_is_written_in_one_style() {
    let json = |value: &dyn erased::Shown| value.json();
    assert_eq!(json(&Presence::LastSeen(Timestamp::from_secs(1))), r#"{"last_seen":1}"#);
    assert_eq!(json(&Presence::Online), r#""online""#);
    assert_eq!(json(&Policies::default()), r#"{"presence_from":"device_calls","on_user_change":"keep"}"#);
    assert_eq!(
        json(&EventQuery::default()),
        r#"{"scope":"all","from":null,"until":null,"order":"newest_first","after":null,"limit":100}"#
    );
    // A value between the ends of time is a number.
    let query = EventQuery { from: Timestamp::from_secs(5), ..EventQuery::default() };
    assert!(json(&query).contains(r#""from":5,"until":null"#));
}

mod erased {
    pub(super) trait Shown {
        fn json(&self) -> String;
    }

    impl<T: serde::Serialize> Shown for T {
        fn json(&self) -> String {
            serde_json::to_string(self).unwrap()
        }
    }
}

#[test]
fn a_limit_is_absent_by_each_of_its_words_and_by_no_other() {
    for word in [r#""none""#, r#""unlimited""#, "null"] {
        let limits: Limits = serde_json::from_str(&format!(r#"{{"tags_per_device":{word}}}"#)).unwrap();
        assert_eq!(limits, Limits { tags_per_device: None, ..Limits::default() });
    }
    let toml = toml::to_string(&Limits::unlimited()).unwrap();
    assert!(toml.contains("tags_per_device = \"none\""), "{toml}");
    for (bad, told) in [
        (r#""many""#, r#"invalid value: string "many""#),
        ("-1", "invalid value: integer `-1`"),
        ("4294967296", "invalid value: integer `4294967296`"),
        ("1.5", "invalid type: floating point `1.5`"),
        ("true", "invalid type: boolean `true`"),
        ("[]", "invalid type: sequence"),
    ] {
        let refused = serde_json::from_str::<Limits>(&format!(r#"{{"tags_per_device":{bad}}}"#)).unwrap_err();
        let expected = format!(r#"tags_per_device: {told}, expected a whole number of 32 bits or "none""#);
        assert!(refused.to_string().starts_with(&expected), "{refused}");
    }
}

#[test]
fn a_member_of_the_settings_that_has_no_such_value_is_named_with_it() {
    fn named<T: Serialize + DeserializeOwned + Debug>(settings: &T) {
        let object = serde_json::to_value(settings).unwrap();
        for member in object.as_object().unwrap().keys() {
            let mut wrong = object.clone();
            wrong[member] = serde_json::json!(-7);
            let json = serde_json::from_str::<T>(&wrong.to_string()).unwrap_err().to_string();
            assert!(json.starts_with(&format!("{member}: invalid ")) && json.contains("`-7`"), "{json}");
            let toml = toml::from_str::<T>(&format!("{member} = -7")).unwrap_err();
            assert!(toml.message().starts_with(&format!("{member}: invalid ")), "{toml}");
            let mut binary = Vec::new();
            ciborium::into_writer(&serde_json::json!({ member: [[]] }), &mut binary).unwrap();
            let binary = ciborium::from_reader::<T, _>(&binary[..]).unwrap_err().to_string();
            assert!(binary.contains(&format!("{member}: ")), "{binary}");
        }
    }
    named(&Limits::default());
    named(&Limits::unlimited());
    named(&Policies::default());
    for member in ["name", "presence"] {
        let settings = format!(r#"{{"{member}":-7}}"#);
        let refused = serde_json::from_str::<AppSettings>(&settings).unwrap_err().to_string();
        assert!(refused.starts_with(&format!("{member}: invalid type: integer `-7`")), "{refused}");
    }
    let nested = r#"{"limits":{"names":"strict"}}"#;
    let refused = serde_json::from_str::<AppSettings>(nested).unwrap_err().to_string();
    assert!(refused.starts_with("names: unknown variant `strict`, expected one of `jpush`"), "{refused}");
}

/// The object with one member more.
fn misspelt(value: &impl Serialize) -> serde_json::Value {
    let mut value = serde_json::to_value(value).unwrap();
    value.as_object_mut().unwrap().insert("tagz".into(), 1.into());
    value
}

fn refuses_what_it_does_not_know<T: Serialize + DeserializeOwned + Debug>(value: &T) {
    let refused = serde_json::from_value::<T>(misspelt(value)).unwrap_err().to_string();
    assert!(refused.starts_with("unknown field `tagz`"), "{refused}");
}

#[test]
fn what_callers_send_refuses_members_that_it_does_not_know() {
    let registration = Registration::new("d".parse().unwrap(), Platform::Ios);
    refuses_what_it_does_not_know(&registration);
    refuses_what_it_does_not_know(&AppOpen::new("d".parse().unwrap()));
    refuses_what_it_does_not_know(&DeviceUpdate::default());
    refuses_what_it_does_not_know(&NewEvent::new("opened".parse().unwrap()));
    refuses_what_it_does_not_know(&EventQuery::default());
    refuses_what_it_does_not_know(&Limits::default());
    refuses_what_it_does_not_know(&Policies::default());
    let settings = serde_json::from_str::<AppSettings>(r#"{"tagz":1}"#).unwrap_err().to_string();
    assert!(settings.starts_with("unknown field `tagz`"), "{settings}");

    let inner = |command: &Command| {
        let value = serde_json::to_value(command).unwrap();
        let (name, inner) = value.as_object().unwrap().iter().next().unwrap();
        inner.is_object().then(|| BTreeMap::from([(name.clone(), misspelt(inner))]))
    };
    let commands: Vec<_> = crate::common::every_command().iter().filter_map(inner).collect();
    assert!(commands.len() >= 8);
    for command in commands {
        let command = serde_json::to_value(command).unwrap();
        let refused = serde_json::from_value::<Command>(command.clone()).expect_err(&command.to_string());
        assert!(refused.to_string().starts_with("unknown field `tagz`"), "{refused}");
    }
    let change = r#"{"change":{"add":[],"addd":["x"]}}"#;
    let refused = serde_json::from_str::<TagsChange>(change).unwrap_err().to_string();
    assert!(refused.starts_with("unknown field `addd`"), "{refused}");
}

#[test]
fn what_the_register_returns_is_read_by_those_who_do_not_know_all_of_it() {
    let f = fixture();
    populate(&f.app);
    let device = f.app.device(&"d1".parse().unwrap()).unwrap();
    assert_eq!(serde_json::from_value::<Device>(misspelt(&device)).unwrap(), device);
    let event = f.app.events(&EventQuery::default()).unwrap().items.remove(0);
    assert_eq!(serde_json::from_value::<Event>(misspelt(&event)).unwrap(), event);
    let info = f.registry.apps(None, 1).unwrap().items.remove(0);
    assert_eq!(serde_json::from_value::<AppInfo>(misspelt(&info)).unwrap(), info);
}
