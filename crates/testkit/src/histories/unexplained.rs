//! A history that no order explains, reduced to the calls that show it.

use super::record::{Call, based_on, looked_up};
use super::search;
use rollbook::AppKey;
use std::fmt;

/// A history that no order explains.
///
/// ```
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, histories::Histories, ordered::OrderedStore};
///
/// // No order of calls explains that one fails.
/// let store = FaultStore::new(OrderedStore::new());
/// store.arm(Fault::at(Call::Commit, 1, Failure::Unavailable));
/// let found = Histories::default().check(store).unwrap_err();
/// assert_eq!((found.number, found.calls.len()), (0, 1));
/// assert!(found.to_string().starts_with("no order of these calls explains their answers (history 0):"));
/// ```
#[derive(Debug, Clone)]
pub struct Unexplained {
    /// Its number among those recorded.
    pub number: u64,
    /// The calls that show it, by when they began. The last of them to return is the first call that cannot be
    /// explained, and questions that are not needed are left out.
    pub calls: Vec<Call>,
}

impl fmt::Display for Unexplained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "no order of these calls explains their answers (history {}):", self.number)?;
        self.calls.iter().try_for_each(|call| writeln!(f, "{call}"))
    }
}

impl std::error::Error for Unexplained {}

impl Unexplained {
    pub(super) fn shortest(number: u64, app: AppKey, mut history: Vec<Call>) -> Self {
        let fails = |calls: &[Call]| search::explain(&app, calls).is_err();
        let mut ends: Vec<u64> = history.iter().map(|call| call.returned).collect();
        ends.sort_unstable();
        if let Some(first) = ends.into_iter().map(|end| until(&history, end)).find(|calls| fails(calls)) {
            history = first;
        }
        // Only a question may be left out: without it there is less to explain, whatever else was called.
        let mut at = 0;
        while let Some(call) = history.get(at) {
            let needless = call.op.is_question() && !is_base(&history, call) && {
                let mut without = history.clone();
                without.remove(at);
                fails(&without)
            };
            if needless {
                history.remove(at);
            } else {
                at += 1;
            }
        }
        history.sort_by_key(|call| call.invoked);
        Unexplained { number, calls: history }
    }
}

/// Returns what had been called, and what had returned, when the call with this stamp returned.
fn until(history: &[Call], end: u64) -> Vec<Call> {
    let begun = history.iter().filter(|call| call.invoked < end).cloned();
    begun.map(|call| if call.returned > end { Call { answer: None, ..call } } else { call }).collect()
}

/// Returns `true` if a later update of the thread is based on what this call returned.
fn is_base(history: &[Call], call: &Call) -> bool {
    let later = history.iter().filter(|other| other.thread == call.thread && other.invoked > call.invoked);
    looked_up(&call.op).is_some_and(|id| later.into_iter().any(|other| based_on(&other.op) == Some(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::{Op, Settings};
    use crate::oracle::{Answer, Oracle};
    use rollbook::{Command, DeviceId, Platform, Registration, TagName};

    /// Two threads add a tag each to a device. The stamps of the second, and what a look-up at the end returns, are
    /// parameters.
    fn history(second: (u64, u64), tags: &[&str]) -> (AppKey, Vec<Call>) {
        let app = AppKey::new("app").unwrap();
        let id = DeviceId::new("d").unwrap();
        let tag = |name: &&str| TagName::new(*name).unwrap();
        let add = |name| {
            let (tag, add) = (tag(&name), vec![id.clone()]);
            Op::Do(app.clone(), Command::UpdateTag { tag, add, remove: Vec::new() })
        };
        let mut model = Oracle::new();
        let mut call = |thread, op: Op, invoked, returned| {
            let answer = Some(super::super::record::comparable(&op, model.answer(&op)));
            Call { thread, op, invoked, returned, answer }
        };
        let mut calls = vec![
            call(0, Op::CreateApp { app: app.clone(), settings: Settings::default() }, 0, 1),
            call(
                0,
                Op::Do(app.clone(), Command::Register(Registration::new(id.clone(), Platform::Ios))),
                2,
                3,
            ),
            call(1, add("left"), 4, 8),
            call(1, Op::HasTag(app.clone(), id.clone(), tag(&"left")), 9, 10),
            call(2, add("right"), second.0, second.1),
            call(3, Op::Device(app.clone(), id.clone()), 20, 21),
            call(3, Op::Device(app.clone(), id.clone()), 22, 23),
        ];
        for last in &mut calls[5..] {
            if let Some(Ok(Answer::Device(device))) = &mut last.answer {
                device.tags = tags.iter().map(tag).collect();
            }
        }
        (app, calls)
    }

    #[test]
    fn two_updates_that_overlap_are_explained_when_both_are_seen() {
        let (app, calls) = history((5, 7), &["left", "right"]);
        assert!(search::explain(&app, &calls).is_ok());
    }

    #[test]
    fn a_lost_update_is_told_with_the_first_call_that_misses_it() {
        let (app, calls) = history((5, 7), &["right"]);
        let found = Unexplained::shortest(0, app, calls);
        assert_eq!(found.calls.len(), 5, "{found}");
        assert_eq!(found.calls.last().map(|call| call.returned), Some(21), "{found}");
        assert!(found.to_string().contains("thread 3"), "{found}");
    }

    #[test]
    fn an_order_against_time_explains_nothing() {
        let absent = Some(Ok(Answer::Truth(false)));
        let (app, mut calls) = history((5, 7), &["left", "right"]);
        // The question began after the update had returned.
        calls[3].answer.clone_from(&absent);
        assert!(search::explain(&app, &calls).is_err());
        // The question began before the update returned.
        (calls[3].invoked, calls[3].returned, calls[3].thread) = (6, 9, 4);
        assert!(search::explain(&app, &calls).is_ok());
    }

    #[test]
    fn a_call_that_has_not_returned_may_have_happened_or_not() {
        for tags in [&["left"][..], &["left", "right"]] {
            let (app, mut calls) = history((5, 99), tags);
            calls[4].answer = None;
            assert!(search::explain(&app, &calls).is_ok(), "{tags:?}");
        }
    }
}
