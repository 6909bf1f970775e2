//! A register on the small store answers as the model does, whatever is done to it.

use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_testkit::check::{check_apart, check_shortest};
use rollbook_testkit::op::ops_strategy;
use rollbook_testkit::ordered::OrderedStore;

proptest! {
    #![proptest_config(Config {
        cases: 2_000,
        max_shrink_iters: 0,
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
        check_shortest(&ops, OrderedStore::new).map_err(|found| TestCaseError::fail(found.to_string()))?;
    }
}

proptest! {
    #![proptest_config(Config { cases: 300, failure_persistence: None, ..Config::default() })]

    #[test]
    fn two_apps_that_share_every_name_never_see_each_other(ops in ops_strategy(60..=60)) {
        check_apart(&ops, OrderedStore::new).map_err(|leak| TestCaseError::fail(leak.to_string()))?;
    }
}
