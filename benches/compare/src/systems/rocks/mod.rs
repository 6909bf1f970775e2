//! Rollbook on RocksDB, and RocksDB itself: [`RocksdbRaw`] opens a database with the options of the store's directory, and
//! only reads a value or writes a batch.
//!
//! Commits are `Buffered`, like those of SQLite here: they do not wait for the disk. The cache has room for everything, so
//! that reads are warm.

mod raw;

use super::rollbook::{Compared, Rollbook};
use crate::system::{Called, Footprint, System};
use raw::RocksdbRaw;
use rollbook::store::Durability;
use rollbook::{App, Command};
use rollbook_bench::{Failure, Workload, filled};
use rollbook_store_rocks::{RocksOptions, RocksStats, RocksStore};
use std::sync::Arc;
use tempfile::TempDir;

/// Devices in one call while the store is filled.
const CALL: usize = 1_000;

fn options() -> RocksOptions {
    RocksOptions {
        durability: Durability::Buffered,
        memory_bytes: 4 << 30,
        // 205 MiB of it. Every read searches the write buffers, so they should be small.
        write_buffer_percent: 5,
        ..RocksOptions::default()
    }
}

/// A store on disk and its directory.
pub(super) struct OnDisk {
    store: Arc<RocksStore>,
    /// Statistics after the store was filled.
    filled: RocksStats,
    _dir: TempDir,
}

impl Compared for Arc<RocksStore> {
    const NAME: &'static str = "rollbook-rocks";
    type Space = OnDisk;

    fn footprint(space: &OnDisk) -> Result<Footprint, Failure> {
        let now = space.store.stats()?;
        Ok(Footprint {
            memory: Some(now.cache_bytes),
            disk: Some(now.families.iter().map(|family| family.table_bytes).sum()),
            counted: false,
            write_amplification: space.filled.write_amplification(),
        })
    }
}

/// Both are compacted after they are filled, because how far compaction has come by itself is random.
pub(super) fn build(workload: &Workload) -> Result<Vec<Box<dyn System>>, Failure> {
    let dir = TempDir::new()?;
    let store = Arc::new(RocksStore::open(dir.path().join("register"), &options())?);
    let app = filled(Arc::clone(&store), workload, CALL)?;
    let filled = store.stats()?;
    store.compact()?;
    let written = written(&app, &store, workload)?;
    let raw = RocksdbRaw::build(&store, options().memory_bytes, written, workload)?;
    let rollbook = Rollbook { app, space: OnDisk { store, filled, _dir: dir } };
    Ok(vec![Box::new(Called(rollbook)), Box::new(raw)])
}

/// The writes of one call that registers many devices.
#[derive(Debug, Clone, Copy)]
struct Written {
    devices: usize,
    keys: usize,
    bytes: usize,
}

/// Measures [`Written`] with new devices, which are removed again.
fn written(app: &App<Arc<RocksStore>>, store: &RocksStore, workload: &Workload) -> Result<Written, Failure> {
    let new = (workload.devices()..).take(CALL).map(|device| workload.registration(device));
    let new = new.collect::<Result<Vec<_>, _>>()?;
    let commands: Vec<Command> = new.iter().cloned().map(Command::Register).collect();
    let before = store.stats()?;
    app.batch(&commands)?;
    let after = store.stats()?;
    for registration in &new {
        app.remove(&registration.id)?;
    }
    Ok(Written {
        devices: CALL,
        keys: usize::try_from(after.written_keys - before.written_keys)?,
        bytes: usize::try_from(after.written_bytes - before.written_bytes)?,
    })
}
