//! A store that fails on request, to test what a register, or a program that uses one, does then.
//!
//! [`FaultStore`] wraps any store and counts its calls. A [`Fault`] says which call fails and how. A test that runs
//! the same verb with a fault at its first call, its second, and so on, until [`FaultStore::fired`] says that there
//! was no such call, has covered every possible failure.

mod view;

pub use view::FaultView;

use parking_lot::Mutex;
use rollbook::store::{Committed, Conflicted, Place, Store, StoreError, StoreInfo, WriteSet};
use rollbook::{AppId, Timestamp};
use std::time::Duration;

/// A kind of call.
///
/// ```
/// use rollbook::{AppId, store::{Store, View}};
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
///
/// let store = FaultStore::new(OrderedStore::new());
/// store.arm(Fault::at(Call::Read, 1, Failure::Unavailable));
/// let view = store.view(AppId(1))?;
/// assert!(view.log_end().is_err() && view.log_end().is_ok());
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// [`Store::view`].
    View,
    /// [`Store::commit`].
    Commit,
    /// [`Store::touch`].
    Touch,
    /// A question to a view, of those that can return an error.
    Read,
}

/// How a call fails.
///
/// ```
/// use rollbook::{AppId, store::{Operation, Store, View, WriteSet}};
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
///
/// for (how, applied) in [(Failure::UnknownApplied, true), (Failure::UnknownNotApplied, false)] {
///     let store = FaultStore::new(OrderedStore::new());
///     store.arm(Fault::at(Call::Commit, 1, how));
///     let seal = WriteSet { operations: [Operation::Seal].into_iter().collect(), ..WriteSet::default() };
///     assert!(store.commit(AppId(1), &seal).is_err());
///     assert_eq!(store.view(AppId(1))?.is_sealed(), applied);
/// }
/// # Ok::<(), rollbook::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// [`StoreError::Unavailable`], and nothing was applied.
    Unavailable,
    /// [`StoreError::OutcomeUnknown`], and nothing was applied. A call that applies nothing fails with `Unavailable`.
    UnknownNotApplied,
    /// [`StoreError::OutcomeUnknown`], and everything was applied. A call that applies nothing fails with
    /// `Unavailable`.
    UnknownApplied,
    /// [`StoreError::Conflict`] from a commit, as if another commit had come first. Any other call fails with
    /// `Unavailable`.
    Conflict(Conflicted),
    /// [`StoreError::Corrupt`], and nothing was applied.
    Corrupt,
    /// [`StoreError::Closed`], and nothing was applied.
    Closed,
    /// No failure: the call waits this long, and then does its work.
    Slow(Duration),
}

/// Which call fails, and how.
///
/// ```
/// use rollbook::{AppId, store::{Store, StoreError}};
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
///
/// let store = FaultStore::new(OrderedStore::new());
/// store.arm(Fault { call: Some(Call::View), nth: 2, stays: true, how: Failure::Closed });
/// assert!(store.view(AppId(1)).is_ok());
/// for _ in 0..2 {
///     assert!(matches!(store.view(AppId(1)), Err(StoreError::Closed)));
/// }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The kind of call. With `None`, [`Call::View`], [`Call::Commit`] and [`Call::Touch`] are counted together.
    pub call: Option<Call>,
    /// Which call of this kind fails, counted from 1 when the fault is armed.
    pub nth: u64,
    /// Whether all later calls of this kind fail as well.
    pub stays: bool,
    /// How it fails.
    pub how: Failure,
}

impl Fault {
    /// Returns a fault that occurs once, at the `nth` call of a kind from now on.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::{Store, WriteSet};
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.arm(Fault::at(Call::Commit, 2, Failure::Unavailable));
    /// let answers = [(); 3].map(|()| store.commit(AppId(1), &WriteSet::default()).is_ok());
    /// assert_eq!(answers, [true, false, true]);
    /// ```
    #[must_use]
    pub const fn at(call: Call, nth: u64, how: Failure) -> Self {
        Fault { call: Some(call), nth, stays: false, how }
    }

