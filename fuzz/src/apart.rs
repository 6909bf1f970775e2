//! Operations on two apps that share every name: the two are isolated.

use rollbook_store_mem::MemStore;
use rollbook_testkit::check::check_apart;
use rollbook_testkit::op::ops_of;

/// Runs the operations of one app, then those of the other, while the first is compared.
pub fn run(bytes: &[u8]) {
    if let Err(leak) = check_apart(&ops_of(bytes), MemStore::new) {
        panic!("{leak}");
    }
}
