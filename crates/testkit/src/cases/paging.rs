//! Lists of names: their order and their pages.

use crate::look::Look;
use crate::subject::{Desk, Subject};
use crate::writes::{Writes, key};
use rollbook::Platform;
use rollbook::store::Relation;

/// Names whose byte order differs from that of a dictionary, of a locale and of numbers.
const NAMES: [&str; 14] =
    ["b", "a", "Z", "aa", "a!", "ä", "a\u{308}", "10", "9", "0", "a b", "ab", "\u{10FFFF}", "\u{FFFF}"];

fn sorted() -> Vec<String> {
    let mut names = NAMES.map(str::to_owned).to_vec();
    names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    names
}

/// Gives every relation every name, each on a device of its own.
fn fill(s: Desk<'_>) {
    for relation in Relation::ALL {
        for name in NAMES {
            let set = Writes::new().insert(Platform::Ios, &format!("{relation:?} {name}"));
            s.commit(set.link_new(&key(relation, name), &[0]));
        }
    }
}

fn pages(look: &Look<'_>, relation: Relation, limit: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    loop {
        let page = look.page(relation, all.last().map(String::as_str), limit);
        assert!(page.len() <= limit, "at most {limit} on a page: {page:?}");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
        assert!(all.len() <= NAMES.len(), "pages of {limit} of {relation:?} repeat: {all:?}");
    }
}

pub(super) fn names_come_in_byte_order(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    for relation in Relation::ALL {
        assert_eq!(look.names(relation), sorted(), "the names of {relation:?}");
    }
}

pub(super) fn pages_of_names_neither_repeat_nor_skip(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    for relation in Relation::ALL {
        for limit in 1..=NAMES.len() + 1 {
            assert_eq!(pages(&look, relation, limit), sorted(), "pages of {limit} of {relation:?}");
        }
    }
}

pub(super) fn a_page_goes_on_behind_a_name_that_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    for relation in Relation::ALL {
        assert_eq!(look.page(relation, Some("a0"), 2), ["aa", "ab"], "behind a name between others");
        assert_eq!(look.page(relation, Some(" "), 1), ["0"], "behind a name before all");
        assert_eq!(look.page(relation, Some("\u{10FFFF}x"), 9), [""; 0], "behind a name after all");
    }
}

pub(super) fn a_page_goes_on_after_its_last_name_was_lost(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let first = s.look().page(Relation::Tag, None, 3);
    let last = first.last().expect("three names").clone();
    let place = s.look().find(&format!("Tag {last}")).expect("the device of the name");
    s.commit(Writes::new().remove(place));
    let rest = s.look().page(Relation::Tag, Some(&last), usize::MAX);
    assert_eq!(rest, sorted().split_off(3), "the rest, with nothing skipped");
}

pub(super) fn a_page_of_nothing_is_empty(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    assert_eq!(s.look().page(Relation::Tag, None, 0), [""; 0]);
}

pub(super) fn a_key_on_many_platforms_is_listed_once(t: &mut Subject<'_>) {
    let s = t.store();
    for relation in Relation::ALL {
        for platform in Platform::ALL {
            let set = Writes::new().insert(platform, &format!("{relation:?} {platform}"));
            s.commit(set.link_new(&key(relation, "7"), &[0]).link_new(&key(relation, "7"), &[0]));
        }
        assert_eq!(s.look().names(relation), ["7"], "one name of {relation:?}");
    }
}
