//! The latency of a reader while a second thread streams an audience of all devices and a third one writes.
//!
//! On a machine with fewer cores than threads the scheduler alone makes a reader wait for milliseconds. The same is
//! therefore measured beside two threads that only count: what both measurements share is due to the machine.

use super::Effort;
use crate::report::Row;
use crate::system::{Live, System};
use hdrhistogram::Histogram;
use rollbook::{DeviceId, TagName};
use rollbook_bench::{Asker, Failure, Skew, Stopwatch, Workload};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Duration of one measurement.
const STRETCH: Duration = Duration::from_secs(5);

/// Longest latency that the histogram can hold, in nanoseconds.
const LONGEST: u64 = 60_000_000_000;

/// Distinct questions, which are asked in a cycle: many devices, but a list too short to evict them from the caches.
const QUESTIONS: u32 = 1 << 14;

type Asks = Vec<(DeviceId, TagName)>;

/// Returns three rows for each system that can be read, streamed and written at the same time: the reader alone, beside
/// threads that count, and beside threads that stream and write.
pub(crate) fn run(
    workload: &Workload,
    systems: &[Box<dyn System>],
    effort: &Effort,
) -> Result<Vec<Row>, Failure> {
    let mut asker = Asker::new(workload, effort.seed, Skew::Uniform);
    let asks: Asks =
        (0..QUESTIONS).map(|_| Ok((asker.id()?, asker.tag()?))).collect::<Result<_, Failure>>()?;
    let writes: Asks = (0..1 << 14).map(|_| asker.lacking()).collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for system in systems {
        let Some(live) = system.live() else { continue };
        let idle = |_: &AtomicBool| Ok(());
        let count = |stop: &AtomicBool| {
            let mut number = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                number = black_box(number.wrapping_add(1));
            }
            Ok(())
        };
        let stream = |stop: &AtomicBool| {
            while !stop.load(Ordering::Relaxed) {
                black_box(live.stream()?);
            }
            Ok(())
        };
        let write = |stop: &AtomicBool| {
            for (device, tag) in writes.iter().cycle() {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                live.write(device, tag)?;
            }
            Ok(())
        };
        let mut row = |name: &str, samples: &Histogram<u64>| {
            rows.push(Row::delay(workload.devices(), name, system.name(), samples));
        };
        row("reader-delay-alone", &delays(live, &asks, idle, idle)?);
        row("reader-delay-counting", &delays(live, &asks, count, count)?);
        row("reader-delay", &delays(live, &asks, stream, write)?);
    }
    Ok(rows)
}

type Outcome = Result<(), Failure>;

/// Measures every single question while two other threads work.
fn delays(
    live: &dyn Live,
    asks: &Asks,
    one: impl Fn(&AtomicBool) -> Outcome + Sync,
    other: impl Fn(&AtomicBool) -> Outcome + Sync,
) -> Result<Histogram<u64>, Failure> {
    let mut samples = Histogram::new_with_bounds(1, LONGEST, 3)?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let workers = [scope.spawn(|| one(&stop)), scope.spawn(|| other(&stop))];
        let whole = Stopwatch::start();
        for ask in asks.chunks_exact(1).cycle() {
            let watch = Stopwatch::start();
            black_box(live.count_tagged(ask));
            samples.saturating_record(u64::try_from(watch.read().as_nanos()).unwrap_or(LONGEST));
            if whole.read() > STRETCH {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        for worker in workers {
            worker.join().map_err(|_| "a thread panicked")??;
        }
        Ok(samples)
    })
}
