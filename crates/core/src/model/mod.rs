//! Plain records and their rules: what a register knows, without how it is stored.
//!
//! - [`names`](self): validated strings. A value of such a type satisfies the widest rule of its kind. The rule of what
//!   an app allows to be *added* is narrower and is part of its [`Limits`].
//! - [`Platform`], [`PlatformSet`]: the kinds of devices.
//! - [`Device`], [`Registration`], [`DeviceUpdate`]: a device as it is read, registered, changed.
//! - [`Event`], [`EventQuery`]: history.
//! - [`AppRecord`], [`AppSettings`], [`Limits`], [`Policies`]: an app.
//! - [`Command`], [`Outcome`]: an operation as data, and its outcome.
//! - [`Timestamp`], [`Clock`], [`Entropy`]: time and randomness as arguments.
//!
//! # As data
//!
//! Every plain type is written and read with serde, in one style: members and variants in `snake_case`, times in
//! seconds, absent values as null or left out. Types that callers send ([`Registration`], [`AppOpen`], [`Command`],
//! [`DeviceUpdate`], [`NewEvent`], [`EventQuery`], [`AppSettings`], [`Limits`], [`Policies`]) refuse unknown members: a
//! misspelt `tagz` must not pass for a device without tags. Types that the register returns ignore them, so that a
//! reader older than the register understands it.

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
mod named;
mod names;
mod page;
mod platform;
mod policies;
mod rfc3339;
mod secret;
mod time;
mod visible;

pub use app::{AppInfo, AppRecord, AppSettings, AppUpdate, EventType};
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
