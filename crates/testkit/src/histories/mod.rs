//! Concurrent histories, and the check that some order of the calls explains them: linearisability.
//!
//! A few threads call one app of a register, each a short list of verbs over so few names that they collide. For every
//! call it is recorded when it began, when it returned, and what it returned. A history is *linearisable* when its
//! calls can be put into one order that keeps every call before those that began after it returned, and in which the
//! [model](crate::oracle), called in that order, returns the same. Since whole histories are judged, each device,
//! alias, tag and user in them is linearisable too.
//!
//! - this file: how many histories, and the result of checking them;
//! - `calls`: the calls of the threads;
//! - `record`: making the calls, and recording them; `hesitant`: a store whose callers are interrupted between calls;
//! - `schedules`: a call that is held before one of its commits while other workers do something, case by case;
//! - `search`: the search for an order; `model`: the model, as far as an order of calls has got;
//! - `unexplained`: a history without an order, reduced to what shows it.
//!
//! Two examples of histories that no order explains:
//!
//! - *a lost update*: two threads add a tag to one device, both calls succeed, and a later look-up shows only one of
//!   the tags;
//! - *a stale view*: a look-up of an alias returns a device, although a look-up that had returned earlier found that
//!   the device was gone.

mod calls;
mod hesitant;
mod model;
mod record;
mod schedules;
mod search;
mod unexplained;

pub use record::Call;
pub use schedules::Schedules;
pub use unexplained::Unexplained;

use crate::check::contradiction;
use crate::op::{Choices, Op};
use calls::Names;
use hesitant::Hesitant;
use rollbook::store::Store;
use rollbook::{AppKey, Entropy, ManualClock, Registry, SeededEntropy};
use std::fmt;
use std::sync::Arc;

/// How many histories are recorded, and how long each is.
///
/// ```
/// use rollbook_testkit::histories::Histories;
/// use rollbook_testkit::ordered::OrderedStore;
///
/// let histories = Histories { count: 10, ..Histories::default() };
/// let checked = histories.check(OrderedStore::new()).unwrap_or_else(|found| panic!("{found}"));
/// assert_eq!(checked.histories, 10);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Histories {
    /// The number of histories.
    pub count: u64,
    /// The number of threads of each.
    pub threads: usize,
    /// The number of calls of each thread.
    pub calls: usize,
    /// The seed from which the calls are drawn.
    pub seed: u64,
}

impl Default for Histories {
    fn default() -> Self {
        Histories { count: 300, threads: 3, calls: 6, seed: 1 }
    }
}

/// How much was checked when every history was explained.
///
/// ```
/// use rollbook_testkit::{histories::Histories, ordered::OrderedStore};
///
/// let checked = Histories { count: 2, ..Histories::default() }.check(OrderedStore::new())?;
/// assert_eq!(checked.histories, 2);
/// assert!(checked.tried >= checked.calls, "every call was put into the order");
/// assert!(checked.to_string().starts_with("2 histories of "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Checked {
    /// The number of histories.
    pub histories: u64,
    /// The number of calls in all of them.
    pub calls: u64,
    /// The number of calls that began while another was under way.
    pub overlapping: u64,
    /// The number of calls made to the model while orders were searched.
    pub tried: u64,
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Checked { histories, calls, overlapping, tried } = self;
        write!(
            f,
            "{histories} histories of {calls} calls are linearisable; {overlapping} calls overlapped another, \
             {tried} were tried on the model"
        )
    }
}

impl Histories {
    /// Returns the same, with the count from the environment variable `ROLLBOOK_HISTORIES` if it is set, else `count`:
    /// a test is short unless a run of hours is asked for.
    ///
    /// ```
    /// use rollbook_testkit::{histories::Histories, ordered::OrderedStore};
    ///
    /// let checked = Histories { calls: 2, ..Histories::at_least(5) }.check(OrderedStore::new())?;
    /// assert!(checked.histories >= 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn at_least(count: u64) -> Self {
        let told = std::env::var("ROLLBOOK_HISTORIES").ok().and_then(|text| text.parse().ok());
        Histories { count: told.unwrap_or(count).max(count), ..Self::default() }
    }

    /// Records the histories, each in an app of its own, and searches for an order of each.
    ///
    /// ```
    /// use rollbook_testkit::{histories::Histories, ordered::OrderedStore};
    ///
    /// let histories = Histories { count: 3, threads: 2, calls: 4, ..Histories::default() };
    /// let checked = histories.check(OrderedStore::new())?;
    /// assert!(checked.calls > 3 * 2 * 4, "an app is created before, and everything asked after");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first history that no order explains.
    ///
    /// # Panics
    /// When an app cannot be created, or the store contradicts itself at the end.
    pub fn check<S: Store>(self, store: S) -> Result<Checked, Box<Unexplained>> {
        let clock = Arc::new(ManualClock::at(crate::oracle::Oracle::START));
        let entropy = SeededEntropy::new(self.seed);
        let registry = Registry::builder(Hesitant::new(store, self.seed))
            .clock(Arc::clone(&clock))
            .entropy(SeededEntropy::new(self.seed))
            .build();
        let mut checked = Checked::default();
        for number in 0..self.count {
            let app = AppKey::new(format!("history-{number}")).expect("a key");
            let mut bytes = vec![0; 12 * (1 + self.threads * self.calls)];
            entropy.fill(&mut bytes);
            let mut choices = Choices::new(&bytes);
            let names = Names::default();
            let create = Op::CreateApp { app: app.clone(), settings: calls::settings(&mut choices) };
            let plans: Vec<Vec<Op>> = (0..self.threads)
                .map(|_| (0..self.calls).map(|_| names.call(&app, &mut choices)).collect())
                .collect();
            let mut recorder = record::Recorder::new(&registry, &clock);
            recorder.alone(&[create]);
            recorder.together(&plans);
            recorder.alone(&names.everything(&app));
            let history = recorder.history();
            checked.histories += 1;
            checked.calls += history.len() as u64;
            checked.overlapping += overlapping(&history);
            checked.tried += search::explain(&app, &history)
                .map_err(|search::NoOrder| Box::new(Unexplained::shortest(number, app, history)))?;
        }
        if let Some(found) = contradiction(registry.store()) {
            panic!("after {checked}: {found}");
        }
        Ok(checked)
    }
}

/// Returns how many calls began while one that began earlier had not returned.
fn overlapping(history: &[Call]) -> u64 {
    let overlaps = |call: &Call| {
        history.iter().any(|other| other.invoked < call.invoked && call.invoked < other.returned)
    };
    history.iter().filter(|call| overlaps(call)).count() as u64
}
