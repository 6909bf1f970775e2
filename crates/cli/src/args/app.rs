//! `rollbook app`.

use super::named::{AnyApp, AppName};
use crate::settings::limits;
use crate::store;
use clap::{ArgAction, Args, Subcommand};
use rollbook::{EventName, Limits};
use serde_json::Value as Json;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    Create(Create),
    List(List),
    Show(Show),
    Set(Set),
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
/// The directory is made where there is none. No service may be running on it. An app's key is 1 to 64 of
/// `A-Z a-z 0-9 - _`; JPush's clients want 24 letters and digits. Without a key, one is made.
#[derive(Debug, Args)]
pub(crate) struct Create {
    #[command(flatten)]
    pub(crate) app: AnyApp,
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
    /// Which limits the app is held to: `jpush`, `relaxed`, `unlimited`, or a file of limits, as `rollbook app set`
    /// takes them.
    #[arg(long, value_name = "LIMITS", default_value = "jpush", value_parser = limits::of_argument)]
    pub(crate) limits: Limits,
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

/// Shows an app: its name, its settings and every limit; not its secrets, of which only hashes are kept.
///
/// Also beside a service that runs.
#[derive(Debug, Args)]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) app: AppName,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Changes an app's name, settings and limits, and shows each with its former and its new value.
///
/// What is not named stays as it is. Nothing is changed where something is wrong. No service may be running on the
/// directory.
///
/// Limits: `--limits` sets all of them, to a profile or to what a file says; `--limit NAME=VALUE` sets one more. A file is
/// TOML or JSON with the names that `rollbook app show` prints, over those of its member `profile`, or of `jpush` where it
/// has none. A limit that can be absent takes `none` or `unlimited`, and null in JSON.
#[derive(Debug, Args)]
pub(crate) struct Set {
    #[command(flatten)]
    pub(crate) app: AppName,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// A name for people.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// May the app ask for presence?
    #[arg(long, value_name = "on|off", value_parser = switch, action = ArgAction::Set)]
    pub(crate) presence: Option<bool>,
    /// Which calls of a device count as being online: `device_calls`, `app_open` or `none`.
    #[arg(long, value_name = "CALLS")]
    pub(crate) presence_from: Option<String>,
    /// What a device loses when it goes to another user: nothing for `keep`, or `clear_alias`, `clear_alias_and_tags`.
    #[arg(long, value_name = "WHAT")]
    pub(crate) on_user_change: Option<String>,
    /// All limits: `jpush`, `relaxed`, `unlimited`, or a file FILE.toml or FILE.json.
    #[arg(long, value_name = "LIMITS", value_parser = limits::of_argument)]
    pub(crate) limits: Option<Limits>,
    /// One limit, such as `tags_per_device=500`, over those that the app has or that `--limits` gives it; may be given
    /// several times.
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = limits::one)]
    pub(crate) limit: Vec<(String, Json)>,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".into()),
    }
}

/// Gives an app another master secret and shows it, this once; the former is wrong from then on.
///
/// No service may be running on the directory.
#[derive(Debug, Args)]
pub(crate) struct RotateSecret {
    #[command(flatten)]
    pub(crate) app: AppName,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Replace all API tokens, too, by N new ones.
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
    #[command(flatten)]
    pub(crate) app: AppName,
    #[command(flatten)]
    pub(crate) stored: Stored,
    /// Do it: it cannot be undone.
    #[arg(long)]
    pub(crate) yes: bool,
}
