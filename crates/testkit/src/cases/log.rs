//! The log: numbers, indexes, order, pages, erasing.

use crate::look::{Look, device_id, whole};
use crate::subject::{Desk, Subject};
use crate::writes::{Writes, event, event_name, owner_device, owner_user, user_id};
use rollbook::store::{LogIndex, LogRange};
use rollbook::{Attribute, Attributes, EventOrder, EventPosition, EventSeq, Platform, Scalar, Timestamp};

/// Posts seven events, some at the same time, not in the order of their times.
fn fill(s: Desk<'_>) {
    let set = Writes::new()
        .append(event(50, "login", Some("ann"), Some("u")))
        .append(event(10, "login", Some("bob"), None))
        .append(event(50, "buy", Some("ann"), None))
        .append(event(-5, "buy", None, Some("u")));
    s.commit(set);
    s.commit(Writes::new().append(event(50, "login", Some("ann"), Some("v"))));
    s.commit(
        Writes::new().append(event(99, "buy", Some("ann"), Some("u"))).append(event(10, "buy", None, None)),
    );
}

/// The numbers in the order of time and number.
const IN_ORDER: [u64; 7] = [4, 2, 7, 1, 3, 5, 6];

fn numbers(look: &Look<'_>, range: &LogRange<'_>) -> Vec<u64> {
    look.events(range).iter().map(|event| event.seq.0).collect()
}

pub(super) fn events_are_numbered_from_1_in_the_order_of_their_appends(t: &mut Subject<'_>) {
    let s = t.store();
    let first = s.commit(Writes::new().append(event(9, "a", None, None)).append(event(1, "b", None, None)));
    assert_eq!(first.appended.as_slice(), [EventSeq(1), EventSeq(2)]);
    let second = s.commit(Writes::new().append(event(5, "c", None, None)));
    assert_eq!(second.appended.as_slice(), [EventSeq(3)]);
    assert_eq!(s.look().log_end(), 3, "the log ends at the newest number");
}

pub(super) fn an_event_comes_back_whole(t: &mut Subject<'_>) {
    let s = t.store();
    let list =
        vec![Scalar::Bool(true), Scalar::Integer(i64::MIN), Scalar::Float(-0.5), Scalar::Text("ü".into())];
    let mut attributes = Attributes::new();
    attributes.insert("list", Attribute::List(list));
    attributes.insert("empty", Attribute::List(Vec::new()));
    attributes.insert("text", "");
    attributes.insert("number", i64::MAX);
    let mut record = event(i64::MIN, "login", Some("nobody's device"), Some("nobody"));
    record.attributes = attributes;
    s.commit(Writes::new().append(record.clone()));
    let found = s.look().events(&whole(LogIndex::All));
    assert_eq!(found.len(), 1, "one event");
    assert_eq!(found[0].record, record, "every field, also of ids that name no device");
}

pub(super) fn events_are_ordered_by_time_then_number(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    assert_eq!(numbers(&look, &whole(LogIndex::All)), IN_ORDER, "the oldest first");
    let newest = LogRange { order: EventOrder::NewestFirst, ..whole(LogIndex::All) };
    let mut reversed = IN_ORDER;
    reversed.reverse();
    assert_eq!(numbers(&look, &newest), reversed, "the newest first");
}

pub(super) fn the_newest_event_is_shown_at_once_in_every_index(t: &mut Subject<'_>) {
    let s = t.store();
    for n in 1..=3 {
        s.commit(Writes::new().append(event(n, "login", Some("ann"), Some("u"))));
        let look = s.look();
        let (ann, u, login) = (device_id("ann"), user_id("u"), event_name("login"));
        for index in [LogIndex::All, LogIndex::Device(&ann), LogIndex::User(&u), LogIndex::Name(&login)] {
            let newest = LogRange { order: EventOrder::NewestFirst, limit: 1, ..whole(index) };
            assert_eq!(numbers(&look, &newest), [n.unsigned_abs()], "the newest of {index:?}");
        }
    }
}

