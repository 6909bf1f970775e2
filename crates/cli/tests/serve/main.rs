//! `rollbook serve`, run as a program.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests: a panic is a failed test"
)]

#[path = "../run/mod.rs"]
mod run;
mod service;

mod cases;
mod crowd;
#[cfg(feature = "rocks")]
mod durable;
mod ending;
mod operators;
mod program;
