//! What an app takes, by structure.

use crate::state::AppState;
use roaring::RoaringBitmap;

/// How many bytes an app takes, by structure: what the store has asked the allocator for, without the allocator's own
/// overhead. Every figure but [`log`](Self::log), which is an estimate, counts room that is allocated and unused.
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
    /// How many devices there are; everything else is bytes.
    pub devices: u64,
    /// The lines of devices.
    pub lines: usize,
    /// The table from ids to lines.
    pub ids: usize,
    /// What of devices did not fit their lines.
    pub spills: usize,
    /// The set of all devices of each platform.
    pub living: usize,
    /// When devices were last seen.
    pub presence: usize,
    /// The keys of all relations: names, numbers, and the one device of a key that has no more.
    pub keys: usize,
    /// The devices of keys that have several.
    pub postings: usize,
    /// The log of events; an estimate.
    pub log: usize,
}

impl MemoryUse {
    /// All bytes together.
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

/// What a shared bitmap takes: its counters, its containers, and their contents.
pub(crate) fn bitmap(bitmap: &RoaringBitmap) -> usize {
    const CONTAINER: usize = 32;
    let statistics = bitmap.statistics();
    // The library counts four bytes for an element of an array, which takes two, and bits for the bytes of a bitset.
    let contents = statistics.n_bytes_array_containers / 2
        + statistics.n_bytes_run_containers
        + statistics.n_bytes_bitset_containers / 8;
    let containers = (statistics.n_containers as usize).next_power_of_two().max(4);
    16 + size_of::<RoaringBitmap>() + CONTAINER * containers + contents as usize
}
