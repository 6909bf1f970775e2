//! Copies of a directory, file by file: backups, restored backups, and what is left of a damaged directory.
//!
//! A copy needs no cooperation of the owner, so it can also be made while another process writes to the directory. It
//! must show one moment. So the logs are opened first, then the list of tables is read, and the tables of that list
//! are linked or opened; from then on the owner can remove files without harm. Last, each log is copied up to its
//! last whole commit. If the owner removed a file before it was linked or opened, all of that is done again.

use crate::error;
use crate::families::Family;
use crate::format::{self, io_error};
use crate::live_directory;
use crate::open::{OpenError, RocksStore};
use crate::private;
use crate::reads::handle;
use crate::wal::{self, Damage, Examined, Frozen};
use rollbook::store::StoreError;
use std::fs::{self, File};
use std::io::{self, Read, Seek};
use std::path::Path;

/// What is left of a register whose logs are damaged.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rollbook::AppId;
/// use rollbook::store::{Store, View, WriteSet};
/// use rollbook_store_rocks::{RocksOptions, RocksStore};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("register");
/// let store = RocksStore::open(&path, &RocksOptions::default())?;
/// for _ in 0..3 {
///     store.commit(AppId(1), &WriteSet::default())?;
/// }
/// drop(store);
/// let log = std::fs::read_dir(path.join("db"))?
///     .filter_map(|entry| Some(entry.ok()?.path()))
///     .find(|file| file.extension().is_some_and(|extension| extension == "log"))
///     .ok_or("no log")?;
/// let mut bytes = std::fs::read(&log)?;
/// *bytes.last_mut().ok_or("no bytes")? ^= 1; // in the last commit
/// std::fs::write(&log, bytes)?;
///
/// assert!(RocksStore::open(&path, &RocksOptions::default()).is_err());
/// let left = RocksStore::open_salvaged(&path, &RocksOptions::default())?;
/// assert_eq!(left.view(AppId(1))?.version().0, 2);
/// let salvaged = left.salvaged().ok_or("it was damaged")?;
/// assert_eq!(salvaged.damage.file, log);
/// assert!(salvaged.is_one_moment);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// The first place that is damaged. Everything before it is kept; everything that was written to the logs after
    /// it is lost.
    pub damage: Damage,
    /// Whether what is left is the register as it was at one moment. If not, some tables hold parts of commits from
    /// after the damage whose other parts were only in the logs, so records may contradict each other.
    pub is_one_moment: bool,
}

/// How a copy gets the tables of its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tables {
    /// Hard links, if the file system supports them: tables never change.
    Link,
    /// Copies of its own.
    Copy,
    /// Symbolic references to their paths.
    #[cfg(unix)]
    Point,
}

impl RocksStore {
    /// Copies the store as it is now into a new directory, while it remains in use. Table files are linked if the
    /// file system supports it, so this takes little time and space. The copy is a store that can be opened as it is.
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
    /// The same as those of [`RocksStore::backup_of`].
    pub fn backup(&self, to: impl AsRef<Path>) -> Result<(), OpenError> {
        Self::backup_of(&self.path, to)
    }

    /// Copies a store that another process may have open and may be writing to. Everything that was acknowledged
    /// before this call is in the copy.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::{Store, View, WriteSet};
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let at = |name: &str| directory.path().join(name);
    /// let owner = RocksStore::open(at("register"), &RocksOptions::default())?;
    /// owner.commit(AppId(1), &WriteSet::default())?;
    /// RocksStore::backup_of(at("register"), at("copy"))?;
    /// owner.commit(AppId(1), &WriteSet::default())?;
    /// let copy = RocksStore::open(at("copy"), &RocksOptions::default())?;
    /// assert_eq!(copy.view(AppId(1))?.version().0, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OpenError::Missing`], [`OpenError::NotAStore`], [`OpenError::Format`], [`OpenError::Damaged`],
    /// [`OpenError::Exists`], [`OpenError::Busy`], [`OpenError::Io`]. A copy that failed is removed.
    pub fn backup_of(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), OpenError> {
        copy(from.as_ref(), to.as_ref(), Tables::Link, whole)
    }

