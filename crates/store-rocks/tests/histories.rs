//! What several threads observe in a register on the durable store is explained by some order of their calls.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test"
)]

mod common;

use common::open;
use rollbook_testkit::histories::{Histories, Schedules};

#[test]
fn histories_are_linearisable() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("store"));
    let checked = Histories::at_least(300).check(store).unwrap_or_else(|found| panic!("{found}"));
    println!("{checked}");
    assert!(checked.overlapping > 100, "the threads met: {checked}");
}

#[test]
fn calls_that_others_interrupt_before_a_commit_are_linearisable() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("store"));
    let checked = Schedules::default().check(store).unwrap_or_else(|found| panic!("{found}"));
    println!("{checked}");
    assert!(checked.histories > 300, "every call was interrupted: {checked}");
}
