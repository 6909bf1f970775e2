//! The command line.

use crate::measure::Effort;
use crate::questions;
use crate::systems::SYSTEMS;
use clap::Parser;
use rollbook_bench::Failure;
use std::path::PathBuf;
use std::time::Duration;

/// Asks Rollbook and its peers the same questions in one run: Rollbook in memory, maps and bitmaps written by hand,
/// SQLite, and Redis if `redis-server` is on the path.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Numbers of devices, separated by commas; 0 skips the measurement.
    #[arg(long, value_delimiter = ',', default_value = "100000")]
    pub(crate) devices: Vec<u32>,

    /// Posting lists to count and stream, compared with bitmaps written by hand: paths of published lists (a zip
    /// archive or a directory of comma-separated files) or numbers of generated devices, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "PATH|DEVICES")]
    pub(crate) postings: Vec<String>,

    /// Questions, separated by commas. Default: all.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Systems, separated by commas. Default: all, which at ten million devices do not fit in memory together.
    #[arg(long, value_delimiter = ',')]
    pub(crate) systems: Vec<String>,

    /// Print the names of questions and systems.
    #[arg(long)]
    pub(crate) list: bool,

    /// Write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Write a chart of the times of each question into a directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,

    /// Add figures that earlier runs wrote with --json.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub(crate) from: Vec<PathBuf>,

    /// Maximum number of blocks for each system and question.
    #[arg(long, default_value_t = 300)]
    pub(crate) rounds: u32,

    /// Maximum seconds for each system and question.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) seconds: f64,

    /// Seed of the generated devices and questions.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Devices that share an alias.
    #[arg(long, default_value_t = 1)]
    pub(crate) devices_per_alias: u32,

    /// Give devices a language, an offset from UTC and, one in three, a mobile number.
    #[arg(long)]
    pub(crate) details: bool,
}

impl Args {
    /// Returns how long and how often to measure.
    pub(crate) fn effort(&self) -> Effort {
        Effort { rounds: self.rounds, budget: Duration::from_secs_f64(self.seconds), seed: self.seed }
    }

    /// Fails if a name of a question or system is unknown.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let known = |names: &[&str], given: &[String], what: &str| match given
            .iter()
            .find(|name| !names.contains(&name.as_str()))
        {
            Some(unknown) => Err(format!("{what} must be one of {}, got {unknown}", names.join(", "))),
            None => Ok(()),
        };
        known(&questions::names().collect::<Vec<_>>(), &self.only, "question")?;
        known(&system_names(), &self.systems, "system")?;
        Ok(())
    }

    pub(crate) fn asks(&self, question: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == question)
    }

    pub(crate) fn wants(&self, system: &str) -> bool {
        self.systems.is_empty() || self.systems.iter().any(|name| name == system)
    }
}

/// Returns the names of all systems.
pub(crate) fn system_names() -> Vec<&'static str> {
    SYSTEMS.iter().flat_map(|(names, _)| names.iter().copied()).collect()
}
