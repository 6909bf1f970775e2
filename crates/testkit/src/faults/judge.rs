//! One run with a fault, compared with the run without it.

use super::scene::Stand;
use super::{Answer, Verb};
use crate::check::drive::Unanswered;
use crate::fault::{Call, Failure, Fault};
use crate::invariants::{Spaces, check_register};
use crate::look::Look;
use crate::survey::{Survey, survey};
use rollbook::store::{Store, StoreError};
use rollbook::{ErrorKind, Platform};
use std::fmt;
use std::fmt::Write as _;

/// A register that a fault left in a wrong state.
///
/// ```
/// use rollbook::Command;
/// use rollbook_testkit::{faults, op::Op, ordered::OrderedStore};
///
/// // There is no such app, so the verb has nothing to do on it.
/// let remove = Op::Do("shop".parse()?, Command::Remove("phone".parse()?));
/// let unsound = faults::verb(OrderedStore::new, &[], &remove).unwrap_err();
/// assert_eq!(unsound.fault, None);
/// assert!(unsound.what.starts_with("refused: "), "{unsound}");
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsound {
    /// The verb.
    pub verb: String,
    /// The fault; `None` when the verb is wrong without one.
    pub fault: Option<Fault>,
    /// What is wrong, in words.
    pub what: String,
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.verb)?;
        match &self.fault {
            Some(Fault { call: Some(call), nth, how, .. }) => {
                write!(f, "{how:?} at {call:?} {nth}: {}", self.what)
            }
            _ => write!(f, "without a fault: {}", self.what),
        }
    }
}

impl std::error::Error for Unsound {}

/// A register at rest: what can be read of it, and what its store holds.
struct State {
    told: Survey,
    held: String,
}

impl State {
    fn of<S: Store>(stand: &Stand<S>) -> Result<Self, String> {
        let breaches = check_register(stand.registry.store()).map_err(|error| error.to_string())?;
        if let Some(breach) = breaches.first() {
            return Err(format!("{} breaches, the first: {breach}", breaches.len()));
        }
        Ok(State { told: told(stand)?, held: held(stand)? })
    }
}

fn told<S: Store>(stand: &Stand<S>) -> Result<Survey, String> {
    survey(&stand.registry).map_err(|error| format!("the register cannot be asked: {error}"))
}

/// Returns everything in the store as text, including versions, device references and heartbeats.
fn held<S: Store>(stand: &Stand<S>) -> Result<String, String> {
    let store = stand.registry.store();
    let read = || -> Result<String, StoreError> {
        let mut text = String::new();
        for space in Spaces::of(store)?.iter() {
            let look = Look(Box::new(store.view(space.id())?));
            let _ = writeln!(text, "{:?} {}", space.id(), look.picture());
            for platform in Platform::ALL {
                for ordinal in look.devices(platform) {
                    let seen = look.last_seen(crate::subject::slot(platform, ordinal));
                    let _ = writeln!(text, "{platform} {ordinal} seen {seen:?}");
                }
            }
        }
        Ok(text)
    };
    read().map_err(|error| format!("the store cannot be read: {error}"))
}

/// A verb with its result and the states before and after it, all without a fault.
pub(super) struct Trial<'v, S: Store> {
    verb: &'v Verb<S>,
    answer: String,
    before: State,
    after: State,
    /// The state after the deletions that the verb or its scene left under way have been resumed.
    settled: State,
}

impl<'v, S: Store> Trial<'v, S> {
    pub(super) fn new(store: &impl Fn() -> S, verb: &'v Verb<S>) -> Result<Self, Box<Unsound>> {
        let unsound = |what| Box::new(Unsound { verb: verb.name.clone(), fault: None, what });
        let run = || -> Result<Self, String> {
            let stand = Stand::new(store(), &verb.scene)?;
            let before = State::of(&stand)?;
            let answer = verb.answer(&stand).map_err(|why| format!("refused: {why:?}"))?;
            let after = State::of(&stand)?;
            stand.registry.resume_deletions().map_err(|error| error.to_string())?;
            let settled = State::of(&stand)?;
            if settled.told != after.told {
                return Err("what a deletion leaves behind was visible".to_owned());
            }
            Ok(Trial { verb, answer, before, after, settled })
        };
        run().map_err(unsound)
    }

    /// Runs the verb with a fault. Returns `false` when there was no such call.
    pub(super) fn run(&self, store: &impl Fn() -> S, fault: Fault) -> Result<bool, Box<Unsound>> {
        let run = || -> Result<bool, String> {
            let stand = Stand::new(store(), &self.verb.scene)?;
            let faulty = stand.registry.store();
            let commits = faulty.calls().commits;
            faulty.arm(fault);
            let told = self.verb.answer(&stand);
            faulty.disarm();
            if !faulty.fired() {
                return self.same_answer(&told).map(|()| false);
            }
            let commits = faulty.calls().commits - commits;
            self.judge(&stand, fault, told, commits).map(|()| true)
        };
        run().map_err(|what| Box::new(Unsound { verb: self.verb.name.clone(), fault: Some(fault), what }))
    }

