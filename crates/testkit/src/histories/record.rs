//! Calls a register from several threads, and records what was called, what it returned, and when.

use crate::check::drive::{Unanswered, call};
use crate::op::Op;
use crate::oracle::{Answer, Answered, Refusal};
use rollbook::store::Store;
use rollbook::{Command, DeviceId, ManualClock, Outcome, Registry, Version};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

/// A call of a history. Its stamps are drawn from one counter, so that they show for any two calls whether one had
/// returned when the other began.
///
/// ```
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
/// use rollbook_testkit::{histories::{self, Histories}, oracle::Refusal};
///
/// let store = FaultStore::new(OrderedStore::new());
/// store.arm(Fault::at(Call::Commit, 5, Failure::Unavailable));
/// let found = Histories::default().check(store).unwrap_err();
/// let failed = |call: &&histories::Call| matches!(call.answer, Some(Err(Refusal::Failure(_))));
/// let failed = found.calls.iter().find(failed).unwrap();
/// assert!(failed.invoked < failed.returned && failed.to_string().contains("a fault that a test armed"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The thread. The calls before the threads start and after they end have a number of their own.
    pub thread: usize,
    /// What was called. An update is [based on](rollbook::DeviceUpdate::based_on) the version that the thread's last
    /// look-up of the device returned.
    pub op: Op,
    /// The stamp drawn right before the call.
    pub invoked: u64,
    /// The stamp drawn right after the call.
    pub returned: u64,
    /// The result, without what the model may number and order differently; `None` when the call has not returned.
    pub answer: Option<Answered>,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Call { thread, op, invoked, returned, answer } = self;
        match answer {
            Some(answer) => {
                write!(f, "{invoked:>4} to {returned:>4}, thread {thread}: {op:?}\n      {answer:?}")
            }
            None => write!(f, "{invoked:>4} to    …, thread {thread}: {op:?}\n      (has not returned)"),
        }
    }
}

/// A version that no device ever has.
pub(super) const NEVER: Version = Version(u64::MAX);

/// Returns the device that a call looks up.
pub(super) fn looked_up(op: &Op) -> Option<&DeviceId> {
    match op {
        Op::Device(_, id) => Some(id),
        _ => None,
    }
}

/// Returns the device whose version a call is based on.
pub(super) fn based_on(op: &Op) -> Option<&DeviceId> {
    match op {
        Op::Do(_, Command::Update { device, update }) => update.based_on.map(|_| device),
        Op::Do(_, Command::RemoveBasedOn { device, .. }) => Some(device),
        _ => None,
    }
}

/// Returns the call with its placeholder for a version replaced by a version.
pub(super) fn with_base(op: &Op, version: Version) -> Op {
    let mut op = op.clone();
    match &mut op {
        Op::Do(_, Command::Update { update, .. }) => update.based_on = update.based_on.map(|_| version),
        Op::Do(_, Command::RemoveBasedOn { version: base, .. }) => *base = version,
        _ => {}
    }
    op
}

/// Returns the version in a result.
pub(super) fn version_told(answer: &Answered) -> Option<Version> {
    match answer {
        Ok(Answer::Device(device)) => Some(device.version),
        _ => None,
    }
}

/// Returns a result without what two registers may number and order differently, and without what depends on which of
/// several workers at one deletion was faster: who erased an event, and who removed a device that is pending deletion.
pub(super) fn comparable(op: &Op, answer: Answered) -> Answered {
    let mut answer = answer.map(Answer::comparable);
    match &mut answer {
        Ok(Answer::Count(removed)) if *op == Op::ResumeDeletions => *removed = 0,
        Ok(Answer::Outcome(outcome)) => forget_who_erased(outcome),
        Ok(Answer::Outcomes(outcomes)) => outcomes.iter_mut().for_each(forget_who_erased),
        _ => {}
    }
    answer
}

fn forget_who_erased(outcome: &mut Outcome) {
    if let Outcome::UserDeleted(deleted) = outcome {
        deleted.events = 0;
    }
}

/// Makes a call, and records it with its result and stamps.
pub(super) fn note<S: Store>(
    registry: &Registry<S>,
    clock: &ManualClock,
    stamps: &AtomicU64,
    (thread, op): (usize, &Op),
    told: &mut BTreeMap<DeviceId, Version>,
) -> Call {
    let base = based_on(op).map(|id| told.get(id).copied().unwrap_or(NEVER));
    let based = base.map(|version| with_base(op, version));
    let invoked = stamps.fetch_add(1, SeqCst);
    let answer = call(registry, clock, based.as_ref().unwrap_or(op));
    let returned = stamps.fetch_add(1, SeqCst);
    let answer = answer.map_err(|unanswered| match unanswered {
        Unanswered::Refused(error) => Refusal::from(error),
        Unanswered::Malformed(what) => Refusal::Failure(what),
    });
    if let (Some(id), Some(version)) = (looked_up(op), version_told(&answer)) {
        told.insert(id.clone(), version);
    }
    Call { thread, op: op.clone(), invoked, returned, answer: Some(comparable(op, answer)) }
}

pub(super) struct Recorder<'r, S: Store> {
    registry: &'r Registry<S>,
    clock: &'r ManualClock,
    stamps: AtomicU64,
    threads: usize,
    history: Vec<Call>,
}

impl<'r, S: Store> Recorder<'r, S> {
    pub(super) fn new(registry: &'r Registry<S>, clock: &'r ManualClock) -> Self {
        Recorder { registry, clock, stamps: AtomicU64::new(0), threads: 0, history: Vec::new() }
    }

    /// Makes the calls one after the other.
    pub(super) fn alone(&mut self, plan: &[Op]) {
        let calls = self.run(self.threads, plan);
        self.threads += 1;
        self.history.extend(calls);
    }

    /// Makes the calls of the plans at the same time, each plan on its own thread.
    pub(super) fn together(&mut self, plans: &[Vec<Op>]) {
        let start = Barrier::new(plans.len());
        let calls: Vec<Call> = thread::scope(|scope| {
            let (this, start) = (&*self, &start);
            let run = |(n, plan): (usize, &'_ [Op])| {
                start.wait();
                this.run(this.threads + n, plan)
            };
            let threads: Vec<_> = plans
                .iter()
                .enumerate()
                .map(|(n, plan)| scope.spawn(move || run((n, plan.as_slice()))))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("a verb does not panic")).collect()
        });
        self.threads += plans.len();
        self.history.extend(calls);
    }

    /// Returns all calls; those of each thread are in their order.
    pub(super) fn history(self) -> Vec<Call> {
        self.history
    }

    fn run(&self, thread: usize, plan: &[Op]) -> Vec<Call> {
        let mut told: BTreeMap<DeviceId, Version> = BTreeMap::new();
        let calls =
            plan.iter().map(|op| note(self.registry, self.clock, &self.stamps, (thread, op), &mut told));
        calls.collect()
    }
}
