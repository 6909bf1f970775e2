//! Backup, restore, compaction: what an operator does with a directory.

use crate::error;
use crate::families::Family;
use crate::format::{self, io_error};
use crate::open::{OpenError, RocksStore};
use crate::reads::handle;
use rocksdb::checkpoint::Checkpoint;
use rollbook::store::StoreError;
use std::fs::{self, File};
use std::path::Path;

impl RocksStore {
    /// Copies the store as of now into a new directory, while it goes on being used. Table files are linked where the
    /// file system can, so this takes little time and space. The copy is a store: it can be opened as it is.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let at = |name: &str| directory.path().join(name);
    /// let store = RocksStore::open(at("register"), &RocksOptions::default())?;
    /// store.backup(at("copy"))?;
    /// assert!(store.backup(at("copy")).is_err()); // nothing is written over
    /// RocksStore::open_read_only(at("copy"), &RocksOptions::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError::Exists`], [`OpenError::Io`], [`OpenError::Engine`].
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<(), OpenError> {
        let to = to.as_ref();
        if to.exists() {
            return Err(OpenError::Exists(to.to_owned()));
        }
        fs::create_dir_all(to).map_err(io_error(to, "cannot make the directory"))?;
        let engine = |cause| OpenError::Engine { path: to.to_owned(), cause };
        let checkpoint = Checkpoint::new(&self.db).map_err(engine)?;
        checkpoint.create_checkpoint(format::engine_directory(to)).map_err(engine)?;
        // Last: a copy that was interrupted is not taken for a store.
        format::write(to)
    }

    /// Copies a backup to where a store shall be, file by file, so that the two share nothing.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let at = |name: &str| directory.path().join(name);
    /// RocksStore::open(at("register"), &RocksOptions::default())?.backup(at("copy"))?;
    /// RocksStore::restore(at("copy"), at("again"))?;
    /// RocksStore::open(at("again"), &RocksOptions::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError::Missing`], [`OpenError::NotAStore`], [`OpenError::Format`], [`OpenError::Exists`],
    /// [`OpenError::Io`].
    pub fn restore(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), OpenError> {
        let (from, to) = (from.as_ref(), to.as_ref());
        format::check_or_make(from, false)?;
        if to.exists() {
            return Err(OpenError::Exists(to.to_owned()));
        }
        let (source, target) = (format::engine_directory(from), format::engine_directory(to));
        fs::create_dir_all(&target).map_err(io_error(&target, "cannot make the directory"))?;
        let entries = fs::read_dir(&source).map_err(io_error(&source, "cannot read the directory"))?;
        for entry in entries {
            let entry = entry.map_err(io_error(&source, "cannot read the directory"))?;
            let copy = target.join(entry.file_name());
            let copied = fs::copy(entry.path(), &copy).and_then(|_| File::open(&copy)?.sync_all());
            copied.map_err(io_error(&copy, "cannot copy the file"))?;
        }
        let synced = File::open(&target).and_then(|directory| directory.sync_all());
        synced.map_err(io_error(&target, "cannot sync the directory"))?;
        format::write(to)
    }

    /// Writes everything into table files and compacts them: the smallest the store can be. Takes as long as reading
    /// and writing all of it.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// store.compact()?;
    /// assert_eq!(store.stats()?.families.iter().map(|family| family.pending_bytes).sum::<u64>(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], [`StoreError::Corrupt`].
    pub fn compact(&self) -> Result<(), StoreError> {
        for family in Family::ALL {
            let handle = handle(&self.db, family)?;
            self.db.flush_cf(handle).map_err(error::read("a flush"))?;
            self.db.compact_range_cf(handle, None::<&[u8]>, None::<&[u8]>);
        }
        Ok(())
    }
}
