//! Broken in what views answer.

use crate::altered::{Alter, Answer};
use parking_lot::Mutex;
use rollbook::store::{
    Committed, Key, LogIndex, LogRange, Operation, OwnedKey, Place, Posting, Relation, Slot, Store,
    StoreError, StoredDevice, StoredEvent, View, WriteSet,
};
use rollbook::{AppId, DeviceId, EventOrder, Platform, PlatformSet, Timestamp, Version};
use rollbook_testkit::ordered::{OrderedStore, OrderedView};
use std::collections::{BTreeMap, BTreeSet};

/// Every second view of an app is one commit old.
#[derive(Default)]
pub struct Stale(Mutex<BTreeMap<AppId, (bool, OrderedView)>>);

impl Alter for Stale {
    fn view(&self, store: &OrderedStore, app: AppId) -> Answer<OrderedView> {
        let now = store.view(app)?;
        let mut kept = self.0.lock();
        let (even, before) = kept.entry(app).or_insert_with(|| (false, now.clone()));
        *even = !*even;
        Ok(if *even { std::mem::replace(before, now) } else { before.clone() })
    }
}

/// Answers questions about the first app from its newest version.
#[derive(Default)]
pub struct ViewMovesOn(Mutex<Option<OrderedView>>);

impl ViewMovesOn {
    fn now(&self, view: &OrderedView) -> OrderedView {
        let newest = self.0.lock().clone();
        newest.filter(|_| view.version() > Version(0)).unwrap_or_else(|| view.clone())
    }
}

impl Alter for ViewMovesOn {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let committed = store.commit(app, writes)?;
        if app == AppId(1) {
            *self.0.lock() = Some(store.view(app)?);
        }
        Ok(committed)
    }
    fn version(&self, view: &OrderedView) -> Version {
        self.now(view).version()
    }
    fn device(&self, view: &OrderedView, slot: Slot) -> Answer<Option<StoredDevice>> {
        self.now(view).device(slot)
    }
    fn names(
        &self,
        view: &OrderedView,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        self.now(view).names(relation, after, limit, each)
    }
}

/// Lists every name that ever had a device.
#[derive(Default)]
pub struct KeepsEmptyKeys(Mutex<BTreeSet<OwnedKey>>);

impl Alter for KeepsEmptyKeys {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let linked = writes.operations.iter().flat_map(|operation| match operation {
            Operation::Link { key, .. } => std::slice::from_ref(key),
            Operation::Insert { keys, .. } => keys,
            _ => &[],
        });
        self.0.lock().extend(linked.cloned());
        store.commit(app, writes)
    }
    fn names(
        &self,
        _view: &OrderedView,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        let all = self.0.lock().clone();
        let names = all.iter().filter(|key| key.relation == relation && after.is_none_or(|a| *key.name > *a));
        names.take(limit).for_each(|key| each(&key.name));
        Ok(())
    }
}

/// A device goes on showing an alias that another has replaced, though the posting has not.
pub struct LeavesOneSide;

impl Alter for LeavesOneSide {
    fn keys_of(
        &self,
        view: &OrderedView,
        slot: Slot,
        relation: Relation,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        view.keys_of(slot, relation, &mut |name| each(if name == "new" { "old" } else { name }))
    }
}

/// Counts links, but not unlinks.
#[derive(Default)]
pub struct Miscounts(Mutex<BTreeMap<(OwnedKey, Platform), u64>>);

impl Alter for Miscounts {
    fn cardinality(&self, view: &OrderedView, key: Key<'_>, platforms: PlatformSet) -> Answer<u64> {
        let mut most = self.0.lock();
        let mut count = |platform: Platform| {
            let now = view.cardinality(key, platform.into())?;
            let most = most.entry((key.to_owned(), platform)).or_default();
            *most = now.max(*most);
            Ok(*most)
        };
        platforms.iter().try_fold(0, |sum, platform| Ok(sum + count(platform)?))
    }
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let committed = store.commit(app, writes)?;
        let view = store.view(app)?;
        for relation in Relation::ALL {
            let mut names = Vec::new();
            view.names(relation, None, usize::MAX, &mut |name| names.push(name.to_owned()))?;
            for name in names.iter().take(50) {
                self.cardinality(&view, Key::new(relation, name), PlatformSet::ALL)?;
            }
        }
        Ok(committed)
    }
}

/// Gives an ordinal again without telling that the slot was filled anew.
pub struct ForgetsWhoFilled;

fn unfilled(place: Place) -> Place {
    Place { filled: Version(0), ..place }
}

/// The place that the right store knows the device of a slot by.
fn right(view: &OrderedView, place: Place) -> Place {
    view.device(place.slot).ok().flatten().map_or(place, |device| device.place)
}

