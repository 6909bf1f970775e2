//! Broken at opening again.

use crate::altered::{Alter, Altered, Answer};
use parking_lot::Mutex;
use rollbook::store::{Committed, Durability, Operation, Store, StoreInfo, View, WriteSet};
use rollbook::{AppId, Platform};
use rollbook_testkit::Fixture;
use rollbook_testkit::ordered::OrderedStore;
use std::sync::Arc;

pub struct Durable;

impl Alter for Durable {
    fn info(&self, right: StoreInfo) -> StoreInfo {
        StoreInfo { durability: Durability::Buffered, ..right }
    }
}

/// Declares that it keeps what it acknowledged, and keeps nothing.
pub struct Forgetful;

impl Fixture for Forgetful {
    type Store = Altered<Durable>;
    type Guard = ();

    fn guard(&self) {}

    fn open(&self, (): &()) -> Altered<Durable> {
        Altered::new(Durable)
    }
}

/// Keeps everything but which slots were emptied: they count as new when the store is opened again.
pub struct ForgetsSlots;

/// What it keeps: the write sets that made its devices, less those of devices that are gone.
type Log = Arc<Mutex<Vec<(AppId, WriteSet)>>>;

pub struct Logged(Log);

impl Alter for Logged {
    fn info(&self, right: StoreInfo) -> StoreInfo {
        Durable.info(right)
    }

    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let committed = store.commit(app, writes)?;
        let mut log = self.0.lock();
        let removes = writes.operations.iter().any(|operation| matches!(operation, Operation::Remove { .. }));
        if removes && store.view(app)?.devices(Platform::Ios)?.is_empty() {
            // Nothing is left of the platform: an empty commit in the place of each keeps the version.
            log.iter_mut().filter(|(of, _)| *of == app).for_each(|(_, set)| *set = WriteSet::default());
            log.push((app, WriteSet::default()));
        } else {
            log.push((app, writes.clone()));
        }
        Ok(committed)
    }
}

impl Fixture for ForgetsSlots {
    type Store = Altered<Logged>;
    type Guard = Log;

    fn guard(&self) -> Log {
        Log::default()
    }

    fn open(&self, log: &Log) -> Altered<Logged> {
        let store = Altered::new(Logged(Arc::clone(log)));
        for (app, writes) in log.lock().iter() {
            store.right.commit(*app, writes).expect("what was committed once");
        }
        store
    }
}
