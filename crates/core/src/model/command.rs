//! The operations of a register as data, of which a batch consists.

use super::{
    Alias, DeletedUser, DeviceId, DeviceUpdate, EventCode, EventName, NewEvent, Platform, PlatformSet,
    Registered, Registration, SignedOut, TagName, Updated, UserId, UtcOffset, Version,
};
use serde::{Deserialize, Serialize};

/// One write operation. Each has the meaning of the method of [`App`](crate::App) with the same name.
///
/// ```
/// use rollbook::Command;
/// let command = Command::PostEvent(rollbook::NewEvent::new("opened".parse()?));
/// let shop = rollbook_testkit::example::shop();
/// assert!(shop.dry_run(&[command]).is_err()); // it is nobody's
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Registers a device.
    Register(Registration),
    /// Removes a device's push token.
    Unregister(DeviceId),
    /// Removes a device.
    Remove(DeviceId),
    /// Removes a device if it still has this version.
    RemoveBasedOn {
        /// The device.
        device: DeviceId,
        /// The version.
        version: Version,
    },
    /// Updates a device.
    Update {
        /// The device.
        device: DeviceId,
        /// The change.
        update: DeviceUpdate,
    },
    /// Takes an alias from devices.
    UnbindAlias {
        /// The alias.
        alias: Alias,
        /// The devices.
        devices: Vec<DeviceId>,
    },
    /// Deletes an alias.
    DeleteAlias {
        /// The alias.
        alias: Alias,
        /// The platforms on which it is deleted.
        platforms: PlatformSet,
    },
    /// Updates a tag.
    UpdateTag {
        /// The tag.
        tag: TagName,
        /// The devices that get it.
        add: Vec<DeviceId>,
        /// The devices that lose it.
        remove: Vec<DeviceId>,
    },
    /// Deletes a tag.
    DeleteTag {
        /// The tag.
        tag: TagName,
        /// The platforms on which it is deleted.
        platforms: PlatformSet,
    },
    /// Registers a user.
    RegisterUser {
        /// The device.
        device: DeviceId,
        /// The user; if absent, the device's anonymous user.
        user: Option<UserId>,
        /// The platform; if absent, a known device keeps its own, and a new one gets the unknown platform.
        platform: Option<Platform>,
        /// The device's offset from UTC.
        utc_offset: Option<UtcOffset>,
    },
    /// Signs a device out.
    SignOut(DeviceId),
    /// Signs a user out on all devices.
    SignOutUser(UserId),
    /// Deletes a user.
    DeleteUser(UserId),
    /// Declares an event type.
    DeclareEvent(EventName),
    /// Posts an event.
    PostEvent(NewEvent),
}

/// The outcome of a command.
///
/// ```
/// use rollbook::{Command, DeletedUser, Outcome};
/// let shop = rollbook_testkit::example::shop();
/// let done = shop.batch(&[Command::DeleteUser("ann".parse()?)])?;
/// assert_eq!(done, [Outcome::UserDeleted(DeletedUser { devices: 2, events: 1 })]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The command was applied and has no further result.
    Done,
    /// A device or a user was registered.
    Registered(Registered),
    /// A device was updated.
    Updated(Updated),
    /// A device was removed.
    Removed {
        /// The user that vanished because this was its last device.
        vanished_user: Option<UserId>,
    },
    /// A user was deleted, with these numbers of devices and events.
    UserDeleted(DeletedUser),
    /// A device was signed out.
    SignedOut(SignedOut),
    /// A user was signed out.
    UserSignedOut {
        /// The number of devices on which it was signed out.
        devices: u64,
    },
    /// An event was posted.
    Posted(EventCode),
}
