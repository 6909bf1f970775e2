//! The engine's `MANIFEST`: which files must exist.

use super::records::{self, Ending};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

/// The sum of the edits in a `MANIFEST`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The numbers of the tables that hold something.
    pub(crate) tables: BTreeSet<u64>,
    /// For each column family, the log number below which everything is in its tables.
    pub(crate) flushed: BTreeMap<u32, u64>,
    /// Logs with lower numbers are not needed.
    pub(crate) oldest: u64,
    /// The logs that were synced and closed, by number, with their sizes at that time. A younger log followed each.
    pub(crate) closed: BTreeMap<u64, u64>,
}

impl Manifest {
    /// Reads a `MANIFEST` to its end, or to its first fault.
    pub(crate) fn read(source: impl Read) -> io::Result<(Self, Ending)> {
        let mut manifest = Manifest::default();
        let ending = records::read(source, usize::MAX, |_, record| {
            manifest.apply(record).ok_or_else(|| "the record does not decode".to_owned())
        })?;
        Ok((manifest, ending))
    }

    /// Returns the lowest number of a log that can hold something which is in no table.
    pub(crate) fn first_log(&self) -> u64 {
        self.flushed.values().copied().min().unwrap_or_default().max(self.oldest)
    }

    /// Returns a number such that a log of this number, or of a higher one, existed when this was written.
    pub(crate) fn last_log(&self) -> u64 {
        let after_closed = self.closed.keys().next_back().map_or(0, |number| number + 1);
        self.flushed.values().copied().max().unwrap_or_default().max(after_closed)
    }

    /// Applies one edit. The tags are the engine's; those from 8 192 on carry their length and may be skipped.
    fn apply(&mut self, record: &[u8]) -> Option<()> {
        let mut input = Input(record);
        let (mut family, mut dropped) = (0, false);
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        let mut flushed = None;
        while !input.0.is_empty() {
            match input.number()? {
                // Name of the comparator, of a new column family.
                1 | 201 => drop(input.bytes()?),
                2 => flushed = Some(input.number()?),
                // Next file, last sequence, a log of very old releases, largest family, edits to come.
                3 | 4 | 9 | 203 | 300 => drop(input.number()?),
                5 => {
                    input.number()?;
                    input.bytes()?;
                }
                6 => {
                    input.number()?;
                    removed.push(input.number()?);
                }
                10 => self.oldest = self.oldest.max(input.number()?),
                103 => added.push(input.table()?),
                200 => family = u32::try_from(input.number()?).ok()?,
                202 => dropped = true,
                ADD_LOG => {
                    let mut log = Input(input.bytes()?);
                    let (number, mut size) = (log.number()?, 0);
                    // 2: its size; 1: the end.
                    while log.number()? == 2 {
                        size = log.number()?;
                    }
                    self.closed.insert(number, size);
                }
                REMOVE_LOGS => {
                    let kept = Input(input.bytes()?).number()?;
                    self.closed = self.closed.split_off(&kept);
                }
                8_192.. => drop(input.bytes()?),
                _ => return None,
            }
        }
        // A table that moves to another level is removed and added in one edit.
        for table in removed {
            self.tables.remove(&table);
        }
        self.tables.extend(added);
        if dropped {
            self.flushed.remove(&family);
        } else if let Some(flushed) = flushed {
            self.flushed.insert(family, flushed);
        }
        Some(())
    }
}

const ADD_LOG: u64 = 8_192 + 7;
const REMOVE_LOGS: u64 = 8_192 + 8;

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    /// Reads a table: level, number, size, smallest and largest key, smallest and largest sequence, then fields by
    /// tag up to 1.
    fn table(&mut self) -> Option<u64> {
        self.number()?;
        let number = self.number()?;
        self.number()?;
        for _ in 0..2 {
            self.bytes()?;
        }
        for _ in 0..2 {
            self.number()?;
        }
        while self.number()? != 1 {
            self.bytes()?;
        }
        Some(number)
    }
}
