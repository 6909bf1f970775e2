//! The commands over a register in a directory, run as a program.
#![cfg(feature = "rocks")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helpers of tests: a panic is a failed test"
)]

mod copies;
mod damage;
mod exporting;
mod importing;
mod interrupted;
mod place;
mod questions;
mod refusals;
mod round_trip;
#[path = "../run/mod.rs"]
mod run;
mod sizes;
mod verifying;
