//! Apps are isolated: nothing in one is reachable through another.

use crate::look::Look;
use crate::subject::{APP, Desk, OTHER, Subject};
use crate::writes::{Writes, alias, event, event_type, tag, user};
use rollbook::store::{LogIndex, Place};
use rollbook::{AppId, Platform, PlatformSet};

const IOS: Platform = Platform::Ios;

fn fill(s: Desk<'_>, app: AppId) -> Place {
    let set = Writes::new().insert(IOS, "ann").link_new(&tag("t"), &[0]).link_new(&alias("a"), &[0]);
    let set = set.link_new(&user("u"), &[0]).put_entry(event_type("login", 1));
    let committed = s.commit_in(app, set.append(event(1, "login", Some("ann"), Some("u"))));
    committed.inserted[0]
}

pub(super) fn what_is_done_in_one_app_is_not_in_another(t: &mut Subject<'_>) {
    let s = t.store();
    let empty = s.look_at(OTHER).picture();
    fill(s, APP);
    assert_eq!(s.look_at(OTHER).picture(), empty, "nothing of app {} is in app {}", APP.0, OTHER.0);
    assert_eq!(s.look_at(OTHER).find("ann"), None);
}

pub(super) fn apps_keep_the_same_names_apart(t: &mut Subject<'_>) {
    let s = t.store();
    let (here, there) = (fill(s, APP), fill(s, OTHER));
    let kept = s.look_at(OTHER).picture();
    s.commit(Writes::new().drop_key(&tag("t"), PlatformSet::ALL).condemn("u", 7).trim(9, 9));
    s.commit(Writes::new().remove(here).remove_entry(&event_type("login", 1).key()).seal());
    assert_eq!(s.look_at(OTHER).picture(), kept);
    assert_eq!(s.look_at(OTHER).find("ann"), Some(there));
}

pub(super) fn each_app_counts_its_own_versions_and_events(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s, APP);
    fill(s, APP_3);
    s.commit(Writes::new().append(event(1, "login", None, None)));
    let state = |look: &Look<'_>| (look.version(), look.log_end());
    assert_eq!(state(&s.look_at(APP)), (2, 2));
    assert_eq!(state(&s.look_at(APP_3)), (1, 1));
    assert_eq!(state(&s.look_at(OTHER)), (0, 0));
}

/// A third app, whose number starts like the first's in some encodings.
const APP_3: AppId = AppId(0x0100_0000);

pub(super) fn apps_of_any_number_are_apart(t: &mut Subject<'_>) {
    let s = t.store();
    let apps = [0, 1, 2, 255, 256, 257, 65_535, 65_536, APP_3.0, u32::MAX - 1, u32::MAX].map(AppId);
    for app in apps {
        s.commit_in(app, Writes::new().insert(IOS, &format!("{}", app.0)).link_new(&tag("t"), &[0]));
        let at = i64::from(app.0);
        s.commit_in(
            app,
            Writes::new().put_entry(event_type(&format!("{at}"), at)).append(event(at, "x", None, None)),
        );
    }
    for app in apps {
        let look = s.look_at(app);
        assert_eq!((look.version(), look.devices(IOS).len()), (2, 1), "app {}", app.0);
        assert!(look.find(&format!("{}", app.0)).is_some(), "app {} has its device", app.0);
        assert_eq!(look.size(&tag("t")), 1, "app {} has one device with the tag", app.0);
        let events = look.events(&crate::look::whole(LogIndex::All));
        let times: Vec<i64> = events.iter().map(|event| event.record.at.secs()).collect();
        assert_eq!(times, [i64::from(app.0)], "app {} has its event", app.0);
        let entries = look.entries(rollbook::store::EntryKind::EventType, None, usize::MAX);
        assert_eq!(entries.len(), 1, "app {} has one entry", app.0);
    }
}

pub(super) fn heartbeats_of_apps_are_apart(t: &mut Subject<'_>) {
    let s = t.store();
    let (here, there) = (fill(s, APP), fill(s, OTHER));
    s.touch_in(APP, &[(here, 10)]);
    assert_eq!(s.look_at(APP).last_seen(here.slot), Some(10));
    assert_eq!(s.look_at(OTHER).last_seen(there.slot), None);
}

pub(super) fn touching_an_app_never_committed_to_is_no_error(t: &mut Subject<'_>) {
    let s = t.store();
    let here = fill(s, APP);
    s.touch_in(OTHER, &[(here, 10)]);
    assert_eq!(s.look_at(OTHER).version(), 0);
}
