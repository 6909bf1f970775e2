//! Ordinals: small numbers that are used again, without two devices ever being confused.

use crate::subject::{Desk, Subject, slot};
use crate::writes::{Writes, tag};
use rollbook::store::{Conflicted, Place, StoreError};
use rollbook::{Platform, Version};

const IOS: Platform = Platform::Ios;

/// Inserts until the empty slot of `left` is filled again; returns the place, the commit and the device.
#[track_caller]
fn refill(s: Desk<'_>, left: Place) -> (Place, Version, String) {
    for n in 0..40 {
        let id = |m: usize| format!("after {} in {}: {n} {m}", left.filled, left.slot.ordinal);
        let insert = |set: Writes, m| set.insert(left.slot.platform, &id(m));
        let committed = s.commit((0..50).fold(Writes::new(), insert));
        if let Some(m) = committed.inserted.iter().position(|place| place.slot == left.slot) {
            return (committed.inserted[m], committed.version, id(m));
        }
    }
    panic!("the ordinal of a removed device must be given again: {left:?} was not in 2 000 inserts");
}

pub(super) fn the_first_device_of_a_slot_fills_it_at_version_0(t: &mut Subject<'_>) {
    let s = t.store();
    for n in 0..5 {
        let place = s.device(IOS, &format!("{n}"));
        assert_eq!(place.filled, Version(0), "nobody was in {:?} before", place.slot);
    }
}

pub(super) fn every_device_has_an_ordinal_of_its_own(t: &mut Subject<'_>) {
    let s = t.store();
    let places = s.commit((0..300).fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}")))).inserted;
    let mut ordinals: Vec<u32> = places.iter().map(|place| place.slot.ordinal).collect();
    ordinals.sort_unstable();
    ordinals.dedup();
    assert_eq!(ordinals.len(), 300, "no ordinal is given twice");
    assert_eq!(s.look().devices(IOS), ordinals, "all are listed, ascending");
    assert!(ordinals.last().is_some_and(|&last| last < 65_536), "ordinals are dense: {:?}", ordinals.last());
}

pub(super) fn ordinals_of_removed_devices_are_given_again(t: &mut Subject<'_>) {
    let s = t.store();
    let mut last = 0;
    for n in 0..2_000 {
        let place = s.device(IOS, &format!("{n}"));
        last = last.max(place.slot.ordinal);
        s.commit(Writes::new().remove(place));
    }
    assert!(last < 1_999, "one device at a time, 2 000 times, must not use 2 000 ordinals");
}

pub(super) fn a_slot_that_is_filled_again_is_another_place(t: &mut Subject<'_>) {
    let s = t.store();
    let (ann, _keep) = (s.device(IOS, "ann"), s.device(IOS, "keep"));
    s.commit(Writes::new().remove(ann));
    let (second, at, id) = refill(s, ann);
    assert_ne!(second, ann, "another occupancy is another place");
    assert_eq!(second.filled, at, "filled by the commit that inserted");
    assert_eq!(s.look().find(&id), Some(second));
    s.commit(Writes::new().remove(second));
    let (third, at, _) = refill(s, second);
    assert!(third.filled == at && third != second && third != ann, "and again");
}

pub(super) fn a_slot_that_is_filled_again_starts_clean(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.placed(Writes::new().insert(IOS, "ann").link_new(&tag("a"), &[0]));
    s.touch(&[(ann, 100)]);
    s.commit(Writes::new().remove(ann));
    let (second, ..) = refill(s, ann);
    let look = s.look();
    assert!(!look.linked(second.slot, &tag("a")), "no key of the device before");
    assert_eq!(look.last_seen(second.slot), None, "no heartbeat of the device before");
    assert_eq!(look.key_count(second.slot, rollbook::store::Relation::Tag), 0);
}

