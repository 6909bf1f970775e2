//! How to test your service against a register.
//!
//! A register needs no server and no container: in a test it is made on the spot, on a store in memory, with a clock
//! that stands still and randomness that repeats itself. The example of this page is a small service that greets
//! devices:
//!
//! ```
//! use rollbook::{App, DeviceId, Error, Platform, Registration, Registry, TagName, store::Store};
//!
//! /// Tags a device as new, registering it when it is unknown.
//! fn greet<S: Store>(app: &App<S>, id: &DeviceId) -> Result<(), Error> {
//!     let tags = vec![TagName::new("new")?];
//!     app.register(&Registration { tags, ..Registration::new(id.clone(), Platform::Ios) }).map(drop)
//! }
//! ```
//!
//! # Time is an argument
//!
//! Give the register a [`ManualClock`](rollbook::ManualClock), keep the other half of it, and move it. Nothing waits:
//! not even the pauses between two attempts against other writers.
//!
//! ```
//! use rollbook::{AppKey, AppSettings, ManualClock, Platform, Presence, Registration, Registry, SeededEntropy, Timestamp};
//! use rollbook_testkit::ordered::OrderedStore;
//! use std::sync::Arc;
//!
//! let noon = Timestamp::from_secs(1_700_000_000);
//! let clock = Arc::new(ManualClock::at(noon));
//! let registry = Registry::builder(OrderedStore::new())
//!     .clock(Arc::clone(&clock))
//!     .entropy(SeededEntropy::new(7)) // the same event codes and salts in every run
//!     .build();
//! let shop = registry.create_app(&AppKey::new("shop")?, AppSettings { presence: true, ..AppSettings::default() })?;
//! let phone = "phone".parse()?;
//! shop.register(&Registration::new(phone, Platform::Ios))?;
//! let phone = "phone".parse()?;
//! shop.touch(std::slice::from_ref(&phone))?;
//! assert_eq!(shop.presence(std::slice::from_ref(&phone))?, [Some(Presence::Online)]);
//!
//! clock.advance(3_600);
//! assert_eq!(shop.presence(&[phone])?, [Some(Presence::LastSeen(noon))]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Names as hostile as those of the world
//!
//! [`strategies`](crate::strategies) makes names, limits, registrations, audiences and events for property tests:
//! ordinary ones that collide, ones exactly at their limit, ones in Han characters, ones that look like something else.
//!
//! ```
//! use proptest::{prelude::*, test_runner::Config};
//! # use rollbook::{App, DeviceId, Error, Platform, Registration, Registry, TagName, store::Store};
//! # fn greet<S: Store>(app: &App<S>, id: &DeviceId) -> Result<(), Error> {
//! #     let tags = vec![TagName::new("new")?];
//! #     app.register(&Registration { tags, ..Registration::new(id.clone(), Platform::Ios) }).map(drop)
//! # }
//! use rollbook::AppSettings;
//! use rollbook_testkit::{ordered::OrderedStore, strategies};
//!
//! let config = Config { cases: 20, ..Config::default() };
//! proptest!(config, |(key in strategies::app_key(), id in strategies::device_id())| {
//!     let registry = Registry::builder(OrderedStore::new()).build();
//!     let app = registry.create_app(&key, AppSettings::default()).unwrap();
//!     greet(&app, &id).unwrap();
//!     prop_assert!(app.has_tag(&id, &"new".parse().unwrap()).unwrap());
//! });
//! ```
//!
//! [`strategies::register`](crate::strategies::register) fills a whole register, and hands out the
//! [`Oracle`](crate::oracle::Oracle) that knows every answer. When your service has a model of its own to be compared
//! with, the oracle can be that model.
//!
//! # Nothing else has changed
//!
//! [`survey`](crate::survey::survey) asks a register everything and answers one value to compare. It shows what a
//! request must not touch, without a list of what that might be:
//!
//! ```
//! # use rollbook::{App, AppKey, AppSettings, DeviceId, Error, Platform, Registration, Registry, TagName, store::Store};
//! # fn greet<S: Store>(app: &App<S>, id: &DeviceId) -> Result<(), Error> {
//! #     let tags = vec![TagName::new("new")?];
//! #     app.register(&Registration { tags, ..Registration::new(id.clone(), Platform::Ios) }).map(drop)
//! # }
//! use rollbook_testkit::{ordered::OrderedStore, survey::survey};
//!
//! let registry = Registry::builder(OrderedStore::new()).build();
//! let shop = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
//! greet(&shop, &"phone".parse()?)?;
//! let once = survey(&registry)?;
//! greet(&shop, &"phone".parse()?)?;
//! assert_eq!(survey(&registry)?, once, "greeting a device twice is greeting it once");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When the store fails
//!
//! [`FaultStore`](crate::FaultStore) fails the call that you choose, as you choose, and counts calls. What a service
//! owes its own callers depends on [`Error::kind`](rollbook::Error::kind): after `Unavailable` nothing was applied and
//! the same call may be made again; after `OutcomeUnknown` it must look first.
//!
//! ```
//! # use rollbook::{App, AppKey, AppSettings, DeviceId, Error, Platform, Registration, Registry, TagName, store::Store};
//! # fn greet<S: Store>(app: &App<S>, id: &DeviceId) -> Result<(), Error> {
//! #     let tags = vec![TagName::new("new")?];
//! #     app.register(&Registration { tags, ..Registration::new(id.clone(), Platform::Ios) }).map(drop)
//! # }
//! use rollbook::ErrorKind;
//! use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore};
//!
//! let registry = Registry::builder(FaultStore::new(OrderedStore::new())).build();
//! let shop = registry.create_app(&AppKey::new("shop")?, AppSettings::default())?;
//! let phone: DeviceId = "phone".parse()?;
//!
//! // The next commit fails, and nothing of it is applied.
//! registry.store().arm(Fault::at(Call::Commit, 1, Failure::Unavailable));
//! assert_eq!(greet(&shop, &phone).unwrap_err().kind(), ErrorKind::Unavailable);
//! assert_eq!(shop.device(&phone).unwrap_err().kind(), ErrorKind::NotFound);
//!
//! // The next commit is applied, but nobody is told so.
//! registry.store().arm(Fault::at(Call::Commit, 1, Failure::UnknownApplied));
//! assert_eq!(greet(&shop, &phone).unwrap_err().kind(), ErrorKind::OutcomeUnknown);
//! assert!(shop.has_tag(&phone, &"new".parse()?)?, "whoever looks sees it");
//!
//! // From the second view on every one fails, until the store is disarmed.
//! registry.store().arm(Fault::at(Call::View, 2, Failure::Closed).staying());
//! assert!(shop.device(&phone).is_ok());
//! assert_eq!(shop.device(&phone).unwrap_err().kind(), ErrorKind::Fault);
//! registry.store().disarm();
//! assert!(shop.device(&phone).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! To meet every failure there can be, arm the first call, then the second, until
//! [`FaultStore::fired`](crate::FaultStore::fired) says that there was no such call any more. The verbs of the register
//! themselves are tested so by [`faults`](crate::faults): what is left to you is what your service does between two of
//! them.
