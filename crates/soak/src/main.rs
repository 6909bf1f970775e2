//! A long mixed load on the durable store, with an auditor who keeps books of his own.
//!
//! Two processes. The *writer* opens a store and lets every lane do its steps, one after the other, each acknowledged
//! on a pipe. The *auditor* reads them, does each step to a model of his own and compares the answers; he kills the
//! writer, or stops it, opens what it left and compares the whole register with his books: of the one step that a lane
//! was at when it was killed, all is there, or nothing. Now and then the writer backs the store up while it writes; the
//! auditor restores, compares, and lets the load go on in what was restored.
//!
//! All lanes write to one app, each with devices, users, aliases and tags of its own, and some tags that all share;
//! each has another app to itself, which it also creates, changes and deletes. The same seed makes the same steps.
//!
//! - [`lane`]: what a writer does, step by step; [`draw`]: chance from a seed
//! - [`writer`]: the process that is killed
//! - [`life`]: one life of it, seen by the auditor
//! - [`books`]: what the register must hold; [`facts`]: one register as facts that can be compared
//! - [`audit`]: a directory against the books
//! - [`anew`]: what the disk would hold if nothing had ever happened
//! - [`meter`]: memory, files and disk, and whether they stay as they are
//! - [`soak`]: one life after the other until the time is up; [`report`]: what came of it
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that reports to whoever runs it")]

mod anew;
mod args;
mod audit;
mod books;
mod draw;
mod facts;
mod lane;
mod life;
mod meter;
mod report;
mod soak;
mod writer;

use args::{Arguments, Part};
use clap::Parser;
use std::error::Error;
use std::process::ExitCode;

/// What stops the program before it has a result.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let Arguments { part, options } = Arguments::parse();
    let done = match part {
        Some(Part::Write(orders)) => writer::write(&orders).map(|()| true),
        None => soak::run(&options).map(|report| {
            println!("\n{report}");
            report.passed()
        }),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("the soak could not go on: {failure}");
            ExitCode::FAILURE
        }
    }
}
