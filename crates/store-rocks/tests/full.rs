//! A full disk leads to an error of the right class, and everything acknowledged is still there.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;

use common::{APP, assert_sound, insert, open, set, synced};
use rollbook::DeviceId;
use rollbook::store::{Store, StoreError, View};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

const DIRECTORY: &str = "ROLLBOOK_TEST_DIRECTORY";

#[test]
#[ignore = "the other process of the test"]
fn write_until_full() {
    let Some(path) = std::env::var_os(DIRECTORY) else { return };
    let store = RocksStore::open(path, &synced()).unwrap();
    let mut errors = 0;
    for n in 0..100_000 {
        match store.commit(APP, &set((0..20).map(|m| insert(&format!("{n} {m}"))))) {
            Ok(_) => println!("\ndone {n}"),
            Err(StoreError::OutcomeUnknown { .. }) => println!("\nunknown {n}"),
            Err(StoreError::Unavailable { .. }) => println!("\nunavailable {n}"),
            Err(other) => println!("\nwrong {n} {other:?}"),
        }
        // Reads through a view go on.
        assert!(store.view(APP).unwrap().find(&DeviceId::new("0 0").unwrap()).unwrap().is_some());
        let refuses = store.commit(APP, &set([])).is_err();
        println!("\nchecked {refuses} {}", store.probe().is_err());
        errors += usize::from(refuses);
        if errors == 5 {
            return;
        }
    }
}

#[test]
fn a_file_that_cannot_grow_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    drop(open(&path));
    // No file may grow beyond 400 blocks of 512 bytes. The signal for that is ignored, so that the write fails
    // instead.
    let child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "write_until_full", "--ignored", "--nocapture"])
        .env(DIRECTORY, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    assert!(child.status.success(), "{said} {}", String::from_utf8_lossy(&child.stderr));
    let numbers = |word: &str| -> Vec<usize> {
        said.lines().filter_map(|line| line.strip_prefix(word)?.trim().parse().ok()).collect()
    };
    let (done, unknown) = (numbers("done"), numbers("unknown"));
    assert!(!done.is_empty() && done.len() < 100_000, "{said}");
    assert!(!said.contains("wrong"), "{said}");
    // Before and after the first error, the check gave the same result as a commit.
    let checked: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("checked ")).collect();
    assert!(checked.contains(&"false false") && checked.ends_with(&["true true"]), "{said}");
    assert!(checked.iter().all(|both| ["false false", "true true"].contains(both)), "{said}");
    let store = open(&path);
    assert_sound(&store, APP);
    let view = store.view(APP).unwrap();
    let has = |n: usize, m: usize| view.find(&DeviceId::new(format!("{n} {m}")).unwrap()).unwrap().is_some();
    for n in 0..done.len() + 10 {
        let there = (0..20).filter(|&m| has(n, m)).count();
        assert!(there == 0 || there == 20, "all of it, or nothing");
        if done.contains(&n) {
            assert_eq!(there, 20, "{n} was acknowledged");
        } else if !unknown.contains(&n) {
            assert_eq!(there, 0, "{n} was not applied");
        }
    }
}

/// A small disk of its own; `None` if the test may not mount one.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(megabytes: u64) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let size = format!("size={megabytes}m");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(directory.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Disk(directory));
        }
        println!("SKIPPED: a disk of {megabytes} MB cannot be mounted here; run as root");
        None
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn ballast(&self, name: &str, megabytes: usize) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, vec![7; megabytes << 20]).unwrap();
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn is_storage_full(error: &StoreError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::StorageFull)
}

/// Commits until one is refused, and some more. Returns which were acknowledged.
fn fill(store: &RocksStore, from: usize) -> Vec<usize> {
    let mut done = Vec::new();
    let mut refused = 0;
    for n in from.. {
        match store.commit(APP, &set((0..20).map(|m| insert(&format!("{n} {m} {m:0100}"))))) {
            Ok(_) => done.push(n),
            Err(error) => {
                let expected =
                    matches!(error, StoreError::Unavailable { .. } | StoreError::OutcomeUnknown { .. });
                assert!(expected && is_storage_full(&error), "{error:?}");
                assert!(error.source().unwrap().to_string() == "the disk is full" && store.is_disk_full());
                refused += 1;
                if refused == 5 {
                    return done;
                }
            }
        }
    }
    done
}

