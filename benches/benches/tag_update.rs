//! Adding a tag to one device and to a thousand, and deleting it.

use criterion::{BenchmarkId, Criterion, Throughput};
use rollbook::{App, DeviceId, DeviceUpdate, PlatformSet, TagName, TagsChange};
use rollbook_bench::{Asker, Failure, Skew, Stopwatch, Workload, memory_app, sizes};
use rollbook_store_mem::MemStore;
use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Duration;

type Group<'c> = criterion::BenchmarkGroup<'c, criterion::measurement::WallTime>;

/// The most devices that one call takes.
const CALL: usize = 1_000;

/// Adds a tag to a device that lacks it, and removes it again.
fn one_device(group: &mut Group<'_>, app: &App<MemStore>, workload: &Workload) -> Result<(), Failure> {
    let mut asker = Asker::new(workload, 1, Skew::Uniform);
    let mut changes = Vec::new();
    for _ in 0..1 << 16 {
        let (device, tag) = asker.lacking()?;
        let add = TagsChange::Change { add: vec![tag.clone()], remove: Vec::new() };
        let remove = TagsChange::Change { add: Vec::new(), remove: vec![tag] };
        let update = |tags| DeviceUpdate { tags, ..DeviceUpdate::default() };
        changes.push((device, update(add), update(remove)));
    }
    let mut turn = changes.iter().cycle();
    group.throughput(Throughput::Elements(2));
    group.bench_function(BenchmarkId::new("on_and_off_one_device", workload.devices()), |bencher| {
        bencher.iter(|| {
            let (device, add, remove) = turn.next()?;
            Some((black_box(app.update(device, add)), black_box(app.update(device, remove))))
        });
    });
    Ok(())
}

/// Adds a tag to as many devices as one call takes, and removes it again.
fn one_call(group: &mut Group<'_>, app: &App<MemStore>, workload: &Workload) -> Result<(), Failure> {
    let mut asker = Asker::new(workload, 2, Skew::Uniform);
    let tag = TagName::new("new_one")?;
    let mut calls: Vec<Vec<DeviceId>> = Vec::new();
    for _ in 0..16 {
        let mut devices = BTreeSet::new();
        while devices.len() < CALL.min(workload.devices() as usize) {
            devices.insert(asker.device());
        }
        calls.push(devices.into_iter().map(|device| workload.id(device)).collect::<Result<_, _>>()?);
    }
    let mut turn = calls.iter().cycle();
    group.throughput(Throughput::Elements(2 * CALL as u64));
    group.bench_function(BenchmarkId::new("on_and_off_1000", workload.devices()), |bencher| {
        bencher.iter(|| {
            let devices = turn.next()?;
            Some((
                black_box(app.update_tag(&tag, devices, &[])),
                black_box(app.update_tag(&tag, &[], devices)),
            ))
        });
    });
    Ok(())
}

/// Deletes a tag of `carriers` devices.
fn delete(
    group: &mut Group<'_>,
    app: &App<MemStore>,
    workload: &Workload,
    carriers: u32,
) -> Result<(), Failure> {
    let tag = TagName::new("doomed")?;
    let ids = (0..carriers.min(workload.devices())).map(|n| workload.id(n)).collect::<Result<Vec<_>, _>>()?;
    for some in ids.chunks(CALL) {
        app.update_tag(&tag, some, &[])?;
    }
    group.throughput(Throughput::Elements(1));
    group.bench_function(BenchmarkId::new(format!("delete_of_{carriers}"), workload.devices()), |bencher| {
        bencher.iter_custom(|times| {
            let mut total = Duration::ZERO;
            for _ in 0..times {
                for some in ids.chunks(CALL) {
                    let _ = black_box(app.update_tag(&tag, some, &[]));
                }
                let watch = Stopwatch::start();
                let _ = black_box(app.delete_tag(&tag, PlatformSet::ALL));
                total += watch.read();
            }
            total
        });
    });
    Ok(())
}

fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("tag_update");
    for devices in sizes() {
        let workload = Workload::new(devices)?;
        let app = memory_app(&workload)?;
        one_device(&mut group, &app, &workload)?;
        one_call(&mut group, &app, &workload)?;
        for carriers in [100, 10_000] {
            delete(&mut group, &app, &workload, carriers)?;
        }
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
