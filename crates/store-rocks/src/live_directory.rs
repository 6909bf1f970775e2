//! Reading a directory whose owner goes on writing.

use crate::format;
use crate::open::OpenError;
use crate::wal::{fingerprint, logs};
use std::path::Path;

/// How often a read is repeated because the owner has replaced files meanwhile.
const TRIES: u32 = 64;

/// Repeats work on the files of a store as long as it fails while the owner replaces files.
///
/// A failure counts only if the owner has changed nothing meanwhile; otherwise a file may just have been removed.
pub(crate) fn settled<T>(path: &Path, work: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let directory = format::engine_directory(path);
    for _ in 0..TRIES {
        let before = fingerprint(&directory)?;
        match work() {
            Err(_) if fingerprint(&directory)? != before => {}
            done => return done,
        }
    }
    Err(OpenError::Busy(path.to_owned()))
}

/// Like [`settled`], for work that finds the logs by their names: it is also repeated if the owner has replaced a log
/// meanwhile.
///
/// The engine reads the list of tables first and the logs afterwards. If the owner flushes a log to a table and
/// removes the log between the two, the engine finds neither and reports nothing, and the contents of the log would
/// be missing. A log is only removed after a younger one was begun, so if the logs before and after are the same,
/// none is missing.
pub(crate) fn with_the_same_logs<T>(
    path: &Path,
    work: impl Fn() -> Result<T, OpenError>,
) -> Result<T, OpenError> {
    let directory = format::engine_directory(path);
    settled(path, || {
        let before = logs(&directory)?;
        let done = work()?;
        if logs(&directory)? == before { Ok(done) } else { Err(OpenError::Busy(path.to_owned())) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::fs;

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(format::engine_directory(directory.path())).unwrap();
        log(directory.path(), 1);
        directory
    }

    fn write(path: &Path, name: &str, text: &str) {
        fs::write(format::engine_directory(path).join(name), text).unwrap();
    }

    fn log(path: &Path, number: u32) {
        write(path, &format!("{number:06}.log"), "");
    }

    #[test]
    fn a_log_that_is_replaced_meanwhile_makes_the_reader_look_again() {
        let directory = directory();
        let times = Cell::new(0);
        let opened = with_the_same_logs(directory.path(), || {
            times.set(times.get() + 1);
            if times.get() < 3 {
                log(directory.path(), 1 + times.get());
            }
            Ok(times.get())
        });
        assert_eq!(opened.unwrap(), 3);
    }

    #[test]
    fn a_failure_counts_only_where_the_owner_has_changed_nothing() {
        let directory = directory();
        write(directory.path(), "CURRENT", "MANIFEST-000004\n");
        let times = Cell::new(0);
        let failed = settled(directory.path(), || -> Result<(), _> {
            times.set(times.get() + 1);
            write(directory.path(), "MANIFEST-000004", ["", "x", "xy"][times.get().min(2)]);
            Err(OpenError::Missing(directory.path().join(times.get().to_string())))
        });
        assert!(matches!(failed, Err(OpenError::Missing(path)) if path.ends_with("3")));
    }

    #[test]
    fn a_reader_that_is_never_quick_enough_is_told_so() {
        let directory = directory();
        let times = Cell::new(1);
        let refused = with_the_same_logs(directory.path(), || {
            times.set(times.get() + 1);
            log(directory.path(), times.get());
            Ok(())
        });
        assert!(matches!(refused, Err(OpenError::Busy(_))), "{refused:?}");
    }
}
