//! Checks of the engine's files before the engine opens them: the files that its `MANIFEST` names must exist, and its
//! write-ahead logs must have no gap.
//!
//! - [`Frozen`]: a directory at one moment; reading it changes nothing;
//! - [`Examined`]: what is there, what a crash cut short, and what is damaged;
//! - `records`: the format of logs and of the `MANIFEST`, and what a fault in it means;
//! - `manifest`: which tables and logs must be there.
//!
//! The engine checks most of this itself, but not all. It opens a directory whose youngest log is missing, and one
//! with a zeroed sector in the middle of a log, and it removes the logs of a directory that it has opened.

mod manifest;
mod records;

pub(crate) use manifest::Manifest;

use crate::format::io_error;
use crate::open::OpenError;
use records::Ending;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The end of a log that was not replayed, because it was never written whole.
///
/// A crash in the middle of a commit leaves such an end, and that commit was not acknowledged. A log that loses its
/// end by other means looks the same.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rollbook::AppId;
/// use rollbook::store::{Store, WriteSet};
/// use rollbook_store_rocks::{RocksOptions, RocksStore};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("register");
/// let store = RocksStore::open(&path, &RocksOptions::default())?;
/// store.commit(AppId(1), &WriteSet::default())?;
/// store.commit(AppId(1), &WriteSet::default())?;
/// drop(store);
/// let log = std::fs::read_dir(path.join("db"))?
///     .filter_map(|entry| Some(entry.ok()?.path()))
///     .find(|file| file.extension().is_some_and(|extension| extension == "log"))
///     .ok_or("no log")?;
/// let length = std::fs::metadata(&log)?.len();
/// std::fs::OpenOptions::new().write(true).open(&log)?.set_len(length - 1)?;
///
/// let store = RocksStore::open(&path, &RocksOptions::default())?;
/// let unfinished = store.unfinished_commit().ok_or("there is one")?;
/// assert_eq!(unfinished.log, log);
/// assert_eq!(unfinished.offset + unfinished.bytes, length - 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnfinishedCommit {
    /// The file of the log.
    pub log: PathBuf,
    /// The byte in it at which the commit begins.
    pub offset: u64,
    /// The number of bytes from there to the end of the file.
    pub bytes: u64,
}

/// Where and how a directory is damaged.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rollbook_store_rocks::{OpenError, RocksOptions, RocksStore};
///
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("register");
/// drop(RocksStore::open(&path, &RocksOptions::default())?);
/// std::fs::remove_file(path.join("db/CURRENT"))?;
///
/// let Err(OpenError::Damaged(damage)) = RocksStore::open(&path, &RocksOptions::default()) else {
///     return Err("a directory without CURRENT must not open".into());
/// };
/// assert_eq!((damage.file.clone(), damage.offset), (path.join("db/CURRENT"), None));
/// assert!(damage.to_string().ends_with("db/CURRENT: is missing"));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {what}", .file.display(), .offset.map(|offset| format!(", at byte {offset}")).unwrap_or_default())]
#[non_exhaustive]
pub struct Damage {
    /// The file that is missing or is not as it was written.
    pub file: PathBuf,
    /// The byte at which the first wrong record of the file begins, if the fault is in a record.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// The files of an engine's directory at one moment. They can still be read through this after the owner has removed
/// them.
#[derive(Debug)]
pub(crate) struct Frozen {
    db: PathBuf,
    /// The name of the `MANIFEST` and its bytes; `None` if the engine has not made one yet.
    pub(crate) text: Option<(String, Vec<u8>)>,
    /// The decoded `MANIFEST`.
    pub(crate) manifest: Manifest,
    pub(crate) logs: BTreeMap<u64, File>,
}

/// The state of an engine's directory.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// Whether the engine has made nothing yet.
    pub(crate) is_new: bool,
    /// Whether what comes before the damage is one moment: no table holds anything that was written after it.
    pub(crate) is_one_moment: bool,
    /// The logs that hold something which is in no table, in order, with the number of good bytes of each.
    pub(crate) logs: Vec<(u64, u64)>,
    pub(crate) unfinished: Option<UnfinishedCommit>,
    /// Set if the logs end early. What comes before is good, and listed.
    pub(crate) damage: Option<Damage>,
}

pub(crate) fn table_name(number: u64) -> String {
    format!("{number:06}.sst")
}

/// The file that names the valid `MANIFEST`.
pub(crate) const CURRENT: &str = "CURRENT";