    fn same_answer(&self, told: &Answer) -> Result<(), String> {
        match told {
            Ok(answer) if *answer == self.answer => Ok(()),
            other => Err(format!("answered {other:?}, not {}", self.answer)),
        }
    }

    fn judge(&self, stand: &Stand<S>, fault: Fault, told: Answer, commits: u64) -> Result<(), String> {
        let held = held(stand)?;
        if matches!((fault.call, fault.how), (Some(Call::Commit), Failure::Conflict(_))) {
            self.same_answer(&told)?;
            return same(&held, &self.after.held, "planned anew, the verb must lead to the state after");
        }
        let kind = match told {
            Err(Unanswered::Refused(error)) => error.kind(),
            Err(Unanswered::Malformed(what)) => return Err(what),
            Ok(answer) => return Err(format!("the failure was kept from the caller, who was told {answer}")),
        };
        if fault.call == Some(Call::Commit) && commits > fault.nth {
            return Err(format!("{} commits followed the one that failed", commits - fault.nth));
        }
        let is_after = held == self.after.held && !self.verb.clears;
        let is_before = held == self.before.held || !is_after && told_is(stand, &self.before.told)?;
        if !is_before && !is_after && !told_is(stand, &self.after.told)? {
            return Err(format!("neither the state before nor the state after: {:?}", told_now(stand)));
        }
        let due = if is_before { class(fault) } else { ErrorKind::OutcomeUnknown };
        if kind != due {
            let state = if is_before { "before" } else { "after" };
            return Err(format!(
                "the state is that {state}, and the error is of the kind {kind:?}, not {due:?}"
            ));
        }
        self.settles(stand, is_before, held == self.before.held)
    }

    /// Checks that with a store that works again, the register reaches the state that it would have reached without
    /// the fault.
    fn settles(&self, stand: &Stand<S>, again: bool, untouched: bool) -> Result<(), String> {
        if again {
            match self.verb.answer(stand) {
                Ok(answer) if untouched => self.same_answer(&Ok(answer))?,
                Ok(_) => {}
                Err(why) => return Err(format!("run again without a fault, the verb fails: {why:?}")),
            }
        }
        stand.registry.resume_deletions().map_err(|error| format!("deletions are not resumed: {error}"))?;
        let end = held(stand)?;
        if end == self.settled.held {
            return Ok(());
        }
        // A verb that is run again draws other salts, so only what can be read of the register is compared.
        if !again {
            return same(&end, &self.settled.held, "what a deletion left behind is still there");
        }
        let end = State::of(stand)?;
        if end.told == self.settled.told {
            return Ok(());
        }
        Err(format!("run again, the verb led to {:?}, not to {:?}", end.told, self.settled.told))
    }
}

impl<S: Store> Verb<S> {
    fn answer(&self, stand: &Stand<S>) -> Answer {
        (self.run)(&stand.registry, &stand.clock)
    }
}

fn told_is<S: Store>(stand: &Stand<S>, expected: &Survey) -> Result<bool, String> {
    Ok(State::of(stand)?.told == *expected)
}

fn told_now<S: Store>(stand: &Stand<S>) -> Option<Survey> {
    told(stand).ok()
}

/// Returns the kind of error that a verb which did nothing must return for this fault.
fn class(fault: Fault) -> ErrorKind {
    match fault.how {
        Failure::UnknownApplied | Failure::UnknownNotApplied if fault.call == Some(Call::Commit) => {
            ErrorKind::OutcomeUnknown
        }
        Failure::Corrupt | Failure::Closed => ErrorKind::Fault,
        _ => ErrorKind::Unavailable,
    }
}

/// Checks that two dumps of a store are the same; otherwise returns the first line in which they differ.
fn same(actual: &str, expected: &str, why: &str) -> Result<(), String> {
    let differ = |(a, b): &(&str, &str)| a != b;
    let lines = |text: &str| text.lines().chain(["(the end)"]).map(str::to_owned).collect::<Vec<_>>();
    let (actual, expected) = (lines(actual), lines(expected));
    let mut pairs = actual.iter().map(String::as_str).zip(expected.iter().map(String::as_str));
    match pairs.find(differ) {
        None => Ok(()),
        Some((actual, expected)) => Err(format!("{why}: it holds {actual}, not {expected}")),
    }
}
