//! The newest picture of an app of the durable store: a view that trusts it has the snapshot that it shows.

use crate::newest::{Newest, Picture};
use rollbook::{EventSeq, Version};
use shuttle::sync::Mutex;
use shuttle::thread;
use std::sync::Arc;

fn picture(version: u64) -> Picture {
    Picture {
        version: Version(version),
        sealed: version.is_multiple_of(2),
        log_end: EventSeq(version * 10),
        last_drop: Version(version / 2),
        deletions: version % 4 < 2,
    }
}

/// A writer writes twice, the second time in vain or not; two readers take the picture and then a snapshot. Whoever is
/// told that the turn is the same has a snapshot of that very version, and the picture is never of two versions.
pub fn a_trusted_picture_is_of_the_snapshot() {
    let shared = Arc::new((Newest::new(), Mutex::new(0_u64)));
    assert!(shared.0.is_new());
    shared.0.settle(picture(0));
    let writer = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (newest, engine) = &*shared;
            for version in 1..=3 {
                newest.unsettle();
                *engine.lock().expect("the engine") = version;
                // The second write fails, and yet something of it is there: nobody may trust the picture until the next.
                if version != 2 {
                    newest.settle(picture(version));
                }
            }
        })
    };
    let readers = [(); 2].map(|()| {
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (newest, engine) = &*shared;
            if let Some((turn, seen)) = newest.read() {
                let snapshot = *engine.lock().expect("the engine");
                if newest.is_still(turn) {
                    assert_eq!(seen, picture(snapshot));
                }
            }
        })
    });
    readers.into_iter().chain([writer]).for_each(|thread| thread.join().expect("no panic"));
    let (turn, seen) = shared.0.read().expect("a settled picture");
    assert!(shared.0.is_still(turn));
    assert_eq!(seen, picture(3));
}
