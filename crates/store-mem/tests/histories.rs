//! What several threads observe in a register on the store in memory is explained by some order of their calls.

#![allow(clippy::panic, clippy::print_stdout, reason = "in a test a panic is a failed test")]

use rollbook_store_mem::MemStore;
use rollbook_testkit::histories::{Histories, Schedules};

#[test]
fn histories_are_linearisable() {
    let checked = Histories::at_least(2_000).check(MemStore::new()).unwrap_or_else(|found| panic!("{found}"));
    println!("{checked}");
    assert!(checked.overlapping > 1_000, "the threads met: {checked}");
}

#[test]
fn calls_that_others_interrupt_before_a_commit_are_linearisable() {
    let checked = Schedules::default().check(MemStore::new()).unwrap_or_else(|found| panic!("{found}"));
    println!("{checked}");
    assert!(checked.histories > 300, "every call was interrupted: {checked}");
}
