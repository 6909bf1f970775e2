//! Runs one step and judges how it went.

use std::io;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use crate::advisories;
use crate::gate::Outcome;
use crate::steps::{Judge, Step};
use crate::tools::Toolbox;

/// Runs a step in the workspace's root, without standard input.
pub(crate) fn run(step: &Step, tools: &Toolbox) -> Outcome {
    let program = match tools.locate(step.tool) {
        Ok(program) => program,
        Err(why) => return Outcome::Failed(why),
    };
    let mut command = command(&program);
    command.current_dir(tools.root()).args(step.args).envs(step.env.iter().copied());
    let outcome = match step.judge {
        Judge::Status => command.status().map(by_status),
        Judge::Advisories => heard(&mut command),
    };
    outcome.unwrap_or_else(|error| Outcome::Failed(format!("cannot start {}: {error}", program.display())))
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

pub(crate) fn by_status(status: ExitStatus) -> Outcome {
    if status.success() { Outcome::Passed } else { Outcome::Failed(status.to_string()) }
}
