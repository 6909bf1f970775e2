//! Bytes that nobody would send, and what must hold nevertheless.
//!
//! | target | what the bytes are | what must hold |
//! |---|---|---|
//! | [`register`] | operations on a register in memory | every answer is the model's |
//! | [`batches`] | batches over few names, on a register in memory | every answer is the model's |
//! | [`apart`] | operations on two apps | neither app notices the other |
//! | `durable` | operations on a register on disk, closed and opened meanwhile | every answer is the model's |
//! | `values`, `keys` | what is on disk | read or refused; what was read is written as it was |
//! | [`json`] | records, commands, limits, write sets as JSON | read or refused; written, it reads as the same |
//! | [`cursors`] | places in a list as texts | the text that was read is the text that is printed |
//! | [`audience_text`] | a condition as text | every way to ask it has one answer; an error points into the text |
//! | [`audience_jpush`] | a condition in JPush's form | the same |
//! | [`lines`] | a file to import | read or refused line by line; a line that was read is written as it was |
//! | [`jpush`], [`pushwoosh`] | requests to a face | answered in its form; what is refused changes nothing |
//!
//! Each target is a function of bytes that panics when something does not hold. It runs in two ways:
//!
//! - under `cargo fuzz run TARGET`, which needs a nightly compiler (`cargo xtask fuzz --minutes N` runs them all);
//! - under plain cargo, by the program `replay` and the test of that name: over the corpus, and over inputs made from
//!   it by chance. What fails is made as short as it can be.
//!
//! `corpus/TARGET` holds a few small inputs that lead far in; what a long run finds is not kept.
#![allow(clippy::panic, reason = "a fuzzer is told by a panic")]

pub mod apart;
pub mod audience_jpush;
pub mod audience_text;
pub mod batches;
pub mod cursors;
#[cfg(feature = "rocks")]
pub mod durable;
mod faces;
pub mod jpush;
pub mod json;
#[cfg(feature = "rocks")]
pub mod keys;
pub mod lines;
pub mod pushwoosh;
pub mod register;
pub mod replay;
#[cfg(feature = "rocks")]
pub mod values;

// The program is no library: its reading of lines is compiled in.
#[allow(dead_code, reason = "a part of it is fuzzed")]
#[path = "../../crates/cli/src/failure.rs"]
mod failure;
#[allow(dead_code, unused_imports, reason = "a part of it is fuzzed")]
#[path = "../../crates/cli/src/record/mod.rs"]
mod record;

/// One target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is that of its corpus.
    pub name: &'static str,
    /// Does what the bytes say; panics when something does not hold.
    pub run: fn(&[u8]),
    /// How many bytes belong together, when an input is made shorter.
    pub step: usize,
}

/// How many bytes one operation is made of.
const OPERATION: usize = 40;

/// All targets that are built.
pub const TARGETS: &[Target] = &[
    Target { name: "register", run: register::run, step: OPERATION },
    Target { name: "batches", run: batches::run, step: OPERATION },
    Target { name: "apart", run: apart::run, step: OPERATION },
    #[cfg(feature = "rocks")]
    Target { name: "durable", run: durable::run, step: OPERATION },
    #[cfg(feature = "rocks")]
    Target { name: "values", run: values::run, step: 1 },
    #[cfg(feature = "rocks")]
    Target { name: "keys", run: keys::run, step: 1 },
    Target { name: "json", run: json::run, step: 1 },
    Target { name: "cursors", run: cursors::run, step: 1 },
    Target { name: "audience_text", run: audience_text::run, step: 1 },
    Target { name: "audience_jpush", run: audience_jpush::run, step: 1 },
    Target { name: "lines", run: lines::run, step: 1 },
    Target { name: "jpush", run: jpush::run, step: 1 },
    Target { name: "pushwoosh", run: pushwoosh::run, step: 1 },
];
