//! Every operation of a register on the durable store, with a fault at each of its store calls.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::open;
use rollbook_testkit::faults;
use std::cell::Cell;
use std::fs;

#[test]
#[ignore = "takes minutes: thousands of runs, each on a directory of its own"]
fn no_fault_leaves_a_register_between_two_states() {
    let directory = tempfile::tempdir().unwrap();
    let made = Cell::new(0_u32);
    let fresh = || {
        let path = |n: u32| directory.path().join(n.to_string());
        made.set(made.get() + 1);
        // Two directories are in use at once, the trial's own and the run's.
        if let Some(old) = made.get().checked_sub(4) {
            let _ = fs::remove_dir_all(path(old));
        }
        open(&path(made.get()))
    };
    let swept = faults::every_verb(fresh).unwrap_or_else(|unsound| panic!("{unsound}"));
    println!("{swept}");
    assert!(swept.verbs.len() > 60 && swept.faults > 5_000, "{swept}");
}
