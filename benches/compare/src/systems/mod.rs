//! The systems, one file each. Another one is another file and another line here.

mod by_hand;
mod redis;
#[cfg(feature = "rocks")]
mod rocks;
mod rollbook;
mod sqlite;

use crate::system::Build;

/// The names of the systems and how they are made, in the order in which they are shown. One that makes several shares
/// the data among them.
pub(crate) const SYSTEMS: &[(&[&str], Build)] = &[
    (&["rollbook-mem"], rollbook::in_memory),
    #[cfg(feature = "rocks")]
    (&["rollbook-rocks", "rocksdb-raw"], rocks::build),
    (&["by-hand"], by_hand::build),
    (&["sqlite"], sqlite::build),
    (&["redis", "redis-pipelined"], redis::build),
];
