//! Reads an audience page by page, batch by batch and as a stream, while others write.

use rollbook::store::Store;
use rollbook::{
    App, AppKey, AppSettings, Audience, DeviceCursor, DeviceId, Platform, PlatformSet, Registration,
    Registry, TagName,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The length of a race.
///
/// ```
/// use rollbook_testkit::{audiences::AudienceRace, ordered::OrderedStore};
///
/// let short = AudienceRace { writes: 10, devices: 3 };
/// assert!(short.who_stays_is_told_once(OrderedStore::new()) > 0);
/// assert!(short.a_tag_made_again_is_another(OrderedStore::new()) > 0);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct AudienceRace {
    /// The number of rounds of the writer.
    pub writes: u32,
    /// The number of devices that are never changed; as many others come and go between them.
    pub devices: u32,
}

impl Default for AudienceRace {
    fn default() -> Self {
        AudienceRace { writes: 400, devices: 40 }
    }
}

fn tag(name: &str) -> TagName {
    TagName::new(name).expect("a tag")
}

fn id(kind: &str, n: u32) -> DeviceId {
    DeviceId::new(format!("{kind}{n}")).expect("an id")
}

fn platform(n: u32) -> Platform {
    if n.is_multiple_of(2) { Platform::Ios } else { Platform::Android }
}

fn enrol<S: Store>(app: &App<S>, kind: &str, n: u32, tags: &[TagName]) {
    let new = Registration { tags: tags.to_vec(), ..Registration::new(id(kind, n), platform(n)) };
    app.register(&new).expect("a registration");
}

fn open<S: Store>(store: S) -> App<S> {
    create(&Registry::builder(store).build())
}

fn create<S: Store>(registry: &Registry<S>) -> App<S> {
    registry.create_app(&AppKey::new("race").expect("a key"), AppSettings::default()).expect("an app")
}

impl AudienceRace {
    /// A writer adds and removes devices with the tag between those that stay, so that slots are used again. Pages,
    /// and batches that are resumed at every cursor, must contain every device that stays exactly once. Returns how
    /// often they were read to the end.
    ///
    /// ```
    /// use rollbook_testkit::{audiences::AudienceRace, ordered::OrderedStore};
    ///
    /// let read = AudienceRace { writes: 10, devices: 4 }.who_stays_is_told_once(OrderedStore::new());
    /// assert!(read > 0, "everyone was told at least once");
    /// ```
    ///
    /// # Panics
    /// When a device that was there all the time is missed or returned twice, or a device is returned that never had
    /// the tag.
    pub fn who_stays_is_told_once<S: Store>(self, store: S) -> u64 {
        let app = open(store);
        let kept = tag("kept");
        self.fill(&app, &kept);
        let audience = Audience::from(kept.clone()) & !Audience::from(tag("muted"));
        while_writing(
            || self.come_and_go(&app, &kept),
            || {
                let (mut told, mut after) = (Vec::new(), None);
                loop {
                    let page = app.audience(&audience, after, 7).expect("a page");
                    told.extend(page.items);
                    after = page.next;
                    if after.is_none() {
                        break;
                    }
                }
                self.each_once(&told);
                let (mut told, mut after): (Vec<DeviceId>, Option<DeviceCursor>) = (Vec::new(), None);
                while let Some(batch) = app
                    .batches(&audience, 5, after)
                    .and_then(|mut batches| batches.next_batch())
                    .expect("a batch")
                {
                    told.extend(batch.devices);
                    after = Some(batch.cursor);
                }
                self.each_once(&told);
            },
        )
    }

    /// A reader stops in the middle of a stream, and stays there while devices come and go twice over. The writer must
    /// not wait for it, and the second time the store must not grow: `size` returns its size in any unit. Then the
    /// reader goes on, and must get every device that stayed exactly once.
    ///
    /// ```
    /// use rollbook::{AppId, Platform, store::{Store, View}};
    /// use rollbook_testkit::{audiences::AudienceRace, ordered::OrderedStore};
    ///
    /// let size = |store: &OrderedStore| store.view(AppId(1)).unwrap().devices(Platform::Ios).unwrap().len();
    /// AudienceRace { writes: 10, devices: 4 }.a_reader_that_stops_holds_up_nobody(OrderedStore::new(), size);
    /// ```
    ///
    /// # Panics
    /// When the writer does not come to its end, the size grows by more than a quarter, or a device that was there all
    /// the time is missed or returned twice.
    pub fn a_reader_that_stops_holds_up_nobody<S: Store>(self, store: S, size: impl Fn(&S) -> u64 + Sync) {
        let registry = Registry::builder(store).build();
        let app = create(&registry);
        let kept = tag("kept");
        self.fill(&app, &kept);
        let (stops, stopped) = mpsc::channel();
        let (wakes, woken) = mpsc::channel();
        let mut told = Vec::new();
        thread::scope(|scope| {
            let (app, kept, store, size) = (&app, &kept, registry.store(), &size);
            // The thread owns the ends of the channels, so that the other side stops waiting when the thread panics.
            scope.spawn(move || {
                stopped.recv().expect("a reader");
                let [before, after] = [(); 2].map(|()| {
                    self.come_and_go(app, kept);
                    size(store)
                });
                assert!(after <= before + before / 4, "a reader that stops holds {before}, then {after}");
                wakes.send(()).expect("a reader that waits");
            });
            let selected = app.select(&Audience::from(kept.clone())).expect("a selection");
            let half = selected.len() / 2;
            let each = |_, id: &str| {
                told.push(DeviceId::new(id).expect("an id"));
                if told.len() as u64 == half {
                    stops.send(()).expect("a writer that waits");
                    woken.recv_timeout(LONGEST).expect("the writer comes to its end");
                }
            };
            selected.for_each(each).expect("a stream");
        });
        self.each_once(&told);
    }

