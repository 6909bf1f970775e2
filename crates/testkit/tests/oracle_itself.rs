//! The checker is checked: it sees differences where there are some, and the model refuses and remembers as it should.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a failed test")]

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use rollbook::{
    Alias, AppKey, AppSettings, Command, DeviceId, DeviceUpdate, Limits, Platform, PlatformSet, Registration,
    Registry, Rule, Set, TagName, TagsChange, UserId, Version,
};
use rollbook_testkit::check::{check, check_against, minimal};
use rollbook_testkit::op::{Alphabet, Choices, Op, Settings, ops_strategy, small_limits};
use rollbook_testkit::oracle::{Answer, Oracle, Refusal};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::strategies;
use std::sync::Arc;

fn red() -> AppKey {
    AppKey::new("red").unwrap()
}

fn device(id: &str) -> DeviceId {
    DeviceId::new(id).unwrap()
}

fn tag(name: &str) -> TagName {
    TagName::new(name).unwrap()
}

fn create(limits: Limits) -> Op {
    Op::CreateApp { app: red(), settings: Settings { limits, ..Settings::default() } }
}

fn register(id: &str, tags: &[&str], alias: Option<&str>) -> Op {
    let registration = Registration {
        tags: tags.iter().map(|name| tag(name)).collect(),
        alias: alias.map(|name| Alias::new(name).unwrap()),
        ..Registration::new(device(id), Platform::Ios)
    };
    Op::Do(red(), Command::Register(registration))
}

fn add_tag(id: &str, name: &str, based_on: Option<Version>) -> Op {
    let tags = TagsChange::Change { add: vec![tag(name)], remove: Vec::new() };
    let update = DeviceUpdate { tags, based_on, ..DeviceUpdate::default() };
    Op::Do(red(), Command::Update { device: device(id), update })
}

/// A model that has lived through some steps, to be compared with a register that has not.
fn after(ops: &[Op]) -> Oracle {
    let mut oracle = Oracle::new();
    for op in ops {
        oracle.answer(op).unwrap();
    }
    oracle
}

/// Steps that a right register gets right.
fn plain_steps() -> Vec<Op> {
    vec![
        create(small_limits()),
        register("d1", &["news", "vip"], Some("x")),
        Op::Device(red(), device("d1")),
        add_tag("d1", "beta", Some(Version(0))),
        add_tag("d1", "beta", Some(Version(0))),
        add_tag("d2", "beta", None),
        Op::Do(red(), Command::DeleteTag { tag: tag("news"), platforms: PlatformSet::ALL }),
        Op::Tags { app: red(), platforms: PlatformSet::ALL, limit: 1 },
    ]
}

#[test]
fn a_right_register_agrees_with_the_model() {
    check(&plain_steps(), OrderedStore::new).unwrap();
}

#[test]
fn a_model_with_other_limits_disagrees_at_the_step_that_reaches_them() {
    let store = Arc::new(OrderedStore::new());
    let registry = Registry::builder(Arc::clone(&store)).build();
    let settings = AppSettings { limits: small_limits(), ..AppSettings::default() };
    registry.create_app(&red(), settings).unwrap();

    let oracle = after(&[create(Limits { tags_per_device: Some(1), ..small_limits() })]);
    let ops = [register("d1", &["news", "vip"], None), register("d2", &[], None)];
    let mismatch = check_against(&ops, || store, oracle).unwrap_err();
    assert_eq!((mismatch.step, &mismatch.question), (0, &ops[0]), "{mismatch}");
    assert_eq!(mismatch.expected, Err(Refusal::one("tags", None, Rule::TagsPerDevice)));
    assert!(mismatch.actual.is_ok());
    assert_eq!(mismatch.ops, ops[..1]);
}

#[test]
fn what_only_the_model_holds_is_missed_by_the_look_around_after_a_step() {
    let oracle = after(&[create(small_limits())]);
    let mismatch = check_against(&[Op::ResumeDeletions], OrderedStore::new, oracle).unwrap_err();
    assert!(matches!(mismatch.question, Op::Apps { .. }), "{mismatch}");
    assert!(mismatch.to_string().contains("afterwards: Apps"), "{mismatch}");
}

