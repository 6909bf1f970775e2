//! The register of a push service: which devices an app has, who owns them, which tags and alias they carry, which
//! events happened on them, and which devices an audience selects.
//!
//! # What it is
//!
//! A library. [`Registry`] is the register, on any [`Store`](store::Store). [`App`] is one tenant of it, and its
//! methods are the operations. Names are validated types ([`DeviceId`], [`TagName`], [`Alias`], [`UserId`], [`AppKey`],
//! [`EventName`]); settings are plain structs ([`Limits`], [`Policies`], [`AppSettings`]).
//!
//! ```
//! use rollbook::{AppKey, AppSettings, Audience, DeviceId, Platform, Registration, Registry, TagName};
//! use rollbook_testkit::ordered::OrderedStore; // or rollbook_store_mem::MemStore
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let registry = Registry::builder(OrderedStore::new()).build();
//! let shop = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
//!
//! let phone = DeviceId::new("8f65b16df378e7a6")?;
//! let tags = vec![TagName::new("news")?];
//! shop.register(&Registration { tags, ..Registration::new(phone.clone(), Platform::Ios) })?;
//!
//! let audience: Audience = "news && platform(ios, android) && !muted".parse()?;
//! assert_eq!(shop.count(&audience)?, 1);
//! assert!(shop.contains(&audience, &phone)?);
//! # Ok(())
//! # }
//! ```
//!
//! # What it is not
//!
//! It sends nothing, limits no rates, and speaks no protocol. It runs in the process that links it. It is synchronous
//! and may block as long as its store does; asynchronous callers use a blocking task.
//!
//! # Users that change, and devices that are no longer seen
//!
//! A device belongs to exactly one user; as long as no user has claimed it, that is the anonymous user of its own id.
//! [`App::register_user`] claims a device and creates it if it is unknown. [`App::sign_out`] returns it to its
//! anonymous user and creates nothing. The result reports what the device still carries of its former user, and
//! [`Policies::on_user_change`] may have it cleared. [`App::sign_out_user`] does the same on all devices of a user.
//!
//! [`App::touch`] and [`App::open`] record that a device was seen, and so does [`App::device_called`] if
//! [`Policies::presence_from`] says so. Registering a device records when it was registered, not that it was seen.
//! [`App::remove_unseen`] removes devices that were not seen for a long time, but none whose heartbeat was acknowledged
//! before the removal. Reading when a device was last seen and then removing it would lose a heartbeat in between.
//!
//! # How it is built
//!
//! From the bottom up; no module uses one above it:
//!
//! | module | content |
//! |---|---|
//! | `violation` | a broken rule: field, rule, limit, value |
//! | [`model`] | validated names, limits, time, plain records |
//! | [`store`] | the contract for stores; the manual for store authors |
//! | `error` | what a caller can do about a failure |
//! | `live_view` | a view without the devices that are pending deletion |
//! | `audience` | conditions: tree, text form, evaluation; reads only |
//! | `registry` | the only writer: operations planned over a transaction, the loop of planning and committing, deletions in steps |
//! | [`App`] | the handle that callers hold |
//!
//! # Why is there no …
//!
//! - *… `async`?* With a store in memory a call takes a fraction of the time of a task switch.
//! - *… transaction that spans calls?* A batch is one: it is data, it can be planned without being applied, and it
//!   holds no lock while the caller decides.
//! - *… event for "a user vanished"?* The operation that takes a user's last device reports it in its result.
//! - *… automatic retry of a write whose outcome is unknown?* Posting twice creates two events.

mod app;
mod audience;
mod error;
mod live_view;
pub mod model;
mod registry;
mod small_table;
pub mod store;
mod violation;

pub use app::{App, Batches, DeliveryBatch, DeviceCursor, Selected, TagCount};
pub use audience::{
    Audience, ExplainedPart, Explanation, JpushAudience, JpushMembers, JpushPlatforms, Overlap, ParseError,
    Reason, SavedAudiences, Taken,
};
pub use error::{BatchFailure, Error, ErrorKind, Subject};
pub use model::*;
pub use registry::{Registry, RegistryBuilder};
pub use violation::{Rule, Violation, Violations};
