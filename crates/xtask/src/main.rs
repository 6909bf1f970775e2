//! The project's own commands, run as `cargo xtask <command>`.
//!
//! | command    | what it does                                                     |
//! |------------|------------------------------------------------------------------|
//! | `test`     | every test and every example in the documentation                |
//! | `verify`   | the whole gate, the last three within it; changes nothing        |
//! | `fix`      | its twin that changes files: lint suggestions, then format       |
//! | `api`      | records the libraries' public API in `api/`; `--check` compares  |
//! | `features` | lints each published package alone, under every choice           |
//! | `packages` | packs what would be published                                    |
//! | `named-tests` | whether the tests that docs/SECURITY.md names are run       |
//! | `crash`    | kills writers, cuts logs, flips bytes, and tells what survived   |
//! | `fuzz`     | every fuzz target for its share of some minutes                  |
//! | `soak`     | a long mixed load on the durable store, killed and audited       |
//! | `load`     | requests a second of the service, beside a static answer of nginx |
//! | `model`    | an independent model in step with the service over HTTP          |
//! | `mutants`  | changes code place by place: is there a test that notices?       |
//! | `sanitize` | tests under the nightly compiler's sanitizers and interpreter    |
//! | `clients`  | the vendors' own clients against the service                     |
//!
//! Nothing but Rust and a C compiler has to be on the machine: cargo-nextest runs the tests when it
//! is there; cargo-deny, and libclang for the durable store's engine, are installed when they are
//! not.
//!
//! - [`steps`]: which steps a command has, and their exact command lines
//! - [`gate`]: runs steps one after another, all of them, and sums them up
//! - [`clients`]: installs the vendors' clients and runs them
//! - [`process`]: runs one step and judges how it went
//! - [`workspace`]: what cargo tells of the published packages
//! - [`api`], [`features`], [`packages`]: what is checked of each of them
//! - [`named_tests`]: whether a page's tests are among those that are run
//! - [`debian`]: installs packages of Debian's
//! - [`libclang`]: finds or installs what the durable store's engine is built with
//! - [`fuzz`]: runs the fuzz targets, and tells what they found with the shortest input
//! - [`sanitize`]: which tests run under which sanitizer, and what that needs
//! - [`program`], [`service`]: builds the program `rollbook`, and starts it
//! - [`load`]: measures the service beside nginx
//! - [`model`]: runs the model of the register beside it
//! - [`mutants`]: runs cargo-mutants, and compares with the survivors that are known
//! - [`tools`]: finds or installs the programs that steps need
//! - [`advisories`]: tells a real advisory from a database that could not be fetched
#![allow(clippy::print_stdout, reason = "a program that reports to whoever runs it")]

mod advisories;
mod api;
mod clients;
mod debian;
mod features;
mod fuzz;
mod gate;
mod libclang;
mod load;
mod model;
mod mutants;
mod named_tests;
mod packages;
mod process;
mod program;
mod sanitize;
mod service;
mod steps;
mod tools;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::gate::{Outcome, Report};
use crate::sanitize::Watcher;
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
    /// Run the whole gate and change nothing: format, lints, tests, documentation, public API, features,
    /// packages, dependencies.
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
    /// Record the public API of every published library in `api/`, one item a line.
    Api {
        /// Compare with what is recorded, and change nothing.
        #[arg(long)]
        check: bool,
    },
    /// Lint each published package alone, under every choice of features.
    Features,
    /// Pack what would be published, without building it again.
    Packages,
    /// Check that every test that docs/SECURITY.md names is among those that `test` runs.
    NamedTests,
    /// Kill, cut and damage the durable store for some minutes, and tell what it survived.
    ///
    /// 200 writers are killed, and what they were acknowledged must be there, and nothing by halves; a log is cut at
    /// 200 places, and must open at an earlier moment; 1000 logs are changed, cut or removed, and must lose nothing before what
    /// is good, or be refused; 1000 bytes are flipped, and no answer may be wrong; imports
    /// are killed 200 times and resumed, and every event must be there once. `test` does the same with fewer.
    Crash,
    /// Run every fuzz target, and tell what was found with the shortest input that shows it.
    ///
    /// First random sequences of operations under plain cargo, on each store; then cargo-fuzz, for which the time is
    /// shared by all targets. Inputs that lead further are kept in the build directory for the next run.
    Fuzz(fuzz::Extent),
    /// Let a mixed load run on the durable store, kill it, audit what it left, and report.
    ///
    /// `--minutes N` says how long, `--seed N` which load; `--help` behind `soak` lists the rest.
    #[command(disable_help_flag = true)]
    Soak {
        /// Handed on.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// Send random requests of both protocols to the service and to an independent model of it, and compare.
    ///
    /// `--minutes N` or `--steps N` says how many, `--seed S` which, `--rocks` on RocksDB, with restarts and exports;
    /// `--help` after `model` lists the rest. A difference is shown with the shortest sequence that was found. The model
    /// is a program in Python; `test` takes a few thousand steps of it.
    #[command(disable_help_flag = true)]
    Model {
        /// Handed on.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<OsString>,
    },
    /// Measure the service under load, in turns with nginx that gives a static answer, and print one table.
    ///
    /// Requests a second, median and 99th percentile at 1, 16 and 256 connections. nginx and wrk are installed from
    /// Debian where they are missing; everything is on this machine's own address, and has ended afterwards.
    Load(load::Extent),
    /// Change the code at one place after the other, and see whether a test notices.
    ///
    /// Over the package rollbook-http and over the registry of rollbook, for hours; `--shard` takes a part. Survivors
    /// that docs/MUTANTS.md does not know are a failure. cargo-mutants is installed where it is missing.
    Mutants(mutants::Extent),
    /// Run tests of what is Rust all the way down under the nightly compiler's sanitizers and its interpreter.
    ///
    /// What the machine has no component for is skipped, and the table at the end says what is missing.
    Sanitize {
        /// One of them; else all.
        watcher: Option<Watcher>,
    },
    /// Run the vendors' own clients, as they are published, against the service.
    ///
    /// They are installed into the user's cache directory, from their usual registries. A client whose runtime (python3,
    /// node) is not on the machine is left out, and the table at the end says so.
    Clients,
}

