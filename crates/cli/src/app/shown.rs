//! The output about apps.

use crate::failure::{Failure, tell};
use crate::output::Output;
use crate::register::Devices;
use rollbook::{AppKey, Secret};
use serde_json::json;

/// Secrets that were just made.
pub(super) struct Secrets {
    pub(super) master: Secret,
    /// `None` when none were asked for.
    pub(super) tokens: Option<Vec<Secret>>,
}

impl Secrets {
    /// Prints the secrets. They cannot be printed again later, because only their hashes are stored.
    pub(super) fn show(&self, key: &AppKey, as_json: bool) -> Result<(), Failure> {
        let mut output = Output::new();
        let tokens = self.tokens.as_ref().map(|tokens| tokens.iter().map(Secret::expose).collect::<Vec<_>>());
        if as_json {
            let mut told = json!({"app": key, "master_secret": self.master.expose()});
            if let (Some(tokens), Some(members)) = (tokens, told.as_object_mut()) {
                members.insert("api_tokens".into(), json!(tokens));
            }
            output.line(format_args!("{told}"))?;
        } else {
            output.line(format_args!("app            {key}"))?;
            output.line(format_args!("master secret  {}", self.master.expose()))?;
            for token in tokens.unwrap_or_default() {
                output.line(format_args!("api token      {token}"))?;
            }
        }
        output.finish()?;
        tell("secrets are shown once: only their hashes are kept");
        Ok(())
    }
}

/// An app in a list.
pub(super) struct Listing {
    key: AppKey,
    name: String,
    devices: u64,
    presence: bool,
    master_secret: bool,
    api_tokens: usize,
}

impl Listing {
    pub(super) fn of(app: &Devices, devices: u64) -> Self {
        Listing {
            key: app.key().clone(),
            name: app.name().to_owned(),
            devices,
            presence: app.has_presence(),
            master_secret: app.has_master_secret(),
            api_tokens: app.api_tokens(),
        }
    }

    pub(super) fn write_json(&self, output: &mut Output) -> Result<(), Failure> {
        let Listing { key, name, devices, presence, master_secret, api_tokens } = self;
        let told = json!({
            "app": key, "name": name, "devices": devices, "presence": presence,
            "master_secret": master_secret, "api_tokens": api_tokens
        });
        output.line(format_args!("{told}"))
    }
}

/// Writes a line for each, in columns.
pub(super) fn write_table(listed: &[Listing], output: &mut Output) -> Result<(), Failure> {
    let word = |truth| if truth { "yes" } else { "no" };
    let wide = listed.iter().map(|app| app.key.as_str().len()).max();
    let Some(wide) = wide.map(|wide| wide.max(3)) else { return Ok(()) };
    output.line(format_args!("{:wide$}  {:>10}  presence  secret  tokens  name", "app", "devices"))?;
    for app in listed {
        let (presence, secret) = (word(app.presence), word(app.master_secret));
        output.line(format_args!(
            "{:wide$}  {:>10}  {presence:8}  {secret:6}  {:>6}  {}",
            app.key.as_str(),
            app.devices,
            app.api_tokens,
            app.name
        ))?;
    }
    Ok(())
}
