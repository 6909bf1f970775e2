//! A right store that is altered in one point: what the stores that the suite must catch are made of.

use rollbook::store::{
    Committed, Entry, EntryKey, EntryKind, Key, LogRange, Place, Posting, Relation, Slot, Store, StoreError,
    StoreInfo, StoredDevice, StoredEvent, View, WriteSet,
};
use rollbook::{AppId, DeviceId, EventSeq, Platform, PlatformSet, Timestamp, Version};
use rollbook_testkit::ordered::{OrderedStore, OrderedView};
use std::sync::Arc;

pub type Answer<T> = Result<T, StoreError>;

/// What is altered. Everything else is as in the right store.
pub trait Alter: Send + Sync + 'static {
    fn info(&self, right: StoreInfo) -> StoreInfo {
        right
    }
    fn app(&self, app: AppId) -> AppId {
        app
    }
    fn view(&self, store: &OrderedStore, app: AppId) -> Answer<OrderedView> {
        store.view(app)
    }
    fn dropped(&self) {}
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        store.commit(app, writes)
    }
    fn touch(&self, store: &OrderedStore, app: AppId, seen: &[(Place, Timestamp)]) -> Answer<()> {
        store.touch(app, seen)
    }
    fn version(&self, view: &OrderedView) -> Version {
        view.version()
    }
    fn find(&self, view: &OrderedView, id: &DeviceId) -> Answer<Option<Place>> {
        view.find(id)
    }
    fn device(&self, view: &OrderedView, slot: Slot) -> Answer<Option<StoredDevice>> {
        view.device(slot)
    }
    fn ids(
        &self,
        view: &OrderedView,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Answer<()> {
        view.ids(platform, ordinals, as_of, each)
    }
    fn devices_among(&self, view: &OrderedView, platform: Platform, among: &Posting) -> Answer<Posting> {
        view.devices_among(platform, among)
    }
    fn linked(&self, view: &OrderedView, slot: Slot, key: Key<'_>) -> Answer<bool> {
        view.linked(slot, key)
    }
    fn keys_of(
        &self,
        view: &OrderedView,
        slot: Slot,
        relation: Relation,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        view.keys_of(slot, relation, each)
    }
    fn posting(&self, view: &OrderedView, key: Key<'_>, platform: Platform) -> Answer<Posting> {
        view.posting(key, platform)
    }
    /// All of the key's devices, unless what is altered is this.
    fn posting_among(
        &self,
        view: &OrderedView,
        key: Key<'_>,
        platform: Platform,
        _among: &Posting,
    ) -> Answer<Posting> {
        self.posting(view, key, platform)
    }
    fn platforms(&self, view: &OrderedView, key: Key<'_>) -> Answer<PlatformSet> {
        view.platforms(key)
    }
    fn cardinality(&self, view: &OrderedView, key: Key<'_>, platforms: PlatformSet) -> Answer<u64> {
        view.cardinality(key, platforms)
    }
    fn names(
        &self,
        view: &OrderedView,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        view.names(relation, after, limit, each)
    }
    fn events(&self, view: &OrderedView, range: &LogRange<'_>) -> Answer<Vec<StoredEvent>> {
        view.events(range)
    }
}

/// The right store with the alteration.
pub struct Altered<A> {
    pub right: Arc<OrderedStore>,
    pub alter: A,
}

impl<A: Alter> Altered<A> {
    pub fn new(alter: A) -> Self {
        Altered { right: Arc::default(), alter }
    }
}

pub struct AlteredView<'a, A: Alter> {
    right: OrderedView,
    alter: &'a A,
}

impl<A: Alter> Drop for AlteredView<'_, A> {
    fn drop(&mut self) {
        self.alter.dropped();
    }
}

impl<A: Alter> Store for Altered<A> {
    type View<'a> = AlteredView<'a, A>;

    fn info(&self) -> StoreInfo {
        self.alter.info(self.right.info())
    }

    fn view(&self, app: AppId) -> Answer<AlteredView<'_, A>> {
        Ok(AlteredView { right: self.alter.view(&self.right, self.alter.app(app))?, alter: &self.alter })
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        self.alter.commit(&self.right, self.alter.app(app), writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Answer<()> {
        self.alter.touch(&self.right, self.alter.app(app), seen)
    }
}

impl<A: Alter> View for AlteredView<'_, A> {
    fn version(&self) -> Version {
        self.alter.version(&self.right)
    }

    fn is_sealed(&self) -> bool {
        self.right.is_sealed()
    }

    fn find(&self, id: &DeviceId) -> Answer<Option<Place>> {
        self.alter.find(&self.right, id)
    }

    fn device(&self, slot: Slot) -> Answer<Option<StoredDevice>> {
        self.alter.device(&self.right, slot)
    }

    fn ids(
        &self,
        platform: Platform,
        ordinals: &[u32],
        as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Answer<()> {
        self.alter.ids(&self.right, platform, ordinals, as_of, each)
    }

    fn devices(&self, platform: Platform) -> Answer<Posting> {
        self.right.devices(platform)
    }

    fn devices_among(&self, platform: Platform, among: &Posting) -> Answer<Posting> {
        self.alter.devices_among(&self.right, platform, among)
    }

    fn last_seen(&self, slot: Slot) -> Answer<Option<Timestamp>> {
        self.right.last_seen(slot)
    }

    fn linked(&self, slot: Slot, key: Key<'_>) -> Answer<bool> {
        self.alter.linked(&self.right, slot, key)
    }

    fn keys_of(&self, slot: Slot, relation: Relation, each: &mut dyn FnMut(&str)) -> Answer<()> {
        self.alter.keys_of(&self.right, slot, relation, each)
    }

    fn key_count(&self, slot: Slot, relation: Relation) -> Answer<usize> {
        let mut count = 0;
        self.alter.keys_of(&self.right, slot, relation, &mut |_| count += 1)?;
        Ok(count)
    }

    fn posting(&self, key: Key<'_>, platform: Platform) -> Answer<Posting> {
        self.alter.posting(&self.right, key, platform)
    }

    fn posting_among(&self, key: Key<'_>, platform: Platform, among: &Posting) -> Answer<Posting> {
        self.alter.posting_among(&self.right, key, platform, among)
    }

    fn platforms(&self, key: Key<'_>) -> Answer<PlatformSet> {
        self.alter.platforms(&self.right, key)
    }

    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Answer<u64> {
        self.alter.cardinality(&self.right, key, platforms)
    }

    fn names(
        &self,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        self.alter.names(&self.right, relation, after, limit, each)
    }

    fn entry(&self, key: &EntryKey) -> Answer<Option<(Entry, Version)>> {
        self.right.entry(key)
    }

    fn entries(
        &self,
        kind: EntryKind,
        after: Option<&EntryKey>,
        limit: usize,
    ) -> Answer<Vec<(Entry, Version)>> {
        self.right.entries(kind, after, limit)
    }

    fn log_end(&self) -> Answer<EventSeq> {
        self.right.log_end()
    }

    fn events(&self, range: &LogRange<'_>) -> Answer<Vec<StoredEvent>> {
        self.alter.events(&self.right, range)
    }
}
