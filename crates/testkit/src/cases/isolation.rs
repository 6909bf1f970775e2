//! One case for each row of the contract's table of anomalies, named after the anomaly.
//!
//! A view may be a lock: no case commits on a thread that holds one, and none holds two. While a view is held, another
//! thread tries to commit; whether it waits is the store's choice.

use crate::subject::{APP, Desk, Subject};
use crate::writes::{Writes, alias, event, event_type, tag};
use rollbook::Platform;
use rollbook::store::{Conflicted, StoreError};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const IOS: Platform = Platform::Ios;

/// Holds a view while another thread commits, or at least tries to; then drops it and waits for the thread.
fn while_committing(s: Desk<'_>, commit: impl FnOnce() + Send) {
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let look = s.look();
        let before = look.picture();
        scope.spawn(move || {
            commit();
            let _ = tell.send(());
        });
        // Long enough for a commit that does not wait for the view; one that waits goes on when the view is dropped.
        let _ = told.recv_timeout(Duration::from_millis(100));
        assert_eq!(look.picture(), before, "a view goes on showing its version");
    });
}

pub(super) fn dirty_read_of_a_commit_that_failed(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0..200 {
                let set = Writes::new()
                    .insert(IOS, &format!("{n}"))
                    .link_new(&tag("x"), &[0])
                    .link(&tag("x"), &[ann]);
                let refused = s.try_commit(set.append(event(1, "x", None, None)).insert(IOS, "ann"));
                assert!(matches!(refused, Err(StoreError::Conflict { what: Conflicted::DeviceExists })));
            }
            stop.store(true, Ordering::SeqCst);
        });
        while !stop.load(Ordering::SeqCst) {
            let look = s.look();
            assert_eq!(look.version(), 1, "a commit that fails makes no version");
            assert_eq!(look.posting(&tag("x"), IOS), [], "a commit that fails links nothing");
            assert_eq!(look.devices(IOS), [ann.slot.ordinal], "a commit that fails inserts nothing");
            assert_eq!(look.log_end(), 0, "a commit that fails appends nothing");
        }
    });
}

pub(super) fn dirty_read_of_a_part_of_a_commit(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(Platform::Android, "bob"));
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..300 {
                s.commit(
                    Writes::new()
                        .link(&tag("x"), &[ann])
                        .link(&tag("y"), &[bob])
                        .append(event(1, "x", None, None)),
                );
                s.commit(
                    Writes::new()
                        .unlink(&tag("x"), &[ann])
                        .append(event(1, "x", None, None))
                        .unlink(&tag("y"), &[bob]),
                );
            }
            stop.store(true, Ordering::SeqCst);
        });
        while !stop.load(Ordering::SeqCst) {
            let look = s.look();
            let (x, y) = (look.linked(ann.slot, &tag("x")), look.size(&tag("y")) == 1);
            assert_eq!(x, y, "both links of a commit are shown, or none");
            assert_eq!(look.log_end(), look.version() - 2, "an event a commit");
            assert_eq!(x, look.log_end() % 2 == 1, "the links belong to the version");
        }
    });
}

pub(super) fn read_skew(t: &mut Subject<'_>) {
    let s = t.store();
    let ann =
        s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("old"), &[0]).link_new(&alias("old"), &[0]));
    let commit = || {
        let set =
            Writes::new().link(&tag("new"), &[ann]).unlink(&tag("old"), &[ann]).link(&alias("new"), &[ann]);
        s.commit(set.put_entry(event_type("x", 1)).append(event(1, "x", Some("ann"), None)));
    };
    while_committing(s, commit);
    s.look().assert_names(&tag("new"), &[ann]);
}

pub(super) fn phantom(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..20)
        .map(|n| s.placed(Writes::new().insert(IOS, &format!("{n}")).link_new(&tag(&format!("{n}")), &[0])))
        .collect();
    let commit = || {
        s.commit(places.iter().step_by(2).fold(Writes::new(), |set, &place| set.remove(place)));
        for n in 100..120 {
            s.commit(Writes::new().insert(IOS, &format!("{n}")).link_new(&tag(&format!("{n}")), &[0]));
        }
    };
    while_committing(s, commit);
    assert_eq!(s.look().devices(IOS).len(), 30, "afterwards the devices are others");
}

