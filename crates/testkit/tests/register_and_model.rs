//! A register on the small store answers as the model does, whatever is done to it.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_testkit::check::check;
use rollbook_testkit::op::ops_strategy;
use rollbook_testkit::ordered::OrderedStore;

proptest! {
    #![proptest_config(Config { cases: 2_000, ..Config::default() })]

    #[test]
    fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
        if let Err(mismatch) = check(&ops, OrderedStore::new) {
            return Err(TestCaseError::fail(mismatch.to_string()));
        }
    }
}
