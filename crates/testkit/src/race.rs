//! Races of writers and readers on several threads, which check that no reader ever sees an inconsistent state.
//!
//! Every device changes only between states that share nothing, so a reader that finds a mixture has seen half of a
//! commit. When the race is over, the store must pass the check of its invariants.

use crate::check::contradiction;
use rollbook::store::Store;
use rollbook::{
    App, AppKey, AppSettings, Audience, DeviceId, DeviceUpdate, Error, Platform, Registration, Registry,
    TagName, TagsChange, Version,
};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// The length of a race. There are two writers, and each makes this many writes.
///
/// ```
/// use rollbook_testkit::{Race, ordered::OrderedStore};
/// let race = Race { writes: 20, ..Race::default() };
/// let reads = [
///     race.states_never_mix(OrderedStore::new()),
///     race.a_replacement_is_never_reported(OrderedStore::new()),
/// ];
/// assert!(reads.iter().all(|&reads| reads >= 2), "each of two readers reads at least once");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Race {
    /// The number of writes of each writer.
    pub writes: u32,
    /// The number of devices that the writers share.
    pub devices: u32,
}

impl Default for Race {
    fn default() -> Self {
        Race { writes: 3_000, devices: 12 }
    }
}

const STATES: usize = 4;

fn pair(state: usize) -> [TagName; 2] {
    ["left", "right"].map(|side| TagName::new(format!("{side}{state}")).expect("a tag"))
}

fn device(n: u32) -> DeviceId {
    DeviceId::new(format!("device{n}")).expect("an id")
}

impl Race {
    /// Two writers move devices between states of two tags each. Two readers must always find a device with exactly
    /// the tags of one state, and every audience that asks for half a state empty. Returns how often they read.
    ///
    /// ```
    /// use rollbook_testkit::{Race, ordered::OrderedStore};
    /// assert!(Race { writes: 20, devices: 2 }.states_never_mix(OrderedStore::new()) >= 2);
    /// ```
    ///
    /// # Panics
    /// When a reader sees an inconsistent state, with what it saw.
    pub fn states_never_mix<S: Store>(self, store: S) -> u64 {
        let (registry, app) = app(store);
        for n in 0..self.devices {
            let tags = pair(0).to_vec();
            let new = Registration { tags, ..Registration::new(device(n), Platform::Ios) };
            app.register(&new).expect("a first state");
        }
        let writer = |seed: u64| {
            let mut draws = Draws(seed);
            for _ in 0..self.writes {
                move_device(&app, &device(draws.below(self.devices)), draws.below(STATES as u32) as usize);
            }
        };
        let rounds = readers_against(&app, [&|| writer(1), &|| writer(2)], |app, draws| {
            let one = app.device(&device(draws.below(self.devices))).expect("the device is never removed");
            let whole = (0..STATES).any(|state| one.tags == pair(state));
            assert!(whole, "a device was seen between two states: {:?}", one.tags);
            let [left, right] = pair(draws.below(STATES as u32) as usize);
            let half = Audience::from(left) & !Audience::from(right);
            assert_eq!(app.count(&half).expect("a count"), 0, "an audience saw half a state");
        });
        assert_sound(&registry);
        rounds
    }