fn main() -> ExitCode {
    if let Some(code) = api::rustdoc::stand_in() {
        return code;
    }
    let args = Args::parse();
    let tools = Toolbox::from_env();
    let runner = if tools.has_nextest() { TestRunner::Nextest } else { TestRunner::CargoTest };
    if args.command.meets_the_durable_store()
        && let Err(why) = libclang::prepare()
    {
        return finish(Err(why));
    }
    let plan = match args.command {
        Task::Clients => return finish(clients::run(&tools)),
        Task::Sanitize { watcher } => return finish(Ok(sanitized(watcher, &tools))),
        Task::Model { options } => return finish_one(&model::run(&tools, &options)),
        Task::Load(extent) => return finish_one(&judged(load::run(&tools, &extent))),
        Task::Mutants(extent) => return finish_one(&judged(mutants::run(&tools, &extent))),
        Task::Soak { options } => return soak(&tools, &options),
        Task::Fuzz(extent) => return fuzz::run(&tools, &extent),
        Task::Test => Plan::Test,
        Task::Verify { skip_tests: false } => Plan::Verify,
        Task::Verify { skip_tests: true } => Plan::VerifyWithoutTests,
        Task::Fix => Plan::Fix,
        Task::Api { check: false } => Plan::RecordApi,
        Task::Api { check: true } => Plan::CheckApi,
        Task::Features => Plan::Features,
        Task::Packages => Plan::Packages,
        Task::NamedTests => Plan::NamedTests,
        Task::Crash => Plan::Crash,
    };
    let report = gate::run(&plan.steps(runner), |step| process::run(step, &tools));
    finish(Ok(report))
}

impl Task {
    /// Does it compile the durable store's engine?
    fn meets_the_durable_store(&self) -> bool {
        match self {
            Task::Clients | Task::Mutants(_) | Task::Sanitize { .. } => false,
            Task::Load(extent) => extent.rocks,
            Task::Model { options } => model::is_durable(options),
            _ => true,
        }
    }
}

fn sanitized(watcher: Option<Watcher>, tools: &Toolbox) -> Report {
    let watchers = watcher.map_or_else(|| Watcher::value_variants().to_vec(), |one| vec![one]);
    let installed = sanitize::nightly_components();
    let steps: Vec<_> = watchers.iter().map(|watcher| watcher.step()).collect();
    let mut lacks = watchers.iter().map(|watcher| watcher.lacks(&installed));
    gate::run(&steps, |step| match lacks.next().flatten() {
        Some(why) => Outcome::Skipped(why),
        None => process::run(step, tools),
    })
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

/// The end of a command of one part, which has told what it did.
fn finish_one(outcome: &Outcome) -> ExitCode {
    match outcome {
        Outcome::Passed => ExitCode::SUCCESS,
        Outcome::Skipped(_) | Outcome::Failed(_) => {
            println!("{outcome}");
            ExitCode::FAILURE
        }
    }
}

fn judged(result: Result<(), String>) -> Outcome {
    result.map_or_else(Outcome::Failed, |()| Outcome::Passed)
}

/// Built as the tests are, so that the engine is not compiled a second time.
fn soak(tools: &Toolbox, options: &[OsString]) -> ExitCode {
    let mut command = process::command(tools.cargo());
    command
        .current_dir(tools.root())
        .args(["run", "--quiet", "--package", "rollbook-soak", "--"])
        .args(options);
    match command.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            println!("cannot start {}: {error}", tools.cargo().display());
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