    /// Copies a backup to the directory of a new store. The two share no files.
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
    /// The same as those of [`RocksStore::backup_of`].
    pub fn restore(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<(), OpenError> {
        copy(from.as_ref(), to.as_ref(), Tables::Copy, whole)
    }

    /// Copies what is left of a store whose logs are damaged into a new store: everything up to the first damaged
    /// place. Returns what was wrong, or `None` if nothing was. The damaged directory is not changed, and the two
    /// share no files.
    ///
    /// ```
    /// use rollbook_store_rocks::{RocksOptions, RocksStore};
    /// # let directory = tempfile::tempdir()?;
    /// # let at = |name: &str| directory.path().join(name);
    /// RocksStore::open(at("register"), &RocksOptions::default())?;
    /// assert_eq!(RocksStore::salvage(at("register"), at("left"))?, None); // it was sound
    /// RocksStore::open(at("left"), &RocksOptions::default())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The same as those of [`RocksStore::backup_of`]; `Damaged` only if a file is missing or damaged without which
    /// nothing can be read.
    pub fn salvage(from: impl AsRef<Path>, to: impl AsRef<Path>) -> Result<Option<Salvaged>, OpenError> {
        let to = to.as_ref();
        let salvaged = copy(from.as_ref(), to, Tables::Copy, |examined| Ok(left(examined)))?;
        if salvaged.is_some() {
            Self::settle_copy(to)?;
        }
        Ok(salvaged)
    }

    /// Writes everything into table files and compacts them, which makes the store as small as it can be. Takes as
    /// long as reading and writing all of it.
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

/// The subdirectory in which [`scratch`] keeps the store.
pub(crate) const LEFT: &str = "left";

/// Makes a directory of links to what is left of a store, for reading. The directory is removed when the returned
/// `TempDir` is dropped.
pub(crate) fn scratch(from: &Path) -> Result<(tempfile::TempDir, Option<Salvaged>), OpenError> {
    let parent = std::env::temp_dir();
    let directory = tempfile::Builder::new().prefix("rollbook-salvage-").tempdir();
    let directory = directory.map_err(io_error(&parent, "cannot make a directory"))?;
    let from = fs::canonicalize(from).map_err(io_error(from, "cannot be read"))?;
    #[cfg(unix)]
    let tables = Tables::Point;
    #[cfg(not(unix))]
    let tables = Tables::Copy;
    let salvaged = copy(&from, &directory.path().join(LEFT), tables, |examined| Ok(left(examined)))?;
    Ok((directory, salvaged))
}

fn whole(examined: &Examined) -> Result<(), OpenError> {
    examined.damage.clone().map_or(Ok(()), |damage| Err(damage.into()))
}

fn left(examined: &Examined) -> Option<Salvaged> {
    let is_one_moment = examined.is_one_moment;
    examined.damage.clone().map(|damage| Salvaged { damage, is_one_moment })
}

/// Copies a store if `judge` accepts what was found of it, and returns what `judge` returns.
fn copy<T>(
    from: &Path,
    to: &Path,
    tables: Tables,
    judge: impl Fn(&Examined) -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    format::check_or_make(from, false)?;
    if to.exists() {
        return Err(OpenError::Exists(to.to_owned()));
    }
    private::create_dir(to).map_err(io_error(to, "cannot make the directory"))?;
    let copied = (|| {
        let (source, target) = (format::engine_directory(from), format::engine_directory(to));
        let (Held { frozen, examined, copied }, judged) = live_directory::settled(from, || {
            let held = hold(&source, &target, tables)?;
            let judged = judge(&held.examined)?;
            Ok((held, judged))
        })?;
        for (table, name) in copied {
            write(table, &target.join(name), u64::MAX)?;
        }
        for &(number, length) in &examined.logs {
            if let Some(mut log) = frozen.logs.get(&number) {
                let name = wal::log_name(number);
                log.rewind().map_err(io_error(&source.join(&name), "cannot be read"))?;
                write(log, &target.join(name), length)?;
            }
        }
        if let Some((name, text)) = frozen.text {
            write(text.as_slice(), &target.join(&name), u64::MAX)?;
            write(format!("{name}\n").as_bytes(), &target.join(wal::CURRENT), u64::MAX)?;
        }
        let synced = File::open(&target).and_then(|directory| directory.sync_all());
        synced.map_err(io_error(&target, "cannot sync the directory"))?;
        // The format file is written last, so that an interrupted copy is not taken for a store.
        format::write(to)?;
        Ok(judged)
    })();
    if copied.is_err() {
        // The directory was made by this call and is not known to any other code.
        let _ = fs::remove_dir_all(to);
    }
    copied
}

/// The files of a directory that can still be read, whatever its owner removes.
struct Held {
    frozen: Frozen,
    examined: Examined,
    /// Tables that are not in the target yet, with their names.
    copied: Vec<(File, String)>,
}

/// Opens the files of a directory, and puts its tables into the target if that needs no copying.
fn hold(source: &Path, target: &Path, tables: Tables) -> Result<Held, OpenError> {
    // Left by an earlier try, which failed because the owner replaced files.
    match fs::remove_dir_all(target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(io_error(target, "cannot be removed")(error));
        }
        _ => {}
    }
    private::create_dir(target).map_err(io_error(target, "cannot make the directory"))?;
    let frozen = Frozen::of(source)?;
    let mut copied = Vec::new();
    for &number in &frozen.manifest.tables {
        let name = wal::table_name(number);
        let (table, copy) = (source.join(&name), target.join(&name));
        let linked = match tables {
            Tables::Link => fs::hard_link(&table, &copy).is_ok(),
            Tables::Copy => false,
            #[cfg(unix)]
            Tables::Point => table.exists() && std::os::unix::fs::symlink(&table, &copy).is_ok(),
        };
        if !linked {
            copied.push((File::open(&table).map_err(io_error(&table, "cannot be read"))?, name));
        }
    }
    // This takes longer, and no longer needs any file by its name.
    let examined = frozen.examine()?;
    Ok(Held { frozen, examined, copied })
}

/// Writes a new file from the first `length` bytes of another.
fn write(from: impl Read, to: &Path, length: u64) -> Result<(), OpenError> {
    let copied = private::create_file(to).and_then(|mut out| {
        io::copy(&mut from.take(length), &mut out)?;
        out.sync_all()
    });
    copied.map_err(io_error(to, "cannot copy the file"))
}
