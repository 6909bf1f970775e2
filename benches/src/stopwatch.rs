//! The one place where a benchmark looks at the clock.

use std::time::{Duration, Instant};

/// Time since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts.
    #[must_use]
    #[inline]
    #[allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// How long it has been running.
    #[must_use]
    #[inline]
    pub fn read(&self) -> Duration {
        self.0.elapsed()
    }

    /// How long it has been running, in nanoseconds.
    #[must_use]
    #[inline]
    pub fn nanos(&self) -> f64 {
        self.read().as_nanos() as f64
    }
}
