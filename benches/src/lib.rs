//! What the benchmarks share: generated devices that are the same on every machine, published posting lists, and a
//! stopwatch.
//!
//! - [`Workload`]: the devices of a registry, each computed from its number, so that ten million take no memory.
//! - [`Asker`]: random questions about those devices, uniform or skewed.
//! - [`Dataset`]: published posting lists, read from a path.
//! - [`filled`], [`memory_app`], [`listed`]: an app with the devices of a workload or of such lists.
//! - [`sizes`]: the numbers of devices that a benchmark runs at.

mod ask;
mod dataset;
mod register;
mod sizes;
mod stopwatch;
mod workload;

pub use ask::{Asker, Skew};
pub use dataset::{Dataset, DatasetError};
pub use register::{APP_KEY, Failure, NOW, filled, listed, memory_app};
pub use sizes::{DEVICES_VARIABLE, sizes};
pub use stopwatch::Stopwatch;
pub use workload::{Workload, WorkloadOptions};
