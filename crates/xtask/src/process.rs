//! Runs one step and judges how it went.

use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::gate::Outcome;
use crate::steps::{Chore, Judge, Step, Tool};
use crate::tools::Toolbox;
use crate::{advisories, api, features, fuzz, model, named_tests, packages};

/// Runs a step where it belongs, without standard input.
pub(crate) fn run(step: &Step, tools: &Toolbox) -> Outcome {
    if let Judge::Own(chore) = step.judge {
        return own(chore, tools);
    }
    let program = match tools.locate(step.tool) {
        Ok(program) => program,
        Err(why) => return Outcome::Failed(why),
    };
    let mut command = command(&program);
    command.current_dir(tools.root().join(step.dir)).args(step.args).envs(step.env.iter().copied());
    let outcome = match step.judge {
        Judge::Nightly if !fuzz::has_nightly() => Ok(Outcome::Skipped(fuzz::NO_NIGHTLY.to_owned())),
        Judge::Advisories => heard(&mut command),
        Judge::Status | Judge::Nightly | Judge::Own(_) => command.status().map(by_status),
        Judge::OneTest => one_test(&mut command),
    };
    outcome.unwrap_or_else(|error| Outcome::Failed(format!("cannot start {}: {error}", program.display())))
}

/// What a step's command line would call this program for.
fn own(chore: Chore, tools: &Toolbox) -> Outcome {
    match chore {
        Chore::RecordApi => api::record(tools),
        Chore::CheckApi => api::check(tools),
        Chore::Features => features::check(tools),
        Chore::Packages => packages::check(tools),
        Chore::Model => model::short(tools),
        Chore::NamedTests => named_tests::check(tools),
    }
}

/// Runs cargo with these words in the workspace's root.
pub(crate) fn cargo<'a>(tools: &Toolbox, words: impl IntoIterator<Item = &'a str>) -> Outcome {
    let cargo = match tools.locate(Tool::Cargo) {
        Ok(cargo) => cargo,
        Err(why) => return Outcome::Failed(why),
    };
    match command(&cargo).current_dir(tools.root()).args(words).status() {
        Ok(status) => by_status(status),
        Err(error) => Outcome::Failed(format!("cannot start {}: {error}", cargo.display())),
    }
}

/// A command that does not see what cargo told this very program about itself: a build script that
/// watches such a variable would run again under another command for no reason.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    for (key, _) in std::env::vars_os() {
        let ours = key.to_str().is_some_and(|key| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|p| key.starts_with(p))
        });
        if ours {
            command.env_remove(key);
        }
    }
    command
}

/// Judges by what the command wrote, and shows it, except where the judgement says it all.
fn heard(command: &mut Command) -> io::Result<Outcome> {
    let output = command.output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let outcome = advisories::judge(by_status(output.status), &said);
    if !matches!(outcome, Outcome::Skipped(_)) {
        println!("{}", said.trim_end());
    }
    Ok(outcome)
}

/// Shows what the command writes as it comes, and judges by it, too.
fn one_test(command: &mut Command) -> io::Result<Outcome> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut ran = false;
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line?;
            ran |= is_one_test(&line);
            println!("{line}");
        }
    }
    Ok(match by_status(child.wait()?) {
        Outcome::Passed if !ran => Outcome::Failed("no test of that name has run".to_owned()),
        outcome => outcome,
    })
}

/// Is this how the test harness sums up one test?
fn is_one_test(line: &str) -> bool {
    line.starts_with("test result: ok. 1 passed;")
}

pub(crate) fn by_status(status: ExitStatus) -> Outcome {
    if status.success() { Outcome::Passed } else { Outcome::Failed(status.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_test_is_told_from_none() {
        let of = |n| format!("test result: ok. {n} passed; 0 failed; 0 ignored; 0 measured; 4 filtered out");
        assert!(is_one_test(&of(1)));
        assert!(!is_one_test(&of(0)) && !is_one_test(&of(10)) && !is_one_test("running 1 test"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_runs_no_test_does_not_pass() {
        let said = |text: &str| one_test(command(Path::new("echo")).arg(text)).unwrap();
        assert_eq!(said("test result: ok. 1 passed; 0 failed"), Outcome::Passed);
        assert!(matches!(said("test result: ok. 0 passed; 0 failed"), Outcome::Failed(_)));
        let outcome = one_test(&mut command(Path::new("false"))).unwrap();
        assert!(matches!(outcome, Outcome::Failed(_)));
    }
}
