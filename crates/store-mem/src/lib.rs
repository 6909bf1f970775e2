//! A [`rollbook`] store that keeps everything in memory: compact, and as fast as maps written by hand.
//!
//! [`MemStore`] is the store, [`MemView`] its view, [`MemOptions`] its settings, [`MemoryUse`] the memory that an app
//! takes. Nothing survives the process, and the store declares this as
//! [`Durability::Volatile`](rollbook::store::Durability::Volatile).
//!
//! ```
//! use rollbook::store::{DeviceRecord, Key, Operation, OwnedKey, Relation, Store, View, WriteSet};
//! use rollbook::{AppId, DeviceId, Platform};
//! use rollbook_store_mem::MemStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MemStore::new();
//! let id = DeviceId::new("8f65b16df378e1b8a2d93f8a2f64e1aa")?;
//! let record = Box::new(DeviceRecord::new(id.clone()));
//! let mut writes = WriteSet::default();
//! let keys = vec![OwnedKey { relation: Relation::Tag, name: "news".into() }];
//! writes.operations.push(Operation::Insert { platform: Platform::Ios, record, last_seen: None, keys });
//! store.commit(AppId(1), &writes)?;
//!
//! let view = store.view(AppId(1))?;
//! let place = view.find(&id)?.ok_or("not found")?;
//! assert!(view.linked(place.slot, Key::new(Relation::Tag, "news"))?);
//! # Ok(())
//! # }
//! ```
//!
//! # Views and commits
//!
//! Each app has one reader-writer lock; a view holds it for reading. The lock is split by thread, so readers on two
//! cores do not write to the same cache line; a commit takes all its parts. Views are meant to be short. While a view
//! is held, commits to its app wait; and a thread that takes a second view of the same app while a commit waits
//! deadlocks with itself. Finding the app takes no lock. An app that was never committed to takes no memory.
//!
//! A commit verifies the checks, then *validates* the operations against places and ids alone, which are all that can
//! make an operation fail, and only then changes anything. So there is nothing to undo, and the common commit, a link
//! or two, allocates only what it stores. A posting is copied only if a reader still holds the previous one; postings
//! of dropped keys are freed after the lock is released. A panic inside a commit would be a bug. From then on the app
//! fails with [`Corrupt`](rollbook::store::StoreError::Corrupt) rather than show half a commit.
//!
//! # A device in memory
//!
//! A device is a *line*: 64 bytes that are one cache line. Looking up an id must read the line to compare the id, and
//! the tag numbers beside it then show membership: no bitmap is read.
//!
//! | bytes | |
//! |---|---|
//! | 0–15 | the id, packed if it is 32 lower-case hexadecimal digits or a UUID of one case; otherwise as it is |
//! | 16–23 | version |
//! | 24–27 | number of the alias's key, 0 for none |
//! | 28–31 | number of the owner's key, a user or a deletion; in a vacant line, the slot vacated before it |
//! | 32 | form of the id, 0 in a vacant line |
//! | 33 | which optional fields are present, and what has overflowed |
//! | 34–63 | the tail |
//!
//! Of an id that is longer than 16 bytes and has no packed form, the first 16 bytes are there, and the rest is in the
//! tail. The tail holds one byte with the length of the tags, the tags, and the optional fields in this order: the
//! version at which the slot was filled (absent for its first device), UTC offset and time of registration, alias
//! rank, rest of a long id, language, mobile number, token. Tags are key numbers, ascending, each as its distance
//! from the one before, in seven bits a byte: ten tags of a thousand take about fifteen bytes. If all that does not
//! fit, the optional fields move to an overflow block on the heap, whose number takes the first four bytes of the
//! tail. If even the tags do not fit (more than 25 bytes of them), they move there too.
//!
//! Lines are stored in chunks of 8 192, each of one platform. So the position of a line determines platform and
//! ordinal, 32 bits identify a line, and growing moves nothing. The times at which devices were last seen are kept in
//! chunks beside them, eight bytes per device, from the first [`touch`](rollbook::store::Store::touch) of any device
//! of the chunk. Removed devices leave their slots in a list that runs through the lines; the slot vacated last is
//! filled first.
//!
//! # Tables
//!
//! Ids and names are found by open addressing: eight bytes per entry, 32 bits of hash and the number of the line or
//! key. A table is split into 64 shards that grow one by one, by a quarter each, from the 32 bits alone: no commit
//! waits for ten million entries to move. The hash is keyed for each store.
//!
//! # Keys
//!
//! A key is a *row* of 32 bytes for each name and platform: 23 bytes of name (longer names on the heap; hexadecimal
//! ids packed), one byte of platform and state, four bytes of value, four of the next row of the same name. An alias
//! of one device is that row and nothing else: the value is the ordinal. Two or three ordinals are 16 bytes in a
//! table of sets; more are a shared bitmap.
//!
//! Dropping a key removes its name and its bitmap and leaves a *dead* row that counts the devices which still hold
//! the number. Reads skip it, the next write of a device sweeps it, and when the last holder has released it, the row
//! is free. While an app has no dead row, no read looks for any. Condemning a user renames its rows. Two users
//! condemned under one deletion keep separate rows, and the postings of that deletion are merged when they are read.
//!
//! Names of tags and deletions are also kept in order. A page of aliases or users scans all of their names.
//!
//! # Limits
//!
//! Ordinals and line numbers are 32 bits: 4 294 967 295 devices in an app, less the unused ends of chunks. A write
//! set weighs at most [`MemOptions::max_weight`]. If a device was last seen at the earliest instant that a
//! [`Timestamp`](rollbook::Timestamp) can express, the instant after it is stored instead.
//!
//! # Why not …
//!
//! - *… `hashbrown` for ids?* Its control bytes and its buckets are two cache misses where this table has one, and to
//!   grow it must read every line.
//! - *… the lowest free ordinal?* A bitmap of vacant slots would cost a search for each insert and save little,
//!   because postings are compressed in containers of 65 536 ordinals.
//! - *… snapshots by version instead of a lock?* Every line would need a chain of versions, and views are short.

mod apply;
mod apps;
mod check;
mod chunked;
mod desk;
mod devices;
mod keys;
mod line;
mod log;
mod memory;
mod pack;
mod rehearsal;
mod row;
mod sets;
mod state;
mod store;
mod sync;
mod table;
mod text;
mod varint;
mod view;

/// Compiles and runs the example of the project's front page.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;

pub use memory::MemoryUse;
pub use store::{MemOptions, MemStore};
pub use view::MemView;
