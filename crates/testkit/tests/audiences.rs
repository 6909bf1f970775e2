//! Audiences on the small store.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_testkit::audiences::{AudienceRace, Scene, conditions};
use rollbook_testkit::ordered::OrderedStore;

proptest! {
    #![proptest_config(Config { cases: 300, ..Config::default() })]

    #[test]
    fn every_answer_is_that_of_judging_each_device(
        scene in Scene::strategy(60),
        asked in prop::collection::vec(conditions(), 1..5),
    ) {
        scene.check(OrderedStore::new(), &asked).map_err(TestCaseError::fail)?;
    }
}

#[test]
fn a_device_that_stays_is_on_one_page_and_in_one_batch() {
    assert!(AudienceRace::default().who_stays_is_told_once(OrderedStore::new()) > 1);
}

#[test]
fn a_stream_belongs_to_one_instant_though_its_tag_is_deleted_and_made_again() {
    assert!(AudienceRace::default().a_tag_made_again_is_another(OrderedStore::new()) > 1);
}

#[test]
fn a_reader_that_never_finishes_holds_up_nobody() {
    let race = AudienceRace { devices: 1_500, writes: 50 };
    race.a_reader_that_stops_holds_up_nobody(OrderedStore::new(), |_| 0);
}
