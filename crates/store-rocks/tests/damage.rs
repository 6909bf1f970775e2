//! Bytes that change on the disk lead to an error of the right class or to the right result, never to a wrong one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{APP, insert, open, options, set};
use rollbook::store::{
    EventRecord, Key, LogIndex, LogRange, Operation, Relation, Slot, Store, StoreError, View,
};
use rollbook::{Attributes, DeviceId, EventName, EventOrder, EventSeq, Platform, Timestamp, UserId};
use rollbook_store_rocks::{OpenError, RocksStore};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};

const DEVICES: usize = 700;
const IOS: Platform = Platform::Ios;

fn build(path: &Path) {
    let store = open(path);
    let places =
        store.commit(APP, &set((0..DEVICES).map(|n| insert(&format!("device{n}"))))).unwrap().inserted;
    let link = |relation, name: String, step: usize| {
        let some: Vec<_> = places.iter().copied().skip(name.len() % 3).step_by(step).collect();
        Operation::Link { key: Key::new(relation, &name).to_owned(), devices: some.into() }
    };
    for n in 0..20 {
        store.commit(APP, &set([link(Relation::Tag, format!("tag{n}"), n + 1)])).unwrap();
    }
    for n in 0..DEVICES {
        let one = [places[n]];
        let key = |relation, name: String| Key::new(relation, &name).to_owned();
        let devices = || one.to_vec().into();
        let event = EventRecord {
            at: Timestamp::from_secs(n as i64),
            name: EventName::new("login").unwrap(),
            device: Some(DeviceId::new(format!("device{n}")).unwrap()),
            user: Some(UserId::new(format!("user{}", n / 3)).unwrap()),
            attributes: [("n", (n as i64).into())].into_iter().collect::<Attributes>(),
        };
        let operations = [
            Operation::Link { key: key(Relation::Alias, format!("alias{n}")), devices: devices() },
            Operation::Link { key: key(Relation::User, format!("user{}", n / 3)), devices: devices() },
            Operation::Append { event: Box::new(event) },
        ];
        store.commit(APP, &set(operations)).unwrap();
    }
    store
        .touch(APP, &places.iter().map(|&place| (place, Timestamp::from_secs(9))).collect::<Vec<_>>())
        .unwrap();
    store.compact().unwrap();
}

/// Makes every kind of read, and returns each result as text or its error.
fn answers(store: &RocksStore) -> Vec<Result<String, StoreError>> {
    fn text<T: Debug>(answer: Result<T, StoreError>) -> Result<String, StoreError> {
        answer.map(|answer| format!("{answer:?}"))
    }
    let view = match store.view(APP) {
        Ok(view) => view,
        Err(error) => return vec![Err(error)],
    };
    let mut all = vec![Ok(format!("{:?}", view.version()))];
    for n in (0..DEVICES).step_by(5) {
        let slot = Slot { platform: IOS, ordinal: n as u32 };
        all.push(text(view.find(&DeviceId::new(format!("device{n}")).unwrap())));
        all.push(text(view.device(slot)));
        all.push(text(view.last_seen(slot)));
        for relation in Relation::ALL {
            let mut names = Vec::new();
            let read = view.keys_of(slot, relation, &mut |name| names.push(name.to_owned()));
            all.push(text(read.map(|()| names)));
            all.push(text(view.key_count(slot, relation)));
        }
        all.push(text(view.linked(slot, Key::new(Relation::Tag, "tag7"))));
        let user = UserId::new(format!("user{}", n / 3)).unwrap();
        for index in [LogIndex::All, LogIndex::User(&user)] {
            let from = Timestamp::from_secs(n as i64);
            let range = LogRange {
                index,
                from,
                until: Timestamp::MAX,
                order: EventOrder::OldestFirst,
                after: None,
                limit: 5,
            };
            all.push(text(view.events(&range)));
        }
    }
    for n in 0..22 {
        let name = format!("tag{n}");
        let posting = view.posting(Key::new(Relation::Tag, &name), IOS);
        all.push(text(posting.map(|posting| posting.chunk(0, usize::MAX))));
        all.push(text(view.cardinality(Key::new(Relation::Tag, &name), IOS.into())));
    }
    for relation in Relation::ALL {
        let mut names = Vec::new();
        let read = view.names(relation, None, usize::MAX, &mut |name| names.push(name.to_owned()));
        all.push(text(read.map(|()| names)));
    }
    all.push(text(view.devices(IOS).map(|posting| posting.chunk(0, usize::MAX))));
    all.push(text(view.log_end().map(|EventSeq(last)| last)));
    all
}

/// Returns a number below `below`, which depends only on the seed.
fn draw(seed: u64, below: usize) -> usize {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ z >> 27) as usize % below
}

