//! The conformance suite and the races, on the store in memory.

use rollbook_store_mem::{MemOptions, MemStore};
use rollbook_testkit::{Fixture, Race};

struct Memory;

impl Fixture for Memory {
    type Store = MemStore;
    type Guard = ();

    fn guard(&self) {}

    fn open(&self, (): &()) -> MemStore {
        MemStore::new()
    }

    fn open_at(&self, (): &(), first_ordinal: u32) -> Option<MemStore> {
        Some(MemStore::with_options(MemOptions { first_ordinal, ..MemOptions::default() }))
    }
}

rollbook_testkit::conformance!(Memory);

#[test]
fn a_device_is_always_seen_in_one_of_its_states() {
    assert!(
        Race::default().states_never_mix(MemStore::new()) > 2,
        "the readers read while the writers wrote"
    );
}

#[test]
fn an_audience_being_read_never_reports_a_device_that_replaced_another() {
    let reads = Race::default().a_replacement_is_never_reported(MemStore::new());
    assert!(reads > 2, "the readers read while the writers wrote");
}
