//! Look-ups of the devices of an alias or a user.

use criterion::{BenchmarkId, Criterion, Throughput};
use rollbook::PlatformSet;
use rollbook_bench::{Asker, Failure, Skew, Workload, WorkloadOptions, memory_app, sizes};
use std::hint::black_box;

/// More questions than fit in the caches.
const QUESTIONS: usize = 1 << 18;

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("alias_fanout");
    for devices in sizes() {
        // Aliases of one device and of the most that the limits allow. Users always have three devices.
        for devices_per_alias in [1, 10] {
            let options = WorkloadOptions { devices_per_alias, ..WorkloadOptions::default() };
            let workload = Workload::with_options(devices, options)?;
            let app = memory_app(&workload)?;
            let mut asker = Asker::new(&workload, 1, Skew::Uniform);
            let draw = (0..QUESTIONS).filter_map(|_| workload.alias(asker.device()).transpose());
            let aliases = draw.collect::<Result<Vec<_>, _>>()?;
            let mut turn = aliases.iter().cycle();
            group.throughput(Throughput::Elements(u64::from(devices_per_alias)));
            group.bench_function(
                BenchmarkId::new(format!("alias_of_{devices_per_alias}"), devices),
                |bencher| {
                    bencher.iter(|| {
                        turn.next().map(|alias| black_box(app.alias_devices(alias, PlatformSet::ALL)))
                    });
                },
            );
            if devices_per_alias > 1 {
                continue;
            }
            let users =
                (0..QUESTIONS).map(|_| workload.user(asker.device())).collect::<Result<Vec<_>, _>>()?;
            let mut turn = users.iter().cycle();
            group.throughput(Throughput::Elements(3));
            group.bench_function(BenchmarkId::new("user_of_3", devices), |bencher| {
                bencher.iter(|| turn.next().map(|user| black_box(app.user_devices(user, PlatformSet::ALL))));
            });
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
