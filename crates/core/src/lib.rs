//! The register behind a push service: which devices an app has, whose they are, what tags and alias they carry, what
//! happened on them, and who is in an audience.
//!
//! # What it is
//!
//! A library. [`Registry`] is the register, on any [`Store`](store::Store); [`App`] is one tenant of it, and its methods
//! are the operations. Everything that must be named is a validated type ([`DeviceId`], [`TagName`], [`Alias`],
//! [`UserId`], [`AppKey`], [`EventName`]); everything that may be tuned is a plain struct ([`Limits`], [`Policies`],
//! [`AppSettings`]).
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
//! and may block as long as its store does: asynchronous callers use a blocking task.
//!
//! # Users who come and go, devices that fall silent
//!
//! A device belongs to exactly one user; while nobody has claimed it, to the anonymous user of its own id.
//! [`App::register_user`] claims it, and makes a device that is unknown; [`App::sign_out`] gives it back, and makes none.
//! What it carries of the user before is in the answer, and [`Policies::on_user_change`] may have it cleared.
//! [`App::sign_out_user`] does the same on all devices of a user.
//!
//! [`App::touch`] and [`App::open`] note that a device was seen, and [`App::device_called`] where
//! [`Policies::presence_from`] says so. Registering one notes when it was registered, not that it was seen.
//! [`App::remove_unseen`] removes those that were not seen for long, and never one whose heartbeat was acknowledged
//! before. To look when a device was last seen and then to remove it would lose a heartbeat in between.
//!
//! # How it is built
//!
//! From the ground up; no module names one above it:
//!
//! | module | what |
//! |---|---|
//! | `violation` | a broken rule: field, rule, limit, value |
//! | [`model`] | validated names, limits, time, plain records |
//! | [`store`] | the contract for whoever keeps a register; the manual for store authors |
//! | `picture` | a view without the devices that wait for removal |
//! | `audience` | conditions: tree, text form, evaluation; reads only |
//! | `registry` | the only writer: verbs over a draft, one loop of planning and committing, deletions in steps |
//! | [`App`] | the handle that callers hold |
//!
//! # Why is there no …
//!
//! - *… `async`?* The fast store answers in a fraction of the time that a task switch costs.
//! - *… transaction that spans calls?* A batch is one: it is data, it can be rehearsed, and it never holds a lock while
//!   the caller thinks.
//! - *… event for "a user disappeared"?* The operation that takes a user's last device says so in its answer.
//! - *… automatic repetition of a write whose outcome is unknown?* Posting twice is two events.

mod app;
mod audience;
mod error;
pub mod model;
mod picture;
mod registry;
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