pub(super) fn an_old_place_never_meets_the_later_device(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    s.commit(Writes::new().remove(ann));
    let (second, _, id) = refill(s, ann);
    let record = rollbook::store::DeviceRecord::new(crate::look::device_id(&id));
    let sets = [
        Writes::new().remove(ann),
        Writes::new().put(ann, record),
        Writes::new().link(&tag("a"), &[ann]),
        Writes::new().unlink(&tag("a"), &[ann]),
        Writes::new().room(&[ann], 9),
    ];
    for set in sets {
        assert_eq!(s.conflict(set), Conflicted::DeviceGone);
    }
    s.touch(&[(ann, 100)]);
    let look = s.look();
    assert_eq!(look.last_seen(second.slot), None, "a heartbeat of the old place is skipped");
    assert_eq!(look.find(&id), Some(second));
}

pub(super) fn a_list_of_ordinals_never_turns_into_later_devices(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..6)
        .map(|n| s.placed(Writes::new().insert(IOS, &format!("{n}")).link_new(&tag("a"), &[0])))
        .collect();
    let look = s.look();
    let (list, as_of) = (look.posting(&tag("a"), IOS), look.version());
    drop(look);
    s.commit(Writes::new().remove(places[1]).remove(places[4]));
    let (_, at, id) = refill(s, places[4]);
    s.commit((0..5).fold(Writes::new(), |set, n| set.insert(IOS, &format!("later {n}"))));
    let look = s.look();
    let expected: Vec<(u32, String)> =
        [0, 2, 3, 5].map(|n: usize| (places[n].slot.ordinal, n.to_string())).to_vec();
    let mut found = look.ids(IOS, &list, as_of);
    found.sort();
    let mut sorted = expected.clone();
    sorted.sort();
    assert_eq!(found, sorted, "those that are left of the list, and nobody who came later");
    assert_eq!(look.ids(IOS, &[places[4].slot.ordinal], at.0 - 1), [], "not before it was filled");
    let since = look.ids(IOS, &[places[4].slot.ordinal], at.0);
    assert_eq!(since, [(places[4].slot.ordinal, id)], "from the version that filled it on");
}

pub(super) fn a_device_removed_and_inserted_in_one_set_came_later(t: &mut Subject<'_>) {
    let s = t.store();
    let ann = s.device(IOS, "ann");
    let as_of = s.look().version();
    s.commit(Writes::new().remove(ann).insert(IOS, "bob"));
    let named = s.look().ids(IOS, &[ann.slot.ordinal], as_of);
    assert_eq!(named, [], "the list was read when ann was there, not bob");
}

pub(super) fn ids_come_in_the_order_of_the_list(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<_> = (0..5).map(|n| s.device(IOS, &format!("{n}"))).collect();
    let list = [4, 0, 3, 1].map(|n: usize| places[n].slot.ordinal);
    s.commit(Writes::new().remove(places[3]));
    let look = s.look();
    let named: Vec<String> = look.ids(IOS, &list, look.version()).into_iter().map(|(_, id)| id).collect();
    assert_eq!(named, ["4", "0", "1"], "in the order of the list, without the empty slot");
    assert_eq!(look.ids(IOS, &[1_000, u32::MAX], look.version()), [], "slots that were never filled");
    assert_eq!(look.ids(Platform::Android, &list, look.version()), [], "another platform");
}

/// Inserts `count` devices that all carry one tag, in sets as large as the store takes.
fn fill(s: Desk<'_>, count: u32) -> Vec<Place> {
    let mut places = Vec::new();
    let step = s.info().max_weight.min(65_536) / 2;
    for first in (0..count).step_by(step) {
        let new = first..count.min(first + step as u32);
        let inserts: Vec<u32> = (0..new.end - new.start).collect();
        let set = new.fold(Writes::new(), |set, n| set.insert(IOS, &format!("{n}")));
        places.extend(s.commit(set.link_new(&tag("all"), &inserts)).inserted);
    }
    places
}