pub(super) fn dirty_write(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..16).map(|n| s.device(IOS, &format!("{n}"))).collect();
    thread::scope(|scope| {
        for writer in ["1", "2", "3", "4"] {
            let places = &places;
            scope.spawn(move || {
                for _ in 0..50 {
                    let set =
                        places.iter().fold(Writes::new(), |set, &place| set.link(&alias(writer), &[place]));
                    s.commit(set.put_entry(event_type("last", writer.parse().unwrap_or(0))));
                }
            });
        }
        for _ in 0..100 {
            let names = s.look().names(rollbook::store::Relation::Alias);
            assert!(names.len() <= 1, "all devices have the alias of one commit: {names:?}");
        }
    });
    let look = s.look();
    let names = look.names(rollbook::store::Relation::Alias);
    let last = look.entry(&event_type("last", 0).key()).map(|(entry, _)| entry);
    assert_eq!(names.len(), 1, "the last commit wrote all aliases");
    assert_eq!(
        last,
        names.first().map(|name| event_type("last", name.parse().unwrap_or(0))),
        "and the entry"
    );
}

pub(super) fn lost_update(t: &mut Subject<'_>) {
    let s = t.store();
    let counter = event_type("counter", 0).key();
    let ann = s.device(IOS, "ann");
    let won = AtomicU64::new(0);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    let look = s.look();
                    let device = look.device(ann.slot).expect("ann");
                    let rank = device.record.alias_rank.unwrap_or(0);
                    let entry = look.entry(&counter).map(|(_, version)| version);
                    drop(look);
                    let mut record = device.record;
                    record.alias_rank = Some(rank + 1);
                    let set = Writes::new()
                        .unchanged(ann, device.version)
                        .entry_is(&counter, entry)
                        .put(ann, record);
                    match s.try_commit(set.put_entry(event_type("counter", i64::from(rank) + 1))) {
                        Ok(_) => drop(won.fetch_add(1, Ordering::SeqCst)),
                        Err(StoreError::Conflict { .. }) => {}
                        Err(error) => panic!("a race must end in a commit or a conflict: {error}"),
                    }
                }
            });
        }
    });
    let (won, look) = (won.into_inner(), s.look());
    let rank = look.device(ann.slot).and_then(|device| device.record.alias_rank);
    assert_eq!(rank.map(u64::from), Some(won), "every update that was acknowledged counts");
    let entry = look.entry(&counter).map(|(entry, _)| entry);
    assert_eq!(entry, Some(event_type("counter", won.cast_signed())), "in the entry too");
}

pub(super) fn write_skew(t: &mut Subject<'_>) {
    let s = t.store();
    for round in 0..30 {
        let key = alias(&format!("{round}"));
        let places: Vec<_> = (0..4).map(|n| s.device(IOS, &format!("{round} {n}"))).collect();
        thread::scope(|scope| {
            for place in &places {
                let set = Writes::new().at_most(&key, 1).link(&key, &[*place]);
                scope.spawn(move || match s.try_commit(set) {
                    Ok(_) | Err(StoreError::Conflict { what: Conflicted::KeyFull }) => {}
                    Err(error) => panic!("a race must end in a commit or a conflict: {error}"),
                });
            }
        });
        assert_eq!(s.look().size(&key), 2, "each link alone is right, and so are all together");
    }
}

pub(super) fn stale_read(t: &mut Subject<'_>) {
    let s = t.store();
    let (tell, told) = mpsc::channel::<(u64, String)>();
    let (answer, answered) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for (version, id) in told {
                let look = s.look_at(APP);
                let seen = look.version() >= version && look.find(&id).is_some();
                let _ = answer.send(seen);
            }
        });
        let ids: Vec<String> = (0..200).map(|n| format!("{n}")).collect();
        for id in &ids {
            let version = s.commit(Writes::new().insert(IOS, id)).version.0;
            let _ = tell.send((version, id.clone()));
            assert!(s.look().find(id).is_some(), "the thread that committed sees it");
            assert_eq!(answered.recv(), Ok(true), "another thread sees what was acknowledged");
        }
        drop(tell);
    });
}

pub(super) fn torn_heartbeat(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..8).map(|n| s.device(IOS, &format!("{n}"))).collect();
    let before = s.look().picture();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for at in 0..100 {
                s.touch(&places.iter().map(|&place| (place, at)).collect::<Vec<_>>());
            }
            stop.store(true, Ordering::SeqCst);
        });
        while !stop.load(Ordering::SeqCst) {
            let look = s.look();
            assert_eq!(look.version(), 8, "a heartbeat makes no version");
            assert_eq!(look.picture(), before, "and changes nothing but presence");
        }
    });
    let look = s.look();
    for place in places {
        assert_eq!(look.last_seen(place.slot), Some(99), "in the end every heartbeat is shown");
    }
}