pub(super) fn every_index_shows_its_own_events(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    assert_eq!(look.numbers(LogIndex::Device(&device_id("ann"))), [1, 3, 5, 6]);
    assert_eq!(look.numbers(LogIndex::Device(&device_id("bob"))), [2]);
    assert_eq!(look.numbers(LogIndex::Device(&device_id("u"))), [0; 0], "a user is not a device");
    assert_eq!(look.numbers(LogIndex::User(&user_id("u"))), [4, 1, 6]);
    assert_eq!(look.numbers(LogIndex::User(&user_id("v"))), [5]);
    assert_eq!(look.numbers(LogIndex::Name(&event_name("login"))), [2, 1, 5]);
    assert_eq!(look.numbers(LogIndex::Name(&event_name("buy"))), [4, 7, 3, 6]);
    assert_eq!(look.numbers(LogIndex::Name(&event_name("bu"))), [0; 0], "a prefix is another name");
}

pub(super) fn both_ends_of_a_time_range_are_inclusive(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    let (ann, at) = (device_id("ann"), Timestamp::from_secs);
    let range = |from, until| LogRange { from: at(from), until: at(until), ..whole(LogIndex::All) };
    assert_eq!(numbers(&look, &range(10, 50)), [2, 7, 1, 3, 5]);
    assert_eq!(numbers(&look, &range(11, 49)), [0; 0]);
    assert_eq!(numbers(&look, &range(50, 50)), [1, 3, 5]);
    assert_eq!(numbers(&look, &range(-5, -5)), [4]);
    assert_eq!(numbers(&look, &range(50, 10)), [0; 0], "a range that ends before it begins");
    let of_ann = LogRange { from: at(51), ..whole(LogIndex::Device(&ann)) };
    assert_eq!(numbers(&look, &of_ann), [6], "in an index too");
}

pub(super) fn pages_of_events_neither_repeat_nor_skip(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    let (ann, u, buy) = (device_id("ann"), user_id("u"), event_name("buy"));
    for index in [LogIndex::All, LogIndex::Device(&ann), LogIndex::User(&u), LogIndex::Name(&buy)] {
        for order in [EventOrder::OldestFirst, EventOrder::NewestFirst] {
            let all = numbers(&look, &LogRange { order, ..whole(index) });
            for limit in 1..=all.len() + 1 {
                let (mut paged, mut after) = (Vec::new(), None);
                loop {
                    let page = look.events(&LogRange { order, after, limit, ..whole(index) });
                    assert!(page.len() <= limit, "at most {limit} on a page");
                    let Some(last) = page.last() else { break };
                    after = Some(EventPosition { at: last.record.at, seq: last.seq });
                    paged.extend(page.iter().map(|event| event.seq.0));
                    assert!(paged.len() <= all.len(), "pages of {limit} of {index:?} repeat: {paged:?}");
                }
                assert_eq!(paged, all, "pages of {limit} of {index:?}, {order:?}");
            }
        }
    }
    assert_eq!(numbers(&look, &LogRange { limit: 0, ..whole(LogIndex::All) }), [0; 0], "a page of nothing");
}

pub(super) fn an_events_page_goes_on_behind_a_position_that_is_absent(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let look = s.look();
    let at = |at, seq| Some(EventPosition { at: Timestamp::from_secs(at), seq: EventSeq(seq) });
    let range = |order, after| LogRange { order, after, limit: 2, ..whole(LogIndex::All) };
    assert_eq!(numbers(&look, &range(EventOrder::OldestFirst, at(50, 2))), [3, 5]);
    assert_eq!(numbers(&look, &range(EventOrder::NewestFirst, at(50, 4))), [3, 1]);
    assert_eq!(numbers(&look, &range(EventOrder::OldestFirst, at(20, 99))), [1, 3]);
}

pub(super) fn removing_a_device_keeps_its_events(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(Platform::Ios, "ann");
    fill(s);
    s.commit(Writes::new().remove(ann));
    assert_eq!(s.look().numbers(LogIndex::Device(&device_id("ann"))), [1, 3, 5, 6]);
}

