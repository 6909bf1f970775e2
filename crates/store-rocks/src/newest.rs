//! The newest picture of an app, for views that then need not read the header. It is a sequence lock made of atomics.

use crate::sync::{AtomicU64, Ordering::SeqCst};
use rollbook::{EventSeq, Version};

/// What a view must know of the version that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Picture {
    pub(crate) version: Version,
    pub(crate) sealed: bool,
    pub(crate) log_end: EventSeq,
    pub(crate) last_drop: Version,
    /// Whether devices may wait for the removal of their user. Every read of an app needs to know this first, and
    /// nearly always there are none: knowing that saves a scan of the names.
    pub(crate) deletions: bool,
}

/// The newest picture of an app, and whether it is valid. `turn` is even while the engine shows exactly this picture.
/// It is odd while a write is under way, before anything was read, and after a write has failed.
///
/// A view reads `turn`, then the picture, takes its snapshot, and reads `turn` again. If both values are the same
/// even number, no write began in between, so the snapshot shows the picture. Otherwise the view reads the header
/// from its snapshot, at the cost of one look-up.
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

    pub(crate) fn new() -> Self {
        let zero = || AtomicU64::new(0);
        let turn = AtomicU64::new(Self::NEVER);
        let (version, sealed, log_end, last_drop) = (zero(), zero(), zero(), zero());
        Newest { turn, version, sealed, log_end, last_drop, deletions: zero() }
    }

    /// Returns whether no picture was ever published.
    pub(crate) fn is_new(&self) -> bool {
        self.turn.load(SeqCst) == Self::NEVER
    }

    /// Returns the picture, and the turn to compare afterwards; `None` if the picture is not valid.
    pub(crate) fn read(&self) -> Option<(u64, Picture)> {
        let turn = self.turn.load(SeqCst);
        // If a picture is published meanwhile, these may be parts of two. `is_still` then returns `false`.
        let picture = Picture {
            version: Version(self.version.load(SeqCst)),
            sealed: self.sealed.load(SeqCst) != 0,
            log_end: EventSeq(self.log_end.load(SeqCst)),
            last_drop: Version(self.last_drop.load(SeqCst)),
            deletions: self.deletions.load(SeqCst) != 0,
        };
        turn.is_multiple_of(2).then_some((turn, picture))
    }

    /// Returns whether the turn has not changed.
    pub(crate) fn is_still(&self, turn: u64) -> bool {
        self.turn.load(SeqCst) == turn
    }

    /// Makes the picture invalid because a write begins.
    pub(crate) fn unsettle(&self) {
        // After a failed write the turn is odd already, and must stay odd.
        self.turn.fetch_or(1, SeqCst);
    }

    /// Publishes the picture after the write has become visible.
    pub(crate) fn settle(&self, picture: Picture) {
        let Picture { version, sealed, log_end, last_drop, deletions } = picture;
        self.version.store(version.0, SeqCst);
        self.sealed.store(u64::from(sealed), SeqCst);
        self.log_end.store(log_end.0, SeqCst);
        self.last_drop.store(last_drop.0, SeqCst);
        self.deletions.store(u64::from(deletions), SeqCst);
        // The turn is odd here, so this makes it the next even number.
        self.turn.fetch_add(1, SeqCst);
    }
}
