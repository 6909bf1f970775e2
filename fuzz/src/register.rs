//! Operations on a register in memory: every result equals the model's.

use rollbook_store_mem::MemStore;
use rollbook_testkit::check::check;
use rollbook_testkit::op::ops_of;

/// Runs the operations on a register and on the model.
pub fn run(bytes: &[u8]) {
    if let Err(mismatch) = check(&ops_of(bytes), MemStore::new) {
        panic!("{mismatch}");
    }
}
