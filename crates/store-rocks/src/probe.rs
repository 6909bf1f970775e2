//! Finding out whether the store takes writes.

use crate::error;
use crate::open::RocksStore;
use rocksdb::{WriteBatch, WriteOptions};
use rollbook::store::StoreError;
use std::sync::atomic::Ordering::Relaxed;

impl RocksStore {
    /// Writes a batch, and records whether the disk had room for it.
    pub(crate) fn write(&self, batch: WriteBatch, options: &WriteOptions) -> Result<(), rocksdb::Error> {
        let written = self.db.write_opt(batch, options);
        let full = written.as_ref().is_err_and(error::is_full);
        // Other errors say nothing about free space.
        if (full || written.is_ok()) && full != self.full.load(Relaxed) {
            self.full.store(full, Relaxed);
        }
        written
    }

    /// Returns whether the last write found the disk full. While it is full, reads go on; writes succeed again by
    /// themselves within seconds after space was freed, which a [`probe`](RocksStore::probe) finds out.
    ///
    /// The space needed is a sixteenth of [`memory_bytes`](crate::RocksOptions::memory_bytes) (at 25 % for writes)
    /// and what it takes to flush the write buffers: under the default options 16 MiB and up to 64 MiB. Measured on
    /// disks that commits had filled, 20 MiB had to be freed under the default options, and 40 MiB at 512 MiB of
    /// memory.
    ///
    /// Until then writes fail with a cause whose [`kind`](std::io::Error::kind) is
    /// [`StorageFull`](std::io::ErrorKind::StorageFull).
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// store.probe()?;
    /// assert!(!store.is_disk_full());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        self.full.load(Relaxed)
    }

    /// Checks whether a commit would reach the log, by appending an empty record of some twenty bytes to it. Does not
    /// wait for the disk. After an error of the medium the engine takes no more writes until the store is opened
    /// again, and this call reports it.
    ///
    /// A store that was opened for reading takes no writes; for it this returns `Ok`.
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
    /// Fails as a commit would, with [`StoreError::Unavailable`] or [`StoreError::OutcomeUnknown`].
    pub fn probe(&self) -> Result<(), StoreError> {
        if self.reads_only {
            return Ok(());
        }
        let mut unwaited = WriteOptions::default();
        unwaited.set_sync(false);
        self.write(WriteBatch::default(), &unwaited).map_err(|cause| error::write("a probe", cause))
    }
}
