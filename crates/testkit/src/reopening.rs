//! A store that is closed and opened again while a register is on it.

use crate::fixture::Fixture;
use parking_lot::{RwLock, RwLockReadGuard};
use rollbook::store::{
    Committed, Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, Store, StoreError,
    StoreInfo, StoredDevice, StoredEvent, View, WriteSet,
};
use rollbook::{AppId, DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A store that is closed and opened again before some of its commits, so that what it returns afterwards was read
/// from the place where it is kept.
///
/// Each question to one of its views takes a new view of the store inside, so only one thread at a time may use it.
///
/// ```no_run
/// use rollbook_testkit::{Fixture, Reopening, check::check, op::ops_of};
/// # fn proof<F: Fixture + Send + 'static>(mut my_store: impl FnMut() -> F) where F::Guard: Send + Sync + 'static {
/// for seed in 0..100 {
///     check(&ops_of(&[7; 400]), || Reopening::new(my_store(), seed, 4)).unwrap();
/// }
/// # }
/// ```
pub struct Reopening<F: Fixture> {
    // Declared before the guard, and therefore dropped before it.
    store: RwLock<Option<F::Store>>,
    guard: F::Guard,
    fixture: F,
    commits: AtomicU64,
    seed: u64,
    every: u64,
}

impl<F: Fixture> Reopening<F> {
    /// Opens a store in a new place, to be opened again before about one commit in `every`; the seed decides before
    /// which ones. For 0 it is never opened again.
    ///
    /// ```
    /// use rollbook::{AppId, store::{Operation, Store, View, WriteSet}};
    /// use rollbook_testkit::{Reopening, ordered::OrderedStore};
    ///
    /// let seal = WriteSet { operations: [Operation::Seal].into_iter().collect(), ..WriteSet::default() };
    /// let store = Reopening::new(OrderedStore::new, 7, 1);
    /// store.commit(AppId(1), &seal)?;
    /// store.commit(AppId(2), &seal)?;
    /// assert!(!store.view(AppId(1))?.is_sealed(), "a store in memory keeps nothing when it is closed");
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    pub fn new(fixture: F, seed: u64, every: u64) -> Self {
        let guard = fixture.guard();
        let store = RwLock::new(Some(fixture.open(&guard)));
        Reopening { store, guard, fixture, commits: AtomicU64::new(0), seed, every }
    }

    fn with<T>(&self, ask: impl FnOnce(&F::Store) -> T) -> T {
        ask(opened(&self.store.read()))
    }

    fn reopen(&self) {
        let mut store = self.store.write();
        // The store may hold a lock on its place, so the old one is dropped before the new one is opened.
        *store = None;
        *store = Some(self.fixture.open(&self.guard));
    }
}

fn opened<S>(store: &Option<S>) -> &S {
    store.as_ref().expect("a store that is open, unless opening it again has failed")
}

impl<F: Fixture> fmt::Debug for Reopening<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reopening")
            .field("seed", &self.seed)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}

impl<F> Store for Reopening<F>
where
    F: Fixture + Send + 'static,
    F::Guard: Send + Sync + 'static,
{
    type View<'a> = ReopeningView<'a, F::Store>;

    fn info(&self) -> StoreInfo {
        self.with(Store::info)
    }

    fn view(&self, app: AppId) -> Result<Self::View<'_>, StoreError> {
        Ok(ReopeningView { store: self.store.read(), app })
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        let n = self.commits.fetch_add(1, Ordering::SeqCst);
        let mixed = (n ^ self.seed).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(20);
        if mixed.checked_rem(self.every) == Some(0) {
            self.reopen();
        }
        self.with(|store| store.commit(app, writes))
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.with(|store| store.touch(app, seen))
    }
}

/// A view that holds the store open. A thread that holds one and commits may deadlock, namely when that commit is one
/// before which the store is closed.
///
/// ```
/// use rollbook::{AppId, store::{Operation, Store, View, WriteSet}};
/// use rollbook_testkit::{Reopening, ReopeningView, ordered::OrderedStore};
///
/// let store = Reopening::new(OrderedStore::new, 7, 0);
/// let view: ReopeningView<'_, OrderedStore> = store.view(AppId(1))?;
/// let seal = WriteSet { operations: [Operation::Seal].into_iter().collect(), ..WriteSet::default() };
/// store.commit(AppId(1), &seal)?;
/// assert!(view.is_sealed(), "every question asks the store anew");
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
pub struct ReopeningView<'a, S> {
    store: RwLockReadGuard<'a, Option<S>>,
    app: AppId,
}

impl<S> fmt::Debug for ReopeningView<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReopeningView").field("app", &self.app).finish_non_exhaustive()
    }
}

impl<S: Store> ReopeningView<'_, S> {
    #[track_caller]
    fn view(&self) -> S::View<'_> {
        match opened(&self.store).view(self.app) {
            Ok(view) => view,
            Err(error) => panic!("a view of app {} must be given: {error}", self.app.0),
        }
    }
}

impl<S: Store> View for ReopeningView<'_, S> {
    fn version(&self) -> Version {
        self.view().version()
    }
    fn is_sealed(&self) -> bool {
        self.view().is_sealed()
    }
    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        self.view().find(id)
    }
    fn device(&self, slot: Slot) -> Result<Option<StoredDevice>, StoreError> {
        self.view().device(slot)
    }
    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        self.view().ids(platform, ordinals, as_of, each)
    }
    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        self.view().devices(platform)
    }
    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        self.view().devices_among(platform, among)
    }
    fn last_seen(&self, slot: Slot) -> Result<Option<Timestamp>, StoreError> {
        self.view().last_seen(slot)
    }
    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        self.view().linked(slot, key)
    }
    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        self.view().keys_of(slot, relation, each)
    }
    fn key_count(&self, slot: Slot, relation: Relation) -> Result<usize, StoreError> {
        self.view().key_count(slot, relation)
    }
    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        self.view().platforms(key)
    }
    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        self.view().posting(key, platform)
    }
    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        self.view().posting_among(key, platform, among)
    }
    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        self.view().cardinality(key, platforms)
    }
    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        self.view().names(relation, after, limit, each)
    }
    fn entry(&self, key: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        self.view().entry(key)
    }
    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        self.view().entries(kind, after, limit)
    }
    fn log_end(&self) -> Result<EventSeq, StoreError> {
        self.view().log_end()
    }
    fn events(&self, range: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        self.view().events(range)
    }
}
