//! The store of one case: any store that the fixture opens, behind one type, so that the cases are compiled only once.

use crate::fixture::Fixture;
use crate::look::Look;
use crate::writes::Writes;
use rollbook::store::{
    Committed, Conflicted, DynStore, Operation, Place, Slot, StoreError, StoreInfo, WriteSet,
};
use rollbook::{AppId, Platform, Timestamp};

/// The app that cases use when they need only one.
pub(crate) const APP: AppId = AppId(1);
/// Another app.
pub(crate) const OTHER: AppId = AppId(2);

/// A fixture with its store and guard, with their types erased.
trait Stand {
    fn store(&self) -> &dyn DynStore;
    fn reopen(&mut self);
    fn starting_at(&self, first_ordinal: u32) -> Option<Box<dyn Stand + '_>>;
}

struct On<'f, F: Fixture> {
    // Declared before the guard, and therefore dropped before it.
    store: Option<F::Store>,
    guard: F::Guard,
    fixture: &'f F,
}

impl<F: Fixture> Stand for On<'_, F> {
    fn store(&self) -> &dyn DynStore {
        self.store.as_ref().expect("a store that is open")
    }

    fn reopen(&mut self) {
        // The store may hold a lock on its place, so the old one is dropped before the new one is opened.
        self.store = None;
        self.store = Some(self.fixture.open(&self.guard));
    }

    fn starting_at(&self, first_ordinal: u32) -> Option<Box<dyn Stand + '_>> {
        let guard = self.fixture.guard();
        let store = Some(self.fixture.open_at(&guard, first_ordinal)?);
        Some(Box::new(On { store, guard, fixture: self.fixture }))
    }
}

/// What a case gets as its argument.
pub(crate) struct Subject<'f> {
    stand: Box<dyn Stand + 'f>,
    skipped: Option<&'static str>,
}

impl<'f> Subject<'f> {
    pub(crate) fn fresh<F: Fixture>(fixture: &'f F) -> Self {
        let guard = fixture.guard();
        let store = Some(fixture.open(&guard));
        Subject { stand: Box::new(On { store, guard, fixture }), skipped: None }
    }

    pub(crate) fn store(&self) -> Desk<'_> {
        Desk(self.stand.store())
    }

    /// Drops the store and opens it again in the same place.
    pub(crate) fn reopen(&mut self) {
        self.stand.reopen();
    }

    /// Returns another store, whose first ordinal is this one.
    pub(crate) fn starting_at(&mut self, first_ordinal: u32) -> Option<Subject<'_>> {
        let stand = self.stand.starting_at(first_ordinal);
        if stand.is_none() {
            self.skipped = Some("the fixture does not open at a first ordinal");
        }
        Some(Subject { stand: stand?, skipped: None })
    }

    /// Notes that the case does not apply; the case then returns.
    pub(crate) fn skip(&mut self, why: &'static str) {
        self.skipped = Some(why);
    }

    pub(crate) fn skipped(&self) -> Option<&'static str> {
        self.skipped
    }
}

/// The store of a case with the shorthands that cases need. A call that must succeed panics with its error.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a>(pub(crate) &'a dyn DynStore);

impl<'a> Desk<'a> {
    pub(crate) fn info(self) -> StoreInfo {
        self.0.dyn_info()
    }

    #[track_caller]
    pub(crate) fn look(self) -> Look<'a> {
        self.look_at(APP)
    }

    #[track_caller]
    pub(crate) fn look_at(self, app: AppId) -> Look<'a> {
        match self.0.dyn_view(app) {
            Ok(view) => Look(view),
            Err(error) => panic!("a view of app {} must be given: {error}", app.0),
        }
    }

    pub(crate) fn try_commit(self, writes: impl Into<WriteSet>) -> Result<Committed, StoreError> {
        self.0.dyn_commit(APP, &writes.into())
    }

    #[track_caller]
    pub(crate) fn commit(self, writes: impl Into<WriteSet>) -> Committed {
        self.commit_in(APP, writes)
    }

    #[track_caller]
    pub(crate) fn commit_in(self, app: AppId, writes: impl Into<WriteSet>) -> Committed {
        let writes = writes.into();
        match self.0.dyn_commit(app, &writes) {
            Ok(committed) => committed,
            Err(error) => panic!("this must be committed: {}: {error}", brief(&writes)),
        }
    }

    /// Commits a set that must conflict.
    #[track_caller]
    pub(crate) fn conflict(self, writes: impl Into<WriteSet>) -> Conflicted {
        let writes = writes.into();
        match self.0.dyn_commit(APP, &writes) {
            Err(StoreError::Conflict { what }) => what,
            Err(error) => panic!("this must conflict, not fail otherwise: {}: {error}", brief(&writes)),
            Ok(_) => panic!("this must conflict, but was committed: {}", brief(&writes)),
        }
    }

    /// Inserts a device with nothing but its id.
    #[track_caller]
    pub(crate) fn device(self, platform: Platform, id: &str) -> Place {
        self.placed(Writes::new().insert(platform, id))
    }

    /// Commits a set of one insert and returns the device's place.
    #[track_caller]
    pub(crate) fn placed(self, writes: Writes) -> Place {
        let committed = self.commit(writes);
        match committed.inserted.as_slice() {
            [place] => *place,
            places => panic!("one insert must answer one place: got {places:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn touch(self, seen: &[(Place, i64)]) {
        self.touch_in(APP, seen);
    }

    #[track_caller]
    pub(crate) fn touch_in(self, app: AppId, seen: &[(Place, i64)]) {
        let seen: Vec<_> = seen.iter().map(|&(place, at)| (place, Timestamp::from_secs(at))).collect();
        if let Err(error) = self.0.dyn_touch(app, &seen) {
            panic!("heartbeats must be taken: {error}");
        }
    }
}

/// Returns a write set for a message; it is printed whole when it is small.
fn brief(writes: &WriteSet) -> String {
    let WriteSet { checks, operations } = writes;
    let kinds: Vec<&Operation> = operations.iter().take(4).collect();
    let more = operations.len().saturating_sub(kinds.len());
    format!("checks {checks:?}, operations {kinds:?} and {more} more")
}

/// A slot from its parts.
pub(crate) fn slot(platform: Platform, ordinal: u32) -> Slot {
    Slot { platform, ordinal }
}
