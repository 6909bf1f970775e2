//! The stores' own locking under a scheduler that tries orders of threads, one order after the other.
//!
//! Threads of a machine meet by chance, and rarely where it hurts. Here one thread runs at a time, and whenever it
//! comes to a lock or an atomic the scheduler decides who goes on: by chance over all threads, or by priorities that
//! change a few times, which finds what needs few but particular interruptions. An order in which an assertion fails,
//! or in which nobody can go on, is told so that it can be run again.
//!
//! What runs are the sources of the stores, not copies: they are compiled a second time into this crate, with its
//! `sync` in the place of theirs.
//!
//! - [`scenarios`]: what the threads do, and what must hold whoever comes first;
//! - `sync`: the locks and atomics of the scheduler, under the names the stores call theirs by.
//!
//! # What it does not find
//!
//! - What is wrong with the locks of other crates: they are replaced.
//! - Weak memory: every order is one of whole operations, as if all atomics were sequentially consistent.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "scenarios are tests: what must hold is asserted"
)]

pub mod scenarios;
mod sync;

// The store in memory, whole.
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

// How threads take turns at an app of the durable store, and the picture that views compare.
#[path = "../../store-rocks/src/gate.rs"]
mod gate;
#[path = "../../store-rocks/src/newest.rs"]
mod newest;

pub use memory::MemoryUse;
pub use store::{MemOptions, MemStore};
pub use view::MemView;
