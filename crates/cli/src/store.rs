//! Which store a command works on, as `--store` and the configuration of the service name it.

use crate::failure::Failure;
#[cfg(feature = "rocks")]
use crate::failure::tell;
use crate::register::Register;
use rollbook::RegistryBuilder;
use rollbook::store::BoxedStore;
#[cfg(feature = "rocks")]
use rollbook_store_rocks::{Damage, OpenError, RocksOptions, RocksStore, Salvaged};
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
    /// Looks at what is left of a register whose logs are damaged.
    Salvage,
}

impl Access {
    /// How a command reads that may be told to take what is left.
    pub(crate) fn reading(salvage: bool) -> Self {
        if salvage { Access::Salvage } else { Access::ReadOnly }
    }
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
    let opened = match access {
        Access::Create | Access::Existing => RocksStore::open(directory, &options),
        Access::ReadOnly => RocksStore::open_read_only(directory, &options),
        Access::Salvage => RocksStore::open_salvaged(directory, &options),
    };
    let store = opened.map_err(not_opened("cannot open the store"))?;
    if let Some(salvaged) = store.salvaged() {
        tell_salvaged(salvaged);
    }
    Ok(store)
}

/// What keeps a store from being opened or copied, with the way out where there is one, for `map_err`.
#[cfg(feature = "rocks")]
pub(crate) fn not_opened(during: impl Into<String>) -> impl FnOnce(OpenError) -> Failure {
    let mut during = during.into();
    move |source| {
        if matches!(&source, OpenError::Damaged(damage) if is_log(damage)) {
            during.push_str(" (query, export, verify and backup read what is left with --salvage)");
        }
        Failure::Store { during, source: source.into() }
    }
}

#[cfg(feature = "rocks")]
fn is_log(damage: &Damage) -> bool {
    damage.file.extension().is_some_and(|extension| extension == "log")
}

/// Says on standard error what is missing of what is read.
#[cfg(feature = "rocks")]
pub(crate) fn tell_salvaged(salvaged: &Salvaged) {
    tell(&format!("only what was written before the damage is read: {}", salvaged.damage));
    if !salvaged.is_one_moment {
        tell(
            "some tables hold later commits: records may contradict each other, and verify --salvage lists them",
        );
    }
}
