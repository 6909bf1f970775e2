//! Events: posting one, and reading the last of a device, of a name, of all.

use criterion::{BenchmarkId, Criterion};
use rollbook::{Attributes, EventName, EventQuery, EventScope, NewEvent, Timestamp};
use rollbook_bench::{Asker, Failure, NOW, Skew, Workload, memory_app, sizes};
use std::hint::black_box;

/// Events in the log before the measurement.
const HISTORY: u32 = 100_000;

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("events");
    for devices in sizes() {
        let workload = Workload::new(devices)?;
        let app = memory_app(&workload)?;
        let names = (0..20)
            .map(|n| EventName::new(format!("event_{n:02}")))
            .collect::<Result<Vec<EventName>, _>>()?;
        for name in &names {
            app.declare_event(name)?;
        }
        let mut asker = Asker::new(&workload, 1, Skew::Zipf);
        let at = |secs: u32| Timestamp::from_secs(NOW.secs() - i64::from(HISTORY - secs.min(HISTORY)));
        let mut posted = Vec::new();
        for (secs, name) in (0..HISTORY).zip(names.iter().cycle()) {
            let event = NewEvent {
                attributes: Attributes::new(),
                device: Some(asker.id()?),
                timestamp_utc: Some(at(secs)),
                ..NewEvent::new(name.clone())
            };
            app.post_event(&event)?;
            posted.push(event);
        }
        let queries = |scope: fn(&NewEvent) -> EventScope| -> Vec<EventQuery> {
            posted
                .iter()
                .map(|event| EventQuery { scope: scope(event), limit: 10, ..EventQuery::default() })
                .collect()
        };
        for (name, queries) in [
            ("last_10_of_all", queries(|_| EventScope::All)),
            ("last_10_of_name", queries(|event| EventScope::Name(event.name.clone()))),
            (
                "last_10_of_device",
                queries(|event| event.device.clone().map_or(EventScope::All, EventScope::Device)),
            ),
        ] {
            let mut turn = queries.iter().cycle();
            group.bench_function(BenchmarkId::new(name, devices), |bencher| {
                bencher.iter(|| turn.next().map(|query| black_box(app.events(query))));
            });
        }
        // Last, because it grows the log.
        let mut turn = posted.iter().cycle();
        group.bench_function(BenchmarkId::new("post", devices), |bencher| {
            bencher.iter(|| turn.next().map(|event| black_box(app.post_event(event))));
        });
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
