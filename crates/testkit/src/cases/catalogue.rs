//! Catalogue entries: each kind, in order, with the version that wrote them.

use crate::look::Look;
use crate::subject::Subject;
use crate::writes::{Writes, event_type, user_id};
use rollbook::store::{Deleted, Deletion, Entry, EntryKey, EntryKind};
use rollbook::{AppId, AppKey, AppRecord, EventSeq, Limits, OnUserChange, Policies, Secret};

fn app(key: &str, id: u32) -> Entry {
    let credential =
        |secret| Secret::new(secret).ok().map(|secret| rollbook::Credential::new(&secret, [7; 16]));
    Entry::App(Box::new(AppRecord {
        key: AppKey::new(key).expect("an app key that a case uses"),
        id: AppId(id),
        name: "a shop".to_owned(),
        master: credential("master"),
        tokens: credential("one").into_iter().chain(credential("two")).collect(),
        presence: true,
        limits: Limits::relaxed(),
        policies: Policies { on_user_change: OnUserChange::ClearAliasAndTags, ..Policies::default() },
        code_salt: u64::MAX,
    }))
}

fn deletion(number: u64) -> Entry {
    let of = Deleted::User { user: user_id("ann"), through: EventSeq(u64::MAX) };
    Entry::Deletion(Deletion { number, of })
}

fn keys(look: &Look<'_>, kind: EntryKind, after: Option<&EntryKey>, limit: usize) -> Vec<EntryKey> {
    look.entries(kind, after, limit).into_iter().map(|(entry, _)| entry.key()).collect()
}

pub(super) fn an_entry_of_every_kind_comes_back_with_its_version(t: &mut Subject<'_>) {
    let s = t.store();
    let of_app = Entry::Deletion(Deletion {
        number: u64::MAX,
        of: Deleted::App { key: AppKey::new("shop").expect("an app key"), id: AppId(u32::MAX) },
    });
    let all = [app("shop", 1), Entry::NextApp(AppId(7)), event_type("login", -5), deletion(0), of_app];
    for entry in all {
        let version = s.commit(Writes::new().put_entry(entry.clone())).version;
        let found = s.look().entry(&entry.key());
        assert_eq!(found, Some((entry, version)), "the entry as written, with the version that wrote it");
    }
}

pub(super) fn an_entry_is_replaced_under_its_key(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit(Writes::new().put_entry(event_type("login", 1)));
    let version = s.commit(Writes::new().put_entry(event_type("login", 2))).version;
    let entries = s.look().entries(EntryKind::EventType, None, usize::MAX);
    assert_eq!(entries, [(event_type("login", 2), version)], "one entry, the later one");
}

pub(super) fn a_removed_entry_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    let key = event_type("login", 1).key();
    s.commit(Writes::new().put_entry(event_type("login", 1)).put_entry(event_type("logout", 1)));
    s.commit(Writes::new().remove_entry(&key));
    let look = s.look();
    assert_eq!(look.entry(&key), None, "not found by key");
    let left = keys(&look, EntryKind::EventType, None, usize::MAX);
    assert_eq!(left, [event_type("logout", 1).key()], "not listed");
}

pub(super) fn removing_an_entry_that_is_absent_changes_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit(Writes::new().remove_entry(&EntryKey::NextApp).remove_entry(&EntryKey::Deletion(3)));
    assert_eq!(s.look().entry(&EntryKey::NextApp), None);
}

pub(super) fn entries_come_in_the_order_of_their_keys(t: &mut Subject<'_>) {
    let s = t.store();
    let numbers = [256, 9, 10, 0, u64::MAX, 255, 1 << 32];
    let names = ["b", "a", "Z", "aa", "ä", "a!"];
    let mut set = Writes::new();
    for number in numbers {
        set = set.put_entry(deletion(number));
    }
    for name in names {
        set = set.put_entry(event_type(name, 0)).put_entry(app(name.replace(['ä', '!'], "x-").as_str(), 1));
    }
    s.commit(set);
    let look = s.look();
    let expected = [0, 9, 10, 255, 256, 1 << 32, u64::MAX].map(EntryKey::Deletion);
    assert_eq!(keys(&look, EntryKind::Deletion, None, usize::MAX), expected, "numbers ascend as numbers");
    let expected = ["Z", "a", "a!", "aa", "b", "ä"].map(|name| event_type(name, 0).key());
    assert_eq!(keys(&look, EntryKind::EventType, None, usize::MAX), expected, "names ascend by bytes");
    let expected = ["Z", "a", "aa", "ax-", "b", "x-"].map(|key| app(key, 1).key());
    assert_eq!(keys(&look, EntryKind::App, None, usize::MAX), expected, "app keys ascend by bytes");
    assert_eq!(keys(&look, EntryKind::NextApp, None, usize::MAX), [], "no other kind is among them");
}

pub(super) fn pages_of_entries_neither_repeat_nor_skip(t: &mut Subject<'_>) {
    let s = t.store();
    s.commit(
        (0..7).fold(Writes::new().put_entry(Entry::NextApp(AppId(1))), |set, n| {
            set.put_entry(deletion(n * 100))
        }),
    );
    let look = s.look();
    let whole = keys(&look, EntryKind::Deletion, None, usize::MAX);
    for limit in 1..=8 {
        let mut paged: Vec<EntryKey> = Vec::new();
        loop {
            let page = keys(&look, EntryKind::Deletion, paged.last(), limit);
            assert!(page.len() <= limit, "at most {limit} of a page");
            if page.is_empty() {
                break;
            }
            paged.extend(page);
            assert!(paged.len() <= whole.len(), "pages of {limit} repeat: {paged:?}");
        }
        assert_eq!(paged, whole, "pages of {limit} make the whole");
    }
    assert_eq!(keys(&look, EntryKind::Deletion, None, 0), [], "a page of nothing");
    let behind = keys(&look, EntryKind::Deletion, Some(&EntryKey::Deletion(150)), 1);
    assert_eq!(behind, [EntryKey::Deletion(200)], "behind a key that is absent");
}
