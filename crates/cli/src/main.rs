//! The program `rollbook`: see what the register does, ask who is in an audience, and keep a register in a directory.
//!
//! - `rollbook demo`: fills a register in memory and asks it one question of every kind;
//! - `rollbook query`: answers audiences of device registrations, one JSON object a line, or of a directory;
//! - `rollbook import`, `export`, `verify`, `stats`, `backup`, `restore`: what an operator does with a directory;
//! - `rollbook serve`: answers the vendors' protocols on a socket;
//! - `rollbook app`: the apps of a register in a directory.
//!
//! Answers go to standard output, everything else to standard error. The exit code is 0 when all was answered, 1 when
//! something failed, 2 when the command line was wrong.

mod app;
mod args;
mod demo;
mod durable;
mod failure;
mod load;
mod output;
mod private;
mod progress;
mod query;
mod record;
mod register;
mod serve;
mod settings;
mod skipped;
mod stopwatch;
mod store;

use args::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Demo(options) => demo::run(&options),
        Command::Query(options) => query::run(&options),
        Command::Durable(command) => durable::run(&command),
        Command::Serve(options) => serve::run(&options),
        Command::App(command) => app::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
