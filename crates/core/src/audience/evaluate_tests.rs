use super::super::testing::{checked, trees};
use super::super::{
    Audience, Checked, JpushAudience, Question, SavedAudiences, Selection, count_each, explain, matches,
    reason, select,
};
use super::*;
use crate::model::{DeviceId, EventSeq, Limits, PlatformSet, Timestamp, Version};
use crate::store::{
    Entry, EntryKey, EntryKind, Key, LogRange, OwnedKey, Place, Relation, StoreError, StoredDevice,
    StoredEvent,
};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn count<V: View>(live: &LiveView<V>, audience: Checked<'_>) -> Result<BTreeMap<Platform, u64>, Error> {
    let mut counts = BTreeMap::new();
    count_each(live, audience, |platform, devices| assert!(counts.insert(platform, devices).is_none()))?;
    Ok(counts)
}

#[derive(Debug)]
struct Device {
    id: DeviceId,
    slot: Slot,
    keys: BTreeSet<OwnedKey>,
}

/// A view of a few devices that counts its reads.
#[derive(Debug, Default)]
struct FewDevices {
    devices: Vec<Device>,
    postings: BTreeMap<(OwnedKey, Platform), Posting>,
    everyone: BTreeMap<Platform, Posting>,
    postings_read: Cell<usize>,
    platforms_read: Cell<usize>,
    /// The name of every posting read, in order.
    names_read: RefCell<Vec<String>>,
    /// The name of every posting that was read in part, with the number of ordinals.
    looked_into: RefCell<Vec<(String, u64)>>,
}

impl FewDevices {
    fn new(devices: Vec<Device>) -> Self {
        let mut view = FewDevices::default();
        for platform in Platform::ALL {
            let here = || devices.iter().filter(move |device| device.slot.platform == platform);
            view.everyone.insert(platform, here().map(|device| device.slot.ordinal).collect());
            for key in here().flat_map(|device| &device.keys) {
                let carry = here().filter(|device| device.keys.contains(key));
                view.postings.insert((key.clone(), platform), carry.map(|d| d.slot.ordinal).collect());
            }
        }
        view.devices = devices;
        view
    }
}

