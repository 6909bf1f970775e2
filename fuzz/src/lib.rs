//! Fuzz targets: functions of arbitrary bytes, and what must hold for each.
//!
//! | target | what the bytes are | what must hold |
//! |---|---|---|
//! | [`register`] | operations on a register in memory | every result equals the model's |
//! | [`batches`] | batches over few names, on a register in memory | every result equals the model's |
//! | [`apart`] | operations on two apps | the apps are isolated |
//! | `durable` | operations on a register on disk, closed and opened between them | every result equals the model's |
//! | `values`, `keys` | what is on disk | read or refused; what was read is written as it was |
//! | [`json`] | records, commands, limits, write sets as JSON | read or refused; what is written reads as the same |
//! | [`cursors`] | positions in a list as texts | printing what was read gives the same text |
//! | [`audience_text`] | a condition as text | every evaluation gives the same result; an error points into the text |
//! | [`audience_jpush`] | a condition in JPush's form | every evaluation gives the same result |
//! | [`lines`] | a file to import | read or refused line by line; a line that was read is written as it was |
//! | [`jpush`], [`pushwoosh`] | requests to an adapter | responses have its form; a refused request changes nothing |
//!
//! Each target is a function of bytes that panics if something does not hold. It runs in two ways:
//!
//! - under `cargo fuzz run TARGET`, which needs a nightly compiler (`cargo xtask fuzz --minutes N` runs them all);
//! - under plain cargo, by the program `replay` and the test of that name: over the corpus, and over random inputs
//!   made from it. A failing input is shortened as far as possible.
//!
//! `corpus/TARGET` holds a few small inputs that reach much of the code; what a long run finds is not kept.
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

// The command-line program is not a library, so its parser of lines is compiled into this crate.
#[allow(dead_code, reason = "a part of it is fuzzed")]
#[path = "../../crates/cli/src/failure.rs"]
mod failure;
#[allow(dead_code, unused_imports, reason = "a part of it is fuzzed")]
#[path = "../../crates/cli/src/record/mod.rs"]
mod record;

/// One target.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its corpus.
    pub name: &'static str,
    /// Runs the target on the bytes. Panics if something does not hold.
    pub run: fn(&[u8]),
    /// How many bytes belong together when an input is shortened.
    pub step: usize,
}

/// How many bytes one operation is made of.
const OPERATION: usize = 40;

/// All targets of this build.
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
