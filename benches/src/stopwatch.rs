//! The only place where a benchmark reads the clock.

use std::time::{Duration, Instant};

/// Measures the time since it was started.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts a stopwatch.
    #[must_use]
    #[inline]
    #[allow(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub fn start() -> Self {
        Stopwatch(Instant::now())
    }

    /// Returns the elapsed time.
    #[must_use]
    #[inline]
    pub fn read(&self) -> Duration {
        self.0.elapsed()
    }

    /// Returns the elapsed time in nanoseconds.
    #[must_use]
    #[inline]
    pub fn nanos(&self) -> f64 {
        self.read().as_nanos() as f64
    }
}
