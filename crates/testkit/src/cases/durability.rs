//! What was acknowledged is there when the store is opened again, for every store that declares it.

use crate::look::device_id;
use crate::subject::{APP, OTHER, Subject};
use crate::writes::{Writes, alias, deletion, event, event_type, ranked, tag, user};
use rollbook::store::{Conflicted, Durability, Entry, LogIndex};
use rollbook::{AppId, EventSeq, Platform, PlatformSet, Version};

const IOS: Platform = Platform::Ios;

/// Returns `true` if the store loses its content when it is dropped; the case then does not apply.
fn forgets(t: &mut Subject<'_>) -> bool {
    let volatile = t.store().info().durability == Durability::Volatile;
    if volatile {
        t.skip("the store declares that it is volatile");
    }
    volatile
}

pub(super) fn an_empty_store_opens_again(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    t.reopen();
    assert_eq!(t.store().look().version(), 0);
}

pub(super) fn everything_is_there_again(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let s = t.store();
    for app in [APP, OTHER] {
        let set =
            Writes::new().insert_seen(IOS, ranked(device_id("ann"), 1), Some(5)).insert(Platform::Sms, "bob");
        let set = set.link_new(&tag("t"), &[0, 1]).link_new(&tag("x"), &[0]).link_new(&alias("a"), &[1]);
        s.commit_in(app, set.link_new(&user("u"), &[0]).link_new(&user("v"), &[1]));
        let set =
            Writes::new().put_entry(event_type("login", 3)).append(event(9, "login", Some("ann"), Some("u")));
        s.commit_in(app, set.append(event(2, "login", Some("bob"), None)).condemn("v", 7));
    }
    s.commit_in(AppId::DIRECTORY, Writes::new().put_entry(Entry::NextApp(AppId(3))));
    let apps = [APP, OTHER, AppId::DIRECTORY];
    let before = apps.map(|app| s.look_at(app).picture());
    for time in 1..=3 {
        t.reopen();
        assert_eq!(apps.map(|app| t.store().look_at(app).picture()), before, "opened again {time} times");
    }
}

pub(super) fn the_last_commit_is_there_again(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    for n in 1..=10 {
        t.store().device(IOS, &format!("{n}"));
        t.reopen();
        let look = t.store().look();
        assert!(look.version() == n && look.find(&format!("{n}")).is_some(), "commit {n} was acknowledged");
    }
}

pub(super) fn what_was_removed_stays_removed(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let s = t.store();
    let (ann, bob) = (s.device(IOS, "ann"), s.device(IOS, "bob"));
    s.commit(
        Writes::new().link(&tag("t"), &[ann, bob]).link(&tag("x"), &[bob]).put_entry(event_type("e", 1)),
    );
    s.commit(Writes::new().remove(ann).unlink(&tag("x"), &[bob]).remove_entry(&event_type("e", 1).key()));
    t.reopen();
    let look = t.store().look();
    assert_eq!((look.find("ann"), look.find("bob")), (None, Some(bob)));
    look.assert_names(&tag("t"), &[bob]);
    look.assert_absent(&tag("x"));
    assert_eq!(look.entry(&event_type("e", 1).key()), None);
}

pub(super) fn dropped_keys_stay_dropped(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let s = t.store();
    let places = s.commit((0..6).fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}")))).inserted;
    s.commit(Writes::new().link(&tag("t"), &places));
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL));
    t.reopen();
    t.store().look().assert_absent(&tag("t"));
    t.store().commit(Writes::new().link(&tag("other"), &places[..1]).link(&tag("t"), &places[1..2]));
    t.reopen();
    let look = t.store().look();
    look.assert_names(&tag("other"), &places[..1]);
    look.assert_names(&tag("t"), &places[1..2]);
}

pub(super) fn numbers_go_on_where_they_were(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let s = t.store();
    s.commit(Writes::new().append(event(1, "a", None, None)).append(event(2, "a", None, None)));
    s.commit(Writes::new().trim(100, 9));
    t.reopen();
    let s = t.store();
    assert_eq!(s.look().log_end(), 2, "the newest ever appended, though none is left");
    let next = s.commit(Writes::new().append(event(1, "a", None, None)));
    assert_eq!((next.version, next.appended.as_slice()), (Version(3), &[EventSeq(3)][..]));
    assert_eq!(s.look().numbers(LogIndex::All), [3]);
}

pub(super) fn emptied_slots_are_remembered(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let old = t.store().device(IOS, "ann");
    let as_of = t.store().look().version();
    t.store().commit(Writes::new().remove(old));
    t.reopen();
    let s = t.store();
    for n in 0..100 {
        let place = s.device(IOS, &format!("{n}"));
        assert_ne!(place, old, "the place of a removed device is not given again");
    }
    assert_eq!(s.look().ids(IOS, &[old.slot.ordinal], as_of), [], "an old list does not name a later device");
    assert_eq!(s.conflict(Writes::new().remove(old)), Conflicted::DeviceGone);
}

pub(super) fn a_seal_holds(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    t.store().commit(Writes::new().seal());
    t.reopen();
    assert!(t.store().look().is_sealed());
    assert_eq!(t.store().conflict(Writes::new().open()), Conflicted::Sealed);
}

pub(super) fn a_deletion_under_way_is_found_again(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let place = t.store().placed(Writes::new().insert(IOS, "ann").link_new(&user("u"), &[0]));
    t.store().commit(Writes::new().condemn("u", 7));
    t.reopen();
    t.store().look().assert_names(&deletion(7), &[place]);
    t.store().commit(Writes::new().remove(place));
    t.reopen();
    t.store().look().assert_absent(&deletion(7));
}

pub(super) fn a_commit_that_failed_is_not_there(t: &mut Subject<'_>) {
    if forgets(t) {
        return;
    }
    let s = t.store();
    let ann = s.device(IOS, "ann");
    s.conflict(Writes::new().link(&tag("t"), &[ann]).insert(IOS, "bob").insert(IOS, "ann"));
    let before = s.look().picture();
    t.reopen();
    assert_eq!(t.store().look().picture(), before);
}
