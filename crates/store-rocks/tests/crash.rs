//! The process is killed while it writes: afterwards everything acknowledged is there, and each commit is complete or
//! absent.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;
#[path = "common/other.rs"]
mod other;

use common::synced;
use other::{Other, say, told};
use rollbook::{
    Alias, App, AppKey, AppSettings, DeviceId, DeviceUpdate, EventName, EventQuery, EventScope, Limits,
    NewEvent, Platform, PlatformSet, Registration, Registry, Set, TagName, TagsChange, UserId,
};
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::check_invariants;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

use rollbook::store::Store;
use rollbook::{AppId, Error};

const THREADS: usize = 3;

fn key() -> AppKey {
    AppKey::new("shop").unwrap()
}

fn id(text: String) -> DeviceId {
    DeviceId::new(text).unwrap()
}

fn tag(text: String) -> TagName {
    TagName::new(text).unwrap()
}

fn user(text: String) -> UserId {
    UserId::new(text).unwrap()
}

/// A device's tags, alias and user.
type Held = (BTreeSet<String>, Option<String>, String);

/// The state of one thread's devices after a number of its steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Model {
    devices: BTreeMap<String, Held>,
    events: usize,
}

/// Does one step of a thread. The steps use every operation in turn, each on data of this thread only. Each is one
/// commit, except the deletion of a user, which is resumed after a crash.
fn step(app: &App<RocksStore>, thread: usize, n: usize) -> Result<(), Error> {
    let (round, t) = (n / 10, thread);
    let device = id(format!("d{t}-{round}"));
    let visitor = id(format!("v{t}-{round}"));
    let bulk = tag(format!("bulk{t}"));
    match n % 10 {
        0 => {
            let new = Registration {
                tags: vec![tag("all".into()), tag(format!("r{}", round % 5))],
                alias: Some(Alias::new(format!("a{t}")).unwrap()),
                user: Some(user(format!("u{t}-{}", round % 3))),
                ..Registration::new(device, Platform::ALL[round % 17])
            };
            app.register(&new).map(drop)
        }
        1 => {
            let tags = TagsChange::Change {
                add: vec![tag(format!("x{t}"))],
                remove: vec![tag(format!("r{}", round % 5))],
            };
            let alias = Set::To(Alias::new(format!("b{t}-{round}")).unwrap());
            app.update(&device, &DeviceUpdate { tags, alias, ..DeviceUpdate::default() }).map(drop)
        }
        2 => app.update_tag(&bulk, &[device], &[]),
        3 => {
            let event =
                NewEvent { device: Some(device), ..NewEvent::new(EventName::new(format!("e{t}")).unwrap()) };
            app.post_event(&event).map(drop)
        }
        4 => app
            .register(&Registration {
                user: Some(user(format!("v{t}"))),
                tags: vec![bulk],
                ..Registration::new(visitor, Platform::Ios)
            })
            .map(drop),
        5 => app.touch(&[device, visitor]),
        6 => app.delete_tag(&bulk, PlatformSet::ALL),
        7 => app.delete_user(&user(format!("v{t}"))).map(drop),
        8 => app.delete_alias(&Alias::new(format!("b{t}-{round}")).unwrap(), PlatformSet::ALL),
        _ if round.is_multiple_of(2) => app.remove(&device).map(drop),
        _ => app.unregister(&device),
    }
}

impl Model {
    fn after(thread: usize, steps: usize) -> Model {
        let mut model = Model::default();
        for n in 0..steps {
            let (round, t) = (n / 10, thread);
            let device = format!("d{t}-{round}");
            let visitor = format!("v{t}-{round}");
            let (bulk, x, r) = (format!("bulk{t}"), format!("x{t}"), format!("r{}", round % 5));
            let mut at = |id: &str, change: &dyn Fn(&mut Held)| {
                model.devices.get_mut(id).into_iter().for_each(change);
            };
            match n % 10 {
                0 => {
                    let tags = BTreeSet::from(["all".to_owned(), r]);
                    let alias = Some(format!("a{t}"));
                    model.devices.insert(device, (tags, alias, format!("u{t}-{}", round % 3)));
                }
                1 => at(&device, &|(tags, alias, _)| {
                    tags.remove(&r);
                    tags.insert(x.clone());
                    *alias = Some(format!("b{t}-{round}"));
                }),
                2 => at(&device, &|(tags, ..)| tags.extend([bulk.clone()])),
                3 => model.events += 1,
                4 => drop(model.devices.insert(visitor, (BTreeSet::from([bulk]), None, format!("v{t}")))),
                5 => {}
                6 => model.devices.values_mut().for_each(|(tags, ..)| tags.retain(|tag| *tag != bulk)),
                7 => drop(model.devices.remove(&visitor)),
                8 => at(&device, &|(_, alias, _)| *alias = None),
                _ if round.is_multiple_of(2) => drop(model.devices.remove(&device)),
                _ => {}
            }
        }
        model
    }

    /// Reads what the register holds of a thread.
    fn read(app: &App<RocksStore>, thread: usize, steps: usize) -> Model {
        let mut model = Model::default();
        for n in 0..=steps / 10 + 1 {
            for id in [format!("d{thread}-{n}"), format!("v{thread}-{n}")] {
                if let Ok(device) = app.device(&DeviceId::new(id.as_str()).unwrap()) {
                    let tags = device.tags.iter().map(|tag| tag.as_str().to_owned()).collect();
                    let alias = device.alias.map(|alias| alias.as_str().to_owned());
                    model.devices.insert(id, (tags, alias, device.user.as_str().to_owned()));
                }
            }
        }
        let name = EventName::new(format!("e{thread}")).unwrap();
        let query = EventQuery { scope: EventScope::Name(name), limit: 100_000, ..EventQuery::default() };
        model.events = app.events(&query).unwrap().items.len();
        model
    }
}

