//! Whether a device carries a tag.

use criterion::{BenchmarkId, Criterion};
use rollbook::{App, DeviceId, TagName};
use rollbook_bench::{Asker, Failure, Skew, Workload, memory_app, sizes};
use rollbook_store_mem::MemStore;
use std::hint::black_box;

/// More questions than fit in the caches.
const QUESTIONS: usize = 1 << 18;

fn ask(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    id: BenchmarkId,
    app: &App<MemStore>,
    questions: &[(DeviceId, TagName)],
) {
    let mut turn = questions.iter().cycle();
    group.bench_function(id, |bencher| {
        bencher.iter(|| {
            turn.next().map(|(device, tag)| black_box(app.has_tag(device, tag).is_ok_and(|has| has)))
        });
    });
}

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("tag_membership");
    for devices in sizes() {
        let workload = Workload::new(devices)?;
        let app = memory_app(&workload)?;
        for (name, skew) in [("uniform", Skew::Uniform), ("zipf", Skew::Zipf)] {
            let mut asker = Asker::new(&workload, 1, skew);
            let draw = (0..QUESTIONS).map(|_| Ok((asker.id()?, asker.tag()?)));
            let questions = draw.collect::<Result<Vec<_>, Failure>>()?;
            ask(&mut group, BenchmarkId::new(name, devices), &app, &questions);
        }
        // A tag that does not exist.
        let mut asker = Asker::new(&workload, 1, Skew::Uniform);
        let unknown = TagName::new("nobodys")?;
        let draw = (0..QUESTIONS).map(|_| Ok((asker.id()?, unknown.clone())));
        let questions = draw.collect::<Result<Vec<_>, Failure>>()?;
        ask(&mut group, BenchmarkId::new("unknown_tag", devices), &app, &questions);
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
