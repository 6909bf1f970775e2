//! Calls that are held before one of their commits while other workers make calls: every case of a table.
//!
//! Threads at random seldom meet in the middle of a deletion, which takes several commits, and hardly ever when a
//! third worker has begun another deletion in between. Here each case is run on purpose: a call, one of its commits,
//! and what others do before that commit. A worker may also die in the middle of its call. The results are judged as
//! for random histories.

use super::calls::events;
use super::record::{Call, note};
use super::unexplained::Unexplained;
use super::{Checked, overlapping, search};
use crate::check::contradiction;
use crate::fault::{self, Failure, Fault, FaultStore};
use crate::op::{Op, Settings};
use parking_lot::Mutex;
use rollbook::store::{Committed, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{
    AppId, AppKey, Command, DeviceId, EventName, Limits, ManualClock, NewEvent, Platform, PlatformSet,
    Registration, Registry, SeededEntropy, Timestamp, UserId,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Calls that are interrupted by calls of others before each of their commits.
///
/// ```
/// use rollbook_testkit::histories::Schedules;
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let checked = Schedules::default().check(OrderedStore::new()).unwrap_or_else(|found| panic!("{found}"));
/// assert!(checked.histories > 300, "{checked}");
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Schedules {}

/// A call, and the number of commits after which its worker dies.
type Step = (Op, Option<u64>);

/// The calls before, the call that is interrupted, and the calls of others meanwhile.
type Case = (Vec<Step>, Op, Vec<Step>);

impl Schedules {
    /// Runs every call with every interruption before each of its commits, each in an app of its own.
    ///
    /// ```
    /// use rollbook_testkit::{histories::Schedules, ordered::OrderedStore};
    ///
    /// let checked = Schedules::default().check(OrderedStore::new())?;
    /// assert!(checked.overlapping > checked.histories, "each history has at least one call within another");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first case that no order of its calls explains.
    ///
    /// # Panics
    /// When the store contradicts itself after a case, or something is left of a deletion after it was resumed.
    pub fn check<S: Store>(self, store: S) -> Result<Checked, Box<Unexplained>> {
        let store = Arc::new(store);
        let mut checked = Checked::default();
        let key = |number: u64| AppKey::new(format!("schedule-{number}")).expect("a key");
        let count = table(&key(0)).len();
        for case in 0..count {
            for commit in 1.. {
                let app = key(checked.histories);
                let Some(case) = table(&app).into_iter().nth(case) else { break };
                let history = Stage::new(&store, app.clone()).run(&case, commit);
                let Some(history) = history else { break };
                checked.histories += 1;
                checked.calls += history.len() as u64;
                checked.overlapping += overlapping(&history);
                checked.tried += search::explain(&app, &history).map_err(|search::NoOrder| {
                    Box::new(Unexplained::shortest(checked.histories - 1, app, history))
                })?;
            }
        }
        Ok(checked)
    }
}

/// The names of the cases.
struct Names {
    app: AppKey,
}

impl Names {
    fn call(&self, command: Command) -> Op {
        Op::Do(self.app.clone(), command)
    }

    fn register(&self, id: &str, user: Option<&str>) -> Op {
        let user = user.map(user_id);
        self.call(Command::Register(Registration { user, ..Registration::new(device_id(id), Platform::Ios) }))
    }

    fn delete(&self, user: &str) -> Op {
        self.call(Command::DeleteUser(user_id(user)))
    }

    fn post(&self, device: Option<&str>, user: Option<&str>) -> Op {
        let name = EventName::new("opened").expect("a name");
        let (device, user) = (device.map(device_id), user.map(user_id));
        self.call(Command::PostEvent(NewEvent { device, user, ..NewEvent::new(name) }))
    }

    /// The content at first: Ann has two devices and Bob one, each with an event, and there is an event of Eve, who
    /// has no device.
    fn scene(&self) -> Vec<Op> {
        let limits = Limits { declare_on_first_use: true, ..Limits::default() };
        vec![
            Op::CreateApp { app: self.app.clone(), settings: Settings { limits, ..Settings::default() } },
            self.register("a1", Some("ann")),
            self.register("a2", Some("ann")),
            self.register("b", Some("bob")),
            self.post(Some("a1"), None),
            self.post(Some("a2"), Some("bob")),
            self.post(Some("b"), None),
            self.post(Some("b"), Some("eve")),
        ]
    }

    /// Returns questions that read the whole app.
    fn everything(&self) -> Vec<Op> {
        let device = |id: &str| Op::Device(self.app.clone(), device_id(id));
        let user = |user: &str| Op::UserDevices(self.app.clone(), user_id(user), PlatformSet::ALL);
        let devices = ["a1", "a2", "b"].map(device);
        let users = ["ann", "bob", "eve"].map(user);
        devices.into_iter().chain(users).chain([events(&self.app)]).collect()
    }
}

fn user_id(text: &str) -> UserId {
    UserId::new(text).expect("a name")
}

fn device_id(text: &str) -> DeviceId {
    DeviceId::new(text).expect("an id")
}

/// Returns every call with every interruption.
fn table(app: &AppKey) -> Vec<Case> {
    let names = &Names { app: app.clone() };
    let batch = |commands: Vec<Op>| {
        let command = |op| match op {
            Op::Do(_, command) => Some(command),
            _ => None,
        };
        Op::Batch(app.clone(), commands.into_iter().filter_map(command).collect())
    };
    let whole = |op: Op| (op, None);
    let dying = |op: Op, after: u64| (op, Some(after));
    let resume = || whole(Op::ResumeDeletions);
    let calls = || {
        vec![
            names.delete("ann"),
            names.delete("eve"),
            names.post(Some("a1"), None),
            names.post(Some("a1"), Some("bob")),
            names.post(None, Some("ann")),
            names.post(Some("b"), Some("eve")),
            names.register("a1", None),
            names.register("a1", Some("bob")),
            names.register("new", Some("ann")),
            names.call(Command::Remove(device_id("a1"))),
            batch(vec![names.post(Some("a1"), None), names.register("b", None)]),
            batch(vec![names.delete("ann"), names.post(Some("b"), Some("ann"))]),
            batch(vec![names.post(Some("b"), Some("eve")), names.delete("eve")]),
        ]
    };
    let begun = |user: &str, call: Op| (vec![dying(names.delete(user), 1)], call);
    let calls = || {
        let resumed = ["ann", "eve"].map(|user| begun(user, Op::ResumeDeletions));
        let needed_again = begun("ann", names.register("a1", Some("bob")));
        let fresh = calls().into_iter().map(|call| (Vec::new(), call));
        fresh.chain(resumed).chain([needed_again])
    };
    let meanwhile = || {
        vec![
            vec![whole(names.delete("ann"))],
            vec![dying(names.delete("ann"), 1)],
            vec![whole(names.delete("bob"))],
            vec![whole(names.delete("eve"))],
            vec![dying(names.delete("eve"), 1)],
            vec![resume()],
            // Another worker ends the deletion under way, and a third begins one, which gets the same number.
            vec![resume(), dying(names.delete("bob"), 1)],
            vec![resume(), dying(names.delete("eve"), 1)],
            vec![resume(), dying(names.delete("bob"), 2), whole(names.register("b", Some("bob")))],
            vec![whole(names.delete("ann")), whole(names.register("a1", Some("ann")))],
            vec![dying(names.delete("ann"), 1), whole(names.post(Some("b"), Some("ann")))],
            vec![whole(names.register("a1", Some("bob"))), dying(names.delete("bob"), 1)],
        ]
    };
    calls()
        .flat_map(|(before, call)| {
            meanwhile().into_iter().map(move |steps| (before.clone(), call.clone(), steps))
        })
        .collect()
}

/// One case: workers on one store, and the calls they made.
struct Stage<S: Store> {
    names: Names,
    store: Arc<S>,
    clock: Arc<ManualClock>,
    stamps: AtomicU64,
    history: Mutex<Vec<Call>>,
}

impl<S: Store> Stage<S> {
    fn new(store: &Arc<S>, app: AppKey) -> Self {
        Stage {
            names: Names { app },
            store: Arc::clone(store),
            clock: Arc::new(ManualClock::at(crate::oracle::Oracle::START)),
            stamps: AtomicU64::new(0),
            history: Mutex::new(Vec::new()),
        }
    }

    fn worker<W: Store>(&self, store: W) -> Registry<W> {
        Registry::builder(store).clock(Arc::clone(&self.clock)).entropy(SeededEntropy::new(1)).build()
    }

    fn call<W: Store>(&self, worker: &Registry<W>, thread: usize, op: &Op) {
        self.note(note(worker, &self.clock, &self.stamps, (thread, op), &mut BTreeMap::new()));
    }

    fn note(&self, call: Call) {
        self.history.lock().push(call);
    }

    /// Makes a call by a worker of its own, which may die.
    fn step(&self, thread: usize, (op, dies): &Step) {
        let worker = self.worker(FaultStore::new(Arc::clone(&self.store)));
        let Some(after) = dies else { return self.call(&worker, thread, op) };
        worker.store().arm(Fault::at(fault::Call::Commit, after + 1, Failure::Unavailable).staying());
        let call = note(&worker, &self.clock, &self.stamps, (thread, op), &mut BTreeMap::new());
        // The result of a worker that died is unknown: its call may have happened or not.
        self.note(Call { answer: None, ..call });
    }

    /// Runs a case, with the interruption before this commit of its call. Returns `None` when there is no such commit.
    fn run(self, (before, call, meanwhile): &Case, commit: u64) -> Option<Vec<Call>> {
        let plain = self.worker(Arc::clone(&self.store));
        self.names.scene().iter().for_each(|op| self.call(&plain, 0, op));
        // Each step gets a thread of its own, because a thread makes no further call after one that has not returned.
        let mut threads = 2..;
        before.iter().zip(threads.by_ref()).for_each(|(step, thread)| self.step(thread, step));
        let (turnstile, gate) = Turnstile::new(Arc::clone(&self.store), commit);
        let interrupted = self.worker(turnstile);
        let met = thread::scope(|scope| {
            scope.spawn(|| {
                self.call(&interrupted, 1, call);
                interrupted.store().open();
            });
            let met = gate.arrived.recv().is_ok();
            if met {
                meanwhile.iter().zip(threads.by_ref()).for_each(|(step, thread)| self.step(thread, step));
            }
            drop(gate.go);
            met
        });
        let after = threads.next().unwrap_or_default();
        let questions = self.names.everything();
        questions.iter().for_each(|op| self.call(&plain, after, op));
        self.call(&plain, after, &Op::ResumeDeletions);
        questions.iter().for_each(|op| self.call(&plain, after, op));
        if let Some(found) = contradiction(&*self.store) {
            panic!("after {call:?} with {meanwhile:?} before its commit {commit}: {found}");
        }
        plain.delete_app(&self.names.app).expect("the app is deleted");
        met.then(|| self.history.into_inner())
    }
}

/// A store whose caller is held before one of its commits, so that others can run meanwhile.
struct Turnstile<S> {
    store: Arc<S>,
    waits: Mutex<Option<Waits>>,
}

struct Waits {
    /// The number of commits left, including the one that is held.
    commits: u64,
    arrived: SyncSender<()>,
    go: Receiver<()>,
}

struct Gate {
    arrived: Receiver<()>,
    /// Dropped when the caller may go on.
    go: SyncSender<()>,
}

impl<S> Turnstile<S> {
    fn new(store: Arc<S>, commits: u64) -> (Self, Gate) {
        let (arrived, sees) = sync_channel(1);
        let (go, goes) = sync_channel(1);
        let waits = Some(Waits { commits, arrived, go: goes });
        (Turnstile { store, waits: Mutex::new(waits) }, Gate { arrived: sees, go })
    }

    /// From here on no caller is held.
    fn open(&self) {
        drop(self.waits.lock().take());
    }
}

impl<S: Store> Store for Turnstile<S> {
    type View<'a> = S::View<'a>;

    fn info(&self) -> StoreInfo {
        self.store.info()
    }

    fn view(&self, app: AppId) -> Result<S::View<'_>, StoreError> {
        self.store.view(app)
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        let mut waits = self.waits.lock();
        if let Some(waits) = waits.as_mut() {
            waits.commits -= 1;
        }
        let due = waits.take_if(|waits| waits.commits == 0);
        drop(waits);
        if let Some(Waits { arrived, go, .. }) = due {
            // Returns when the other end is dropped.
            arrived.send(()).ok().and_then(|()| go.recv().ok());
        }
        self.store.commit(app, writes)
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        self.store.touch(app, seen)
    }
}
