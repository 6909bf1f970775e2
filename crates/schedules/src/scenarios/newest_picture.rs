//! The newest picture of an app of the durable store: if a view finds it valid, the snapshot of the view shows it.

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

/// A writer writes twice, and the second write may fail; two readers read the picture and then take a snapshot. A
/// reader for which the turn has not changed has a snapshot of exactly that version, and a picture never mixes two
/// versions.
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
                // The second write fails, but part of it is visible. So the picture must stay invalid until the next
                // write.
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
