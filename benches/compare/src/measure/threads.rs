//! Two reading threads against one.

use super::Effort;
use super::stats::Samples;
use crate::report::Row;
use crate::system::{Readers, System};
use rollbook::{DeviceId, TagName};
use rollbook_bench::{Asker, Failure, Skew, Stopwatch, Workload};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::Duration;

/// How long threads read before they are counted.
const STRETCH: Duration = Duration::from_millis(100);

/// Measurements: one thread, two, and the other one.
const TURNS: u32 = 21;

/// Questions between two looks at the clock.
const CHUNK: usize = 256;

/// Different questions, over and over: many devices, but a list that does not crowd them out of the caches.
const QUESTIONS: u32 = 1 << 14;

type Asks = Vec<(DeviceId, TagName)>;

/// A row with the ratio of throughputs for each system that several threads can read. `by-hand` has no lock at all:
/// it shows what the machine has to give.
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
            // Each list alone, before and after: one may hold the easier questions, and a machine has its moods.
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

/// Questions in a nanosecond, of one thread for each list of questions.
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
        // A thread that panicked has read nothing.
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).sum()
    })
}
