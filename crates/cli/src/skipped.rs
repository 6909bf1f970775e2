//! The lines of an input that were left out, and why.

use crate::failure::tell;
use crate::record::BadLine;

/// How many of the lines left out are listed; all are counted. Their text must not outgrow the register.
const LISTED: usize = 10_000;

/// Lines that were left out.
#[derive(Debug, Default)]
pub(crate) struct Skipped {
    count: u64,
    listed: Vec<(u64, String)>,
}

impl Skipped {
    pub(crate) fn add(&mut self, line: u64, why: &BadLine) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push((line, why.to_string()));
        }
    }

    /// Lists the lines, if any, among those that were `taken`.
    pub(crate) fn tell(&self, taken: u64) {
        if self.count == 0 {
            return;
        }
        tell(&format!("skipped {} of {} lines:", self.count, taken + self.count));
        for (line, reason) in &self.listed {
            tell(&format!("  line {line}: {reason}"));
        }
        let rest = self.count.saturating_sub(self.listed.len() as u64);
        if rest > 0 {
            tell(&format!("  and {rest} more"));
        }
    }
}
