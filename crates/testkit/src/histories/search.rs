//! The search for an order of calls that explains a history.
//!
//! Calls are put in order one by one, as in the algorithm of Wing and Gong: next comes a call that began before any
//! other that is left had returned, and the model must answer it as the register did. As Lowe proposed, it is noted to
//! which state of the model which calls have led, and none is looked at twice: the calls of each thread keep their
//! order, so that how far each thread has come says which.

use super::model::{Essence, Model};
use super::record::Call;
use rollbook::AppKey;
use std::collections::BTreeMap;

/// No order explains the history.
#[derive(Debug)]
pub(super) struct NoOrder;

/// Looks for an order; answers how many calls the model was asked. The calls of each thread are in their order. A call
/// that has not returned may have happened or not.
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
    /// The states that were reached, by how many calls of each thread had led to them.
    seen: BTreeMap<Vec<usize>, Vec<Essence>>,
    tried: u64,
}

impl Search<'_> {
    /// Is there an order of the calls that are left?
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
