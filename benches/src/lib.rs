//! What the benchmarks share: made-up devices that are the same on every machine, real posting lists by path, and a
//! stopwatch.
//!
//! - [`Workload`]: the devices of a register, each worked out from its number, so that ten million take no room.
//! - [`Asker`]: who asks for what: every device alike, or a few of them mostly.
//! - [`Dataset`]: published posting lists, read from a path.
//! - [`filled`], [`memory_app`], [`listed`]: a register with the devices of a workload, or those of lists.
//! - [`sizes`]: how many devices a benchmark runs at.
//! - [`Rng`], [`Zipf`]: the chance behind it all.

mod ask;
mod dataset;
mod register;
mod rng;
mod sizes;
mod stopwatch;
mod workload;
mod zipf;

pub use ask::{Asker, Skew};
pub use dataset::{Dataset, DatasetError};
pub use register::{APP_KEY, Failure, NOW, filled, listed, memory_app};
pub use rng::Rng;
pub use sizes::{DEVICES_VARIABLE, sizes};
pub use stopwatch::Stopwatch;
pub use workload::{Workload, WorkloadOptions};
pub use zipf::Zipf;
