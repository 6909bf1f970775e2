//! Rollbook beside its peers: the same questions, in one run.
//!
//! ```sh
//! cargo run --release -p rollbook-compare -- --devices 10000,100000,1000000 --json figures.json --plots plots
//! ```
//!
//! Every system holds the same made-up devices (`rollbook_bench::Workload`). Before a question is timed, all systems
//! answer a sample of it, and any difference ends the run; where the question reads single devices, all are asked about
//! one device in eight, so that what lies on disk is in their caches. Then they take turns, a block of questions each, for many
//! rounds; told are the median of the blocks and their 99th percentile, both divided by the questions in a block.
//!
//! - `args`: what the program may be told;
//! - `block`, `system`: questions and answers, and what a system is;
//! - `systems`: one file each;
//! - `questions`: by name;
//! - `postings`: the algebra alone, also on published lists;
//! - `measure`: how; `report`: what came of it;
//! - `counting`: the allocator that tells what a system holds.

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
        // What is known so far is kept, should a larger size not fit.
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

/// Everything at one size.
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
    // Last, because stores may clear up after it long afterwards.
    if args.asks("delete-tag") {
        notice(&format!("delete-tag: {devices} devices"));
        rows.append(&mut delete::run(&workload, &mut systems, &effort)?);
    }
    Ok(())
}
