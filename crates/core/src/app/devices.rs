//! Operations on devices: register, unregister, remove, look up, update.

use super::App;
use crate::error::{Error, Subject};
use crate::model::{
    Alias, AppOpen, Device, DeviceId, DeviceUpdate, PresenceFrom, Registered, Registration, SignedOut,
    TagName, Updated, UserId, Version,
};
use crate::registry::transaction::Mode;
use crate::registry::verbs::{Pending, devices, sign_out};
use crate::store::{Committed, DeviceRecord, Relation, Store, StoreError, View};

/// The initial capacity for the tags of a device that is read. Few devices have more, and counting them first would
/// read them twice.
const TAGS_AT_FIRST: usize = 16;

impl<S: Store> App<S> {
    /// Registers a device: creates or updates it. Fields that are not given keep their values; the given tags are
    /// added.
    ///
    /// ```
    /// use rollbook::{Platform, Registration};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let done = shop.register(&Registration {
    ///     tags: vec!["news".parse()?],
    ///     ..Registration::new("laptop".parse()?, Platform::Macos)
    /// })?;
    /// assert!(done.created);
    /// // What is not given stays.
    /// let again = shop.register(&Registration::new("laptop".parse()?, Platform::Macos))?;
    /// assert!(!again.created && shop.has_tag(&"laptop".parse()?, &"news".parse()?)?);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations of `tags` (items, total bytes, names, tags per device) and `alias` (name, devices per alias);
    /// [`Error::Contended`]; [`Error::Store`]. Nothing is changed then.
    pub fn register(&self, registration: &Registration) -> Result<Registered, Error> {
        self.enrol(&registration.into())
    }

    pub(super) fn enrol(&self, enrolment: &devices::Enrolment<'_>) -> Result<Registered, Error> {
        let (pending, committed) = self.scope.write(Mode::Single, |tx| devices::register(tx, enrolment))?;
        match pending {
            Pending::Registered(registered) => Ok(super::batch::registered(registered, &committed)),
            _ => Err(super::batch::mismatched()),
        }
    }

    /// Records that the device's app was opened: creates the device if it is unknown, updates what it reports about
    /// itself, and records that it was seen now, unless the app's
    /// [`Policies::presence_from`](crate::Policies::presence_from) is [`None`](crate::PresenceFrom::None).
    ///
    /// ```
    /// use rollbook::{AppOpen, Presence};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let open = AppOpen { language: Some("zh_CN".parse()?), ..AppOpen::new("phone".parse()?) };
    /// assert!(!shop.open(&open)?.created);
    /// let phone = shop.device(&"phone".parse()?)?;
    /// assert_eq!((phone.language, phone.user), (Some("zh-CN".parse()?), "ann".parse()?));
    /// assert_eq!(shop.presence(&["phone".parse()?])?, [Some(Presence::Online)]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// Violations of `device` and `user` if they are new and not visible; [`Error::Contended`]; [`Error::Store`].
    pub fn open(&self, open: &AppOpen) -> Result<Registered, Error> {
        let (pending, committed) = self.scope.write(Mode::Single, |tx| devices::open(tx, open))?;
        // If nothing about the device changed, only its heartbeat is recorded, which needs no commit.
        if committed == Committed::default() && self.policies().presence_from != PresenceFrom::None {
            self.see(&open.device)?;
        }
        match pending {
            Pending::Registered(registered) => Ok(super::batch::registered(registered, &committed)),
            _ => Err(super::batch::mismatched()),
        }
    }

