//! The command lines of the auditor and of the writer that it starts.

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A long mixed load on the durable store, killed and restarted, checked against an independent ledger.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) part: Option<Part>,
    #[command(flatten)]
    pub(crate) options: Options,
}

/// The options of the program.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Duration in minutes, possibly a fraction; the last audit may exceed it.
    #[arg(long, default_value_t = 60.0, value_parser = minutes)]
    pub(crate) minutes: f64,
    /// Minimum number of runs of the writer, regardless of the duration.
    #[arg(long, default_value_t = 1)]
    pub(crate) runs: u64,
    /// Different seeds give different loads of the same kind.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Number of concurrent workers.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) workers: u16,
    /// Number of device ids of all workers together.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..))]
    pub(crate) devices: u32,
    /// Steps per second of all workers together.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// Keep the directory of the store.
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
    /// The process that the auditor starts and kills.
    #[command(hide = true)]
    Write(WriterArgs),
}

/// The arguments of the writer.
#[derive(Debug, Clone, Args)]
pub(crate) struct WriterArgs {
    /// Directory of the store.
    #[arg(long)]
    pub(crate) directory: PathBuf,
    #[arg(long)]
    pub(crate) seed: u64,
    /// Number of device ids of each worker.
    #[arg(long)]
    pub(crate) devices: u64,
    /// The time of the registry's clock, in seconds since 1970.
    #[arg(long)]
    pub(crate) now: i64,
    /// Milliseconds between the steps of a worker.
    #[arg(long)]
    pub(crate) pause: u64,
    /// The first step of each worker.
    #[arg(long, value_delimiter = ',', required = true)]
    pub(crate) from: Vec<u64>,
}