    /// Two writers replace devices that carry a tag by devices that do not, so that slots are used again. Two readers
    /// read the tag's audience and must never find a device that never carried it. Returns how often they read.
    ///
    /// ```
    /// use rollbook_testkit::{Race, ordered::OrderedStore};
    /// assert!(Race { writes: 20, devices: 2 }.a_replacement_is_never_reported(OrderedStore::new()) >= 2);
    /// ```
    ///
    /// # Panics
    /// When a reader gets a device that was not selected.
    pub fn a_replacement_is_never_reported<S: Store>(self, store: S) -> u64 {
        let (registry, app) = app(store);
        let kept = TagName::new("kept").expect("a tag");
        let carrier = |n: u64| Registration {
            tags: vec![kept.clone()],
            ..Registration::new(DeviceId::new(format!("carrier{n}")).expect("an id"), Platform::Android)
        };
        let next = AtomicU64::new(u64::from(self.devices));
        for n in 0..u64::from(self.devices) {
            app.register(&carrier(n)).expect("a carrier");
        }
        let writer = |first: u64| {
            let mut draws = Draws(first);
            for n in 0..self.writes {
                let old = draws.below(u32::try_from(next.load(Ordering::Relaxed)).unwrap_or(u32::MAX));
                let old = DeviceId::new(format!("carrier{old}")).expect("an id");
                if app.remove(&old).is_ok() {
                    let stranger = DeviceId::new(format!("stranger{first}-{n}")).expect("an id");
                    app.register(&Registration::new(stranger.clone(), Platform::Android))
                        .expect("a stranger");
                    app.register(&carrier(next.fetch_add(1, Ordering::Relaxed))).expect("a carrier");
                    app.remove(&stranger).expect("the stranger leaves");
                }
            }
        };
        let audience = Audience::from(kept.clone());
        let rounds = readers_against(&app, [&|| writer(1), &|| writer(2)], |app, _| {
            let selected = app.select(&audience).expect("a selection");
            let mut told = 0;
            let read = selected.for_each(|_, id| {
                told += 1;
                assert!(
                    id.starts_with("carrier"),
                    "{id} never carried the tag, but took the slot of one that did"
                );
            });
            read.expect("the selection is read");
            assert!(told <= selected.len(), "{told} devices were told of {} selected", selected.len());
        });
        assert_sound(&registry);
        rounds
    }
}

fn app<S: Store>(store: S) -> (Registry<S>, App<S>) {
    let registry = Registry::builder(store).build();
    let app =
        registry.create_app(&AppKey::new("race").expect("a key"), AppSettings::default()).expect("an app");
    (registry, app)
}

/// Checks that a race has left no contradiction in the store.
fn assert_sound<S: Store>(registry: &Registry<S>) {
    if let Some(found) = contradiction(registry.store()) {
        panic!("after the race: {found}");
    }
}

/// Replaces one state by another, based on the version that was read. The writer that loses a conflict reads again.
fn move_device<S: Store>(app: &App<S>, id: &DeviceId, state: usize) {
    loop {
        let before = app.device(id).expect("the device is never removed");
        let add = pair(state).to_vec();
        let remove = before.tags.iter().filter(|tag| !add.contains(tag)).cloned().collect();
        let based_on: Option<Version> = Some(before.version);
        let tags = TagsChange::Change { add, remove };
        match app.update(id, &DeviceUpdate { tags, based_on, ..DeviceUpdate::default() }) {
            Ok(_) => return,
            Err(Error::Stale { .. }) => {}
            Err(error) => panic!("an update of a device failed: {error}"),
        }
    }
}

/// Runs two readers for as long as the writers write, and once more. Returns how often they read.
fn readers_against<S: Store>(
    app: &App<S>,
    writers: [&(dyn Fn() + Sync); 2],
    read: impl Fn(&App<S>, &mut Draws) + Sync,
) -> u64 {
    let done = AtomicBool::new(false);
    let rounds = AtomicU64::new(0);
    thread::scope(|scope| {
        for seed in [11, 12] {
            let (done, rounds, read) = (&done, &rounds, &read);
            scope.spawn(move || {
                let mut draws = Draws(seed);
                loop {
                    let last = done.load(Ordering::Acquire);
                    read(app, &mut draws);
                    rounds.fetch_add(1, Ordering::Relaxed);
                    if last {
                        return;
                    }
                }
            });
        }
        let _ends_the_readers = Ending(&done);
        thread::scope(|inner| {
            for writer in writers {
                inner.spawn(writer);
            }
        });
    });
    rounds.into_inner()
}

/// Stops the readers when it is dropped, also when a writer panics.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A repeatable sequence of small pseudorandom numbers.
struct Draws(u64);

impl Draws {
    fn below(&mut self, end: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(end.max(1))) as u32
    }
}
