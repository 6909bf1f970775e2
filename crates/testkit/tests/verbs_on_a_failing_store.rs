//! What single verbs do when the store fails them in a certain way; the sweep over all verbs is `sweeps`.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests: a panic is a failed test")]

use rollbook::store::{Conflicted, Store, View};
use rollbook::{
    App, AppId, AppKey, AppSettings, DeviceId, Limits, ManualClock, NewEvent, Platform, Registration, Registry,
    Timestamp,
};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore};

const NOW: Timestamp = Timestamp::from_secs(10_000);
const CONFLICT: Failure = Failure::Conflict(Conflicted::EntryChanged);

fn shop() -> AppKey {
    AppKey::new("shop").unwrap()
}

fn phone() -> DeviceId {
    DeviceId::new("phone").unwrap()
}

/// An app of one device, whose user is `device phone`, with one event that is too old to be seen.
fn register() -> (Registry<FaultStore<OrderedStore>>, App<FaultStore<OrderedStore>>) {
    let registry = Registry::builder(FaultStore::new(OrderedStore::new())).clock(ManualClock::at(NOW)).build();
    let limits =
        Limits { event_retention_secs: Some(60), declare_on_first_use: true, ..Limits::unlimited() };
    let settings = AppSettings { limits, ..AppSettings::default() };
    let app = registry.create_app(&shop(), settings).unwrap();
    app.register(&Registration::new(phone(), Platform::Ios)).unwrap();
    let old = NewEvent {
        device: Some(phone()),
        timestamp_utc: Some(Timestamp::from_secs(1)),
        ..NewEvent::new("login".parse().unwrap())
    };
    app.post_event(&old).unwrap();
    (registry, app)
}

#[test]
fn a_purge_goes_on_when_another_writer_was_first() {
    let (registry, app) = register();
    registry.store().arm(Fault::at(Call::Commit, 1, CONFLICT));
    assert_eq!(app.purge_events().unwrap(), 1);
    assert!(registry.store().fired());
}
