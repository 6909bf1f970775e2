//! Lines of one kind that are committed together.

use super::journal::{Mark, hex};
use super::target::Target;
use crate::record::{BadLine, Record};
use rollbook::AppId;
use std::collections::BTreeMap;
use std::mem::discriminant;

/// The number of bytes of lines at which a lot is full.
const BYTES: u64 = 1 << 20;

/// Lines of one kind, each with its number.
#[derive(Debug, Default)]
pub(super) struct Lot {
    /// The line after which they begin, and the checksum of everything up to there.
    from: u64,
    checksum: [u8; 32],
    /// How many bytes had been read when the first one was added.
    began: Option<u64>,
    bytes: u64,
    pub(super) lines: Vec<Line>,
}

/// A line that is about to be committed.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) record: Record,
    /// Whether neither its device nor its user is in the register any more.
    pub(super) orphaned: bool,
}

/// Why the lines at some positions are not accepted.
pub(super) type BadLines = BTreeMap<usize, BadLine>;

impl Lot {
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Returns `true` if a line can be committed together with these.
    pub(super) fn takes(&self, record: &Record, target: &Target) -> bool {
        let Some(first) = self.lines.first() else { return true };
        discriminant(&first.record) == discriminant(record)
            // Each declaration needs a clock time of its own.
            && !matches!(record, Record::EventType(_))
            && self.lines.len() < target.most()
            && self.bytes < BYTES
    }

    /// Begins a lot whose first line is the one after `from`.
    pub(super) fn begin(&mut self, from: u64, checksum: [u8; 32]) {
        (self.from, self.checksum) = (from, checksum);
    }

    /// Adds a line. `read` is the number of bytes read so far.
    pub(super) fn add(&mut self, number: u64, record: Record, read: u64) {
        self.bytes = read - *self.began.get_or_insert(read);
        self.lines.push(Line { number, record, orphaned: false });
    }

    /// Returns how many of these lines are events.
    pub(super) fn events(&self) -> u64 {
        self.lines.iter().filter(|line| matches!(line.record, Record::Event(_))).count() as u64
    }

    /// Returns the journal's entry for the lot, given the app's number, and its counters before the lot.
    pub(super) fn mark(&self, app_id: AppId, version: u64, log_end: u64) -> Mark {
        let to = self.lines.last().map_or(self.from, |line| line.number);
        let (from, checksum, events) = (self.from, hex(self.checksum), self.events());
        Mark { app_id, from, checksum, to, version, log_end, events }
    }

    /// Removes the bad lines and returns them.
    pub(super) fn without(&mut self, mut bad: BadLines) -> Vec<(u64, BadLine)> {
        let mut out = Vec::with_capacity(bad.len());
        let mut position = 0;
        self.lines.retain(|line| {
            let bad = bad.remove(&position);
            position += 1;
            let good = bad.is_none();
            out.extend(bad.map(|bad| (line.number, bad)));
            good
        });
        out
    }

    /// Keeps only the lines before the first bad one, and returns that one.
    pub(super) fn before(&mut self, mut bad: BadLines) -> Option<(u64, BadLine)> {
        let (position, bad) = bad.pop_first()?;
        let number = self.lines.get(position)?.number;
        self.lines.truncate(position);
        Some((number, bad))
    }

    /// Returns the numbers of the lines, in words.
    pub(super) fn numbers(&self) -> String {
        match (self.lines.first(), self.lines.last()) {
            (Some(first), Some(last)) if first.number < last.number => {
                format!("lines {} to {}", first.number, last.number)
            }
            (first, _) => format!("line {}", first.map_or(self.from, |line| line.number)),
        }
    }
}
