//! Apps: create, list, look up, change, delete.

use super::deletion::begun;
use super::directory::{Directory, Write, misplaced};
use super::{Registry, Scope};
use crate::error::{Error, Subject};
use crate::model::{
    AppId, AppInfo, AppKey, AppRecord, AppSettings, AppUpdate, Credential, Limits, Page, Policies, Secret,
    Set, Version,
};
use crate::store::{Deleted, Deletion, Entry, EntryKey, EntryKind, Store, StoreError, View};
use crate::violation::{Violation, Violations};
use std::sync::Arc;

/// The number of apps that are read at once where all are visited.
const PAGE: usize = 1_024;

impl<S: Store> Registry<S> {
    /// The apps in byte order of their keys, behind `after`, at most `limit` (0 counts as 1) of them.
    ///
    /// ```
    /// use rollbook_testkit::example::registry;
    ///
    /// let page = registry().apps(None, 100)?;
    /// assert_eq!(page.items[0].key.as_str(), "shop");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn apps(&self, after: Option<&AppKey>, limit: usize) -> Result<Page<AppInfo, AppKey>, Error> {
        let limit = limit.max(1);
        let view = self.inner.store.view(AppId::DIRECTORY).map_err(Error::store("take a view"))?;
        let after = after.map(|key| EntryKey::App(key.clone()));
        let entries = view.entries(EntryKind::App, after.as_ref(), limit.saturating_add(1));
        let entries = entries.map_err(Error::store("list the apps"))?;
        let mut items: Vec<AppInfo> = Vec::with_capacity(entries.len());
        for (entry, _) in entries {
            match entry {
                Entry::App(record) => items.push(with_usable_limits(record).into()),
                _ => return Err(misplaced()),
            }
        }
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|info| info.key.clone());
        Ok(Page { items, next })
    }

    /// Changes several settings of an app in one commit: after a failure none of them is changed.
    ///
    /// ```
    /// use rollbook::AppUpdate;
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// let update = AppUpdate { name: Some("The shop".into()), presence: Some(false), ..AppUpdate::default() };
    /// registry.update_app(&"shop".parse()?, &update)?;
    /// let shop = registry.app(&"shop".parse()?)?;
    /// assert_eq!((shop.name(), shop.has_presence()), ("The shop", false));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; every violation of `name` and of [`Limits::check`]; [`Error::Store`].
    pub fn update_app(&self, key: &AppKey, update: &AppUpdate) -> Result<(), Error> {
        let AppUpdate { name, master_secret, api_tokens, presence, limits, policies } = update;
        let mut found: Vec<Violation> =
            name.iter().filter_map(|name| AppSettings::check_name(name).err()).collect();
        if let Some(Err(violations)) = limits.as_ref().map(Limits::check) {
            found.extend(violations.iter().cloned());
        }
        Violations::check(found)?;
        let master = match master_secret {
            Set::Keep => None,
            Set::Clear => Some(None),
            Set::To(secret) => Some(self.credentials(std::slice::from_ref(secret))?.pop()),
        };
        let tokens = api_tokens.as_ref().map(|tokens| self.credentials(tokens)).transpose()?;
        self.change_app(key, |record| {
            set(&mut record.name, name);
            set(&mut record.master, &master);
            set(&mut record.tokens, &tokens);
            set(&mut record.presence, presence);
            set(&mut record.limits, limits);
            set(&mut record.policies, policies);
        })
    }

    /// Renames an app: the name for people, not the key.
    ///
    /// ```
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// registry.rename_app(&"shop".parse()?, "The shop")?;
    /// assert_eq!(registry.app(&"shop".parse()?)?.name(), "The shop");
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; a violation of `name`; [`Error::Store`].
    pub fn rename_app(&self, key: &AppKey, name: &str) -> Result<(), Error> {
        AppSettings::check_name(name)?;
        self.change_app(key, |record| name.clone_into(&mut record.name))
    }

    /// Gives an app other limits. What exists above a lowered limit keeps working and can only shrink.
    ///
    /// ```
    /// use rollbook::Limits;
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// registry.set_limits(&"shop".parse()?, &Limits { tags_per_device: Some(1), ..Limits::default() })?;
    /// let shop = registry.app(&"shop".parse()?)?;
    /// assert!(shop.update_tag(&"vip".parse()?, &["tablet".parse()?], &[]).is_err());
    /// assert!(shop.update_tag(&"vip".parse()?, &[], &["phone".parse()?]).is_ok()); // removal always works
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; violations of [`Limits::check`]; [`Error::Store`].
    pub fn set_limits(&self, key: &AppKey, limits: &Limits) -> Result<(), Error> {
        limits.check()?;
        self.change_app(key, |record| record.limits = limits.clone())
    }

    /// Gives an app the presence capability, or takes it.
    ///
    /// ```
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// registry.set_presence(&"shop".parse()?, false)?;
    /// assert!(registry.app(&"shop".parse()?)?.presence(&["phone".parse()?]).is_err());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn set_presence(&self, key: &AppKey, presence: bool) -> Result<(), Error> {
        self.change_app(key, |record| record.presence = presence)
    }

    /// Gives an app other policies. They hold for what is done from now on, through handles that are taken from now on.
    ///
    /// ```
    /// use rollbook::{OnUserChange, Policies};
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// let policies = Policies { on_user_change: OnUserChange::ClearAlias, ..Policies::default() };
    /// registry.set_policies(&"shop".parse()?, &policies)?;
    /// assert_eq!(registry.app(&"shop".parse()?)?.policies(), &policies);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn set_policies(&self, key: &AppKey, policies: &Policies) -> Result<(), Error> {
        self.change_app(key, |record| record.policies = policies.clone())
    }

    /// Replaces an app's master secret; `None` leaves it without one, and then none is right.
    ///
    /// ```
    /// use rollbook::Secret;
    /// use rollbook_testkit::example::registry;
    ///
    /// let (registry, secret) = (registry(), Secret::new("fedcba9876543210")?);
    /// registry.set_master_secret(&"shop".parse()?, Some(&secret))?;
    /// assert!(registry.app(&"shop".parse()?)?.verify_master_secret(&secret));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn set_master_secret(&self, key: &AppKey, secret: Option<&Secret>) -> Result<(), Error> {
        let credential = self.credentials(secret.map_or(&[], std::slice::from_ref))?.pop();
        self.change_app(key, |record| record.master = credential.clone())
    }

    /// Replaces an app's API tokens.
    ///
    /// ```
    /// use rollbook::Secret;
    /// use rollbook_testkit::example::registry;
    ///
    /// let (registry, token) = (registry(), Secret::new("TOKEN")?);
    /// registry.set_api_tokens(&"shop".parse()?, &[token.clone()])?;
    /// assert!(registry.app(&"shop".parse()?)?.verify_api_token(&token));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn set_api_tokens(&self, key: &AppKey, tokens: &[Secret]) -> Result<(), Error> {
        let credentials = self.credentials(tokens)?;
        self.change_app(key, |record| record.tokens = credentials.clone())
    }

    /// Deletes an app with everything in it. It is gone for everyone when its data begin to go; they go in bounded
    /// steps, and after a crash [`Registry::resume_deletions`] goes on.
    ///
    /// ```
    /// use rollbook::Audience;
    /// use rollbook_testkit::example::registry;
    ///
    /// let registry = registry();
    /// let shop = registry.app(&"shop".parse()?)?;
    /// registry.delete_app(&"shop".parse()?)?;
    /// assert!(shop.count(&Audience::All).is_err());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`], of the kind `OutcomeUnknown` as soon as the deletion has begun.
    pub fn delete_app(&self, key: &AppKey) -> Result<(), Error> {
        let id = self.inner.write_directory(|directory| {
            let Some((record, version)) = directory.app(key)? else {
                return Err(Error::not_found(Subject::App, key.as_str()));
            };
            let mut write = Write::default();
            write.expect(EntryKey::App(key.clone()), Some(version));
            write.remove(EntryKey::App(key.clone()));
            // An app's number is never given again, so it numbers the app's deletion, too.
            let of = Deleted::App { key: key.clone(), id: record.id };
            write.put(Entry::Deletion(Deletion { number: u64::from(record.id.0), of }));
            Ok((record.id, write))
        })?;
        self.inner.clear_app(id).map_err(begun)
    }

    /// Goes on with every deletion that was interrupted, of apps and of users; how many devices were removed.
    ///
    /// Call it once after opening a durable store. Nothing that is being deleted is visible in the meantime.
    ///
    /// ```
    /// use rollbook_testkit::example::registry;
    ///
    /// assert_eq!(registry().resume_deletions()?, 0); // none was interrupted
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn resume_deletions(&self) -> Result<u64, Error> {
        let mut removed = 0;
        let view = self.inner.store.view(AppId::DIRECTORY).map_err(Error::store("take a view"))?;
        let deletions = view.entries(EntryKind::Deletion, None, usize::MAX);
        let deletions = deletions.map_err(Error::store("list the deletions under way"))?;
        drop(view);
        for (entry, _) in deletions {
            let Entry::Deletion(Deletion { of: Deleted::App { id, .. }, .. }) = entry else {
                return Err(misplaced());
            };
            self.inner.clear_app(id)?;
        }
        let mut after = None;
        loop {
            let page = self.apps(after.as_ref(), PAGE)?;
            for info in &page.items {
                match self.scope(&info.key) {
                    Ok(app) => removed += app.resume_deletions()?,
                    // Deleted since it was listed.
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(removed),
            }
        }
    }

    fn change_app(&self, key: &AppKey, change: impl Fn(&mut AppRecord)) -> Result<(), Error> {
        self.inner.write_directory(|directory| {
            let Some((mut record, version)) = directory.app(key)? else {
                return Err(Error::not_found(Subject::App, key.as_str()));
            };
            let before = record.clone();
            change(&mut record);
            let mut write = Write::default();
            if before != record {
                write.expect(EntryKey::App(key.clone()), Some(version));
                write.put(Entry::App(Box::new(record)));
            }
            Ok(((), write))
        })
    }

    pub(crate) fn create_scope(&self, key: &AppKey, settings: AppSettings) -> Result<Scope<S>, Error> {
        AppSettings::check_name(&settings.name)?;
        settings.limits.check()?;
        let mut salt = [0; 8];
        self.random(&mut salt)?;
        let AppSettings { name, master_secret, api_tokens, presence, limits, policies } = settings;
        let template = AppRecord {
            key: key.clone(),
            id: AppId::DIRECTORY,
            name,
            master: self.credentials(master_secret.as_slice())?.pop(),
            tokens: self.credentials(&api_tokens)?,
            presence,
            limits,
            policies,
            code_salt: u64::from_le_bytes(salt),
        };
        let record = self.inner.write_directory(|directory| {
            if directory.app(key)?.is_some() {
                return Err(Error::AppExists { key: key.clone() });
            }
            let (id, next_version) = directory.next_app()?;
            let record = AppRecord { id, ..template.clone() };
            let mut write = Write::default();
            write.expect(EntryKey::App(key.clone()), None);
            write.expect(EntryKey::NextApp, next_version);
            write.put(Entry::NextApp(AppId(id.0.saturating_add(1))));
            write.put(Entry::App(Box::new(record.clone())));
            Ok((record, write))
        })?;
        Ok(self.scope_of(record))
    }

    pub(crate) fn scope(&self, key: &AppKey) -> Result<Scope<S>, Error> {
        match self.inner.directory()?.app(key)? {
            Some((record, _)) => Ok(self.scope_of(record)),
            None => Err(Error::not_found(Subject::App, key.as_str())),
        }
    }

    fn scope_of(&self, record: AppRecord) -> Scope<S> {
        Scope { inner: Arc::clone(&self.inner), app: Arc::new(record) }
    }

    /// Under one fresh salt: secrets of one app are compared with together.
    fn credentials(&self, secrets: &[Secret]) -> Result<Vec<Credential>, Error> {
        if secrets.is_empty() {
            return Ok(Vec::new());
        }
        let mut salt = [0; 16];
        self.random(&mut salt)?;
        Ok(secrets.iter().map(|secret| Credential::new(secret, salt)).collect())
    }

    fn random(&self, bytes: &mut [u8]) -> Result<(), Error> {
        if self.inner.entropy.fill(bytes) {
            return Ok(());
        }
        let source =
            StoreError::Unavailable { what: "the source of randomness has none to give", cause: None };
        Err(Error::Store { action: "make a salt", source })
    }
}

fn set<T: Clone>(member: &mut T, to: &Option<T>) {
    if let Some(to) = to {
        member.clone_from(to);
    }
}

/// An app's record, whose limits may have been written before they were checked.
fn with_usable_limits(record: Box<AppRecord>) -> AppRecord {
    let AppRecord { limits, .. } = *record;
    AppRecord { limits: limits.at_least_usable(), ..*record }
}

impl<V: View> Directory<V> {
    fn app(&self, key: &AppKey) -> Result<Option<(AppRecord, Version)>, Error> {
        match self.entry(&EntryKey::App(key.clone()))? {
            Some((Entry::App(record), version)) => Ok(Some((with_usable_limits(record), version))),
            Some(_) => Err(misplaced()),
            None => Ok(None),
        }
    }

    fn next_app(&self) -> Result<(AppId, Option<Version>), Error> {
        match self.entry(&EntryKey::NextApp)? {
            Some((Entry::NextApp(id), version)) => Ok((id, Some(version))),
            Some(_) => Err(misplaced()),
            None => Ok((AppId(AppId::DIRECTORY.0 + 1), None)),
        }
    }
}
