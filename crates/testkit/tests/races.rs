//! Races on the small store.

use rollbook_testkit::Race;
use rollbook_testkit::ordered::OrderedStore;

#[test]
fn a_device_is_always_seen_in_one_of_its_states() {
    let reads = Race::default().states_never_mix(OrderedStore::new());
    assert!(reads > 2, "the readers read while the writers wrote");
}

#[test]
fn an_audience_being_read_never_reports_a_device_that_replaced_another() {
    let reads = Race::default().a_replacement_is_never_reported(OrderedStore::new());
    assert!(reads > 2, "the readers read while the writers wrote");
}