    /// Returns a fault that occurs once, at the `nth` call of the store from now on, whichever it is.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::Store;
    /// use rollbook_testkit::{Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.arm(Fault::at_any(2, Failure::Unavailable));
    /// assert!(store.touch(AppId(1), &[]).is_ok());
    /// assert!(store.view(AppId(1)).is_err(), "the second call, of another kind");
    /// ```
    #[must_use]
    pub const fn at_any(nth: u64, how: Failure) -> Self {
        Fault { call: None, nth, stays: false, how }
    }

    /// Returns the same fault, but with every later call failing the same way.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::Store;
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.arm(Fault::at(Call::View, 2, Failure::Unavailable).staying());
    /// let answers = [(); 4].map(|()| store.view(AppId(1)).is_ok());
    /// assert_eq!(answers, [true, false, false, false]);
    /// ```
    #[must_use]
    pub const fn staying(self) -> Self {
        Fault { stays: true, ..self }
    }
}

/// How often a store has been called since it was wrapped.
///
/// ```
/// use rollbook::{AppKey, AppSettings, Registry};
/// use rollbook_testkit::{Calls, FaultStore, ordered::OrderedStore};
///
/// let registry = Registry::builder(FaultStore::new(OrderedStore::new())).build();
/// assert_eq!(registry.store().calls(), Calls::default());
/// registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
/// assert_eq!(registry.store().calls().commits, 1);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls of [`Store::view`].
    pub views: u64,
    /// Calls of [`Store::commit`].
    pub commits: u64,
    /// Calls of [`Store::touch`].
    pub touches: u64,
    /// Questions to views.
    pub reads: u64,
}

/// A wrapper around any other store that fails on request.
///
/// ```
/// use rollbook::{AppId, store::{Store, StoreError, WriteSet}};
/// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
///
/// let store = FaultStore::new(OrderedStore::new());
/// store.arm(Fault::at(Call::Commit, 2, Failure::UnknownApplied));
/// assert!(store.commit(AppId(1), &WriteSet::default()).is_ok());
/// let second = store.commit(AppId(1), &WriteSet::default());
/// assert!(matches!(second, Err(StoreError::OutcomeUnknown { .. })));
/// assert!(store.fired());
/// assert_eq!(store.calls().commits, 2);
/// ```
#[derive(Debug)]
pub struct FaultStore<S> {
    inner: S,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: Calls,
    fault: Option<Fault>,
    /// The calls that the fault has counted.
    counted: u64,
    fired: bool,
}

impl<S> FaultStore<S> {
    /// Wraps a store. Nothing fails until a fault is armed.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::Store;
    /// use rollbook_testkit::{FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// assert!(store.view(AppId(1)).is_ok() && !store.fired());
    /// ```
    #[must_use]
    pub fn new(inner: S) -> Self {
        FaultStore { inner, state: Mutex::default() }
    }

    /// Returns the store inside, which never fails on purpose.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::Store;
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.arm(Fault::at(Call::View, 1, Failure::Corrupt).staying());
    /// assert!(store.view(AppId(1)).is_err());
    /// assert!(store.inner().view(AppId(1)).is_ok());
    /// ```
    #[must_use]
    pub const fn inner(&self) -> &S {
        &self.inner
    }

    /// Sets the fault, replacing the one before, and starts counting from here.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::Store;
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// assert!(store.view(AppId(1)).is_ok());
    /// store.arm(Fault::at(Call::View, 1, Failure::Unavailable));
    /// assert!(store.view(AppId(1)).is_err(), "the first from here");
    /// ```
    pub fn arm(&self, fault: Fault) {
        let mut state = self.state.lock();
        (state.fault, state.counted, state.fired) = (Some(fault), 0, false);
    }

    /// Removes the fault. [`FaultStore::fired`] keeps its value.
    ///
    /// ```
    /// use rollbook::AppId;
    /// use rollbook::store::Store;
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.arm(Fault::at(Call::View, 1, Failure::Unavailable).staying());
    /// assert!(store.view(AppId(1)).is_err());
    /// store.disarm();
    /// assert!(store.view(AppId(1)).is_ok() && store.fired());
    /// ```
    pub fn disarm(&self) {
        self.state.lock().fault = None;
    }

