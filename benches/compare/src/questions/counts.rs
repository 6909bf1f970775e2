//! The number of devices that meet a condition. Tags are drawn with the probabilities of the devices' own tags, so most
//! questions are about large sets.

use super::{PER_QUESTION, Question, Turn};
use crate::block::{Block, Condition, ConditionKind};
use rollbook::Platform;
use rollbook_bench::{Asker, Failure, Skew, Workload};

/// Few, because some systems are slow.
const MOST: usize = 20;

pub(super) const QUESTIONS: &[Question] = &[
    Question { name: "count-tag", unit: PER_QUESTION, single: false, most: MOST, make: tag },
    Question { name: "count-and", unit: PER_QUESTION, single: false, most: MOST, make: and },
    Question { name: "count-or", unit: PER_QUESTION, single: false, most: MOST, make: or },
    Question { name: "count-and-not", unit: PER_QUESTION, single: false, most: MOST, make: and_not },
    Question { name: "count-platform", unit: PER_QUESTION, single: false, most: MOST, make: platform },
];

fn counts(
    workload: &Workload,
    seed: u64,
    count: usize,
    kind: impl Fn(&mut Asker<'_>) -> Result<ConditionKind, rollbook::Violation>,
) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    let asks = (0..count).map(|_| kind(&mut asker).map(Condition::new));
    Ok(Turn::read(Block::Count(asks.collect::<Result<_, _>>()?)))
}

fn tag(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    counts(workload, seed, count, |asker| Ok(ConditionKind::Tag(asker.tag()?)))
}

fn and(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    counts(workload, seed, count, |asker| Ok(ConditionKind::And(asker.tag()?, asker.tag()?)))
}

fn or(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    counts(workload, seed, count, |asker| Ok(ConditionKind::Or(asker.tag()?, asker.tag()?)))
}

fn and_not(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    counts(workload, seed, count, |asker| Ok(ConditionKind::Without(asker.tag()?, asker.tag()?)))
}

fn platform(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    counts(workload, seed, count, |asker| {
        let tag = asker.tag()?;
        let platform = match asker.below(3) {
            0 => Platform::Ios,
            1 => Platform::Android,
            _ => Platform::Huawei,
        };
        Ok(ConditionKind::On(tag, platform))
    })
}
