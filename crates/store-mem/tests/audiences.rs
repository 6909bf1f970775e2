//! Audiences on the store in memory.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook::AppId;
use rollbook_store_mem::MemStore;
use rollbook_testkit::audiences::{AudienceRace, Scene, conditions};

proptest! {
    #![proptest_config(Config { cases: 1_000, ..Config::default() })]

    #[test]
    fn every_answer_is_that_of_judging_each_device(
        scene in Scene::strategy(60),
        asked in prop::collection::vec(conditions(), 1..5),
    ) {
        scene.check(MemStore::new(), &asked).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_device_that_stays_is_on_one_page_and_in_one_batch() {
    assert!(AudienceRace::default().who_stays_is_told_once(MemStore::new()) > 1);
}

#[test]
fn a_stream_belongs_to_one_instant_though_its_tag_is_deleted_and_made_again() {
    assert!(AudienceRace::default().a_tag_made_again_is_another(MemStore::new()) > 1);
}

#[test]
fn a_reader_that_never_finishes_holds_up_nobody_and_keeps_nothing() {
    let race = AudienceRace { devices: 3_000, writes: 9_000 };
    race.a_reader_that_stops_holds_up_nobody(MemStore::new(), |store| {
        store.memory(AppId(1)).unwrap().bytes() as u64
    });
}
