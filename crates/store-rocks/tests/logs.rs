//! Logs that are damaged, cut or missing: either everything acknowledged is there, or the directory is refused and
//! not changed.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is a failed test, in its helpers too"
)]

mod common;
#[path = "common/other.rs"]
mod other;

use common::{APP, assert_sound, insert, set, synced};
use other::{Other, say, told};
use rollbook::store::{Store, View};
use rollbook::{DeviceId, Timestamp};
use rollbook_store_rocks::{OpenError, RocksOptions, RocksStore};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each commit adds this many devices.
const EACH: usize = 10;

/// Write buffers so small that logs are begun and removed all the time.
fn small() -> RocksOptions {
    RocksOptions { memory_bytes: 8 << 20, write_buffer_percent: 5, ..synced() }
}

fn id(commit: usize, device: usize) -> String {
    // Long texts with many different bytes, so that logs are begun often.
    format!("{commit}-{device}-{:0200}", commit * 7_919 + device)
}

#[test]
#[ignore = "the other process of the tests"]
fn write_until_killed() {
    let Some((path, _)) = told() else { return };
    let store = RocksStore::open(path, &small()).unwrap();
    for commit in 0..1_000_000 {
        let inserts = (0..EACH).map(|device| insert(&id(commit, device)));
        let done = store.commit(APP, &set(inserts)).unwrap();
        say(format_args!("{commit}"));
        // Heartbeats, which do not wait for the disk, between commits that do.
        let seen: Vec<_> = done.inserted.iter().map(|&place| (place, Timestamp::from_secs(7))).collect();
        store.touch(APP, &seen).unwrap();
    }
}

/// Makes a directory as a killed process leaves it. Returns how many commits it had acknowledged.
fn killed(path: &Path, acknowledgements: usize) -> usize {
    let mut writer = Other::start("write_until_killed", path, "");
    let mut acknowledged = 0;
    while let Some(said) = writer.next() {
        acknowledged = said.parse::<usize>().unwrap() + 1;
        if acknowledged == acknowledgements {
            writer.kill();
        }
    }
    assert!(acknowledged >= acknowledgements);
    acknowledged
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("db")).unwrap();
    for directory in ["", "db"] {
        for entry in fs::read_dir(from.join(directory)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), to.join(directory).join(entry.file_name())).unwrap();
            }
        }
    }
}

