//! Questions about one device, one alias, one user.

use super::{PER_QUESTION, Question, Turn};
use crate::block::Block;
use rollbook_bench::{Asker, Failure, Skew, Workload};

pub(super) const QUESTIONS: &[Question] = &[
    Question { name: "membership", unit: PER_QUESTION, single: true, most: 1_000, make: membership },
    Question {
        name: "membership-skewed",
        unit: PER_QUESTION,
        single: true,
        most: 1_000,
        make: membership_skewed,
    },
    Question { name: "alias", unit: PER_QUESTION, single: true, most: 1_000, make: alias },
    Question { name: "user", unit: PER_QUESTION, single: true, most: 1_000, make: user },
    Question { name: "device", unit: PER_QUESTION, single: true, most: 500, make: device },
    Question { name: "presence", unit: PER_QUESTION, single: true, most: 1_000, make: presence },
];

fn asked(workload: &Workload, seed: u64, count: usize, skew: Skew) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, skew);
    let asks = (0..count).map(|_| Ok((asker.id()?, asker.tag()?)));
    Ok(Turn::read(Block::HasTag(asks.collect::<Result<_, Failure>>()?)))
}

/// A random device, and a tag drawn with the probabilities of the devices' own tags.
fn membership(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    asked(workload, seed, count, Skew::Uniform)
}

/// The same, but mostly about a few devices.
fn membership_skewed(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    asked(workload, seed, count, Skew::Zipf)
}

fn alias(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    let asks = (0..count).filter_map(|_| workload.alias(asker.device()).transpose());
    Ok(Turn::read(Block::AliasDevices(asks.collect::<Result<_, _>>()?)))
}

fn user(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    let asks = (0..count).map(|_| workload.user(asker.device()));
    Ok(Turn::read(Block::UserDevices(asks.collect::<Result<_, _>>()?)))
}

fn device(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    Ok(Turn::read(Block::Device((0..count).map(|_| asker.id()).collect::<Result<_, _>>()?)))
}

fn presence(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    Ok(Turn::read(Block::Presence((0..count).map(|_| asker.id()).collect::<Result<_, _>>()?)))
}
