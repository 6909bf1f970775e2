//! What has been measured, told.
//!
//! - `row`: one figure, and the JSON that holds them;
//! - `table`: for people;
//! - `bars`: what the project has promised itself, and whether it is kept;
//! - `svg`, `plot`: pictures.

pub(crate) mod bars;
pub(crate) mod plot;
mod row;
mod svg;
pub(crate) mod table;

pub(crate) use row::{Row, read, write};

/// Says what goes on, beside the results.
#[allow(clippy::print_stderr, reason = "a program's progress")]
pub(crate) fn notice(text: &str) {
    eprintln!("{text}");
}
