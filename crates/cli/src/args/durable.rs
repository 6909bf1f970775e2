//! The commands over a register that is kept in a directory.

use super::named::{AnyApp, AppName};
use crate::settings::limits;
use crate::store::durable;
use clap::{Args, Subcommand};
use rollbook::Limits;
use std::path::PathBuf;

/// The commands over a register that is kept in a directory.
#[derive(Debug, Subcommand)]
pub(crate) enum Durable {
    Import(Import),
    Export(Export),
    Verify(Verify),
    Stats(Stats),
    Backup(Backup),
    Restore(Restore),
}

/// Brings the lines of a file into an app of a register in a directory.
///
/// The input is what `query --input` reads, one device a line, or what `export` writes. The directory and the app are
/// made where there is none. Devices of an input of their own are held to the app's limits; an export becomes a new
/// app with the limits that it brings, and what it holds is taken as it is. An imported app has no secret and no API
/// token: nothing of them is in an export.
///
/// Lines are taken in batches of up to 1000, each whole or not at all and on disk before the next. A line that is
/// wrong stops the import. An app that the import made is then removed again, unless `--keep` is given: a failed import
/// leaves no app. Into an app that was there before, every line before the wrong one is imported.
///
/// After a kill, a crash or a full disk, and wherever lines are kept, `--resume` goes on after the last batch.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The register: `rocksdb:DIR`.
    #[arg(long, value_name = "STORE", value_parser = durable)]
    pub(crate) store: PathBuf,
    #[command(flatten)]
    pub(crate) app: AppName,
    /// The file to import; `-` is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Which limits the app gets when the import makes it: `jpush`, `relaxed`, `unlimited`, or a file of limits, as
    /// `rollbook app set` takes them. Without this, those that an export brings, or `jpush`.
    #[arg(long, value_name = "LIMITS", value_parser = limits::of_argument)]
    pub(crate) limits: Option<Limits>,
    /// Leave lines out that are wrong, and list them at the end on standard error.
    #[arg(long)]
    pub(crate) skip_invalid: bool,
    /// Keep an app that the import made, with the lines before the wrong one, so that `--resume` goes on after them.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Go on with an import of this input that was interrupted.
    ///
    /// How far it came is kept in the directory, with a checksum of what it had read: another input is refused. What
    /// comes after that may have been corrected since. What is imported by then is kept.
    #[arg(long)]
    pub(crate) resume: bool,
}

/// Writes everything that an app of a register in a directory holds, as lines that `import` and `query --input` read.
///
/// These are the app's name, limits and capability; the declared events; every device with all fields, in the order of
/// the ids; the order in which aliases were bound where it decides who loses one; and the events. Exported, imported
/// and exported again, the file is the same. Not in it: secrets and tokens, the codes of events and the versions of
/// devices, which an imported app gives again. Holds all device ids in memory while it runs.
///
/// Each line is of a kind that a member of its own tells: `rollbook` (the app; the first line), `event_type`, `id` (a
/// device), `alias_order`, `event`, `end` (the last line, so that an export that was cut short is told from a whole
/// one).
///
/// The directory may be in use: what is written there later is not in the export.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The register: `rocksdb:DIR`.
    #[arg(long, value_name = "STORE", value_parser = durable)]
    pub(crate) store: PathBuf,
    #[command(flatten)]
    pub(crate) app: AppName,
    /// The file to write, in place of one that is there; it appears when the export is whole, and only its owner may
    /// read it. Without it, or with `-`, standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Export what is left of a register whose logs are damaged: what was written before the damage.
    #[arg(long)]
    pub(crate) salvage: bool,
}

/// Reads everything in a directory and reports what is damaged or contradicts itself.
///
/// First whether every table and log is there and the logs are whole: if not, the file and the place in it are the
/// error, and no more is read. Then every block of every table, whose checksum tells a damaged one; then every app,
/// against the rules that a register keeps. Prints what was read and each finding; the exit code is 1 when there is any.
/// Holds an app's names in memory while it is checked. With an app, the rules of that app only.
///
/// The directory may be in use: what is written there later is not looked at.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The register: `rocksdb:DIR`.
    #[arg(long, value_name = "STORE", value_parser = durable)]
    pub(crate) store: PathBuf,
    #[command(flatten)]
    pub(crate) app: AnyApp,
    /// Check what is left of a register whose logs are damaged: what was written before the damage, which is a finding
    /// itself.
    #[arg(long)]
    pub(crate) salvage: bool,
}

/// Tells how large a register in a directory is, and how its parts do.
#[derive(Debug, Args)]
pub(crate) struct Stats {
    /// The register: `rocksdb:DIR`.
    #[arg(long, value_name = "STORE", value_parser = durable)]
    pub(crate) store: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Copies a register in a directory, as it is now, into a new directory.
///
/// The directory may be in use: everything that was acknowledged before the command began is in the copy. Tables are
/// linked where the file system can, so this takes little time and space. The copy is a register itself.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The register: `rocksdb:DIR`.
    #[arg(long, value_name = "STORE", value_parser = durable)]
    pub(crate) store: PathBuf,
    /// The directory to make; only its owner may enter it.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
    /// Copy what is left of a register whose logs are damaged: what was written before the damage. The copy shares no
    /// file with it. It may be served if `rollbook verify` finds nothing in it; otherwise export and import its apps.
    #[arg(long)]
    pub(crate) salvage: bool,
}

/// Makes a register of a backup: copies it, file by file, into a new directory.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The backup's directory.
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The directory to make.
    #[arg(long, value_name = "DIR")]
    pub(crate) to: PathBuf,
}
