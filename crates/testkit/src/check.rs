//! Compares a register with the model: both get the same steps, and every result is compared.
//!
//! After every step that may change something, everything that can be read of its app is compared, and after every few
//! steps the same of every other app: this shows that a refused step has changed nothing, and that apps are isolated.
//! At the end the invariants of the whole store are checked ([`check_register`]).

mod apart;
pub(crate) mod drive;
mod pages;
mod same;
mod survey;

pub use apart::{Leak, check_apart};

use crate::invariants::check_register;
use crate::op::Op;
use crate::oracle::{Answer, Answered, Oracle};
use rollbook::store::Store;
use rollbook::{ManualClock, Registry, SeededEntropy};
use same::Book;
use std::fmt;
use std::sync::Arc;

/// The number of steps between two comparisons of every app, and not only of the one that the step was about.
const EVERY: usize = 8;

/// A difference between a register and the model.
///
/// ```
/// use rollbook_testkit::op::{Op, Settings};
/// use rollbook_testkit::{check::check_against, oracle::{Answer, Oracle}, ordered::OrderedStore};
///
/// let mut oracle = Oracle::new();
/// oracle.answer(&Op::CreateApp { app: "shop".parse()?, settings: Settings::default() }).unwrap();
/// let found = check_against(&[Op::Apps { limit: 10 }], OrderedStore::new, oracle).unwrap_err();
/// assert_eq!((found.step, found.actual.clone()), (0, Ok(Answer::Apps(Vec::new()))));
/// assert!(found.to_string().starts_with("step 0: Apps { limit: 10 }\nexpected: Ok(Apps([AppInfo {"));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// The index of the step.
    pub step: usize,
    /// The step.
    pub op: Op,
    /// The question whose results differ: the step itself, or one of the questions after it.
    pub question: Op,
    /// What the model returns.
    pub expected: Answered,
    /// What the register returns.
    pub actual: Answered,
    /// What is wrong when the two results do not show it: an order, a version, a page, or a contradiction in the
    /// store.
    pub remark: Option<String>,
    /// All steps up to this one.
    pub ops: Vec<Op>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "step {}: {:?}", self.step, self.op)?;
        if self.question != self.op {
            writeln!(f, "afterwards: {:?}", self.question)?;
        }
        if self.expected != self.actual {
            writeln!(f, "expected: {:?}", self.expected)?;
            writeln!(f, "actual:   {:?}", self.actual)?;
        }
        if let Some(remark) = &self.remark {
            writeln!(f, "because:  {remark}")?;
        }
        writeln!(f, "after these steps:")?;
        for (n, op) in self.ops.iter().enumerate() {
            writeln!(f, "{n:>4} {op:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mismatch {}

/// Performs a step on a register and returns the result in the model's terms: all pages of a paged result, and an
/// error as a refusal.
///
/// The clock is the register's own: [`Op::MoveClock`] moves it.
///
/// ```
/// use rollbook::{ManualClock, Registry};
/// use rollbook_testkit::{check::perform, op::Op, oracle::{Answer, Oracle}, ordered::OrderedStore};
///
/// let registry = Registry::builder(OrderedStore::new()).build();
/// let apps = perform(&registry, &ManualClock::at(Oracle::START), &Op::Apps { limit: 10 });
/// assert_eq!(apps, Ok(Answer::Apps(Vec::new())));
/// ```
///
/// # Errors
/// Why the step is refused, or that its pages are malformed.
pub fn perform<S: Store>(registry: &Registry<S>, clock: &ManualClock, op: &Op) -> Answered {
    drive::perform(registry, clock, op).answer
}

/// Applies the steps to a register on a fresh store and to a fresh model.
///
/// ```
/// use rollbook::AppKey;
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, check::check, op::{Op, Settings}, ordered::OrderedStore};
///
/// let shop: AppKey = "shop".parse()?;
/// let create = Op::CreateApp { app: shop.clone(), settings: Settings::default() };
/// let rename = Op::RenameApp { app: shop, name: "The shop".to_owned() };
/// assert!(check(&[create.clone(), rename.clone()], OrderedStore::new).is_ok());
///
/// let store = FaultStore::new(OrderedStore::new());
/// store.arm(Fault::at(Call::Commit, 2, Failure::Unavailable));
/// assert_eq!(check(&[create, rename], || store).unwrap_err().step, 1);
/// # Ok::<(), rollbook::Error>(())
/// ```
///
/// # Errors
/// The first difference.
pub fn check<S: Store>(ops: &[Op], store: impl FnOnce() -> S) -> Result<(), Box<Mismatch>> {
    check_against(ops, store, Oracle::new())
}

/// Does the same as [`check`], and reports a difference with as few steps as possible.
///
/// This shortens a sequence far faster than a property test's own shrinking, which may then be turned off:
///
/// ```
/// use proptest::{prelude::*, test_runner::Config};
/// use rollbook_testkit::{check::check_shortest, op::ops_strategy, ordered::OrderedStore};
///
/// let config = Config { cases: 3, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
/// proptest!(config, |(ops in ops_strategy(2..=2))| {
///     check_shortest(&ops, OrderedStore::new).map_err(|found| TestCaseError::fail(found.to_string()))?;
/// });
/// ```
///
/// # Errors
/// A difference.
pub fn check_shortest<S: Store>(ops: &[Op], store: impl Fn() -> S) -> Result<(), Box<Mismatch>> {
    let Err(found) = check(ops, &store) else { return Ok(()) };
    let shortest = minimal(&found.ops, |ops| check(ops, &store).is_err());
    check(&shortest, &store).and(Err(found))
}

/// Does the same as [`check`] with a model that has some content at the start, for tests of tests: what the model
/// holds and the store does not must lead to a mismatch.
///
/// ```
/// use rollbook_testkit::op::{Op, Settings};
/// use rollbook_testkit::{check::check_against, oracle::Oracle, ordered::OrderedStore};
///
/// let steps = [Op::ResumeDeletions];
/// let mut oracle = Oracle::new();
/// assert!(check_against(&steps, OrderedStore::new, oracle.clone()).is_ok());
/// oracle.answer(&Op::CreateApp { app: "shop".parse()?, settings: Settings::default() }).unwrap();
/// assert!(check_against(&steps, OrderedStore::new, oracle).is_err());
/// # Ok::<(), rollbook::Error>(())
/// ```
///
/// # Errors
/// The first difference.
pub fn check_against<S: Store>(
    ops: &[Op],
    store: impl FnOnce() -> S,
    oracle: Oracle,
) -> Result<(), Box<Mismatch>> {
    let clock = Arc::new(ManualClock::at(oracle.now()));
    let registry =
        Registry::builder(store()).clock(Arc::clone(&clock)).entropy(SeededEntropy::new(1)).build();
    let mut run = Run { registry, clock, oracle, book: Book::default() };
    for (step, op) in ops.iter().enumerate() {
        run.step(op, step % EVERY == 0 || step + 1 == ops.len()).map_err(|found| {
            let Found { question, expected, actual, remark } = *found;
            let ops = ops.iter().take(step + 1).cloned().collect();
            Box::new(Mismatch { step, op: op.clone(), question, expected, actual, remark, ops })
        })?;
    }
    let Some(remark) = contradiction(run.registry.store()) else { return Ok(()) };
    let op = ops.last().cloned().unwrap_or(Op::ResumeDeletions);
    let (question, expected) = (op.clone(), Ok(Answer::Done));
    let (step, ops) = (ops.len().saturating_sub(1), ops.to_vec());
    Err(Box::new(Mismatch {
        step,
        op,
        question,
        actual: expected.clone(),
        expected,
        remark: Some(remark),
        ops,
    }))
}

/// Returns the contradictions in a register that is not being written, in words.
pub(crate) fn contradiction(store: &impl Store) -> Option<String> {
    match check_register(store) {
        Ok(breaches) if breaches.is_empty() => None,
        Ok(breaches) => Some(breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        Err(error) => Some(format!("the store cannot be read: {error}")),
    }
}

/// Returns the shortest sequence that can be made of `steps` by leaving some out and that still fails. The steps may
/// be bytes.
///
/// ```
/// use rollbook_testkit::check::minimal;
/// assert_eq!(minimal(b"seven", |bytes| bytes.contains(&b'v')), b"v");
/// ```
#[must_use]
pub fn minimal<T: Clone>(steps: &[T], fails: impl Fn(&[T]) -> bool) -> Vec<T> {
    let mut steps = steps.to_vec();
    let mut width = steps.len().div_ceil(2);
    while width > 0 {
        let (mut at, mut shrunk) = (0, false);
        while at < steps.len() {
            let without: Vec<T> =
                steps.iter().take(at).chain(steps.iter().skip(at + width)).cloned().collect();
            if fails(&without) {
                (steps, shrunk) = (without, true);
            } else {
                at += width;
            }
        }
        if !shrunk || width > 1 {
            width /= 2;
        }
    }
    steps
}

/// A register, its model, and the pairing of their numbers.
struct Run<S: Store> {
    registry: Registry<S>,
    clock: Arc<ManualClock>,
    oracle: Oracle,
    book: Book,
}

/// A difference, before its steps are added.
#[derive(Debug)]
struct Found {
    question: Op,
    expected: Answered,
    actual: Answered,
    remark: Option<String>,
}

impl<S: Store> Run<S> {
    fn step(&mut self, op: &Op, look_at_all: bool) -> Result<(), Box<Found>> {
        let before = matches!(op, Op::Batch(..)).then(|| self.oracle.clone());
        self.compare(op)?;
        if op.is_question() && !look_at_all {
            return Ok(());
        }
        if let (Some(before), Op::Batch(app, commands)) = (before, op) {
            self.settle_versions(app, commands, &before);
        }
        self.survey(if look_at_all { None } else { op.app() })
    }

    /// Asks both sides and compares.
    fn compare(&mut self, op: &Op) -> Result<(), Box<Found>> {
        self.compare_quietly(op)?;
        self.book.read(op);
        Ok(())
    }

    /// Does the same for a question that is not a step: the version that it returns is not one that a later update is
    /// based on.
    fn compare_quietly(&mut self, op: &Op) -> Result<(), Box<Found>> {
        let expected = self.oracle.answer(&self.book.for_model(op));
        let told = drive::perform(&self.registry, &self.clock, &self.book.for_register(op));
        let told = self.book.translate(op, &self.oracle, &expected, told);
        if expected == told.answer && told.remark.is_none() {
            return Ok(());
        }
        Err(Box::new(Found { question: op.clone(), expected, actual: told.answer, remark: told.remark }))
    }
}
