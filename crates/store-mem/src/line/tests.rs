use super::*;
use proptest::collection::{btree_set, vec};
use proptest::option::of;
use proptest::prelude::*;

prop_compose! {
    fn record()(
        id in "[0-9a-f]{32}|[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}|[a-zé新]{1,16}|[a-z]{17,60}|新{5,85}",
        token in of("[0-9a-f]{1,8}|[ -~]{64,200}"),
        mobile in of("\\+[0-9]{1,19}"),
        language in of("[a-z]{2}(-[A-Z]{2})?"),
        utc_offset in of(-43_200..=50_400_i32),
        registered_at in of(prop_oneof![1_700_000_000..2_000_000_000_i64, any::<i64>()]),
        alias_rank in of(any::<u32>()),
    ) -> DeviceRecord {
        DeviceRecord {
            id: DeviceId::new(id).unwrap(),
            token: token.map(|text| PushToken::new(text).unwrap()),
            mobile: mobile.map(|text| Mobile::new(text).unwrap()),
            language: language.map(|text| Language::stored(text).unwrap()),
            utc_offset: utc_offset.map(|secs| UtcOffset::new(secs).unwrap()),
            registered_at: registered_at.map(Timestamp::from_secs),
            alias_rank,
        }
    }
}

fn tags() -> impl Strategy<Value = Vec<u32>> {
    let far = btree_set(any::<u32>(), 0..40);
    let near = btree_set(1..300_u32, 0..40);
    prop_oneof![far, near].prop_map(|tags| tags.into_iter().collect())
}

fn line_of(record: &DeviceRecord, version: Version, filled: Version, spills: &mut Spills) -> Line {
    let id = PackedId::new(record.id.as_str());
    Line::new(record, &id, &KeyNumbers::default(), version, filled, spills)
}

fn stamp() -> impl Strategy<Value = Version> {
    prop_oneof![Just(0), 1..200_u64, any::<u64>()].prop_map(Version)
}

proptest! {
    #[test]
    fn a_line_reads_back_whatever_is_written_to_it(
        first in record(),
        filled in stamp(),
        version: u64,
        changes in vec((tags(), of(record())), 0..6),
    ) {
        let mut spills = Spills::default();
        let mut line = line_of(&first, Version(version), filled, &mut spills);
        let mut now = (first.clone(), Vec::new());
        for change in std::iter::once(None).chain(changes.into_iter().map(Some)) {
            if let Some((tags, record)) = change {
                line.set_tags(&tags, &mut spills);
                now.1 = tags;
                if let Some(record) = record {
                    now.0 = DeviceRecord { id: first.id.clone(), ..record };
                    line.put(&now.0, &mut spills);
                }
            }
            prop_assert_eq!(&line.record(&spills).unwrap(), &now.0);
            prop_assert_eq!(line.tags(&spills).collect::<Vec<_>>(), now.1.clone());
            prop_assert_eq!((line.filled(&spills), line.version), (filled, Version(version)));
            prop_assert!(line.is(&PackedId::new(first.id.as_str()), &spills));
            let held = spills.iter().filter(|spill| !spill.is_empty()).count();
            prop_assert!(held <= 1, "a line left a spill behind");
        }
        line.clear(&mut spills, 9);
        prop_assert!(line.is_vacant() && line.owner == 9);
        prop_assert!(spills.iter().all(|spill| spill.is_empty()));
    }

    #[test]
    fn a_line_is_known_by_its_id_only(one in record(), other in record()) {
        let mut spills = Spills::default();
        let line = line_of(&one, Version(1), Version(0), &mut spills);
        let is = line.is(&PackedId::new(other.id.as_str()), &spills);
        prop_assert_eq!(is, one.id == other.id);
    }
}

#[test]
fn ten_usual_tags_stay_in_the_line() {
    let mut spills = Spills::default();
    let record = DeviceRecord::new(DeviceId::new("00112233445566778899aabbccddeeff").unwrap());
    let mut line = line_of(&record, Version(1), Version(0), &mut spills);
    line.set_tags(&[1, 2, 5, 9, 30, 160, 400, 900, 1900, 2900], &mut spills);
    assert_eq!(spills.len(), 0);
}
