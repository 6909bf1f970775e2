//! The synchronization primitives of the crate. No other module names a lock, a cell that is set once, or an atomic,
//! so that the same sources can run under a scheduler that explores the orders of threads.

pub(crate) use crossbeam_utils::sync::{ShardedLock, ShardedLockReadGuard};
pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::{AtomicI64, Ordering};