    /// Returns `true` if the fault that was armed last has met its call.
    ///
    /// ```
    /// use rollbook::Registry;
    /// use rollbook_testkit::{Failure, Fault, FaultStore, ordered::OrderedStore};
    ///
    /// // A failure of every call that a question makes.
    /// let registry = Registry::builder(FaultStore::new(OrderedStore::new())).build();
    /// let mut calls = 0;
    /// loop {
    ///     registry.store().arm(Fault::at_any(calls + 1, Failure::Unavailable));
    ///     let found = registry.apps(None, 10);
    ///     if !registry.store().fired() {
    ///         break assert!(found.is_ok());
    ///     }
    ///     calls += 1;
    ///     assert!(found.is_err());
    /// }
    /// assert_eq!(calls, 1);
    /// ```
    #[must_use]
    pub fn fired(&self) -> bool {
        self.state.lock().fired
    }

    /// Returns how often the store has been called since it was wrapped.
    ///
    /// ```
    /// use rollbook::{AppId, store::{Store, View}};
    /// use rollbook_testkit::{Calls, FaultStore, ordered::OrderedStore};
    ///
    /// let store = FaultStore::new(OrderedStore::new());
    /// store.view(AppId(1))?.log_end()?;
    /// assert_eq!(store.calls(), Calls { views: 1, reads: 1, ..Calls::default() });
    /// # Ok::<(), rollbook::store::StoreError>(())
    /// ```
    #[must_use]
    pub fn calls(&self) -> Calls {
        self.state.lock().calls
    }

    /// Counts a call and returns how it fails, if it does. Waits for a slow one.
    fn count(&self, call: Call) -> Option<Failure> {
        let how = {
            let mut state = self.state.lock();
            let State { calls, fault, counted, fired } = &mut *state;
            let count = match call {
                Call::View => &mut calls.views,
                Call::Commit => &mut calls.commits,
                Call::Touch => &mut calls.touches,
                Call::Read => &mut calls.reads,
            };
            *count += 1;
            let fault = (*fault)?;
            if !fault.call.map_or(call != Call::Read, |only| only == call) {
                return None;
            }
            *counted += 1;
            if *counted != fault.nth && !(fault.stays && *counted > fault.nth) {
                return None;
            }
            *fired = true;
            fault.how
        };
        if let Failure::Slow(how_long) = how {
            wait(how_long);
            return None;
        }
        Some(how)
    }
}

#[allow(clippy::disallowed_methods, reason = "to be slow is what the fault was armed for")]
fn wait(how_long: Duration) {
    std::thread::sleep(how_long);
}

const WHAT: &str = "a fault that a test armed";

/// The error of a call that applies nothing.
fn refusal(how: Failure) -> StoreError {
    match how {
        Failure::Corrupt => StoreError::corrupt(WHAT),
        Failure::Closed => StoreError::Closed,
        _ => StoreError::Unavailable { what: WHAT, cause: None },
    }
}

impl<S: Store> Store for FaultStore<S> {
    type View<'a> = FaultView<'a, S>;

    fn info(&self) -> StoreInfo {
        self.inner.info()
    }

    fn view(&self, app: AppId) -> Result<FaultView<'_, S>, StoreError> {
        match self.count(Call::View) {
            None => Ok(FaultView::new(self.inner.view(app)?, self)),
            Some(how) => Err(refusal(how)),
        }
    }

    fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
        let unknown = StoreError::OutcomeUnknown { what: WHAT, cause: None };
        match self.count(Call::Commit) {
            None => self.inner.commit(app, writes),
            Some(Failure::UnknownApplied) => self.inner.commit(app, writes).and(Err(unknown)),
            Some(Failure::UnknownNotApplied) => Err(unknown),
            Some(Failure::Conflict(what)) => Err(StoreError::conflict(what)),
            Some(how) => Err(refusal(how)),
        }
    }

    fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
        match self.count(Call::Touch) {
            None => self.inner.touch(app, seen),
            Some(how) => Err(refusal(how)),
        }
    }
}
