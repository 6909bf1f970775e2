//! Makes operations of choices.

use super::maker::Maker;
use super::{Alphabet, Choices, Op, Settings};
use proptest::prelude::*;
use rollbook::{AliasOverflow, Limits, NameRule, OnUserChange, Policies, PresenceFrom};
use std::ops::RangeInclusive;

/// The number of bytes of one random operation; where more are needed, the remaining choices are the first ones.
pub(super) const BYTES: usize = 40;

/// Random operations over a small alphabet.
///
/// ```
/// use proptest::strategy::{Strategy, ValueTree};
/// let mut runner = proptest::test_runner::TestRunner::deterministic();
/// assert!(rollbook_testkit::op::op_strategy().new_tree(&mut runner).is_ok());
/// ```
pub fn op_strategy() -> impl Strategy<Value = Op> {
    let alphabet = Alphabet::default();
    prop::collection::vec(any::<u8>(), BYTES)
        .prop_map(move |bytes| Op::choose(&mut Choices::new(&bytes), &alphabet))
}

/// Sequences of this many operations after those that create both apps of the alphabet with small limits.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{check::check, op::ops_strategy, ordered::OrderedStore};
///
/// proptest!(ProptestConfig::with_cases(4), |(ops in ops_strategy(1..=3))| {
///     prop_assert!((3..=5).contains(&ops.len()));
///     prop_assert!(check(&ops, OrderedStore::new).is_ok());
/// });
/// ```
pub fn ops_strategy(count: impl Into<RangeInclusive<usize>>) -> impl Strategy<Value = Vec<Op>> {
    let count = count.into();
    let apps = Alphabet::default().apps.len();
    let parts = count.start() + apps..=count.end() + apps;
    prop::collection::vec(prop::collection::vec(any::<u8>(), BYTES), parts)
        .prop_map(|parts| ops_of(&parts.concat()))
}

/// Returns the sequence that these bytes stand for: one operation for each part of 40 bytes, after those that create
/// both apps of the alphabet, for which the first parts are used. Fuzzers and replays make their sequences with it.
///
/// ```
/// use rollbook_testkit::op::{Op, ops_of};
/// let ops = ops_of(&[7; 100]);
/// assert_eq!(ops.len(), 3);
/// assert!(matches!(ops[..2], [Op::CreateApp { .. }, Op::CreateApp { .. }]));
/// ```
#[must_use]
pub fn ops_of(bytes: &[u8]) -> Vec<Op> {
    let alphabet = Alphabet::default();
    let mut parts = bytes.chunks(BYTES);
    let mut created = Vec::new();
    for app in &alphabet.apps {
        let settings = settings(&mut Choices::new(parts.next().unwrap_or_default()));
        created.push(Op::CreateApp { app: app.clone(), settings });
    }
    created.extend(parts.map(|part| Op::choose(&mut Choices::new(part), &alphabet)));
    created
}

/// Returns limits that a few operations reach: three tags on a device, two devices of an alias, four items of a list.
///
/// ```
/// use rollbook::{DeviceUpdate, ErrorKind, Set};
/// let registry = rollbook_testkit::example::registry();
/// registry.set_limits(&"shop".parse()?, &rollbook_testkit::op::small_limits())?;
/// let third = DeviceUpdate { alias: Set::To("ann".parse()?), ..DeviceUpdate::default() };
/// let refused = registry.app(&"shop".parse()?)?.update(&"watch".parse()?, &third).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::Argument);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[must_use]
pub fn small_limits() -> Limits {
    Limits {
        tags_per_device: Some(3),
        tags_per_list: Some(4),
        tag_list_bytes: Some(16),
        devices_per_list: Some(4),
        devices_per_alias: Some(2),
        ids_per_presence: Some(3),
        attributes_per_event: Some(2),
        attribute_bytes: Some(5),
        attribute_items: Some(2),
        event_retention_secs: Some(100),
        operations_per_batch: Some(4),
        audience_nodes: 9,
        ..Limits::jpush()
    }
}

fn limits(choices: &mut Choices<'_>) -> Limits {
    let mut limits = small_limits();
    if choices.once_in(8) {
        limits = Limits::unlimited();
    }
    if choices.once_in(2) {
        limits.alias_overflow = AliasOverflow::EvictOldest;
    }
    if choices.once_in(4) {
        limits.tags_per_device = Some(1);
        limits.devices_per_alias = Some(1);
    }
    limits.names = choices.one(&[NameRule::Jpush, NameRule::Relaxed, NameRule::Any]).unwrap_or(limits.names);
    limits.declare_on_first_use = choices.once_in(2);
    if choices.once_in(3) {
        limits.event_retention_secs = None;
    }
    limits
}