impl Alter for ForgetsWhoFilled {
    fn find(&self, view: &OrderedView, id: &DeviceId) -> Answer<Option<Place>> {
        Ok(view.find(id)?.map(unfilled))
    }
    fn device(&self, view: &OrderedView, slot: Slot) -> Answer<Option<StoredDevice>> {
        Ok(view.device(slot)?.map(|device| StoredDevice { place: unfilled(device.place), ..device }))
    }
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let view = store.view(app)?;
        let mut writes = writes.clone();
        for operation in &mut writes.operations {
            match operation {
                Operation::Put { device, .. } | Operation::Remove { device } => {
                    *device = right(&view, *device)
                }
                Operation::Link { devices, .. } | Operation::Unlink { devices, .. } => {
                    devices.iter_mut().for_each(|d| *d = right(&view, *d))
                }
                _ => {}
            }
        }
        let mut committed = store.commit(app, &writes)?;
        committed.inserted.iter_mut().for_each(|place| *place = unfilled(*place));
        Ok(committed)
    }
    fn touch(&self, store: &OrderedStore, app: AppId, seen: &[(Place, Timestamp)]) -> Answer<()> {
        let view = store.view(app)?;
        let seen: Vec<_> = seen.iter().map(|&(place, at)| (right(&view, place), at)).collect();
        store.touch(app, &seen)
    }
}

/// Turns ordinals into whoever fills their slots now.
pub struct NamesLaterDevices;

impl Alter for NamesLaterDevices {
    fn ids(
        &self,
        view: &OrderedView,
        platform: Platform,
        ordinals: &[u32],
        _as_of: Version,
        each: &mut dyn FnMut(u32, &str),
    ) -> Answer<()> {
        view.ids(platform, ordinals, view.version(), each)
    }
}

/// Lists names without regard to case, as a dictionary does.
pub struct DictionaryOrder;

impl Alter for DictionaryOrder {
    fn names(
        &self,
        view: &OrderedView,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        let mut all = Vec::new();
        view.names(relation, None, usize::MAX, &mut |name| all.push(name.to_owned()))?;
        let order = |name: &str| (name.to_lowercase(), name.to_owned());
        all.sort_by_key(|name| order(name));
        let behind = all.iter().filter(|name| after.is_none_or(|after| order(name) > order(after)));
        behind.take(limit).for_each(|name| each(name));
        Ok(())
    }
}

/// Goes on at the wrong name.
pub enum Pages {
    Repeat,
    Skip,
}

impl Alter for Pages {
    fn names(
        &self,
        view: &OrderedView,
        relation: Relation,
        after: Option<&str>,
        limit: usize,
        each: &mut dyn FnMut(&str),
    ) -> Answer<()> {
        let mut all = Vec::new();
        view.names(relation, None, usize::MAX, &mut |name| all.push(name.to_owned()))?;
        let from =
            all.iter().position(|name| after.is_none_or(|after| name.as_str() > after)).unwrap_or(all.len());
        let from = match (self, after) {
            (Pages::Repeat, Some(_)) => from.saturating_sub(1),
            (Pages::Skip, Some(_)) => from + 1,
            (_, None) => from,
        };
        all.iter().skip(from).take(limit).for_each(|name| each(name));
        Ok(())
    }
}

/// Shows an event only when another has followed.
pub struct LosesTheNewestEvent;

impl Alter for LosesTheNewestEvent {
    fn events(&self, view: &OrderedView, range: &LogRange<'_>) -> Answer<Vec<StoredEvent>> {
        let end = view.log_end()?;
        Ok(view.events(range)?.into_iter().filter(|event| event.seq != end).collect())
    }
}

/// Takes the number of an event for its place in time.
pub struct OrdersByNumber;

impl Alter for OrdersByNumber {
    fn events(&self, view: &OrderedView, range: &LogRange<'_>) -> Answer<Vec<StoredEvent>> {
        let mut events = view.events(range)?;
        events.sort_by_key(|event| event.seq);
        if range.order == EventOrder::NewestFirst {
            events.reverse();
        }
        Ok(events)
    }
}

/// Goes on showing erased events under their names.
#[derive(Default)]
pub struct ErasesOneIndex(Mutex<BTreeMap<u64, StoredEvent>>);

