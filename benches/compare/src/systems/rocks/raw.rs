//! RocksDB itself.

use super::Written;
use crate::block::{Answer, Block};
use crate::system::System;
use rand::{Rng, SeedableRng};
use rand_xoshiro::SplitMix64;
use rocksdb::statistics::StatsLevel;
use rocksdb::{Cache, ColumnFamily, DB, Env, IteratorMode, Options, WriteBatch, WriteOptions};
use rollbook::DeviceId;
use rollbook_bench::{Failure, Workload};
use rollbook_store_rocks::RocksStore;
use std::fs;
use std::hint::black_box;
use tempfile::TempDir;

/// The family of the device records, which every question about a device must read.
const DEVICES: &str = "device";

/// The families that a registration writes to, and whether their keys arrive in random order, like names, or ascending,
/// like numbers.
const FAMILIES: [(&str, bool); 5] =
    [(DEVICES, true), ("slot", false), ("name", true), ("number", false), ("posting", false)];

/// Records copied in one batch.
const BATCH: usize = 1_000;

/// A database with the options and the device records of a store.
pub(super) struct RocksdbRaw {
    db: DB,
    /// The part of a device record's key before the id.
    prefix: Vec<u8>,
    written: Written,
    /// Bytes of a value, chosen so that a batch is as large as the store's.
    value: usize,
    rng: SplitMix64,
    last: u64,
    /// The keys of the last batches, which are deleted later.
    keys: Vec<(&'static str, Vec<u8>)>,
    _dir: TempDir,
}

impl RocksdbRaw {
    /// Takes options and records from a copy of the store: the directory of an open store must not be read by another
    /// database.
    pub(super) fn build(
        store: &RocksStore,
        cache: u64,
        written: Written,
        workload: &Workload,
    ) -> Result<Self, Failure> {
        let dir = TempDir::new()?;
        store.backup(dir.path().join("copy"))?;
        let copied = dir.path().join("copy").join("db");
        let cache = Cache::new_hyper_clock_cache(usize::try_from(cache)?, 0);
        let load = || Options::load_latest(&copied, Env::new()?, false, cache.clone());
        let (options, families) = load()?;
        let theirs = DB::open_cf_descriptors_read_only(&options, &copied, families, false)?;

        let (mut options, families) = load()?;
        // The options file does not record that the store has statistics enabled.
        options.enable_statistics();
        options.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
        options.create_if_missing(true);
        options.create_missing_column_families(true);
        let db = DB::open_cf_descriptors(&options, dir.path().join("raw"), families)?;
        let prefix = copy(&theirs, &db, workload)?;
        drop(theirs);
        fs::remove_dir_all(dir.path().join("copy"))?;

        let mut raw = RocksdbRaw {
            db,
            prefix,
            written,
            value: 0,
            rng: SplitMix64::seed_from_u64(1),
            last: 0,
            keys: Vec::new(),
            _dir: dir,
        };
        let empty = raw.batch(written.keys)?.size_in_bytes();
        raw.value = written.bytes.saturating_sub(empty) / written.keys.max(1);
        raw.keys.clear();
        Ok(raw)
    }

    /// Returns a batch with as many keys and bytes as the store writes, in as many families.
    fn batch(&mut self, keys: usize) -> Result<WriteBatch, Failure> {
        let mut batch = WriteBatch::default();
        let value = vec![7; self.value];
        for (family, scattered) in FAMILIES.iter().cycle().take(keys) {
            self.last += 1;
            let mut key = self.prefix.clone();
            if *scattered {
                key.extend_from_slice(&self.rng.next_u64().to_be_bytes());
            }
            key.extend_from_slice(&self.last.to_be_bytes());
            batch.put_cf(handle(&self.db, family)?, &key, &value);
            self.keys.push((family, key));
        }
        Ok(batch)
    }

    fn read(&self, devices: impl Iterator<Item = impl AsRef<[u8]>>) -> Result<(), Failure> {
        let family = handle(&self.db, DEVICES)?;
        let mut key = self.prefix.clone();
        for id in devices {
            key.truncate(self.prefix.len());
            key.extend_from_slice(id.as_ref());
            black_box(self.db.get_pinned_cf(family, &key)?.ok_or("a device is missing")?);
        }
        Ok(())
    }
}

fn handle<'d>(db: &'d DB, family: &str) -> Result<&'d ColumnFamily, Failure> {
    db.cf_handle(family).ok_or_else(|| format!("the store has no family {family}").into())
}

/// Copies the device records and returns the part of their keys before the id.
fn copy(from: &DB, to: &DB, workload: &Workload) -> Result<Vec<u8>, Failure> {
    let (theirs, ours) = (handle(from, DEVICES)?, handle(to, DEVICES)?);
    let known: DeviceId = workload.id(0)?;
    let mut prefix = None;
    let mut batch = WriteBatch::default();
    for pair in from.iterator_cf(theirs, IteratorMode::Start) {
        let (key, value) = pair?;
        if let Some(before) = key.strip_suffix(known.as_str().as_bytes()) {
            prefix = Some(before.to_vec());
        }
        batch.put_cf(ours, key, value);
        if batch.len() >= BATCH {
            to.write(std::mem::take(&mut batch))?;
        }
    }
    to.write(batch)?;
    to.flush_cf(ours)?;
    to.compact_range_cf(ours, None::<&[u8]>, None::<&[u8]>);
    Ok(prefix.ok_or("the store does not keep a device under its id")?)
}

impl System for RocksdbRaw {
    fn name(&self) -> &'static str {
        "rocksdb-raw"
    }

    /// Reads the record of a device for every question about one, without its tags; writes a batch for every call that
    /// registers many devices; and deletes the keys when they are removed.
    fn ask(&mut self, block: &Block) -> Result<(), Failure> {
        match block {
            Block::HasTag(asks) => self.read(asks.iter().map(|(id, _)| id.as_str())),
            Block::Device(asks) => self.read(asks.iter().map(DeviceId::as_str)),
            Block::RegisterMany(calls) => calls.iter().try_for_each(|new| {
                let keys = self.written.keys * new.len() / self.written.devices.max(1);
                let batch = self.batch(keys)?;
                Ok(self.db.write_opt(batch, &WriteOptions::default())?)
            }),
            Block::Remove(_) => {
                let mut batch = WriteBatch::default();
                for (family, key) in self.keys.drain(..) {
                    batch.delete_cf(handle(&self.db, family)?, key);
                }
                Ok(self.db.write(batch)?)
            }
            _ => Err("RocksDB itself cannot be asked this".into()),
        }
    }

    fn answer(&mut self, _: &Block) -> Result<Vec<Answer>, Failure> {
        Err("RocksDB itself has no answers".into())
    }

    fn is_bare(&self) -> bool {
        true
    }

    fn takes(&self, block: &Block) -> bool {
        matches!(block, Block::HasTag(_) | Block::Device(_) | Block::RegisterMany(_))
    }
}
