//! Opening for reading beside an owner that goes on writing.

use crate::format;
use crate::open::OpenError;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;

/// How often a reader looks again when its owner has replaced files while they were opened.
const TRIES: u32 = 64;

/// Opens until the owner has removed nothing meanwhile.
///
/// The engine reads the list of tables first and the logs afterwards. Where the owner writes a log out to a table and
/// removes it between the two, the engine finds neither, and says nothing of it: what was in the log would be missing.
/// A log is only removed after a younger one was begun, so the same logs before and after mean that none is missing.
pub(crate) fn opened<T>(path: &Path, open: impl Fn() -> Result<T, OpenError>) -> Result<T, OpenError> {
    let mut before = logs(path)?;
    for _ in 0..TRIES {
        let opened = open();
        let after = logs(path)?;
        let vanished = matches!(&opened, Err(OpenError::Engine { cause, .. })
            if cause.as_ref().contains("No such file"));
        if before == after && !vanished {
            return opened;
        }
        before = after;
    }
    Err(OpenError::Busy(path.to_owned()))
}

/// The names of the engine's logs of commits.
fn logs(path: &Path) -> Result<BTreeSet<OsString>, OpenError> {
    let directory = format::engine_directory(path);
    let unread = || format::io_error(&directory, "cannot be read");
    let mut logs = BTreeSet::new();
    for entry in fs::read_dir(&directory).map_err(unread())? {
        let name = entry.map_err(unread())?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "log") {
            logs.insert(name);
        }
    }
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn directory() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(format::engine_directory(directory.path())).unwrap();
        log(directory.path(), 1);
        directory
    }

    fn log(path: &Path, number: u32) {
        fs::write(format::engine_directory(path).join(format!("{number:06}.log")), "").unwrap();
    }

    #[test]
    fn a_log_that_is_replaced_meanwhile_makes_the_reader_look_again() {
        let directory = directory();
        let times = Cell::new(0);
        let opened = opened(directory.path(), || {
            times.set(times.get() + 1);
            if times.get() < 3 {
                log(directory.path(), 1 + times.get());
            }
            Ok(times.get())
        });
        assert_eq!(opened.unwrap(), 3);
    }

    #[test]
    fn a_reader_that_is_never_quick_enough_is_told_so() {
        let directory = directory();
        let times = Cell::new(1);
        let refused = opened(directory.path(), || {
            times.set(times.get() + 1);
            log(directory.path(), times.get());
            Ok(())
        });
        assert!(matches!(refused, Err(OpenError::Busy(_))), "{refused:?}");
    }
}
