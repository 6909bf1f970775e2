//! A register on the durable store behaves as the model does, also when the store is closed and opened again between
//! steps.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{OnDisk, options, uncompressed};
use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_testkit::Reopening;
use rollbook_testkit::check::check_shortest;
use rollbook_testkit::op::{crowded_ops_strategy, ops_strategy};

fn config(cases: u32) -> Config {
    Config { cases, max_shrink_iters: 0, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config(30))]

    #[test]
    fn every_answer_is_the_models(ops in ops_strategy(60..=60)) {
        let never = || Reopening::new(OnDisk(options), 0, 0);
        check_shortest(&ops, never).map_err(|found| TestCaseError::fail(found.to_string()))?;
    }

    #[test]
    fn every_answer_to_batches_over_few_names_is_the_models(ops in crowded_ops_strategy(40..=40)) {
        let never = || Reopening::new(OnDisk(options), 0, 0);
        check_shortest(&ops, never).map_err(|found| TestCaseError::fail(found.to_string()))?;
    }

    #[test]
    fn every_answer_is_the_models_also_after_opening_again(ops in ops_strategy(60..=60), seed: u64) {
        let often = || Reopening::new(OnDisk(uncompressed), seed, 4);
        check_shortest(&ops, often).map_err(|found| TestCaseError::fail(found.to_string()))?;
    }
}
