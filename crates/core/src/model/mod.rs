//! Plain records and the rules they carry: what a register knows, without how it is kept.
//!
//! - [`names`](self): validated strings. A value of such a type satisfies the widest rule of its kind; what an app
//!   allows to be *added* is narrower and lives in its [`Limits`].
//! - [`Platform`], [`PlatformSet`]: what kind of device.
//! - [`Device`], [`Registration`], [`DeviceUpdate`]: a device as it is read, registered, changed.
//! - [`Event`], [`EventQuery`]: history.
//! - [`AppRecord`], [`AppSettings`], [`Limits`], [`Policies`]: a tenant.
//! - [`Command`], [`Outcome`]: an operation as data, and what it did.
//! - [`Timestamp`], [`Clock`], [`Entropy`]: time and randomness as arguments.
//!
//! # As data
//!
//! Every plain type is written and read with serde, in one style: members and variants in `snake_case`, times in
//! seconds, a value that is absent as null or left out. What callers send ([`Registration`], [`AppOpen`], [`Command`],
//! [`DeviceUpdate`], [`NewEvent`], [`EventQuery`], [`AppSettings`], [`Limits`], [`Policies`]) refuses members that it
//! does not know: a misspelt `tagz` must not pass for a device without tags. What the register returns ignores them, so
//! that a reader that is older than the register understands it.

mod absent;
mod app;
mod attributes;
mod command;
mod deleted;
mod device;
mod event;
mod hidden;
mod ids;
mod language;
mod limits;
mod names;
mod page;
mod platform;
mod policies;
mod rfc3339;
mod secret;
mod time;
mod visible;

pub use app::{AppInfo, AppRecord, AppSettings, EventType};
pub use attributes::{Attribute, Attributes, Scalar};
pub use command::{Command, Outcome};
pub use deleted::DeletedUser;
pub use device::{
    AppOpen, Device, DeviceUpdate, Registered, Registration, Set, SignedOut, TagsChange, Updated,
};
pub use event::{Event, EventCode, EventOrder, EventPosition, EventQuery, EventScope, NewEvent};
pub use ids::{AppId, EventSeq, Version};
pub use language::Language;
pub(crate) use language::stored as stored_language;
pub(crate) use limits::check_items;
pub use limits::{AliasOverflow, Limits, NameRule};
pub(crate) use names::stored_mobile;
pub use names::{Alias, AppKey, DeviceId, EventName, Mobile, PushToken, TagName, UserId, parse_list};
pub use page::Page;
pub use platform::{Platform, PlatformSet};
pub use policies::{OnUserChange, Policies, PresenceFrom};
pub use secret::{Credential, Secret};
pub use time::{
    Clock, Entropy, ManualClock, Presence, SeededEntropy, SystemClock, SystemEntropy, Timestamp, UtcOffset,
};
pub(crate) use visible::check_new;
