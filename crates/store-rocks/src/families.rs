//! The column families: one for each access pattern, each with its own tuning.

use crate::options::{Compression, RocksOptions};
use rocksdb::{
    BlockBasedOptions, Cache, ColumnFamilyDescriptor, DBCompressionType, DEFAULT_COLUMN_FAMILY_NAME,
    DataBlockIndexType, Options,
};

/// The smallest size of a write buffer, in bytes.
const SMALLEST_BUFFER: usize = 256 << 10;

/// A column family of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Family {
    App,
    Device,
    Slot,
    Name,
    Number,
    Posting,
    Entry,
    Event,
    EventIndex,
    Presence,
}

/// How a family is tuned.
struct Profile {
    /// Size of a block in bytes, before compression.
    block: usize,
    /// Bits of the Bloom filter per key; `None` if single keys are never looked up.
    bloom: Option<f64>,
    /// Whether a key that is looked up nearly always exists. Then the last level needs no filter.
    mostly_hits: bool,
    /// Whether blocks have a hash index: a point look-up without a binary search, for a few more bytes.
    hashed: bool,
    /// Whether neighbouring keys are deleted together, and their range is scanned afterwards.
    deleted_in_stretches: bool,
    /// Whether compression is worth its time.
    compressed: bool,
    /// Divisor of the whole write budget: the size of one write buffer is the budget divided by this.
    buffer: usize,
}

