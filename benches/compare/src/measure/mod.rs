//! How the systems are measured.
//!
//! - `build`: makes them, and what each takes;
//! - `check`: do they give the same answers?
//! - `warm`: what lies on disk is read before it is timed;
//! - `rounds`: times blocks of questions, one system after the other, round by round;
//! - `delete`: a tag that every device carries, deleted;
//! - `threads`: two threads against one;
//! - `delay`: what a reader waits while others stream and write;
//! - `stats`: medians and the like.

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

/// How long and how often.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Blocks of each system, at most.
    pub(crate) rounds: u32,
    /// Time that one system may take for one question.
    pub(crate) budget: Duration,
    pub(crate) seed: u64,
}

/// Blocks that a system is asked however long it takes.
pub(crate) const FEWEST: usize = 3;
