//! Audiences on the durable store.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::open;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::audiences::{AudienceRace, Scene, conditions};
use tempfile::TempDir;

fn fresh() -> (RocksStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (open(&directory.path().join("store")), directory)
}

proptest! {
    // A store on disk takes time to open, so there are few cases, each with thousands of reads.
    #![proptest_config(Config { cases: 60, ..Config::default() })]

    #[test]
    fn every_answer_is_that_of_judging_each_device(
        scene in Scene::strategy(60),
        asked in prop::collection::vec(conditions(), 1..5),
    ) {
        let (store, _directory) = fresh();
        scene.check(store, &asked).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_device_that_stays_is_on_one_page_and_in_one_batch() {
    let (store, _directory) = fresh();
    assert!(AudienceRace::default().who_stays_is_told_once(store) > 1);
}

#[test]
fn a_stream_belongs_to_one_instant_though_its_tag_is_deleted_and_made_again() {
    let (store, _directory) = fresh();
    assert!(AudienceRace::default().a_tag_made_again_is_another(store) > 1);
}

#[test]
fn a_reader_that_never_finishes_holds_up_nobody_and_keeps_nothing() {
    let (store, _directory) = fresh();
    let race = AudienceRace { devices: 3_000, writes: 3_000 };
    race.a_reader_that_stops_holds_up_nobody(store, |store| {
        store.compact().unwrap();
        let stats = store.stats().unwrap();
        assert_eq!(stats.snapshots, 0, "a stream rests on none");
        stats.families.iter().map(|family| family.table_bytes).sum()
    });
}
