//! Counts the reads of an evaluation.

use super::*;

/// Creates a thousand devices on iOS with five tags of different sizes, and one on Android.
fn sized() -> FewDevices {
    let devices = (0..1_000).map(|number| {
        let tags = [("t2", 500), ("t3", 300), ("t5", 100), ("t7", 50), ("t9", 8), ("few", 1_000 - 2)];
        let has = |&(name, least): &(&'static str, usize)| match name {
            "few" => (number >= least).then_some((Relation::Tag, name)),
            _ => (number < least).then_some((Relation::Tag, name)),
        };
        Device {
            id: DeviceId::new(format!("d{number}")).unwrap(),
            slot: Slot { platform: Platform::Ios, ordinal: number as u32 },
            keys: tags.iter().filter_map(has).map(|(r, n)| Key::new(r, n).to_owned()).collect(),
        }
    });
    let mut devices: Vec<Device> = devices.collect();
    devices.push(Device {
        id: DeviceId::new("other").unwrap(),
        slot: Slot { platform: Platform::Android, ordinal: 0 },
        keys: [Key::new(Relation::Tag, "rare").to_owned()].into(),
    });
    FewDevices::new(devices)
}

/// Returns the names of the postings that counting and selecting read, in order, and how often all devices of a
/// platform were read.
fn reads(view: &FewDevices, text: &str) -> (Vec<String>, usize) {
    let live = LiveView::new(view).unwrap();
    let audience = tree(text);
    view.platforms_read.set(0);
    view.names_read.take();
    count(&live, checked(&audience)).unwrap();
    let counting = view.names_read.take();
    select(&live, checked(&audience), PlatformSet::ALL).unwrap();
    let selecting = view.names_read.take();
    if selecting != ["t2"] || !counting.is_empty() {
        assert_eq!(counting, selecting, "{text}: only a single leaf is counted without its posting");
    }
    (selecting, view.platforms_read.get())
}

#[test]
fn postings_are_read_smallest_first_and_differences_last() {
    let view = sized();
    for (text, order) in [
        ("t2 && t9 && t5", &["t9", "t5", "t2"][..]),
        ("t2 && !t9 && t5 && !t3", &["t5", "t2", "t9", "t3"]),
        ("t3 && (t2 || t9) && t5", &["t5", "t3", "t2", "t9"]),
        ("t2 && (t5 && (t9 && t3))", &["t9", "t5", "t3", "t2"]),
        ("t5 && !(t9 || t7)", &["t5", "t9", "t7"]),
        ("t2", &["t2"]),
    ] {
        let (read, everyone) = reads(&view, text);
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort();
            names
        };
        assert_eq!(
            sorted(&read),
            sorted(&order.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()),
            "{text}"
        );
        // The order within a union does not matter, only the order of the union and the other members.
        if !text.contains("||") {
            assert_eq!(read, order, "{text}");
        }
        assert_eq!(everyone, 0, "{text}");
    }
}

#[test]
fn what_only_narrows_is_looked_into_for_what_is_left() {
    let view = sized();
    let live = LiveView::new(&view).unwrap();
    for (text, looked) in [
        ("t2 && t3", &[("t2", 300)][..]),
        ("t2 && t3 && t9", &[("t3", 8), ("t2", 8)]),
        ("t5 && !t2", &[("t2", 100)]),
        ("t7 && (t2 || t3)", &[("t3", 50), ("t2", 50)]),
        ("t9 && !(t2 && t3)", &[("t3", 8), ("t2", 8)]),
        ("t2 || t3", &[]),
        // `!t9` is needed by both lists, so it is read for all devices.
        ("(t5 && !t9) || (t3 && !t9)", &[]),
    ] {
        view.looked_into.take();
        count(&live, checked(&tree(text))).unwrap();
        let mut found = view.looked_into.take();
        let mut expected: Vec<_> = looked.iter().map(|&(name, among)| (name.to_owned(), among)).collect();
        if text.contains("||") {
            found.sort();
            expected.sort();
        }
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn within_a_window_nothing_is_read_whole() {
    let view = sized();
    let live = LiveView::new(&view).unwrap();
    for text in
        ["t2", "t2 && t3", "t2 || t3", "!t3", "(t5 && !t9) || (t3 && !t9)", "t2 && !(t3 || t5)", "all()"]
    {
        let audience = tree(text);
        let question = Question::new(&live, checked(&audience)).unwrap();
        view.names_read.take();
        view.looked_into.take();
        question.posting_within(Platform::Ios, 20..=29).unwrap();
        let (read, looked) = (view.names_read.take(), view.looked_into.take());
        assert_eq!(read.len(), looked.len(), "{text}: {read:?}");
        assert!(looked.iter().all(|(_, among)| *among <= 10), "{text}: {looked:?}");
        assert_eq!(view.platforms_read.get(), 0, "{text}");
    }
}

#[test]
fn a_common_part_is_evaluated_once() {
    let view = sized();
    for (text, most) in [
        ("(t2 && !t9) || (t3 && !t9) || (t5 && !t9)", 4),
        ("(t2 && t3 || t5) && !(t7 && (t3 && t2 || t5))", 4),
        ("(t2 || t3) && (t3 || t2) && (t2 || t3 || t3)", 2),
        ("t2 && t2 && !!t2", 1),
    ] {
        let (read, _) = reads(&view, text);
        assert_eq!(read.len(), most, "{text}: {read:?}");
    }
}

#[test]
fn what_cannot_change_the_answer_is_not_read() {
    let view = sized();
    for (text, read, everyone) in [
        ("t2 && rare", &[][..], 0),
        ("t2 && nobody && (t3 || t5)", &[], 0),
        ("t2 && !t2", &[], 0),
        ("t2 || !t2", &[], 2 * 17),
        ("t2 && platform(android)", &[], 0),
        ("t2 && !platform(ios)", &[], 0),
        ("(t5 || nobody) && all()", &["t5"], 0),
        // Once a few devices are left, their own keys are read instead of a large posting.
        ("few && t2 && !t3", &["few"], 0),
        ("device(d3) && t2", &[], 0),
        ("few && t9 && (t2 || t3)", &["few"], 0),
    ] {
        let live = LiveView::new(&view).unwrap();
        view.platforms_read.set(0);
        view.names_read.take();
        select(&live, checked(&tree(text)), PlatformSet::ALL).unwrap();
        assert_eq!(view.names_read.take(), read, "{text}");
        assert!(view.platforms_read.get() <= everyone, "{text}");
    }
}

#[test]
fn a_plan_of_many_nodes_finds_its_common_parts_by_hash() {
    let view = sized();
    let live = LiveView::new(&view).unwrap();
    let mut text: Vec<String> = (0..40).map(|n| format!("(t2 && !t{n})")).collect();
    text.push("(t2 && !t3)".into());
    let audience = tree(&text.join(" || "));
    let keys = Question::new(&live, checked(&audience)).unwrap();
    assert_eq!(keys.count(Platform::Ios).unwrap(), 500);
    view.names_read.take();
    keys.posting(Platform::Ios).unwrap();
    let mut read = view.names_read.take();
    let before = read.len();
    read.sort();
    read.dedup();
    assert_eq!(read.len(), before, "each posting is read once");
}
