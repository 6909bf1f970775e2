//! Compares the throughput of two reading threads with that of one.

use super::Effort;
use super::stats::Samples;
use crate::report::Row;
use crate::system::{Readers, System};
use rollbook::{DeviceId, TagName};
use rollbook_bench::{Asker, Failure, Skew, Stopwatch, Workload};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Duration;

/// Duration of one measurement.
const STRETCH: Duration = Duration::from_millis(100);

/// Number of measurements; each is of one thread, of two, and of the other one.
const TURNS: u32 = 21;

/// Questions between two readings of the clock.
const CHUNK: usize = 256;

/// Distinct questions, which are asked in a cycle: many devices, but a list too short to evict them from the caches.
const QUESTIONS: u32 = 1 << 14;

type Asks = Vec<(DeviceId, TagName)>;

/// Returns a row with the ratio of throughputs for each system that several threads can read. `by-hand` has no lock at
/// all and shows what the machine can reach.
pub(crate) fn run(
    workload: &Workload,
    systems: &[Box<dyn System>],
    effort: &Effort,
) -> Result<Vec<Row>, Failure> {
    let asks = [asks(workload, effort.seed)?, asks(workload, !effort.seed)?];
    let readers: Vec<(&'static str, &dyn Readers)> =
        systems.iter().filter_map(|system| Some((system.name(), system.readers()?))).collect();
    let mut ratios = vec![Samples::default(); readers.len()];
    for _ in 0..TURNS {
        for ((_, readers), ratios) in readers.iter().zip(&mut ratios) {
            // Each list alone, before and after: one may have easier questions, and the machine's speed varies.
            let [one, other] = asks.each_ref().map(std::slice::from_ref);
            let before = throughput(*readers, one);
            let both = throughput(*readers, &asks);
            let after = throughput(*readers, other);
            ratios.push(both / ((before + after) / 2.0));
        }
    }
    let row = |((name, _), ratios): (&(&'static str, _), &Samples)| {
        Row::ratio(
            workload.devices(),
            "two-threads",
            name,
            "throughput of two threads by that of one",
            ratios,
        )
    };
    Ok(readers.iter().zip(&ratios).map(row).collect())
}

fn asks(workload: &Workload, seed: u64) -> Result<Asks, Failure> {
    let mut asker = Asker::new(workload, seed, Skew::Uniform);
    (0..QUESTIONS).map(|_| Ok((asker.id()?, asker.tag()?))).collect()
}

/// Returns the questions per nanosecond that one thread handles for each list of questions.
fn throughput(readers: &dyn Readers, asks: &[Asks]) -> f64 {
    let start = Barrier::new(asks.len());
    let read = |asks: &Asks| {
        start.wait();
        let (watch, mut asked) = (Stopwatch::start(), 0);
        for chunk in asks.chunks_exact(CHUNK).cycle() {
            black_box(readers.count_tagged(chunk));
            asked += CHUNK;
            if watch.read() > STRETCH {
                break;
            }
        }
        asked as f64 / watch.nanos()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = asks.iter().map(|asks| scope.spawn(|| read(asks))).collect();
        // A thread that panicked counts as no throughput.
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    })
}