/// Probes until there is room; returns `false` if there is none after this many seconds.
#[allow(clippy::disallowed_methods, reason = "the engine itself looks every five seconds")]
fn takes_writes(store: &RocksStore, seconds: u32) -> bool {
    for _ in 0..seconds * 5 {
        if store.probe().is_ok() {
            return !store.is_disk_full();
        }
        assert!(store.is_disk_full());
        sleep(Duration::from_millis(200));
    }
    false
}

fn assert_has(path: &Path, done: &[usize], options: &RocksOptions) {
    let store = RocksStore::open(path, options).unwrap();
    assert_sound(&store, APP);
    let view = store.view(APP).unwrap();
    for n in done {
        for m in 0..20 {
            let id = DeviceId::new(format!("{n} {m} {m:0100}")).unwrap();
            assert!(view.find(&id).unwrap().is_some(), "{n} was acknowledged");
        }
    }
}

/// Copies a directory as a kill would leave it. Returns nothing if files came or went meanwhile: a compaction may still be
/// under way after the last commit, and such a copy is of no moment.
fn copy_at_one_moment(path: &Path) -> Option<tempfile::TempDir> {
    let names = || -> BTreeSet<_> {
        std::fs::read_dir(path.join("db")).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    let before = names();
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(path).arg(copy.path()).output().unwrap();
    (copied.status.success() && names() == before).then_some(copy)
}

#[test]
fn a_full_disk_is_told_and_takes_writes_again_when_there_is_room() {
    let Some(disk) = Disk::of(40) else { return };
    let path = disk.path("store");
    let store = RocksStore::open(&path, &synced()).unwrap();
    let ballast = disk.ballast("ballast", 20);
    let mut done = fill(&store, 0);
    assert!(!done.is_empty());
    assert!(
        store.view(APP).unwrap().find(&DeviceId::new(format!("0 0 {:0100}", 0)).unwrap()).unwrap().is_some()
    );
    std::fs::remove_file(ballast).unwrap();
    if !takes_writes(&store, 60) {
        let log = std::fs::read_to_string(path.join("db/LOG")).unwrap_or_default();
        panic!("there is room, and no write was taken: {:?} {log}", store.probe());
    }
    let again = done.last().unwrap() + 1_000;
    for n in again..again + 10 {
        store.commit(APP, &set((0..20).map(|m| insert(&format!("{n} {m} {m:0100}"))))).unwrap();
        done.push(n);
    }
    let copy = (0..100).find_map(|_| copy_at_one_moment(&path)).unwrap();
    assert_has(&copy.path().join("store"), &done, &synced());
    drop(store);
    assert_has(&path, &done, &synced());
}

#[test]
#[ignore = "measures for some minutes"]
fn how_much_room_a_full_disk_needs_before_it_takes_writes_again() {
    for memory_bytes in [64 << 20, 256 << 20, 512 << 20] {
        let options = RocksOptions { memory_bytes, ..RocksOptions::default() };
        let Some(disk) = Disk::of(1_000) else { return };
        let store = RocksStore::open(disk.path("store"), &options).unwrap();
        let mut pieces: Vec<PathBuf> = (0..90).map(|n| disk.ballast(&format!("{n}"), 10)).collect();
        fill(&store, 0);
        let mut freed = 0;
        while !takes_writes(&store, 8) {
            std::fs::remove_file(pieces.pop().unwrap()).unwrap();
            freed += 10;
        }
        println!("memory_bytes {} MiB: {freed} MiB had to be freed", memory_bytes >> 20);
        std::io::stdout().flush().unwrap();
    }
}
