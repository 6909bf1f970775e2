//! What the threads of one app meet at, apart from the engine. The gate and the newest picture name no other lock and
//! no other atomic, so that the same sources can run on those of a scheduler that tries orders of threads.

pub(crate) use parking_lot::{Condvar, Mutex, MutexGuard};
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
