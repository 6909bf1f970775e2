//! The registers that verbs are run on.

use crate::check::drive;
use crate::fault::{Call, Failure, Fault, FaultStore};
use crate::op::Op;
use crate::oracle::Oracle;
use rollbook::store::Store;
use rollbook::{ManualClock, Registry, SeededEntropy};
use std::sync::Arc;

/// How to bring a register into the state in which a verb is run.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    filling: Vec<Op>,
    /// Deletions that stop at one of their commits, with its number.
    stopped: Vec<(Op, u64)>,
}

impl Scene {
    pub(super) fn of(filling: Vec<Op>) -> Self {
        Scene { filling, stopped: Vec::new() }
    }

    /// Returns the same scene with a deletion that a crash stopped before its `nth` commit.
    pub(super) fn with_stopped(mut self, deletion: Op, nth: u64) -> Self {
        self.stopped.push((deletion, nth));
        self
    }
}

/// A register with its clock, always made in the same way.
pub(super) struct Stand<S: Store> {
    pub(super) registry: Registry<FaultStore<S>>,
    pub(super) clock: Arc<ManualClock>,
}

impl<S: Store> Stand<S> {
    pub(super) fn new(store: S, scene: &Scene) -> Result<Self, String> {
        let clock = Arc::new(ManualClock::at(Oracle::START));
        let registry = Registry::builder(FaultStore::new(store))
            .clock(Arc::clone(&clock))
            .entropy(SeededEntropy::new(1))
            .build();
        for op in &scene.filling {
            if let Err(why) = drive::call(&registry, &clock, op) {
                return Err(format!("the register cannot be filled: {op:?}: {why:?}"));
            }
        }
        for (deletion, nth) in &scene.stopped {
            registry.store().arm(Fault::at(Call::Commit, *nth, Failure::Unavailable).staying());
            let stopped = drive::call(&registry, &clock, deletion).is_err();
            registry.store().disarm();
            if !stopped || !registry.store().fired() {
                return Err(format!("{deletion:?} has no commit {nth} to be stopped at"));
            }
        }
        Ok(Stand { registry, clock })
    }
}
