//! `rollbook demo`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests: a panic is a failed test"
)]

mod run;

use run::rollbook;

/// The width of the last column.
const TIME: usize = 8;

/// The table without its last column, the time taken.
fn answers(devices: &str, seed: &str) -> String {
    let answer = rollbook(&["demo", "--devices", devices, "--seed", seed], b"");
    // Nothing on standard error: the bar is for a terminal.
    assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
    let table = answer.stdout;
    // The widths are fixed, and the heading of the last column stands right above its end.
    let width = table.lines().next().unwrap().chars().count() - TIME;
    table.lines().map(|line| line.chars().take(width).collect::<String>() + "\n").collect()
}

#[test]
fn the_same_seed_gives_the_same_answers_and_another_gives_others() {
    let first = answers("2000", "7");
    assert_eq!(first, answers("2000", "7"));
    assert_ne!(first, answers("2000", "8"));
    assert_ne!(first, answers("2001", "7"));
}

#[test]
fn one_device_is_enough() {
    assert!(answers("1", "1").contains("register 1 device, one by one"));
}

#[test]
fn every_topic_is_asked_about() {
    let table = answers("300", "1");
    for topic in ["DEVICES", "TAGS", "ALIASES", "USERS", "PRESENCE", "EVENTS", "AUDIENCES", "BATCHES", "APPS"]
    {
        assert!(table.lines().any(|line| line.trim() == topic), "{topic}");
    }
    for question in
        ["explain ", "why is ", "overlap?", "by chance", "saved audiences", "stream ", "batches of 500"]
    {
        assert!(table.contains(question), "{question} is not in {table}");
    }
    assert!(table.contains("300 in the register"));
    assert!(table.contains("refused: mobile: form: must be + or a digit, then digits"));
}

#[test]
fn no_devices_are_refused() {
    let answer = rollbook(&["demo", "--devices", "0"], b"");
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
}
