//! The whole program, for seconds instead of hours.

#![allow(clippy::unwrap_used, reason = "in a test a panic is a failed test")]

use std::process::Command;

#[test]
fn a_short_soak_kills_and_restores_and_its_store_equals_the_ledger() {
    let soak = Command::new(env!("CARGO_BIN_EXE_rollbook-soak"))
        .args(["--minutes", "0", "--runs", "5", "--devices", "200", "--rate", "400", "--seed", "3"])
        .output()
        .unwrap();
    let (said, wrong) = (String::from_utf8_lossy(&soak.stdout), String::from_utf8_lossy(&soak.stderr));
    assert!(soak.status.success(), "{said}\n{wrong}");
    assert!(said.ends_with("the store equals the ledger\n"), "{said}");
    let count = |what: &str| -> u64 {
        let line = said.lines().find_map(|line| line.strip_prefix(what)).unwrap();
        line.split_whitespace().next().unwrap().trim_end_matches(',').parse().unwrap()
    };
    assert_eq!(count("runs of the writer"), 5, "{said}");
    assert!(count("steps acknowledged") >= 250, "{said}");
    assert!(count("backups restored") > 0, "{said}");
}
