//! What the registry must hold, computed from the acknowledgements alone.

use crate::Failure;
use crate::facts::{Facts, facts};
use crate::workload::{Workload, shared_app};
use rollbook::AppKey;
use rollbook_testkit::op::Op;
use rollbook_testkit::oracle::{Answer, Answered, Oracle};

/// The accounts of all workers.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) shared: AppKey,
    pub(crate) accounts: Vec<Account>,
}

/// A model that has done the acknowledged steps of one worker.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) workload: Workload,
    pub(crate) model: Oracle,
    /// The first step that is not acknowledged.
    pub(crate) next: u64,
}

/// The allowed states of a worker's part of a registry: the model, or the model after one or more of the steps.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) model: Oracle,
    pub(crate) steps: Vec<Op>,
}

/// Formats a result in the form that both processes use.
pub(crate) fn rendered(answer: Answered) -> String {
    format!("{:?}", answer.map(Answer::comparable))
}

impl Ledger {
    pub(crate) fn new(workers: u16, seed: u64, devices: u64) -> Result<Self, Failure> {
        let (shared, create) = shared_app()?;
        let each = devices.div_ceil(u64::from(workers));
        let account = |number| -> Result<Account, Failure> {
            let mut model = Oracle::new();
            drop(model.answer(&create));
            Ok(Account { workload: Workload::new(number, seed, each)?, model, next: 0 })
        };
        let accounts = (0..usize::from(workers)).map(account).collect::<Result<_, _>>()?;
        Ok(Ledger { shared, accounts })
    }

    /// Advances the clock of all workers. Never called while a writer runs.
    pub(crate) fn advance_clock(&mut self, seconds: i64) {
        for account in &mut self.accounts {
            drop(account.model.answer(&Op::MoveClock(seconds)));
        }
    }

    /// Purges the expired events of the shared app, as an audit does in the store.
    pub(crate) fn purge_events(&mut self) {
        for account in &mut self.accounts {
            drop(account.model.answer(&Op::PurgeEvents(self.shared.clone())));
        }
    }

    pub(crate) fn devices(&self) -> usize {
        self.accounts.iter().map(|account| account.model.devices(&self.shared).count()).sum()
    }

    /// Returns `true` when all workers have filled their part of the registry.
    pub(crate) fn are_full(&self) -> bool {
        self.accounts.iter().all(|account| account.next >= account.workload.filling())
    }

    /// Returns the allowed states of the store. After a kill every worker may have begun the step after the last
    /// acknowledged one; after a normal end none has.
    pub(crate) fn expected(&self, killed: bool) -> Result<Vec<Expected>, Failure> {
        let one = |account: &Account| -> Result<Expected, Failure> {
            let steps = if killed { vec![account.workload.op(account.next)?] } else { Vec::new() };
            Ok(Expected { model: account.model.clone(), steps })
        };
        self.accounts.iter().map(one).collect()
    }
}

impl Account {
    /// Does the next step to the model. Returns a difference if another step was acknowledged or the result is not that of
    /// the model.
    pub(crate) fn acknowledge(&mut self, n: u64, actual: &str) -> Result<Option<String>, Failure> {
        if n != self.next {
            return Ok(Some(format!(
                "{:?}: step {n} was acknowledged before step {}",
                self.workload, self.next
            )));
        }
        let op = self.workload.op(n)?;
        let expected = rendered(self.model.answer(&op));
        self.next += 1;
        let wrong =
            || format!("{:?}\nstep {n}: {op:?}\nexpected: {expected}\nactual:   {actual}", self.workload);
        Ok((expected != actual).then(wrong))
    }
}

impl Expected {
    /// Advances the model to the allowed state that the store is in, and returns the number of steps up to it. Fails with the
    /// smallest of the differences if the store is in no allowed state.
    pub(crate) fn advance_to(
        &mut self,
        worker: usize,
        shared: &AppKey,
        actual: &Facts,
    ) -> Result<usize, Vec<String>> {
        let mut closest: Option<Vec<String>> = None;
        for done in 0..=self.steps.len() {
            let held = facts(&self.model.survey(), shared).remove(&Some(worker)).unwrap_or_default();
            let different = crate::facts::differences(&held, actual);
            if different.is_empty() {
                return Ok(done);
            }
            if closest.as_ref().is_none_or(|least| different.len() < least.len()) {
                closest = Some(different);
            }
            if let Some(op) = self.steps.get(done) {
                drop(self.model.answer(op));
            }
        }
        Err(closest.unwrap_or_default())
    }
}
