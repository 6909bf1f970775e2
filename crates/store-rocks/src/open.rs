//! Opening a directory: as its one owner, or for reading only.

use crate::apps::Apps;
use crate::copies::{self, Salvaged};
use crate::families;
use crate::format;
use crate::live_directory;
use crate::numbers::Numbers;
use crate::options::{InvalidOption, RocksOptions};
use crate::private;
use crate::recent::Recent;
use crate::wal::{Damage, Examined, Frozen, UnfinishedCommit};
use rocksdb::statistics::StatsLevel;
use rocksdb::{Cache, DB, DBRecoveryMode, LogLevel, Options, WriteBufferManager};
use rollbook::AppId;
use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// A register on disk. The [crate documentation](crate) lists what it guarantees and its limits.
///
/// ```
/// use rollbook::store::{Durability, Store};
/// use rollbook_store_rocks::{OpenError, RocksOptions, RocksStore};
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("register");
/// let store = RocksStore::open(&path, &RocksOptions::default())?;
/// assert_eq!(store.info().durability, Durability::Synced);
/// assert!(matches!(RocksStore::open(&path, &RocksOptions::default()), Err(OpenError::InUse { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RocksStore {
    pub(crate) db: DB,
    pub(crate) apps: Apps,
    pub(crate) recent: Recent,
    pub(crate) numbers: Numbers,
    pub(crate) options: RocksOptions,
    /// The options with which the engine was opened. Its counters are read through them.
    pub(crate) engine: Options,
    pub(crate) cache: Cache,
    pub(crate) path: PathBuf,
    pub(crate) reads_only: bool,
    /// Whether the last write found no room on disk.
    pub(crate) full: AtomicBool,
    unfinished: Option<UnfinishedCommit>,
    salvaged: Option<Salvaged>,
    /// A temporary directory with what is left of a damaged store. Declared after `db`, so that it is removed after
    /// the engine was closed.
    scratch: Option<tempfile::TempDir>,
    /// The keys of every batch that was written, for tests that count.
    #[cfg(test)]
    pub(crate) written: parking_lot::Mutex<Vec<(u32, Vec<u8>)>>,
}

impl std::fmt::Debug for RocksStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RocksStore")
            .field("path", &self.path)
            .field("options", &self.options)
            .field("reads_only", &self.reads_only)
            .finish_non_exhaustive()
    }
}

/// Why a directory was not opened, backed up or restored.
///
/// ```
/// use rollbook_store_rocks::{OpenError, RocksOptions, RocksStore};
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("register");
/// let error = RocksStore::open(&path, &RocksOptions { create: false, ..RocksOptions::default() }).unwrap_err();
/// assert!(matches!(&error, OpenError::Missing(missing) if *missing == path));
/// assert!(error.to_string().ends_with("register: there is no store here"));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// An option is out of its range.
    #[error("invalid option")]
    Option(#[from] InvalidOption),
    /// There is no store in the directory, and none was to be created.
    #[error("{}: there is no store here", .0.display())]
    Missing(PathBuf),
    /// The directory holds something other than a store.
    #[error("{}: holds files, but not those of a store", .0.display())]
    NotAStore(PathBuf),
    /// The directory was written by another release.
    #[error("{}: has format {found}; this release reads format {known}", path.display())]
    Format {
        /// The directory.
        path: PathBuf,
        /// The content of its format file.
        found: String,
        /// The format that this release reads.
        known: u32,
    },
    /// Another process, or this one, has the store open for writing.
    #[error("{}: is open already, for writing, in this process or another", path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The engine's error.
        #[source]
        cause: rocksdb::Error,
    },
    /// A file that must be there is missing, or a file is not as it was written. Nothing was changed. If the logs are
    /// damaged, [`RocksStore::open_salvaged`] reads what is left.
    #[error("the register is damaged")]
    Damaged(
        #[from]
        #[source]
        Damage,
    ),
    /// The owner replaced files again and again while they were opened for reading. A later try can succeed.
    #[error("{}: its owner replaced files each time that they were opened", .0.display())]
    Busy(PathBuf),
    /// The target of a backup or restored store already exists.
    #[error("{}: exists already", .0.display())]
    Exists(PathBuf),
    /// A file or directory could not be read or created.
    #[error("{}: {what}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was being done.
        what: &'static str,
        /// The system's error.
        #[source]
        cause: std::io::Error,
    },
    /// The engine did not open the directory: its files are damaged, or the disk refuses to work.
    #[error("{}: cannot be opened", path.display())]
    Engine {
        /// The directory.
        path: PathBuf,
        /// The engine's error.
        #[source]
        cause: rocksdb::Error,
    },
}

