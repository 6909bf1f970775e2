//! Counts the content of an app.

use super::space::{failed, space_of};
use crate::failure::Failure;
use rollbook::store::{EntryKind, Relation, Store, StoreError, View};
use rollbook::{App, AppInfo, AppKey, Audience, Platform, Registry};
use serde::Serialize;
use std::collections::BTreeMap;

/// The content of an app, in numbers.
#[derive(Debug, Serialize)]
pub(super) struct Tally {
    pub(super) app: AppKey,
    name: String,
    pub(super) devices: u64,
    by_platform: BTreeMap<&'static str, u64>,
    pub(super) tags: u64,
    pub(super) aliases: u64,
    pub(super) users: u64,
    event_types: u64,
    /// Includes events that have been erased since.
    pub(super) events_posted: u64,
    /// Deletions of users that go on when the register is used.
    deletions: u64,
    version: u64,
}

/// Returns the apps of a register, in the order of their keys.
pub(super) fn apps<S: Store>(register: &Registry<S>) -> Result<Vec<AppInfo>, Failure> {
    let page = register.apps(None, usize::MAX).map_err(Failure::during("cannot list the apps"))?;
    Ok(page.items)
}

impl Tally {
    /// Counts. The numbers of devices and tags are stored; for the rest every name is read.
    pub(super) fn of<S: Store>(register: &Registry<S>, key: &AppKey) -> Result<Self, Failure> {
        let app: App<S> = register.app(key).map_err(Failure::during(format!("cannot read app {key}")))?;
        let by_platform = app.count_by_platform(&Audience::All);
        let by_platform: BTreeMap<Platform, u64> =
            by_platform.map_err(Failure::during(format!("cannot count the devices of app {key}")))?;
        let space = space_of(register.store(), key)?;
        let read = || -> Result<Self, StoreError> {
            let view = register.store().view(space)?;
            let names = |relation| {
                let mut count = 0;
                view.names(relation, None, usize::MAX, &mut |_| count += 1)?;
                Ok::<u64, StoreError>(count)
            };
            Ok(Tally {
                app: key.clone(),
                name: app.name().to_owned(),
                devices: by_platform.values().sum(),
                by_platform: by_platform.iter().map(|(platform, count)| (platform.name(), *count)).collect(),
                tags: names(Relation::Tag)?,
                aliases: names(Relation::Alias)?,
                users: names(Relation::User)?,
                event_types: view.entries(EntryKind::EventType, None, usize::MAX)?.len() as u64,
                events_posted: view.log_end()?.0,
                deletions: names(Relation::Deletion)?,
                version: view.version().0,
            })
        };
        read().map_err(failed(&format!("cannot read app {key}")))
    }
}
