//! A tag and a user with very many devices are deleted while another thread writes; the process is killed in the
//! middle, and the deletion is resumed.

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

use common::options;
use other::{Other, say, told};
use rollbook::store::{Durability, Entry, EntryKind, Key, Relation, Store, View};
use rollbook::{
    App, AppId, AppKey, AppSettings, Audience, Command, Device, DeviceId, EventName, EventQuery, EventScope,
    Limits, NewEvent, Platform, PlatformSet, Registration, Registry, TagName, UserId,
};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::check_invariants;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Devices of one commit while the register is filled.
const BATCH: usize = 1_000;
/// Steps of the writer before a deletion begins.
const BEFORE: usize = 5;

#[derive(Clone, Copy)]
struct Size {
    /// The number of devices. All of them carry every tag that is deleted.
    devices: usize,
    /// How many of them belong to the user.
    crowd: usize,
    /// The number of events of the user.
    events: usize,
    /// How often the deletion of the user is killed before one run may finish.
    kills: usize,
    /// Steps of the writer between the beginning or resumption of the user's deletion and a kill.
    patience: usize,
}

fn key() -> AppKey {
    AppKey::new("shop").unwrap()
}

fn crowd() -> UserId {
    UserId::new("crowd").unwrap()
}

/// The tags that every device carries. Each is deleted by other runs.
fn tags() -> impl Iterator<Item = TagName> {
    (0..3).map(|n| TagName::new(format!("everybody{n}")).unwrap())
}

fn id(kind: char, n: usize) -> DeviceId {
    DeviceId::new(format!("{kind}{n}")).unwrap()
}

/// Makes a registration; the device belongs to the user that is deleted only if `is_crowd` is set.
fn registration(id: DeviceId, n: usize, is_crowd: bool) -> Registration {
    Registration {
        tags: tags().collect(),
        user: is_crowd.then(crowd),
        ..Registration::new(id, Platform::ALL[n % 3])
    }
}

fn open(path: &Path, durability: Durability) -> Registry<RocksStore> {
    let options = RocksOptions { durability, memory_bytes: 256 << 20, ..options() };
    Registry::builder(RocksStore::open(path, &options).unwrap()).build()
}

fn fill(path: &Path, size: Size) {
    let registry = open(path, Durability::Buffered);
    let limits = Limits { declare_on_first_use: true, ..Limits::unlimited() };
    let app = registry.create_app(&key(), AppSettings { limits, ..AppSettings::default() }).unwrap();
    for first in (0..size.devices).step_by(BATCH) {
        let some = first..size.devices.min(first + BATCH);
        let register = |n| Command::Register(registration(id('d', n), n, n < size.crowd));
        app.batch(&some.map(register).collect::<Vec<_>>()).unwrap();
    }
    let name = EventName::new("opened").unwrap();
    let event = |n| NewEvent {
        user: Some(crowd()),
        device: Some(id('d', n % size.crowd)),
        ..NewEvent::new(name.clone())
    };
    for first in (0..size.events).step_by(BATCH) {
        let some = first..size.events.min(first + BATCH);
        app.batch(&some.map(|n| Command::PostEvent(event(n))).collect::<Vec<_>>()).unwrap();
    }
}

/// Returns whether the writer's device of this step belongs to the user.
fn joins(n: usize) -> bool {
    n.is_multiple_of(4)
}

#[test]
#[ignore = "the other process of the tests"]
fn delete_until_killed() {
    let Some((path, task)) = told() else { return };
    let registry = open(&path, Durability::Synced);
    let app = registry.app(&key()).unwrap();
    let (first, task) = task.split_once(' ').unwrap();
    let first: usize = first.parse().unwrap();
    let done = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Every device of the writer carries the tags that are being deleted, and one in four belongs to the
            // user.
            for n in first.. {
                if let Err(error) = app.register(&registration(id('w', n), n, joins(n))) {
                    return say(format_args!("failed {error:?}"));
                }
                say(format_args!("done {n}"));
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
        while done.load(Ordering::Relaxed) < BEFORE {
            std::thread::yield_now();
        }
        say(format_args!("begin"));
        let ended = match task {
            "user" => app.delete_user(&crowd()).map(drop),
            "resume" => registry.resume_deletions().map(drop),
            tag => app.delete_tag(&TagName::new(tag).unwrap(), PlatformSet::ALL),
        };
        say(format_args!(
            "{}",
            ended.map_or_else(|error| format!("failed {error:?}"), |()| "end".to_owned())
        ));
    });
}

