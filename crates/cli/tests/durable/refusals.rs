//! Directories that cannot be used, and command lines that make no sense: told clearly, and nothing is changed.

use crate::place::{APP, Place, devices, open, refused};
use crate::run::rollbook;
use std::fs;

/// Every command over the store of a directory that may be in use, without its options but the store.
const READERS: [&[&str]; 4] = [&["query", "--app", APP], &["export", "--app", APP], &["verify"], &["stats"]];

/// Runs every command over a store; what each said that failed as it must.
fn all_refused(place: &Place, readers_too: bool) -> Vec<String> {
    let (store, input) = (place.store("store"), place.write("devices.jsonl", devices(3)));
    let (resume, to) = (["import", "--app", APP, "--input", &input, "--resume"], place.text("copy"));
    let backup = ["backup", "--to", &to];
    let mut commands: Vec<&[&str]> = vec![&resume];
    if readers_too {
        commands.push(&backup);
        commands.extend(READERS);
    }
    let run = |command: &[&str]| refused(rollbook(&[command, &["--store", &store]].concat(), b""), 1);
    let said = commands.into_iter().map(run).collect();
    assert!(!place.path("copy").exists());
    said
}

#[test]
fn a_missing_directory_is_named_and_not_made() {
    let place = Place::new();
    for error in all_refused(&place, true) {
        let expected = format!(": {}: there is no store here\n", place.text("store"));
        assert!(error.starts_with("error: cannot ") && error.ends_with(&expected), "{error}");
    }
    assert!(!place.path("store").exists());
}

#[test]
fn a_directory_of_something_else_is_named_and_left_alone() {
    let place = Place::new();
    fs::create_dir(place.path("store")).unwrap();
    place.write("store/letters.txt", "dear ann");
    let input = place.write("devices.jsonl", devices(3));
    let mut said = all_refused(&place, true);
    said.push(refused(place.run("import", "store", &["--input", &input]), 1));
    for error in said {
        assert!(error.ends_with("/store: holds files, but not those of a store\n"), "{error}");
    }
    assert_eq!(fs::read_dir(place.path("store")).unwrap().count(), 1);
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let place = Place::new();
    let input = place.write("devices.jsonl", devices(3));
    place.import("store", &input, &[]);
    place.write("store/FORMAT", "rollbook-store-rocks 7\n");
    let mut said = all_refused(&place, true);
    said.push(refused(place.run("import", "store", &["--input", &input]), 1));
    let (from, to) = (place.text("store"), place.text("copy"));
    said.push(refused(rollbook(&["restore", "--from", &from, "--to", &to], b""), 1));
    for error in said {
        assert!(error.ends_with("/store: has format 7; this release reads format 1\n"), "{error}");
    }
}

#[test]
fn a_directory_in_use_is_not_written() {
    let place = Place::new();
    let input = place.write("devices.jsonl", devices(3));
    place.import("store", &input, &[]);
    let owner = open(place.path("store"));
    let mut said = all_refused(&place, false);
    said.push(refused(place.run("import", "store", &["--input", &input]), 1));
    for error in said {
        assert!(
            error.contains("/store: is open already, for writing, in this process or another: "),
            "{error}"
        );
    }
    drop(owner);
    place.import("store", &input, &[]);
}

#[test]
fn an_unknown_app_is_named() {
    let place = Place::new();
    place.import("store", &place.write("devices.jsonl", devices(3)), &[]);
    for command in ["query", "export", "verify"] {
        let (store, app) = (place.store("store"), "stop");
        let error = refused(rollbook(&[command, "--store", &store, "--app", app], b""), 1);
        assert!(error.ends_with(": app not found: \"stop\"\n"), "{error}");
    }
}

#[test]
fn a_store_that_forgets_is_no_directory() {
    for command in ["import", "export", "verify", "stats", "backup", "query"] {
        for (store, why) in [
            ("memory", "is gone when the program ends; expected `rocksdb:DIR`"),
            ("rocksdb:", "rocksdb: needs a directory, as in rocksdb:DIR"),
            ("rocksdb", "\"rocksdb\" is not a store; expected `memory` or `rocksdb:DIR`"),
            ("", "\"\" is not a store; expected `memory` or `rocksdb:DIR`"),
        ] {
            let error = refused(rollbook(&[command, "--store", store], b""), 2);
            assert!(error.contains(why), "{command} {store}: {error}");
        }
    }
}

#[test]
fn what_a_command_needs_must_be_given() {
    let place = Place::new();
    let (store, input) = (place.store("store"), place.write("devices.jsonl", ""));
    for arguments in [
        &["import", "--store", &store, "--app", APP][..],
        &["import", "--store", &store, "--input", &input],
        &["import", "--app", APP, "--input", &input],
        &["import", "--store", &store, "--app", "a key", "--input", &input],
        &["import", "--store", &store, "--app", APP, "--input", &input, "--limits", "none"],
        &["export", "--store", &store],
        &["verify"],
        &["stats"],
        &["backup", "--store", &store],
        &["restore", "--from", &input],
        &["restore", "--to", &input],
    ] {
        refused(rollbook(arguments, b""), 2);
    }
    assert!(!place.path("store").exists());
}