impl Family {
    pub(crate) const ALL: [Family; 10] = [
        Family::App,
        Family::Device,
        Family::Slot,
        Family::Name,
        Family::Number,
        Family::Posting,
        Family::Entry,
        Family::Event,
        Family::EventIndex,
        Family::Presence,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Family::App => "app",
            Family::Device => "device",
            Family::Slot => "slot",
            Family::Name => "name",
            Family::Number => "number",
            Family::Posting => "posting",
            Family::Entry => "entry",
            Family::Event => "event",
            Family::EventIndex => "event_index",
            Family::Presence => "presence",
        }
    }

    fn profile(self) -> Profile {
        match self {
            Family::App => Profile {
                block: 4 << 10,              // a handful of keys an app
                bloom: None,                 // the header is always there, and so is what it counts
                mostly_hits: true,           //
                hashed: true,                // the header is read by every commit that finds it cold
                deleted_in_stretches: false, // single keys
                compressed: false,           // counters do not compress
                buffer: 64, // rewritten by every commit: flushing it throws nearly all of it away
            },
            Family::Device => Profile {
                block: 8 << 10,    // one record a question, and records of 100 bytes: small enough to cache well
                bloom: Some(10.0), // a registration asks for an id that is not there
                mostly_hits: false, // for the same reason
                hashed: true,      // the hottest question of all ends here
                deleted_in_stretches: false, // single keys
                compressed: true,  // tokens and numbers share their shape
                buffer: 4,         // rewritten by every change of a device
            },
            Family::Slot => Profile {
                block: 8 << 10,              // read by ascending ordinal when an audience becomes ids
                bloom: Some(10.0),           // still worth it above the last level
                mostly_hits: true,           // ordinals come from postings, so the slot is filled
                hashed: true,                // heartbeats ask for single slots
                deleted_in_stretches: false, // single keys
                compressed: true,            // ids share their shape
                buffer: 8,                   // written once a device
            },
            Family::Name => Profile {
                block: 4 << 10,              // one record a question
                bloom: Some(10.0),           // audiences and registrations ask for names that are not there
                mostly_hits: false,          // for the same reason
                hashed: true,                // every question about a key begins here
                deleted_in_stretches: false, // single keys
                compressed: true,            // names share beginnings
                buffer: 8,                   // counts change with every link
            },
            Family::Number => Profile {
                block: 4 << 10,              // one record a number
                bloom: Some(10.0),           // a dead number is not there
                mostly_hits: false,          // for the same reason
                hashed: true,                // listing a device's tags asks for each
                deleted_in_stretches: false, // single keys
                compressed: true,            // names share their shape
                buffer: 32,                  // written once a key
            },
            Family::Posting => Profile {
                block: 16 << 10,            // a chunk is up to 8 KiB, and a posting is read from end to end
                bloom: Some(10.0),          // a commit asks for chunks that do not exist yet
                mostly_hits: false,         // for the same reason
                hashed: false,              // few keys a block
                deleted_in_stretches: true, // dropped keys, chunk by chunk
                compressed: false,          // Roaring has done it already
                buffer: 4, // chunks are rewritten whole: collapse them before they reach a file
            },
            Family::Entry => Profile {
                block: 4 << 10,              // few
                bloom: None,                 // few
                mostly_hits: true,           //
                hashed: false,               // listed in order
                deleted_in_stretches: false, // few
                compressed: true,            // JSON
                buffer: 64,                  // few
            },
            Family::Event => Profile {
                block: 16 << 10,            // read by stretch of time
                bloom: None,                // found through an index, so it is there
                mostly_hits: true,          //
                hashed: false,              // stretches
                deleted_in_stretches: true, // the oldest are trimmed
                compressed: true,           // names and attributes repeat
                buffer: 8,                  // written once, in about the order of the keys
            },
            Family::EventIndex => Profile {
                block: 8 << 10,             // read by stretch of one owner
                bloom: None,                // never asked for a single key
                mostly_hits: true,          //
                hashed: false,              // stretches
                deleted_in_stretches: true, // with their events
                compressed: true,           // owners repeat from key to key
                buffer: 8,                  // several small keys an event
            },
            Family::Presence => Profile {
                block: 4 << 10,              // one heartbeat a question
                bloom: Some(10.0),           // many devices were never seen
                mostly_hits: false,          // for the same reason
                hashed: true,                // single slots
                deleted_in_stretches: false, // single keys
                compressed: false,           // 17 bytes, mostly distinct
                buffer: 16,                  // overwritten all day: collapse it before it reaches a file
            },
        }
    }

    fn options(self, options: &RocksOptions, cache: &Cache, compacts: bool) -> Options {
        let Profile { block, bloom, mostly_hits, hashed, deleted_in_stretches, compressed, buffer } =
            self.profile();
        let mut table = BlockBasedOptions::default();
        table.set_block_size(block);
        table.set_block_cache(cache);
        // Indexes and filters live in the cache, so that memory follows the budget and not the number of devices.
        table.set_cache_index_and_filter_blocks(true);
        table.set_cache_index_and_filter_blocks_with_high_priority(true);
        table.set_pin_l0_filter_and_index_blocks_in_cache(true);
        table.set_format_version(5);
        if let Some(bits) = bloom {
            table.set_bloom_filter(bits, false);
            table.set_optimize_filters_for_memory(true);
        }
        if hashed {
            table.set_data_block_index_type(DataBlockIndexType::BinaryAndHash);
            table.set_data_block_hash_ratio(0.75);
            // What the hash leads to is then searched key by key: two of them rather than sixteen, for one part in
            // twelve more on disk.
            table.set_block_restart_interval(2);
        }
        let mut family = Options::default();
        family.set_disable_auto_compactions(!compacts);
        family.set_block_based_table_factory(&table);
        if bloom.is_some() {
            // Write buffers have a Bloom filter too. Otherwise a look-up of a key that does not exist, or is in a
            // file, would search them first. Two bytes in a hundred are at least ten bits a key.
            family.set_memtable_whole_key_filtering(true);
            family.set_memtable_prefix_bloom_ratio(0.02);
        }
        family.set_optimize_filters_for_hits(mostly_hits);
        family.set_level_compaction_dynamic_level_bytes(true);
        family.set_compression_type(match (compressed, options.compression) {
            (true, Compression::Lz4) => DBCompressionType::Lz4,
            (false, _) | (_, Compression::None) => DBCompressionType::None,
        });
        family.set_write_buffer_size((options.write_buffer_bytes() / buffer).max(SMALLEST_BUFFER));
        family.set_max_write_buffer_number(4);
        if deleted_in_stretches {
            // Keys that are deleted in their order would be scanned again and again until they are compacted.
            family.add_compact_on_deletion_collector_factory(4_096, 2_048, 0.5);
        }
        family
    }
}

/// Returns the descriptors with which the engine opens all families of the store.
pub(crate) fn descriptors(
    options: &RocksOptions,
    cache: &Cache,
    compacts: bool,
) -> Vec<ColumnFamilyDescriptor> {
    let described =
        |family: Family| ColumnFamilyDescriptor::new(family.name(), family.options(options, cache, compacts));
    // Nothing is ever in the default family. But the largest write buffer of all determines how much of a disk must
    // be free before the engine takes writes again after it was full, and how much space a log reserves in advance.
    // The engine's default is 64 MiB.
    let mut unused = Options::default();
    unused.set_write_buffer_size(SMALLEST_BUFFER);
    let unused = ColumnFamilyDescriptor::new(DEFAULT_COLUMN_FAMILY_NAME, unused);
    Family::ALL.into_iter().map(described).chain([unused]).collect()
}
