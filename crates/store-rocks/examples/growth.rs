//! What a store costs as it grows, beside RocksDB itself with the same options in the same process:
//!
//! ```sh
//! cargo run --release -p rollbook-store-rocks --example growth -- DIRECTORY 100000,1000000,10000000
//! ```
//!
//! Fills the store of a directory with devices of a few tags, an alias and a user each, from one size to the next, and
//! at each of them asks and writes, warm. Every time is the best of its rounds: whatever else the machine does only adds
//! to it.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the numbers are what the program is for")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement that fails ends")]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]

use rocksdb::statistics::StatsLevel;
use rocksdb::{Cache, ColumnFamilyDescriptor, DB, Env, Options, WriteBatch};
use rollbook::store::{
    DeviceRecord, Durability, Key, Operation, OwnedKey, Place, Relation, Store, View, WriteSet,
};
use rollbook::{AppId, DeviceId, Platform, PlatformSet, PushToken};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const APP: AppId = AppId(1);
const BATCH: usize = 1_000;
const IOS: Platform = Platform::Ios;
/// Different devices that are asked about, over and over.
const ASKED: usize = 1_000;

fn options() -> RocksOptions {
    RocksOptions {
        durability: Durability::Buffered,
        memory_bytes: 4 << 30,
        write_buffer_percent: 5,
        ..RocksOptions::default()
    }
}

fn id(n: usize) -> DeviceId {
    let mixed = (n as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    DeviceId::new(format!("{mixed:032x}")).unwrap()
}

fn key(relation: Relation, name: &str) -> OwnedKey {
    Key::new(relation, name).to_owned()
}

/// Tag 0 is on everyone, tag 1 on every second, and so on to one in a thousand, then rare ones.
fn tags_of(n: usize) -> impl Iterator<Item = usize> {
    let every = [1, 2, 3, 5, 10, 50, 100, 1_000].into_iter().enumerate();
    let shared = every.filter(move |(_, every)| n.is_multiple_of(*every)).map(|(tag, _)| tag);
    shared.chain([100 + n % 97, 1_000 + n % 997])
}

fn set(operations: impl IntoIterator<Item = Operation>) -> WriteSet {
    WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() }
}

/// A thousand devices with their keys.
fn registrations(first: usize) -> WriteSet {
    set((first..first + BATCH).map(|n| {
        let token = Some(PushToken::new(format!("token-{n:060}")).unwrap());
        let record = Box::new(DeviceRecord { token, ..DeviceRecord::new(id(n)) });
        let tags = tags_of(n).map(|tag| key(Relation::Tag, &format!("tag{tag}")));
        let alias = key(Relation::Alias, &format!("alias{}", n / 2));
        let user = key(Relation::User, &format!("user{n}"));
        let keys = [user, alias].into_iter().chain(tags).collect();
        Operation::Insert { platform: IOS, record, last_seen: None, keys }
    }))
}

fn link(tag: &str, devices: &[Place]) -> WriteSet {
    set([Operation::Link { key: key(Relation::Tag, tag), devices: devices.into() }])
}

/// The least time of one of `each`, which does `many` things at once; the first round, which warms, is not counted.
fn time(rounds: usize, many: usize, mut each: impl FnMut(usize)) -> Duration {
    each(0);
    let times = (1..=rounds).map(|round| {
        let start = Instant::now();
        each(round);
        start.elapsed() / many as u32
    });
    times.min().unwrap()
}

/// The process's memory in bytes.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

