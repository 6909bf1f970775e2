//! Searches for an order of calls that explains a history.
//!
//! Calls are put in order one by one, as in the algorithm of Wing and Gong: the next one is a call that began before
//! any other remaining call had returned, and the model must return the same as the register did. As Lowe proposed,
//! each state of the model is remembered with the calls that led to it, and none is examined twice. Because the calls
//! of each thread keep their order, the set of calls is given by the number of calls of each thread.

use super::model::{Essence, Model};
use super::record::Call;
use rollbook::AppKey;
use std::collections::BTreeMap;

/// The finding that no order explains the history.
#[derive(Debug)]
pub(super) struct NoOrder;

/// Searches for an order and returns how many calls were made to the model. The calls of each thread must be in their
/// order. A call that has not returned may have happened or not.
pub(super) fn explain(app: &AppKey, history: &[Call]) -> Result<u64, NoOrder> {
    let mut threads: BTreeMap<usize, Vec<&Call>> = BTreeMap::new();
    for call in history {
        threads.entry(call.thread).or_default().push(call);
    }
    let threads: Vec<Vec<&Call>> = threads.into_values().collect();
    let start = vec![0; threads.len()];
    let mut search = Search { app, threads, seen: BTreeMap::new(), tried: 0 };
    if search.goes_on(start, &Model::new()) { Ok(search.tried) } else { Err(NoOrder) }
}

struct Search<'h> {
    app: &'h AppKey,
    threads: Vec<Vec<&'h Call>>,
    /// The states that were reached, by the number of calls of each thread that led to them.
    seen: BTreeMap<Vec<usize>, Vec<Essence>>,
    tried: u64,
}

impl Search<'_> {
    /// Returns `true` if there is an order of the remaining calls.
    fn goes_on(&mut self, done: Vec<usize>, model: &Model) -> bool {
        let next: Vec<Option<&Call>> =
            self.threads.iter().zip(&done).map(|(calls, done)| calls.get(*done).copied()).collect();
        let returned = |call: &&Call| call.answer.as_ref().map(|_| call.returned);
        let Some(horizon) = next.iter().flatten().filter_map(returned).min() else { return true };
        for (thread, call) in next.into_iter().enumerate() {
            let Some(call) = call.filter(|call| call.invoked < horizon) else { continue };
            self.tried += 1;
            let mut model = model.clone();
            let answer = model.answer(call);
            if call.answer.as_ref().is_some_and(|told| *told != answer) {
                continue;
            }
            let mut done = done.clone();
            done[thread] += 1;
            if self.is_new(&done, &model) && self.goes_on(done, &model) {
                return true;
            }
        }
        false
    }

    fn is_new(&mut self, done: &[usize], model: &Model) -> bool {
        let essence = model.essence(self.app);
        let seen = self.seen.entry(done.to_vec()).or_default();
        let new = !seen.contains(&essence);
        if new {
            seen.push(essence);
        }
        new
    }
}
