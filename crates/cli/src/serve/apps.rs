//! Makes the register's apps as the configuration has them. What it does not name stays: apps, members of an app,
//! events. What is so already is not written again, so that a start without a change changes nothing.

use super::config::AppEntry;
use crate::app::secrets;
use crate::failure::Failure;
use crate::register::{Devices, Register};
use rollbook::{AppKey, AppSettings, AppUpdate, Error, Secret, Set};
use std::collections::HashSet;

/// A secret that was made because nobody gave one.
pub(super) struct NewSecret {
    pub(super) app: AppKey,
    pub(super) secret: Secret,
}

/// Creates or changes every app of the configuration; the secrets that were made for new ones.
pub(super) fn apply(register: &Register, apps: &[AppEntry]) -> Result<Vec<NewSecret>, Failure> {
    let mut made = Vec::new();
    for entry in apps {
        let app = match register.app(&entry.key) {
            Ok(app) => {
                change(register, &app, entry)
                    .map_err(Failure::during(format!("cannot change app {}", entry.key)))?;
                app
            }
            Err(Error::NotFound { .. }) => create(register, entry, &mut made)?,
            Err(error) => return Err(error.into()),
        };
        declare(&app, entry)
            .map_err(Failure::during(format!("cannot declare events of app {}", entry.key)))?;
    }
    Ok(made)
}

fn create(register: &Register, entry: &AppEntry, made: &mut Vec<NewSecret>) -> Result<Devices, Failure> {
    let master_secret = match &entry.master_secret {
        Some(secret) => secret.clone(),
        None => {
            let secret = secrets::master_secret()?;
            made.push(NewSecret { app: entry.key.clone(), secret: secret.clone() });
            secret
        }
    };
    let settings = AppSettings {
        name: entry.name.clone().unwrap_or_default(),
        master_secret: Some(master_secret),
        api_tokens: entry.api_tokens.clone().unwrap_or_default(),
        presence: entry.presence.unwrap_or_default(),
        limits: entry.limits.clone().unwrap_or_default(),
        policies: entry.policies.clone().unwrap_or_default(),
    };
    let created = register.create_app(&entry.key, settings);
    created.map_err(Failure::during(format!("cannot create app {}", entry.key)))
}

fn change(register: &Register, app: &Devices, entry: &AppEntry) -> Result<(), Error> {
    let AppEntry { key, name, master_secret, api_tokens, presence, events: _, limits, policies } = entry;
    // The same secret again would be another hash.
    let new_secret = master_secret.as_ref().filter(|secret| !app.verify_master_secret(secret));
    // They differ among each other, so as many that are all known are the same.
    let same = |tokens: &Vec<Secret>| {
        tokens.len() == app.api_tokens() && tokens.iter().all(|token| app.verify_api_token(token))
    };
    let update = AppUpdate {
        name: name.clone(),
        master_secret: new_secret.map_or(Set::Keep, |secret| Set::To(secret.clone())),
        api_tokens: api_tokens.clone().filter(|tokens| !same(tokens)),
        presence: *presence,
        limits: limits.clone(),
        policies: policies.clone(),
    };
    register.update_app(key, &update)
}

