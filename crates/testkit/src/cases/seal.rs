//! Sealing: an app that is being deleted shows it, for ever.

use crate::subject::{APP, OTHER, Subject};
use crate::writes::{Writes, tag};
use rollbook::Platform;
use rollbook::store::Conflicted;

pub(super) fn a_sealed_app_says_so(t: &mut Subject<'_>) {
    let s = t.store();
    s.device(Platform::Ios, "ann");
    assert!(!s.look().is_sealed(), "not before");
    s.commit(Writes::new().seal());
    let look = s.look();
    assert!(look.is_sealed());
    assert!(look.find("ann").is_some(), "sealing removes nothing");
    assert_eq!(look.version(), 2, "sealing is a commit");
    drop(look);
    assert!(!s.look_at(OTHER).is_sealed(), "another app is not sealed");
}

pub(super) fn a_sealed_app_stays_sealed(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(Platform::Ios, "ann");
    s.commit(Writes::new().seal());
    s.commit(Writes::new().seal().remove(ann));
    s.commit(Writes::new());
    assert!(s.look().is_sealed());
    assert_eq!(s.conflict(Writes::new().open()), Conflicted::Sealed);
}

pub(super) fn only_commits_that_check_find_a_sealed_app_closed(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit_in(APP, Writes::new().seal());
    let ann = s.placed(Writes::new().insert(Platform::Ios, "ann").link_new(&tag("a"), &[0]));
    s.look().assert_names(&tag("a"), &[ann]);
    s.commit(Writes::new().remove(ann));
    assert_eq!(s.look().devices(Platform::Ios), [], "a sealed app is emptied by commits like any other");
}