pub(crate) fn log_name(number: u64) -> String {
    format!("{number:06}.log")
}

impl Frozen {
    /// Opens the logs, reads the list of tables, and checks that they exist. If the directory has an owner, the
    /// result is valid only if [`settled`](crate::live_directory::settled) returns it.
    ///
    /// If the owner begins a log meanwhile, this fails: that log might have been removed again already, and tables of
    /// the list might hold what comes after it. A log that is removed meanwhile is open already.
    pub(crate) fn of(db: &Path) -> Result<Self, OpenError> {
        let mut logs = BTreeMap::new();
        for number in listed(db)?.1 {
            let path = db.join(log_name(number));
            match File::open(&path) {
                Ok(log) => drop(logs.insert(number, log)),
                // The log was removed already, so its contents are in tables of the list that is read next.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(cause) => return Err(io_error(&path, "cannot be read")(cause)),
            }
        }
        let text = match current(db)? {
            None => None,
            Some(name) => {
                let path = db.join(&name);
                match fs::read(&path) {
                    Ok(text) => Some((name, text)),
                    Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing(path)),
                    Err(cause) => return Err(io_error(&path, "cannot be read")(cause)),
                }
            }
        };
        let (tables, after) = listed(db)?;
        // The owner has begun a log after the logs were opened.
        if after.last() > logs.keys().next_back() {
            return Err(OpenError::Busy(db.to_owned()));
        }
        let Some((name, bytes)) = &text else {
            // The engine writes `CURRENT` last when it creates a directory.
            if tables.is_empty() && logs.is_empty() {
                return Ok(Frozen { db: db.to_owned(), text, manifest: Manifest::default(), logs });
            }
            return Err(missing(db.join(CURRENT)));
        };
        let path = db.join(name);
        let read = Manifest::read(bytes.as_slice());
        let (manifest, ending) = read.map_err(io_error(&path, "cannot be read"))?;
        if let Ending::Damaged { offset, what } = ending {
            return Err(Damage { file: path, offset: Some(offset), what }.into());
        }
        if let Some(table) = manifest.tables.iter().find(|number| !tables.contains(*number)) {
            return Err(missing(db.join(table_name(*table))));
        }
        Ok(Frozen { db: db.to_owned(), text, manifest, logs })
    }

    /// Checks whether the logs are whole. Faults are reported in the returned value.
    pub(crate) fn examine(&self) -> Result<Examined, OpenError> {
        let mut examined = Examined { is_new: self.text.is_none(), ..Examined::default() };
        examined.damage = self.read_logs(&mut examined)?;
        if examined.damage.is_some() {
            examined.unfinished = None;
        }
        let last = examined.logs.last().map_or(0, |(number, _)| *number);
        examined.is_one_moment =
            examined.damage.is_none() || self.manifest.flushed.values().all(|flushed| *flushed <= last);
        Ok(examined)
    }

    /// Reads the logs that hold something which is in no table, until the first fault.
    fn read_logs(&self, examined: &mut Examined) -> Result<Option<Damage>, OpenError> {
        let Examined { logs, unfinished, .. } = examined;
        let manifest = &self.manifest;
        let file = |number| self.db.join(log_name(number));
        let first = manifest.first_log();
        // The first log that was closed and must exist, but does not. Only the logs before it are read.
        let gone =
            manifest.closed.range(first..).map(|(number, _)| *number).find(|n| !self.logs.contains_key(n));
        // The number that the next commit's first change must have.
        let mut next = None;
        for (&number, log) in self.logs.range(first..gone.unwrap_or(u64::MAX).max(first)) {
            let path = file(number);
            let unread = || io_error(&path, "cannot be read");
            let size = log.metadata().map_err(unread())?.len();
            let ending = records::read(log, BATCH_HEAD, |_, head| {
                let (change, count) = batch(head).ok_or("the record is no commit")?;
                match next.replace(change + u64::from(count)) {
                    Some(expected) if expected != change => {
                        Err(format!("holds change {change}, where change {expected} must be"))
                    }
                    _ if unfinished.is_some() => Err("follows a log whose end is missing".to_owned()),
                    _ => Ok(()),
                }
            })
            .map_err(unread())?;
            let closed_at = manifest.closed.get(&number).copied();
            let (offset, what) = match ending {
                Ending::Whole if closed_at.is_some_and(|closed| size < closed) => {
                    logs.push((number, size));
                    (size, format!("its end is missing: must have {} bytes", closed_at.unwrap_or_default()))
                }
                Ending::Whole => {
                    logs.push((number, size));
                    continue;
                }
                // A log that was synced and closed was whole at that time, so this end is damage.
                Ending::Unfinished { offset } if closed_at.is_some() => {
                    logs.push((number, offset));
                    (offset, "its end is missing".to_owned())
                }
                Ending::Unfinished { offset } => {
                    logs.push((number, offset));
                    let bytes = size.saturating_sub(offset);
                    *unfinished = Some(UnfinishedCommit { log: path, offset, bytes });
                    continue;
                }
                // The damage is at that unfinished end, not where it is noticed.
                Ending::Damaged { .. } if unfinished.is_some() => {
                    let Some(UnfinishedCommit { log, offset, .. }) = unfinished.take() else { continue };
                    let what = format!("its end is missing, and {} goes on", log_name(number));
                    return Ok(Some(Damage { file: log, offset: Some(offset), what }));
                }
                Ending::Damaged { offset, what } => {
                    logs.push((number, offset));
                    (offset, what)
                }
            };
            return Ok(Some(Damage { file: path, offset: Some(offset), what }));
        }
        if let Some(gone) = gone {
            return Ok(Some(Damage { file: file(gone), offset: None, what: "is missing".to_owned() }));
        }
        // The youngest log was never closed, so the `MANIFEST` shows only which number some log must have reached.
        let last = manifest.last_log();
        if last > 0 && self.logs.keys().next_back().is_none_or(|youngest| *youngest < last) {
            let what = "is missing, and so is any log that replaced it".to_owned();
            return Ok(Some(Damage { file: file(last), offset: None, what }));
        }
        Ok(None)
    }
}

