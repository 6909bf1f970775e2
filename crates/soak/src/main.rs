//! A long mixed load on the durable store, with an auditor that keeps an independent ledger.
//!
//! There are two processes. The *writer* opens a store and runs several workers. Each does its steps one after the other
//! and acknowledges each step on a pipe. The *auditor* reads the acknowledgements, does each step to a model of its own and
//! compares the results. It kills or stops the writer, opens the store and compares everything in it with the ledger. The
//! step that a worker had begun when it was killed must be there as a whole or not at all. Now and then the writer backs
//! up the store while it writes; the auditor restores the backup, compares it, and continues the load in the restored store.
//!
//! All workers write to one shared app, each with devices, users, aliases and tags of its own, and some shared tags. Each
//! worker also creates, changes and deletes an app of its own. The same seed gives the same steps.
//!
//! - [`workload`]: the steps of a worker; [`rng`]: random numbers from a seed
//! - [`writer`]: the process that is killed
//! - [`child`]: one run of it, supervised by the auditor
//! - [`ledger`]: what the registry must hold; [`facts`]: the contents of a registry in comparable form
//! - [`audit`]: compares a directory with the ledger
//! - [`baseline`]: the disk space of a new store with the same contents
//! - [`metrics`]: memory, open files and disk, and whether they stay constant
//! - [`soak`]: one run after the other until the time is up; [`report`]: the result
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints its progress and result"
)]

mod args;
mod audit;
mod baseline;
mod child;
mod facts;
mod ledger;
mod metrics;
mod report;
mod rng;
mod soak;
mod workload;
mod writer;

use args::{Arguments, Part};
use clap::Parser;
use std::error::Error;
use std::process::ExitCode;

/// An error that ends the program without a result.
type Failure = Box<dyn Error + Send + Sync>;

fn main() -> ExitCode {
    let Arguments { part, options } = Arguments::parse();
    let done = match part {
        Some(Part::Write(writer_args)) => writer::write(&writer_args).map(|()| true),
        None => soak::run(&options).map(|report| {
            println!("\n{report}");
            report.passed()
        }),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("the soak failed: {failure}");
            ExitCode::FAILURE
        }
    }
}
