//! A register on the store in memory answers as the model does, whatever is done to it.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_store_mem::MemStore;
use rollbook_testkit::check::check;
use rollbook_testkit::op::ops_strategy;

proptest! {
    #![proptest_config(Config { cases: 2_000, ..Config::default() })]

    #[test]
    fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
        if let Err(mismatch) = check(&ops, MemStore::new) {
            return Err(TestCaseError::fail(mismatch.to_string()));
        }
    }
}
