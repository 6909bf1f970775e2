//! Every verb on the small store, with a fault at every one of its calls.

use rollbook_testkit::faults;
use rollbook_testkit::ordered::OrderedStore;

#[test]
fn no_fault_leaves_a_register_between_two_states() {
    let swept = faults::every_verb(OrderedStore::new).unwrap_or_else(|unsound| panic!("{unsound}"));
    println!("{swept}");
    assert!(swept.verbs.len() > 60 && swept.faults > 5_000, "{swept}");
}
