//! Whatever threads meet at. Nothing else in the crate names a lock, a cell that is set once, or an atomic, so that
//! the same sources can run on those of a scheduler that tries orders of threads.

pub(crate) use crossbeam_utils::sync::{ShardedLock, ShardedLockReadGuard};
pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::atomic::{AtomicI64, Ordering};
