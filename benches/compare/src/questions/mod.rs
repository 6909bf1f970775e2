//! The questions by name: what is prepared, what is timed, what is put back, and by what other questions it shows
//! whether the systems did the same.

mod counts;
mod reads;
mod writes;

use crate::block::Block;
use rollbook_bench::{Failure, Workload};

/// What is asked under one name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    /// Does it read what one device, alias or user alone has?
    pub(crate) single: bool,
    /// The most questions in one block.
    pub(crate) most: usize,
    /// Makes a block of so many questions; the same seed makes the same ones, and fewer are the first of more.
    pub(crate) make: fn(&Workload, u64, usize) -> Result<Turn, Failure>,
}

/// One block with what goes before and after it.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Asked before, not timed.
    pub(crate) before: Option<Block>,
    pub(crate) timed: Block,
    /// Puts things back, not timed.
    pub(crate) after: Option<Block>,
    /// Questions that show what has changed.
    pub(crate) probes: Vec<Block>,
}

impl Turn {
    const fn read(timed: Block) -> Self {
        Turn { before: None, timed, after: None, probes: Vec::new() }
    }
}

/// Per question, which is the unit of nearly all.
const PER_QUESTION: &str = "per question";

/// All questions that are asked in blocks, in the order in which they are asked: reads first, then what puts things
/// back, last what does not.
pub(crate) fn all() -> impl Iterator<Item = &'static Question> {
    reads::QUESTIONS.iter().chain(counts::QUESTIONS).chain(writes::QUESTIONS)
}

/// What is measured in ways of its own.
pub(crate) const SPECIAL: &[&str] = &["memory", "two-threads", "reader-delay", "delete-tag"];

/// Every name.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|question| question.name).chain(SPECIAL.iter().copied())
}
