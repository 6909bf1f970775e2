//! Every operation of a register on the store in memory, with a fault at each of its store calls.

use rollbook_store_mem::MemStore;
use rollbook_testkit::faults;

#[test]
fn no_fault_leaves_a_register_between_two_states() {
    let swept = faults::every_verb(MemStore::new).unwrap_or_else(|unsound| panic!("{unsound}"));
    assert!(swept.verbs.len() > 60 && swept.faults > 5_000, "{swept}");
}
