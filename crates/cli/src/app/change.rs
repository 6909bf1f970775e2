//! `rollbook app set`: checks everything that is asked for before it changes anything.

use super::settings::{Settings, write_change, write_change_json};
use crate::args::app::Set;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::limits::over;
use crate::settings::options::with;
use crate::store::{Access, register_in};
use rollbook::{AppSettings, AppUpdate, Limits, Policies};
use std::collections::BTreeSet;

pub(super) fn set(options: &Set) -> Result<(), Failure> {
    let Set { app, stored, name, presence, presence_from, on_user_change, limits, limit, json } = options;
    let given = [name.is_some(), presence.is_some(), presence_from.is_some(), on_user_change.is_some()];
    if !given.contains(&true) && limits.is_none() && limit.is_empty() {
        return Err(Failure::Usage(
            "nothing to change: must be given one of --name, --presence, --presence-from, --on-user-change, --limits, \
             --limit"
                .into(),
        ));
    }
    let (register, key) = (register_in(&stored.directory, Access::Existing)?.build(), app.key());
    let app = register.app(key)?;
    let mut wrong = Vec::new();
    if let Some(Err(violation)) = name.as_deref().map(AppSettings::check_name) {
        wrong.push(format!("--{violation}"));
    }
    let limits = wanted(app.limits(), options, &mut wrong);
    let policies = followed(app.policies(), options, &mut wrong);
    if !wrong.is_empty() {
        return Err(Failure::Refused(wrong.join("\nerror: ")));
    }
    let before = Settings::of(&app);
    let cannot = format!("cannot change app {key}");
    // One commit: a failure leaves all of it as it was. An app from before limits were checked may keep those it has.
    let limits = (*app.limits() != limits).then_some(limits);
    let (name, presence, policies) = (name.clone(), *presence, Some(policies));
    let update = AppUpdate { name, presence, limits, policies, ..AppUpdate::default() };
    register.update_app(key, &update).map_err(Failure::during(&cannot))?;
    let app = register.app(key)?;
    let (after, mut output) = (Settings::of(&app), Output::new());
    if *json {
        write_change_json(&app, &before, &after, &mut output)?;
    } else {
        write_change(&app, &before, &after, &mut output)?;
    }
    output.finish()
}

/// Returns the policies that the app is to follow; adds what is wrong with the requested ones to the list.
fn followed(now: &Policies, options: &Set, wrong: &mut Vec<String>) -> Policies {
    let mut policies = now.clone();
    for (member, option, word) in [
        ("presence_from", "--presence-from", &options.presence_from),
        ("on_user_change", "--on-user-change", &options.on_user_change),
    ] {
        let Some(word) = word else { continue };
        match with(&policies, member, word.as_str().into()) {
            Ok(changed) => policies = changed,
            Err(why) => wrong.push(format!("{option}: {why}")),
        }
    }
    policies
}

/// Returns the limits that the app is to have; adds what is wrong with the requested ones to the list.
fn wanted(now: &Limits, options: &Set, wrong: &mut Vec<String>) -> Limits {
    let base = options.limits.as_ref().unwrap_or(now);
    let mut names = BTreeSet::new();
    for (name, _) in options.limit.iter().filter(|(name, _)| !names.insert(name)) {
        wrong.push(format!("--limit {name}: must be given once"));
    }
    match over(base, options.limit.iter().cloned()) {
        Ok(limits) => limits,
        Err(mistakes) => {
            wrong.extend(mistakes.into_iter().map(|mistake| format!("--limit {mistake}")));
            base.clone()
        }
    }
}
