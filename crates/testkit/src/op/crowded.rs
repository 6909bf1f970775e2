//! Batches over very few names, so that their operations interfere with each other.

use super::choose::{BYTES, small_limits};
use super::maker::Maker;
use super::{Alphabet, Choices, Op, Settings};
use proptest::prelude::*;
use rollbook::{AliasOverflow, Command, Limits};
use std::ops::RangeInclusive;

/// The maximum number of operations of a batch.
const LONGEST: usize = 8;

/// Sequences made of this many random operations, most of them in batches: see [`crowded_ops_of`].
///
/// ```
/// use proptest::{prelude::*, test_runner::Config};
/// use rollbook_testkit::{check::check_shortest, op::crowded_ops_strategy, ordered::OrderedStore};
///
/// let config = Config { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
/// proptest!(config, |(ops in crowded_ops_strategy(10..=20))| {
///     check_shortest(&ops, OrderedStore::new).map_err(|found| TestCaseError::fail(found.to_string()))?;
/// });
/// ```
pub fn crowded_ops_strategy(count: impl Into<RangeInclusive<usize>>) -> impl Strategy<Value = Vec<Op>> {
    let count = count.into();
    // One more part, which determines the app.
    prop::collection::vec(prop::collection::vec(any::<u8>(), BYTES), count.start() + 1..=count.end() + 1)
        .prop_map(|parts| crowded_ops_of(&parts.concat()))
}

/// Returns the sequence that these bytes stand for, 40 for each operation: one app with two or three devices, one or
/// two of everything else and small limits, and batches of up to eight operations, most of them on the same devices.
///
/// The difficulty of a batch is that each operation must see the effects of those before it.
/// [`ops_of`](super::ops_of), with more names and shorter batches, seldom tests that.
///
/// ```
/// use rollbook_testkit::op::{Op, crowded_ops_of};
///
/// let bytes: Vec<u8> = (0..=255).cycle().take(40 * 50).collect();
/// let longest = crowded_ops_of(&bytes).into_iter().filter_map(|op| match op {
///     Op::Batch(_, commands) => Some(commands.len()),
///     _ => None,
/// });
/// assert!(longest.max().is_some_and(|longest| longest > 1));
/// ```
#[must_use]
pub fn crowded_ops_of(bytes: &[u8]) -> Vec<Op> {
    let mut parts = bytes.chunks(BYTES);
    let mut app_of = Choices::new(parts.next().unwrap_or_default());
    let alphabet = few(&mut app_of);
    let Some(app) = alphabet.apps.first() else { return Vec::new() };
    let settings = Settings { limits: limits(&mut app_of), presence: true, ..Settings::default() };
    let mut ops = vec![Op::CreateApp { app: app.clone(), settings }];
    let (mut batch, mut enough): (Vec<Command>, usize) = (Vec::new(), 0);
    for part in parts {
        let mut choices = Choices::new(part);
        if choices.once_in(8) {
            match Op::choose(&mut choices, &alphabet) {
                // A look-up returns the version that an update may be based on; a heartbeat moves along with its
                // device.
                op @ (Op::Device(..) | Op::Touch(..) | Op::TouchAt(..) | Op::Select { .. }) => ops.push(op),
                _ => ops.push(Op::Device(
                    app.clone(),
                    Maker { alphabet: &alphabet, choices: &mut choices }.device(),
                )),
            }
            continue;
        }
        if batch.is_empty() {
            enough = 1 + choices.below(LONGEST);
        }
        batch.push(Maker { alphabet: &alphabet, choices: &mut choices }.command());
        if batch.len() == enough {
            ops.push(Op::Batch(app.clone(), std::mem::take(&mut batch)));
        }
    }
    ops
}

/// Returns an alphabet with only a few of every kind of name.
fn few(choices: &mut Choices<'_>) -> Alphabet {
    let all = Alphabet::default();
    let mut one_or_two = || 1 + choices.below(2);
    let first = one_or_two() - 1;
    Alphabet {
        apps: all.apps.into_iter().take(1).collect(),
        devices: all.devices.into_iter().take(1 + one_or_two()).collect(),
        // Two users that no device has as its anonymous user, or one of them and one that some device has.
        users: all.users.into_iter().skip(first).take(2).collect(),
        tags: all.tags.into_iter().take(one_or_two()).collect(),
        bad_devices: all.bad_devices.into_iter().take(1).collect(),
        bad_users: all.bad_users.into_iter().take(1).collect(),
        bad_tags: all.bad_tags.into_iter().take(1).collect(),
        aliases: all.aliases.into_iter().take(one_or_two()).collect(),
        bad_aliases: all.bad_aliases.into_iter().take(1).collect(),
        events: all.events.into_iter().take(1).collect(),
        platforms: all.platforms.into_iter().take(one_or_two()).collect(),
    }
}

fn limits(choices: &mut Choices<'_>) -> Limits {
    let mut limits = Limits { operations_per_batch: None, declare_on_first_use: true, ..small_limits() };
    if choices.once_in(3) {
        limits.tags_per_device = Some(1);
    }
    if choices.once_in(3) {
        limits.devices_per_alias = Some(1);
    }
    if choices.once_in(2) {
        limits.alias_overflow = AliasOverflow::EvictOldest;
    }
    limits
}
