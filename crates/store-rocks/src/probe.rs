//! Whether the store takes writes.

use crate::error;
use crate::open::RocksStore;
use rocksdb::{WriteBatch, WriteOptions};
use rollbook::store::StoreError;

impl RocksStore {
    /// Would a commit reach the log? Appends a record of nothing to it: some twenty bytes, not waited for on disk. After
    /// an error of the medium the engine takes no more writes until the store is opened again, and this tells it.
    ///
    /// A store that was opened for reading takes none, and that is right.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// let before = store.stats()?.log_bytes;
    /// store.probe()?;
    /// assert!(store.stats()?.log_bytes > before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What a commit would answer: [`StoreError::Unavailable`], [`StoreError::OutcomeUnknown`].
    pub fn probe(&self) -> Result<(), StoreError> {
        if self.reads_only {
            return Ok(());
        }
        let mut unwaited = WriteOptions::default();
        unwaited.set_sync(false);
        self.db.write_opt(WriteBatch::default(), &unwaited).map_err(|cause| error::write("a probe", cause))
    }
}
