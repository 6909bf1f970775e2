//! The small numbers that callers and stores share: apps, versions, positions in the log.

use serde::{Deserialize, Serialize};

/// An app's number inside one register. Never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(pub u32);

impl AppId {
    /// The space that holds the register's own catalogue: which apps there are. No device lives in it.
    pub const DIRECTORY: AppId = AppId(0);
}

/// The number of a commit inside one app: the first is 1, and each that is applied is one more.
///
/// A view belongs to the version it shows; a device's version is that of the commit that last changed it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A position in an app's log: the number of an event, in the order of posting, from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventSeq(pub u64);
