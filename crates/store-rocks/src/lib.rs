//! A store for the [`rollbook`] register on RocksDB: durable, and larger than memory.
//!
//! - [`RocksStore`]: the store. It is opened by [`RocksStore::open`] and [`RocksStore::open_read_only`], and
//!   maintained by [`RocksStore::backup`], [`RocksStore::restore`], [`RocksStore::compact`], [`RocksStore::sweep`],
//!   [`RocksStore::scrub`], [`RocksStore::stats`] and [`RocksStore::probe`]. [`RocksStore::backup_of`] copies a
//!   directory that another process has open; [`RocksStore::open_salvaged`] and [`RocksStore::salvage`] read and copy
//!   one that is damaged.
//! - [`RocksOptions`]: what an operator may tune. [`InvalidOption`] reports a value out of range.
//! - [`RocksStats`]: counters and sizes for monitoring. [`Scrubbed`]: what could be read of a column family, and what
//!   could not.
//! - [`OpenError`]: why a directory was not opened. [`Damage`] reports where it is damaged, [`Salvaged`] what is
//!   left, and [`UnfinishedCommit`] which commit was cut short by a crash.
//!
//! ```
//! use rollbook::{AppKey, AppSettings, DeviceId, Platform, Registration, Registry, TagName};
//! use rollbook_store_rocks::{RocksOptions, RocksStore};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("register");
//! let (shop, ann, news) = (AppKey::new("shop")?, DeviceId::new("8f65b16df378")?, TagName::new("news")?);
//! {
//!     let registry = Registry::builder(RocksStore::open(&path, &RocksOptions::default())?).build();
//!     let app = registry.create_app(&shop, AppSettings::default())?;
//!     let tags = vec![news.clone()];
//!     app.register(&Registration { tags, ..Registration::new(ann.clone(), Platform::Ios) })?;
//! }
//! let registry = Registry::builder(RocksStore::open(&path, &RocksOptions::default())?).build();
//! assert!(registry.app(&shop)?.has_tag(&ann, &news)?);
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! - *Durable.* Under [`Durability::Synced`](rollbook::store::Durability), the default, a commit is on disk before it
//!   becomes visible, and every acknowledged commit survives any crash. Under `Buffered`, a crash of the process
//!   loses nothing, and a crash of the machine may lose the last commits, newest first. Heartbeats never wait for the
//!   disk.
//! - *Atomic.* A commit is one write batch: after a crash either all of it is there or none.
//! - *Consistent views.* A view is one RocksDB snapshot.
//! - *One owner.* A second [`RocksStore::open`] of a directory fails, in the same process or another. Other processes
//!   may open it for reading while its owner has it open.
//! - *Cheap opening.* Opening reads no device. Memory follows [`memory_bytes`](RocksOptions::memory_bytes), not the
//!   number of devices.
//!
//! The store assumes of the medium that what was synced stays, and that a file that was only appended to does not
//! change before its old end. Where that does not hold, the store notices it, within limits:
//!
//! - Table files carry a checksum for every block, so a damaged block is reported as [`StoreError::Corrupt`] and
//!   never read as data.
//! - A missing `CURRENT`, `MANIFEST`, table or log, and a log with a gap or with damage before good records, fails
//!   the opening with [`OpenError::Damaged`], which names the file and the byte. Nothing is changed.
//! - A last record that an interrupted write can have left is not damage. Such a record lacks its end, or at least
//!   one of its sectors was never written. The commit was not acknowledged; the record is left out, and
//!   [`RocksStore::unfinished_commit`] reports it. A flipped bit in the last record leaves no such trace and is
//!   damage.
//! - *Not noticed*, because nothing on disk shows it: the youngest log was cut at its end, or the contents of its
//!   last sectors were replaced by zeros. If the cut is between two commits, there is not even an unfinished record
//!   to report. Under `Buffered` the same holds for whole logs that were not synced yet.
//! - After a loss of *power* the system may have kept a later part of the unsynced data and lost an earlier one.
//!   Under `Synced` this can affect only heartbeats and the one commit that waits for the sync; under `Buffered`,
//!   seconds of commits. Such a directory is refused as damaged, and [`RocksStore::salvage`] restores the register as
//!   it was at the last consistent moment.
//!
//! [`StoreError::Corrupt`]: rollbook::store::StoreError::Corrupt
//!
//! # File permissions
//!
//! Directories are created with mode 0700 on Unix and copied files with 0600, because they contain push tokens and
//! hashes of secrets. RocksDB creates its own files under the umask of the process; the mode of the directory
//! protects them. The mode of a directory that existed before is left as it is.
//!
//! # A full disk
//!
//! Writes fail with [`StoreError::Unavailable`] and a cause of kind [`StorageFull`](std::io::ErrorKind::StorageFull),
//! or, if RocksDB's `MANIFEST` did not fit, with [`StoreError::OutcomeUnknown`]. Reads go on, and everything
//! acknowledged stays. [`RocksStore::is_disk_full`] documents how much free space the store needs before it takes
//! writes again.
//!
//! [`StoreError::Unavailable`]: rollbook::store::StoreError::Unavailable
//! [`StoreError::OutcomeUnknown`]: rollbook::store::StoreError::OutcomeUnknown
//!
//! # How a commit runs
//!
//! Commits to one app are checked one after the other, each against the result of those before it, and all commits
//! that wait at that moment share the next write (group commit). Versions have no gaps, and every commit changes the
//! counters of its app, so two commits to one app cannot be numbered at the same time, whatever they touch. The slow
//! part is the sync, and that is shared. Commits to different apps meet only in RocksDB's log, which groups them as
//! well. A commit reads each record that it changes once and writes it once: giving a tag to a thousand devices
//! rewrites each chunk of its posting one time. Chunks and popular names that commits change often are kept decoded
//! for the next commit.
//!
//! # How an audience is read
//!
//! The count of one key is read from a counter. Otherwise all chunks of the smallest part are read; of the parts that
//! narrow it, only the chunks in which candidates are left; and for a page, only the chunks that the page lies in. If
//! few devices are left, their own records are read instead.
//!
//! # How a tag of one device is looked up
//!
//! The record of a device begins with the numbers of its tags, so once the number of a tag is known, whether the
//! device carries it takes a single read. The numbers of popular tags are cached until a tag ends. Blocks have a hash
//! index of their keys with two records per entry instead of the usual sixteen, which takes a tenth of the time for a
//! twelfth more disk space. The block cache takes no lock. What remains above RocksDB's own read of the same record
//! is the cost of the snapshot.
//!
//! # What it costs
//!
//! Measured by `cargo run --release -p rollbook-store-rocks --example growth -- DIRECTORY 100000,1000000,10000000` on
//! two cores shared with other work. Each time is the best of its rounds, with warm caches and without waiting for
//! the disk:
//!
//! | devices, ten tags, an alias and a user each | 100 000 | 1 000 000 | 10 000 000 |
//! |---|---|---|---|
//! | opening, with a first view | 107 ms | 66 ms | 54 ms |
//! | RocksDB's own opening of the same directory | 128 ms | 36 ms | 54 ms |
//! | memory used by opening, in a process of its own | 7.1 MiB | 7.2 MiB | 7.4 MiB |
//! | memory used by RocksDB's own opening | 6.8 MiB | 6.8 MiB | 6.8 MiB |
//! | bytes on disk per device, compacted | 187 | 177 | 182 |
//! | bytes written to disk per byte committed | 1.04 | 1.38 | 2.25 |
//! | whether a device carries a tag | 1.27 µs | 1.40 µs | 1.58 µs |
//! | one point read of RocksDB | 0.91 µs | 1.06 µs | 1.12 µs |
//! | the devices of an alias | 4.0 µs | 3.4 µs | 6.4 µs |
//! | adding a tag to one device, a commit each | 6.9 µs | 6.1 µs | 8.3 µs |
//! | adding a tag to 1 000 devices, per device | 4.4 µs | 3.2 µs | 6.4 µs |
//! | registering 1 000 devices, per device | 8.9 µs | 6.3 µs | 10.1 µs |
//! | RocksDB: a batch of as many keys and bytes, per device | 3.6 µs | 3.4 µs | 3.5 µs |
//! | deleting a tag of 100 devices | 31 µs | 29 µs | 34 µs |
//! | deleting a tag of all devices | 92 µs | 85 µs | 103 µs |
//!
//! # On disk
//!
//! The directory holds the file `FORMAT`, one line `rollbook-store-rocks 1`, and `db`, RocksDB's own directory. A
//! release reads the formats that it knows and refuses any other by its number.
//!
//! ## Shapes
//!
//! In keys, numbers are big-endian, so that they sort; in values, little-endian. `u8 … u64`, `i32`, `i64`: fixed
//! width. `var`: LEB128, up to 64 bits. `text`: `var` length in bytes, then UTF-8. `name` (keys only): the bytes with
//! each `00` as `00 FF`, then `00 00`. `time` (keys only): seconds since 1970 as `i64` with the sign bit flipped. A
//! *platform* is its [number](rollbook::Platform::number). A *relation* is 1 tag, 2 alias, 3 user, 4 deletion. Every
//! key begins with `u32` app; no key of a family is the beginning of another. Every value begins with `u8` 1, the
//! version of its layout.
//!
//! ## Families
//!
//! | family | key after the app | value after the version byte |
//! |---|---|---|
//! | `app` | `00` | the header, below |
//! | | `01`, `u8` platform, `u64` height | `u32` an ordinal that was given back, see below |
//! | | `02`, `u64` index | `u64` dead key number, `u16` the first chunk that may still exist |
//! | `device` | `u8` length, id | the device, below |
//! | `slot` | `u8` platform, `u32` ordinal | `u64` version that filled it (0: its first device), then the id |
//! | `name` | `u8` relation, `name` | its homes, below |
//! | `number` | `u64` key number | `u8` relation, `u8` platform, then the name; a number without a record is dead |
//! | `posting` | `u64` key number, `u16` chunk | the ordinals whose upper 16 bits are the chunk, below |
//! | `entry` | `01`, `name` app key; `02`; `03`, `name` event; `04`, `u64` deletion | the entry, below |
//! | `event` | `time`, `u64` number | the event, below |
//! | `event_index` | `01` device, `02` user or `03` event name; `name`; `time`, `u64` number | nothing |
//! | | `11` device or `12` user; `name`; `u64` number | `i64` time |
//! | `presence` | `u8` platform, `u32` ordinal | `u64` version that filled the slot, `i64` time |
//!
//! `default` is empty. An app without a header is at version 0. The next device of a platform takes the ordinal that
//! was given back last, which is the one at the greatest height. Key numbers 0 to 255 stand for all devices of the
//! platform with that number. A presence record whose version is not the one that filled the slot belongs to an
//! earlier device and is ignored.
//!
//! ## Values
//!
//! *Header*: `u8` sealed (0, 1); `u64` version; `u64` last event number; `u64` next key number, from 256; `u64`
//! version of the last commit that left devices with dead numbers; `u64`, `u64` the queue of dead numbers (first
//! index, index after the last); `u8` count of platforms, and for each `u8` platform, `u64` number of ordinals ever
//! given, `u64` height of the stack of those given back.
//!
//! *Homes*: for each platform on which the name has devices, `u8` platform, `var` key number, `u8` n. If n is 1 to 4,
//! n ascending `u32` ordinals follow; if it is 0, `var` count follows, and the ordinals are in chunks.
//!
//! *Device*: `u8` platform, `u32` ordinal, `u64` version that filled the slot; `u64` version that last changed it;
//! `var` key number of its alias, 0 for none; `var` key number of its user or deletion; `var` count of tags, and for
//! each, ascending, `var` the difference from the one before; `u8` which fields follow: 1 token `text`, 2 mobile
//! `text`, 4 language `text`, 8 offset `i32`, 16 alias rank `u32`, 32 time of registration `i64`, in this order. Dead
//! numbers among its keys are skipped when read; the next write of the device leaves them out.
//!
//! *Chunk*: `u8` 1, then up to 64 ascending `u16`, the lower halves of the ordinals; or `u8` 2, then the ordinals in
//! the portable [Roaring format](https://github.com/RoaringBitmap/RoaringFormatSpec).
//!
//! *Entry*: `u64` version that wrote it; `u8` kind: 1, an app as JSON; 2, `u32` the next app; 3, `i64` time of
//! declaration, `text` name; 4, `u64` deletion, `u64` last event, `text` user; 5, `u64` deletion, `u32` app, `text`
//! key; 6, `u64` deletion, `u8` what signing out clears (0 nothing, 1 alias, 2 alias and tags), `text` user.
//!
//! *Event*: `u8` 1 with a device, 2 with a user, 3 with both; `text` name; `text` device, `text` user, where present;
//! `var` count of attributes, and for each `text` name and a value: `u8` 0 false, 1 true, 2 `i64`, 3 `u64` bits of a
//! double, 4 `text`, 5 `var` count and that many values of kinds 0 to 4.
//!
//! # Why not …
//!
//! - *… RocksDB transactions?* They find conflicts by key, after the work is done. The checks of a write set state
//!   beforehand what matters, and everything else may commute.
//! - *… device records by ordinal?* Reads come with an id: one look-up finds the device reference and the keys
//!   together. The record of the slot is small, and audiences read many of them in a row.
//! - *… merge operators for postings?* A link would be a blind write, but every later read would have to merge, and
//!   counts must be known when the commit is checked.
//! - *… a range tombstone for a dropped key?* It is one write, but every later read pays for it. The chunks are
//!   deleted one by one instead, a few with every commit.

mod apply;
mod apps;
mod batch;

mod bytes;
mod check;
mod commit;
mod copies;
mod draft;
mod error;
mod families;
mod format;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod keys;
mod links;
mod live_directory;
mod log;
mod looked;
mod newest;
mod numbers;
mod open;
mod options;
mod overlay;
mod postings;
mod prefetch;
mod presence;
mod private;
mod probe;
mod reads;
mod recent;
mod scrub;
mod stats;
mod sweep;
mod sync;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_audiences;
mod values;
mod view;
mod wal;

pub use copies::Salvaged;
pub use looked::RocksView;
pub use open::{OpenError, RocksStore};
pub use options::{Compression, InvalidOption, RocksOptions};
pub use scrub::Scrubbed;
pub use stats::{FamilyStats, RocksStats};
pub use wal::{Damage, UnfinishedCommit};
