//! What single verbs do when the store fails them in a certain way; the sweep over all verbs is `sweeps`.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs, reason = "tests: a panic is a failed test")]

use rollbook::store::{Conflicted, EntryKind, Store, View};
use rollbook::{
    App, AppId, AppKey, AppSettings, Command, DeviceId, ErrorKind, Limits, ManualClock, NewEvent, Platform,
    Registration, Registry, Timestamp,
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
    let registry =
        Registry::builder(FaultStore::new(OrderedStore::new())).clock(ManualClock::at(NOW)).build();
    let limits = Limits { event_retention_secs: Some(60), declare_on_first_use: true, ..Limits::unlimited() };
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

#[test]
fn an_app_is_sealed_before_it_is_cleared_also_when_another_writer_was_first() {
    let (registry, app) = register();
    // The first commit takes the app out of the directory, the second seals it.
    registry.store().arm(Fault::at(Call::Commit, 2, CONFLICT));
    registry.delete_app(&shop()).unwrap();
    assert!(registry.store().fired() && registry.store().inner().view(AppId(1)).unwrap().is_sealed());
    let late = app.register(&Registration::new(phone(), Platform::Ios));
    assert_eq!(late.unwrap_err().kind(), ErrorKind::NotFound, "nothing is written to a cleared app");
}

#[test]
fn a_deleted_app_leaves_no_record_of_its_deletion_also_when_another_writer_was_first() {
    let commits = || {
        let (registry, _) = register();
        let before = registry.store().calls().commits;
        registry.delete_app(&shop()).unwrap();
        registry.store().calls().commits - before
    };
    let (registry, _) = register();
    registry.store().arm(Fault::at(Call::Commit, commits(), CONFLICT));
    registry.delete_app(&shop()).unwrap();
    let directory = registry.store().inner().view(AppId::DIRECTORY).unwrap();
    assert!(registry.store().fired());
    assert_eq!(directory.entries(EntryKind::Deletion, None, 9).unwrap(), []);
}

#[test]
fn a_deletion_against_endless_other_writers_gives_up() {
    let (registry, app) = register();
    registry.store().arm(Fault::at(Call::Commit, 2, CONFLICT).staying());
    assert!(app.delete_user(&phone().anonymous_user()).is_err());
    assert!(registry.delete_app(&shop()).is_err());
    registry.store().disarm();
    assert_eq!(registry.resume_deletions().unwrap(), 1, "the device that waited for its removal");
}

/// Fails every call from the second commit on, which is the first after the one that makes a deletion visible.
fn after_it_began(how: Failure) -> Fault {
    Fault::at(Call::Commit, 2, how).staying()
}

#[test]
fn a_deletion_that_fails_after_it_began_does_not_say_that_nothing_was_applied() {
    for how in [Failure::Unavailable, Failure::Corrupt, Failure::Closed, Failure::UnknownNotApplied, CONFLICT]
    {
        let (registry, app) = register();
        registry.store().arm(after_it_began(how));
        let error = app.delete_user(&phone().anonymous_user()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{how:?}: {error}");
        registry.store().disarm();
        assert_eq!(app.device(&phone()).unwrap_err().kind(), ErrorKind::NotFound, "the user is gone");

        let (registry, app) = register();
        registry.store().arm(after_it_began(how));
        let error = app.batch(&[Command::DeleteUser(phone().anonymous_user())]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{how:?}: {error}");

        let (registry, _) = register();
        registry.store().arm(after_it_began(how));
        let error = registry.delete_app(&shop()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{how:?}: {error}");
        registry.store().disarm();
        assert_eq!(registry.app(&shop()).unwrap_err().kind(), ErrorKind::NotFound, "the app is gone");
    }
}

#[test]
fn a_deletion_that_fails_before_it_began_says_so() {
    let (registry, app) = register();
    registry.store().arm(Fault::at(Call::Commit, 1, Failure::Unavailable).staying());
    assert_eq!(app.delete_user(&phone().anonymous_user()).unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(registry.delete_app(&shop()).unwrap_err().kind(), ErrorKind::Unavailable);
    registry.store().disarm();
    assert!(app.device(&phone()).is_ok(), "nothing was applied");
}
