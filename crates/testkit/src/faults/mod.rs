//! Tests what a register does when its store fails: every verb, at every call that it makes, with every kind of
//! failure.
//!
//! [`every_verb`] runs all of it on a store of your own:
//!
//! ```no_run
//! # mod my_store { pub use rollbook_testkit::ordered::OrderedStore as MyStore; }
//! use my_store::MyStore;
//! use rollbook_testkit::faults;
//!
//! #[test]
//! fn no_fault_leaves_a_register_between_two_states() {
//!     faults::every_verb(MyStore::new).unwrap_or_else(|unsound| panic!("{unsound}"));
//! }
//! # fn main() {}
//! ```
//!
//! [`verb`] does the same for one step of your own on a register of your own.
//!
//! # What is checked
//!
//! A verb runs once without a fault, which gives the state before, the state after, and the result. Then it runs on a
//! fresh copy with its first call failing, on another with its second, until there is no such call any more; and all
//! of this for every kind of call ([`Call`]) and every [`Failure`]. Each time:
//!
//! - *the register is in one of two states*: what can be read of it is the state before or the state after. A deletion
//!   may leave invisible work to be done; once deletions are resumed, the store holds exactly what it holds after a
//!   run without a fault;
//! - *the error says which*: unless the error says that the outcome is unknown, the state is that before; when the
//!   state is that after, the error says that the outcome is unknown; otherwise the kind of the error is that of the
//!   failure. (A verb that only clears away what is invisible always counts as being in the state before);
//! - *nothing is written blindly*: no commit follows one that failed, unless it failed by a conflict; the verb then
//!   plans again and succeeds with the same result;
//! - *a verb that did nothing can be repeated*: once the store works again it succeeds, and leads to the state after;
//! - *nothing contradicts itself*: [`check_register`](crate::check_register) finds no breach.

mod judge;
mod scene;
#[cfg(test)]
mod tests;
mod verbs;

pub use judge::Unsound;

use crate::check::drive::{self, Unanswered};
use crate::fault::{Call, Failure, Fault, FaultStore};
use crate::op::Op;
use judge::Trial;
use rollbook::store::{Conflicted, Store};
use rollbook::{ManualClock, Registry};
use scene::Scene;
use std::fmt;

/// How a question can fail. Other failures are left out, because a question turns them into one of these.
const OF_A_QUESTION: &[Failure] = &[Failure::Unavailable, Failure::Corrupt, Failure::Closed];

/// How a commit can fail.
const OF_A_COMMIT: &[Failure] = &[
    Failure::Unavailable,
    Failure::UnknownApplied,
    Failure::UnknownNotApplied,
    Failure::Conflict(Conflicted::DeviceChanged),
    Failure::Corrupt,
    Failure::Closed,
];

/// The failures that are tested at each kind of call.
const FAULTS: [(Call, &[Failure]); 4] = [
    (Call::View, OF_A_QUESTION),
    (Call::Commit, OF_A_COMMIT),
    (Call::Touch, OF_A_QUESTION),
    (Call::Read, OF_A_QUESTION),
];

/// How much a sweep has covered.
///
/// ```
/// use rollbook_testkit::{faults, op::{Op, Settings}, ordered::OrderedStore};
///
/// let create = Op::CreateApp { app: "shop".parse()?, settings: Settings::default() };
/// let swept = faults::verb(OrderedStore::new, &[], &create)?;
/// let (_, calls) = &swept.verbs[0];
/// assert!(swept.faults > *calls, "each call fails in several ways");
/// assert!(swept.to_string().starts_with(&format!("1 verb with {calls} calls")));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Swept {
    /// Each verb, and the number of calls of the store that it made.
    pub verbs: Vec<(String, u64)>,
    /// The number of runs in which a fault met its call.
    pub faults: u64,
}

impl fmt::Display for Swept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls: u64 = self.verbs.iter().map(|(_, calls)| calls).sum();
        let verbs = if self.verbs.len() == 1 { "verb" } else { "verbs" };
        write!(f, "{} {verbs} with {calls} calls, {} faults", self.verbs.len(), self.faults)
    }
}

/// A verb with the register that it is run on.
pub(crate) struct Verb<S: Store> {
    name: String,
    scene: Scene,
    /// Whether the verb only clears away what is invisible, so that half of its work looks like none.
    clears: bool,
    run: Run<S>,
}

type Answer = Result<String, Unanswered>;
type Run<S> = Box<dyn Fn(&Registry<FaultStore<S>>, &ManualClock) -> Answer>;

impl<S: Store> Verb<S> {
    /// Makes a verb of a step. Its result is compared as text.
    fn step(name: impl Into<String>, scene: Scene, op: Op) -> Self {
        let clears = matches!(op, Op::ResumeDeletions | Op::PurgeEvents(_));
        let run = move |registry: &Registry<FaultStore<S>>, clock: &ManualClock| {
            drive::call(registry, clock, &op).map(|answer| format!("{answer:?}"))
        };
        Verb { name: name.into(), scene, clears, run: Box::new(run) }
    }
}

/// Runs every verb of a register with every fault on stores made by `store`. Each store must be empty and behave
/// exactly like every other.
///
/// ```no_run
/// use rollbook_testkit::{faults, ordered::OrderedStore};
///
/// let swept = faults::every_verb(OrderedStore::new)?;
/// assert!(swept.verbs.len() > 10, "{swept}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// The first run after which the register is in a wrong state.
pub fn every_verb<S: Store>(store: impl Fn() -> S) -> Result<Swept, Box<Unsound>> {
    let mut swept = Swept::default();
    for verb in verbs::all() {
        sweep(&store, &verb, &mut swept)?;
    }
    Ok(swept)
}

/// Runs one step with every fault, on a register that other steps fill.
///
/// ```
/// use rollbook::{Command, Limits};
/// use rollbook_testkit::{faults, op::{Alphabet, Op, Settings}, ordered::OrderedStore};
///
/// let Alphabet { apps, events, .. } = Alphabet::default();
/// let create = Op::CreateApp { app: apps[0].clone(), settings: Settings::default() };
/// let declare = Op::Do(apps[0].clone(), Command::DeclareEvent(events[0].clone()));
/// let swept = faults::verb(OrderedStore::new, &[create], &declare).unwrap();
/// assert!(swept.faults > 10, "{swept}");
/// ```
///
/// # Errors
/// The first run after which the register is in a wrong state; also when the step is refused without a fault.
pub fn verb<S: Store>(store: impl Fn() -> S, filling: &[Op], step: &Op) -> Result<Swept, Box<Unsound>> {
    let mut swept = Swept::default();
    let verb = Verb::step(format!("{step:?}"), Scene::of(filling.to_vec()), step.clone());
    sweep(&store, &verb, &mut swept)?;
    Ok(swept)
}

/// Runs one verb with all faults.
fn sweep<S: Store>(store: &impl Fn() -> S, verb: &Verb<S>, swept: &mut Swept) -> Result<(), Box<Unsound>> {
    let trial = Trial::new(store, verb)?;
    let mut calls = 0;
    for (call, failures) in FAULTS {
        for &how in failures {
            let mut nth = 1;
            while trial.run(store, Fault::at(call, nth, how))? {
                nth += 1;
            }
            swept.faults += nth - 1;
            if how == Failure::Unavailable {
                calls += nth - 1;
            }
        }
    }
    swept.verbs.push((verb.name.clone(), calls));
    Ok(())
}
