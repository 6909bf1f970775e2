//! The project's own commands, run as `cargo xtask <command>`.
//!
//! | command  | what it does                                                       |
//! |----------|--------------------------------------------------------------------|
//! | `test`   | every test and every example in the documentation                  |
//! | `verify` | format, lints, tests, documentation, dependencies; changes nothing |
//! | `fix`    | its twin that changes files: lint suggestions, then format         |
//! | `crash`  | kills writers, cuts logs, flips bytes, and tells what survived     |
//!
//! Nothing but Rust and a C compiler has to be on the machine: cargo-nextest runs the tests when it
//! is there; cargo-deny, and libclang for the durable store's engine, are installed when they are
//! not.
//!
//! - [`steps`]: which steps a command has, and their exact command lines
//! - [`gate`]: runs steps one after another, all of them, and sums them up
//! - [`process`]: runs one step and judges how it went
//! - [`libclang`]: finds or installs what the durable store's engine is built with
//! - [`tools`]: finds or installs the programs that steps need
//! - [`advisories`]: tells a real advisory from a database that could not be fetched
#![allow(clippy::print_stdout, reason = "a program that reports to whoever runs it")]

mod advisories;
mod gate;
mod libclang;
mod process;
mod steps;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::steps::{Plan, TestRunner};
use crate::tools::Toolbox;

/// Rollbook's own commands.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run every test and every example in the documentation.
    ///
    /// With cargo-nextest if it is installed, else with `cargo test`.
    Test,
    /// Run the whole gate and change nothing: format, lints, tests, documentation, dependencies.
    ///
    /// Every step runs, also after one has failed; a table at the end says how each went.
    /// cargo-deny is installed into the user's cache directory if it is not on the machine.
    Verify {
        /// Leave the tests out, for when `test` has just run.
        #[arg(long)]
        skip_tests: bool,
    },
    /// Apply what can be applied by machine: lint suggestions, then format.
    Fix,
    /// Kill, cut and damage the durable store for some minutes, and tell what it survived.
    ///
    /// 200 writers are killed, and what they were acknowledged must be there, and nothing by halves; a log is cut at
    /// 200 places, and must open at an earlier moment; 1000 bytes are flipped, and no answer may be wrong; imports
    /// are killed 200 times and resumed, and every event must be there once. `test` does the same with fewer.
    Crash,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let tools = Toolbox::from_env();
    let runner = if tools.has_nextest() { TestRunner::Nextest } else { TestRunner::CargoTest };
    let plan = match args.command {
        Task::Test => Plan::Test,
        Task::Verify { skip_tests: false } => Plan::Verify,
        Task::Verify { skip_tests: true } => Plan::VerifyWithoutTests,
        Task::Fix => Plan::Fix,
        Task::Crash => Plan::Crash,
    };
    if let Err(why) = libclang::prepare() {
        println!("{why}");
        return ExitCode::FAILURE;
    }
    let report = gate::run(&plan.steps(runner), |step| process::run(step, &tools));
    println!("\n{report}");
    if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Args::command().debug_assert();
    }
}