fn files(path: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let all = fs::read_dir(path.join("db")).unwrap().map(|entry| entry.unwrap().path());
    all.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

fn logs(path: &Path) -> Vec<PathBuf> {
    files(path).into_keys().filter(|path| path.extension().is_some_and(|ext| ext == "log")).collect()
}

/// Returns how many commits are there, and asserts that they are the first ones, each complete, and none after a gap.
fn commits(store: &RocksStore, acknowledged: usize, why: &str) -> usize {
    let view = store.view(APP).unwrap();
    let has = |commit: usize, device: usize| {
        view.find(&DeviceId::new(id(commit, device)).unwrap()).unwrap().is_some()
    };
    let there = (0..).find(|&commit| !has(commit, 0)).unwrap();
    for commit in 0..acknowledged + 2 {
        for device in 0..EACH {
            assert_eq!(has(commit, device), commit < there, "{why}: commit {commit} of {there}");
        }
    }
    there
}

/// Returns a number below `below`, which depends only on the seed.
fn draw(seed: u64, below: usize) -> usize {
    let mut z = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    (z ^ z >> 31) as usize % below
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Flip,
    FlipInTheLastBytes,
    Zeros,
    Cut,
    Remove,
}

/// Damages a log. Returns which one, how, and a description.
fn harm(path: &Path, seed: u64) -> Option<(PathBuf, Harm, String)> {
    let all = logs(path);
    let log = all[draw(seed * 11, all.len())].clone();
    let mut bytes = fs::read(&log).unwrap();
    let harm =
        [Harm::Flip, Harm::FlipInTheLastBytes, Harm::Zeros, Harm::Cut, Harm::Remove][seed as usize % 5];
    if bytes.is_empty() && harm != Harm::Remove {
        return None;
    }
    let at = draw(seed * 13 + 1, bytes.len().max(1));
    let what = format!("seed {seed}: {harm:?} at {at} of {} in {}", bytes.len(), log.display());
    match harm {
        Harm::Flip => bytes[at] ^= 1 << draw(seed, 8),
        Harm::FlipInTheLastBytes => {
            let at = bytes.len() - 1 - draw(seed * 17, bytes.len().min(3_000));
            bytes[at] ^= 1 << draw(seed, 8);
        }
        Harm::Zeros => {
            let sector = at / 512 * 512;
            let end = (sector + 512).min(bytes.len());
            if bytes[sector..end].iter().all(|byte| *byte == 0) {
                return None;
            }
            bytes[sector..end].fill(0);
        }
        Harm::Cut => bytes.truncate(at),
        Harm::Remove => {
            fs::remove_file(&log).unwrap();
            return Some((log, harm, what));
        }
    }
    fs::write(&log, bytes).unwrap();
    Some((log, harm, what))
}

#[derive(Debug, Default)]
struct Outcomes {
    older: u32,
    whole: u32,
    refused: u32,
    shorter: u32,
    of_them_told: u32,
}

fn trial(origin: &Path, acknowledged: usize, seed: u64, outcomes: &mut Outcomes) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    copy(origin, &path);
    // A log that was begun when the process was killed may hold nothing yet.
    let youngest = logs(&path).into_iter().rfind(|log| fs::metadata(log).unwrap().len() > 0).unwrap();
    let Some((log, harm, what)) = harm(&path, seed) else { return };
    outcomes.older += u32::from(log != youngest);
    let before = files(&path);
    match RocksStore::open(&path, &small()) {
        Ok(store) => {
            let there = commits(&store, acknowledged, &what);
            if there >= acknowledged {
                outcomes.whole += 1;
                return;
            }
            // A crash in the middle of a write could have left this: the youngest log without its end.
            assert!(
                log == youngest && matches!(harm, Harm::Cut | Harm::Zeros),
                "{what}: {there} of {acknowledged}"
            );
            outcomes.shorter += 1;
            outcomes.of_them_told += u32::from(store.unfinished_commit().is_some());
            assert!(harm == Harm::Cut || store.unfinished_commit().is_some(), "{what}: nothing was said");
            assert_sound(&store, APP);
        }
        Err(OpenError::Damaged(damage)) => {
            assert_eq!(files(&path), before, "{what}: nothing is changed");
            // If the youngest log is missing, its name is not known for sure.
            assert!(damage.file == log || harm == Harm::Remove, "{what}: {damage}");
            let read = RocksStore::open_read_only(&path, &small());
            assert!(matches!(read, Err(OpenError::Damaged(again)) if again == damage), "{what}");
            let left = RocksStore::open_salvaged(&path, &small()).unwrap();
            let salvaged = left.salvaged().unwrap().clone();
            assert_eq!(salvaged.damage, damage);
            if salvaged.is_one_moment {
                commits(&left, acknowledged, &what);
                assert_sound(&left, APP);
            }
            assert_eq!(files(&path), before, "{what}: reading what is left changes nothing");
            outcomes.refused += 1;
        }
        Err(other) => panic!("{what}: {other:?}"),
    }
}

fn trials(count: u64, origins: u64) -> Outcomes {
    let mut outcomes = Outcomes::default();
    for origin in 0..origins {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let acknowledged = killed(&path, 20 + draw(origin, 900));
        for seed in (origin..count).step_by(origins as usize) {
            trial(&path, acknowledged, seed, &mut outcomes);
        }
    }
    outcomes
}

#[test]
fn a_damaged_log_is_refused_or_loses_nothing_but_an_end_that_a_crash_could_have_cut() {
    let outcomes = trials(40, 2);
    assert!(outcomes.refused > 5, "{outcomes:?}");
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_damaged_logs_are_refused_or_lose_nothing_but_an_end_that_a_crash_could_have_cut() {
    let Outcomes { older, whole, refused, shorter, of_them_told } = trials(1_000, 20);
    println!(
        "1000 harmed logs, {older} of them not the youngest: {refused} refused and unchanged, {whole} opened with everything, {shorter} without an end, \
         as a crash could have left it ({of_them_told} of these say so); none else"
    );
    assert!(older > 100 && whole > 0 && refused > 100 && shorter > 0);
}
