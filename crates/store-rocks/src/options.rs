//! What an operator may tune.

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
    /// Not at all.
    None,
    /// LZ4, where a family gains by it: about half the bytes of device records, for little time.
    Lz4,
}

/// How a store is opened.
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
    /// When an acknowledged commit survives: `synced` (the default) or `buffered`.
    pub durability: Durability,
    /// Make the directory when there is none. Yes.
    pub create: bool,
    /// Bytes of memory for blocks that were read, for writes that have not reached a table file yet, and, one part in
    /// 32, for what commits change again and again. 268 435 456 (256 MiB); at least 8 388 608 (8 MiB).
    pub memory_bytes: u64,
    /// How much of that is for writes, in percent: 5 to 80. 25.
    pub write_buffer_percent: u8,
    /// Compression of table files. LZ4.
    pub compression: Compression,
    /// Most files held open; at least 64. `None`: all of them. 512, which is 32 GiB of table files and half of what
    /// a process may usually open.
    pub max_open_files: Option<u32>,
    /// Threads that flush and compact: 1 to 64. 2.
    pub background_threads: u8,
    /// Commits that wait for each other share one write to the log; so many at most, 1 to 1 024. 64.
    pub commits_per_write: u16,
    /// Chunks of dropped keys that one commit clears on the side: 1 to 4 096. 32.
    pub dead_chunks_per_commit: u16,
    /// The ordinal of the first device of a platform, in an app that was never committed to. 0; anything else is for
    /// tests at the end of the range.
    pub first_ordinal: u32,
    /// Count cache hits and bytes for [`RocksStore::stats`](crate::RocksStore::stats). Yes.
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

/// An option out of its range.
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
    /// What it must be.
    pub rule: &'static str,
    /// What it is.
    pub actual: String,
}

impl RocksOptions {
    /// Are all options in their ranges?
    ///
    /// ```
    /// use rollbook_store_rocks::RocksOptions;
    /// let options = RocksOptions { write_buffer_percent: 90, ..RocksOptions::default() };
    /// assert_eq!(options.validate().unwrap_err().rule, "must be 5 to 80");
    /// assert_eq!(RocksOptions { write_buffer_percent: 80, ..options }.validate(), Ok(()));
    /// ```
    ///
    /// # Errors
    /// The first that is not.
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

    /// What commits may keep of what they have read and written, decoded.
    pub(crate) fn recent_bytes(&self) -> usize {
        self.memory_bytes as usize / 32
    }

    /// Of those: for the numbers of popular tags.
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
