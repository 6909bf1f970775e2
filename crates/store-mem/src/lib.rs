//! A [`rollbook`] store that keeps everything in memory: compact, and as fast as maps written by hand.
//!
//! [`MemStore`] is the store, [`MemView`] its view, [`MemOptions`] what it may be told, [`MemoryUse`] what an app
//! takes. Nothing survives the process, and the store says so
//! ([`Durability::Volatile`](rollbook::store::Durability::Volatile)).
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
//! cores do not write to the same cache line; a commit takes all the parts. Views are meant to be short: a view that
//! is held keeps commits to its app waiting, and a thread that asks for a second view of the same app while a commit
//! waits would wait for itself. Finding the app takes no lock. An app that nobody ever committed to takes no memory.
//!
//! A commit verifies the checks, then *rehearses* the operations on places and ids alone, which is all that an
//! operation can fail on, and only then changes anything. There is nothing to undo, and the common commit, a link or
//! two, allocates only what it stores. A posting is copied only when a reader still holds the one before; postings of
//! dropped keys are freed after the lock is released. A panic inside a commit would be a bug, and it makes the app
//! answer [`Corrupt`](rollbook::store::StoreError::Corrupt) from then on rather than show half a commit.
//!
//! # A device in memory
//!
//! A device is a *line*: 64 bytes that are one cache line. The id's look-up must read the line to compare the id, and
//! membership is then answered from the tag numbers right beside it: the bitmaps are not touched.
//!
//! | bytes | |
//! |---|---|
//! | 0–15 | the id, packed: 32 lower-case hexadecimal digits or a UUID of one case; up to 16 bytes of another form as they are; the first 16 bytes of a longer one |
//! | 16–23 | version |
//! | 24–27 | number of the alias's key, 0 for none |
//! | 28–31 | number of the owner's key, a user or a deletion; in a vacant line the slot that was vacated before it |
//! | 32 | form of the id, 0 in a vacant line |
//! | 33 | which optional fields there are, and what is spilled |
//! | 34–63 | the tail |
//!
//! The tail holds a byte with the length of the tags, the tags, and the optional fields in this order: when the slot
//! was filled (nothing for its first device), UTC offset and time of registration, alias rank, rest of a long id, language, mobile number,
//! token. Tags are key numbers, ascending, each as its distance from the one before, in seven bits a byte: ten tags
//! of a thousand take about fifteen bytes. When all that does not fit, the optional fields move to a block on the
//! heap, whose number takes the first four bytes of the tail; when even the tags do not fit (more than 25 bytes of
//! them), they move there too.
//!
//! Lines live in chunks of 8 192, each of one platform, so that the place of a line tells platform and ordinal, a
//! line is named by 32 bits, and growing moves nothing. When a device was last seen is kept in chunks beside them,
//! eight bytes a device, from the first [`touch`](rollbook::store::Store::touch) of any device of the chunk. Removed
//! devices leave their slots in a list through the lines; the slot vacated last is filled first.
//!
//! # Tables
//!
//! Ids and names are found by open addressing: eight bytes a slot, 32 bits of hash and the number of the line or key.
//! A table is cut into 64 shards that grow one by one and by a quarter, from the 32 bits alone: no commit waits for
//! ten million entries to move. The hash is keyed for each store.
//!
//! # Keys
//!
//! A key is a *row* of 32 bytes for each name and platform: 23 bytes of name (longer names on the heap; hexadecimal
//! ids packed), one byte of platform and state, four bytes of value, four of the next row of the same name. An alias
//! of one device is that row and nothing else: the value is the ordinal. Two or three ordinals are 16 bytes in a
//! table of sets, more are a shared bitmap.
//!
//! Dropping a key takes its name and its bitmap away and leaves a *dead* row that counts the devices which still hold
//! the number. Reads skip it; a device's next write sweeps it; when the last holder has let go, the row is free.
//! While an app has no dead row, nobody looks for any. Condemning a user renames its rows. Two users condemned under
//! one deletion keep their rows apart, and postings of that deletion are put together when they are read.
//!
//! Names of tags and deletions are also kept in order. Pages of aliases and users look at all of them.
//!
//! # Limits
//!
//! Ordinals and line numbers are 32 bits: 4 294 967 295 devices in an app, less the unused ends of chunks. A write set
//! weighs at most [`MemOptions::max_weight`]. The earliest instant that a
//! [`Timestamp`](rollbook::Timestamp) can say is kept as the one after it when it is when a device was last seen.
//!
//! # Why not …
//!
//! - *… `hashbrown` for ids?* Its control bytes and its buckets are two cache misses where this is one, and growing
//!   it reads every line.
//! - *… the lowest free ordinal?* A bitmap of vacant slots would cost a search for each insert and save little:
//!   postings compress by containers of 65 536.
//! - *… snapshots by version instead of a lock?* Every line would need a chain of versions; views are short.

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

/// The example of the project's front page, kept true.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FrontPage;

pub use memory::MemoryUse;
pub use store::{MemOptions, MemStore};
pub use view::MemView;
