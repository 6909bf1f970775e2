//! Reads data on disk into the caches before anything is timed.

use crate::questions::Question;
use crate::system::System;
use rollbook_bench::{Failure, Workload};

/// One of this many devices is asked about. A block of a table file holds dozens of devices, so nearly every block is
/// read; a question about each device would take minutes.
const ONE_IN: u32 = 8;

/// Asks every system that takes the question about random devices.
pub(crate) fn run(
    question: &Question,
    workload: &Workload,
    systems: &mut [Box<dyn System>],
    seed: u64,
) -> Result<(), Failure> {
    let mut left = (workload.devices() / ONE_IN) as usize;
    let mut block = 0;
    while left > 0 {
        let count = left.min(question.most);
        block += 1;
        let turn = (question.make)(workload, !seed ^ (block << 32), count)?;
        for system in systems.iter_mut().filter(|system| system.takes(&turn.timed)) {
            system.ask(&turn.timed)?;
        }
        left -= count;
    }
    Ok(())
}
