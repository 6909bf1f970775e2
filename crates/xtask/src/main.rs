//! The project's own commands, run as `cargo xtask <command>`.
//!
//! | command  | what it does                                                       |
//! |----------|--------------------------------------------------------------------|
//! | `test`   | every test and every example in the documentation                  |
//! | `verify` | format, lints, tests, documentation, dependencies; changes nothing |
//! | `fix`    | its twin that changes files: lint suggestions, then format         |
//! | `clients`| the vendors' own clients against the service                       |
//!
//! Nothing but Rust and a C compiler has to be on the machine: cargo-nextest runs the tests when it
//! is there; cargo-deny, and libclang for the durable store's engine, are installed when they are
//! not.
//!
//! - [`steps`]: which steps a command has, and their exact command lines
//! - [`gate`]: runs steps one after another, all of them, and sums them up
//! - [`clients`]: installs the vendors' clients and runs them
//! - [`process`]: runs one step and judges how it went
//! - [`libclang`]: finds or installs what the durable store's engine is built with
//! - [`tools`]: finds or installs the programs that steps need
//! - [`advisories`]: tells a real advisory from a database that could not be fetched
#![allow(clippy::print_stdout, reason = "a program that reports to whoever runs it")]

mod advisories;
mod clients;
mod gate;
mod libclang;
mod process;
mod steps;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::gate::Report;
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
    /// Run the vendors' own clients, as they are published, against the service.
    ///
    /// They are installed into the user's cache directory, from their usual registries. A client whose runtime (python3,
    /// node) is not on the machine is left out, and the table at the end says so.
    Clients,
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
        // Needs no plan, and nothing that one is built with.
        Task::Clients => return finish(clients::run(&tools)),
    };
    if let Err(why) = libclang::prepare() {
        return finish(Err(why));
    }
    let report = gate::run(&plan.steps(runner), |step| process::run(step, &tools));
    finish(Ok(report))
}

fn finish(report: Result<Report, String>) -> ExitCode {
    match report {
        Ok(report) => {
            println!("\n{report}");
            if report.passed() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            println!("{why}");
            ExitCode::FAILURE
        }
    }
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
