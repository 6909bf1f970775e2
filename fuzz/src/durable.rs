//! Operations on a register on disk, which is closed and opened again between them: every result equals the model's.

use rollbook::store::Durability;
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::check::check;
use rollbook_testkit::op::ops_of;
use rollbook_testkit::{Fixture, Reopening};
use std::path::Path;
use tempfile::TempDir;

/// Runs the operations on a register and on the model.
pub fn run(bytes: &[u8]) {
    let seed = bytes.iter().map(|&byte| u64::from(byte)).sum();
    if let Err(mismatch) = check(&ops_of(bytes), || Reopening::new(OnDisk, seed, 16)) {
        panic!("{mismatch}");
    }
}

/// Makes stores, each in a directory of its own: in a file system in memory if there is one, since no loss of power
/// is tested here.
struct OnDisk;

impl Fixture for OnDisk {
    type Store = RocksStore;
    type Guard = TempDir;

    fn guard(&self) -> TempDir {
        let memory = Path::new("/dev/shm");
        let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        match made {
            Ok(directory) => directory,
            Err(error) => panic!("no directory for the store: {error}"),
        }
    }

    fn open(&self, directory: &TempDir) -> RocksStore {
        let options = RocksOptions {
            durability: Durability::Buffered,
            memory_bytes: 8 << 20,
            ..RocksOptions::default()
        };
        match RocksStore::open(directory.path().join("store"), &options) {
            Ok(store) => store,
            Err(error) => panic!("the store does not open: {error}"),
        }
    }
}