impl View for &FewDevices {
    fn version(&self) -> Version {
        Version(7)
    }
    fn is_sealed(&self) -> bool {
        false
    }
    fn find(&self, id: &DeviceId) -> Result<Option<Place>, StoreError> {
        let found = self.devices.iter().find(|device| device.id == *id);
        Ok(found.map(|device| Place { slot: device.slot, filled: Version(0) }))
    }
    fn device(&self, _: Slot) -> Result<Option<StoredDevice>, StoreError> {
        Ok(None)
    }
    fn ids(
        &self,
        _: Platform,
        _: &[u32],
        _: Version,
        _: &mut dyn FnMut(u32, &str),
    ) -> Result<(), StoreError> {
        Ok(())
    }
    fn devices(&self, platform: Platform) -> Result<Posting, StoreError> {
        self.platforms_read.set(self.platforms_read.get() + 1);
        Ok(self.everyone[&platform].clone())
    }
    fn devices_among(&self, platform: Platform, among: &Posting) -> Result<Posting, StoreError> {
        Ok(in_the_pieces_of(among, &self.everyone[&platform]))
    }
    fn last_seen(&self, _: Slot) -> Result<Option<Timestamp>, StoreError> {
        Ok(None)
    }
    fn linked(&self, slot: Slot, key: Key<'_>) -> Result<bool, StoreError> {
        let device = self.devices.iter().find(|device| device.slot == slot).unwrap();
        Ok(device.keys.contains(&key.to_owned()))
    }
    fn keys_of(&self, _: Slot, _: Relation, _: &mut dyn FnMut(&str)) -> Result<(), StoreError> {
        Ok(())
    }
    fn key_count(&self, _: Slot, _: Relation) -> Result<usize, StoreError> {
        Ok(0)
    }
    fn posting(&self, key: Key<'_>, platform: Platform) -> Result<Posting, StoreError> {
        if key.relation != Relation::Deletion {
            self.postings_read.set(self.postings_read.get() + 1);
            self.names_read.borrow_mut().push(key.name.to_owned());
        }
        Ok(self.postings.get(&(key.to_owned(), platform)).cloned().unwrap_or_default())
    }
    fn posting_among(
        &self,
        key: Key<'_>,
        platform: Platform,
        among: &Posting,
    ) -> Result<Posting, StoreError> {
        self.looked_into.borrow_mut().push((key.name.to_owned(), among.len()));
        Ok(in_the_pieces_of(among, &self.posting(key, platform)?))
    }
    fn platforms(&self, key: Key<'_>) -> Result<PlatformSet, StoreError> {
        Ok(Platform::ALL.into_iter().filter(|&p| self.postings.contains_key(&(key.to_owned(), p))).collect())
    }
    fn cardinality(&self, key: Key<'_>, platforms: PlatformSet) -> Result<u64, StoreError> {
        let on = |platform| self.postings.get(&(key.to_owned(), platform)).map_or(0, Posting::len);
        Ok(platforms.iter().map(on).sum())
    }
    fn names(
        &self,
        relation: Relation,
        _: Option<&str>,
        _: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<(), StoreError> {
        let keys: BTreeSet<&OwnedKey> = self.devices.iter().flat_map(|device| &device.keys).collect();
        keys.into_iter().filter(|key| key.relation == relation).for_each(|key| each(&key.name));
        Ok(())
    }
    fn entry(&self, _: &EntryKey) -> Result<Option<(Entry, Version)>, StoreError> {
        Ok(None)
    }
    fn entries(
        &self,
        _: EntryKind,
        _: Option<&EntryKey>,
        _: usize,
    ) -> Result<Vec<(Entry, Version)>, StoreError> {
        Ok(Vec::new())
    }
    fn log_end(&self) -> Result<EventSeq, StoreError> {
        Ok(EventSeq(0))
    }
    fn events(&self, _: &LogRange<'_>) -> Result<Vec<StoredEvent>, StoreError> {
        Ok(Vec::new())
    }
}

/// Reads part of a set like a store on disk that keeps it in pieces: the result has every device of each piece in which
/// there is an ordinal of `among`.
fn in_the_pieces_of(among: &Posting, set: &Posting) -> Posting {
    let piece = |ordinal: u32| ordinal / 30_000;
    let (mut pieces, mut found) = (BTreeSet::new(), BTreeSet::new());
    among.for_each(|ordinal| pieces.extend([piece(ordinal)]));
    set.for_each(|ordinal| found.extend([ordinal]));
    found.into_iter().filter(|ordinal| pieces.contains(&piece(*ordinal))).collect()
}

const ON: [Platform; 3] = [Platform::Unknown, Platform::Ios, Platform::Android];

fn device(number: usize, platform: Platform, keys: &[(Relation, &str)]) -> Device {
    Device {
        // The first few share their ids with tags of the random trees.
        id: DeviceId::new(["a", "b", "c", "d"].get(number).map_or(format!("d{number}"), |s| (*s).into()))
            .unwrap(),
        slot: Slot { platform, ordinal: u32::try_from(number).unwrap() * 13_107 },
        keys: keys.iter().map(|&(relation, name)| Key::new(relation, name).to_owned()).collect(),
    }
}

/// Generates up to thirty devices. Some have an alias; the user of some is pending deletion.
fn registers() -> impl Strategy<Value = FewDevices> {
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "all"]);
    let owner = prop_oneof![
        5 => name().prop_map(|name| (Relation::User, name)),
        1 => Just((Relation::Deletion, "1")),
    ];
    let one = (
        prop::sample::select(ON.to_vec()),
        prop::collection::vec(name(), 0..4),
        prop::option::of(name()),
        owner,
    );
    prop::collection::vec(one, 0..30).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(number, (platform, tags, alias, owner))| {
            let mut keys: Vec<_> = tags.into_iter().map(|tag| (Relation::Tag, tag)).collect();
            keys.extend(alias.map(|alias| (Relation::Alias, alias)));
            keys.push(owner);
            device(number, platform, &keys)
        });
        FewDevices::new(made.collect())
    })
}

