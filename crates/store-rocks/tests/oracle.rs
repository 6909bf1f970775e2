//! A register on the store answers as the model does, also when the store is closed and opened again between steps.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{options, uncompressed};
use parking_lot::{RwLock, RwLockReadGuard};
use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook::store::{
    Committed, Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, Store, StoreError,
    StoreInfo, StoredDevice, StoredEvent, View, WriteSet,
};
use rollbook::{AppId, DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::check::check_shortest;
use rollbook_testkit::op::ops_strategy;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// A store that is closed and opened again before some of its commits.
struct Reopening {
    store: RwLock<Option<RocksStore>>,
    options: RocksOptions,
    commits: AtomicU64,
    /// Which commits: those whose number, mixed with this, falls on one in `every`.
    seed: u64,
    every: u64,
    directory: TempDir,
}

impl Reopening {
    fn new(seed: u64, every: u64, options: RocksOptions) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = RocksStore::open(directory.path().join("store"), &options).unwrap();
        let (store, commits) = (RwLock::new(Some(store)), AtomicU64::new(0));
        Reopening { store, options, commits, seed, every, directory }
    }

    fn with<T>(&self, ask: impl FnOnce(&RocksStore) -> T) -> T {
        ask(self.store.read().as_ref().unwrap())
    }
}

impl Store for Reopening {
    type View<'a> = Look<'a>;

    fn info(&self) -> StoreInfo {
        self.with(Store::info)
    }

    fn view(&self, app: AppId) -> Result<Look<'_>, StoreError> {
        Ok(Look { store: self.store.read(), app })
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        let n = self.commits.fetch_add(1, Ordering::SeqCst);
        let mixed = (n ^ self.seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(20);
        if mixed.is_multiple_of(self.every) {
            let mut store = self.store.write();
            *store = None;
            let path = self.directory.path().join("store");
            *store = Some(RocksStore::open(path, &self.options).unwrap());
        }
        self.with(|store| store.commit(app, writes))
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.with(|store| store.touch(app, seen))
    }
}

/// The store while nobody can close it. One thread asks, and nothing is committed while it does, so a view a
/// question is as good as one view.
struct Look<'a> {
    store: RwLockReadGuard<'a, Option<RocksStore>>,
    app: AppId,
}

impl Look<'_> {
    fn view(&self) -> impl View {
        self.store.as_ref().unwrap().view(self.app).unwrap()
    }
}

impl View for Look<'_> {
    fn version(&self) -> Version {
        self.view().version()
    }
    fn is_sealed(&self) -> bool {
        self.view().is_sealed()
    }
    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        self.view().find(id)
    }
    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        self.view().device(slot)
    }
    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        self.view().ids(platform, ordinals, as_of, each)
    }
    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        self.view().devices(platform)
    }
    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        self.view().devices_among(platform, among)
    }
    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        self.view().last_seen(slot)
    }
    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        self.view().linked(slot, key)
    }
    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.view().keys_of(slot, relation, each)
    }
    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        self.view().key_count(slot, relation)
    }
    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        self.view().platforms(key)
    }
    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        self.view().posting(key, platform)
    }
    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        self.view().posting_among(key, platform, among)
    }
    fn cardinality(&self, key: Key<'_>, platform: Platform) -> Result<u64, StoreError> {
        self.view().cardinality(key, platform)
    }
    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        self.view().names(relation, after, limit, each)
    }
    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        self.view().entry(key)
    }
    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        self.view().entries(kind, after, limit)
    }
    fn log_end(&self) -> Result<EventSeq, StoreError> {
        self.view().log_end()
    }
    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        self.view().events(range)
    }
}

fn config(cases: u32) -> Config {
    Config { cases, max_shrink_iters: 0, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
        let never = || Reopening::new(0, u64::MAX, options());
        check_shortest(&ops, never).map_err(|found| TestCaseError::fail(found.to_string()))?;
    }

    #[test]
    fn every_answer_is_the_models_also_after_opening_again(ops in ops_strategy(60..=60), seed: u64) {
        let often = || Reopening::new(seed, 4, uncompressed());
        check_shortest(&ops, often).map_err(|found| TestCaseError::fail(found.to_string()))?;
    }
}
