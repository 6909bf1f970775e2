//! Memory, files and disk, and whether they stay as they are.

use crate::Failure;
use std::fs;
use std::path::Path;

/// What a process uses at a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Bytes of memory that are resident.
    pub(crate) memory: u64,
    /// Files that are open.
    pub(crate) files: u64,
}

/// What a process uses; `None` when it is gone, or where the system does not tell.
pub(crate) fn usage(process: u32) -> Option<Usage> {
    let about = Path::new("/proc").join(process.to_string());
    let status = fs::read_to_string(about.join("status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let files = fs::read_dir(about.join("fd")).ok()?.count() as u64;
    Some(Usage { memory: kib << 10, files })
}

/// The bytes of all files under a directory.
pub(crate) fn disk(directory: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { disk(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

/// The value in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// One quantity over a time in which it shall stay as it is.
#[derive(Debug, Clone)]
pub(crate) struct Trend {
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    /// The middle value of the first third.
    pub(crate) first: u64,
    /// The middle value of the last third.
    pub(crate) last: u64,
    /// How many values there were.
    pub(crate) values: usize,
    /// The most that `last` may be.
    pub(crate) most: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Bytes,
    Files,
}

impl Trend {
    /// The trend of values in the order of time; none when they are too few to have one. It may rise by so many
    /// percent and by `slack`.
    pub(crate) fn of(
        what: &'static str,
        unit: Unit,
        values: &[u64],
        percent: u64,
        slack: u64,
    ) -> Option<Self> {
        let third = values.len() / 3;
        let first = median(values.iter().take(third).copied())?;
        let last = median(values.iter().rev().take(third).copied())?;
        let most = first + first * percent / 100 + slack;
        Some(Trend { what, unit, first, last, values: values.len(), most })
    }

    pub(crate) const fn is_flat(&self) -> bool {
        self.last <= self.most
    }
}

impl Unit {
    pub(crate) fn shown(self, value: u64) -> String {
        match self {
            Unit::Bytes => format!("{:.1} MB", value as f64 / 1e6),
            Unit::Files => value.to_string(),
        }
    }
}
