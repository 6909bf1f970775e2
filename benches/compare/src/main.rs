//! Compares Rollbook with its peers: the same questions, in one run.
//!
//! ```sh
//! cargo run --release -p rollbook-compare -- --devices 10000,100000,1000000 --json figures.json --plots plots
//! ```
//!
//! Every system holds the same generated devices (`rollbook_bench::Workload`). Before a question is timed, the
//! results of all systems for a sample of it are compared, and any difference ends the run. If the question reads
//! single devices, every system is asked about one device in eight, so that its data on disk is in its caches. Then
//! the systems take turns, a block of questions each, for many rounds. The results are the median and the 99th
//! percentile of the blocks, both divided by the number of questions in a block.
//!
//! - `args`: the command line;
//! - `block`, `system`: questions and results, and what a system must provide;
//! - `systems`: one file for each system;
//! - `questions`: the questions by name;
//! - `postings`: set operations alone, also on published lists;
//! - `measure`: the measurements; `report`: their output;
//! - `counting`: an allocator that counts what a system allocates.

mod args;
mod block;
mod counting;
mod measure;
mod postings;
mod questions;
mod report;
mod system;
mod systems;

use args::{Args, system_names};
use clap::Parser;
use measure::{build, check, delay, delete, rounds, threads, warm};
use report::{Row, bars, notice, plot, table};
use rollbook_bench::{Failure, Workload, WorkloadOptions};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

fn main() -> Result<(), Failure> {
    let args = Args::parse();
    args.check()?;
    if args.list {
        let questions = questions::names().collect::<Vec<_>>().join(" ");
        show(&format!("questions: {questions}\nsystems: {}", system_names().join(" ")));
        return Ok(());
    }
    let mut rows = Vec::new();
    for file in &args.from {
        rows.append(&mut report::read(file)?);
    }
    for &devices in args.devices.iter().filter(|&&devices| devices > 0) {
        measured(&args, devices, &mut rows)?;
        // Written after every size, in case a larger one does not fit in memory.
        if let Some(file) = &args.json {
            report::write(file, &rows)?;
        }
    }
    for source in &args.postings {
        notice(&format!("postings: {source}"));
        rows.append(&mut postings::run(postings::Postings::of(source)?, &args.effort())?);
    }
    if let Some(file) = &args.json {
        report::write(file, &rows)?;
    }
    if let Some(dir) = &args.plots {
        plot::write(dir, &rows)?;
    }
    show(&table::tables(&rows));
    show(&bars::table(&rows));
    Ok(())
}

#[allow(clippy::print_stdout, reason = "the result of a program")]
fn show(text: &str) {
    println!("{text}");
}

/// Measures everything at one number of devices.
fn measured(args: &Args, devices: u32, rows: &mut Vec<Row>) -> Result<(), Failure> {
    let options = WorkloadOptions {
        seed: args.seed,
        devices_per_alias: args.devices_per_alias,
        details: args.details,
        ..WorkloadOptions::default()
    };
    let workload = Workload::with_options(devices, options)?;
    let effort = args.effort();
    let mut sizes = Vec::new();
    let mut systems = build::build(&workload, &|name| args.wants(name), &mut sizes)?;
    rows.extend(sizes.into_iter().filter(|row| row.missing || args.asks("memory")));
    for question in questions::all().filter(|question| args.asks(question.name)) {
        notice(&format!("{}: {} devices", question.name, devices));
        check(question, &workload, &mut systems, &effort)?;
        if question.single {
            warm::run(question, &workload, &mut systems, effort.seed)?;
        }
        rows.append(&mut rounds::run(question, &workload, &mut systems, &effort)?);
    }
    if args.asks("two-threads") {
        notice(&format!("two-threads: {devices} devices"));
        rows.append(&mut threads::run(&workload, &systems, &effort)?);
    }
    if args.asks("reader-delay") {
        notice(&format!("reader-delay: {devices} devices"));
        rows.append(&mut delay::run(&workload, &systems, &effort)?);
    }
    // Last, because stores may still be reclaiming space long after it.
    if args.asks("delete-tag") {
        notice(&format!("delete-tag: {devices} devices"));
        rows.append(&mut delete::run(&workload, &mut systems, &effort)?);
    }
    Ok(())
}
