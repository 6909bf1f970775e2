//! The command line.

pub(crate) mod app;
pub(crate) mod durable;
pub(crate) mod named;
pub(crate) mod serve;

use crate::settings::limits;
use crate::store;
use app::AppCommand;
use clap::{Args, Parser, Subcommand};
use durable::Durable;
use named::{APP, AnyApp};
use rollbook::{DeviceId, Limits};
use serve::Serve;
use std::path::PathBuf;

/// A register of push devices, tags, aliases, users and events.
#[derive(Debug, Parser)]
#[command(name = "rollbook", version, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Query(Query),
    #[command(flatten)]
    Durable(Durable),
    Serve(Serve),
    /// Makes, lists, shows, changes and removes the apps of a register in a directory.
    #[command(subcommand)]
    App(AppCommand),
}

/// Fills a register in memory and asks it one question of every kind.
///
/// Prints a table of question, answer and time taken. The same seed and number of devices give the same answers.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many devices to register.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) devices: u32,
    /// What the devices are drawn from.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Answers who is in an audience: of device registrations that it loads, or of a register in a directory.
///
/// The input holds one JSON object a line: `id` and `platform`, and optionally `tags`, `alias`, `user`, `token`,
/// `mobile`, `language`, `utc_offset` (in seconds), `last_seen` (in seconds since 1970). A line with an id that came
/// before updates that device: what it does not name stays, its tags are added. Empty lines are ignored; a line has at
/// most 4 MiB. What `export` writes is such an input, too.
///
/// A line that is wrong stops the load, and then nothing is answered.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("devices").required(true).args(["input", "store"]))]
pub(crate) struct Query {
    /// The file to load; `-` is standard input.
    #[arg(long, value_name = "FILE", conflicts_with = APP)]
    pub(crate) input: Option<PathBuf>,
    /// The register to ask, which may be in use: `rocksdb:DIR`.
    #[arg(long, value_name = "STORE", value_parser = store::durable, requires = APP)]
    pub(crate) store: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) app: AnyApp,
    /// Ask what is left of a register whose logs are damaged: what was written before the damage.
    #[arg(long, requires = "store")]
    pub(crate) salvage: bool,
    /// A condition, such as `news && (vip || platform(ios)) && !muted`; may be given several times.
    ///
    /// Names stand for tags; `alias(a)`, `user(u)`, `device(d)`, `platform(ios, android)` and `all()` for what they
    /// say; a name with special characters goes in double quotes. Without any, a summary of the devices is printed.
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub(crate) audience: Vec<String>,
    /// How many device ids to print for each audience.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) limit: usize,
    /// Print how each audience is counted: the size of every part on each platform, and which parts are not read.
    #[arg(long, requires = "audience")]
    pub(crate) explain: bool,
    /// Print for each audience why this device is not in it, or that it is.
    #[arg(long, value_name = "ID", requires = "audience")]
    pub(crate) why: Option<DeviceId>,
    /// Print how many devices are in at least one of the audiences, and how many in more than one.
    #[arg(long, requires = "audience")]
    pub(crate) overlap: bool,
    /// Print each answer as one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
    /// Leave lines out that are wrong, and list them at the end on standard error.
    #[arg(long, conflicts_with = "store")]
    pub(crate) skip_invalid: bool,
    /// Which limits the registrations are held to: `jpush`, `relaxed`, `unlimited`, or a file of limits, as `rollbook app
    /// set` takes them.
    #[arg(long, value_name = "LIMITS", default_value = "unlimited", value_parser = limits::of_argument, conflicts_with = "store")]
    pub(crate) limits: Limits,
    /// Tell on standard error how long the load took, also when that is not a terminal.
    #[arg(long)]
    pub(crate) verbose: bool,
}