fn settings(choices: &mut Choices<'_>) -> Settings {
    Settings {
        name: app_name(choices),
        presence: !choices.once_in(4),
        limits: limits(choices),
        policies: policies(choices),
        master: choices.maybe(secret),
        tokens: choices.list(2, secret),
    }
}

fn policies(choices: &mut Choices<'_>) -> Policies {
    let presence_from = [PresenceFrom::DeviceCalls, PresenceFrom::AppOpen, PresenceFrom::None];
    let on_user_change = [OnUserChange::Keep, OnUserChange::ClearAlias, OnUserChange::ClearAliasAndTags];
    Policies {
        presence_from: choices.one(&presence_from).unwrap_or_default(),
        on_user_change: choices.one(&on_user_change).unwrap_or_default(),
    }
}

fn app_name(choices: &mut Choices<'_>) -> String {
    match choices.below(20) {
        18 => "n".repeat(255),
        19 => "n".repeat(256),
        n if n % 2 == 0 => "shop".to_owned(),
        _ => String::new(),
    }
}

fn secret(choices: &mut Choices<'_>) -> String {
    ["open sesame", "swordfish"].get(choices.below(2)).copied().unwrap_or_default().to_owned()
}

impl Op {
    /// Returns the operation that these choices stand for.
    ///
    /// ```
    /// use rollbook_testkit::op::{Alphabet, Choices, Op};
    /// let bytes = [7, 1, 4, 9];
    /// let op = Op::choose(&mut Choices::new(&bytes), &Alphabet::default());
    /// assert_eq!(op, Op::choose(&mut Choices::new(&bytes), &Alphabet::default()));
    /// ```
    #[must_use]
    pub fn choose(choices: &mut Choices<'_>, alphabet: &Alphabet) -> Op {
        let kind = choices.below(100);
        let Some(app) = choices.one(&alphabet.apps) else { return Op::ResumeDeletions };
        let mut a = Maker { alphabet, choices };
        match kind {
            0..=44 => Op::Do(app, a.command()),
            45..=49 => Op::Batch(app, a.commands()),
            50..=51 => Op::DryRun(app, a.commands()),
            52 => Op::Open(app, a.open()),
            53 => Op::DeviceCalled(app, a.device()),
            54 => Op::Touch(app, a.devices(3)),
            55..=56 => Op::TouchAt(app, a.sightings()),
            57..=59 => {
                Op::MoveClock([1, 60, -30, 101, 600, -1000, 48 * 3600].get(a.below(7)).copied().unwrap_or(1))
            }
            60 if a.choices.once_in(2) => Op::RemoveUnseen(app, a.time()),
            60 => Op::PurgeEvents(app),
            61..=65 => Op::Device(app, a.device()),
            66..=68 => Op::AliasDevices(app, a.alias(), a.platforms()),
            69..=70 => Op::UserDevices(app, a.user(), a.platforms()),
            71..=72 => Op::HasTag(app, a.device(), a.tag()),
            73 => Op::TagCount(app, a.tag(), a.platforms()),
            74..=75 => Op::Tags { app, platforms: a.platforms(), limit: a.page() },
            76..=77 => Op::TagDevices { app, tag: a.tag(), platforms: a.platforms(), limit: a.page() },
            78..=79 => Op::Presence(app, a.devices(4)),
            80 => Op::EventTypes(app),
            81..=84 => Op::Events(app, a.query()),
            85 => Op::Count(app, a.audience(3)),
            86 => Op::CountByPlatform(app, a.audience(3)),
            87..=89 => Op::Select { app, audience: a.audience(3), limit: a.page() },
            90..=91 => Op::Contains(app, a.audience(3), a.device()),
            92..=93 => Op::SetLimits { app, limits: Box::new(limits(a.choices)) },
            94 if a.choices.once_in(2) => Op::SetPolicies { app, policies: policies(a.choices) },
            94 => Op::SetPresence { app, on: a.choices.once_in(2) },
            95 => Op::RenameApp { app, name: app_name(a.choices) },
            96 => match a.below(4) {
                0 => Op::DeleteApp(app),
                1 => Op::SetMaster { app, secret: a.choices.maybe(secret) },
                2 => Op::SetTokens { app, tokens: a.choices.list(2, secret) },
                _ => Op::ResumeDeletions,
            },
            97 => Op::Verify { app, secret: secret(a.choices) },
            98 => Op::Apps { limit: a.page() },
            _ => Op::CreateApp { app, settings: settings(a.choices) },
        }
    }
}