fn missing(file: PathBuf) -> OpenError {
    Damage { file, offset: None, what: "is missing".to_owned() }.into()
}

/// Returns the name in `CURRENT`.
fn current(db: &Path) -> Result<Option<String>, OpenError> {
    let path = db.join(CURRENT);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(io_error(&path, "cannot be read")(cause)),
    };
    let name = str::from_utf8(&text).ok().and_then(|text| text.strip_suffix('\n'));
    match name.filter(|name| number_of(name, "MANIFEST-", "").is_some()) {
        Some(name) => Ok(Some(name.to_owned())),
        None => {
            let what = "does not name a MANIFEST".to_owned();
            Err(Damage { file: path, offset: None, what }.into())
        }
    }
}

fn number_of(name: &str, before: &str, after: &str) -> Option<u64> {
    let digits = name.strip_prefix(before)?.strip_suffix(after)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// Returns the numbers of the tables and of the logs. Both are empty if there is no directory.
fn listed(db: &Path) -> Result<(BTreeSet<u64>, BTreeSet<u64>), OpenError> {
    let (mut tables, mut logs) = (BTreeSet::new(), BTreeSet::new());
    let entries = match fs::read_dir(db) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((tables, logs)),
        Err(cause) => return Err(io_error(db, "cannot be read")(cause)),
    };
    for entry in entries {
        let name = entry.map_err(io_error(db, "cannot be read"))?.file_name();
        let Some(name) = name.to_str() else { continue };
        tables.extend(number_of(name, "", ".sst"));
        logs.extend(number_of(name, "", ".log"));
    }
    Ok((tables, logs))
}

/// Every commit begins with the number of its first change and the count of its changes.
const BATCH_HEAD: usize = 12;

fn batch(head: &[u8]) -> Option<(u64, u32)> {
    let (sequence, count) = head.split_first_chunk()?;
    Some((u64::from_le_bytes(*sequence), u32::from_le_bytes(*count.first_chunk()?)))
}

/// Returns the numbers of all logs.
pub(crate) fn logs(db: &Path) -> Result<BTreeSet<u64>, OpenError> {
    Ok(listed(db)?.1)
}

/// Returns the names of all logs, and the name and length of the `MANIFEST` that `CURRENT` names. While these stay
/// the same, the owner has removed nothing.
pub(crate) fn fingerprint(db: &Path) -> Result<BTreeMap<String, u64>, OpenError> {
    let mut found = BTreeMap::new();
    for log in listed(db)?.1 {
        found.insert(log_name(log), 0);
    }
    if let Ok(Some(name)) = current(db) {
        let length = fs::metadata(db.join(&name)).map_or(0, |metadata| metadata.len());
        found.insert(name, length);
    }
    Ok(found)
}
