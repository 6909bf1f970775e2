//! A device is registered, registered again, looked up, and removed.

use criterion::{BenchmarkId, Criterion};
use rollbook::{App, Registration};
use rollbook_bench::{Asker, Failure, Skew, Stopwatch, Workload, memory_app, sizes};
use rollbook_store_mem::MemStore;
use std::hint::black_box;
use std::time::Duration;

/// Devices that are registered and removed together: few, so that the size of the registry stays about the same.
const NEW: u32 = 1_000;

/// Registers and removes new devices this many times. Returns the time of one of the two.
fn register_and_remove(app: &App<MemStore>, new: &[Registration], times: u64, registering: bool) -> Duration {
    let mut total = Duration::ZERO;
    let mut left = times;
    while left > 0 {
        let some = new.get(..usize::try_from(left).unwrap_or(new.len()).min(new.len())).unwrap_or_default();
        left -= some.len() as u64;
        let watch = Stopwatch::start();
        for registration in some {
            let _ = black_box(app.register(registration));
        }
        let registered = watch.read();
        let watch = Stopwatch::start();
        for registration in some {
            let _ = black_box(app.remove(&registration.id));
        }
        total += if registering { registered } else { watch.read() };
    }
    total
}

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("register");
    for devices in sizes() {
        let workload = Workload::new(devices)?;
        let app = memory_app(&workload)?;
        let new = (0..NEW).map(|n| workload.registration(devices + n)).collect::<Result<Vec<_>, _>>()?;
        for registration in &new {
            app.register(registration)?;
            app.remove(&registration.id)?;
        }
        group.bench_function(BenchmarkId::new("new", devices), |bencher| {
            bencher.iter_custom(|times| register_and_remove(&app, &new, times, true));
        });
        group.bench_function(BenchmarkId::new("remove", devices), |bencher| {
            bencher.iter_custom(|times| register_and_remove(&app, &new, times, false));
        });
        let mut asker = Asker::new(&workload, 1, Skew::Uniform);
        let draw = (0..1 << 16).map(|_| workload.registration(asker.device()));
        let known = draw.collect::<Result<Vec<_>, _>>()?;
        let mut turn = known.iter().cycle();
        group.bench_function(BenchmarkId::new("known", devices), |bencher| {
            bencher.iter(|| turn.next().map(|registration| black_box(app.register(registration))));
        });
        let mut turn = known.iter().cycle();
        group.bench_function(BenchmarkId::new("look_up", devices), |bencher| {
            bencher.iter(|| turn.next().map(|registration| black_box(app.device(&registration.id))));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