impl RocksStore {
    /// Opens the store of a directory as its one owner. Creates it first if there is none and
    /// [`create`](RocksOptions::create) is set.
    ///
    /// Reads the logs twice, once to check that they are whole, and reads no device. If something is damaged or
    /// missing, nothing is changed.
    ///
    /// # Errors
    /// Every [`OpenError`] but `Exists`.
    ///
    /// ```
    /// use rollbook::{AppKey, AppSettings, Registry};
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("register");
    /// let store = RocksStore::open(&path, &RocksOptions::default())?;
    /// let registry = Registry::builder(store).build();
    /// registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn open(path: impl AsRef<Path>, options: &RocksOptions) -> Result<Self, OpenError> {
        options.validate()?;
        let path = path.as_ref();
        format::check_or_make(path, options.create)?;
        let directory = format::engine_directory(path);
        private::create_dir(&directory).map_err(format::io_error(&directory, "cannot make the directory"))?;
        let examined = examined(path)?;
        Self::open_engine(path, options, &examined, As::Owner)
    }

    /// Opens what a directory holds now for reading only. This is meant for tools, and works beside the owner, whose
    /// later commits are not seen. Commits and heartbeats fail with [`StoreError::Unavailable`]. Holds all files
    /// open, whatever [`max_open_files`](RocksOptions::max_open_files) is.
    ///
    /// ```
    /// use rollbook::{AppSettings, Registry};
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("register");
    /// let owner = RocksStore::open(&path, &RocksOptions::default())?;
    /// let reader = Registry::builder(RocksStore::open_read_only(&path, &RocksOptions::default())?).build();
    /// assert!(reader.create_app(&"shop".parse()?, AppSettings::default()).is_err());
    /// # drop(owner);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Every [`OpenError`] but `Exists` and `InUse`.
    pub fn open_read_only(path: impl AsRef<Path>, options: &RocksOptions) -> Result<Self, OpenError> {
        options.validate()?;
        let path = path.as_ref();
        format::check_or_make(path, false)?;
        let examined = examined(path)?;
        if examined.is_new {
            return Err(OpenError::Missing(path.to_owned()));
        }
        live_directory::with_the_same_logs(path, || Self::open_engine(path, options, &examined, As::Reader))
    }

    /// Opens for reading only what is left of a directory whose logs are damaged: everything up to the first damaged
    /// place. The directory is not changed. While the store is open, a copy of the good part of its logs and links to
    /// its tables are kept in the system's directory for temporary files. [`salvaged`](RocksStore::salvaged) returns
    /// what was wrong.
    ///
    /// [`RocksStore::salvage`] makes a store of it that can be written to; its documentation has an example with a
    /// damaged directory.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let path = directory.path().join("register");
    /// drop(RocksStore::open(&path, &RocksOptions::default())?);
    /// assert_eq!(RocksStore::open_salvaged(&path, &RocksOptions::default())?.salvaged(), None); // it was sound
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Every [`OpenError`] but `Exists` and `InUse`; `Damaged` only if a file is missing or damaged without which
    /// nothing can be read.
    pub fn open_salvaged(path: impl AsRef<Path>, options: &RocksOptions) -> Result<Self, OpenError> {
        options.validate()?;
        let (scratch, salvaged) = copies::scratch(path.as_ref())?;
        let left = scratch.path().join(copies::LEFT);
        let mut store = Self::open_engine(&left, options, &Examined::default(), As::Salvager)?;
        store.path = path.as_ref().to_owned();
        store.salvaged = salvaged;
        store.scratch = Some(scratch);
        Ok(store)
    }

    /// Returns what was damaged in a directory that was [opened for what is left](RocksStore::open_salvaged).
    ///
    /// ```
    /// # use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// assert_eq!(store.salvaged(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn salvaged(&self) -> Option<&Salvaged> {
        self.salvaged.as_ref()
    }

    /// Returns the commit at the end of the logs that was left out at opening because it was not written whole. See
    /// [`UnfinishedCommit`], which has an example. When the store was opened beside an owner, this may be a commit
    /// that was just being written.
    ///
    /// ```
    /// # use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// assert_eq!(store.unfinished_commit(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn unfinished_commit(&self) -> Option<&UnfinishedCommit> {
        self.unfinished.as_ref()
    }

    /// Makes a store of a copy of what is left, in which the engine no longer expects the logs of the original.
    pub(crate) fn settle_copy(path: &Path) -> Result<(), OpenError> {
        Self::open_engine(path, &RocksOptions::default(), &Examined::default(), As::Salvager).map(drop)
    }

    fn open_engine(
        path: &Path,
        options: &RocksOptions,
        examined: &Examined,
        opener: As,
    ) -> Result<Self, OpenError> {
        // This kind of cache takes no lock, so that readers do not wait for each other.
        let cache = Cache::new_hyper_clock_cache(options.cache_bytes(), 0);
        let mut engine = engine_options(options, &cache);
        // With this, the engine notices that a log is missing or cut short, once a younger log was begun.
        engine.set_track_and_verify_wals_in_manifest(opener != As::Salvager);
        // In either mode, the logs that were examined are replayed up to the last whole commit. The strict mode
        // checks once more, but refuses an end of which a loss of power has kept some sectors and lost others.
        engine.set_wal_recovery_mode(match examined.unfinished {
            None => DBRecoveryMode::TolerateCorruptedTailRecords,
            Some(_) => DBRecoveryMode::PointInTime,
        });
        if opener == As::Reader {
            // The owner removes tables that it has compacted. Files that are open by then can still be read.
            engine.set_max_open_files(-1);
        }
        let families = families::descriptors(options, &cache, opener == As::Owner);
        let directory = format::engine_directory(path);
        let opened = if opener == As::Reader {
            DB::open_cf_descriptors_read_only(&engine, directory, families, false)
        } else {
            DB::open_cf_descriptors(&engine, directory, families)
        };
        let db = opened.map_err(|cause| {
            let (path, text) = (path.to_owned(), cause.as_ref());
            if text.contains("lock hold by current process") || text.contains("While lock file") {
                OpenError::InUse { path, cause }
            } else {
                OpenError::Engine { path, cause }
            }
        })?;
        Ok(RocksStore {
            db,
            apps: Apps::default(),
            recent: Recent::new(options.recent_bytes() - options.numbers_bytes()),
            numbers: Numbers::new(options.numbers_bytes()),
            options: options.clone(),
            engine,
            cache,
            path: path.to_owned(),
            reads_only: opener != As::Owner,
            full: AtomicBool::new(false),
            unfinished: examined.unfinished.clone(),
            salvaged: None,
            scratch: None,
            #[cfg(test)]
            written: parking_lot::Mutex::default(),
        })
    }

    /// Clears what dropped keys of an app left on disk. Clears about `chunks` chunks at most, or as many as [a commit
    /// clears](RocksOptions::dead_chunks_per_commit) if that is more, and returns for how many dropped keys, counted
    /// per platform, something may be left. Every commit clears a little, so this is for an operator who wants the
    /// space now. A key of few devices leaves nothing to clear.
    ///
    /// ```
    /// use rollbook::{AppId, Platform, PlatformSet, Registration, Registry, TagName};
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = RocksStore::open(directory.path().join("register"), &RocksOptions::default())?;
    /// let registry = Registry::builder(store).build();
    /// let shop = registry.create_app(&"shop".parse()?, Default::default())?;
    /// let news: TagName = "news".parse()?;
    /// for device in ["phone", "tablet", "watch", "laptop", "desktop"] {
    ///     let registration = Registration::new(device.parse()?, Platform::Unknown);
    ///     shop.register(&Registration { tags: vec![news.clone()], ..registration })?;
    /// }
    /// shop.delete_tag(&news, PlatformSet::ALL)?;
    /// assert_eq!(registry.store().sweep(AppId(1), 1_000)?, 0); // the first app
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as those of [`Store::commit`].
    pub fn sweep(&self, app: AppId, chunks: usize) -> Result<u64, StoreError> {
        self.writable()?;
        self.sweep_through_gate(app, chunks.max(1))
    }

    fn writable(&self) -> Result<(), StoreError> {
        if self.reads_only {
            let cause = Some("it was opened for reading only".into());
            return Err(StoreError::Unavailable { what: "a write", cause });
        }
        Ok(())
    }

    #[cfg(test)]
    pub(crate) fn observe(&self, batch: &rocksdb::WriteBatch) {
        struct Keys<'a>(&'a mut Vec<(u32, Vec<u8>)>);
        impl rocksdb::WriteBatchIteratorCf for Keys<'_> {
            fn put_cf(&mut self, family: u32, key: &[u8], _: &[u8]) {
                self.0.push((family, key.to_vec()));
            }
            fn delete_cf(&mut self, family: u32, key: &[u8]) {
                self.0.push((family, key.to_vec()));
            }
            fn merge_cf(&mut self, _: u32, _: &[u8], _: &[u8]) {}
        }
        batch.iterate_cf(&mut Keys(&mut self.written.lock()));
    }
}

