//! The configuration of the service: one TOML file, judged whole before anything is done.
//!
//! - `apps`: an app of the file.

mod apps;
#[cfg(test)]
mod tests;

pub(super) use apps::AppEntry;

use crate::failure::Failure;
use crate::settings::document::{Document, Mistakes, Table};
use crate::settings::options;
use crate::store::StoreChoice;
use rollbook_http::{FaceOptions, ServeOptions};
#[cfg(feature = "rocks")]
use rollbook_store_rocks::RocksOptions;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use tracing::level_filters::LevelFilter;

/// Where the service listens unless told otherwise: only this machine reaches it.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8085);

/// What the service is told.
pub(super) struct Config {
    pub(super) listen: SocketAddr,
    /// Where operators ask, if not where everybody does.
    pub(super) operators: Option<SocketAddr>,
    pub(super) store: StoreChoice,
    pub(super) log: LevelFilter,
    pub(super) faces: FaceOptions,
    pub(super) connections: ServeOptions,
    #[cfg(feature = "rocks")]
    pub(super) rocksdb: RocksOptions,
    pub(super) apps: Vec<AppEntry>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: LISTEN,
            operators: None,
            store: StoreChoice::Memory,
            log: LevelFilter::WARN,
            faces: FaceOptions::default(),
            connections: ServeOptions::default(),
            #[cfg(feature = "rocks")]
            rocksdb: RocksOptions::default(),
            apps: Vec::new(),
        }
    }
}

impl Config {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Failure::Io { action: format!("read {}", path.display()), source })?;
        Config::parse(&text).map_err(|mistakes| Failure::Refused(mistakes.told_of(&path.display())))
    }

    fn parse(text: &str) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::default();
        let config = Document::parse(text, &mut mistakes).map(|document| {
            let mut table = document.table();
            let config = Config::take(&mut table, &mut mistakes);
            table.finish(&mut mistakes);
            config
        });
        match config {
            Some(config) if mistakes.is_empty() => Ok(config),
            _ => Err(mistakes),
        }
    }

    fn take(table: &mut Table<'_>, mistakes: &mut Mistakes) -> Config {
        let unset = Config::default();
        let mut address = |name| {
            let form = "must be an address and a port, such as 127.0.0.1:8085";
            table.take(name).and_then(|value| value.parsed(mistakes, form, |text| text.parse().ok()))
        };
        let (listen, operators) = (address("listen"), address("operators"));
        let store = table.take("store").and_then(|value| value.told(mistakes, str::parse));
        let levels = "must be one of off error warn info debug trace";
        let log =
            table.take("log").and_then(|value| value.parsed(mistakes, levels, |text| text.parse().ok()));
        let faces = options::take(table, "faces", mistakes, FaceOptions::check);
        let connections = options::take(table, "connections", mistakes, ServeOptions::check);
        #[cfg(feature = "rocks")]
        let rocksdb = options::take(table, "rocksdb", mistakes, options::check_rocksdb);
        #[cfg(not(feature = "rocks"))]
        if let Some(value) = table.take("rocksdb") {
            value.wrong(mistakes, crate::store::ABSENT);
        }
        Config {
            listen: listen.unwrap_or(unset.listen),
            operators,
            store: store.unwrap_or(unset.store),
            log: log.unwrap_or(unset.log),
            faces,
            connections,
            #[cfg(feature = "rocks")]
            rocksdb,
            apps: apps::take(table, mistakes),
        }
    }
}
