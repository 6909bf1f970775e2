//! Heartbeats, and questions about presence.

use criterion::{BenchmarkId, Criterion, Throughput};
use rollbook_bench::{Asker, Failure, Skew, Workload, memory_app, sizes};
use std::hint::black_box;

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("presence");
    for devices in sizes() {
        let workload = Workload::new(devices)?;
        let app = memory_app(&workload)?;
        let mut asker = Asker::new(&workload, 1, Skew::Uniform);
        let ids = (0..1 << 18).map(|_| asker.id()).collect::<Result<Vec<_>, _>>()?;
        for together in [1, 1_000] {
            group.throughput(Throughput::Elements(together as u64));
            let mut turn = ids.chunks_exact(together).cycle();
            group.bench_function(BenchmarkId::new(format!("touch_{together}"), devices), |bencher| {
                bencher.iter(|| turn.next().map(|some| black_box(app.touch(some))));
            });
            let mut turn = ids.chunks_exact(together).cycle();
            group.bench_function(BenchmarkId::new(format!("ask_{together}"), devices), |bencher| {
                bencher.iter(|| turn.next().map(|some| black_box(app.presence(some))));
            });
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