    /// Registers the devices that stay, and as many guests between them.
    fn fill<S: Store>(self, app: &App<S>, kept: &TagName) {
        for n in 0..self.devices {
            enrol(app, "stays", n, std::slice::from_ref(kept));
            enrol(app, "guest", n, std::slice::from_ref(kept));
        }
    }

    /// Removes the guests, registers other devices in their slots, and registers the guests again.
    fn come_and_go<S: Store>(self, app: &App<S>, kept: &TagName) {
        for n in 0..self.writes {
            let one = n.wrapping_mul(7) % self.devices;
            app.remove(&id("guest", one)).expect("a guest leaves");
            enrol(app, "stranger", one, &[]);
            enrol(app, "guest", one, std::slice::from_ref(kept));
            app.remove(&id("stranger", one)).expect("a stranger leaves");
        }
    }

    fn each_once(self, told: &[DeviceId]) {
        let mut times: BTreeMap<&str, u32> = BTreeMap::new();
        for device in told {
            let name = device.as_str();
            assert!(!name.starts_with("stranger"), "{name} never had the tag");
            *times.entry(name).or_default() += 1;
        }
        for n in 0..self.devices {
            let told = times.get(id("stays", n).as_str()).copied().unwrap_or_default();
            assert_eq!(told, 1, "stays{n} was told {told} times");
        }
    }

    /// A writer deletes the tag and makes it again, each time for the other half of the devices, so that slots are
    /// used again. A stream of what was selected must contain only devices of one half, a count must be that of a half
    /// or of a part of one, and two parts of an audience must be evaluated at one instant. Returns how often it was
    /// read.
    ///
    /// ```
    /// use rollbook_testkit::{audiences::AudienceRace, ordered::OrderedStore};
    ///
    /// let read = AudienceRace { writes: 10, devices: 4 }.a_tag_made_again_is_another(OrderedStore::new());
    /// assert!(read > 0, "the tag was read at least once");
    /// ```
    ///
    /// # Panics
    /// When a device is returned that was not selected, or a result mixes two instants.
    pub fn a_tag_made_again_is_another<S: Store>(self, store: S) -> u64 {
        let app = open(store);
        let moving = tag("moving");
        let half = |name: &str| (0..self.devices).map(|n| id(name, n)).collect::<Vec<_>>();
        for n in 0..self.devices {
            enrol(&app, "left", n, &[tag("left")]);
            enrol(&app, "right", n, &[tag("right")]);
        }
        let writer = || {
            for n in 0..self.writes {
                app.delete_tag(&moving, PlatformSet::ALL).expect("a deletion");
                let name = if n.is_multiple_of(2) { "left" } else { "right" };
                app.update_tag(&moving, &half(name), &[]).expect("a tag made again");
                enrol(&app, "stranger", n, &[]);
                app.remove(&id("stranger", n)).expect("a stranger leaves");
            }
        };
        let one = Audience::from(moving.clone());
        let both = [one.clone() & Audience::from(tag("left")), one.clone() & Audience::from(tag("right"))];
        while_writing(writer, || {
            let selected = app.select(&one).expect("a selection");
            let mut told = Vec::new();
            selected
                .for_each(|_, id| told.push(id.trim_end_matches(char::is_numeric).to_owned()))
                .expect("a stream");
            assert_eq!(told.len() as u64, selected.len(), "nobody who had the tag has left");
            told.dedup();
            told.sort();
            told.dedup();
            assert!(
                told.len() <= 1 && !told.contains(&"stranger".to_owned()),
                "two instants in one: {told:?}"
            );
            assert!(
                [0, u64::from(self.devices)].contains(&selected.len()),
                "{} devices of a half",
                selected.len()
            );
            let found = app.overlap(&both).expect("an overlap");
            assert!(found.each.contains(&0) && found.several == 0, "two instants in one: {found:?}");
        })
    }
}

/// If fewer reads than this ended while the writer was writing, they have hardly overlapped any write.
const FEWEST: u64 = 3;

/// How long a reader waits for a writer that does not wait for it.
const LONGEST: Duration = Duration::from_secs(60);

/// How often the writer starts again for a reader to which a busy machine gives no time.
const PATIENCE: u32 = 100;

/// Reads over and over while the writer writes, and once more. Returns how often.
fn while_writing(write: impl Fn() + Send, read: impl Fn()) -> u64 {
    let (done, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let (done, rounds) = (&done, &rounds);
        scope.spawn(move || {
            let _ends = Ending(done);
            for _ in 0..PATIENCE {
                write();
                if rounds.load(Ordering::Acquire) >= FEWEST {
                    break;
                }
            }
        });
        loop {
            let last = done.load(Ordering::Acquire);
            read();
            rounds.fetch_add(1, Ordering::AcqRel);
            if last {
                return;
            }
        }
    });
    rounds.into_inner()
}

/// Stops the reader when it is dropped, also when the writer panics.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