/// What was found at one size.
#[derive(Default)]
struct Column(Vec<(&'static str, String)>);

impl Column {
    fn put(&mut self, what: &'static str, found: impl std::fmt::Display) {
        eprintln!("  {what}: {found}");
        self.0.push((what, found.to_string()));
    }

    fn time(&mut self, what: &'static str, found: Duration) {
        self.put(what, format!("{found:.2?}"));
    }

    fn ratio(&mut self, what: &'static str, of: Duration, by: Duration) {
        self.put(what, format!("{:.2}", of.as_secs_f64() / by.as_secs_f64()));
    }
}

/// The engine's options as the store's directory tells them; a cache is not among them.
fn engine(store: &Path) -> (Options, Vec<ColumnFamilyDescriptor>) {
    let cache = Cache::new_hyper_clock_cache(options().memory_bytes as usize, 0);
    let (mut engine, families) =
        Options::load_latest(store.join("db"), Env::new().unwrap(), false, cache).unwrap();
    engine.enable_statistics();
    engine.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    engine.create_if_missing(true);
    engine.create_missing_column_families(true);
    (engine, families)
}

fn fill(store: &RocksStore, from: usize, devices: usize, column: &mut Column) {
    let start = Instant::now();
    for first in (from..devices).step_by(BATCH) {
        store.commit(APP, &registrations(first)).unwrap();
    }
    if from < devices {
        column.time("filled, a device", start.elapsed() / (devices - from) as u32);
        let stats = store.stats().unwrap();
        column.put("write amplification", format!("{:.2}", stats.write_amplification().unwrap_or(0.0)));
        column.put("bytes committed a device", stats.written_bytes / (devices - from) as u64);
    }
    store.compact().unwrap();
    let bytes: u64 = store.stats().unwrap().families.iter().map(|family| family.table_bytes).sum();
    column.put("bytes on disk a device, compacted", bytes / devices as u64);
}

/// The engine's own opening, then the store's.
fn open(path: &Path, column: &mut Column) -> RocksStore {
    let memory = [held(path, "store"), held(path, "engine")];
    let (engine, families) = engine(path);
    let start = Instant::now();
    let raw = DB::open_cf_descriptors(&engine, path.join("db"), families).unwrap();
    let own = start.elapsed();
    drop(raw);
    let start = Instant::now();
    let store = RocksStore::open(path, &options()).unwrap();
    black_box(store.view(APP).unwrap().version());
    column.time("opening, and a first view", start.elapsed());
    column.time("… RocksDB's own opening", own);
    let [of_store, of_engine] = memory;
    column.put("memory of an open store, MiB", of_store);
    column.put("… of an open RocksDB", of_engine);
    store
}

/// What opening takes of memory, in MiB, in a process that did nothing before: what an earlier opening gave back to the
/// allocator would be found again.
fn held(path: &Path, what: &str) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command.args([path.as_os_str(), what.as_ref()]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Opens the store, or RocksDB alone, and says what of memory that took.
fn hold(path: &Path, what: &str) {
    let before = resident();
    let said = |now: u64| println!("{:.1}", (now - before) as f64 / (1 << 20) as f64);
    if what == "store" {
        let store = RocksStore::open(path, &options()).unwrap();
        black_box(store.view(APP).unwrap().version());
        said(resident());
    } else {
        let (engine, families) = engine(path);
        let _raw = DB::open_cf_descriptors(&engine, path.join("db"), families).unwrap();
        said(resident());
    }
}

fn questions(store: &RocksStore, asked: &[usize], column: &mut Column) -> Duration {
    let ids: Vec<DeviceId> = asked.iter().map(|&n| id(n)).collect();
    let tag = Key::new(Relation::Tag, "tag1");
    let membership = time(31, ids.len(), |_| {
        for id in &ids {
            let view = store.view(APP).unwrap();
            let place = view.find(id).unwrap().unwrap();
            black_box(view.linked(place.slot, tag).unwrap());
        }
    });
    column.time("is this device in this tag?", membership);
    let names: Vec<String> = asked.iter().map(|&n| format!("alias{}", n / 2)).collect();
    column.time(
        "the devices of an alias",
        time(31, names.len(), |_| {
            for name in &names {
                let view = store.view(APP).unwrap();
                let posting = view.posting(Key::new(Relation::Alias, name), IOS).unwrap();
                view.ids(IOS, &posting.chunk(0, 10), view.version(), &mut |_, id| {
                    black_box(id.len());
                })
                .unwrap();
            }
        }),
    );
    membership
}

fn changes(
    store: &RocksStore,
    asked: &[usize],
    next: &mut usize,
    column: &mut Column,
) -> (Duration, u64, u64) {
    let places: Vec<Place> = {
        let view = store.view(APP).unwrap();
        asked.iter().map(|&n| view.find(&id(n)).unwrap().unwrap()).collect()
    };
    let update = time(9, places.len(), |round| {
        for place in &places {
            store.commit(APP, &link(&format!("turn{}", round % 4), &[*place])).unwrap();
        }
    });
    column.time("a tag for one device, one commit each", update);
    let many =
        time(9, places.len(), |round| drop(store.commit(APP, &link(&format!("many{round}"), &places))));
    column.time("a tag for 1 000 devices, for each", many);

    let (mut rounds, made) = (0, store.stats().unwrap());
    let register = time(51, BATCH, |_| {
        store.commit(APP, &registrations(*next)).unwrap();
        *next += BATCH;
        rounds += 1;
    });
    column.time("registering 1 000 devices, for each", register);
    let after = store.stats().unwrap();
    let keys = (after.written_keys - made.written_keys) / rounds;
    let bytes = (after.written_bytes - made.written_bytes) / rounds;

    store.commit(APP, &link("hundred", &places[..100])).unwrap();
    for (what, name) in
        [("deleting a tag of 100 devices", "hundred"), ("deleting a tag of all devices", "tag0")]
    {
        let drop = Operation::Drop { key: key(Relation::Tag, name), platforms: PlatformSet::ALL };
        let start = Instant::now();
        store.commit(APP, &set([drop])).unwrap();
        column.time(what, start.elapsed());
    }
    (register, keys, bytes)
}

/// The same from RocksDB: values of the size of a device's record, as many of them, one read of one family; and a batch
/// of as many keys and bytes as registering writes, in as many families.
fn raw(path: &Path, devices: usize, asked: &[usize], keys: u64, bytes: u64) -> (Duration, Duration) {
    let (engine, families) = engine(path);
    let raw_path = path.with_extension("raw");
    let _ = DB::destroy(&Options::default(), &raw_path);
    let raw = DB::open_cf_descriptors(&engine, &raw_path, families).unwrap();
    let family = |name| raw.cf_handle(name).unwrap();
    // A token of 66 bytes, and what else a record holds.
    let value = vec![7_u8; 110];
    for first in (0..devices).step_by(BATCH) {
        let mut batch = WriteBatch::default();
        (first..first + BATCH).for_each(|n| batch.put_cf(family("device"), id(n).as_str(), &value));
        raw.write(batch).unwrap();
    }
    raw.flush_cf(family("device")).unwrap();
    raw.compact_range_cf(family("device"), None::<&[u8]>, None::<&[u8]>);
    let ids: Vec<DeviceId> = asked.iter().map(|&n| id(n)).collect();
    let read = time(31, ids.len(), |_| {
        ids.iter().for_each(|id| {
            drop(black_box(raw.get_pinned_cf(family("device"), id.as_str()).unwrap().unwrap()))
        });
    });
    let mut n = devices;
    let (scattered, ascending) = (["device", "name"], ["slot", "number", "posting"]);
    let value = vec![7_u8; (bytes / keys) as usize - 30];
    let write = time(51, BATCH, |_| {
        let mut batch = WriteBatch::default();
        for place in 0..keys as usize {
            n += 1;
            match place % 5 {
                of @ 0..2 => batch.put_cf(family(scattered[of]), &id(n).as_str()[..20], &value),
                of => batch.put_cf(family(ascending[of - 2]), format!("{n:020}"), &value),
            }
        }
        raw.write(batch).unwrap();
    });
    drop(raw);
    let _ = DB::destroy(&Options::default(), &raw_path);
    (read, write)
}

/// What waits for the disk: threads that commit one device each.
fn synced(path: &Path, asked: &[usize]) {
    let options = RocksOptions { durability: Durability::Synced, ..options() };
    let store = RocksStore::open(path, &options).unwrap();
    let view = store.view(APP).unwrap();
    let places: Vec<Place> = asked.iter().map(|&n| view.find(&id(n)).unwrap().unwrap()).collect();
    drop(view);
    for threads in [1_usize, 2, 4, 8, 16] {
        let (each, start) = (200, Instant::now());
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (store, places) = (&store, &places);
                scope.spawn(move || {
                    for n in thread * each..(thread + 1) * each {
                        store
                            .commit(APP, &link(&format!("t{}", n % 4), &[places[n % places.len()]]))
                            .unwrap();
                    }
                });
            }
        });
        let rate = (threads * each) as f64 / start.elapsed().as_secs_f64();
        println!("synced commits to one app, {threads} threads: {rate:.0} a second");
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap();
    let path = Path::new(&path);
    let sizes = arguments.next().unwrap();
    if ["store", "engine"].contains(&sizes.as_str()) {
        return hold(path, &sizes);
    }
    let sizes: Vec<usize> = sizes.split(',').map(|size| size.parse().unwrap()).collect();
    let mut columns = Vec::new();
    let mut next = 0;
    for &devices in &sizes {
        eprintln!("{devices} devices");
        let mut column = Column::default();
        let store = RocksStore::open(path, &options()).unwrap();
        next = next.max(store.view(APP).unwrap().devices(IOS).unwrap().len() as usize);
        fill(&store, next, devices, &mut column);
        next = next.max(devices);
        drop(store);
        let asked: Vec<usize> = (0..ASKED).map(|n| n * (devices / ASKED)).collect();
        let store = open(path, &mut column);
        let membership = questions(&store, &asked, &mut column);
        let (register, keys, bytes) = changes(&store, &asked, &mut next, &mut column);
        drop(store);
        let (read, write) = raw(path, devices, &asked, keys, bytes);
        column.time("RocksDB: one point read", read);
        column.ratio("… membership by that", membership, read);
        column.time("RocksDB: a batch of as many keys and bytes, for each", write);
        column.ratio("… that by registering", write, register);
        columns.push(column);
    }
    println!("{:54} {}", "devices", sizes.iter().map(|size| format!("{size:>12}")).collect::<String>());
    for (row, (what, _)) in columns[0].0.iter().enumerate() {
        let cells =
            columns.iter().map(|column| format!("{:>12}", column.0.get(row).map_or("", |(_, found)| found)));
        println!("{what:54} {}", cells.collect::<String>());
    }
    synced(path, &(0..ASKED).collect::<Vec<_>>());
}