pub(super) fn an_owners_events_are_erased_in_the_order_of_their_numbers(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let erased = s.commit(Writes::new().erase(owner_device("ann"), 5, 2)).erased_events;
    assert_eq!(erased, 2, "at most two");
    let (ann, u, buy) = (device_id("ann"), user_id("u"), event_name("buy"));
    let look = s.look();
    assert_eq!(look.numbers(LogIndex::Device(&ann)), [5, 6], "the first two numbers are gone");
    assert_eq!(look.numbers(LogIndex::All), [4, 2, 7, 5, 6], "from the whole log");
    assert_eq!(look.numbers(LogIndex::User(&u)), [4, 6], "from the index of users");
    assert_eq!(look.numbers(LogIndex::Name(&buy)), [4, 7, 6], "from the index of names");
    drop(look);
    let erased = s.commit(Writes::new().erase(owner_device("ann"), 5, 9)).erased_events;
    assert_eq!(erased, 1, "up to number 5, inclusive");
    assert_eq!(s.look().numbers(LogIndex::Device(&ann)), [6], "what is newer stays");
}

pub(super) fn erasing_by_number_does_not_go_by_time(t: &mut Subject<'_>) {
    let s = t.store();
    let set = Writes::new().append(event(90, "a", None, Some("u"))).append(event(10, "a", None, Some("u")));
    s.commit(set);
    let erased = s.commit(Writes::new().erase(owner_user("u"), 2, 1)).erased_events;
    assert_eq!(erased, 1);
    assert_eq!(s.look().numbers(LogIndex::All), [2], "number 1 is erased, though it is later in time");
}

pub(super) fn erasing_an_owner_without_events_erases_nothing(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let set = Writes::new().erase(owner_user("ann"), 99, 99).erase(owner_device("u"), 99, 99);
    assert_eq!(s.commit(set.erase(owner_user("u"), 0, 99)).erased_events, 0);
    assert_eq!(s.look().numbers(LogIndex::All), IN_ORDER);
}

pub(super) fn the_oldest_events_by_time_are_trimmed(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    assert_eq!(s.commit(Writes::new().trim(10, 99)).erased_events, 1, "before 10, exclusive");
    assert_eq!(s.look().numbers(LogIndex::All), IN_ORDER[1..], "at 10 stays");
    assert_eq!(s.commit(Writes::new().trim(60, 3)).erased_events, 3, "at most three");
    let look = s.look();
    assert_eq!(look.numbers(LogIndex::All), IN_ORDER[4..], "the oldest are gone");
    assert_eq!(look.numbers(LogIndex::Device(&device_id("ann"))), [3, 5, 6], "from every index");
    assert_eq!(look.numbers(LogIndex::User(&user_id("u"))), [6]);
    assert_eq!(look.numbers(LogIndex::Name(&event_name("login"))), [5]);
}

pub(super) fn several_erasures_of_one_set_add_up(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    let set = Writes::new().erase(owner_device("ann"), 3, 9).erase(owner_user("u"), 9, 9).trim(20, 9);
    assert_eq!(s.commit(set).erased_events, 6, "two of ann, then two of u, then two old ones");
    assert_eq!(s.look().numbers(LogIndex::All), [5]);
}

pub(super) fn a_set_erases_what_it_appended_before(t: &mut Subject<'_>) {
    let s = t.store();
    let set = Writes::new().append(event(1, "a", Some("ann"), None)).append(event(2, "a", Some("ann"), None));
    let committed = s.commit(set.erase(owner_device("ann"), u64::MAX, 1));
    assert_eq!((committed.appended.len(), committed.erased_events), (2, 1));
    assert_eq!(s.look().numbers(LogIndex::All), [2]);
}

pub(super) fn numbers_of_erased_events_are_not_given_again(t: &mut Subject<'_>) {
    let s = t.store();
    fill(s);
    assert_eq!(s.commit(Writes::new().trim(1_000, 99)).erased_events, 7);
    assert_eq!(s.look().log_end(), 7, "the newest ever appended");
    let next = s.commit(Writes::new().append(event(1, "a", None, None)));
    assert_eq!(next.appended.as_slice(), [EventSeq(8)]);
}
