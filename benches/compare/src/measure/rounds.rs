//! Times blocks of questions. In every round each system is asked some questions and then a block that is timed. The
//! order of the systems rotates, so that other load on the machine affects all of them alike.

use super::stats::Samples;
use super::{Effort, FEWEST};
use crate::questions::{Question, Turn};
use crate::report::Row;
use crate::system::System;
use rollbook_bench::{Failure, Stopwatch, Workload};
use std::time::Duration;

/// Target duration of a block: long compared with reading the clock and the overhead of a turn, short compared with a
/// time slice of the scheduler.
const BLOCK: Duration = Duration::from_micros(500);

/// Untimed blocks before the one that is timed.
const WARM_UP: u64 = 3;

struct Contender<'s> {
    system: &'s mut dyn System,
    /// Questions in one block.
    count: usize,
    spent: Duration,
    samples: Samples,
}

/// Returns a row for each system that takes the question.
pub(crate) fn run(
    question: &Question,
    workload: &Workload,
    systems: &mut [Box<dyn System>],
    effort: &Effort,
) -> Result<Vec<Row>, Failure> {
    let mut contenders = Vec::new();
    for system in systems {
        let system = &mut **system;
        if system.takes(&(question.make)(workload, effort.seed, 1)?.timed) {
            let count = size(question, workload, system, effort)?;
            contenders.push(Contender { system, count, spent: Duration::ZERO, samples: Samples::default() });
        }
    }
    for round in 0..effort.rounds {
        for place in 0..contenders.len() {
            let turn = (place + round as usize) % contenders.len();
            if let Some(contender) = contenders.get_mut(turn)
                && (contender.spent < effort.budget || contender.samples.len() < FEWEST)
            {
                contender.ask(question, workload, effort.seed.wrapping_add(u64::from(round)))?;
            }
        }
    }
    let row = |contender: &Contender<'_>| {
        let Contender { system, count, samples, spent: _ } = contender;
        let row = Row::times(workload.devices(), question.name, system.name(), question.unit, samples);
        Row { block: Some(*count), ..row }
    };
    Ok(contenders.iter().map(row).collect())
}

/// Returns how many questions a system handles in the time of a block, and at least a whole pipeline.
fn size(
    question: &Question,
    workload: &Workload,
    system: &mut dyn System,
    effort: &Effort,
) -> Result<usize, Failure> {
    let trial = question.most.min(100);
    let turn = (question.make)(workload, effort.seed ^ 0x517E, trial)?;
    let taken = timed(system, &turn)?;
    let fit = BLOCK.as_nanos() as f64 / (taken.as_nanos() as f64 / trial as f64).max(1.0);
    Ok((fit as usize).clamp(system.together().min(question.most), question.most))
}

fn timed(system: &mut dyn System, turn: &Turn) -> Result<Duration, Failure> {
    turn.before.iter().try_for_each(|before| system.ask(before))?;
    let watch = Stopwatch::start();
    system.ask(&turn.timed)?;
    let taken = watch.read();
    turn.after.iter().try_for_each(|after| system.ask(after))?;
    Ok(taken)
}

impl Contender<'_> {
    fn ask(&mut self, question: &Question, workload: &Workload, seed: u64) -> Result<(), Failure> {
        let whole = Stopwatch::start();
        // The other systems have evicted this one's data from the caches. Untimed questions bring it back, as it is
        // where a system runs alone.
        for other in 1..=WARM_UP {
            timed(self.system, &(question.make)(workload, seed ^ (other << 32), self.count)?)?;
        }
        // Created only now, so that the questions themselves are in the cache, like those of a real caller.
        let turn = (question.make)(workload, seed, self.count)?;
        let taken = timed(self.system, &turn)?;
        self.samples.push(taken.as_nanos() as f64 / turn.timed.units().max(1) as f64);
        self.spent += whole.read();
        Ok(())
    }
}