impl Alter for ErasesOneIndex {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let all = LogRange {
            index: LogIndex::All,
            from: Timestamp::MIN,
            until: Timestamp::MAX,
            order: EventOrder::OldestFirst,
            after: None,
            limit: usize::MAX,
        };
        let events = store.view(app)?.events(&all)?;
        self.0.lock().extend(events.into_iter().map(|event| (event.seq.0, event)));
        store.commit(app, writes)
    }
    fn events(&self, view: &OrderedView, range: &LogRange<'_>) -> Answer<Vec<StoredEvent>> {
        let mut events = view.events(range)?;
        let whole = range.from == Timestamp::MIN && range.until == Timestamp::MAX && range.after.is_none();
        if let LogIndex::Name(name) = range.index
            && whole
        {
            let kept = self.0.lock();
            let lost = kept.values().filter(|event| event.record.name == *name);
            let lost: Vec<_> = lost.filter(|event| !events.contains(event)).cloned().collect();
            events.extend(lost);
            events.sort_by_key(|event| (event.record.at, event.seq));
            if range.order == EventOrder::NewestFirst {
                events.reverse();
            }
            events.truncate(range.limit);
        }
        Ok(events)
    }
}

/// A dropped tag is back with all its devices as soon as it is linked again.
#[derive(Default)]
pub struct Resurrects(Mutex<BTreeMap<OwnedKey, BTreeSet<Slot>>>);

impl Resurrects {
    fn back(&self, view: &OrderedView, key: Key<'_>) -> Result<BTreeSet<Slot>, StoreError> {
        let any = view.cardinality(key, PlatformSet::ALL)?;
        let held = self.0.lock();
        Ok(if any == 0 { BTreeSet::new() } else { held.get(&key.to_owned()).cloned().unwrap_or_default() })
    }
}

impl Alter for Resurrects {
    fn commit(&self, store: &OrderedStore, app: AppId, writes: &WriteSet) -> Answer<Committed> {
        let view = store.view(app)?;
        for operation in &writes.operations {
            if let Operation::Drop { key, platforms } = operation {
                let mut held = self.0.lock();
                for platform in platforms.iter() {
                    let posting = view.posting(key.as_key(), platform)?;
                    posting.for_each(|ordinal| {
                        held.entry(key.clone()).or_default().insert(Slot { platform, ordinal });
                    });
                }
            }
        }
        store.commit(app, writes)
    }
    fn posting(&self, view: &OrderedView, key: Key<'_>, platform: Platform) -> Answer<Posting> {
        let back = self.back(view, key)?;
        let mut all: Vec<u32> = back.iter().filter(|s| s.platform == platform).map(|s| s.ordinal).collect();
        view.posting(key, platform)?.for_each(|ordinal| all.push(ordinal));
        Ok(all.into_iter().collect())
    }
    fn cardinality(&self, view: &OrderedView, key: Key<'_>, platforms: PlatformSet) -> Answer<u64> {
        platforms.iter().try_fold(0, |sum, platform| Ok(sum + self.posting(view, key, platform)?.len()))
    }
    fn linked(&self, view: &OrderedView, slot: Slot, key: Key<'_>) -> Answer<bool> {
        Ok(self.posting(view, key, slot.platform)?.contains(slot.ordinal))
    }
}

/// Keeps postings in pieces of four ordinals, and looks into the first piece that it is asked about.
pub struct LooksIntoOnePiece;

impl Alter for LooksIntoOnePiece {
    fn posting_among(
        &self,
        view: &OrderedView,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Answer<Posting> {
        let first = among.chunk(0, 1).first().map(|ordinal| ordinal / 4);
        let mut found = Vec::new();
        view.posting(key, platform)?.for_each(|ordinal| found.push(ordinal));
        Ok(found.into_iter().filter(|ordinal| Some(ordinal / 4) == first).collect())
    }
}

/// Has the devices of a platform in pieces of four, and looks into all but the last piece that it is asked about.
pub struct OverlooksDevices;

impl Alter for OverlooksDevices {
    fn devices_among(&self, view: &OrderedView, platform: Platform, among: &Posting) -> Answer<Posting> {
        let mut last = None;
        among.for_each(|ordinal| last = Some(ordinal / 4));
        let mut found = Vec::new();
        view.devices(platform)?.for_each(|ordinal| found.push(ordinal));
        Ok(found.into_iter().filter(|ordinal| Some(ordinal / 4) != last).collect())
    }
}

/// Takes what a posting is looked into for as found.
pub struct FindsWhateverItLooksFor;

impl Alter for FindsWhateverItLooksFor {
    fn posting_among(&self, _: &OrderedView, _: Key<'_>, _: Platform, among: &Posting) -> Answer<Posting> {
        Ok(among.clone())
    }
}

/// Goes on naming the platforms that a key was seen on.
#[derive(Default)]
pub struct RemembersPlatforms(Mutex<BTreeMap<OwnedKey, PlatformSet>>);

impl Alter for RemembersPlatforms {
    fn platforms(&self, view: &OrderedView, key: Key<'_>) -> Answer<PlatformSet> {
        let mut seen = self.0.lock();
        let seen = seen.entry(key.to_owned()).or_insert(PlatformSet::NONE);
        *seen = seen.iter().chain(view.platforms(key)?.iter()).collect();
        Ok(*seen)
    }
}
