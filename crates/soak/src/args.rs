//! The command line: of the auditor, and of the writer that he starts.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A long mixed load on the durable store, killed and restarted, against exact books.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// What an operator may choose.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// How long, in minutes or parts of one; the last audit may take a little longer.
    #[arg(long, default_value_t = 60.0, value_parser = minutes)]
    pub(crate) minutes: f64,
    /// At least so many lives of the writer, however long they take.
    #[arg(long, default_value_t = 1)]
    pub(crate) lives: u64,
    /// Another seed is another load of the same kind.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Writers at the same time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) lanes: u16,
    /// Device ids that all writers together use.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) devices: u32,
    /// Steps a second, of all writers together.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// Keep the directory of the store, to look at it afterwards.
    #[arg(long)]
    pub(crate) keep: bool,
}

impl Options {
    pub(crate) fn seconds(&self) -> u64 {
        (self.minutes * 60.0) as u64
    }
}

fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|error| format!("{error}"))?;
    if (0.0..=100_000.0).contains(&minutes) { Ok(minutes) } else { Err("must be 0 to 100000".to_owned()) }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// The process that the auditor starts, and kills.
    #[command(hide = true)]
    Write(Orders),
}

/// What the writer is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct Orders {
    /// The store.
    #[arg(long)]
    pub(crate) directory: PathBuf,
    #[arg(long)]
    pub(crate) seed: u64,
    /// Device ids of each lane.
    #[arg(long)]
    pub(crate) devices: u64,
    /// What the register's clock shows, in seconds since 1970.
    #[arg(long)]
    pub(crate) now: i64,
    /// Milliseconds between the steps of a lane.
    #[arg(long)]
    pub(crate) pause: u64,
    /// The first step of each lane.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) from: Vec<u64>,
}
