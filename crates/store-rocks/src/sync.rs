//! The synchronization primitives of the gate and the newest picture. These two modules use no other lock and no
//! other atomic, so the same sources can run under a scheduler that explores the orders of threads.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
