//! Batches over few names on a register in memory: every answer is the model's.

use rollbook_store_mem::MemStore;
use rollbook_testkit::check::check;
use rollbook_testkit::op::crowded_ops_of;

/// Does the batches to a register and to the model.
pub fn run(bytes: &[u8]) {
    if let Err(mismatch) = check(&crowded_ops_of(bytes), MemStore::new) {
        panic!("{mismatch}");
    }
}
