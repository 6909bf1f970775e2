//! `rollbook app`: the apps of a register in a directory.
//!
//! - `secrets`: made of the system's randomness;
//! - `change`: changes of settings and limits;
//! - `settings`: the settings of an app, as they are printed;
//! - `shown`: everything else that is printed, including the secrets, which are shown only once.

mod change;
pub(crate) mod secrets;
mod settings;
mod shown;

use crate::args::app::{AppCommand, Create, List, Remove, RotateSecret, Show};
use crate::failure::Failure;
use crate::output::Output;
use crate::register::Register;
use crate::store::{Access, register_in};
use rollbook::{AppKey, AppSettings, AppUpdate, Audience, Policies, Set};
use shown::Secrets;

/// How many apps are read at a time.
const PAGE: usize = 256;

pub(crate) fn run(command: &AppCommand) -> Result<(), Failure> {
    match command {
        AppCommand::Create(options) => create(options),
        AppCommand::List(options) => list(options),
        AppCommand::Show(options) => show(options),
        AppCommand::Set(options) => change::set(options),
        AppCommand::RotateSecret(options) => rotate_secret(options),
        AppCommand::Remove(options) => remove(options),
    }
}

fn create(options: &Create) -> Result<(), Failure> {
    let Create { app, stored, name, presence, events, limits, api_tokens, json } = options;
    let key = app.key().cloned().map_or_else(secrets::app_key, Ok)?;
    let made = Secrets { master: secrets::master_secret()?, tokens: Some(secrets::api_tokens(*api_tokens)?) };
    let settings = AppSettings {
        name: name.clone(),
        master_secret: Some(made.master.clone()),
        api_tokens: made.tokens.clone().unwrap_or_default(),
        presence: *presence,
        limits: limits.clone(),
        policies: Policies::default(),
    };
    let register = register_in(&stored.directory, Access::Create)?.build();
    let cannot = format!("cannot create app {key}");
    let app = register.create_app(&key, settings).map_err(Failure::during(&cannot))?;
    for event in events {
        app.declare_event(event).map_err(Failure::during(&cannot))?;
    }
    made.show(&key, *json)
}

fn list(options: &List) -> Result<(), Failure> {
    let register = register_in(&options.stored.directory, Access::ReadOnly)?.build();
    let mut output = Output::new();
    let mut listed = Vec::new();
    let mut after = None;
    loop {
        let page = register.apps(after.as_ref(), PAGE)?;
        for info in page.items {
            let app = register.app(&info.key)?;
            let listing = shown::Listing::of(&app, app.count(&Audience::All)?);
            if options.json {
                listing.write_json(&mut output)?;
            } else {
                listed.push(listing);
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    shown::write_table(&listed, &mut output)?;
    output.finish()
}

fn show(options: &Show) -> Result<(), Failure> {
    let register = register_in(&options.stored.directory, Access::ReadOnly)?.build();
    let app = register.app(options.app.key())?;
    let mut output = Output::new();
    if options.json {
        settings::write_json(&app, &mut output)?;
    } else {
        settings::write(&app, &mut output)?;
    }
    output.finish()
}

fn rotate_secret(options: &RotateSecret) -> Result<(), Failure> {
    let RotateSecret { app, stored, api_tokens, json } = options;
    let key = app.key();
    let tokens = api_tokens.map(secrets::api_tokens).transpose()?;
    let made = Secrets { master: secrets::master_secret()?, tokens };
    let register = register_in(&stored.directory, Access::Existing)?.build();
    let cannot = format!("cannot change app {key}");
    // One commit: a secret that is not shown must not count either.
    let (master_secret, api_tokens) = (Set::To(made.master.clone()), made.tokens.clone());
    let update = AppUpdate { master_secret, api_tokens, ..AppUpdate::default() };
    register.update_app(key, &update).map_err(Failure::during(&cannot))?;
    made.show(key, *json)
}

fn remove(options: &Remove) -> Result<(), Failure> {
    let Remove { app, stored, yes } = options;
    let key = app.key();
    let register =
        register_in(&stored.directory, if *yes { Access::Existing } else { Access::ReadOnly })?.build();
    let devices = devices(&register, key)?;
    if !yes {
        return Err(Failure::Usage(format!(
            "app {key} and its {devices} devices would be removed for ever; say --yes to do it"
        )));
    }
    register.delete_app(key).map_err(Failure::during(format!("cannot remove app {key}")))?;
    let mut output = Output::new();
    output.line(format_args!("removed app {key} and its {devices} devices"))?;
    output.finish()
}

fn devices(register: &Register, key: &AppKey) -> Result<u64, Failure> {
    let app = register.app(key);
    app.and_then(|app| app.count(&Audience::All)).map_err(Failure::during(format!("cannot remove app {key}")))
}
