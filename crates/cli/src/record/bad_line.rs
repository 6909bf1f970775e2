//! Why a line says nothing, or is not taken.

use super::LONGEST;
use rollbook::{ErrorKind, Violations};
use std::borrow::Cow;
use std::fmt;

/// How many broken rules of one line are told; a line may hold a hundred thousand.
const TOLD: usize = 100;

/// How many bytes of each end of a long reason are told; a line may hold four million.
const SHOWN: usize = 128;

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
        Some(reason) => format!("{} at column {}", cut(reason), error.column()),
        None => cut(&text).into_owned(),
    }
}

/// The beginning and the end of what repeats a text of the line: what it is about, and what was expected.
fn cut(reason: &str) -> Cow<'_, str> {
    if reason.len() <= 2 * SHOWN {
        return Cow::Borrowed(reason);
    }
    let from = reason.len() - SHOWN;
    let head = (0..=SHOWN).rev().find_map(|end| reason.get(..end)).unwrap_or_default();
    let tail = (from..=reason.len()).find_map(|start| reason.get(start..)).unwrap_or_default();
    Cow::Owned(format!("{head}…{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_repeats_a_long_text_is_cut_in_its_middle() {
        let line = format!("{{\"{}\": 1}}", "ä".repeat(100_000));
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        let told = reason(&serde_json::from_str::<Nothing>(&line).unwrap_err());
        assert!(told.len() < 3 * SHOWN, "{} bytes", told.len());
        assert!(told.starts_with("unknown field `ä") && told.contains("ä…ä"), "{told}");
        assert!(told.contains("there are no fields at column "), "{told}");
    }
}
