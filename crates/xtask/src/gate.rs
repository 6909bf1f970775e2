//! Runs steps one after another, all of them, and sums them up.

use std::fmt;
use std::time::{Duration, Instant};

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Passed,
    /// Not a failure; the reason is for the reader.
    Skipped(String),
    Failed(String),
}

/// The steps of one command and how each went.
#[derive(Debug, Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    outcome: Outcome,
    took: Duration,
}

/// What is run, in a word or two for the summary.
pub(crate) trait Named: fmt::Display {
    fn name(&self) -> &'static str;
}

/// Runs every step, also after a failure, so that one run shows everything there is to repair.
pub(crate) fn run<S: Named>(steps: &[S], mut run_step: impl FnMut(&S) -> Outcome) -> Report {
    let mut report = Report::default();
    for step in steps {
        println!("\n== {}\n   {step}", step.name());
        let started = now();
        let outcome = run_step(step);
        let took = started.elapsed();
        println!("== {}: {outcome} in {}", step.name(), seconds(took));
        report.lines.push(Line { name: step.name(), outcome, took });
    }
    report
}

impl Report {
    pub(crate) fn passed(&self) -> bool {
        !self.lines.iter().any(|line| matches!(line.outcome, Outcome::Failed(_)))
    }

    /// Was nothing done at all?
    pub(crate) fn all_skipped(&self) -> bool {
        self.lines.iter().all(|line| matches!(line.outcome, Outcome::Skipped(_)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|line| line.name.len()).max().unwrap_or(0).max(4);
        write!(f, "{:<width$}  {:>8}  result", "step", "time")?;
        for line in &self.lines {
            write!(f, "\n{:<width$}  {:>8}  {}", line.name, seconds(line.took), line.outcome)?;
        }
        Ok(())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Skipped(why) => write!(f, "skipped ({why})"),
            Self::Failed(why) => write!(f, "FAILED ({why})"),
        }
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "how long a step took is the machine's own time")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steps::{Plan, TestRunner};

    fn report(lines: &[(&'static str, Outcome)]) -> Report {
        let line = |(name, outcome): &(&'static str, Outcome)| Line {
            name,
            outcome: outcome.clone(),
            took: Duration::from_millis(1234),
        };
        Report { lines: lines.iter().map(line).collect() }
    }

    #[test]
    fn steps_after_a_failure_still_run() {
        let steps = Plan::Verify.steps(TestRunner::Nextest);
        let mut seen = Vec::new();
        let report = run(&steps, |step| {
            seen.push(*step);
            Outcome::Failed("broken".to_owned())
        });
        assert_eq!(seen, steps);
        assert_eq!(report.lines.len(), steps.len());
        assert!(!report.passed());
    }

    #[test]
    fn one_failure_among_passes_fails_the_whole() {
        let failed = Outcome::Failed("exit status: 1".to_owned());
        let lines = [("a", Outcome::Passed), ("b", failed), ("c", Outcome::Passed)];
        assert!(!report(&lines).passed());
    }

    #[test]
    fn a_skipped_step_does_not_fail_the_whole() {
        let lines = [("a", Outcome::Passed), ("b", Outcome::Skipped("no network".to_owned()))];
        assert!(report(&lines).passed());
    }

    #[test]
    fn a_run_of_nothing_but_skipped_steps_is_told() {
        let skipped = |name| (name, Outcome::Skipped("missing".to_owned()));
        assert!(report(&[skipped("a"), skipped("b")]).all_skipped());
        assert!(!report(&[skipped("a"), ("b", Outcome::Passed)]).all_skipped());
    }

    #[test]
    fn the_table_has_one_aligned_line_a_step_and_says_why() {
        let table = report(&[
            ("format", Outcome::Passed),
            ("dependencies", Outcome::Failed("exit status: 2".to_owned())),
            ("advisories", Outcome::Skipped("out of reach".to_owned())),
        ]);
        assert_eq!(
            table.to_string(),
            "step              time  result\n\
             format           1.2 s  passed\n\
             dependencies     1.2 s  FAILED (exit status: 2)\n\
             advisories       1.2 s  skipped (out of reach)"
        );
    }
}