    /// Signs a device out: it belongs to its anonymous user again, and loses what the app's
    /// [`Policies::on_user_change`](crate::Policies::on_user_change) says. A device that already belongs to its
    /// anonymous user stays as it is.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.sign_out(&"phone".parse()?)?;
    /// assert_eq!(shop.device(&"phone".parse()?)?.user, "phone".parse()?);
    /// assert!(shop.sign_out(&"unknown".parse()?).is_err()); // and none is created
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Contended`]; [`Error::Store`].
    pub fn sign_out(&self, device: &DeviceId) -> Result<SignedOut, Error> {
        let (pending, committed) = self.scope.write(Mode::Single, |tx| sign_out::device(tx, device))?;
        match pending {
            Pending::SignedOut(done) => Ok(super::batch::signed_out(done, &committed)),
            _ => Err(super::batch::mismatched()),
        }
    }

    /// Removes a device's push token. The device, its tags and its user stay. A device without a token does not change.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// shop.unregister(&"phone".parse()?)?;
    /// assert!(shop.device(&"phone".parse()?)?.token.is_none());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Contended`]; [`Error::Store`].
    pub fn unregister(&self, device: &DeviceId) -> Result<(), Error> {
        self.scope.write(Mode::Single, |tx| devices::unregister(tx, device))?;
        Ok(())
    }

    /// Removes a device from every tag, alias, user, listing and audience. Returns the user that vanished because this
    /// was its last device. The device's events stay, because history belongs to the ids it was posted with.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// assert_eq!(shop.remove(&"phone".parse()?)?, None); // Ann still has the tablet
    /// assert_eq!(shop.remove(&"tablet".parse()?)?, Some("ann".parse()?));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Contended`]; [`Error::Store`].
    pub fn remove(&self, device: &DeviceId) -> Result<Option<UserId>, Error> {
        self.take_away(device, None)
    }

    /// Removes a device if it still has the version that the caller saw. Otherwise as [`App::remove`], and with the
    /// same return value.
    ///
    /// ```
    /// use rollbook::{DeviceUpdate, Error, Set};
    /// use rollbook_testkit::example::shop;
    ///
    /// let (shop, watch) = (shop(), "watch".parse()?);
    /// let seen = shop.device(&watch)?.version;
    /// shop.update(&watch, &DeviceUpdate { mobile: Set::To("+1".parse()?), ..DeviceUpdate::default() })?;
    /// assert!(matches!(shop.remove_based_on(&watch, seen), Err(Error::Stale { .. })));
    /// shop.remove_based_on(&watch, shop.device(&watch)?.version)?;
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`]; [`Error::Contended`]; [`Error::Store`].
    pub fn remove_based_on(&self, device: &DeviceId, version: Version) -> Result<Option<UserId>, Error> {
        self.take_away(device, Some(version))
    }

    fn take_away(&self, device: &DeviceId, based_on: Option<Version>) -> Result<Option<UserId>, Error> {
        let (pending, committed) =
            self.scope.write(Mode::Single, |tx| devices::remove(tx, device, based_on))?;
        match pending {
            Pending::Removed { user } => {
                Ok(Some(user).filter(|user| committed.vanished_users.contains(user)))
            }
            _ => Err(super::batch::mismatched()),
        }
    }

    /// Returns a device with everything that the register knows about it.
    ///
    /// ```
    /// use rollbook::Platform;
    /// use rollbook_testkit::example::shop;
    ///
    /// let phone = shop().device(&"phone".parse()?)?;
    /// assert_eq!((phone.platform, phone.user.as_str()), (Platform::Ios, "ann"));
    /// assert_eq!(phone.tags, ["news".parse()?, "vip".parse()?]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Store`].
    pub fn device(&self, device: &DeviceId) -> Result<Device, Error> {
        let live = self.scope.live_view()?;
        let found = live.find(device)?;
        let place = found.ok_or_else(|| Error::not_found(Subject::Device, device.as_str()))?;
        let view = live.raw();
        let read = || -> Result<Device, StoreError> {
            // Records that were not read lately come first and close together, so that they are fetched at once; most
            // tags are in the caches anyway.
            let last_seen = view.last_seen(place.slot)?;
            let mut bad = None;
            let mut keep = |violation| bad = Some(violation);
            let mut alias = None;
            view.keys_of(place.slot, Relation::Alias, &mut |name| match Alias::new(name) {
                Ok(name) => alias = Some(name),
                Err(violation) => keep(violation),
            })?;
            let mut user = None;
            view.keys_of(place.slot, Relation::User, &mut |name| match UserId::new(name) {
                Ok(name) => user = Some(name),
                Err(violation) => keep(violation),
            })?;
            let stored = view.device(place.slot)?;
            let stored = stored.ok_or_else(|| StoreError::corrupt("a device that is found has no record"))?;
            let mut tags = Vec::with_capacity(TAGS_AT_FIRST);
            view.keys_of(place.slot, Relation::Tag, &mut |name| match TagName::new(name) {
                Ok(tag) => tags.push(tag),
                Err(violation) => keep(violation),
            })?;
            if let Some(violation) = bad {
                return Err(StoreError::Corrupt {
                    what: "a name breaks its rule".into(),
                    cause: Some(violation.into()),
                });
            }
            tags.sort_unstable();
            let DeviceRecord { id, token, mobile, language, utc_offset, registered_at, alias_rank: _ } =
                stored.record;
            let user = user.ok_or_else(|| StoreError::corrupt("a device has no user"))?;
            Ok(Device {
                id,
                platform: place.slot.platform,
                version: stored.version,
                token,
                mobile,
                language,
                utc_offset,
                alias,
                user,
                tags,
                registered_at,
                last_seen,
            })
        };
        read().map_err(Error::store("read a device"))
    }

    /// Changes a device. Fields that the update does not name stay as they are. Tags are removed first and then added.
    /// An update that changes nothing succeeds and keeps the version.
    ///
    /// ```
    /// use rollbook::{DeviceUpdate, Set, TagsChange};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let (add, remove) = (vec!["beta".parse()?], vec!["vip".parse()?]);
    /// let update = DeviceUpdate {
    ///     alias: Set::Clear,
    ///     tags: TagsChange::Change { add, remove },
    ///     ..DeviceUpdate::default()
    /// };
    /// shop.update(&"phone".parse()?, &update)?;
    /// let phone = shop.device(&"phone".parse()?)?;
    /// assert_eq!((phone.alias, phone.tags), (None, vec!["beta".parse()?, "news".parse()?]));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Stale`] if the update is based on another version; violations of `tags.add`,
    /// `tags.remove` and `alias`; [`Error::Contended`]; [`Error::Store`]. Nothing is changed then.
    pub fn update(&self, device: &DeviceId, update: &DeviceUpdate) -> Result<Updated, Error> {
        let (pending, _) = self.scope.write(Mode::Single, |tx| devices::update(tx, device, update))?;
        match pending {
            Pending::Updated(updated) => Ok(updated),
            _ => Err(super::batch::mismatched()),
        }
    }
}
