//! Verifies that all systems return the same results: times of different work cannot be compared.

use super::Effort;
use crate::block::{Answer, Block};
use crate::questions::{Question, Turn};
use crate::system::System;
use rollbook_bench::{Failure, Workload};

/// Questions of a sample.
const SAMPLE: usize = 200;

/// Asks every system the same sample, before, during and after a change, and compares all results with those of the
/// first system.
pub(crate) fn check(
    question: &Question,
    workload: &Workload,
    systems: &mut [Box<dyn System>],
    effort: &Effort,
) -> Result<(), Failure> {
    let turn = (question.make)(workload, effort.seed ^ 0xC4EC, SAMPLE.min(question.most))?;
    let mut first: Option<(&'static str, Vec<Answer>)> = None;
    for system in systems.iter_mut().filter(|system| !system.is_bare() && system.takes(&turn.timed)) {
        let answers = all_answers(&mut **system, &turn)?;
        match &first {
            None => first = Some((system.name(), answers)),
            Some((other, expected)) => same(question.name, (other, expected), (system.name(), &answers))?,
        }
    }
    Ok(())
}

fn all_answers(system: &mut dyn System, turn: &Turn) -> Result<Vec<Answer>, Failure> {
    let mut answers = Vec::new();
    let mut ask = |block: &Block| -> Result<(), Failure> {
        answers.append(&mut system.answer(block)?);
        Ok(())
    };
    turn.before.iter().try_for_each(&mut ask)?;
    ask(&turn.timed)?;
    turn.probes.iter().try_for_each(&mut ask)?;
    if let Some(after) = &turn.after {
        ask(after)?;
        // Removed devices cannot be looked up.
        let known =
            |probe: &&Block| !(matches!(after, Block::Remove(_)) && matches!(probe, Block::Device(_)));
        turn.probes.iter().filter(known).try_for_each(&mut ask)?;
    }
    Ok(answers)
}

/// Fails with the first difference.
pub(crate) fn same(
    question: &str,
    (one, expected): (&str, &[Answer]),
    (other, answers): (&str, &[Answer]),
) -> Result<(), Failure> {
    if expected.len() != answers.len() {
        let (some, more) = (expected.len(), answers.len());
        return Err(format!("{question}: {one} gave {some} answers, {other} {more}").into());
    }
    match expected.iter().zip(answers).find(|(expected, answer)| expected != answer) {
        None => Ok(()),
        Some((expected, answer)) => {
            Err(format!("{question}: {one} returned {expected:?}, {other} returned {answer:?}").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{build, delete, rounds};
    use crate::questions;
    use crate::report::Row;
    use rollbook_bench::WorkloadOptions;
    use std::time::Duration;

    const EFFORT: Effort = Effort { rounds: 2, budget: Duration::from_secs(1), seed: 1 };

    fn small(options: WorkloadOptions) -> (Workload, Vec<Box<dyn System>>, Vec<Row>) {
        let workload = Workload::with_options(300, options).unwrap();
        let mut rows = Vec::new();
        let systems = build::build(&workload, &|_| true, &mut rows).unwrap();
        (workload, systems, rows)
    }

    #[test]
    fn all_systems_give_the_same_answers_to_every_question() {
        for options in [
            WorkloadOptions::default(),
            WorkloadOptions { details: true, devices_per_alias: 4, ..WorkloadOptions::default() },
        ] {
            let (workload, mut systems, _) = small(options);
            assert!(systems.len() >= 3);
            for question in questions::all() {
                check(question, &workload, &mut systems, &EFFORT).unwrap();
                let rows = rounds::run(question, &workload, &mut systems, &EFFORT).unwrap();
                assert!(rows.len() >= 3 && rows.iter().all(|row| row.median_ns > Some(0.0)), "{rows:?}");
            }
            assert!(delete::run(&workload, &mut systems, &EFFORT).unwrap().len() >= 3);
        }
    }

    #[test]
    fn every_system_has_a_size_or_is_reported_as_missing() {
        let (_, _, rows) = small(WorkloadOptions::default());
        for system in ["rollbook-mem", "by-hand"] {
            let row = rows.iter().find(|row| row.system == system && row.question == "memory").unwrap();
            assert!(row.bytes_per_device > Some(50.0), "{row:?}");
        }
        assert!(rows.iter().any(|row| row.system == "sqlite" && row.question == "disk"));
        assert!(
            rows.iter()
                .any(|row| row.system == "redis" && (row.missing || row.bytes_per_device > Some(50.0)))
        );
    }

    #[test]
    fn a_difference_is_reported_with_both_answers() {
        let error = same("x", ("one", &[Answer::Is(true)]), ("other", &[Answer::Is(false)])).unwrap_err();
        assert_eq!(error.to_string(), "x: one returned Is(true), other returned Is(false)");
    }
}
