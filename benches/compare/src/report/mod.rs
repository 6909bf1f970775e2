//! Output of the results.
//!
//! - `row`: one measured figure, and the JSON file of all figures;
//! - `table`: tables in Markdown;
//! - `bars`: the targets of the project and whether the figures meet them;
//! - `plot`: charts.

pub(crate) mod bars;
pub(crate) mod plot;
mod row;
pub(crate) mod table;

pub(crate) use row::{Row, read, write};

/// Prints a line of progress to standard error; standard output carries the results only.
#[allow(clippy::print_stderr, reason = "a program's progress")]
pub(crate) fn notice(text: &str) {
    eprintln!("{text}");
}
