//! The connections that are open: how many there may be, and which one is given up for another.

use super::state::{Phase, State, micros};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A round trip on a slow network, and some more.
const FRESH: Duration = Duration::from_secs(1);

pub(super) struct Open {
    begun: Instant,
    places: Arc<Semaphore>,
    connections: Mutex<HashMap<u64, Connection>>,
    next: AtomicU64,
    ended: Notify,
    ending: AtomicBool,
}

struct Connection {
    state: Arc<State>,
    task: AbortHandle,
}

impl Open {
    pub(super) fn new(most: usize) -> Self {
        Open {
            begun: Instant::now(),
            places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            connections: Mutex::default(),
            next: AtomicU64::new(0),
            ended: Notify::new(),
            ending: AtomicBool::new(false),
        }
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<u64, Connection>> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a connection whose task has begun, unless it has ended by now.
    pub(super) fn enter(&self, number: u64, state: Arc<State>, task: AbortHandle) {
        let mut connections = self.connections();
        // A task that ends after this is taken out after it was entered: it needs the lock for that.
        if !state.is_over() {
            connections.insert(number, Connection { state, task });
        }
    }

    /// Closes the connection that comes first by [`precedence`], if there is one.
    pub(super) fn give_one_up(&self) {
        let connections = self.connections();
        let now = micros(self.begun.elapsed());
        let candidates = connections.values().filter_map(|connection| {
            let phase = connection.state.phase();
            Some((precedence(phase, connection.state.is_blocked(), now)?, phase, connection))
        });
        if let Some((_, phase, connection)) = candidates.min_by_key(|(order, ..)| *order)
            && connection.state.give_up(phase)
        {
            tracing::debug!("a connection is closed for another one");
            connection.task.abort();
        }
    }

    /// Waits until a connection has ended.
    pub(super) async fn one_ended(&self) {
        self.ended.notified().await;
    }

    /// From now on every connection ends with the answer that it sends.
    pub(super) fn end(&self) {
        self.ending.store(true, Ordering::Release);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    /// Closes the connections on which no request is under way; how many are left.
    pub(super) fn close_idle(&self) -> usize {
        let connections = self.connections();
        for Connection { state, task } in connections.values() {
            let phase = state.phase();
            if matches!(phase, Phase::Idle(_)) && state.give_up(phase) {
                task.abort();
            }
        }
        connections.len()
    }
}

/// The order in which connections are closed for others; `None` is never closed. Idle ones come first, the longest idle
/// one before the others, then those that wait for a body, then those that have been idle for less than [`FRESH`]: their
/// clients most likely have a request on its way, while clients that never send their bodies could otherwise hold all
/// other places. One whose client has not taken all of its answer yet is idle as well, and comes last: the time-out for
/// writing bounds how long it stays.
fn precedence(phase: Phase, is_blocked: bool, now: u64) -> Option<(u8, u64)> {
    match phase {
        Phase::Idle(since) | Phase::Awaiting(since) if is_blocked => Some((3, since)),
        Phase::Idle(since) if now.saturating_sub(since) >= micros(FRESH) => Some((0, since)),
        Phase::Awaiting(since) => Some((1, since)),
        Phase::Idle(since) => Some((2, since)),
        Phase::Busy | Phase::GivenUp => None,
    }
}

/// The place of a connection, given back when it is dropped.
pub(super) struct Ticket {
    number: u64,
    state: Arc<State>,
    open: Arc<Open>,
    place: Option<OwnedSemaphorePermit>,
}

impl Ticket {
    pub(super) fn take(open: &Arc<Open>) -> Option<Self> {
        let place = Arc::clone(&open.places).try_acquire_owned().ok()?;
        let number = open.next.fetch_add(1, Ordering::Relaxed);
        let state = Arc::new(State::new(open.begun));
        Some(Ticket { number, state, open: Arc::clone(open), place: Some(place) })
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn state(&self) -> Arc<State> {
        Arc::clone(&self.state)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.state.set_over();
        self.open.connections().remove(&self.number);
        // Whoever waits for a place finds this one free.
        drop(self.place.take());
        self.open.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_connections_give_way_before_waiting_ones_those_before_fresh_ones_and_slow_readers_last() {
        let now = micros(FRESH) * 10;
        let old = now - micros(FRESH);
        let order = [
            (Phase::Idle(old - 5), false),
            (Phase::Idle(old), false),
            (Phase::Awaiting(0), false),
            (Phase::Awaiting(now), false),
            (Phase::Idle(old + 1), false),
            (Phase::Idle(now), false),
            (Phase::Idle(0), true),
            (Phase::Awaiting(1), true),
        ];
        let ranks: Vec<_> =
            order.iter().map(|&(phase, blocked)| precedence(phase, blocked, now).unwrap()).collect();
        assert!(ranks.windows(2).all(|pair| pair[0] < pair[1]), "{ranks:?}");
        for phase in [Phase::Busy, Phase::GivenUp] {
            assert_eq!([true, false].map(|blocked| precedence(phase, blocked, now)), [None, None]);
        }
    }

    #[tokio::test]
    async fn a_connection_that_ended_before_it_was_entered_is_not_kept() {
        let open = Arc::new(Open::new(1));
        let task = tokio::spawn(std::future::pending::<()>());
        let ticket = Ticket::take(&open).unwrap();
        let (number, state) = (ticket.number(), ticket.state());
        open.enter(number, Arc::clone(&state), task.abort_handle());
        assert_eq!(open.close_idle(), 1);
        drop(ticket);
        assert_eq!(open.close_idle(), 0);
        open.enter(number, state, task.abort_handle());
        assert_eq!(open.close_idle(), 0);
        assert!(Ticket::take(&open).is_some(), "its place is free");
    }
}