/// What is known of a device of the writer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Known {
    /// Its registration was acknowledged before the deletion began.
    Before,
    /// Its registration was under way when the process was killed, or when the deletion was.
    Perhaps,
    /// Its registration began after the deletion had ended.
    After,
}

/// One run of the child process: the results of its steps, and whether it reported the end of the deletion.
struct Life {
    steps: Vec<(usize, Known)>,
    ended: bool,
}

/// When a process is killed: this many steps of its writer after the deletion began, or after it ended.
#[derive(Clone, Copy)]
enum Kill {
    AfterBegin(usize),
    AfterEnd(usize),
}

fn live(path: &Path, task: &str, first: usize, kill: Kill) -> Life {
    let mut other = Other::start("delete_until_killed", path, &format!("{first} {task}"));
    let mut life = Life { steps: Vec::new(), ended: false };
    let (mut next, mut left) = (first, None);
    let (mut begun, mut began_after_end) = (false, false);
    while let Some(said) = other.next() {
        match (said.as_str(), kill) {
            ("begin", kill) => {
                begun = true;
                left = if let Kill::AfterBegin(steps) = kill { Some(steps) } else { None };
            }
            ("end", kill) => {
                life.ended = true;
                left = if let Kill::AfterEnd(steps) = kill { Some(steps) } else { left };
            }
            (done, _) => {
                assert_eq!(done.strip_prefix("done ").map(str::parse), Some(Ok(next)), "{done}");
                let known = match (begun, began_after_end) {
                    (false, _) => Known::Before,
                    (true, false) => Known::Perhaps,
                    (true, true) => Known::After,
                };
                life.steps.push((next, known));
                // The next step begins now.
                next += 1;
                began_after_end = life.ended;
                left = left.map(|left: usize| left.saturating_sub(1));
            }
        }
        if left == Some(0) {
            other.kill();
        }
    }
    // The step that was under way.
    life.steps.push((next, Known::Perhaps));
    life
}

/// Every step of the writer in all runs, with what is known of it relative to each deletion.
#[derive(Default)]
struct Books {
    steps: Vec<Step>,
    next: usize,
}

struct Step {
    n: usize,
    /// Whether it was acknowledged.
    sure: bool,
    /// How it relates to the deletion of each tag, and of the user, once that is known.
    to: [Option<Known>; 4],
}

const USER: usize = 3;

impl Books {
    fn enter(&mut self, life: &Life) {
        let last = life.steps.len() - 1;
        for (at, (n, _)) in life.steps.iter().enumerate() {
            self.steps.push(Step { n: *n, sure: at < last, to: [None; 4] });
            self.next = n + 1;
        }
    }

    /// Notes that the deletion took place in this run, the newest: every older device was there before it.
    fn took_place(&mut self, deletion: usize, life: &Life) {
        let older = self.steps.len() - life.steps.len();
        for (at, step) in self.steps.iter_mut().enumerate() {
            step.to[deletion] = Some(at.checked_sub(older).map_or(Known::Before, |at| life.steps[at].1));
        }
    }

    /// Asserts that the register shows the writer's devices as noted here. Returns how many there are, and how many
    /// belong to the user.
    fn audit(&self, app: &App<RocksStore>) -> (u64, u64) {
        let (mut there, mut theirs) = (0, 0);
        for step in &self.steps {
            let gone = step.to[USER].filter(|_| joins(step.n));
            match app.device(&id('w', step.n)) {
                Ok(device) => {
                    assert_ne!(gone, Some(Known::Before), "{} went with its user", step.n);
                    there += 1;
                    theirs += u64::from(device.user == crowd());
                    self.audit_tags(step, &device);
                }
                Err(_) => assert!(
                    !step.sure || matches!(gone, Some(Known::Before | Known::Perhaps)),
                    "{} was acknowledged: {gone:?}",
                    step.n
                ),
            }
        }
        (there, theirs)
    }

    fn audit_tags(&self, step: &Step, device: &Device) {
        for (at, tag) in tags().enumerate() {
            let has = device.tags.contains(&tag);
            match step.to[at] {
                Some(Known::Before) => assert!(!has, "{tag} on {}", step.n),
                // The tag is not deleted yet, or was deleted in an earlier run.
                None | Some(Known::After) => assert!(has, "{tag} on {}", step.n),
                Some(Known::Perhaps) => {}
            }
        }
    }
}

