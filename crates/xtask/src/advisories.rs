//! Tells a real advisory from a database that could not be fetched.
//!
//! cargo-deny ends both with the same exit status, so its words decide. The rule is narrow on
//! purpose: only the one failure that depends on the network, and not on what is checked, is
//! forgiven. A database that was fetched and cannot be read is a failure: the check did not happen,
//! and waiting for the network will not make it happen.

use crate::gate::Outcome;

/// How cargo-deny begins the line, after time and level.
const NOT_FETCHED: &str = "failed to fetch advisory database";

/// A finding: `error[vulnerability]: …`, `error[unsound]: …`.
const FINDING: &str = "error[";

/// Judges a run of `cargo-deny check advisories` by its exit and what it wrote.
pub(crate) fn judge(by_status: Outcome, output: &str) -> Outcome {
    let fetched = !output.lines().any(|line| line.contains(NOT_FETCHED));
    let found = output.lines().any(|line| line.trim_start().starts_with(FINDING));
    match by_status {
        Outcome::Failed(_) if !fetched && !found => {
            Outcome::Skipped("the advisory database cannot be reached".to_owned())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNREACHABLE: &str = "\
2026-01-02 03:04:05 [ERROR] failed to fetch advisory database https://example.org/db with cli: failed to clone
fatal: unable to access 'https://example.org/db/': Could not resolve host: example.org
";
    const VULNERABLE: &str = "\
error[vulnerability]: Use after free
  ┌─ Cargo.lock:7:1
  │ some-crate 1.0.0
advisories FAILED
";
    const UNREADABLE: &str = "\
2026-01-02 03:04:05 [ERROR] failed to load advisory database: failed to parse advisory from 'x.md'
";

    fn failed() -> Outcome {
        Outcome::Failed("exit status: 1".to_owned())
    }

    #[test]
    fn a_database_out_of_reach_is_skipped() {
        assert!(matches!(judge(failed(), UNREACHABLE), Outcome::Skipped(_)));
    }

    #[test]
    fn a_real_advisory_fails() {
        assert_eq!(judge(failed(), VULNERABLE), failed());
    }

    #[test]
    fn an_advisory_fails_also_when_another_database_is_out_of_reach() {
        assert_eq!(judge(failed(), &format!("{UNREACHABLE}{VULNERABLE}")), failed());
    }

    #[test]
    fn a_database_that_cannot_be_read_fails() {
        assert_eq!(judge(failed(), UNREADABLE), failed());
    }

    #[test]
    fn a_failure_without_words_fails() {
        assert_eq!(judge(failed(), ""), failed());
    }

    #[test]
    fn a_clean_run_passes() {
        assert_eq!(judge(Outcome::Passed, "advisories ok\n"), Outcome::Passed);
    }
}