#[test]
fn a_failing_sequence_is_made_as_short_as_it_can_be() {
    let ops: Vec<Op> = (0..50).map(Op::MoveClock).collect();
    let fails = |ops: &[Op]| ops.contains(&Op::MoveClock(7)) && ops.contains(&Op::MoveClock(31));
    assert_eq!(minimal(&ops, fails), [Op::MoveClock(7), Op::MoveClock(31)]);
}

#[test]
fn the_model_names_every_failing_item_and_changes_nothing() {
    let mut oracle = after(&[
        create(small_limits()),
        register("d1", &["vip", "beta", "x"], None),
        register("d2", &[], None),
    ]);
    let before = oracle.clone();
    let add = ["d1", "d4", "d2", "d5"].map(device).to_vec();
    let update = Command::UpdateTag { tag: tag("news"), add, remove: vec![device("d6")] };
    let Err(Refusal::Invalid(broken)) = oracle.answer(&Op::Do(red(), update)) else { panic!("not refused") };
    let named: Vec<_> = broken.iter().map(|b| (b.field.as_str(), b.index, b.rule)).collect();
    let expected = [
        ("add", Some(0), Rule::TagsPerDevice),
        ("add", Some(1), Rule::Known),
        ("add", Some(3), Rule::Known),
        ("remove", Some(0), Rule::Known),
    ];
    assert_eq!(named, expected);
    assert!(oracle.everything(&red()).eq(before.everything(&red())));
}

#[test]
fn the_model_evicts_the_binding_that_is_oldest_whatever_moved_since() {
    let evicting = Limits { alias_overflow: rollbook::AliasOverflow::EvictOldest, ..small_limits() };
    let mut oracle = after(&[
        create(evicting),
        register("d2", &[], Some("x")),
        register("d1", &[], Some("x")),
        Op::Do(red(), Command::Register(Registration::new(device("d2"), Platform::Android))),
    ]);
    let Ok(Answer::Outcome(outcome)) = oracle.answer(&register("d3", &[], Some("x"))) else {
        panic!("refused")
    };
    let rollbook::Outcome::Registered(done) = outcome else { panic!("{outcome:?}") };
    assert_eq!(done.evicted, [device("d2")]);
}

#[test]
fn the_model_tells_versions_apart_by_change_only() {
    let versions =
        |oracle: &Oracle| -> Vec<Version> { oracle.everything(&red()).map(|d| d.version).collect() };
    let mut oracle = after(&[create(small_limits()), register("d1", &["news"], Some("x"))]);
    let first = versions(&oracle);
    let unchanging = [
        add_tag("d1", "news", None),
        Op::Touch(red(), vec![device("d1")]),
        Op::Do(red(), Command::DeleteTag { tag: tag("news"), platforms: PlatformSet::ALL }),
        Op::Do(red(), Command::Update { device: device("d1"), update: DeviceUpdate::default() }),
    ];
    for op in unchanging {
        oracle.answer(&op).unwrap();
        assert_eq!(versions(&oracle), first, "{op:?}");
    }
    let clear = DeviceUpdate { alias: Set::Clear, ..DeviceUpdate::default() };
    oracle.answer(&Op::Do(red(), Command::Update { device: device("d1"), update: clear })).unwrap();
    assert_ne!(versions(&oracle), first);
}

#[test]
fn the_model_reports_the_user_that_vanishes_with_its_last_device() {
    let give = |id: &str, user: &str| {
        let user = Some(UserId::new(user).unwrap());
        Op::Do(red(), Command::RegisterUser { device: device(id), user, platform: None, utc_offset: None })
    };
    let mut oracle =
        after(&[create(small_limits()), give("d1", "ann"), give("d2", "ann"), give("d1", "bob")]);
    let Ok(Answer::Outcome(rollbook::Outcome::Registered(done))) = oracle.answer(&give("d2", "bob")) else {
        panic!("refused")
    };
    assert!(done.former_user_vanished && done.former_user == Some(UserId::new("ann").unwrap()));
}

