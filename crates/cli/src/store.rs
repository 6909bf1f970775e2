//! Which store a command works on, as `--store` and the configuration of the service name it.

use crate::failure::Failure;
use crate::register::Register;
use rollbook::RegistryBuilder;
use rollbook::store::BoxedStore;
#[cfg(feature = "rocks")]
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a register is kept: `memory`, or `rocksdb:DIR` in a build with the feature `rocks`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreChoice {
    /// In memory, gone when the program ends.
    Memory,
    /// In a directory of the durable store.
    RocksDb(PathBuf),
}

/// How a command will use the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reads and writes, and makes the directory where there is none.
    Create,
    /// Reads and writes what is there.
    Existing,
    /// Looks on, also beside an owner.
    ReadOnly,
}

/// Why a command cannot be had.
#[cfg(not(feature = "rocks"))]
pub(crate) const ABSENT: &str = "this build has no durable store; build the program with the feature `rocks`";

/// The directory of a store that outlives the program.
pub(crate) fn durable(text: &str) -> Result<PathBuf, String> {
    match text.parse()? {
        StoreChoice::RocksDb(directory) => Ok(directory),
        StoreChoice::Memory => Err("is gone when the program ends; expected `rocksdb:DIR`".into()),
    }
}

impl FromStr for StoreChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(StoreChoice::Memory),
            Some(("rocksdb", "")) => Err("rocksdb: needs a directory, as in rocksdb:DIR".into()),
            #[cfg(feature = "rocks")]
            Some(("rocksdb", directory)) => Ok(StoreChoice::RocksDb(directory.into())),
            #[cfg(not(feature = "rocks"))]
            Some(("rocksdb", _)) => Err(ABSENT.into()),
            _ => Err(format!("{text:?} is not a store; expected `memory` or `rocksdb:DIR`")),
        }
    }
}

/// As it is parsed.
impl fmt::Display for StoreChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreChoice::Memory => f.write_str("memory"),
            StoreChoice::RocksDb(directory) => write!(f, "rocksdb:{}", directory.display()),
        }
    }
}

impl StoreChoice {
    /// Opens the store.
    pub(crate) fn open(&self, access: Access) -> Result<BoxedStore, Failure> {
        match self {
            StoreChoice::Memory => Ok(BoxedStore::new(rollbook_store_mem::MemStore::new())),
            #[cfg(feature = "rocks")]
            StoreChoice::RocksDb(directory) => open_rocks(directory, access).map(BoxedStore::new),
            #[cfg(not(feature = "rocks"))]
            StoreChoice::RocksDb(_) => {
                let _ = access;
                Err(Failure::Usage(ABSENT.into()))
            }
        }
    }
}

/// The register of a directory.
pub(crate) fn register_in(directory: &Path, access: Access) -> Result<RegistryBuilder<BoxedStore>, Failure> {
    Ok(Register::builder(StoreChoice::RocksDb(directory.to_owned()).open(access)?))
}

/// The durable store of a directory, for what only it can do.
#[cfg(feature = "rocks")]
pub(crate) fn open_rocks(directory: &Path, access: Access) -> Result<RocksStore, Failure> {
    let options = RocksOptions { create: access == Access::Create, ..RocksOptions::default() };
    match access {
        Access::Create | Access::Existing => RocksStore::open(directory, &options),
        Access::ReadOnly => RocksStore::open_read_only(directory, &options),
    }
    .map_err(|source| Failure::Store { during: "cannot open the store".into(), source: source.into() })
}
