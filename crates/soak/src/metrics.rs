//! Memory, open files and disk, and whether they stay constant.

use crate::Failure;
use std::fs;
use std::path::Path;

/// The resources of a process at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Usage {
    /// Resident memory in bytes.
    pub(crate) memory: u64,
    /// Number of open files.
    pub(crate) files: u64,
}

/// Reads the resources of a process. `None` if it has ended, or where there is no `/proc`.
pub(crate) fn usage(process: u32) -> Option<Usage> {
    let about = Path::new("/proc").join(process.to_string());
    let status = fs::read_to_string(about.join("status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    let files = fs::read_dir(about.join("fd")).ok()?.count() as u64;
    Some(Usage { memory: kib << 10, files })
}

/// Returns the bytes of all files under a directory.
pub(crate) fn disk(directory: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let about = entry.metadata()?;
        bytes += if about.is_dir() { disk(&entry.path())? } else { about.len() };
    }
    Ok(bytes)
}

/// Returns the median.
pub(crate) fn median(values: impl IntoIterator<Item = u64>) -> Option<u64> {
    let mut values: Vec<u64> = values.into_iter().collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied()
}

/// A quantity over time, which must stay constant.
#[derive(Debug, Clone)]
pub(crate) struct Trend {
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    /// The median of the first third.
    pub(crate) first: u64,
    /// The median of the last third.
    pub(crate) last: u64,
    /// The number of values.
    pub(crate) values: usize,
    /// The upper limit of `last`.
    pub(crate) most: u64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Bytes,
    Percent,
    Files,
}

impl Trend {
    /// Returns the trend of values in the order of time, or `None` for fewer than three. It may rise by `percent` and by
    /// `slack`.
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

    /// Returns a trend of values none of which may exceed `most`. Its `last` is the largest value.
    pub(crate) fn within(what: &'static str, unit: Unit, values: &[u64], most: u64) -> Option<Self> {
        let (first, last) = (*values.first()?, *values.iter().max()?);
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
            Unit::Percent => format!("{value} %"),
            Unit::Files => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(values: &[u64]) -> Option<Trend> {
        Trend::of("memory", Unit::Bytes, values, 10, 5)
    }

    #[test]
    fn what_rises_beyond_its_bounds_is_not_flat() {
        let rising: Vec<u64> = (100..190).collect();
        assert!(!trend(&rising).unwrap().is_flat());
        let (noisy, falling) = ([100, 104, 90, 300, 100, 108, 95, 101, 99], [200, 190, 180, 100, 90, 80]);
        assert!(trend(&noisy).unwrap().is_flat() && trend(&falling).unwrap().is_flat());
        let at_the_bound = [100, 0, 115];
        assert!(trend(&at_the_bound).unwrap().is_flat() && !trend(&[100, 0, 116]).unwrap().is_flat());
    }

    #[test]
    fn one_value_above_the_bound_is_seen_wherever_it_is() {
        let within =
            |values: &[u64]| Trend::within("disk", Unit::Percent, values, 200).map(|trend| trend.is_flat());
        assert_eq!(
            [within(&[100, 200, 90]), within(&[100, 201, 90]), within(&[])],
            [Some(true), Some(false), None]
        );
    }

    #[test]
    fn too_few_values_have_no_trend() {
        assert!(trend(&[]).is_none() && trend(&[1, 2]).is_none());
    }

    #[test]
    fn the_files_of_a_directory_and_those_below_it_are_added_up() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("below")).unwrap();
        fs::write(directory.path().join("one"), [0; 10]).unwrap();
        fs::write(directory.path().join("below").join("other"), [0; 5]).unwrap();
        assert_eq!(disk(directory.path()).unwrap(), 15);
    }
}
