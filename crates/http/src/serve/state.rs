//! What a connection is doing, for those who are not it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// No request is under way: since when. A head of which a part has come counts as none.
    Idle(u64),
    /// A request waits for its body: since when.
    Awaiting(u64),
    /// A request is being answered.
    Busy,
    /// It was given up for another connection, and does nothing any more.
    GivenUp,
}

const KINDS: u64 = 4;
const IDLE: u64 = 0;
const AWAITING: u64 = 1;
const BUSY: u64 = 2;
const GIVEN_UP: u64 = 3;

/// As states keep times: in microseconds.
pub(super) fn micros(time: Duration) -> u64 {
    // Enough for a hundred thousand years.
    time.as_micros() as u64
}

/// A phase and since when, in one word.
fn word_of(since: u64, kind: u64) -> u64 {
    since * KINDS + kind
}

impl Phase {
    fn of(word: u64) -> Self {
        let since = word / KINDS;
        match word % KINDS {
            IDLE => Phase::Idle(since),
            AWAITING => Phase::Awaiting(since),
            BUSY => Phase::Busy,
            _ => Phase::GivenUp,
        }
    }
}

/// The state of one connection. Times are microseconds since the server began.
#[derive(Debug)]
pub(super) struct State {
    begun: Instant,
    /// The phase and since when, in one word: whoever gives the connection up must not meet a request that begins.
    word: AtomicU64,
    /// Whether bytes have come since the last request began.
    received: AtomicBool,
    /// Whether the socket takes no more bytes.
    blocked: AtomicBool,
    /// Whether the socket has taken bytes since that was last asked.
    wrote: AtomicBool,
    /// Whether an answer of the router is being sent.
    answered: AtomicBool,
    /// Whether a request's body was not read to its end.
    unread: AtomicBool,
    /// Whether the connection has ended.
    over: AtomicBool,
}

impl State {
    pub(super) fn new(begun: Instant) -> Self {
        let state = State {
            begun,
            word: AtomicU64::new(0),
            received: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            wrote: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            unread: AtomicBool::new(false),
            over: AtomicBool::new(false),
        };
        state.word.store(word_of(state.now(), IDLE), Ordering::Release);
        state
    }

    /// When the server began.
    pub(super) fn begun(&self) -> Instant {
        self.begun
    }

    fn now(&self) -> u64 {
        micros(self.begun.elapsed())
    }

    pub(super) fn phase(&self) -> Phase {
        Phase::of(self.word.load(Ordering::Acquire))
    }

    fn set(&self, next: impl Fn(u64) -> u64) -> bool {
        let changed = self.word.fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| {
            (word % KINDS != GIVEN_UP).then(|| next(word))
        });
        changed.is_ok()
    }

    /// A request has come. `false` if the connection was given up.
    pub(super) fn begin(&self) -> bool {
        self.received.store(false, Ordering::Relaxed);
        self.unread.store(false, Ordering::Relaxed);
        let now = self.now();
        self.set(|_| word_of(now, BUSY))
    }

    /// The request waits for its body. Since when is since its head, however often it waits.
    pub(super) fn awaits(&self) {
        self.set(|word| if word % KINDS == BUSY { word_of(word / KINDS, AWAITING) } else { word });
    }

    /// The request has more of its body, or does without. `false` if the connection was given up.
    pub(super) fn goes_on(&self) -> bool {
        self.set(|word| if word % KINDS == AWAITING { word_of(word / KINDS, BUSY) } else { word })
    }

    /// The request is answered.
    pub(super) fn end(&self) {
        self.answered.store(true, Ordering::Relaxed);
        // What has come until now was the body.
        self.received.store(false, Ordering::Relaxed);
        let now = self.now();
        self.set(|_| word_of(now, IDLE));
    }

    /// Gives the connection up, unless it has gone on since this phase was seen.
    pub(super) fn give_up(&self, seen: Phase) -> bool {
        let word = match seen {
            Phase::Idle(since) => word_of(since, IDLE),
            Phase::Awaiting(since) => word_of(since, AWAITING),
            Phase::Busy | Phase::GivenUp => return false,
        };
        self.word.compare_exchange(word, GIVEN_UP, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    pub(super) fn receives(&self) {
        self.received.store(true, Ordering::Relaxed);
    }

    /// Whether a part of a head has come.
    pub(super) fn has_part(&self) -> bool {
        self.received.load(Ordering::Relaxed)
    }

    pub(super) fn blocks(&self) {
        self.blocked.store(true, Ordering::Relaxed);
    }

    pub(super) fn writes(&self) {
        self.blocked.store(false, Ordering::Relaxed);
        self.wrote.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Relaxed)
    }

    /// Whether the socket has taken bytes since this was last asked.
    pub(super) fn has_written(&self) -> bool {
        self.wrote.swap(false, Ordering::Relaxed)
    }

    /// All of an answer is sent.
    pub(super) fn sent(&self) {
        self.answered.store(false, Ordering::Relaxed);
    }

    /// Whether what is written now is no answer of the router.
    pub(super) fn is_unasked(&self) -> bool {
        !self.answered.load(Ordering::Relaxed) && matches!(self.phase(), Phase::Idle(_))
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    pub(super) fn set_over(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    pub(super) fn leaves_unread(&self) {
        self.unread.store(true, Ordering::Relaxed);
    }

    pub(super) fn has_unread(&self) -> bool {
        self.unread.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_given_up_only_as_it_was_seen() {
        let state = State::new(Instant::now());
        let idle = state.phase();
        assert!(matches!(idle, Phase::Idle(_)));
        assert!(state.begin());
        assert!(!state.give_up(idle) && !state.give_up(state.phase()));
        state.awaits();
        let awaiting = state.phase();
        assert!(state.goes_on());
        assert_eq!(state.phase(), Phase::Busy);
        assert!(!state.give_up(awaiting));
        state.awaits();
        assert_eq!(state.phase(), awaiting, "its time is that of its head");
        assert!(state.give_up(awaiting));
        assert!(!state.goes_on() && !state.begin());
        state.end();
        assert_eq!(state.phase(), Phase::GivenUp);
    }
}
