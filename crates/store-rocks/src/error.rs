//! From the engine's errors to the contract's classes.

use crate::bytes::Malformed;
use crate::families::Family;
use rocksdb::ErrorKind;
use rollbook::store::StoreError;

/// A read that failed: nothing was applied, whatever it was part of.
pub(crate) fn read(what: &'static str) -> impl FnOnce(rocksdb::Error) -> StoreError {
    move |cause| match cause.kind() {
        ErrorKind::Corruption => corrupt(what, cause),
        // A file that the engine's own list of files names is gone.
        ErrorKind::IOError if cause.as_ref().contains("No such file") => corrupt(what, cause),
        _ => StoreError::Unavailable { what, cause: Some(Box::new(cause)) },
    }
}

fn corrupt(what: &str, cause: rocksdb::Error) -> StoreError {
    StoreError::Corrupt { what: what.to_owned(), cause: Some(Box::new(cause)) }
}

/// A write that failed.
///
/// The engine appends a batch to its log, forces the log to disk, and only then shows the batch. A batch that found
/// no space was not appended whole, and recovery drops an unfinished end. Whatever else went wrong with the file may
/// have happened after the bytes were there: a later opening may find the batch, so nobody knows.
pub(crate) fn write(what: &'static str, cause: rocksdb::Error) -> StoreError {
    let text: &str = cause.as_ref();
    match cause.kind() {
        ErrorKind::Corruption => corrupt(what, cause),
        ErrorKind::IOError if text.contains("No space left") && text.contains("ppend") => {
            StoreError::Unavailable { what, cause: Some(Box::new(cause)) }
        }
        ErrorKind::IOError | ErrorKind::Unknown => {
            StoreError::OutcomeUnknown { what, cause: Some(Box::new(cause)) }
        }
        _ => StoreError::Unavailable { what, cause: Some(Box::new(cause)) },
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
