//! A write that another writer precedes again and again: how often it is planned, and how long it waits in between.

use crate::common::{NOW, device, key};
use rollbook::store::Conflicted;
use rollbook::{AppSettings, Clock, Entropy, Error, Platform, Registration, Registry, Timestamp};
use rollbook_testkit::ordered::OrderedStore;
use rollbook_testkit::{Call, Failure, Fault, FaultStore};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that notes how long it was asked to wait, in microseconds.
#[derive(Default)]
struct Noting(Mutex<Vec<u128>>);

impl Clock for Noting {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn pause(&self, how_long: Duration) {
        self.0.lock().unwrap().push(how_long.as_micros());
    }
}

/// One less than what every ceiling of a pause divides: each pause is as long as it may be.
struct Longest;

impl Entropy for Longest {
    fn fill(&self, bytes: &mut [u8]) -> bool {
        let draw = 1_279_999_u64.to_le_bytes();
        bytes.iter_mut().zip(draw.into_iter().cycle()).for_each(|(byte, drawn)| *byte = drawn);
        true
    }
}

#[test]
fn a_write_is_planned_sixty_four_times_with_pauses_that_double_up_to_twenty_milliseconds() {
    let clock = Arc::new(Noting::default());
    let store = FaultStore::new(OrderedStore::new());
    let registry = Registry::builder(store).clock(Arc::clone(&clock)).entropy(Longest).build();
    let app = registry.create_app(&key("shop"), AppSettings::default()).unwrap();
    let conflict = Failure::Conflict(Conflicted::DeviceChanged);
    registry.store().arm(Fault::at(Call::Commit, 1, conflict).staying());
    let refused = app.register(&Registration::new(device("d"), Platform::Ios)).unwrap_err();
    assert!(matches!(refused, Error::Contended { attempts: 64 }), "{refused}");
    // The first three attempts wait for nobody.
    let doubling = (0..11).map(|n| (10 << n) - 1);
    let expected: Vec<u128> = doubling.chain(std::iter::repeat_n(19_999, 50)).collect();
    assert_eq!(*clock.0.lock().unwrap(), expected);
}
