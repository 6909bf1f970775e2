//! Conversion of the engine's errors to the classes of the store contract.

use crate::bytes::Malformed;
use crate::families::Family;
use rocksdb::ErrorKind;
use rollbook::store::StoreError;
use std::error::Error;
use std::io;

type Cause = Box<dyn Error + Send + Sync>;

/// A full disk. Its kind is [`io::ErrorKind::StorageFull`], so that callers that know no engine can recognize it.
#[derive(Debug, thiserror::Error)]
#[error("the disk is full")]
struct DiskFull(#[source] rocksdb::Error);

/// Returns whether the engine found no room for what it had to write.
pub(crate) fn is_full(cause: &rocksdb::Error) -> bool {
    cause.kind() == ErrorKind::IOError && cause.as_ref().contains("No space left")
}

fn boxed(cause: rocksdb::Error) -> Cause {
    if is_full(&cause) {
        return Box::new(io::Error::new(io::ErrorKind::StorageFull, DiskFull(cause)));
    }
    Box::new(cause)
}

/// Copies a cause: the same kind and words.
pub(crate) fn again(cause: &(dyn Error + 'static)) -> Cause {
    match cause.downcast_ref::<io::Error>() {
        Some(known) => Box::new(io::Error::new(known.kind(), known.to_string())),
        None => cause.to_string().into(),
    }
}

/// Converts the error of a failed read: nothing was applied, whatever the read was part of.
pub(crate) fn read(what: &'static str) -> impl FnOnce(rocksdb::Error) -> StoreError {
    move |cause| match cause.kind() {
        ErrorKind::Corruption => corrupt(what, cause),
        // A file that the engine's `MANIFEST` names is gone.
        ErrorKind::IOError if cause.as_ref().contains("No such file") => corrupt(what, cause),
        _ => StoreError::Unavailable { what, cause: Some(boxed(cause)) },
    }
}

fn corrupt(what: &str, cause: rocksdb::Error) -> StoreError {
    StoreError::Corrupt { what: what.to_owned(), cause: Some(Box::new(cause)) }
}

/// Converts the error of a failed write.
///
/// The engine appends a batch to its log, forces the log to disk, and only then makes the batch visible. A batch that
/// found no space in the log was not appended whole, and recovery drops an unfinished end; one that was refused
/// because a table had found no space was not appended at all. Any other failure, also one of the `MANIFEST`, may
/// have happened after the bytes were in the log. A later opening may then find the batch, so the outcome is unknown.
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

/// Converts the error of a value or key that does not decode.
pub(crate) fn malformed(family: Family, key: &[u8]) -> impl FnOnce(Malformed) -> StoreError {
    move |Malformed(what)| {
        let key: String =
            key.iter().flat_map(|byte| std::ascii::escape_default(*byte)).map(char::from).collect();
        StoreError::corrupt(format!("{}, key \"{key}\": {what}", family.name()))
    }
}

/// Fails because two records contradict each other.
pub(crate) fn contradiction<T>(what: &str) -> Result<T, StoreError> {
    Err(StoreError::corrupt(what))
}
