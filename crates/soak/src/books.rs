//! What the register must hold, kept from acknowledgements alone.

use crate::Failure;
use crate::facts::{Facts, facts};
use crate::lane::{Lane, shop};
use rollbook::AppKey;
use rollbook_testkit::op::Op;
use rollbook_testkit::oracle::{Answer, Answered, Oracle};

/// The books of all lanes.
#[derive(Debug)]
pub(crate) struct Books {
    pub(crate) shared: AppKey,
    pub(crate) pages: Vec<Page>,
}

/// The books of one lane: a model that has done the steps that were acknowledged.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) lane: Lane,
    pub(crate) model: Oracle,
    /// The first step that is not acknowledged.
    pub(crate) next: u64,
}

/// What a lane's part of a register may be: what the model holds, or that after one or more of the steps that follow.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) model: Oracle,
    pub(crate) steps: Vec<Op>,
}

/// An answer as both processes write it.
pub(crate) fn told(answer: Answered) -> String {
    format!("{:?}", answer.map(Answer::comparable))
}

impl Books {
    pub(crate) fn new(lanes: u16, seed: u64, devices: u64) -> Result<Self, Failure> {
        let (shared, create) = shop()?;
        let each = devices.div_ceil(u64::from(lanes));
        let page = |number| -> Result<Page, Failure> {
            let mut model = Oracle::new();
            drop(model.answer(&create));
            Ok(Page { lane: Lane::new(number, seed, each)?, model, next: 0 })
        };
        let pages = (0..usize::from(lanes)).map(page).collect::<Result<_, _>>()?;
        Ok(Books { shared, pages })
    }

    /// Time passes: for all lanes alike, and never while a writer lives.
    pub(crate) fn pass(&mut self, seconds: i64) {
        for page in &mut self.pages {
            drop(page.model.answer(&Op::MoveClock(seconds)));
        }
    }

    pub(crate) fn devices(&self) -> usize {
        self.pages.iter().map(|page| page.model.devices(&self.shared).count()).sum()
    }

    /// Is every id in use that is going to be?
    pub(crate) fn are_full(&self) -> bool {
        self.pages.iter().all(|page| page.next >= page.lane.filling())
    }

    /// What the store may hold when every lane may have begun the step after the last that was acknowledged, or, when
    /// the writer ended in peace, none.
    pub(crate) fn expected(&self, killed: bool) -> Result<Vec<Expected>, Failure> {
        let one = |page: &Page| -> Result<Expected, Failure> {
            let steps = if killed { vec![page.lane.op(page.next)?] } else { Vec::new() };
            Ok(Expected { model: page.model.clone(), steps })
        };
        self.pages.iter().map(one).collect()
    }
}

impl Page {
    /// Does the next step to the model; what is wrong when it was not the step that was acknowledged, or the answer
    /// is not the model's.
    pub(crate) fn acknowledge(&mut self, n: u64, actual: &str) -> Result<Option<String>, Failure> {
        if n != self.next {
            return Ok(Some(format!("{:?}: step {n} was acknowledged before step {}", self.lane, self.next)));
        }
        let op = self.lane.op(n)?;
        let expected = told(self.model.answer(&op));
        self.next += 1;
        let wrong = || format!("{:?}\nstep {n}: {op:?}\nexpected: {expected}\nactual:   {actual}", self.lane);
        Ok((expected != actual).then(wrong))
    }
}

impl Expected {
    /// How many of the steps the store has done, when it holds what the books say after one of them; the model is
    /// moved there. Otherwise the smallest of the differences.
    pub(crate) fn settle(
        &mut self,
        lane: usize,
        shared: &AppKey,
        actual: &Facts,
    ) -> Result<usize, Vec<String>> {
        let mut closest: Option<Vec<String>> = None;
        for done in 0..=self.steps.len() {
            let held = facts(&self.model.survey(), shared).remove(&Some(lane)).unwrap_or_default();
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
