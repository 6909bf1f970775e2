//! The settings of an app as they are printed: each with the name and in the words with which it is changed.

use crate::failure::Failure;
use crate::output::Output;
use crate::register::Devices;
use rollbook::Audience;
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

/// The prefix of the name of a limit where it is listed together with other settings.
const LIMIT: &str = "limit ";

/// The settings that can be changed, each with its value.
pub(super) struct Settings(Vec<(String, Json)>);

impl Settings {
    pub(super) fn of(app: &Devices) -> Self {
        let presence = if app.has_presence() { "on" } else { "off" };
        let mut settings =
            vec![("name".to_owned(), Json::from(app.name())), ("presence".to_owned(), Json::from(presence))];
        settings.extend(members(app.policies()));
        settings
            .extend(members(app.limits()).into_iter().map(|(name, value)| (format!("{LIMIT}{name}"), value)));
        Settings(settings)
    }

    /// Returns each setting with its value here and in others, which have the same names.
    fn beside<'a>(&'a self, others: &'a Settings) -> impl Iterator<Item = (&'a str, &'a Json, &'a Json)> {
        self.0.iter().zip(&others.0).map(|((name, before), (_, after))| (name.as_str(), before, after))
    }

    fn widest(&self) -> usize {
        self.0.iter().map(|(name, _)| name.len()).max().unwrap_or_default()
    }
}

/// Returns the members of plain data by their names.
fn members(of: &impl Serialize) -> Map<String, Json> {
    match serde_json::to_value(of) {
        Ok(Json::Object(members)) => members,
        _ => Map::new(),
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => "none".into(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn events(app: &Devices) -> Result<Vec<String>, Failure> {
    Ok(app.event_types()?.into_iter().map(|event| event.name.as_str().to_owned()).collect())
}

/// Writes everything for a person, one line for each.
pub(super) fn write(app: &Devices, output: &mut Output) -> Result<(), Failure> {
    let (devices, events) = (app.count(&Audience::All)?, events(app)?);
    let master_secret = if app.has_master_secret() { "yes" } else { "no" };
    let settings = Settings::of(app);
    let wide = settings.widest();
    output.line(format_args!("{:wide$}  {}", "app", app.key()))?;
    output.line(format_args!("{:wide$}  {devices}", "devices"))?;
    output.line(format_args!("{:wide$}  {master_secret}", "master secret"))?;
    output.line(format_args!("{:wide$}  {}", "api tokens", app.api_tokens()))?;
    for event in &events {
        output.line(format_args!("{:wide$}  {event}", "event"))?;
    }
    settings
        .0
        .iter()
        .try_for_each(|(name, value)| output.line(format_args!("{name:wide$}  {}", shown(value))))
}

/// Writes everything as an object; `limits` is in the form that `--limits FILE.json` takes.
pub(super) fn write_json(app: &Devices, output: &mut Output) -> Result<(), Failure> {
    let told = json!({
        "app": app.key(), "name": app.name(), "devices": app.count(&Audience::All)?,
        "presence": app.has_presence(), "master_secret": app.has_master_secret(),
        "api_tokens": app.api_tokens(), "events": events(app)?, "limits": app.limits(),
        "policies": app.policies()
    });
    output.line(format_args!("{told}"))
}

/// Writes what was changed, with the former value, and what was not.
pub(super) fn write_change(
    app: &Devices,
    before: &Settings,
    after: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let wide = before.widest();
    let of = |changed: bool| before.beside(after).filter(move |(_, old, new)| (old != new) == changed);
    if of(true).next().is_none() {
        output.line(format_args!("nothing to change in app {}: it is so already", app.key()))?;
    } else {
        output.line(format_args!("changed in app {}", app.key()))?;
    }
    for (name, old, new) in of(true) {
        output.line(format_args!("  {name:wide$}  {} -> {}", shown(old), shown(new)))?;
    }
    output.line(format_args!("not changed"))?;
    of(false).try_for_each(|(name, value, _)| output.line(format_args!("  {name:wide$}  {}", shown(value))))
}

/// Writes the same as an object.
pub(super) fn write_change_json(
    app: &Devices,
    before: &Settings,
    after: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let (mut changed, mut same) = (Map::new(), Map::new());
    for (name, old, new) in before.beside(after) {
        let name = name.replacen(LIMIT, "limits.", 1);
        if old == new {
            same.insert(name, old.clone());
        } else {
            changed.insert(name, json!({"from": old, "to": new}));
        }
    }
    output.line(format_args!("{}", json!({"app": app.key(), "changed": changed, "not_changed": same})))
}
