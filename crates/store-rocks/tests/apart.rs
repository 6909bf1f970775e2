//! Two apps in one directory, which share every file and family of the engine, are isolated from each other.

#![allow(clippy::unwrap_used, reason = "in tests a panic is a failed test")]

mod common;

use common::options;
use proptest::prelude::*;
use proptest::test_runner::Config;
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::check::check_apart;
use rollbook_testkit::op::ops_strategy;
use std::cell::Cell;

proptest! {
    #![proptest_config(Config { cases: 12, max_shrink_iters: 0, failure_persistence: None, ..Config::default() })]

    #[test]
    fn two_apps_that_share_every_name_never_see_each_other_on_disk(ops in ops_strategy(60..=60)) {
        let directory = tempfile::tempdir().unwrap();
        let opened = Cell::new(0);
        let next = || {
            opened.set(opened.get() + 1);
            RocksStore::open(directory.path().join(opened.get().to_string()), &options()).unwrap()
        };
        check_apart(&ops, next).map_err(|leak| TestCaseError::fail(leak.to_string()))?;
    }
}
