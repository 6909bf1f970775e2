//! The stores' own locking under a scheduler that explores orders of threads, one order after the other.
//!
//! On a real machine, threads rarely meet at the critical moment. Here one thread runs at a time, and at every lock
//! and atomic the scheduler decides which thread continues: at random among all threads, or by priorities that change
//! a few times, which finds errors that need few but particular interruptions. If an assertion fails, or no thread
//! can continue, the order is reported so that it can be run again.
//!
//! The code under test is the source of the stores, not a copy: it is compiled a second time into this crate, with
//! this crate's `sync` in place of theirs.
//!
//! - [`scenarios`]: what the threads do, and what must hold in every order;
//! - `sync`: the locks and atomics of the scheduler, under the names that the stores use for theirs.
//!
//! # What it does not find
//!
//! - Errors in the locks of other crates, because they are replaced.
//! - Errors of weak memory: every order is an order of whole operations, as if all atomics were sequentially
//!   consistent.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "scenarios are tests: what must hold is asserted"
)]

pub mod scenarios;
mod sync;

// The store in memory, complete.
#[path = "../../store-mem/src/apply.rs"]
mod apply;
#[path = "../../store-mem/src/apps.rs"]
mod apps;
#[path = "../../store-mem/src/check.rs"]
mod check;
#[path = "../../store-mem/src/chunked.rs"]
mod chunked;
#[path = "../../store-mem/src/desk.rs"]
mod desk;
#[path = "../../store-mem/src/devices.rs"]
mod devices;
#[path = "../../store-mem/src/keys.rs"]
mod keys;
#[path = "../../store-mem/src/line.rs"]
mod line;
#[path = "../../store-mem/src/log.rs"]
mod log;
#[path = "../../store-mem/src/memory.rs"]
mod memory;
#[path = "../../store-mem/src/pack.rs"]
mod pack;
#[path = "../../store-mem/src/rehearsal.rs"]
mod rehearsal;
#[path = "../../store-mem/src/row.rs"]
mod row;
#[path = "../../store-mem/src/sets.rs"]
mod sets;
#[path = "../../store-mem/src/state.rs"]
mod state;
#[path = "../../store-mem/src/store.rs"]
mod store;
#[path = "../../store-mem/src/table.rs"]
mod table;
#[path = "../../store-mem/src/text.rs"]
mod text;
#[path = "../../store-mem/src/varint.rs"]
mod varint;
#[path = "../../store-mem/src/view.rs"]
mod view;

// The queue of commits of the durable store, and the picture that views compare.
#[path = "../../store-rocks/src/gate.rs"]
mod gate;
#[path = "../../store-rocks/src/newest.rs"]
mod newest;

pub use memory::MemoryUse;
pub use store::{MemOptions, MemStore};
pub use view::MemView;
