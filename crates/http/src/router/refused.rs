//! Log lines about credentials that were refused: who tried which app, never what was tried.

use crate::exchange::{Outcome, Peer};
use rollbook::AppKey;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How many lines are written in one [`WINDOW`]. Whoever guesses fast must not fill the disk with the log of it.
const LINES: u32 = 10;

const WINDOW: Duration = Duration::from_secs(1);

/// Writes the lines, a bounded number a second.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<Window>);

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    lines: u32,
    /// How many were left out since the last line.
    left_out: u64,
}

impl Window {
    /// Whether a line is written now; how many were left out before it.
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            (self.since, self.lines) = (Some(now), 0);
        }
        if self.lines == LINES {
            self.left_out = self.left_out.saturating_add(1);
            return None;
        }
        self.lines += 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

impl Refused {
    pub(super) fn log(&self, peer: Option<Peer>, app: Option<&AppKey>, outcome: Option<&Outcome>) {
        let admitted = self.0.lock().unwrap_or_else(PoisonError::into_inner).admit(Instant::now());
        if let Some(left_out) = admitted {
            let peer = peer.map(|Peer(address)| tracing::field::display(address));
            tracing::warn!(
                peer,
                app = app.map(AppKey::as_str),
                operation = outcome.map(|outcome| outcome.operation),
                code = outcome.map(|outcome| outcome.code),
                left_out,
                "credentials refused"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beyond_those_of_a_second_are_left_out_and_counted_in_the_next_one() {
        let mut window = Window::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(window.admit(start), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(window.admit(start + WINDOW / 2), None);
        }
        assert_eq!(window.admit(start + WINDOW), Some(5));
        assert_eq!(window.admit(start + WINDOW), Some(0));
    }
}
