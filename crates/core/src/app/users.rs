//! Operations on users: register, look up, sign out, delete.

use super::{App, cursor};
use crate::error::Error;
use crate::model::{DeletedUser, DeviceId, Platform, PlatformSet, Registered, UserId, UtcOffset};
use crate::registry::transaction::{Mode, StartedDeletion};
use crate::registry::verbs::{Pending, devices::Enrolment, sign_out, users};
use crate::store::{Committed, Key, Relation, Store};

impl<S: Store> App<S> {
    /// Assigns a device to a user, or, without a user, to its anonymous user. An unknown device is created, on the
    /// given platform or on [`Platform::Unknown`]. A known device moves to the given platform, if any. The device
    /// leaves its former user, and the result reports whether it was that user's last device.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let done = shop.register_user(&"tablet".parse()?, Some(&"bob".parse()?), None, None)?;
    /// assert_eq!((done.former_user, done.former_user_vanished), (Some("ann".parse()?), false));
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`].
    pub fn register_user(
        &self,
        device: &DeviceId,
        user: Option<&UserId>,
        platform: Option<Platform>,
        utc_offset: Option<UtcOffset>,
    ) -> Result<Registered, Error> {
        let anonymous = device.anonymous_user();
        self.enrol(&Enrolment::of_user(device, user.unwrap_or(&anonymous), platform, utc_offset))
    }

    /// Returns all devices of a user on these platforms, in byte order. The list is empty for an unknown user.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// assert_eq!(shop().user_devices(&"ann".parse()?, PlatformSet::ALL)?.len(), 2);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn user_devices(&self, user: &UserId, platforms: PlatformSet) -> Result<Vec<DeviceId>, Error> {
        let live = self.scope.live_view()?;
        let key = Key::new(Relation::User, user.as_str());
        cursor::all_ids(&live, key, platforms)
    }

    /// Deletes a user, all its devices, and the events that were posted with the user or with one of these devices;
    /// returns the numbers of both. Events of the user are deleted even if the user has no device, because an event may
    /// be posted with a known device and any user. If the user has neither devices nor events, nothing is removed.
    ///
    /// Everything is invisible at once and is removed in bounded steps. After a crash
    /// [`Registry::resume_deletions`](crate::Registry::resume_deletions) continues. The same user id registered
    /// afterwards is a new user. An interrupted deletion of the same user is completed first.
    ///
    /// ```
    /// use rollbook::{DeletedUser, NewEvent};
    /// use rollbook_testkit::example::shop;
    ///
    /// let shop = shop();
    /// let (watch, ghost) = (Some("watch".parse()?), Some("ghost".parse()?));
    /// shop.post_event(&NewEvent { device: watch, user: ghost, ..NewEvent::new("opened".parse()?) })?;
    /// assert_eq!(shop.delete_user(&"ghost".parse()?)?, DeletedUser { devices: 0, events: 1 });
    ///
    /// assert_eq!(shop.delete_user(&"ann".parse()?)?, DeletedUser { devices: 2, events: 1 });
    /// assert!(shop.device(&"phone".parse()?).is_err());
    /// assert_eq!(shop.delete_user(&"ann".parse()?)?, DeletedUser::default());
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`], of the kind `OutcomeUnknown` as soon as the deletion has begun.
    pub fn delete_user(&self, user: &UserId) -> Result<DeletedUser, Error> {
        let (pending, committed) = self.scope.write(Mode::Single, |tx| users::delete(tx, user))?;
        match pending {
            Pending::UserDeleted(Some(begun)) => self.finish_user(begun, &committed),
            Pending::UserDeleted(None) => Ok(DeletedUser::default()),
            _ => Err(super::batch::mismatched()),
        }
    }

    /// Signs a user out on all devices, as [`App::sign_out`] does on one, and returns the number of devices. From the
    /// moment when the first of them no longer belongs to the user, none of them does.
    ///
    /// Some hundreds of devices, as many as fit into one commit of any store, are signed out at once. If there are
    /// more, they become invisible with the first commit and come back signed out in bounded steps. After a crash
    /// [`Registry::resume_deletions`](crate::Registry::resume_deletions) continues. A device that registers in the
    /// meantime is signed out first.
    ///
    /// ```
    /// use rollbook::PlatformSet;
    /// use rollbook_testkit::example::shop;
    ///
    /// let (shop, ann) = (shop(), "ann".parse()?);
    /// assert_eq!(shop.sign_out_user(&ann)?, 2);
    /// assert!(shop.user_devices(&ann, PlatformSet::ALL)?.is_empty());
    /// assert_eq!(shop.device(&"phone".parse()?)?.user, "phone".parse()?);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Contended`]; [`Error::Store`], of the kind `OutcomeUnknown` as soon as the first of several steps is
    /// taken.
    pub fn sign_out_user(&self, user: &UserId) -> Result<u64, Error> {
        let (pending, committed) = self.scope.write(Mode::Single, |tx| sign_out::user(tx, user))?;
        match pending {
            Pending::UserSigningOut(begun) => self.finish_sign_out(begun, &committed),
            Pending::UserSignedOut { devices } => Ok(devices),
            _ => Err(super::batch::mismatched()),
        }
    }

    /// Carries out a user's deletion that a commit has begun.
    pub(super) fn finish_user(
        &self,
        begun: StartedDeletion,
        committed: &Committed,
    ) -> Result<DeletedUser, Error> {
        let condemned = committed.condemned.get(begun.nth).copied().ok_or_else(super::batch::mismatched)?;
        self.scope.finish_user(begun.number, condemned.saturating_sub(begun.left))
    }

    /// Carries out the signing out of a user that a commit has begun.
    pub(super) fn finish_sign_out(
        &self,
        begun: StartedDeletion,
        committed: &Committed,
    ) -> Result<u64, Error> {
        let taken = committed.condemned.get(begun.nth).copied().ok_or_else(super::batch::mismatched)?;
        self.scope.finish_user(begun.number, taken.saturating_sub(begun.left)).map(|done| done.devices)
    }

    /// Continues the interrupted deletions and sign-outs of users, and returns the number of devices that were removed.
    ///
    /// ```
    /// use rollbook_testkit::example::shop;
    ///
    /// assert_eq!(shop().resume_deletions()?, 0); // none was interrupted
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NotFound`] after the app was deleted; [`Error::Store`].
    pub fn resume_deletions(&self) -> Result<u64, Error> {
        self.scope.resume_deletions()
    }
}
