//! A store that keeps what is committed to it, for tests of what a commit holds.

use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp};
use rollbook_testkit::ordered::OrderedStore;
use std::sync::Mutex;

/// Keeps the write sets in the order in which they were passed to it.
#[derive(Default)]
pub(crate) struct Recording {
    inner: OrderedStore,
    commits: Mutex<Vec<WriteSet>>,
}

impl Recording {
    /// Returns the write sets of the commits that `work` makes.
    pub(crate) fn commits(&self, work: impl FnOnce()) -> Vec<WriteSet> {
        self.commits.lock().unwrap().clear();
        work();
        std::mem::take(&mut *self.commits.lock().unwrap())
    }
}

impl Store for Recording {
    type View<'a> = <OrderedStore as Store>::View<'a>;

    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn view(&self, app: AppId) -> Result<Self::View<'_>, StoreError> {
        self.inner.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.commits.lock().unwrap().push(writes.clone());
        self.inner.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.inner.touch(app, seen)
    }
}
