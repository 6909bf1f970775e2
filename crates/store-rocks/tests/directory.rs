//! The directory: which processes may open it, what is refused, copies of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{APP, assert_sound, insert, open, options, set};
use rollbook::store::{Durability, Store, StoreError, View};
use rollbook::{DeviceId, Platform, Version};
use rollbook_store_rocks::{OpenError, RocksOptions, RocksStore};
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    (directory, path)
}

fn put(store: &RocksStore, id: &str) {
    store.commit(APP, &set([insert(id)])).unwrap();
}

fn has(store: &RocksStore, id: &str) -> bool {
    store.view(APP).unwrap().find(&DeviceId::new(id).unwrap()).unwrap().is_some()
}

fn refused(path: &Path) -> OpenError {
    RocksStore::open(path, &options()).unwrap_err()
}

#[test]
fn a_directory_has_one_owner_in_this_process() {
    let (_directory, path) = place();
    let store = open(&path);
    let error = refused(&path);
    assert!(matches!(error, OpenError::InUse { .. }), "{error:?}");
    assert!(
        error.to_string().ends_with("is open already, for writing, in this process or another"),
        "{error}"
    );
    assert!(error.source().is_some());
    drop(store);
    open(&path);
}

#[test]
fn a_directory_has_one_owner_among_processes() {
    let (_directory, path) = place();
    let _store = open(&path);
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "another_process", "--ignored", "--nocapture"])
        .env("ROLLBOOK_TEST_DIRECTORY", &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success() && said.contains("refused: in use"), "{said}");
}

#[test]
#[ignore = "the other process of a test"]
fn another_process() {
    if let Some(path) = std::env::var_os("ROLLBOOK_TEST_DIRECTORY") {
        assert!(matches!(refused(Path::new(&path)), OpenError::InUse { .. }));
        println!("refused: in use");
    }
}

#[test]
fn tools_read_beside_the_owner_and_write_nothing() {
    let (_directory, path) = place();
    let owner = open(&path);
    put(&owner, "ann");
    let reader = RocksStore::open_read_only(&path, &options()).unwrap();
    assert!(has(&reader, "ann"));
    put(&owner, "bob");
    assert!(!has(&reader, "bob"), "what the owner commits later is not seen");
    assert_eq!(reader.view(APP).unwrap().version(), Version(1));
    for error in [
        reader.commit(APP, &set([insert("eve")])).map(drop),
        reader.touch(APP, &[]),
        reader.sweep(APP, 1).map(drop),
    ] {
        assert!(matches!(error, Err(StoreError::Unavailable { .. })), "{error:?}");
    }
    assert_sound(&reader, APP);
    assert!(reader.stats().is_ok());
}

#[test]
fn tools_read_on_when_the_owner_replaces_its_tables() {
    let (_directory, path) = place();
    let small = RocksOptions { memory_bytes: 8 << 20, ..options() };
    let owner = RocksStore::open(&path, &small).unwrap();
    // Enough tables that by default the engine would open most of them later.
    for n in 0..400 {
        let inserts = (0..1_000).map(|device| insert(&format!("{n} {device}")));
        owner.commit(APP, &set(inserts)).unwrap();
    }
    let reader = RocksStore::open_read_only(&path, &small).unwrap();
    owner.compact().unwrap();
    assert_sound(&reader, APP);
    assert_eq!(reader.view(APP).unwrap().devices(Platform::Ios).unwrap().len(), 400_000);
}

#[test]
fn what_is_not_a_store_is_not_touched() {
    let (_directory, path) = place();
    assert!(matches!(RocksStore::open_read_only(&path, &options()), Err(OpenError::Missing(_))));
    let never = RocksOptions { create: false, ..options() };
    assert!(matches!(RocksStore::open(&path, &never), Err(OpenError::Missing(_))));
    assert!(!path.exists());
    fs::create_dir(&path).unwrap();
    assert!(matches!(RocksStore::open(&path, &never), Err(OpenError::Missing(_))));
    fs::write(path.join("letters.txt"), "dear ann").unwrap();
    assert!(matches!(refused(&path), OpenError::NotAStore(_)));
    fs::write(path.join("FORMAT"), "another program 7").unwrap();
    assert!(matches!(refused(&path), OpenError::NotAStore(_)));
    assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "nothing was added");
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let (_directory, path) = place();
    drop(open(&path));
    for found in ["2", "10", "x"] {
        fs::write(path.join("FORMAT"), format!("rollbook-store-rocks {found}\n")).unwrap();
        let error = refused(&path).to_string();
        assert!(error.ends_with(&format!("has format {found}; this release reads format 1")), "{error}");
    }
    fs::write(path.join("FORMAT"), "rollbook-store-rocks 1\n").unwrap();
    open(&path);
}

