//! The errors of a store: classes by what the registry does next, without the codes of any engine.

use std::error::Error as Cause;

/// Why a store could not read or did not apply a write.
///
/// The engine's own error is the [`source`](std::error::Error::source). It is not part of the message, so that a chain
/// of errors prints it once.
///
/// ```
/// use rollbook::store::StoreError;
/// use std::error::Error;
///
/// let full = std::io::Error::other("no space left on the disk");
/// let error = StoreError::Unavailable { what: "writing the log", cause: Some(Box::new(full)) };
/// assert_eq!(error.to_string(), "the store is unavailable: writing the log");
/// assert_eq!(error.source().unwrap().to_string(), "no space left on the disk");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A check of the write set does not hold. Nothing was applied; the caller reads and plans again.
    #[error("a concurrent write came first: {what}")]
    Conflict {
        /// The check that failed.
        what: Conflicted,
    },
    /// The store cannot do this now. Nothing was applied; the same call may succeed later.
    #[error("the store is unavailable: {what}")]
    Unavailable {
        /// What was being done.
        what: &'static str,
        /// The engine's error.
        #[source]
        cause: Option<Box<dyn Cause + Send + Sync>>,
    },
    /// The whole write set was applied, or nothing of it was. It must not be retried without reading first.
    #[error("the outcome of the write is unknown: {what}")]
    OutcomeUnknown {
        /// What was being done.
        what: &'static str,
        /// The engine's error.
        #[source]
        cause: Option<Box<dyn Cause + Send + Sync>>,
    },
    /// The call exceeds a limit of the store. Nothing was applied, and the same call will never succeed.
    #[error("{what}: must be at most {limit}: got {actual}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The maximum that the store accepts.
        limit: u64,
        /// The size that was given.
        actual: u64,
    },
    /// Stored data does not decode or contradicts itself.
    #[error("stored data is corrupt: {what}")]
    Corrupt {
        /// Where the data is, and what is wrong with it.
        what: String,
        /// The engine's error.
        #[source]
        cause: Option<Box<dyn Cause + Send + Sync>>,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Creates a [`StoreError::Conflict`] over `what`.
    ///
    /// ```
    /// use rollbook::store::{Conflicted, StoreError};
    /// let error = StoreError::conflict(Conflicted::KeyFull);
    /// assert_eq!(error.to_string(), "a concurrent write came first: the key has no room for another device");
    /// ```
    #[must_use]
    pub fn conflict(what: Conflicted) -> Self {
        StoreError::Conflict { what }
    }

    /// Creates a [`StoreError::Corrupt`] for damage that the store itself found, without an engine's error.
    ///
    /// ```
    /// use rollbook::store::StoreError;
    /// let error = StoreError::corrupt("slot 7 of ios: no record");
    /// assert_eq!(error.to_string(), "stored data is corrupt: slot 7 of ios: no record");
    /// ```
    pub fn corrupt(what: impl Into<String>) -> Self {
        StoreError::Corrupt { what: what.into(), cause: None }
    }
}

/// The kinds of checks that did not hold.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Check, Conflicted, Store, StoreError, WriteSet};
/// use rollbook_testkit::example;
///
/// let absent = Check::Absent { id: "phone".parse()? };
/// let writes = WriteSet { checks: vec![absent].into(), ..WriteSet::default() };
/// let refused = example::registry().store().commit(AppId(1), &writes).unwrap_err();
/// assert!(matches!(refused, StoreError::Conflict { what: Conflicted::DeviceExists }));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conflicted {
    /// The device exists already.
    DeviceExists,
    /// The device no longer fills its slot, or the slot holds another device.
    DeviceGone,
    /// The device has another version.
    DeviceChanged,
    /// The key names more devices than allowed.
    KeyFull,
    /// The device carries more keys than allowed.
    DeviceFull,
    /// A device has a key that it should not have, or lacks one that it should.
    LinkChanged,
    /// The device was seen since.
    DeviceSeen,
    /// The catalogue entry has another version.
    EntryChanged,
    /// The app is sealed.
    Sealed,
}

impl std::fmt::Display for Conflicted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Conflicted::DeviceExists => "the device exists already",
            Conflicted::DeviceGone => "the device is gone",
            Conflicted::DeviceChanged => "the device has changed",
            Conflicted::KeyFull => "the key has no room for another device",
            Conflicted::DeviceFull => "the device has no room for another key",
            Conflicted::LinkChanged => "the device has gained or lost the key",
            Conflicted::DeviceSeen => "the device was seen",
            Conflicted::EntryChanged => "the catalogue entry has changed",
            Conflicted::Sealed => "the app is being deleted",
        })
    }
}
