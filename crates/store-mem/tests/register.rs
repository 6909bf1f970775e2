//! A register on the store in memory behaves as the model does in every sequence of operations, and its apps are
//! isolated.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_store_mem::MemStore;
use rollbook_testkit::check::{check_apart, check_shortest};
use rollbook_testkit::op::{crowded_ops_strategy, ops_strategy};

proptest! {
    #![proptest_config(Config { cases: 2_000, max_shrink_iters: 0, ..Config::default() })]

    #[test]
    fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
        check_shortest(&ops, MemStore::new).map_err(|mismatch| TestCaseError::fail(mismatch.to_string()))?;
    }

    #[test]
    fn every_answer_to_batches_over_few_names_is_the_models(ops in crowded_ops_strategy(40..=40)) {
        check_shortest(&ops, MemStore::new).map_err(|mismatch| TestCaseError::fail(mismatch.to_string()))?;
    }
}

proptest! {
    #![proptest_config(Config { cases: 300, max_shrink_iters: 0, ..Config::default() })]

    #[test]
    fn two_apps_that_share_every_name_never_see_each_other(ops in ops_strategy(60..=60)) {
        check_apart(&ops, MemStore::new).map_err(|leak| TestCaseError::fail(leak.to_string()))?;
    }
}