/// Returns whether the condition selects the device, by the definition of each condition.
fn means(audience: &Audience, device: &Device) -> bool {
    let has = |relation, name: &str| device.keys.contains(&Key::new(relation, name).to_owned());
    match audience {
        Audience::All => true,
        Audience::Tag(tag) => has(Relation::Tag, tag.as_str()),
        Audience::Alias(alias) => has(Relation::Alias, alias.as_str()),
        Audience::User(user) => has(Relation::User, user.as_str()),
        Audience::Device(id) => device.id == *id,
        Audience::Platforms(set) => set.contains(device.slot.platform),
        Audience::And(members) => members.iter().all(|member| means(member, device)),
        Audience::Or(members) => members.iter().any(|member| means(member, device)),
        Audience::Not(inner) => !means(inner, device),
    }
}

fn selected(selection: &Selection) -> BTreeSet<Slot> {
    let slots = selection.sets().iter().flat_map(|(platform, set)| {
        set.iter().map(|ordinal| Slot { platform: *platform, ordinal }).collect::<Vec<_>>()
    });
    slots.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn selecting_counting_and_matching_agree_with_the_meaning(
        view in registers(),
        tree in trees(),
        chosen in prop::sample::subsequence(ON.to_vec(), 0..=3),
    ) {
        let live = LiveView::new(&view).unwrap();
        let alive = || view.devices.iter().filter(|d| d.keys.iter().all(|k| k.relation != Relation::Deletion));
        let expected: BTreeSet<Slot> = alive().filter(|d| means(&tree, d)).map(|d| d.slot).collect();

        let selection = select(&live, checked(&tree), PlatformSet::ALL).unwrap();
        prop_assert_eq!(&selected(&selection), &expected);
        prop_assert_eq!(selection.version(), Version(7));
        prop_assert_eq!(selection.is_empty(), expected.is_empty());

        let mut counts = BTreeMap::new();
        expected.iter().for_each(|slot| *counts.entry(slot.platform).or_insert(0_u64) += 1);
        prop_assert_eq!(selection.len(), counts.values().sum::<u64>());
        prop_assert_eq!(super::super::count(&live, checked(&tree)).unwrap(), counts.values().sum::<u64>());
        prop_assert_eq!(count(&live, checked(&tree)).unwrap(), counts);

        let question = Question::new(&live, checked(&tree)).unwrap();
        for platform in ON {
            let here = expected.iter().filter(|slot| slot.platform == platform).map(|slot| slot.ordinal);
            let here: BTreeSet<u32> = here.collect();
            prop_assert!(question.at_most(platform).unwrap() >= here.len() as u64);
            for window in [0..=65_535, 65_536..=300_000, 13_107..=13_107] {
                let mut within = BTreeSet::new();
                question.posting_within(platform, window.clone()).unwrap().for_each(|ordinal| {
                    within.extend(Some(ordinal).filter(|ordinal| window.contains(ordinal)));
                });
                let expected: BTreeSet<u32> = here.range(window).copied().collect();
                prop_assert_eq!(within, expected);
            }
        }

        let chosen: PlatformSet = chosen.into_iter().collect();
        let there: BTreeSet<Slot> = expected.iter().copied().filter(|s| chosen.contains(s.platform)).collect();
        prop_assert_eq!(selected(&select(&live, checked(&tree), chosen).unwrap()), there);

        for device in alive() {
            let answer = matches(&live, checked(&tree), device.slot, &device.id).unwrap();
            prop_assert_eq!(answer, expected.contains(&device.slot));
        }
    }
}

/// Creates a hundred devices on iOS, all with `all`, every second with `even`, one with `one`.
fn hundred() -> FewDevices {
    let devices = (0..100).map(|number| {
        let mut keys = vec![(Relation::Tag, "all")];
        keys.extend((number % 2 == 0).then_some((Relation::Tag, "even")));
        keys.extend((number == 1).then_some((Relation::Tag, "one")));
        device(number, Platform::Ios, &keys)
    });
    FewDevices::new(devices.collect())
}

fn tree(text: &str) -> Audience {
    text.parse().unwrap()
}

#[test]
fn a_single_leaf_shares_the_bitmap_of_the_store() {
    let view = hundred();
    let live = LiveView::new(&view).unwrap();
    for (text, of_store) in [
        ("even", view.postings[&(Key::new(Relation::Tag, "even").to_owned(), Platform::Ios)].clone()),
        ("platform(ios)", view.everyone[&Platform::Ios].clone()),
        ("all() && !unknown", view.everyone[&Platform::Ios].clone()),
    ] {
        let selection = select(&live, checked(&tree(text)), PlatformSet::ALL).unwrap();
        assert!(Arc::ptr_eq(&selection.sets()[0].1, &of_store.into_bitmap()), "{text}");
    }
}

