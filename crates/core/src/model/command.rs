//! The operations of a register as data: what a batch is made of.

use super::{
    Alias, DeletedUser, DeviceId, DeviceUpdate, EventCode, EventName, NewEvent, Platform, PlatformSet,
    Registered, Registration, SignedOut, TagName, Updated, UserId, UtcOffset, Version,
};
use serde::{Deserialize, Serialize};

/// One changing operation. Each means exactly what the method of [`App`](crate::App) of the same name does.
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
    /// Register a device.
    Register(Registration),
    /// Remove a device's push token.
    Unregister(DeviceId),
    /// Remove a device.
    Remove(DeviceId),
    /// Remove a device, if it still has this version.
    RemoveBasedOn {
        /// The device.
        device: DeviceId,
        /// The version.
        version: Version,
    },
    /// Update a device.
    Update {
        /// The device.
        device: DeviceId,
        /// The change.
        update: DeviceUpdate,
    },
    /// Unbind devices from an alias.
    UnbindAlias {
        /// The alias.
        alias: Alias,
        /// The devices.
        devices: Vec<DeviceId>,
    },
    /// Delete an alias.
    DeleteAlias {
        /// The alias.
        alias: Alias,
        /// Where.
        platforms: PlatformSet,
    },
    /// Update a tag.
    UpdateTag {
        /// The tag.
        tag: TagName,
        /// Devices that get it.
        add: Vec<DeviceId>,
        /// Devices that lose it.
        remove: Vec<DeviceId>,
    },
    /// Delete a tag.
    DeleteTag {
        /// The tag.
        tag: TagName,
        /// Where.
        platforms: PlatformSet,
    },
    /// Register a user.
    RegisterUser {
        /// The device.
        device: DeviceId,
        /// The user; absent: the device's anonymous user.
        user: Option<UserId>,
        /// The platform; absent: a known device keeps its own, and a new one is of the unknown platform.
        platform: Option<Platform>,
        /// The device's offset from UTC.
        utc_offset: Option<UtcOffset>,
    },
    /// Sign a device out.
    SignOut(DeviceId),
    /// Sign a user out on all devices.
    SignOutUser(UserId),
    /// Delete a user.
    DeleteUser(UserId),
    /// Declare an event type.
    DeclareEvent(EventName),
    /// Post an event.
    PostEvent(NewEvent),
}

/// What a command did.
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
    /// Done, and there is nothing more to tell.
    Done,
    /// A device or a user was registered.
    Registered(Registered),
    /// A device was updated.
    Updated(Updated),
    /// A device was removed; the user that disappeared with it.
    Removed {
        /// The user whose last device it was.
        vanished_user: Option<UserId>,
    },
    /// A user was deleted; how many devices and events went with it.
    UserDeleted(DeletedUser),
    /// A device was signed out.
    SignedOut(SignedOut),
    /// A user was signed out.
    UserSignedOut {
        /// On how many devices.
        devices: u64,
    },
    /// An event was posted.
    Posted(EventCode),
}
