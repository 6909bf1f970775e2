//! What a store costs as it grows, beside RocksDB itself in the same process: `growth DIRECTORY DEVICES`.
//!
//! Fills a store with devices of a few tags, an alias and a user each, then asks and writes, warm. Every time is the
//! best of its rounds: whatever else the machine does only adds to it.

#![allow(clippy::print_stdout, reason = "the numbers are what the program is for")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement that fails ends")]
#![allow(clippy::disallowed_methods, reason = "it measures real time")]

use rocksdb::statistics::StatsLevel;
use rocksdb::{BlockBasedOptions, Cache, DB, DBCompressionType, DataBlockIndexType, Options, WriteBatch};
use rollbook::store::{
    DeviceRecord, Durability, Key, Operation, OwnedKey, Place, Relation, Store, View, WriteSet,
};
use rollbook::{AppId, DeviceId, Platform, PlatformSet, PushToken};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

const APP: AppId = AppId(1);
const BATCH: usize = 1_000;
const IOS: Platform = Platform::Ios;

fn id(n: usize) -> DeviceId {
    DeviceId::new(format!("{:032x}", (n as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835)))
        .unwrap()
}

fn key(relation: Relation, name: &str) -> OwnedKey {
    Key::new(relation, name).to_owned()
}

fn tags_of(n: usize) -> impl Iterator<Item = usize> {
    // Tag 0 is on everyone, tag 1 on every second, and so on to one in a thousand, then rare ones.
    (0..10).filter(move |&i| n.is_multiple_of([1, 2, 3, 5, 10, 50, 100, 1_000, 1, 1][i])).map(
        move |i| match i {
            8 => 100 + n % 97,
            9 => 1_000 + n % 997,
            i => i,
        },
    )
}

fn batch(first: usize) -> WriteSet {
    let mut writes = WriteSet::default();
    for n in first..first + BATCH {
        let token = Some(PushToken::new(format!("token-{n:060}")).unwrap());
        let record = Box::new(DeviceRecord { token, ..DeviceRecord::new(id(n)) });
        let tags = tags_of(n).map(|tag| key(Relation::Tag, &format!("tag{tag}")));
        let alias = key(Relation::Alias, &format!("alias{}", n / 2));
        let user = key(Relation::User, &format!("user{n}"));
        let keys = [user, alias].into_iter().chain(tags).collect();
        writes.operations.push(Operation::Insert { platform: IOS, record, last_seen: None, keys });
    }
    writes
}

/// The least time of one of `each`, which does `many` things at once.
fn time(rounds: usize, many: usize, mut each: impl FnMut(usize)) -> Duration {
    let times = (0..rounds).map(|round| {
        let start = Instant::now();
        each(round);
        start.elapsed() / many as u32
    });
    times.min().unwrap()
}

fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4 / 1024
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().unwrap();
    let devices: usize = arguments.next().unwrap().parse().unwrap();
    let path = Path::new(&path);
    let options =
        RocksOptions { durability: Durability::Buffered, memory_bytes: 1 << 30, ..RocksOptions::default() };

    let store = RocksStore::open(path, &options).unwrap();
    let from = store.view(APP).unwrap().devices(IOS).unwrap().len() as usize;
    let start = Instant::now();
    for first in (from..devices).step_by(BATCH) {
        store.commit(APP, &batch(first)).unwrap();
    }
    let filled = start.elapsed();
    if from < devices {
        let each = filled / (devices - from) as u32;
        println!(
            "register in batches of {BATCH}: {each:?} a device, {:.0} a second",
            1.0 / each.as_secs_f64()
        );
        let stats = store.stats().unwrap();
        println!("write amplification before compaction: {:.2}", stats.write_amplification().unwrap_or(0.0));
        println!("bytes committed a device: {}", stats.written_bytes / (devices - from) as u64);
        store.compact().unwrap();
    }
    let stats = store.stats().unwrap();
    let bytes: u64 = stats.families.iter().map(|family| family.table_bytes).sum();
    println!("bytes on disk a device, compacted: {}", bytes / devices as u64);
    for family in &stats.families {
        println!("  {:<12} {:>12} keys {:>14} bytes", family.name, family.keys, family.table_bytes);
    }
    drop(store);

    let before = resident();
    let start = Instant::now();
    let store = RocksStore::open(path, &options).unwrap();
    println!("open: {:?}, memory +{} MiB (of {} MiB)", start.elapsed(), resident() - before, resident());

    // Warm: a thousand devices spread over all.
    let some: Vec<usize> = (0..1_000).map(|n| n * (devices / 1_000)).collect();
    let ids: Vec<DeviceId> = some.iter().map(|&n| id(n)).collect();
    let tag = Key::new(Relation::Tag, "tag1");
    let member = |round: usize| {
        let _ = round;
        for id in &ids {
            let view = store.view(APP).unwrap();
            let place = view.find(id).unwrap().unwrap();
            black_box(view.linked(place.slot, tag).unwrap());
        }
    };
    member(0);
    let membership = time(31, ids.len(), member);
    let view = store.view(APP).unwrap();
    let in_view = time(31, ids.len(), |_| {
        for id in &ids {
            let place = view.find(id).unwrap().unwrap();
            black_box(view.linked(place.slot, tag).unwrap());
        }
    });
    drop(view);
    let views = time(31, 1_000, |_| (0..1_000).for_each(|_| drop(store.view(APP).unwrap())));
    let names: Vec<String> = some.iter().map(|&n| format!("alias{}", n / 2)).collect();
    let alias = |_| {
        for name in &names {
            let view = store.view(APP).unwrap();
            black_box(view.posting(Key::new(Relation::Alias, name), IOS).unwrap());
        }
    };
    alias(0);
    let alias = time(31, names.len(), alias);
    println!(
        "membership: {membership:?} ({in_view:?} inside one view; a view alone {views:?}); alias look-up: {alias:?}"
    );

    // The same point read from RocksDB itself: as many keys, values of the size of a device, one read of one family.
    let raw_path = path.with_extension("raw");
    let _ = DB::destroy(&Options::default(), &raw_path);
    // In the configuration of the family that device records are in.
    let mut table = BlockBasedOptions::default();
    table.set_block_size(8 << 10);
    table.set_block_cache(&Cache::new_lru_cache(768 << 20));
    table.set_cache_index_and_filter_blocks(true);
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_format_version(5);
    table.set_bloom_filter(10.0, false);
    table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
    let mut raw_options = Options::default();
    raw_options.create_if_missing(true);
    raw_options.set_block_based_table_factory(&table);
    raw_options.set_compression_type(DBCompressionType::Lz4);
    raw_options.set_write_buffer_size(64 << 20);
    raw_options.set_max_open_files(512);
    raw_options.enable_statistics();
    raw_options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    let raw = DB::open(&raw_options, &raw_path).unwrap();
    let value = vec![7_u8; 150];
    let raw_devices = devices.min(1_000_000);
    for first in (0..raw_devices).step_by(BATCH) {
        let mut batch = WriteBatch::default();
        (first..first + BATCH).for_each(|n| batch.put(id(n).as_str(), &value));
        raw.write(batch).unwrap();
    }
    raw.compact_range(None::<&[u8]>, None::<&[u8]>);
    let raw_ids: Vec<DeviceId> = (0..1_000).map(|n| id(n * (raw_devices / 1_000))).collect();
    let read = |_| raw_ids.iter().for_each(|id| drop(black_box(raw.get_pinned(id.as_str()).unwrap())));
    read(0);
    let raw_read = time(31, raw_ids.len(), read);
    println!(
        "RocksDB point read, {raw_devices} keys: {raw_read:?}; membership is {:.2} of it",
        membership.as_secs_f64() / raw_read.as_secs_f64()
    );

    // A raw batch of as many keys and bytes as registering writes: device, slot, alias, user, two numbers.
    let mut n = 0_usize;
    let raw_batch = time(51, BATCH, |_| {
        let mut batch = WriteBatch::default();
        for _ in 0..BATCH {
            n += 1;
            for part in 0..6_u8 {
                let size = [150, 41, 8, 8, 14, 14][usize::from(part)];
                batch.put([&[part], id(n).as_str().as_bytes()].concat(), &value[..size]);
            }
        }
        raw.write(batch).unwrap();
    });
    drop(raw);
    let mut next = devices.max(from);
    let register = time(51, BATCH, |_| {
        store.commit(APP, &batch(next)).unwrap();
        next += BATCH;
    });
    println!(
        "registering: {register:?} a device; a raw batch: {raw_batch:?}; ratio {:.2}",
        raw_batch.as_secs_f64() / register.as_secs_f64()
    );

    let places: Vec<Place> = {
        let view = store.view(APP).unwrap();
        ids.iter().map(|id| view.find(id).unwrap().unwrap()).collect()
    };
    let mut turn = 0;
    let update = time(31, places.len(), |_| {
        turn += 1;
        for &place in &places {
            let devices = [place].into_iter().collect();
            let operations =
                [Operation::Link { key: key(Relation::Tag, &format!("turn{}", turn % 4)), devices }];
            store
                .commit(
                    APP,
                    &WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() },
                )
                .unwrap();
        }
    });
    println!("a device update, one commit each: {update:?}");
    for name in ["tag7", "tag0"] {
        let size = store.view(APP).unwrap().cardinality(Key::new(Relation::Tag, name), IOS).unwrap();
        let operations = [Operation::Drop { key: key(Relation::Tag, name), platforms: PlatformSet::ALL }];
        let writes = WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() };
        let start = Instant::now();
        store.commit(APP, &writes).unwrap();
        println!("deleting a tag of {size} devices: {:?}", start.elapsed());
    }
    drop(store);

    // What waits for the disk: threads that commit one device each.
    let synced = RocksOptions { durability: Durability::Synced, ..options };
    let store = RocksStore::open(path, &synced).unwrap();
    for threads in [1_usize, 2, 4, 8, 16] {
        let each = 200;
        let start = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                let (store, places) = (&store, &places);
                scope.spawn(move || {
                    for n in 0..each {
                        let devices = [places[(thread * each + n) % places.len()]].into_iter().collect();
                        let operations =
                            [Operation::Link { key: key(Relation::Tag, &format!("t{}", n % 4)), devices }];
                        let writes =
                            WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() };
                        store.commit(APP, &writes).unwrap();
                    }
                });
            }
        });
        let rate = (threads * each) as f64 / start.elapsed().as_secs_f64();
        println!("synced commits to one app, {threads} threads: {rate:.0} a second");
    }
    let _ = DB::destroy(&Options::default(), &raw_path);
}
