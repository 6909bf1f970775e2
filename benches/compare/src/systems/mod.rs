//! The systems, one file each. A new system is a new file and a new line in [`SYSTEMS`].

mod by_hand;
mod redis;
#[cfg(feature = "rocks")]
mod rocks;
mod rollbook;
mod sqlite;

use crate::system::Build;

/// The names of the systems and the functions that build them, in the order of the columns. Systems built together share
/// their data.
pub(crate) const SYSTEMS: &[(&[&str], Build)] = &[
    (&["rollbook-mem"], rollbook::in_memory),
    #[cfg(feature = "rocks")]
    (&["rollbook-rocks", "rocksdb-raw"], rocks::build),
    (&["by-hand"], by_hand::build),
    (&["sqlite"], sqlite::build),
    (&["redis", "redis-pipelined"], redis::build),
];
