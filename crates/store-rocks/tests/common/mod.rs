//! Helpers that the tests share.

#![allow(dead_code, reason = "each test file uses a part of it")]
use rollbook::store::{DeviceRecord, Durability, Operation, Store, WriteSet};
use rollbook::{AppId, DeviceId, Platform};
use rollbook_store_rocks::{Compression, RocksOptions, RocksStore};
use rollbook_testkit::{Fixture, check_store_invariants};
use std::path::Path;
use tempfile::TempDir;

pub(crate) const APP: AppId = AppId(7);

/// Small buffers, and no waiting for the disk, since most tests do not depend on it.
pub(crate) fn options() -> RocksOptions {
    RocksOptions { durability: Durability::Buffered, memory_bytes: 16 << 20, ..RocksOptions::default() }
}

pub(crate) fn synced() -> RocksOptions {
    RocksOptions { durability: Durability::Synced, ..options() }
}

pub(crate) fn uncompressed() -> RocksOptions {
    RocksOptions { compression: Compression::None, ..options() }
}

/// Makes stores, each in a directory of its own.
pub(crate) struct OnDisk(pub(crate) fn() -> RocksOptions);

impl Fixture for OnDisk {
    type Store = RocksStore;
    type Guard = TempDir;

    fn guard(&self) -> TempDir {
        tempfile::tempdir().unwrap()
    }

    fn open(&self, directory: &TempDir) -> RocksStore {
        RocksStore::open(directory.path().join("store"), &self.0()).unwrap()
    }

    fn open_at(&self, directory: &TempDir, first_ordinal: u32) -> Option<RocksStore> {
        let options = RocksOptions { first_ordinal, ..self.0() };
        Some(RocksStore::open(directory.path().join("store"), &options).unwrap())
    }
}

pub(crate) fn open(path: &Path) -> RocksStore {
    RocksStore::open(path, &options()).unwrap()
}

pub(crate) fn insert(id: &str) -> Operation {
    let record = Box::new(DeviceRecord::new(DeviceId::new(id).unwrap()));
    Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys: Vec::new() }
}

pub(crate) fn set(operations: impl IntoIterator<Item = Operation>) -> WriteSet {
    WriteSet { operations: operations.into_iter().collect(), ..WriteSet::default() }
}

pub(crate) fn assert_sound(store: &RocksStore, app: AppId) {
    let breaches = check_store_invariants(&store.view(app).unwrap()).unwrap();
    assert!(breaches.is_empty(), "{breaches:?}");
}
