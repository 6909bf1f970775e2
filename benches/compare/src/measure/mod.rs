//! The measurements.
//!
//! - `build`: creates the systems and measures their size;
//! - `check`: verifies that they return the same results;
//! - `warm`: reads data on disk before it is timed;
//! - `rounds`: times blocks of questions, one system after the other, round by round;
//! - `delete`: times the deletion of a tag that every device carries;
//! - `threads`: compares the throughput of two reading threads with that of one;
//! - `delay`: the latency of a reader while others stream and write;
//! - `stats`: medians and percentiles.

pub(crate) mod build;
mod check;
pub(crate) mod delay;
pub(crate) mod delete;
pub(crate) mod rounds;
pub(crate) mod stats;
pub(crate) mod threads;
pub(crate) mod warm;

pub(crate) use check::check;

use std::time::Duration;

/// How long and how often to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Maximum number of blocks for each system.
    pub(crate) rounds: u32,
    /// Maximum time for each system and question.
    pub(crate) budget: Duration,
    pub(crate) seed: u64,
}

/// Blocks that a system is asked regardless of the time it takes.
pub(crate) const FEWEST: usize = 3;
