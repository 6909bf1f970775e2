//! A build without the durable store: its commands say how to get one.
#![cfg(not(feature = "rocks"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests: a panic is a failed test")]

mod run;

use run::rollbook;

#[test]
fn a_store_that_is_not_in_the_build_is_told_with_the_way_to_get_it() {
    for arguments in [
        &["query", "--store", "rocksdb:dir", "--app", "shop"][..],
        &["import", "--store", "rocksdb:dir", "--app", "shop", "--input", "-"],
        &["export", "--store", "rocksdb:dir", "--app", "shop"],
        &["verify", "--store", "rocksdb:dir"],
        &["stats", "--store", "rocksdb:dir"],
        &["backup", "--store", "rocksdb:dir", "--to", "copy"],
        &["restore", "--from", "copy", "--to", "dir"],
    ] {
        let answer = rollbook(arguments, b"");
        assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""), "{arguments:?}");
        let way = "this build has no durable store; build the program with the feature `rocks`";
        assert!(answer.stderr.contains(way), "{arguments:?}: {}", answer.stderr);
    }
}
