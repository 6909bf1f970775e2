//! Counts, pages, streams and membership of audiences, on generated devices and on published posting lists.

use criterion::{BenchmarkId, Criterion, Throughput};
use rollbook::{App, Audience};
use rollbook_bench::{Asker, Dataset, DatasetError, Failure, Skew, Workload, listed, memory_app, sizes};
use rollbook_store_mem::MemStore;
use std::hint::black_box;

type Group<'c> = criterion::BenchmarkGroup<'c, criterion::measurement::WallTime>;

/// Typical conditions, with tags from one that most devices carry to one that few do.
const CONDITIONS: [(&str, &str); 8] = [
    ("all", "all"),
    ("tag", "tag_0000"),
    ("and", "tag_0000 && tag_0001"),
    ("and_rare", "tag_0000 && tag_0900"),
    ("or", "tag_0003 || tag_0005 || tag_0008 || tag_0013"),
    ("not", "!tag_0000"),
    ("platforms", "tag_0001 && platform(ios, huawei)"),
    ("mixed", "tag_0001 && (tag_0010 || tag_0020) && !tag_0002 && platform(ios, android)"),
];

fn generated(group: &mut Group<'_>, devices: u32) -> Result<(), Failure> {
    let workload = Workload::new(devices)?;
    let app = memory_app(&workload)?;
    for (name, text) in CONDITIONS {
        let audience: Audience = text.parse()?;
        group.bench_function(BenchmarkId::new(format!("count/{name}"), devices), |bencher| {
            bencher.iter(|| black_box(app.count(&audience)));
        });
    }
    let mixed: Audience = CONDITIONS.iter().map(|(_, text)| *text).next_back().unwrap_or("all").parse()?;
    group.bench_function(BenchmarkId::new("first_page_of_100/mixed", devices), |bencher| {
        bencher.iter(|| black_box(app.audience(&mixed, None, 100)));
    });
    let mut asker = Asker::new(&workload, 1, Skew::Uniform);
    let ids = (0..1 << 18).map(|_| asker.id()).collect::<Result<Vec<_>, _>>()?;
    let mut turn = ids.iter().cycle();
    group.bench_function(BenchmarkId::new("contains/mixed", devices), |bencher| {
        bencher.iter(|| turn.next().map(|id| black_box(app.contains(&mixed, id))));
    });
    group.throughput(Throughput::Elements(u64::from(devices)));
    group.bench_function(BenchmarkId::new("stream/all", devices), |bencher| bencher.iter(|| stream(&app)));
    Ok(())
}

/// Reads every id of the app, as a sender of messages does.
fn stream(app: &App<MemStore>) -> Result<usize, rollbook::Error> {
    let mut bytes = 0;
    app.select(&Audience::All)?.for_each(|_, id| bytes += id.len())?;
    Ok(bytes)
}

fn real(group: &mut Group<'_>, data: &Dataset) -> Result<(), Failure> {
    let tags = data.tags()?;
    let app = listed(&data.ids(), tags.iter().zip(data.lists.iter().map(|list| list.iter().copied())))?;
    let all: Vec<Audience> = tags.into_iter().map(Audience::Tag).collect();
    // Pairs of neighbours, as in the publications about the data sets.
    let pairs = |combine: fn(Vec<Audience>) -> Audience| -> Vec<Audience> {
        all.windows(2).map(|pair| combine(pair.to_vec())).collect()
    };
    let without = |pair: Vec<Audience>| {
        let mut members = pair.into_iter();
        let first = members.next().into_iter();
        Audience::And(first.chain(members.map(|member| Audience::Not(Box::new(member)))).collect())
    };
    for (name, questions) in [
        ("neighbours_and", pairs(Audience::And)),
        ("neighbours_or", pairs(Audience::Or)),
        ("neighbours_without", pairs(without)),
        ("any_of_all", vec![Audience::any_of(all.clone())]),
    ] {
        let mut turn = questions.iter().cycle();
        group.bench_function(BenchmarkId::new(name, &data.name), |bencher| {
            bencher.iter(|| turn.next().map(|audience| black_box(app.count(audience))));
        });
    }
    Ok(())
}

#[allow(clippy::print_stderr, reason = "the benchmark reports what it does not measure")]
fn main() -> Result<(), Failure> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("audience");
    for devices in sizes() {
        generated(&mut group, devices)?;
    }
    group.finish();
    let mut group = criterion.benchmark_group("audience_published");
    match Dataset::from_environment() {
        Ok(data) => real(&mut group, &data)?,
        Err(missing @ DatasetError::NoPath) => eprintln!("{missing}"),
        Err(broken) => return Err(broken.into()),
    }
    group.finish();
    criterion.final_summary();
    Ok(())
}
