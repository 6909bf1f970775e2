//! Operations on a register on disk: every answer is the model's.

use rollbook::store::Durability;
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::check::check;
use rollbook_testkit::op::ops_of;

/// Does the operations to a register and to the model.
pub fn run(bytes: &[u8]) {
    let directory = match tempfile::tempdir() {
        Ok(directory) => directory,
        Err(error) => panic!("no directory for the store: {error}"),
    };
    let options =
        RocksOptions { durability: Durability::Buffered, memory_bytes: 8 << 20, ..RocksOptions::default() };
    let open = || match RocksStore::open(directory.path().join("store"), &options) {
        Ok(store) => store,
        Err(error) => panic!("the store does not open: {error}"),
    };
    if let Err(mismatch) = check(&ops_of(bytes), open) {
        panic!("{mismatch}");
    }
}