#[test]
#[ignore = "the other process of the tests"]
fn write_until_killed() {
    let Some((path, _)) = told() else { return };
    let registry = Registry::builder(RocksStore::open(path, &synced()).unwrap()).build();
    let limits = Limits { declare_on_first_use: true, ..Limits::unlimited() };
    let app = match registry.app(&key()) {
        Ok(app) => app,
        Err(_) => registry.create_app(&key(), AppSettings { limits, ..AppSettings::default() }).unwrap(),
    };
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let app = &app;
            scope.spawn(move || {
                for n in 0..100_000 {
                    if let Err(error) = step(app, thread, n) {
                        return say(format_args!("failed {thread} {n} {error:?}"));
                    }
                    say(format_args!("{thread} {n}"));
                }
            });
        }
    });
}

/// Starts a writer, kills it after `acknowledgements` acknowledgements, and returns how many steps of each thread
/// were acknowledged.
fn kill_after(path: &Path, acknowledgements: usize) -> [usize; THREADS] {
    let mut writer = Other::start("write_until_killed", path, "");
    let mut done = [0; THREADS];
    let (mut seen, mut killed) = (0, false);
    while let Some(said) = writer.next() {
        let (thread, n) = said.split_once(' ').unwrap_or_default();
        let (Ok(thread), Ok(n)) = (thread.parse::<usize>(), n.parse::<usize>()) else { panic!("{said}") };
        done[thread] = done[thread].max(n + 1);
        seen += 1;
        if seen >= acknowledgements && !killed {
            writer.kill();
            killed = true;
        }
    }
    assert!(killed, "the writer ended by itself");
    done
}

/// Opens what is left, asserts that it is sound, and returns how many steps it shows for each thread.
fn survey(path: &Path, acknowledged: [usize; THREADS], at_least: bool) -> [usize; THREADS] {
    let registry = Registry::builder(RocksStore::open(path, &synced()).unwrap()).build();
    registry.resume_deletions().unwrap();
    let breaches = |app| check_invariants(&registry.store().view(app).unwrap()).unwrap();
    let directory = breaches(AppId::DIRECTORY);
    assert!(directory.is_empty(), "{directory:?}");
    let Ok(app) = registry.app(&key()) else {
        assert!(!at_least || acknowledged == [0; THREADS], "the app itself is gone");
        return [0; THREADS];
    };
    let found = breaches(AppId(1));
    assert!(found.is_empty(), "{found:?}");
    let mut shown = [0; THREADS];
    for thread in 0..THREADS {
        let steps = acknowledged[thread];
        let state = Model::read(&app, thread, steps);
        let first = if at_least { steps } else { 0 };
        let matching = (first..=steps + 1).rev().find(|&n| Model::after(thread, n) == state);
        shown[thread] = matching.unwrap_or_else(|| {
            panic!(
                "thread {thread}, {steps} acknowledged: {state:?} is not {:?}",
                Model::after(thread, steps)
            )
        });
    }
    shown
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    (directory, path)
}

/// Returns a number below `below`, which depends only on the seed.
fn draw(seed: u64, below: usize) -> usize {
    let mut z = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    (z ^ z >> 27) as usize % below
}

fn kills(count: u64) {
    let mut steps = 0;
    for seed in 0..count {
        let (_directory, path) = place();
        let acknowledged = kill_after(&path, 1 + draw(seed, 400));
        survey(&path, acknowledged, true);
        steps += acknowledged.iter().sum::<usize>();
    }
    println!("{count} kills: all of {steps} acknowledged steps were there, and nothing by halves");
}

/// Copies a store file by file, and cuts its newest log to a length drawn from a seed.
fn cut_log(from: &Path, to: &Path, seed: u64) -> bool {
    RocksStore::restore(from, to).unwrap();
    let logs = fs::read_dir(to.join("db")).unwrap().map(|entry| entry.unwrap().path());
    let Some(log) = logs.filter(|path| path.extension().is_some_and(|ext| ext == "log")).max() else {
        return false;
    };
    let length = fs::metadata(&log).unwrap().len();
    let cut = draw(seed, length as usize + 1) as u64;
    OpenOptions::new().write(true).open(log).unwrap().set_len(cut).unwrap();
    cut < length
}

fn cuts(count: u64) {
    let (directory, path) = place();
    let acknowledged = kill_after(&path, 300);
    let mut different = BTreeSet::new();
    for seed in 0..count {
        let copy = directory.path().join(format!("{seed}"));
        cut_log(&path, &copy, seed);
        different.insert(survey(&copy, acknowledged, false));
        fs::remove_dir_all(copy).unwrap();
    }
    assert!(
        different.len() as u64 > count / 3,
        "cuts at different lengths show different moments: {different:?}"
    );
    println!("{count} cuts of the log: {} different moments, each of them whole", different.len());
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    kills(4);
}

#[test]
fn a_log_cut_anywhere_opens_at_an_earlier_moment() {
    cuts(10);
}

#[test]
#[ignore = "takes minutes"]
fn what_was_acknowledged_before_two_hundred_kills_is_there_after_each() {
    kills(200);
}

#[test]
#[ignore = "takes minutes"]
fn a_log_cut_two_hundred_times_opens_at_an_earlier_moment() {
    cuts(200);
}
