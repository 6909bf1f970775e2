//! From the engine's errors to the contract's classes.

use crate::bytes::Malformed;
use crate::families::Family;
use rocksdb::ErrorKind;
use rollbook::store::StoreError;
use std::error::Error;
use std::io;

type Cause = Box<dyn Error + Send + Sync>;

/// As [`io::ErrorKind::StorageFull`] it is told by whoever knows no engine.
#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull(#[source] rocksdb::Error);

/// Whether the engine found no room for what it had to write.
pub(crate) fn is_full(cause: &rocksdb::Error) -> bool {
    cause.kind() == ErrorKind::IOError && cause.as_ref().contains("No space left")
}

fn boxed(cause: rocksdb::Error) -> Cause {
    if is_full(&cause) {
        return Box::new(io::Error::new(io::ErrorKind::StorageFull, DiskFull(cause)));
    }
    Box::new(cause)
}

/// A cause once more, of the same kind and words.
pub(crate) fn again(cause: &(dyn Error + 'static)) -> Cause {
    match cause.downcast_ref::<io::Error>() {
        Some(known) => Box::new(io::Error::new(known.kind(), known.to_string())),
        None => cause.to_string().into(),
    }
}

/// A read that failed: nothing was applied, whatever it was part of.
pub(crate) fn read(what: &'static str) -> impl FnOnce(rocksdb::Error) -> StoreError {
    move |cause| match cause.kind() {
        ErrorKind::Corruption => corrupt(what, cause),
        // A file that the engine's own list of files names is gone.
        ErrorKind::IOError if cause.as_ref().contains("No such file") => corrupt(what, cause),
        _ => StoreError::Unavailable { what, cause: Some(boxed(cause)) },
    }
}

fn corrupt(what: &str, cause: rocksdb::Error) -> StoreError {
    StoreError::Corrupt { what: what.to_owned(), cause: Some(Box::new(cause)) }
}

/// A write that failed.
///
/// The engine appends a batch to its log, forces the log to disk, and only then shows the batch. A batch that found
/// no space in the log was not appended whole, and recovery drops an unfinished end; one that was refused because a
/// table had found none was not appended at all. Whatever else went wrong, also with the engine's list of files, may
/// have happened after the bytes were there: a later opening may find the batch, so nobody knows.
pub(crate) fn write(what: &'static str, cause: rocksdb::Error) -> StoreError {
    let text: &str = cause.as_ref();
    match cause.kind() {
        ErrorKind::Corruption => corrupt(what, cause),
        ErrorKind::IOError
            if is_full(&cause)
                && (text.contains(".sst") || (text.contains(".log") && text.contains("ppend"))) =>
        {
            StoreError::Unavailable { what, cause: Some(boxed(cause)) }
        }
        ErrorKind::IOError | ErrorKind::Unknown => {
            StoreError::OutcomeUnknown { what, cause: Some(boxed(cause)) }
        }
        _ => StoreError::Unavailable { what, cause: Some(boxed(cause)) },
    }
}

/// A value or key that does not decode.
pub(crate) fn malformed(family: Family, key: &[u8]) -> impl FnOnce(Malformed) -> StoreError {
    move |Malformed(what)| {
        let key: String =
            key.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
        StoreError::corrupt(format!("{}, key \"{key}\": {what}", family.name()))
    }
}

/// Two records that contradict each other.
pub(crate) fn contradiction<T>(what: &str) -> Result<T, StoreError> {
    Err(StoreError::corrupt(what))
}
