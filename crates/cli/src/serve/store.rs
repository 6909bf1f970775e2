//! The store that the service opens, and how to ask it whether it is well.

use super::config::Config;
use crate::failure::Failure;
use crate::store::Access;
#[cfg(feature = "rocks")]
use crate::store::not_opened;
use rollbook::store::{BoxedStore, StoreError};
#[cfg(feature = "rocks")]
use rollbook_store_rocks::{RocksStore, UnfinishedCommit};
#[cfg(feature = "rocks")]
use std::{path::Path, sync::Arc};

/// The store's own check: an error means that it takes no more writes.
pub(super) type Check = Box<dyn Fn() -> Result<(), StoreError> + Send + Sync>;

/// What the store counts about itself: name and help of each number, and the number.
pub(super) type Stats = Box<dyn Fn() -> Vec<(&'static str, &'static str, u64)> + Send + Sync>;

/// Whether the store was out of room.
pub(super) type Full = Box<dyn Fn() -> bool + Send + Sync>;

/// An open store.
pub(super) struct Kept {
    pub(super) store: BoxedStore,
    pub(super) check: Check,
    pub(super) stats: Stats,
    /// Whether the last write found the disk full.
    pub(super) full: Full,
}

pub(super) fn open(config: &Config) -> Result<Kept, Failure> {
    match &config.store {
        #[cfg(feature = "rocks")]
        crate::store::StoreChoice::RocksDb(directory) => rocksdb(directory, config),
        choice => Ok(Kept {
            store: choice.open(Access::Create)?,
            // Memory that could not be had would have ended the process.
            check: Box::new(|| Ok(())),
            stats: Box::new(Vec::new),
            full: Box::new(|| false),
        }),
    }
}

#[cfg(feature = "rocks")]
fn rocksdb(directory: &Path, config: &Config) -> Result<Kept, Failure> {
    let opened = RocksStore::open(directory, &config.rocksdb);
    let store = Arc::new(opened.map_err(not_opened(format!("cannot open {}", config.store)))?);
    if let Some(left_out) = store.unfinished_commit() {
        let UnfinishedCommit { log, offset, bytes, .. } = left_out;
        tracing::warn!(log = %log.display(), offset, bytes, "the log ends with bytes that are no whole commit, as a crash leaves them: they are left out");
    }
    let (checked, counted, asked) = (Arc::clone(&store), Arc::clone(&store), Arc::clone(&store));
    Ok(Kept {
        store: BoxedStore::new(store),
        check: Box::new(move || checked.probe()),
        stats: Box::new(move || stats(&counted)),
        full: Box::new(move || asked.is_disk_full()),
    })
}

#[cfg(feature = "rocks")]
fn stats(store: &RocksStore) -> Vec<(&'static str, &'static str, u64)> {
    let Ok(stats) = store.stats() else { return Vec::new() };
    let table_bytes = stats.families.iter().map(|family| family.table_bytes).sum();
    let pending_bytes = stats.families.iter().map(|family| family.pending_bytes).sum();
    vec![
        ("table_bytes", "Bytes of table files", table_bytes),
        ("pending_compaction_bytes", "Bytes that wait for compaction", pending_bytes),
        ("cache_bytes", "Bytes of the block cache in use, write buffers included", stats.cache_bytes),
        ("cache_hits", "Blocks found in the cache since the store was opened", stats.cache_hits),
        ("cache_misses", "Blocks that had to be read since the store was opened", stats.cache_misses),
        ("written_bytes", "Bytes that commits wrote since the store was opened", stats.written_bytes),
        (
            "stalled_micros",
            "Microseconds that writers had to wait since the store was opened",
            stats.stalled_micros,
        ),
        (
            "background_errors",
            "Errors of flushes and compactions since the store was opened",
            stats.background_errors,
        ),
    ]
}
