//! Random numbers from a seed.

use rollbook::{Entropy, SeededEntropy};

/// A stream of random numbers.
#[derive(Debug)]
pub(crate) struct Rng(SeededEntropy);

impl Rng {
    /// Returns the stream of these numbers. Streams of different numbers are independent.
    pub(crate) fn of(parts: &[u64]) -> Self {
        let mixed = parts.iter().fold(0, |state, part| Rng(SeededEntropy::new(state ^ part)).number());
        Rng(SeededEntropy::new(mixed))
    }

    pub(crate) fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.fill(&mut bytes);
        bytes
    }

    fn number(&self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }

    /// Returns a number below `count`, or 0 if `count` is 0.
    pub(crate) fn below(&self, count: u64) -> u64 {
        self.number().checked_rem(count).unwrap_or(0)
    }

    /// Returns `true` with a probability of one in `times`.
    pub(crate) fn one_in(&self, times: u64) -> bool {
        self.below(times) == 0
    }
}
