//! A store that yields to other threads before and after its calls.
//!
//! A verb of a register is a view, a plan and a commit. On its own it takes so little time that threads rarely overlap
//! inside one; when they yield between its parts, they overlap all the time.

use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Entropy, SeededEntropy, Timestamp};
use std::thread;

#[derive(Debug)]
pub(super) struct Hesitant<S> {
    store: S,
    draws: SeededEntropy,
}

impl<S> Hesitant<S> {
    pub(super) fn new(store: S, seed: u64) -> Self {
        Hesitant { store, draws: SeededEntropy::new(seed) }
    }

    /// Yields, every other time.
    fn hesitate(&self) {
        let mut draw = [0];
        self.draws.fill(&mut draw);
        if draw[0].is_multiple_of(2) {
            thread::yield_now();
        }
    }

    fn around<T>(&self, call: impl FnOnce(&S) -> T) -> T {
        self.hesitate();
        let answer = call(&self.store);
        self.hesitate();
        answer
    }
}

impl<S: Store> Store for Hesitant<S> {
    type View<'a> = S::View<'a>;

    fn info(&self) -> StoreInfo {
        self.store.info()
    }

    fn view(&self, app: AppId) -> Result<S::View<'_>, StoreError> {
        self.hesitate();
        let view = self.store.view(app);
        self.hesitate();
        view
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        self.around(|store| store.commit(app, writes))
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.around(|store| store.touch(app, seen))
    }
}
