//! The apps of the file. What an app's table does not name stays as it is in the register.

use crate::settings::document::{Mistakes, Table, Value};
use crate::settings::{limits, options};
use rollbook::{AppKey, AppSettings, EventName, Limits, Policies, Rule, Secret, Violation};
use std::collections::HashMap;
use std::hash::Hash;

/// An app of the file.
pub(in crate::serve) struct AppEntry {
    pub(in crate::serve) key: AppKey,
    pub(in crate::serve) name: Option<String>,
    pub(in crate::serve) master_secret: Option<Secret>,
    pub(in crate::serve) api_tokens: Option<Vec<Secret>>,
    pub(in crate::serve) presence: Option<bool>,
    /// Declared beside those that the register knows.
    pub(in crate::serve) events: Vec<EventName>,
    pub(in crate::serve) limits: Option<Limits>,
    pub(in crate::serve) policies: Option<Policies>,
}

pub(super) fn take(table: &mut Table<'_>, mistakes: &mut Mistakes) -> Vec<AppEntry> {
    let tables = table.take("apps").and_then(|value| value.list(mistakes)).unwrap_or_default();
    let mut once = Once::default();
    tables.iter().filter_map(|value| app(value, &mut once, mistakes)).collect()
}

fn app(whole: &Value<'_>, once: &mut Once<AppKey>, mistakes: &mut Mistakes) -> Option<AppEntry> {
    let mut table = whole.table(mistakes)?;
    let key = match table.take("key") {
        Some(value) => value
            .name(mistakes, AppKey::new)
            .filter(|key| once.is_new(key, &format!("{:?}", key.as_str()), &value, mistakes)),
        None => {
            let missing = Violation::new("", Rule::Present, "must have a key", "none");
            whole.broken(mistakes, missing);
            None
        }
    };
    let name = table.take("name").and_then(|value| {
        let name = value.text(mistakes)?;
        AppSettings::check_name(name).map_err(|violation| value.broken(mistakes, violation)).ok()?;
        Some(name.to_owned())
    });
    let master_secret = table.take("master_secret").and_then(|value| value.secret(mistakes));
    let api_tokens = table.take("api_tokens").and_then(|value| tokens(&value, mistakes));
    let presence = table.take("presence").and_then(|value| value.flag(mistakes));
    let events = table.take("events").and_then(|value| events(&value, mistakes)).unwrap_or_default();
    let limits = table.take("limits").and_then(|value| limits::of_value(&value, mistakes));
    let policies = table.take("policies").and_then(|value| policies(&value, mistakes));
    table.finish(mistakes);
    Some(AppEntry { key: key?, name, master_secret, api_tokens, presence, events, limits, policies })
}

/// Tells what stands in a file twice.
struct Once<T>(HashMap<T, String>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Once(HashMap::new())
    }
}

impl<T: Clone + Eq + Hash> Once<T> {
    fn is_new(&mut self, one: &T, shown: &str, value: &Value<'_>, mistakes: &mut Mistakes) -> bool {
        match self.0.get(one) {
            Some(first) => {
                value.wrong(mistakes, format_args!("must be there once: {shown} is {first} already"));
                false
            }
            None => {
                self.0.insert(one.clone(), value.path().to_owned());
                true
            }
        }
    }
}

fn tokens(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Vec<Secret>> {
    let mut once = Once::default();
    let items = value.list(mistakes)?;
    let token = |value: &Value<'_>| {
        let token = value.secret(mistakes)?;
        if !can_be_sent(token.expose()) {
            let limit = "must hold visible ASCII characters, and spaces only between them";
            value.broken(mistakes, Violation::new("", Rule::Characters, limit, "others"));
            return None;
        }
        once.is_new(&token.expose().to_owned(), "it", value, mistakes).then_some(token)
    };
    Some(items.iter().filter_map(token).collect())
}

/// Returns whether a header can hold the token: no client sends other characters, and spaces at the ends are lost.
fn can_be_sent(token: &str) -> bool {
    token.trim() == token && token.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

fn events(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Vec<EventName>> {
    let mut once = Once::default();
    let items = value.list(mistakes)?;
    let event = |value: &Value<'_>| {
        let event = value.name(mistakes, EventName::new)?;
        let shown = format!("{:?}", event.as_str());
        once.is_new(&event, &shown, value, mistakes).then_some(event)
    };
    Some(items.iter().filter_map(event).collect())
}

/// A table of policies over the defaults.
fn policies(value: &Value<'_>, mistakes: &mut Mistakes) -> Option<Policies> {
    options::over(&Policies::default(), &value.table(mistakes)?, mistakes)
}
