//! A directory for one test, and the program run in it.

use crate::run::{Answer, rollbook};
use rollbook::store::Durability;
use rollbook::{App, AppKey, AppSettings, Registry};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;

/// The app of the tests.
pub(crate) const APP: &str = "shop";

/// A directory that is gone when the test ends.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path as the command line takes it.
    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// A store as the command line names it.
    pub(crate) fn store(&self, name: &str) -> String {
        format!("rocksdb:{}", self.text(name))
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.text(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a command over the app of a store.
    pub(crate) fn run(&self, command: &str, store: &str, more: &[&str]) -> Answer {
        let store = self.store(store);
        rollbook(&[&[command, "--store", &store, "--app", APP], more].concat(), b"")
    }

    /// Imports, and that succeeds; what was said.
    pub(crate) fn import(&self, store: &str, input: &str, more: &[&str]) -> String {
        done(self.run("import", store, &[&["--input", input], more].concat())).1
    }

    /// What an export of the app is.
    pub(crate) fn export(&self, store: &str) -> String {
        done(self.run("export", store, &[])).0
    }
}

/// Standard output and standard error of a command that succeeded.
pub(crate) fn done(answer: Answer) -> (String, String) {
    let Answer { code, stdout, stderr } = answer;
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    (stdout, stderr)
}

/// Standard error of a command that failed and answered nothing.
pub(crate) fn refused(answer: Answer, with: i32) -> String {
    let Answer { code, stdout, stderr } = answer;
    assert_eq!((code, stdout.as_str()), (Some(with), ""), "{stderr}");
    stderr
}

/// How tests open a store: without waiting for the disk.
pub(crate) fn quick() -> RocksOptions {
    RocksOptions { durability: Durability::Buffered, memory_bytes: 16 << 20, ..RocksOptions::default() }
}

/// The register of a directory.
pub(crate) fn open(path: PathBuf) -> Registry<RocksStore> {
    Registry::builder(RocksStore::open(path, &quick()).unwrap()).build()
}

/// A new app of the tests' key.
pub(crate) fn create(register: &Registry<RocksStore>, settings: AppSettings) -> App<RocksStore> {
    register.create_app(&key(), settings).unwrap()
}

pub(crate) fn key() -> AppKey {
    AppKey::new(APP).unwrap()
}

/// So many devices, a line each, some with everything.
pub(crate) fn devices(count: usize) -> String {
    (0..count).map(device).collect()
}

fn device(n: usize) -> String {
    let platform = ["ios", "android", "huawei", "unknown"][n % 4];
    let tags = match n % 3 {
        0 => r#","tags":["all","third"]"#,
        1 => r#","tags":["all"]"#,
        _ => "",
    };
    let more = match n % 5 {
        0 => format!(r#","alias":"a{}","user":"u{}","token":"t{n}","last_seen":{n}"#, n / 25, n / 10),
        1 => format!(r#","user":"u{}","mobile":"+1-{n}","language":"en","utc_offset":{}"#, n / 10, n % 3_600),
        _ => String::new(),
    };
    format!("{{\"id\":\"device {n:06}\",\"platform\":\"{platform}\"{tags}{more}}}\n")
}
