//! Running targets under plain cargo: over the corpus, and over random inputs made from it.

use crate::Target;
use rollbook::{Entropy, SeededEntropy};
use rollbook_testkit::check::minimal;
use std::fs;
use std::io;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

/// Returns the directory of the target's corpus.
#[must_use]
pub fn corpus(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name)
}

/// Returns the inputs in a directory, in the order of their names.
///
/// # Errors
/// Any error of reading the directory or a file in it.
pub fn inputs(directory: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut inputs = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let bytes = fs::read(&path)?;
        inputs.push((path, bytes));
    }
    inputs.sort();
    Ok(inputs)
}

/// Returns what does not hold for this input, with the shortest failing input made from it; `None` if everything
/// holds.
#[must_use]
pub fn failure(target: &Target, bytes: &[u8]) -> Option<String> {
    told(target, bytes)?;
    let steps: Vec<&[u8]> = bytes.chunks(target.step).collect();
    let fails = |steps: &[&[u8]]| told(target, &steps.concat()).is_some();
    let shortest = minimal(&steps, fails).concat();
    let what = told(target, &shortest)?;
    let Target { name, .. } = target;
    Some(format!("{name} fails on {} bytes, b\"{}\":\n{what}", shortest.len(), shortest.escape_ascii()))
}

/// Returns the message with which the target panics, if it does.
fn told(target: &Target, bytes: &[u8]) -> Option<String> {
    let panic = catch_unwind(|| (target.run)(bytes)).err()?;
    let text = panic.downcast_ref::<String>().cloned();
    Some(text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default())
}

/// Random inputs. The same seed gives the same inputs.
#[derive(Debug)]
pub struct Chance(SeededEntropy);

impl Chance {
    /// Makes the inputs of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Chance(SeededEntropy::new(seed))
    }

    /// Returns `length` random bytes.
    #[must_use]
    pub fn noise(&self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.0.fill(&mut bytes);
        bytes
    }

    fn below(&self, count: usize) -> usize {
        let mut drawn = [0; 8];
        self.0.fill(&mut drawn);
        usize::from_le_bytes(drawn).checked_rem(count).unwrap_or(0)
    }

    /// Returns an input in which a few parts are changed, left out, repeated, or taken from another one.
    #[must_use]
    pub fn altered(&self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = input.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            let end = bytes.len().min(at + 1 + self.below(16));
            let part = match self.below(5) {
                0 => Vec::new(),
                1 => self.noise(end - at),
                2 => bytes.get(at..end).unwrap_or_default().repeat(2),
                3 => {
                    let from = self.below(other.len() + 1);
                    other.iter().skip(from).take(1 + self.below(32)).copied().collect()
                }
                _ => bytes
                    .get(at..end)
                    .unwrap_or_default()
                    .iter()
                    .map(|byte| byte ^ 1 << self.below(8))
                    .collect(),
            };
            bytes.splice(at..end, part);
        }
        bytes
    }

    /// Returns an input for a target: random bytes, or an altered input of the corpus.
    #[must_use]
    pub fn input(&self, target: &Target, corpus: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
        // Any bytes make operations; for every other form random bytes would hardly ever be valid.
        if target.step > 1 {
            return self.noise(target.step * (2 + self.below(60)));
        }
        let one =
            |n: usize| -> &[u8] { corpus.get(n).map(|(_, bytes)| bytes.as_slice()).unwrap_or_default() };
        self.altered(one(self.below(corpus.len())), one(self.below(corpus.len())))
    }
}