fn declare(app: &Devices, entry: &AppEntry) -> Result<(), Error> {
    if entry.events.is_empty() {
        return Ok(());
    }
    let known: HashSet<_> = app.event_types()?.into_iter().map(|event_type| event_type.name).collect();
    entry.events.iter().filter(|event| !known.contains(*event)).try_for_each(|event| app.declare_event(event))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::store::{BoxedStore, Store, View};
    use rollbook::{AppId, EventName, Limits, OnUserChange, Policies, PresenceFrom};
    use rollbook_store_mem::MemStore;

    fn entry(key: &str) -> AppEntry {
        AppEntry {
            key: AppKey::new(key).unwrap(),
            name: Some("shop".into()),
            master_secret: Some(secret("first")),
            api_tokens: Some(vec![secret("a"), secret("b")]),
            presence: Some(true),
            events: vec![EventName::new("opened").unwrap(), EventName::new("closed").unwrap()],
            limits: Some(Limits::relaxed()),
            policies: Some(Policies { on_user_change: OnUserChange::ClearAlias, ..Policies::default() }),
        }
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text).unwrap()
    }

    fn nothing_of(key: &str) -> AppEntry {
        AppEntry {
            key: AppKey::new(key).unwrap(),
            name: None,
            master_secret: None,
            api_tokens: None,
            presence: None,
            events: Vec::new(),
            limits: None,
            policies: None,
        }
    }

    fn register() -> Register {
        Register::builder(BoxedStore::new(MemStore::new())).build()
    }

    /// How often the directory and the first app were written.
    fn versions(register: &Register) -> [u64; 2] {
        [AppId::DIRECTORY, AppId(1)].map(|app| register.store().view(app).unwrap().version().0)
    }

    #[test]
    fn the_same_configuration_again_changes_nothing() {
        let register = register();
        assert!(apply(&register, &[entry("shop")]).unwrap().is_empty());
        let before = versions(&register);
        for _ in 0..2 {
            assert!(apply(&register, &[entry("shop")]).unwrap().is_empty());
            assert_eq!(versions(&register), before);
        }
        let app = register.app(&AppKey::new("shop").unwrap()).unwrap();
        assert_eq!((app.name(), app.has_presence(), app.limits()), ("shop", true, &Limits::relaxed()));
        assert!(app.verify_master_secret(&secret("first")) && app.verify_api_token(&secret("b")));
        assert_eq!(app.policies().on_user_change, OnUserChange::ClearAlias);
        assert_eq!(app.event_types().unwrap().len(), 2);
    }

    #[test]
    fn each_member_that_is_given_is_changed_and_each_that_is_not_stays() {
        let key = AppKey::new("shop").unwrap();
        let register = register();
        apply(&register, &[entry("shop")]).unwrap();
        let before = versions(&register);
        apply(&register, &[nothing_of("shop")]).unwrap();
        assert_eq!(versions(&register), before);
        let changed = AppEntry {
            name: Some("other".into()),
            master_secret: Some(secret("second")),
            api_tokens: Some(vec![secret("b")]),
            presence: Some(false),
            events: vec![EventName::new("third").unwrap()],
            limits: Some(Limits::default()),
            policies: Some(Policies { presence_from: PresenceFrom::None, ..Policies::default() }),
            ..nothing_of("shop")
        };
        apply(&register, &[changed]).unwrap();
        assert_eq!(versions(&register)[0], before[0] + 1, "all of an app's settings change in one commit");
        let app = register.app(&key).unwrap();
        assert_eq!((app.name(), app.has_presence(), app.limits()), ("other", false, &Limits::default()));
        let policies = Policies { presence_from: PresenceFrom::None, ..Policies::default() };
        assert_eq!(app.policies(), &policies);
        assert!(app.verify_master_secret(&secret("second")) && !app.verify_master_secret(&secret("first")));
        assert!(app.verify_api_token(&secret("b")) && !app.verify_api_token(&secret("a")));
        assert_eq!(app.event_types().unwrap().len(), 3);
    }

    #[test]
    fn tokens_are_replaced_when_one_is_other_and_when_one_is_gone() {
        let register = register();
        apply(&register, &[entry("shop")]).unwrap();
        for tokens in [&["a", "c"][..], &["c"], &[]] {
            let api_tokens = Some(tokens.iter().map(|token| secret(token)).collect());
            apply(&register, &[AppEntry { api_tokens, ..nothing_of("shop") }]).unwrap();
            let app = register.app(&AppKey::new("shop").unwrap()).unwrap();
            for token in ["a", "b", "c"] {
                assert_eq!(app.verify_api_token(&secret(token)), tokens.contains(&token), "{token}");
            }
        }
    }

    #[test]
    fn a_new_app_without_a_secret_is_given_one_and_a_known_app_is_not() {
        let register = register();
        let made = apply(&register, &[nothing_of("one"), entry("two")]).unwrap();
        assert_eq!(made.len(), 1);
        assert_eq!(made[0].app.as_str(), "one");
        let app = register.app(&made[0].app).unwrap();
        assert!(app.verify_master_secret(&made[0].secret));
        assert!(apply(&register, &[nothing_of("one")]).unwrap().is_empty());
        assert!(register.app(&made[0].app).unwrap().verify_master_secret(&made[0].secret));
    }
}
