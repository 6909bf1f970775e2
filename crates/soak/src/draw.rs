//! Chance from a seed: the same parts make the same draws.

use rollbook::{Entropy, SeededEntropy};

/// A stream of draws.
#[derive(Debug)]
pub(crate) struct Draw(SeededEntropy);

impl Draw {
    /// The stream that these numbers name. Streams of different numbers have nothing in common.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mixed = parts.iter().fold(0, |state, part| Draw(SeededEntropy::new(state ^ part)).number());
        Draw(SeededEntropy::new(mixed))
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    fn number(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    /// A number below `count`, or 0.
    pub(crate) fn below(&self, count: u64) -> u64 {
        self.number().checked_rem(count).unwrap_or(0)
    }

    /// True once in so many times.
    pub(crate) fn once_in(&self, times: u64) -> bool {
        self.below(times) == 0
    }
}