/// Asks every question about an ordinal at the border of the range.
fn assert_border(s: Desk<'_>, places: &[Place]) {
    s.commit(Writes::new().link(&tag("border"), places));
    let look = s.look();
    let ordinals: Vec<u32> = places.iter().map(|place| place.slot.ordinal).collect();
    assert_eq!(look.posting(&tag("border"), IOS), ordinals);
    assert_eq!(look.cardinality(&tag("border"), IOS), ordinals.len() as u64);
    look.assert_among(&tag("border"), IOS, &ordinals);
    look.assert_devices_among(IOS, &ordinals);
    for place in places {
        look.assert_among(&tag("border"), IOS, &[place.slot.ordinal]);
        look.assert_devices_among(IOS, &[place.slot.ordinal]);
        assert!(look.linked(place.slot, &tag("border")), "{place:?}");
        let device = look.device(place.slot).expect("a device on the border");
        assert_eq!(look.find(device.record.id.as_str()), Some(*place));
    }
    let named: Vec<u32> = look.ids(IOS, &ordinals, look.version()).into_iter().map(|(n, _)| n).collect();
    assert_eq!(named, ordinals);
    drop(look);
    s.commit(Writes::new().unlink(&tag("border"), &places[..1]));
    assert_eq!(s.look().posting(&tag("border"), IOS), ordinals[1..]);
}

pub(super) fn the_devices_of_a_platform_are_looked_into_for_any_ordinals(t: &mut Subject<'_>) {
    let s = t.store();
    let places: Vec<Place> = (0..40).map(|n| s.device(IOS, &format!("{n}"))).collect();
    s.commit(places.iter().step_by(7).fold(Writes::new(), |set, place| set.remove(*place)));
    let look = s.look();
    let ordinals: Vec<u32> = places.iter().map(|place| place.slot.ordinal).collect();
    for platform in [IOS, Platform::Android] {
        look.assert_devices_among(platform, &[]);
        look.assert_devices_among(platform, &ordinals);
        look.assert_devices_among(platform, &[1_000, u32::MAX]);
        ordinals.iter().for_each(|&one| look.assert_devices_among(platform, &[one]));
    }
}

pub(super) fn a_key_names_devices_on_both_sides_of_65_536(t: &mut Subject<'_>) {
    let Some(at) = t.starting_at(65_533) else { return };
    let s = at.store();
    let places: Vec<Place> = (0..9).map(|n| s.device(IOS, &format!("{n}"))).collect();
    assert!(places.iter().any(|place| place.slot.ordinal > 65_535), "ordinals go on: {places:?}");
    assert_border(s, &places);
}

pub(super) fn ordinals_go_on_across_65_536(t: &mut Subject<'_>) {
    let s = t.store();
    let count = 65_540;
    if s.info().max_devices_per_platform < u64::from(count) {
        return t.skip("the store takes fewer devices on a platform");
    }
    let mut places = fill(s, count);
    places.sort();
    let look = s.look();
    assert_eq!(look.cardinality(&tag("all"), IOS), u64::from(count), "counted");
    assert_eq!(look.posting(&tag("all"), IOS).len(), count as usize, "and listed");
    drop(look);
    let border = |place: &&Place| (65_534..=65_537).contains(&place.slot.ordinal);
    let border: Vec<Place> = places.iter().filter(border).copied().collect();
    if border.len() > 1 {
        assert_border(s, &border);
    }
    let (first, rest) = places.split_first().expect("many devices");
    s.commit(Writes::new().remove(*first));
    assert_eq!(s.look().cardinality(&tag("all"), IOS), rest.len() as u64, "one less");
}

pub(super) fn the_last_ordinals_are_given_and_then_the_platform_is_full(t: &mut Subject<'_>) {
    let most = t.store().info().max_devices_per_platform.min(1 << 32);
    let first = u32::try_from(most - 2).unwrap_or(u32::MAX - 1);
    let Some(top) = t.starting_at(first) else { return };
    let s = top.store();
    let places = [s.device(IOS, "last but one"), s.device(IOS, "last")];
    assert_eq!(places.map(|place| place.slot), [slot(IOS, first), slot(IOS, first + 1)], "the last two");
    assert_border(s, &places);
    let before = s.look().picture();
    let full = s.try_commit(Writes::new().link(&tag("x"), &places).insert(IOS, "one more"));
    assert!(matches!(full, Err(StoreError::TooLarge { .. })), "one more must be TooLarge: {full:?}");
    assert_eq!(s.look().picture(), before, "and leaves no trace");
    s.device(Platform::Android, "elsewhere");
    s.commit(Writes::new().remove(places[1]));
    let again = s.device(IOS, "one more");
    assert!(again.slot == places[1].slot && again != places[1], "the last ordinal is given again");
}
