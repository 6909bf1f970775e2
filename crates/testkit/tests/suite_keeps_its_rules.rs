//! The suite asks nothing of a store that the contract does not: a view may be a lock, so no thread that holds one
//! takes another, commits or touches; and a store that is durable is opened again only after it was dropped.

#![allow(missing_docs, unreachable_pub, dead_code, reason = "tests share a module and use parts of it")]

mod altered;

use altered::{Alter, Altered, Answer};
use rollbook::store::{Committed, Durability, Place, Store, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp};
use rollbook_testkit::ordered::{OrderedStore, OrderedView};
use rollbook_testkit::{FaultStore, Fixture, case_names, run_all};
use std::cell::Cell;
use std::sync::Arc;

thread_local! {
    static VIEWS: Cell<usize> = const { Cell::new(0) };
}

/// Panics where a store whose view is a lock would wait for ever.
struct ViewIsALock;

fn assert_no_view_is_held() {
    assert_eq!(VIEWS.get(), 0, "the suite holds a view while it calls the store");
}

impl Alter for ViewIsALock {
    fn view(&self, store: &OrderedStore, app: AppId) -> Answer<OrderedView> {
        assert_no_view_is_held();
        VIEWS.set(1);
        store.view(app)
    }
    fn dropped(&self) {
        VIEWS.set(VIEWS.get() - 1);
    }
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        assert_no_view_is_held();
        store.commit(app, writes)
    }
    fn touch(&self, store: &OrderedStore, app: AppId, seen: &[(Place, Timestamp)]) -> Answer<()> {
        assert_no_view_is_held();
        store.touch(app, seen)
    }
}

#[test]
fn no_case_calls_a_store_while_it_holds_a_view() {
    let report = run_all(&|| Altered::new(ViewIsALock));
    assert!(report.is_clean(), "{report}");
}

/// Declares that it is durable; what it keeps is in the guard.
struct Kept;

struct Durable;

impl Alter for Durable {
    fn info(&self, right: StoreInfo) -> StoreInfo {
        StoreInfo { durability: Durability::Synced, ..right }
    }
}

impl Fixture for Kept {
    type Store = Altered<Durable>;
    type Guard = Arc<OrderedStore>;

    fn guard(&self) -> Arc<OrderedStore> {
        Arc::default()
    }

    fn open(&self, guard: &Arc<OrderedStore>) -> Altered<Durable> {
        assert_eq!(Arc::strong_count(guard), 1, "the store before is still open");
        Altered { right: Arc::clone(guard), alter: Durable }
    }

    fn open_at(&self, _guard: &Arc<OrderedStore>, first_ordinal: u32) -> Option<Altered<Durable>> {
        Some(Altered { right: Arc::new(OrderedStore::starting_at(first_ordinal)), alter: Durable })
    }
}

#[test]
fn a_right_store_that_declares_everything_passes_every_case() {
    let report = run_all(&Kept);
    assert!(report.is_clean(), "{report}");
    let skipped: Vec<_> = report.skipped.iter().map(|(case, _)| *case).collect();
    assert_eq!(skipped, ["sizes::a_full_platform_takes_no_more_devices"], "the others all apply");
    assert_eq!(report.passed.len() + 1, case_names().count());
}

#[test]
fn a_small_store_passes_what_applies_to_it() {
    struct Small;
    impl Alter for Small {
        fn info(&self, right: StoreInfo) -> StoreInfo {
            StoreInfo { max_weight: 4_096, ..right }
        }
        fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
            let (limit, actual) = (4_096, writes.weight() as u64);
            if actual > limit {
                return Err(rollbook::store::StoreError::TooLarge { what: "the write set", limit, actual });
            }
            store.commit(app, writes)
        }
    }
    let report = run_all(&|| Altered::new(Small));
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_wrapper_without_a_fault_is_the_store() {
    let report = run_all(&|| FaultStore::new(OrderedStore::new()));
    assert!(report.is_clean(), "{report}");
}
