//! What the program may be told.

use crate::measure::Effort;
use crate::questions;
use crate::systems::SYSTEMS;
use clap::Parser;
use rollbook_bench::Failure;
use std::path::PathBuf;
use std::time::Duration;

/// Asks Rollbook and its peers the same questions in one run: Rollbook in memory, a register written by hand, SQLite,
/// and Redis when `redis-server` is on the machine.
#[derive(Debug, Clone, Parser)]
#[command(version)]
pub(crate) struct Args {
    /// Numbers of devices, separated by commas; 0 measures nothing.
    #[arg(long, value_delimiter = ',', default_value = "100000")]
    pub(crate) devices: Vec<u32>,

    /// Lists of devices to count and stream, beside the same by hand on bitmaps: paths of published lists (a zip
    /// archive or a directory of comma-separated files) or numbers of made-up devices, separated by commas.
    #[arg(long, value_delimiter = ',', value_name = "PATH|DEVICES")]
    pub(crate) postings: Vec<String>,

    /// Questions, separated by commas; all unless given.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Systems, separated by commas; all unless given. At ten million devices not all of them fit in memory at once.
    #[arg(long, value_delimiter = ',')]
    pub(crate) systems: Vec<String>,

    /// Lists the names of questions and systems.
    #[arg(long)]
    pub(crate) list: bool,

    /// Writes the figures as JSON.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,

    /// Draws the figures into a directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,

    /// Adds figures that earlier runs wrote.
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub(crate) from: Vec<PathBuf>,

    /// Blocks that each system is asked for each question, at most.
    #[arg(long, default_value_t = 300)]
    pub(crate) rounds: u32,

    /// Seconds that one system may take for one question.
    #[arg(long, default_value_t = 4.0)]
    pub(crate) seconds: f64,

    /// The seed of everything that is made up.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,

    /// Devices that share an alias.
    #[arg(long, default_value_t = 1)]
    pub(crate) devices_per_alias: u32,

    /// Gives devices a language, an offset from UTC and, one in three, a mobile number.
    #[arg(long)]
    pub(crate) details: bool,
}

impl Args {
    /// How long and how often to measure.
    pub(crate) fn effort(&self) -> Effort {
        Effort { rounds: self.rounds, budget: Duration::from_secs_f64(self.seconds), seed: self.seed }
    }

    /// Every name must be one of those that there are.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        let known = |names: &[&str], given: &[String], what: &str| match given
            .iter()
            .find(|name| !names.contains(&name.as_str()))
        {
            Some(unknown) => Err(format!("no {what} is called {unknown}; there are {}", names.join(", "))),
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

/// The names of all systems.
pub(crate) fn system_names() -> Vec<&'static str> {
    SYSTEMS.iter().flat_map(|(names, _)| names.iter().copied()).collect()
}
