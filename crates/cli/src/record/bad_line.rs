//! Why a line says nothing, or is not taken.

use super::LONGEST;
use rollbook::{ErrorKind, Violations};
use std::fmt;

/// How many broken rules of one line are told; a line may hold a hundred thousand.
const TOLD: usize = 100;

/// Why a line is not taken.
#[derive(Debug)]
pub(crate) enum BadLine {
    /// It is longer than a line may be.
    TooLong,
    /// It is not text; the offset of the first byte that is none.
    NotUtf8(usize),
    /// It is not one JSON object, each member once.
    NotJson(String),
    /// It is of a kind, named by its own member, but not as that kind must be.
    Malformed { kind: &'static str, why: String },
    /// It stands where it must not.
    Misplaced(&'static str),
    /// It breaks rules.
    Broken(Violations),
    /// The register refused it for a reason of its own.
    Refused(rollbook::Error),
    /// The register failed; the line is not to blame.
    Failed(rollbook::Error),
}

impl BadLine {
    /// Why the register did not take a line.
    pub(crate) fn of(error: rollbook::Error) -> Self {
        match error {
            rollbook::Error::Invalid(violations) => BadLine::Broken(violations),
            error if error.kind() == ErrorKind::Argument => BadLine::Refused(error),
            error => BadLine::Failed(error),
        }
    }
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadLine::TooLong => write!(f, "line: bytes: must be at most {LONGEST}: got more"),
            BadLine::NotUtf8(offset) => write!(f, "not UTF-8 from byte {} on", offset + 1),
            BadLine::NotJson(why) => write!(f, "not a JSON object: {why}"),
            BadLine::Malformed { kind, why } => write!(f, "{kind}: {why}"),
            BadLine::Misplaced(why) => f.write_str(why),
            BadLine::Refused(error) | BadLine::Failed(error) => error.fmt(f),
            BadLine::Broken(violations) => {
                for (n, violation) in violations.iter().take(TOLD).enumerate() {
                    write!(f, "{}{violation}", if n == 0 { "" } else { "; " })?;
                }
                match violations.as_slice().len().saturating_sub(TOLD) {
                    0 => Ok(()),
                    rest => write!(f, "; and {rest} more"),
                }
            }
        }
    }
}

/// What is wrong with a JSON text, with the column only: the line's number is told before it.
pub(super) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    match text.strip_suffix(&place) {
        Some(reason) => format!("{reason} at column {}", error.column()),
        None => text,
    }
}
