//! Changes. All but the last are undone, so that every block finds the registry as it was filled.

use super::{PER_QUESTION, Question, Turn};
use crate::block::{Block, Condition, ConditionKind, TagUpdate};
use rollbook::{Command, DeviceId, Registration, TagName};
use rollbook_bench::{Asker, Failure, NOW, Skew, Workload};
use std::collections::BTreeSet;

pub(super) const QUESTIONS: &[Question] = &[
    Question { name: "register", unit: PER_QUESTION, single: false, most: 100, make: register },
    Question { name: "register-1000", unit: "per device", single: false, most: 1, make: register_many },
    Question { name: "remove-device", unit: PER_QUESTION, single: false, most: 100, make: remove },
    Question { name: "add-tag", unit: PER_QUESTION, single: false, most: 500, make: add_tag },
    Question { name: "tag-update-1000", unit: "per device", single: false, most: 1, make: tag_update },
    Question { name: "touch", unit: PER_QUESTION, single: false, most: 1_000, make: touch },
];

/// Devices in one update of a tag, and in one call that registers many.
const CALL: usize = 1_000;

/// Returns devices that are not registered.
fn new_devices(workload: &Workload, seed: u64, count: usize) -> Result<Vec<Registration>, Failure> {
    // Different devices each time, within the range of numbers.
    let first = workload.devices() + ((seed ^ (seed >> 29)) % 4_096) as u32 * CALL as u32;
    let new = (first..).take(count).map(|device| workload.registration(device));
    Ok(new.collect::<Result<_, _>>()?)
}

fn ids(new: &[Registration]) -> Vec<DeviceId> {
    new.iter().map(|registration| registration.id.clone()).collect()
}

fn register(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let new = new_devices(workload, seed, count)?;
    let probes = vec![
        Block::Device(ids(&new)),
        Block::AliasDevices(new.iter().filter_map(|one| one.alias.clone()).collect()),
        Block::UserDevices(new.iter().filter_map(|one| one.user.clone()).collect()),
        counts_of(new.iter().flat_map(|one| &one.tags)),
    ];
    let after = Some(Block::Remove(ids(&new)));
    Ok(Turn { before: None, timed: Block::Register(new), after, probes })
}

fn register_many(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let new = new_devices(workload, seed, count * CALL)?;
    let after = Some(Block::Remove(ids(&new)));
    let some = new.get(..20).unwrap_or_default();
    let probes = vec![
        Block::Device(ids(some)),
        Block::AliasDevices(some.iter().filter_map(|one| one.alias.clone()).collect()),
        counts_of(some.iter().flat_map(|one| &one.tags)),
    ];
    let calls = new.chunks(CALL).map(|some| some.iter().cloned().map(Command::Register).collect());
    let timed = Block::RegisterMany(calls.collect());
    Ok(Turn { before: None, timed, after, probes })
}

fn remove(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let new = new_devices(workload, seed, count)?;
    let probes = vec![
        Block::Presence(ids(&new)),
        Block::AliasDevices(new.iter().filter_map(|one| one.alias.clone()).collect()),
        Block::UserDevices(new.iter().filter_map(|one| one.user.clone()).collect()),
        counts_of(new.iter().flat_map(|one| &one.tags)),
    ];
    let timed = Block::Remove(ids(&new));
    Ok(Turn { before: Some(Block::Register(new)), timed, after: None, probes })
}

/// Returns a block that counts some of these tags.
fn counts_of<'a>(tags: impl Iterator<Item = &'a TagName>) -> Block {
    let some: BTreeSet<&TagName> = tags.take(50).collect();
    Block::Count(some.into_iter().map(|tag| Condition::new(ConditionKind::Tag(tag.clone()))).collect())
}

fn add_tag(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    let pairs = (0..count).map(|_| asker.lacking()).collect::<Result<Vec<_>, _>>()?;
    let probes = vec![
        Block::HasTag(pairs.clone()),
        Block::Device(pairs.iter().map(|(id, _)| id.clone()).collect()),
        counts_of(pairs.iter().map(|(_, tag)| tag)),
    ];
    let after = Some(Block::RemoveTag(pairs.clone()));
    Ok(Turn { before: None, timed: Block::AddTag(pairs), after, probes })
}

/// Adds one tag to a thousand devices that lack it, or to as many as a small registry has.
fn tag_update(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    let (mut calls, mut back, mut probes) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..count {
        let (rank, mut lacking) = (asker.rank(), BTreeSet::new());
        let Some(tag) = workload.tag(rank) else { continue };
        for _ in 0..CALL * 20 {
            let device = asker.device();
            if lacking.len() < CALL && !workload.tags_of(device).contains(&rank) {
                lacking.insert(device);
            }
        }
        let add = lacking.into_iter().map(|device| workload.id(device)).collect::<Result<Vec<_>, _>>()?;
        probes.push(Block::HasTag(add.iter().take(50).map(|id| (id.clone(), tag.clone())).collect()));
        probes.push(Block::Device(add.iter().take(10).cloned().collect()));
        probes.push(counts_of(std::iter::once(tag)));
        back.push(TagUpdate { tag: tag.clone(), add: Vec::new(), remove: add.clone() });
        calls.push(TagUpdate { tag: tag.clone(), add, remove: Vec::new() });
    }
    Ok(Turn { before: None, timed: Block::UpdateTag(calls), after: Some(Block::UpdateTag(back)), probes })
}

/// Heartbeats with the current time; they cannot be undone.
fn touch(workload: &Workload, seed: u64, count: usize) -> Result<Turn, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    let seen = (0..count).map(|_| Ok((asker.id()?, NOW))).collect::<Result<Vec<_>, Failure>>()?;
    let probes = vec![Block::Presence(seen.iter().map(|(id, _)| id.clone()).collect())];
    Ok(Turn { before: None, timed: Block::Touch(seen), after: None, probes })
}