#[test]
fn counting_a_single_leaf_reads_no_posting() {
    let view = hundred();
    let live = LiveView::new(&view).unwrap();
    assert_eq!(count(&live, checked(&tree("even"))).unwrap(), BTreeMap::from([(Platform::Ios, 50)]));
    assert_eq!(count(&live, checked(&tree("!even"))).unwrap(), BTreeMap::from([(Platform::Ios, 50)]));
    assert_eq!(
        count(&live, checked(&tree("even && platform(ios)"))).unwrap(),
        BTreeMap::from([(Platform::Ios, 50)])
    );
    assert_eq!(
        count(&live, checked(&tree("!(even && platform(ios))"))).unwrap(),
        BTreeMap::from([(Platform::Ios, 50)])
    );
    assert_eq!(view.postings_read.get(), 0);
}

#[test]
fn a_negation_beside_anything_else_is_subtracted_and_no_complement_is_made() {
    let view = hundred();
    let live = LiveView::new(&view).unwrap();
    for text in ["all && !even", "all && !(even || !one)", "all && !(even && !one) && !none"] {
        select(&live, checked(&tree(text)), PlatformSet::ALL).unwrap();
        count(&live, checked(&tree(text))).unwrap();
        assert_eq!(view.platforms_read.get(), 0, "{text}");
    }
}

#[test]
fn what_is_settled_is_not_read() {
    let view = hundred();
    let live = LiveView::new(&view).unwrap();
    for text in ["all && !(even || one) && platform(android)", "none && (all && even)", "and(none(), all)"] {
        view.postings_read.set(0);
        let ios = PlatformSet::from(Platform::Ios);
        assert!(select(&live, checked(&tree(text)), ios).unwrap().is_empty());
        assert!(view.postings_read.get() <= 1, "{text}");
    }
}

#[test]
fn matching_a_device_reads_no_posting() {
    let view = hundred();
    let live = LiveView::new(&view).unwrap();
    let one = &view.devices[1];
    assert!(matches(&live, checked(&tree("one && !even && platform(ios)")), one.slot, &one.id).unwrap());
    assert!(!matches(&live, checked(&tree("even || device(d50)")), one.slot, &one.id).unwrap());
    assert_eq!((view.postings_read.get(), view.platforms_read.get()), (0, 0));
}

#[test]
fn the_deepest_tree_needs_little_stack() {
    let text = format!("{}all{}", "!(even || one && ".repeat(20), ")".repeat(20));
    let work = move || {
        let view = hundred();
        let live = LiveView::new(&view).unwrap();
        let deep = tree(&text);
        assert!(tree(&format!("!!!{text}")).check(&Limits::default()).is_ok());
        assert!(Audience::parse(&format!("!!!!{text}")).is_err());
        let again: Audience = serde_json::from_str(&serde_json::to_string(&deep).unwrap()).unwrap();
        assert_eq!(deep.clone(), again);
        assert_eq!(again.to_string(), text);
        assert_eq!(select(&live, checked(&deep), PlatformSet::ALL).unwrap().len(), 50);
        assert_eq!(count(&live, checked(&deep)).unwrap(), BTreeMap::from([(Platform::Ios, 50)]));
        let one = &view.devices[1];
        let is_in = matches(&live, checked(&deep), one.slot, &one.id).unwrap();
        assert_eq!(reason(&live, checked(&deep), one.slot, &one.id).unwrap().holds, is_in);
        assert!(!reason(&live, checked(&deep), one.slot, &one.id).unwrap().to_string().is_empty());
        assert_eq!(explain(&live, checked(&deep)).unwrap().devices(), 50);
        assert!(!explain(&live, checked(&deep)).unwrap().to_string().is_empty());
        assert!(JpushAudience::try_from(&deep).is_err());
        let mut saved = SavedAudiences::new();
        saved.insert(1, deep.clone()).unwrap();
        saved.remove(&1).unwrap();
    };
    std::thread::Builder::new().stack_size(256 * 1024).spawn(work).unwrap().join().unwrap();
}

#[path = "work_tests.rs"]
mod work;