fn tables(path: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(path.join("db")).unwrap().map(|entry| entry.unwrap().path());
    let mut tables: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|ext| ext == "sst")).collect();
    tables.sort();
    tables
}

/// Flips one byte in each of `count` copies of a store, and returns how many errors there were.
fn flips(count: u64) -> usize {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    build(&path);
    let right: Vec<String> = answers(&open(&path)).into_iter().map(Result::unwrap).collect();
    let mut errors = 0;
    for seed in 0..count {
        let copy = directory.path().join(format!("{seed}"));
        RocksStore::restore(&path, &copy).unwrap();
        // Every table is equally likely, however small: the small ones hold the counters.
        let tables = tables(&copy);
        let table = &tables[draw(seed, tables.len())];
        let mut bytes = fs::read(table).unwrap();
        let at = draw(seed + 1_000_000, bytes.len());
        bytes[at] ^= 1 << (seed % 8);
        fs::write(table, bytes).unwrap();
        match RocksStore::open(&copy, &options()) {
            Err(OpenError::Engine { .. }) => errors += 1,
            Err(other) => panic!("seed {seed}: {other:?}"),
            Ok(store) => {
                let found = answers(&store);
                let whole = found.len() == right.len();
                for (n, answer) in found.into_iter().enumerate() {
                    match answer {
                        Ok(answer) => assert_eq!(answer, right[n], "seed {seed}: a wrong answer"),
                        Err(StoreError::Corrupt { .. }) => errors += 1,
                        Err(other) => panic!("seed {seed}: {other:?}"),
                    }
                }
                assert!(whole || errors > 0);
            }
        }
        fs::remove_dir_all(copy).unwrap();
    }
    errors
}

#[test]
fn a_flipped_byte_in_a_table_is_never_a_wrong_answer() {
    assert!(flips(30) > 0, "some of the bytes matter");
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_flipped_bytes_are_never_a_wrong_answer() {
    let errors = flips(1_000);
    println!("1000 flipped bytes: {errors} answers told of damage, every other was right");
    assert!(errors > 0);
}

#[test]
fn scrubbing_reads_every_key_and_tells_the_families_that_are_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    build(&path);
    let (mut told, store) = (0, open(&path));
    let right = store.scrub(&mut |_, _| told += 1).unwrap();
    assert_eq!(told, right.iter().map(|family| family.keys).sum::<u64>());
    for (family, keys) in [("device", DEVICES), ("slot", DEVICES), ("event", DEVICES), ("presence", DEVICES)]
    {
        let scrubbed = right.iter().find(|scrubbed| scrubbed.name == family).unwrap();
        assert!(
            scrubbed.keys == keys as u64 && scrubbed.bytes > 0 && scrubbed.damage.is_none(),
            "{scrubbed:?}"
        );
    }
    drop(store);
    let mut damaged = std::collections::BTreeSet::new();
    for table in tables(&path) {
        let right = fs::read(&table).unwrap();
        let mut wrong = right.clone();
        // In the first block of keys and values.
        wrong[5] ^= 1;
        fs::write(&table, wrong).unwrap();
        let store = RocksStore::open_read_only(&path, &options()).unwrap();
        for family in store.scrub(&mut |_, _| {}).unwrap() {
            if let Some(damage) = family.damage {
                assert!(matches!(damage, StoreError::Corrupt { .. }), "{damage:?}");
                damaged.insert(family.name);
            }
        }
        drop(store);
        fs::write(&table, right).unwrap();
    }
    let filled: std::collections::BTreeSet<&str> =
        right.iter().filter(|family| family.keys > 0).map(|family| family.name).collect();
    assert_eq!(damaged, filled);
}

#[test]
fn a_file_that_is_gone_is_named_by_every_way_of_opening_and_nothing_is_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    build(&path);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let list = || -> Vec<PathBuf> {
        let mut all: Vec<_> =
            fs::read_dir(path.join("db")).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    };
    let needed = |name: &str| {
        name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".sst") || name.ends_with(".log")
    };
    let all: Vec<PathBuf> = list().into_iter().filter(|file| needed(&name(file))).collect();
    assert!(all.len() > 10, "{all:?}");
    for gone in all {
        let text = fs::read(&gone).unwrap();
        fs::remove_file(&gone).unwrap();
        let before = list();
        for refused in [RocksStore::open(&path, &options()), RocksStore::open_read_only(&path, &options())] {
            match refused {
                Err(OpenError::Damaged(damage)) => {
                    assert_eq!(damage.file, gone);
                    assert!(damage.to_string().contains(": is missing"), "{damage}");
                }
                other => panic!("{}: {other:?}", gone.display()),
            }
        }
        assert_eq!(list(), before);
        fs::write(&gone, text).unwrap();
    }
    assert!(answers(&open(&path)).iter().all(Result::is_ok));
}
