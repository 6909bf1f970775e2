//! What is kept in memory of each app that was used: its gate, through which commits go, and its newest picture.

use crate::values::Header;
use parking_lot::{Condvar, Mutex, RwLock};
use rollbook::store::{Committed, StoreError, WriteSet};
use rollbook::{AppId, EventSeq, Version};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// What a view must know of the version that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) version: Version,
    pub(crate) sealed: bool,
    pub(crate) log_end: EventSeq,
    pub(crate) last_drop: Version,
    /// May devices wait for the removal of their user? Every question about an app asks for them first, and there are
    /// nearly never any: knowing that saves a walk over the names.
    pub(crate) deletions: bool,
}

impl Picture {
    pub(crate) fn new(header: &Header, deletions: bool) -> Self {
        let Header { version, sealed, log_end, last_drop, .. } = *header;
        Picture { version, sealed, log_end, last_drop, deletions }
    }
}

/// What whoever leads knows of an app as it is stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) header: Header,
    pub(crate) deletions: bool,
}

impl Known {
    pub(crate) fn picture(&self) -> Picture {
        Picture::new(&self.header, self.deletions)
    }
}

/// The newest picture of an app, and whether it may be trusted: `turn` is even while the engine shows this picture
/// and nothing else, odd while a write is under way, or nothing was read yet, or a write has failed.
///
/// A view reads `turn`, the picture, takes its snapshot, and reads `turn` again. Twice the same even number means
/// that no write began in between, so the snapshot shows the picture. Otherwise the view reads the header from its
/// snapshot, one look-up more.
#[derive(Debug)]
pub(crate) struct Newest {
    turn: AtomicU64,
    version: AtomicU64,
    sealed: AtomicU64,
    log_end: AtomicU64,
    last_drop: AtomicU64,
    deletions: AtomicU64,
}

impl Newest {
    const NEVER: u64 = 1;

    fn new() -> Self {
        let zero = || AtomicU64::new(0);
        let turn = AtomicU64::new(Self::NEVER);
        let (version, sealed, log_end, last_drop) = (zero(), zero(), zero(), zero());
        Newest { turn, version, sealed, log_end, last_drop, deletions: zero() }
    }

    /// Was nothing ever published?
    pub(crate) fn is_new(&self) -> bool {
        self.turn.load(SeqCst) == Self::NEVER
    }

    /// The picture, and the turn to compare afterwards.
    pub(crate) fn read(&self) -> Option<(u64, Picture)> {
        let turn = self.turn.load(SeqCst);
        let picture = Picture {
            version: Version(self.version.load(SeqCst)),
            sealed: self.sealed.load(SeqCst) != 0,
            log_end: EventSeq(self.log_end.load(SeqCst)),
            last_drop: Version(self.last_drop.load(SeqCst)),
            deletions: self.deletions.load(SeqCst) != 0,
        };
        turn.is_multiple_of(2).then_some((turn, picture))
    }

    /// Is it still the turn it was?
    pub(crate) fn is_still(&self, turn: u64) -> bool {
        self.turn.load(SeqCst) == turn
    }

    /// A write begins.
    pub(crate) fn unsettle(&self) {
        self.turn.fetch_or(1, SeqCst);
    }

    /// What is written is visible.
    pub(crate) fn settle(&self, picture: Picture) {
        let Picture { version, sealed, log_end, last_drop, deletions } = picture;
        self.version.store(version.0, SeqCst);
        self.sealed.store(u64::from(sealed), SeqCst);
        self.log_end.store(log_end.0, SeqCst);
        self.last_drop.store(last_drop.0, SeqCst);
        self.deletions.store(u64::from(deletions), SeqCst);
        // From odd to the next even number.
        self.turn.fetch_add(1, SeqCst);
    }
}

/// A commit that waits for whoever leads.
#[derive(Debug)]
pub(crate) struct Waiter {
    pub(crate) writes: WriteSet,
    pub(crate) outcome: Mutex<Option<Result<Committed, StoreError>>>,
}

/// Who is at work on an app, and who waits.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    pub(crate) led: bool,
    pub(crate) waiting: Vec<Arc<Waiter>>,
    /// What is stored; `None` when it must be read.
    pub(crate) known: Option<Known>,
}

/// What is kept in memory of one app: a few hundred bytes, whatever its size.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) gate: Mutex<Gate>,
    pub(crate) opened: Condvar,
    pub(crate) newest: Newest,
    /// The version at which a tag with chunks last ended on a platform since the store was opened; told before the
    /// commit that ends it can be seen.
    pub(crate) ended: AtomicU64,
    /// One batch of heartbeats at a time: each compares before it writes.
    pub(crate) touching: Mutex<()>,
}

/// The apps that were used since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Apps(RwLock<BTreeMap<AppId, Arc<AppState>>>);

impl Apps {
    pub(crate) fn get(&self, app: AppId) -> Arc<AppState> {
        if let Some(state) = self.0.read().get(&app) {
            return state.clone();
        }
        let new = || {
            let (gate, opened) = (Mutex::default(), Condvar::new());
            Arc::new(AppState {
                gate,
                opened,
                newest: Newest::new(),
                ended: AtomicU64::new(0),
                touching: Mutex::new(()),
            })
        };
        self.0.write().entry(app).or_insert_with(new).clone()
    }
}