/// Which kinds of steps and of answers the random sequences reach.
#[test]
fn random_sequences_reach_every_kind_of_step_and_of_refusal() {
    let mut runner = TestRunner::deterministic();
    let (mut steps, mut refusals, mut accepted, mut total) = (Vec::new(), Vec::new(), 0_u32, 0_u32);
    for _ in 0..200 {
        let ops = ops_strategy(60..=60).new_tree(&mut runner).unwrap().current();
        let mut oracle = Oracle::new();
        for op in ops {
            let answer = oracle.answer(&op);
            (total, accepted) = (total + 1, accepted + u32::from(answer.is_ok()));
            steps.push(std::mem::discriminant(&op));
            if let Err(refusal) = answer {
                assert!(!matches!(refusal, Refusal::Failure(_)), "{op:?}: {refusal:?}");
                refusals.push(format!("{refusal:?}").split(['(', '{']).next().unwrap_or_default().to_owned());
            }
        }
    }
    steps.sort_by_key(|step| format!("{step:?}"));
    steps.dedup();
    refusals.sort();
    refusals.dedup();
    assert_eq!(refusals, ["AppExists", "Batch", "Forbidden", "Invalid", "NotFound", "Stale"]);
    assert_eq!(steps.len(), 35, "some kind of step is never made");
    assert!(accepted * 2 > total, "only {accepted} of {total} steps are accepted");
}

#[test]
fn the_alphabet_has_the_letters_it_promises() {
    let Alphabet {
        apps,
        devices,
        bad_devices,
        users,
        bad_users,
        tags,
        bad_tags,
        aliases,
        bad_aliases,
        events,
        platforms,
    } = Alphabet::default();
    assert_eq!((bad_devices.len(), bad_users.len(), bad_tags.len(), bad_aliases.len()), (2, 3, 4, 3));
    assert_eq!((apps.len(), devices.len(), users.len(), tags.len()), (2, 6, 4, 4));
    assert_eq!((aliases.len(), events.len(), platforms.len()), (3, 3, 3));
    assert!(tags.iter().all(|tag| Limits::jpush().check_tag(tag).is_ok()));
    assert!(bad_tags.iter().all(|tag| Limits::jpush().check_tag(tag).is_err()));
    assert!(bad_aliases.iter().all(|alias| Limits::jpush().check_alias(alias).is_err()));
    assert!(users.iter().any(|user| devices.iter().any(|id| id.anonymous_user() == *user)));
}

proptest! {
    #![proptest_config(Config::with_cases(256))]

    #[test]
    fn any_bytes_stand_for_an_operation(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let choose = || Op::choose(&mut Choices::new(&bytes), &Alphabet::default());
        prop_assert_eq!(choose(), choose());
    }

    #[test]
    fn exported_names_keep_to_the_limits_they_speak_of(
        limit in strategies::at_limit(40), above in strategies::one_above(40), wide in strategies::wide_tag(),
        registration in strategies::registration(),
    ) {
        let limits = Limits::jpush();
        prop_assert!(limits.check_tag(&tag(&limit)).is_ok());
        prop_assert!(limits.check_tag(&tag(&above)).is_err());
        prop_assert!(limits.check_tag(&wide).is_err());
        let mut oracle = after(&[create(limits)]);
        prop_assert!(oracle.answer(&Op::Do(red(), Command::Register(registration))).is_ok());
    }

    #[test]
    fn exported_registers_hold_what_their_operations_made((ops, oracle) in strategies::register(30)) {
        let again = after(&ops);
        for app in oracle.apps() {
            prop_assert!(oracle.everything(app).eq(again.everything(app)));
        }
    }

    #[test]
    fn the_text_of_an_audience_means_the_same_audience(audience in strategies::audience()) {
        let parsed = audience.to_string().parse::<rollbook::Audience>();
        prop_assert!(parsed.is_ok(), "{}", audience);
    }
}
