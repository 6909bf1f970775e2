//! The register that the commands work on: in memory, gone when the program ends.

use rollbook::{App, Registry};
use rollbook_store_mem::MemStore;

/// A register in memory.
pub(crate) type Register = Registry<MemStore>;

/// One app of it.
pub(crate) type Devices = App<MemStore>;
