//! The conformance suite and the races.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{OnDisk, options, synced};
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::{Fixture, Race, run_some};
use tempfile::TempDir;

rollbook_testkit::conformance!(OnDisk(options));

#[test]
fn what_is_synced_is_durable_too() {
    let report = run_some(&OnDisk(synced), |name| name.starts_with("durability::"));
    assert!(report.is_clean() && report.passed.len() > 5, "{report}");
}

fn fresh() -> (RocksStore, TempDir) {
    let directory = OnDisk(options).guard();
    (OnDisk(options).open(&directory), directory)
}

#[test]
fn a_device_is_always_seen_in_one_of_its_states() {
    let (store, _directory) = fresh();
    assert!(Race::default().states_never_mix(store) > 2, "the readers read while the writers wrote");
}

#[test]
fn an_audience_being_read_never_reports_a_device_that_replaced_another() {
    let (store, _directory) = fresh();
    let reads = Race::default().a_replacement_is_never_reported(store);
    assert!(reads > 2, "the readers read while the writers wrote");
}