/// Returns how many devices wait for a deletion.
fn waiting(registry: &Registry<RocksStore>) -> u64 {
    let view = registry.store().view(AppId(1)).unwrap();
    let deletions = view.entries(EntryKind::Deletion, None, usize::MAX).unwrap();
    let waiting = |entry: &Entry| match entry {
        Entry::Deletion(deletion) => {
            let name = deletion.number.to_string();
            view.cardinality(Key::new(Relation::Deletion, &name), PlatformSet::ALL).unwrap()
        }
        _ => 0,
    };
    deletions.iter().map(|(entry, _)| waiting(entry)).sum()
}

/// Deletes each tag. Either all devices of a tag still carry it, or none of those that carried it before.
fn delete_tags(path: &Path, size: Size, books: &mut Books) {
    for (at, tag) in tags().enumerate() {
        // Killed earlier or later, and once more if the deletion had not taken place.
        for kill in at.. {
            let life = live(path, tag.as_str(), books.next, Kill::AfterBegin(kill));
            books.enter(&life);
            let registry = open(path, Durability::Buffered);
            let app = registry.app(&key()).unwrap();
            let count = app.tag_count(&tag, PlatformSet::ALL).unwrap();
            let took_place = count < size.devices as u64;
            if took_place {
                books.took_place(at, &life);
            }
            assert!(took_place || !life.ended, "{tag}: what was told is not there");
            let (there, _) = books.audit(&app);
            assert!(
                if took_place { count <= there } else { count == size.devices as u64 + there },
                "{tag}: {count} of {} and {there}",
                size.devices
            );
            if took_place {
                println!("{tag}: deleted, {count} devices have it since");
                break;
            }
        }
    }
}

/// Deletes the user. Either all devices of the user are there, or none.
fn delete_the_user(path: &Path, size: Size, books: &mut Books) {
    let (mut unfinished, mut left) = (0, None);
    loop {
        let task = if left.is_some() { "resume" } else { "user" };
        let kill =
            if unfinished < size.kills { Kill::AfterBegin(size.patience) } else { Kill::AfterEnd(BEFORE) };
        let life = live(path, task, books.next, kill);
        books.enter(&life);
        let registry = open(path, Durability::Buffered);
        let app = registry.app(&key()).unwrap();
        let visible = app.count(&Audience::User(crowd())).unwrap();
        let waits = waiting(&registry);
        if left.is_none() && visible < size.crowd as u64 {
            books.took_place(USER, &life);
            left = Some(waits);
        }
        let (there, theirs) = books.audit(&app);
        let Some(before) = left else {
            assert!(!life.ended, "what was told is not there");
            assert_eq!(visible, size.crowd as u64 + theirs, "all or none of a user's devices");
            continue;
        };
        assert_eq!(visible, theirs, "of the devices that were condemned none is shown");
        let all = (size.devices - size.crowd) as u64 + there;
        assert_eq!(app.count(&Audience::All).unwrap(), all);
        assert!(waits <= before, "{waits} devices wait, and {before} did before");
        left = Some(waits);
        if life.ended {
            assert_eq!(waits, 0);
            break;
        }
        unfinished += 1;
        println!("killed with {waits} of {} devices left", size.crowd);
    }
    assert!(unfinished > 0, "no deletion was killed in the middle");
}

fn deleted_while_others_write(size: Size) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    fill(&path, size);
    let mut books = Books::default();
    delete_tags(&path, size, &mut books);
    delete_the_user(&path, size, &mut books);

    let registry = open(&path, Durability::Buffered);
    assert_eq!(registry.resume_deletions().unwrap(), 0);
    let app = registry.app(&key()).unwrap();
    let (there, _) = books.audit(&app);
    println!("{} devices, {there} of them written meanwhile", app.count(&Audience::All).unwrap());
    let events = EventQuery { scope: EventScope::User(crowd()), ..EventQuery::default() };
    assert!(app.events(&events).unwrap().items.is_empty(), "the user's events went with the user");
    let breaches = check_invariants(&registry.store().view(AppId(1)).unwrap()).unwrap();
    assert!(breaches.is_empty(), "{breaches:?}");
}

#[test]
fn a_tag_and_a_user_of_many_devices_are_deleted_whole_though_the_deletion_is_killed() {
    deleted_while_others_write(Size { devices: 30_000, crowd: 20_000, events: 3_000, kills: 3, patience: 4 });
}

#[test]
#[ignore = "takes minutes, and gigabytes of disk"]
fn a_tag_of_ten_million_devices_and_a_user_of_a_million_are_deleted_whole_though_the_deletion_is_killed() {
    let size = Size { devices: 10_000_000, crowd: 1_000_000, events: 100_000, kills: 10, patience: 150 };
    deleted_while_others_write(size);
}
