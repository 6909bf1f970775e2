//! Times the deletion of a tag that every device carries.

use super::stats::Samples;
use super::{Effort, check};
use crate::block::{Block, Condition, ConditionKind, TagUpdate};
use crate::report::Row;
use crate::system::System;
use rollbook::TagName;
use rollbook_bench::{Failure, Stopwatch, Workload};
use std::time::Duration;

/// Devices in one update.
const CALL: usize = 1_000;

/// Deletions of each system, if the time budget allows.
const TIMES: u32 = 7;

/// Returns a row for each system that takes the question.
pub(crate) fn run(
    workload: &Workload,
    systems: &mut [Box<dyn System>],
    effort: &Effort,
) -> Result<Vec<Row>, Failure> {
    let tag = TagName::new("doomed")?;
    let delete = Block::DeleteTag(vec![tag.clone()]);
    let count = Block::Count(vec![Condition::new(ConditionKind::Tag(tag.clone()))]);
    let mut rows = Vec::new();
    let mut first = None;
    for system in systems.iter_mut().filter(|system| system.takes(&delete)) {
        let (mut samples, mut spent) = (Samples::default(), Duration::ZERO);
        for _ in 0..TIMES {
            if spent > effort.budget {
                break;
            }
            let whole = Stopwatch::start();
            put(&tag, workload, &mut **system)?;
            let mut answers = system.answer(&count)?;
            let watch = Stopwatch::start();
            system.ask(&delete)?;
            samples.push(watch.nanos());
            answers.append(&mut system.answer(&count)?);
            let (name, expected) = first.get_or_insert_with(|| (system.name(), answers.clone()));
            check::same("delete-tag", (name, expected), (system.name(), &answers))?;
            spent += whole.read();
        }
        rows.push(Row::times(
            workload.devices(),
            "delete-tag",
            system.name(),
            "per tag on all devices",
            &samples,
        ));
    }
    Ok(rows)
}

/// Adds the tag to every device.
fn put(tag: &TagName, workload: &Workload, system: &mut dyn System) -> Result<(), Failure> {
    for first in (0..workload.devices()).step_by(CALL) {
        let some = first..workload.devices().min(first.saturating_add(CALL as u32));
        let add = some.map(|device| workload.id(device)).collect::<Result<_, _>>()?;
        system.ask(&Block::UpdateTag(vec![TagUpdate { tag: tag.clone(), add, remove: Vec::new() }]))?;
    }
    Ok(())
}
