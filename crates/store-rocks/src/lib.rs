//! A store for the [`rollbook`] register on RocksDB: durable, and larger than memory.
//!
//! - [`RocksStore`]: the store; [`RocksStore::open`], [`RocksStore::open_read_only`], [`RocksStore::backup`],
//!   [`RocksStore::restore`], [`RocksStore::compact`], [`RocksStore::sweep`], [`RocksStore::scrub`],
//!   [`RocksStore::stats`], [`RocksStore::probe`]. Of a directory that is in use, [`RocksStore::backup_of`]; of one that
//!   is damaged, [`RocksStore::open_salvaged`] and [`RocksStore::salvage`].
//! - [`RocksOptions`]: what an operator may tune; [`InvalidOption`] says what is out of range.
//! - [`RocksStats`]: what an operator wants to know; [`Scrubbed`]: what could be read, and what could not.
//! - [`OpenError`]: why a directory was not opened; [`Damage`] says where it is damaged, [`Salvaged`] what is left, and
//!   [`UnfinishedCommit`] what a crash has cut short.
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
//! - *Durable.* Under [`Durability::Synced`](rollbook::store::Durability), the default, a commit is on disk before
//!   anyone sees it, and after any crash what was acknowledged is there. Under `Buffered` a crash of the process loses
//!   nothing, a crash of the machine the last commits, newest first. Heartbeats are never waited for.
//! - *Whole.* A commit is one write batch: after a crash all of it is there, or none.
//! - *One picture.* A view is one RocksDB snapshot.
//! - *One owner.* A second [`RocksStore::open`] of a directory fails, in the same process or another; readers may
//!   look on.
//! - *No surprise in opening.* Nothing of any device is read; memory follows
//!   [`memory_bytes`](RocksOptions::memory_bytes), not the number of devices.
//!
//! What it assumes of the medium: what was synced stays, and a file that was only appended to does not change before
//! its old end. Where that does not hold it is noticed, within limits:
//!
//! - Table files carry a checksum for every block, so a damaged block is [`StoreError::Corrupt`], not an answer.
//! - A missing `CURRENT`, `MANIFEST`, table or log, and a log with damage before good records or with a gap, is
//!   [`OpenError::Damaged`] at opening, which names the file and the byte; nothing is changed.
//! - A last record that a write could have left so is no damage: its end is missing, or at least one of its sectors was
//!   never written. A crash leaves that, and the commit was not acknowledged; the record is left out, and
//!   [`RocksStore::unfinished_commit`] says so. A bit that flips in the last record leaves no such trace and is damage.
//! - *Not noticed*, because nothing remains that could tell: that the youngest log was cut at its end, or that what its
//!   last sectors held was replaced by zeros. Cut between two commits, nothing is left out that could be reported. Under
//!   `Buffered` the same holds for whole logs that were not synced yet.
//! - After a loss of *power* the system may have kept a later part of what was not synced and not an earlier one. Under
//!   `Synced` only heartbeats and the one commit that waits can be torn so; under `Buffered` it may be seconds of commits.
//!   Such a directory is refused as damaged, and [`RocksStore::salvage`] brings it back to the last moment that is whole.
//!
//! [`StoreError::Corrupt`]: rollbook::store::StoreError::Corrupt
//!
//! # Who may look
//!
//! Directories are made for their owner alone (mode 0700 on Unix), and so are files that are copied (0600): push tokens
//! and hashes of secrets are in them. The engine makes its own files as the process's mask says; nobody reaches them. The
//! mode of a directory that was there before is left as it is.
//!
//! # A full disk
//!
//! Writes fail with [`StoreError::Unavailable`] and a cause of kind [`StorageFull`](std::io::ErrorKind::StorageFull), or,
//! where the engine's own list of files did not fit, with [`StoreError::OutcomeUnknown`]. Questions are answered, and
//! everything acknowledged stays. [`RocksStore::is_disk_full`] says how much room it takes to go on.
//!
//! [`StoreError::Unavailable`]: rollbook::store::StoreError::Unavailable
//! [`StoreError::OutcomeUnknown`]: rollbook::store::StoreError::OutcomeUnknown
//!
//! # How a commit runs
//!
//! Commits to one app are judged one after the other, each over what those before it decided, and everyone who waits
//! shares the next write. Versions have no gaps and every commit moves its app's counters, so two commits to an app
//! cannot be numbered at the same time whatever they touch; what takes time is the sync, and that is shared. Commits to
//! different apps only meet in RocksDB's log, which groups them as well. A commit reads each record that it changes
//! once and writes it once: a thousand devices that get a tag rewrite each chunk of its posting one time. The chunks and
//! popular names that commits change again and again are kept decoded for the next one.
//!
//! # How an audience is read
//!
//! A count of one key is a counter. Of the smallest part all chunks are read, of what narrows it only those in which
//! something is left, and of a page only those that it is in; a few devices are asked for their own keys instead.
//!
//! # How it is asked who has a tag
//!
//! The record of a device begins with the numbers of its tags, so whether it carries one is a single read, once the
//! number of the tag is known; and those of popular tags are kept, until one ends. Blocks have a hash of their keys, and
//! what it leads to is two records, not the usual sixteen: that is a tenth of the time for a twelfth of the disk. The
//! cache of blocks takes no lock. What is left beside RocksDB's own read of the same record is its snapshot.
//!
//! # What it costs
//!
//! `cargo run --release -p rollbook-store-rocks --example growth -- DIRECTORY 100000,1000000,10000000`, on two cores
//! that other work shared; each time is the best of its rounds, warm, without waiting for the disk:
//!
//! | devices, ten tags, an alias and a user each | 100 000 | 1 000 000 | 10 000 000 |
//! |---|---|---|---|
//! | opening, a first view included | 107 ms | 66 ms | 54 ms |
//! | RocksDB's own opening of the same directory | 128 ms | 36 ms | 54 ms |
//! | memory that opening takes, in a process of its own | 7.1 MiB | 7.2 MiB | 7.4 MiB |
//! | memory that RocksDB's own opening takes | 6.8 MiB | 6.8 MiB | 6.8 MiB |
//! | bytes on disk, compacted, for each | 187 | 177 | 182 |
//! | bytes written to disk by bytes committed | 1.04 | 1.38 | 2.25 |
//! | is this device in this tag? | 1.27 µs | 1.40 µs | 1.58 µs |
//! | one point read of RocksDB | 0.91 µs | 1.06 µs | 1.12 µs |
//! | the devices of an alias | 4.0 µs | 3.4 µs | 6.4 µs |
//! | a tag for one device, a commit each | 6.9 µs | 6.1 µs | 8.3 µs |
//! | a tag for 1 000 devices, for each | 4.4 µs | 3.2 µs | 6.4 µs |
//! | registering 1 000 devices, for each | 8.9 µs | 6.3 µs | 10.1 µs |
//! | RocksDB: a batch of as many keys and bytes, for each | 3.6 µs | 3.4 µs | 3.5 µs |
//! | deleting a tag of 100 devices | 31 µs | 29 µs | 34 µs |
//! | deleting a tag of all devices | 92 µs | 85 µs | 103 µs |
//!
//! # On disk
//!
//! The directory holds `FORMAT`, a line `rollbook-store-rocks 1`, and `db`, RocksDB's own directory. A release reads
//! the formats it knows and refuses every other by its number.
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
//! | family | key behind the app | value behind the version |
//! |---|---|---|
//! | `app` | `00` | the header, below |
//! | | `01`, `u8` platform, `u64` height | `u32` an ordinal given back: the next device of the platform gets the highest |
//! | | `02`, `u64` index | `u64` dead key number, `u16` first chunk that may be left |
//! | `device` | `u8` length, id | the device, below |
//! | `slot` | `u8` platform, `u32` ordinal | `u64` version that filled it (0: its first device), then the id |
//! | `name` | `u8` relation, `name` | for each platform: `u8` platform, `var` key number, `u8` n: 1 to 4 for n ascending `u32` ordinals; 0 for `var` count, and the ordinals are in chunks |
//! | `number` | `u64` key number | `u8` relation, `u8` platform, then the name; a number that is not here is dead |
//! | `posting` | `u64` key number, `u16` chunk | the ordinals whose upper 16 bits are the chunk, below; key numbers 0 to 255 are all devices of that platform |
//! | `entry` | `01`, `name` app key; `02`; `03`, `name` event; `04`, `u64` deletion | the entry, below |
//! | `event` | `time`, `u64` number | the event, below |
//! | `event_index` | `01` device, `02` user or `03` event name; `name`; `time`, `u64` number | nothing |
//! | | `11` device or `12` user; `name`; `u64` number | `i64` time |
//! | `presence` | `u8` platform, `u32` ordinal | `u64` version that filled the slot, `i64` time; of another occupancy: nothing |
//!
//! `default` is empty. A missing header is that of an app at version 0.
//!
//! ## Values
//!
//! *Header*: `u8` sealed (0, 1); `u64` version; `u64` last event number; `u64` next key number, from 256; `u64` version
//! of the last commit that left devices with dead numbers; `u64`, `u64` the queue of dead numbers (first, behind the
//! last); `u8` count of platforms, and for each `u8` platform, `u64` ordinals ever given, `u64` height of the stack of
//! those given back.
//!
//! *Device*: `u8` platform, `u32` ordinal, `u64` version that filled the slot; `u64` version that last changed it; `var`
//! key number of its alias, 0 for none; `var` of its user or deletion; `var` count of tags, and for each, ascending,
//! `var` the difference from the one before; `u8` fields: 1 token `text`, 2 mobile `text`, 4 language `text`, 8 offset
//! `i32`, 16 alias rank `u32`, 32 time of registration `i64`, in this order. Dead numbers among its keys are skipped; its next write leaves them out.
//!
//! *Chunk*: `u8` 1, then up to 64 ascending `u16`, the lower halves of the ordinals; or `u8` 2, then the ordinals in the
//! portable [Roaring format](https://github.com/RoaringBitmap/RoaringFormatSpec).
//!
//! *Entry*: `u64` version that wrote it; `u8` kind: 1, an app as JSON; 2, `u32` the next app; 3, `i64` time of
//! declaration, `text` name; 4, `u64` deletion, `u64` last event, `text` user; 5, `u64` deletion, `u32` app, `text` key; 6, `u64`
//! deletion, `u8` what signing out clears (0 nothing, 1 alias, 2 alias and tags), `text` user.
//!
//! *Event*: `u8` 1 with a device, 2 with a user, or both; `text` name; `text` device, `text` user, where they are; `var`
//! count of attributes, and for each `text` name and a value: `u8` 0 false, 1 true, 2 `i64`, 3 `u64` bits of a double,
//! 4 `text`, 5 `var` count and so many values of kinds 0 to 4.
//!
//! # Why not …
//!
//! - *… a transaction of the engine's?* Its conflicts are found by key, after the work; the checks of a write set say
//!   beforehand what matters, and everything else may commute.
//! - *… device records by ordinal?* Questions come with an id: one look-up finds the place and the keys together. The
//!   slot's own record is small, and audiences read many of them in a row.
//! - *… merge operators for postings?* A link would be a blind write, but every later read would merge, and counts must
//!   be known when the commit is judged.
//! - *… a range tombstone for a dropped key?* One write, which every later read pays for. The chunks are deleted one by
//!   one, a few with every commit.

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
