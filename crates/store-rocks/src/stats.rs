//! Counters and sizes for monitoring.

use crate::error;
use crate::families::Family;
use crate::open::RocksStore;
use crate::reads::handle;
use rocksdb::ColumnFamily;
use rocksdb::properties;
use rocksdb::statistics::Ticker;
use rollbook::store::StoreError;
use serde::{Deserialize, Serialize};

/// Numbers about a store since it was opened. Counters are 0 if [`statistics`](crate::RocksOptions::statistics) is
/// off.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Store, WriteSet};
/// use rollbook_store_rocks::{RocksOptions, RocksStore};
/// # let directory = tempfile::tempdir()?;
/// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
/// store.commit(AppId(1), &WriteSet::default())?;
/// let view = store.view(AppId(1))?;
/// let stats = store.stats()?;
/// assert_eq!((stats.written_keys, stats.snapshots), (1, 1));
/// # drop(view);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RocksStats {
    /// The numbers of each column family.
    pub families: Vec<FamilyStats>,
    /// Bytes of the block cache in use, write buffers included.
    pub cache_bytes: u64,
    /// Bytes the block cache may use.
    pub cache_capacity: u64,
    /// Blocks found in the cache.
    pub cache_hits: u64,
    /// Blocks that had to be read.
    pub cache_misses: u64,
    /// Keys that commits and heartbeats wrote or deleted.
    pub written_keys: u64,
    /// Bytes of keys and values that commits and heartbeats wrote.
    pub written_bytes: u64,
    /// Bytes written to the log.
    pub log_bytes: u64,
    /// Bytes written to table files when write buffers were flushed.
    pub flushed_bytes: u64,
    /// Bytes written to table files when they were compacted.
    pub compacted_bytes: u64,
    /// Microseconds that writers had to wait for flushes and compactions.
    pub stalled_micros: u64,
    /// Snapshots that are held, one for each view.
    pub snapshots: u64,
    /// Errors of flushes and compactions.
    pub background_errors: u64,
}

/// Numbers about one column family.
///
/// ```
/// # use rollbook::{Platform, Registration, Registry};
/// use rollbook_store_rocks::{RocksOptions, RocksStore};
/// # let directory = tempfile::tempdir()?;
/// # let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
/// let registry = Registry::builder(store).build();
/// let shop = registry.create_app(&"shop".parse()?, Default::default())?;
/// shop.register(&Registration::new("phone".parse()?, Platform::Ios))?;
/// let stats = registry.store().stats()?;
/// let devices = stats.families.iter().find(|family| family.name == "device").ok_or("no such family")?;
/// assert_eq!((devices.keys, devices.table_bytes), (1, 0)); // in the write buffer still
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyStats {
    /// Its name.
    pub name: String,
    /// The estimated number of keys. A key that was written again counts twice until a compaction merges the two.
    pub keys: u64,
    /// Bytes of its table files.
    pub table_bytes: u64,
    /// Bytes in its write buffers.
    pub buffer_bytes: u64,
    /// Bytes that wait for compaction.
    pub pending_bytes: u64,
}

impl RocksStats {
    /// Returns the bytes written to disk for each byte that commits wrote, or `None` before anything was written.
    ///
    /// ```
    /// use rollbook_store_rocks::RocksStats;
    /// let written = RocksStats { written_bytes: 100, log_bytes: 120, flushed_bytes: 80, ..RocksStats::default() };
    /// assert_eq!(written.write_amplification(), Some(2.0));
    /// assert_eq!(RocksStats::default().write_amplification(), None);
    /// ```
    #[must_use]
    pub fn write_amplification(&self) -> Option<f64> {
        let disk = self.log_bytes + self.flushed_bytes + self.compacted_bytes;
        (self.written_bytes > 0).then(|| disk as f64 / self.written_bytes as f64)
    }
}

impl RocksStore {
    /// Returns the present counters and sizes of the store.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// let stats = store.stats()?;
    /// assert!(stats.cache_bytes <= stats.cache_capacity && stats.background_errors == 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub fn stats(&self) -> Result<RocksStats, StoreError> {
        let ticker = |ticker| if self.options.statistics { self.engine.get_ticker_count(ticker) } else { 0 };
        let mut stats = RocksStats {
            families: Vec::new(),
            cache_bytes: self.cache.get_usage() as u64,
            cache_capacity: self.options.cache_bytes() as u64,
            cache_hits: ticker(Ticker::BlockCacheHit),
            cache_misses: ticker(Ticker::BlockCacheMiss),
            written_keys: ticker(Ticker::NumberKeysWritten),
            written_bytes: ticker(Ticker::BytesWritten),
            log_bytes: ticker(Ticker::WalFileBytes),
            flushed_bytes: ticker(Ticker::FlushWriteBytes),
            compacted_bytes: ticker(Ticker::CompactWriteBytes),
            stalled_micros: ticker(Ticker::StallMicros),
            snapshots: 0,
            background_errors: 0,
        };
        for family in Family::ALL {
            let handle = handle(&self.db, family)?;
            let number = |property| {
                let number = self.db.property_int_value_cf(handle, property);
                number.map(Option::unwrap_or_default).map_err(error::read("a property"))
            };
            stats.families.push(FamilyStats {
                name: family.name().to_owned(),
                keys: self.keys(handle)?,
                table_bytes: number(properties::LIVE_SST_FILES_SIZE)?,
                buffer_bytes: number(properties::SIZE_ALL_MEM_TABLES)?,
                pending_bytes: number(properties::ESTIMATE_PENDING_COMPACTION_BYTES)?,
            });
            if family == Family::App {
                stats.snapshots = number(properties::NUM_SNAPSHOTS)?;
                stats.background_errors = number(properties::BACKGROUND_ERRORS)?;
            }
        }
        Ok(stats)
    }

    /// Estimates how many keys a family has. A key that was written again counts twice until a compaction merges the
    /// two.
    ///
    /// The engine's own estimate leaves out tables from before it was opened, because opening does not read them. So
    /// the properties of each table are read here.
    fn keys(&self, family: &ColumnFamily) -> Result<u64, StoreError> {
        let buffered = |property| {
            let number = self.db.property_int_value_cf(family, property);
            number.map(Option::unwrap_or_default).map_err(error::read("a property"))
        };
        let tables = self.db.property_value_cf(family, properties::AGGREGATED_TABLE_PROPERTIES);
        let tables = tables.map_err(error::read("a property"))?.unwrap_or_default();
        let in_tables = |name: &str| {
            let value = |part: &str| part.strip_prefix(name)?.strip_prefix('=')?.parse::<u64>().ok();
            tables.split("; ").find_map(value).unwrap_or_default()
        };
        let entries = in_tables("# entries")
            + buffered(properties::NUM_ENTRIES_ACTIVE_MEM_TABLE)?
            + buffered(properties::NUM_ENTRIES_IMM_MEM_TABLES)?;
        let deletions = in_tables("# deletions")
            + buffered(properties::NUM_DELETES_ACTIVE_MEM_TABLE)?
            + buffered(properties::NUM_DELETES_IMM_MEM_TABLES)?;
        // A deletion is an entry itself, and cancels another entry.
        Ok(entries.saturating_sub(2 * deletions))
    }
}
