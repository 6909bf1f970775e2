//! A sweep that finds nothing proves nothing, so these tests sweep verbs that misbehave when the store fails, and
//! check the finding about each.

use super::scene::Scene;
use super::{Answer, Swept, Verb, sweep};
use crate::fault::{Call, Failure, FaultStore};
use crate::op::{Op, Settings};
use crate::ordered::OrderedStore;
use rollbook::{App, AppKey, Error, ErrorKind, EventName, NewEvent, Registry};

type Faulty = FaultStore<OrderedStore>;

fn shop() -> AppKey {
    "shop".parse().unwrap()
}

fn event(name: &str) -> EventName {
    name.parse().unwrap()
}

/// Returns what the sweep finds about a verb on an app with one device, `phone`.
#[track_caller]
fn found(run: fn(&App<Faulty>) -> Result<(), Error>) -> super::Unsound {
    let create = Op::CreateApp { app: shop(), settings: Settings::default() };
    let phone = rollbook::Registration::new("phone".parse().unwrap(), rollbook::Platform::Ios);
    let register = Op::Do(shop(), rollbook::Command::Register(phone));
    let declare = Op::Do(shop(), rollbook::Command::DeclareEvent(event("login")));
    let run = move |registry: &Registry<Faulty>, _: &rollbook::ManualClock| -> Answer {
        run(&registry.app(&shop())?)?;
        Ok(String::new())
    };
    let scene = Scene::of(vec![create, register, declare]);
    let verb = Verb { name: "a bad verb".to_owned(), scene, clears: false, run: Box::new(run) };
    *sweep(&OrderedStore::new, &verb, &mut Swept::default()).unwrap_err()
}

fn login() -> NewEvent {
    NewEvent { device: Some("phone".parse().unwrap()), ..NewEvent::new(event("login")) }
}

#[test]
fn a_verb_that_writes_again_after_an_unknown_outcome_is_found() {
    let unsound = found(|app| match app.post_event(&login()) {
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => {
            app.post_event(&login())?;
            Err(error)
        }
        other => other.map(drop),
    });
    let fault = unsound.fault.unwrap();
    assert_eq!((fault.call, fault.nth, fault.how), (Some(Call::Commit), 1, Failure::UnknownApplied));
    assert!(unsound.what.contains("followed the one that failed"), "{unsound}");
}

#[test]
fn a_verb_of_two_commits_is_found_between_them() {
    let unsound = found(|app| {
        app.declare_event(&event("one"))?;
        app.declare_event(&event("two"))
    });
    assert!(unsound.what.starts_with("neither the state before nor the state after"), "{unsound}");
}

#[test]
fn a_verb_that_keeps_a_failure_to_itself_is_found() {
    let unsound = found(|app| app.post_event(&login()).map(drop).or(Ok(())));
    assert!(unsound.what.starts_with("the failure was kept from the caller"), "{unsound}");
}

#[test]
fn a_verb_whose_error_is_of_the_wrong_kind_is_found() {
    let unsound =
        found(|app| app.post_event(&login()).map(drop).map_err(|_| Error::Contended { attempts: 1 }));
    assert!(unsound.what.ends_with("of the kind Unavailable, not Fault"), "{unsound}");
}

#[test]
fn a_verb_that_is_refused_without_a_fault_is_told_as_that() {
    let unsound = found(|app| app.remove(&"nobody".parse().unwrap()).map(drop));
    assert!(unsound.fault.is_none() && unsound.what.starts_with("refused"), "{unsound}");
}