/// The role in which an engine's directory is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    Owner,
    Reader,
    /// The reader of a copy of what is left, whose logs may end early.
    Salvager,
}

/// Returns what a directory holds, and fails if its logs are not whole.
fn examined(path: &Path) -> Result<Examined, OpenError> {
    let directory = format::engine_directory(path);
    live_directory::settled(path, || {
        let mut examined = Frozen::of(&directory)?.examine()?;
        examined.damage.take().map_or(Ok(examined), |damage| Err(damage.into()))
    })
}

fn engine_options(options: &RocksOptions, cache: &Cache) -> Options {
    let mut engine = Options::default();
    // The format file decides whether a store is created, and it exists by now.
    engine.create_if_missing(true);
    engine.create_missing_column_families(true);
    engine.set_paranoid_checks(true);
    // One budget for both: write buffers are charged to the block cache.
    let buffers = WriteBufferManager::new_write_buffer_manager_with_cache(
        options.write_buffer_bytes(),
        false,
        cache.clone(),
    );
    engine.set_write_buffer_manager(&buffers);
    // A family with few writes must not keep the log of all others alive.
    engine.set_max_total_wal_size((options.write_buffer_bytes() as u64 * 2).max(16 << 20));
    engine.set_max_open_files(options.max_open_files.and_then(|most| i32::try_from(most).ok()).unwrap_or(-1));
    engine.set_max_background_jobs(i32::from(options.background_threads));
    // Without this, opening would read the properties of every table file.
    engine.set_skip_stats_update_on_db_open(true);
    // Syncing in pieces keeps a commit's sync from waiting for the flush of a whole table file.
    engine.set_bytes_per_sync(1 << 20);
    engine.set_log_level(LogLevel::Warn);
    engine.set_keep_log_file_num(4);
    engine.set_max_log_file_size(4 << 20);
    engine.set_stats_dump_period_sec(0);
    engine.set_stats_persist_period_sec(0);
    if options.statistics {
        engine.enable_statistics();
        engine.set_statistics_level(StatsLevel::ExceptHistogramOrTimers);
    }
    engine
}

impl Store for RocksStore {
    type View<'a> = crate::RocksView<'a>;

    fn info(&self) -> StoreInfo {
        StoreInfo {
            name: "rocksdb",
            durability: self.options.durability,
            max_weight: crate::commit::MAX_WEIGHT,
            max_devices_per_platform: crate::apply::MOST_DEVICES,
        }
    }

    fn view(&self, app: AppId) -> Result<Self::View<'_>, StoreError> {
        crate::RocksView::new(self, app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.writable()?;
        let (weight, limit) = (writes.weight(), crate::commit::MAX_WEIGHT);
        if weight > limit {
            let (limit, actual) = (limit as u64, weight as u64);
            return Err(StoreError::TooLarge { what: "the write set", limit, actual });
        }
        self.commit_through_gate(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, rollbook::Timestamp)]) -> Result<(), StoreError> {
        self.writable()?;
        self.record_seen(app, seen)
    }
}

impl Drop for RocksStore {
    fn drop(&mut self) {
        // Under `Buffered` the operating system has the log already; an orderly close also syncs it to disk.
        if !self.reads_only {
            let _ = self.db.flush_wal(true);
        }
    }
}
