//! The questions by name. Each has a part that prepares, a part that is timed, a part that undoes a change, and probes
//! that show whether all systems made the same change.

mod counts;
mod reads;
mod writes;

use crate::block::Block;
use rollbook_bench::{Failure, Workload};

/// A kind of question.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// The question reads the data of a single device, alias or user.
    pub(crate) single: bool,
    /// Maximum number of questions in one block.
    pub(crate) most: usize,
    /// Creates a block of this many questions. The same seed gives the same questions, and a smaller block is a prefix of a
    /// larger one.
    pub(crate) make: fn(&Workload, u64, usize) -> Result<Turn, Failure>,
}

/// One block with what is asked before and after it.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Asked before the timed block.
    pub(crate) before: Option<Block>,
    pub(crate) timed: Block,
    /// Undoes the change after the timed block.
    pub(crate) after: Option<Block>,
    /// Questions that show the change.
    pub(crate) probes: Vec<Block>,
}

impl Turn {
    const fn read(timed: Block) -> Self {
        Turn { before: None, timed, after: None, probes: Vec::new() }
    }
}

/// The unit of nearly all questions.
const PER_QUESTION: &str = "per question";

/// Returns all questions that are asked in blocks, in the order in which they are asked: reads, then changes that are
/// undone, then changes that are not.
pub(crate) fn all() -> impl Iterator<Item = &'static Question> {
    reads::QUESTIONS.iter().chain(counts::QUESTIONS).chain(writes::QUESTIONS)
}

/// Names of the other measurements.
pub(crate) const SPECIAL: &[&str] = &["memory", "two-threads", "reader-delay", "delete-tag"];

/// Returns all names.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|question| question.name).chain(SPECIAL.iter().copied())
}
