//! A disk that takes no more: an error of the right class, and everything acknowledged is still there.
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
use rollbook_store_rocks::RocksStore;
use std::process::Command;

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
        // A view answers all the same.
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
    // No file may grow beyond 400 blocks of 512 bytes; being told so by a signal is not wanted.
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
    // Before and after the first error, the check answered as a commit did.
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
