//! A store that fails when it is told to: at which call, how, and what is applied.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests: a panic is a failed test")]

use rollbook::store::{Conflicted, Operation, Store, StoreError, View, WriteSet};
use rollbook::{AppId, Timestamp, Version};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Call, Calls, Failure, Fault, FaultStore};
use std::time::Duration;

const APP: AppId = AppId(1);

fn store() -> FaultStore<OrderedStore> {
    FaultStore::new(OrderedStore::new())
}

fn seal() -> WriteSet {
    WriteSet { operations: [Operation::Seal].into_iter().collect(), ..WriteSet::default() }
}

fn is_sealed(store: &FaultStore<OrderedStore>) -> bool {
    store.inner().view(APP).unwrap().is_sealed()
}

#[test]
fn every_failure_of_a_commit_applies_what_it_says() {
    let all = [
        (Failure::Unavailable, false),
        (Failure::UnknownNotApplied, false),
        (Failure::UnknownApplied, true),
        (Failure::Conflict(Conflicted::KeyFull), false),
        (Failure::Corrupt, false),
        (Failure::Closed, false),
    ];
    for (how, applied) in all {
        let store = store();
        store.arm(Fault::at(Call::Commit, 1, how));
        let error = store.commit(APP, &seal()).unwrap_err();
        let as_told = match how {
            Failure::Unavailable => matches!(error, StoreError::Unavailable { .. }),
            Failure::UnknownNotApplied | Failure::UnknownApplied => {
                matches!(error, StoreError::OutcomeUnknown { .. })
            }
            Failure::Conflict(told) => matches!(error, StoreError::Conflict { what } if what == told),
            Failure::Corrupt => matches!(error, StoreError::Corrupt { .. }),
            Failure::Closed => matches!(error, StoreError::Closed),
            Failure::Slow(_) => false,
        };
        assert!(as_told, "{how:?} answered {error}");
        assert_eq!(is_sealed(&store), applied, "{how:?}");
        assert!(store.fired() && store.commit(APP, &seal()).is_ok(), "a fault fires once");
    }
}

#[test]
fn an_outcome_that_is_unknown_is_not_told_for_what_the_store_refused() {
    let store = store();
    store.commit(APP, &seal()).unwrap();
    store.arm(Fault::at(Call::Commit, 1, Failure::UnknownApplied));
    let open = WriteSet { checks: [rollbook::store::Check::Open].into_iter().collect(), ..seal() };
    let refused = store.commit(APP, &open);
    assert!(matches!(refused, Err(StoreError::Conflict { what: Conflicted::Sealed })));
}

#[test]
fn calls_are_counted_from_where_the_fault_was_armed() {
    let store = store();
    store.commit(APP, &WriteSet::default()).unwrap();
    store.arm(Fault::at_any(3, Failure::Unavailable));
    store.view(APP).unwrap().find(&"ann".parse().unwrap()).unwrap();
    store.touch(APP, &[]).unwrap();
    assert!(!store.fired());
    assert!(matches!(store.view(APP).map(drop), Err(StoreError::Unavailable { .. })));
    assert!(store.fired());
    assert_eq!(store.calls(), Calls { views: 2, commits: 1, touches: 1, reads: 1 });
}

#[test]
fn a_question_may_fail_and_a_fault_may_stay() {
    let store = store();
    store.arm(Fault::at(Call::Read, 2, Failure::Corrupt).staying());
    let view = store.view(APP).unwrap();
    assert!(view.log_end().is_ok());
    for _ in 0..3 {
        assert!(matches!(view.log_end(), Err(StoreError::Corrupt { .. })));
    }
    assert_eq!(view.version(), Version(0), "what cannot fail does not");
    store.disarm();
    assert!(view.log_end().is_ok() && store.fired());
}

#[test]
fn a_slow_call_does_its_work() {
    let store = store();
    store.arm(Fault::at(Call::Touch, 1, Failure::Slow(Duration::from_millis(1))));
    store.touch(APP, &[]).unwrap();
    assert!(store.fired());
    store.arm(Fault::at(Call::Touch, 1, Failure::UnknownApplied));
    let seen: [(rollbook::store::Place, Timestamp); 0] = [];
    assert!(
        matches!(store.touch(APP, &seen), Err(StoreError::Unavailable { .. })),
        "nothing to be unsure of"
    );
}
