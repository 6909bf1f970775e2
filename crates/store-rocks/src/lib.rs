//! A store for the [`rollbook`] register on RocksDB.
mod apply;
mod apps;
mod backup;
mod batch;
mod bytes;
mod check;
mod commit;
mod draft;
mod error;
mod families;
mod format;
mod keys;
mod links;
mod log;
mod open;
mod options;
mod overlay;
mod presence;
mod reads;
mod stats;
mod sweep;
mod values;
mod view;

pub use open::{OpenError, RocksStore};
pub use options::{Compression, InvalidOption, RocksOptions};
pub use stats::{FamilyStats, RocksStats};
pub use view::RocksView;
