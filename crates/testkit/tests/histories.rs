//! Histories of a right store are linearisable, and those of stores that break one guarantee are not.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    unused_imports,
    clippy::panic,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests share modules and use parts of them; in them a panic is a failed test"
)]

mod altered;
mod broken;

use altered::{Alter, Altered, Answer};
use broken::{IgnoresChecks, Stale};
use rollbook::AppId;
use rollbook::store::{Check, Committed, Store, WriteSet};
use rollbook_testkit::histories::{Histories, Schedules, Unexplained};
use rollbook_testkit::ordered::OrderedStore;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn histories_of_the_small_store_are_linearisable() {
    let checked =
        Histories::at_least(500).check(OrderedStore::new()).unwrap_or_else(|found| panic!("{found}"));
    println!("{checked}");
    assert!(checked.overlapping > 100, "the threads met: {checked}");
}

#[test]
fn long_histories_are_linearisable_too() {
    let long = Histories { count: 10, calls: 100, ..Histories::default() };
    let checked = long.check(OrderedStore::new()).unwrap_or_else(|found| panic!("{found}"));
    assert!(checked.overlapping > 100, "the threads met: {checked}");
}

#[test]
fn calls_that_others_interrupt_before_a_commit_are_linearisable() {
    let checked = Schedules::default().check(OrderedStore::new()).unwrap_or_else(|found| panic!("{found}"));
    println!("{checked}");
    assert!(checked.histories > 300, "every call was interrupted: {checked}");
}

/// Histories of a store that breaks a guarantee; far fewer than these are needed.
#[track_caller]
fn caught(alter: impl Alter) -> Unexplained {
    match (Histories { count: 20_000, ..Histories::default() }).check(Altered::new(alter)) {
        Ok(checked) => panic!("a broken store was not caught: {checked}"),
        Err(found) => {
            println!("{found}");
            *found
        }
    }
}

#[test]
fn a_view_that_is_a_commit_old_is_caught() {
    caught(Stale::default());
}

#[test]
fn writers_who_do_not_see_each_other_are_caught() {
    caught(IgnoresChecks(|_| true));
}

#[test]
fn an_alias_that_two_writers_fill_at_once_is_caught() {
    caught(IgnoresChecks(|check| matches!(check, Check::KeyAtMost { .. })));
}

/// Acknowledges a commit now and then, and forgets it.
#[derive(Default)]
struct LosesACommit(AtomicU64);

impl Alter for LosesACommit {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        // Apps are created in the first, and that is not what is lost.
        if app != AppId(0) && self.0.fetch_add(1, Ordering::Relaxed) % 50 == 49 {
            return Ok(Committed::default());
        }
        store.commit(app, writes)
    }
}

#[test]
fn an_update_that_is_lost_is_caught_and_told_in_a_few_calls() {
    let found = caught(LosesACommit::default());
    let questions = found.calls.iter().filter(|call| call.op.is_question()).count();
    assert!(questions <= 4, "questions that are not needed are left out: {found}");
}
