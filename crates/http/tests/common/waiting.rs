//! A store that waits when it is told to.

use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp};
use rollbook_store_mem::{MemStore, MemView};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

/// A store whose commits, and reads if wanted, wait while they are told to.
#[derive(Default)]
pub(crate) struct Waiting {
    inner: MemStore,
    closed: Mutex<bool>,
    opened: Condvar,
    waiting: Mutex<usize>,
    changed: Condvar,
    /// Whether reads of an app's data wait as well.
    pub(crate) reads: AtomicBool,
    /// Whether looking an app up waits as well.
    pub(crate) apps: AtomicBool,
}

impl Waiting {
    pub(crate) fn set(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }

    /// Returns when this many commits wait.
    pub(crate) fn waited_for(&self, commits: usize) {
        drop(self.changed.wait_while(self.waiting.lock().unwrap(), |waiting| *waiting < commits).unwrap());
    }

    /// Returns when nobody waits any more.
    pub(crate) fn idle(&self) {
        drop(self.changed.wait_while(self.waiting.lock().unwrap(), |waiting| *waiting > 0).unwrap());
    }

    fn wait(&self) {
        *self.waiting.lock().unwrap() += 1;
        self.changed.notify_all();
        drop(self.opened.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
        *self.waiting.lock().unwrap() -= 1;
        self.changed.notify_all();
    }
}

impl Store for Waiting {
    type View<'a> = MemView<'a>;

    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn view(&self, app: AppId) -> Result<MemView<'_>, StoreError> {
        let waits = if app == AppId::DIRECTORY { &self.apps } else { &self.reads };
        if waits.load(Ordering::SeqCst) {
            self.wait();
        }
        self.inner.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.wait();
        self.inner.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.inner.touch(app, seen)
    }
}
