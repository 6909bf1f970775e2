//! The settings of the store that an operator may tune.

use rollbook::store::Durability;
use serde::{Deserialize, Serialize};

/// How values are compressed on disk.
///
/// ```
/// use rollbook_store_rocks::{Compression, RocksOptions};
/// let options: RocksOptions = serde_json::from_str(r#"{"compression": "none"}"#)?;
/// assert_eq!(options.compression, Compression::None);
/// assert_eq!(RocksOptions::default().compression, Compression::Lz4);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// No compression.
    None,
    /// LZ4 for the families that gain by it: saves about half the bytes of device records, for little time.
    Lz4,
}

/// Settings with which a store is opened. Each field states its range, if it has one, and its default.
///
/// ```
/// use rollbook::store::Durability;
/// use rollbook_store_rocks::RocksOptions;
///
/// let options = RocksOptions { memory_bytes: 1 << 30, ..RocksOptions::default() };
/// assert_eq!(options.durability, Durability::Synced);
/// assert!(options.validate().is_ok());
/// assert!(RocksOptions { memory_bytes: 1, ..options }.validate().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RocksOptions {
    /// When an acknowledged commit survives a crash: `synced` or `buffered`. Default: `synced`.
    pub durability: Durability,
    /// Whether the directory is created if it does not exist. Default: `true`.
    pub create: bool,
    /// Bytes of memory for blocks that were read, for writes that have not reached a table file yet, and, one part in
    /// 32, for decoded records that commits change often. At least 8 388 608 (8 MiB). Default: 268 435 456 (256 MiB).
    pub memory_bytes: u64,
    /// The percentage of that memory for writes: 5 to 80. Default: 25.
    pub write_buffer_percent: u8,
    /// Compression of table files. Default: LZ4.
    pub compression: Compression,
    /// The most files held open; at least 64. `None` holds all of them open. Default: 512, which is 32 GiB of table
    /// files and half of what a process may usually open.
    pub max_open_files: Option<u32>,
    /// Threads that flush and compact: 1 to 64. Default: 2.
    pub background_threads: u8,
    /// The most commits that share one write to the log while they wait for each other: 1 to 1 024. Default: 64.
    pub commits_per_write: u16,
    /// Chunks of dropped keys that one commit clears in addition to its own work: 1 to 4 096. Default: 32.
    pub dead_chunks_per_commit: u16,
    /// The ordinal of the first device of a platform in an app that was never committed to. Other values than 0 are
    /// for tests at the end of the range. Default: 0.
    pub first_ordinal: u32,
    /// Whether cache hits and bytes are counted for [`RocksStore::stats`](crate::RocksStore::stats). Default: `true`.
    pub statistics: bool,
}

impl Default for RocksOptions {
    fn default() -> Self {
        RocksOptions {
            durability: Durability::Synced,
            create: true,
            memory_bytes: 256 << 20,
            write_buffer_percent: 25,
            compression: Compression::Lz4,
            max_open_files: Some(512),
            background_threads: 2,
            commits_per_write: 64,
            dead_chunks_per_commit: 32,
            first_ordinal: 0,
            statistics: true,
        }
    }
}

/// An option that is out of its range.
///
/// ```
/// use rollbook_store_rocks::RocksOptions;
/// let wrong = RocksOptions { background_threads: 0, ..RocksOptions::default() }.validate().unwrap_err();
/// assert_eq!((wrong.option, wrong.actual.as_str()), ("background_threads", "0"));
/// assert_eq!(wrong.to_string(), "background_threads: must be 1 to 64: got 0");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {rule}: got {actual}")]
pub struct InvalidOption {
    /// The field of [`RocksOptions`].
    pub option: &'static str,
    /// The range it must be in.
    pub rule: &'static str,
    /// The value it has.
    pub actual: String,
}