#[test]
fn an_option_out_of_range_is_refused_before_anything_is_made() {
    let (_directory, path) = place();
    let error = RocksStore::open(&path, &RocksOptions { memory_bytes: 0, ..options() }).unwrap_err();
    assert!(error.source().unwrap().to_string().starts_with("memory_bytes: must be at least"), "{error:?}");
    assert!(!path.exists());
}

#[test]
fn a_place_that_cannot_be_written_is_an_error_with_its_path() {
    let (directory, _) = place();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below")] {
        let error = refused(&path);
        assert!(matches!(error, OpenError::Io { .. }) && error.to_string().contains("file"), "{error:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_written_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let (_directory, path) = place();
    let store = open(&path);
    put(&store, "ann");
    drop(store);
    let chmod = |mode: u32| {
        for entry in [path.clone(), path.join("db")] {
            fs::set_permissions(entry, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    chmod(0o555);
    // Permissions do not stop a privileged user.
    let anything = fs::write(path.join("probe"), "").is_ok();
    if !anything {
        let error = refused(&path);
        assert!(matches!(error, OpenError::Engine { .. } | OpenError::InUse { .. }), "{error:?}");
    }
    assert!(has(&RocksStore::open_read_only(&path, &options()).unwrap(), "ann"));
    chmod(0o755);
}

#[test]
fn a_backup_is_a_store_of_that_moment_and_restores() {
    let (directory, path) = place();
    let store = open(&path);
    put(&store, "ann");
    let backup = directory.path().join("backup");
    store.backup(&backup).unwrap();
    put(&store, "bob");
    assert!(matches!(store.backup(&backup), Err(OpenError::Exists(_))));
    let restored = directory.path().join("restored");
    RocksStore::restore(&backup, &restored).unwrap();
    assert!(matches!(RocksStore::restore(&backup, &restored), Err(OpenError::Exists(_))));
    assert!(matches!(RocksStore::restore(directory.path().join("no"), &path), Err(OpenError::Missing(_))));
    for path in [&restored, &backup] {
        let copy = open(path);
        assert!(has(&copy, "ann") && !has(&copy, "bob"));
        put(&copy, "eve");
        assert_sound(&copy, APP);
    }
    assert!(has(&store, "bob") && !has(&store, "eve"), "copies share nothing with their origin");
    assert!(!has(&RocksStore::open_read_only(&restored, &options()).unwrap(), "bob"));
}

#[test]
fn a_store_says_what_it_is() {
    let (_directory, path) = place();
    let info = RocksStore::open(&path, &RocksOptions::default()).unwrap().info();
    assert_eq!((info.name, info.durability), ("rocksdb", Durability::Synced));
    assert_eq!(info.max_devices_per_platform, 1 << 32);
    assert_eq!(open(&path).info().durability, Durability::Buffered);
}

#[test]
fn compacting_changes_no_answer() {
    let (_directory, path) = place();
    let store = open(&path);
    let inserts = (0..500).map(|n| insert(&format!("{n}")));
    let places = store.commit(APP, &set(inserts)).unwrap().inserted;
    store.compact().unwrap();
    let view = store.view(APP).unwrap();
    let mut ids = Vec::new();
    let ordinals: Vec<u32> = places.iter().map(|place| place.slot.ordinal).collect();
    view.ids(Platform::Ios, &ordinals, view.version(), &mut |_, id| ids.push(id.to_owned())).unwrap();
    assert_eq!(ids, (0..500).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_sound(&store, APP);
}
