//! An app as the store knows it, for what the register's own interface does not show.

use crate::failure::Failure;
use rollbook::store::{Entry, EntryKey, Store, StoreError, View};
use rollbook::{AppId, AppKey};

/// Returns the number of an app.
pub(crate) fn space_of(store: &impl Store, key: &AppKey) -> Result<AppId, Failure> {
    let read = || -> Result<_, StoreError> {
        let directory = store.view(AppId::DIRECTORY)?;
        directory.entry(&EntryKey::App(key.clone()))
    };
    match read().map_err(failed("cannot read the directory of apps"))? {
        Some((Entry::App(app), _)) => Ok(app.id),
        _ => Err(Failure::Refused(format!("--app: there is no app {key} in the register"))),
    }
}

/// Returns a function that makes the failure of an action, for `map_err`.
pub(crate) fn failed(during: &str) -> impl FnOnce(StoreError) -> Failure {
    let during = during.to_owned();
    move |source| Failure::Store { during, source: source.into() }
}