impl RocksOptions {
    /// Checks that all options are in their ranges.
    ///
    /// ```
    /// use rollbook_store_rocks::RocksOptions;
    /// let options = RocksOptions { write_buffer_percent: 90, ..RocksOptions::default() };
    /// assert_eq!(options.validate().unwrap_err().rule, "must be 5 to 80");
    /// assert_eq!(RocksOptions { write_buffer_percent: 80, ..options }.validate(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// Fails with the first option that is out of its range.
    pub fn validate(&self) -> Result<(), InvalidOption> {
        let check = |good: bool, option, rule, actual: String| {
            if good { Ok(()) } else { Err(InvalidOption { option, rule, actual }) }
        };
        let RocksOptions { durability, memory_bytes, write_buffer_percent, max_open_files, .. } = self;
        check(
            *durability != Durability::Volatile,
            "durability",
            "must be synced or buffered",
            format!("{durability:?}").to_lowercase(),
        )?;
        check(
            *memory_bytes >= 8 << 20 && usize::try_from(*memory_bytes).is_ok(),
            "memory_bytes",
            "must be at least 8388608, and fit in the address space",
            memory_bytes.to_string(),
        )?;
        check(
            (5..=80).contains(write_buffer_percent),
            "write_buffer_percent",
            "must be 5 to 80",
            write_buffer_percent.to_string(),
        )?;
        check(
            max_open_files.is_none_or(|files| (64..=i32::MAX as u32).contains(&files)),
            "max_open_files",
            "must be at least 64, or none",
            max_open_files.map_or_else(|| "none".into(), |files| files.to_string()),
        )?;
        check(
            (1..=64).contains(&self.background_threads),
            "background_threads",
            "must be 1 to 64",
            self.background_threads.to_string(),
        )?;
        check(
            (1..=1_024).contains(&self.commits_per_write),
            "commits_per_write",
            "must be 1 to 1024",
            self.commits_per_write.to_string(),
        )?;
        check(
            (1..=4_096).contains(&self.dead_chunks_per_commit),
            "dead_chunks_per_commit",
            "must be 1 to 4096",
            self.dead_chunks_per_commit.to_string(),
        )
    }

    pub(crate) fn write_buffer_bytes(&self) -> usize {
        (self.memory_bytes / 100 * u64::from(self.write_buffer_percent)) as usize
    }

    /// Bytes for decoded records that commits have read and written.
    pub(crate) fn recent_bytes(&self) -> usize {
        self.memory_bytes as usize / 32
    }

    /// The part of [`recent_bytes`](Self::recent_bytes) for the numbers of popular tags.
    pub(crate) fn numbers_bytes(&self) -> usize {
        (self.recent_bytes() / 8).min(1 << 20)
    }

    pub(crate) fn cache_bytes(&self) -> usize {
        self.memory_bytes as usize - self.write_buffer_bytes() - self.recent_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_survive_json_and_what_is_not_given_is_the_default() {
        let options = RocksOptions { compression: Compression::None, ..RocksOptions::default() };
        let json = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<RocksOptions>(&json).unwrap(), options);
        assert_eq!(serde_json::from_str::<RocksOptions>("{}").unwrap(), RocksOptions::default());
        assert!(serde_json::from_str::<RocksOptions>(r#"{"memory": 1}"#).is_err());
    }

    #[test]
    fn an_option_out_of_range_is_named_with_its_rule_and_value() {
        let error = |change: fn(&mut RocksOptions)| {
            let mut options = RocksOptions::default();
            change(&mut options);
            options.validate().unwrap_err().to_string()
        };
        assert_eq!(error(|o| o.write_buffer_percent = 90), "write_buffer_percent: must be 5 to 80: got 90");
        assert_eq!(
            error(|o| o.durability = Durability::Volatile),
            "durability: must be synced or buffered: got volatile"
        );
        assert!(error(|o| o.memory_bytes = 5).starts_with("memory_bytes: must be at least 8388608"));
        assert!(error(|o| o.max_open_files = Some(3)).contains("at least 64"));
        assert!(error(|o| o.background_threads = 0).contains("1 to 64"));
        assert!(error(|o| o.commits_per_write = 0).contains("1 to 1024"));
        assert!(error(|o| o.dead_chunks_per_commit = 0).contains("1 to 4096"));
    }
}
