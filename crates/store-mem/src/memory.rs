//! The memory that an app takes, by structure.

use crate::state::AppState;
use roaring::RoaringBitmap;

/// The bytes that an app takes, by structure: what the store has requested from the allocator, without the
/// allocator's own overhead. Every figure but [`log`](Self::log), which is an estimate, includes memory that is
/// allocated and unused.
///
/// ```
/// use rollbook::{AppId, AppSettings, Platform, Registration, Registry};
/// use rollbook_store_mem::MemStore;
///
/// let registry = Registry::builder(MemStore::new()).build();
/// let shop = registry.create_app(&"shop".parse()?, AppSettings { presence: true, ..AppSettings::default() })?;
/// shop.register(&Registration::new("phone".parse()?, Platform::Ios))?;
/// let before = registry.store().memory(AppId(1))?; // the first app
/// shop.touch(&["phone".parse()?])?;
/// let after = registry.store().memory(AppId(1))?;
/// assert!(after.presence > before.presence && after.lines == before.lines);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoryUse {
    /// The number of devices. Everything else is in bytes.
    pub devices: u64,
    /// The lines of devices.
    pub lines: usize,
    /// The table from ids to lines.
    pub ids: usize,
    /// The overflow blocks of devices that do not fit their lines.
    pub spills: usize,
    /// The sets of all devices of each platform.
    pub living: usize,
    /// The times at which devices were last seen.
    pub presence: usize,
    /// The keys of all relations: names, numbers, and the device of a key that has only one.
    pub keys: usize,
    /// The devices of keys that have several.
    pub postings: usize,
    /// The log of events; an estimate.
    pub log: usize,
}

impl MemoryUse {
    /// Returns the sum of all bytes.
    ///
    /// ```
    /// let mut used = rollbook_store_mem::MemoryUse::default();
    /// (used.devices, used.lines, used.ids) = (1, 64, 8);
    /// assert_eq!(used.bytes(), 72);
    /// ```
    #[must_use]
    pub const fn bytes(&self) -> usize {
        let MemoryUse { devices: _, lines, ids, spills, living, presence, keys, postings, log } = *self;
        lines + ids + spills + living + presence + keys + postings + log
    }

    pub(crate) fn of(state: &AppState) -> Self {
        let [lines, ids, spills, living, presence] = state.devices.bytes();
        let mut used = MemoryUse { lines, ids, spills, living, presence, ..MemoryUse::default() };
        used.devices = state.devices.count();
        for keys in [&state.tags, &state.aliases, &state.owners] {
            let [names, postings] = keys.bytes();
            used.keys += names;
            used.postings += postings;
        }
        used.log = state.log.bytes();
        used
    }
}

/// Returns the bytes of a shared bitmap: its counters, its containers, and their contents.
pub(crate) fn bitmap(bitmap: &RoaringBitmap) -> usize {
    const CONTAINER: usize = 32;
    let statistics = bitmap.statistics();
    // The library reports four bytes for an element of an array, which takes two, and bits for the bytes of a bitset.
    let contents = statistics.n_bytes_array_containers / 2
        + statistics.n_bytes_run_containers
        + statistics.n_bytes_bitset_containers / 8;
    let containers = (statistics.n_containers as usize).next_power_of_two().max(4);
    16 + size_of::<RoaringBitmap>() + CONTAINER * containers + contents as usize
}
