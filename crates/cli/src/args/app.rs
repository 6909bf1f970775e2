//! `rollbook app`.

use super::Profile;
use crate::store;
use clap::{Args, Subcommand};
use rollbook::{AppKey, EventName};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    Create(Create),
    List(List),
    RotateSecret(RotateSecret),
    Remove(Remove),
}

/// The register that is worked on.
#[derive(Debug, Args)]
pub(crate) struct Stored {
    /// Where the register is kept: `rocksdb:DIR`.
    #[arg(long = "store", value_name = "STORE", value_parser = store::durable)]
    pub(crate) directory: PathBuf,
}

/// Creates an app and shows its secrets, this once: only their hashes are kept.
///
/// The directory is made where there is none. No service may be running on it.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The app's key: 1 to 64 of `A-Z a-z 0-9 - _`; JPush's clients want 24 letters and digits. Made where none is given.
    pub(crate) key: Option<AppKey>,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// A name for people.
    #[arg(long, default_value = "")]
    pub(crate) name: String,
    /// Let the app ask for presence.
    #[arg(long)]
    pub(crate) presence: bool,
    /// An event that may be posted; may be given several times.
    #[arg(long = "event", value_name = "NAME")]
    pub(crate) events: Vec<EventName>,
    /// Which limits the app is held to.
    #[arg(long, value_name = "PROFILE", default_value = "jpush")]
    pub(crate) limits: Profile,
    /// How many API tokens to make, for Pushwoosh's clients.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=16))]
    pub(crate) api_tokens: u8,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Lists the apps, without their secrets; also beside a service that runs.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Print one JSON object a line.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Gives an app another master secret and shows it, this once; the former is wrong from then on.
///
/// No service may be running on the directory.
#[derive(Debug, Args)]
pub(crate) struct RotateSecret {
    /// The app.
    pub(crate) key: AppKey,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Replace all API tokens, too, by so many new ones.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=16))]
    pub(crate) api_tokens: Option<u8>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Removes an app with all its devices, tags, aliases, users and events.
///
/// No service may be running on the directory.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// The app.
    pub(crate) key: AppKey,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Do it: it cannot be undone.
    #[arg(long)]
    pub(crate) yes: bool,
}
