//! Every value reads as it was written, and no bytes make reading panic.

use super::*;
use proptest::prelude::*;
use roaring::RoaringBitmap;
use rollbook::store::{Deleted, Deletion, DeviceRecord, Entry, EventRecord, Place, Slot};
use rollbook::{
    AppId, AppKey, AppRecord, Attribute, Attributes, Credential, EventName, EventSeq, EventType, Language,
    Limits, Mobile, OnUserChange, Policies, PresenceFrom, PushToken, Scalar, Secret, UserId, UtcOffset,
};
use smallvec::SmallVec;

fn name() -> impl Strategy<Value = String> {
    "[ -~ä新]{1,12}"
}

fn platform() -> impl Strategy<Value = Platform> {
    (0..Platform::COUNT as u8).prop_map(|n| Platform::from_number(n).unwrap())
}

prop_compose! {
    fn device()(
        id in name(), platform in platform(), ordinal: u32, numbers: (u64, u64, u64, u64),
        mut tags in proptest::collection::vec(1..u64::MAX, 0..20), fields: [bool; 6], offset in -43_200..=50_400_i32,
    ) -> Device {
        tags.sort_unstable();
        tags.dedup();
        let (filled, version, alias, owner) = numbers;
        let record = DeviceRecord {
            id: DeviceId::new(id).unwrap(),
            token: fields[0].then(|| PushToken::new("a token").unwrap()),
            mobile: fields[1].then(|| Mobile::new("+49-30").unwrap()),
            language: fields[2].then(|| Language::new("zh_Hans").unwrap()),
            utc_offset: fields[3].then(|| UtcOffset::new(offset).unwrap()),
            registered_at: fields[5].then(|| Timestamp::from_secs(i64::from(ordinal) - 5)),
            alias_rank: fields[4].then_some(ordinal),
        };
        let place = Place { slot: Slot { platform, ordinal }, filled: Version(filled) };
        Device { place, version: Version(version), alias, owner, tags: tags.into(), record, fresh: false }
    }
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(Scalar::Integer),
        any::<f64>().prop_filter("equal to itself", |n| !n.is_nan()).prop_map(Scalar::Float),
        name().prop_map(Scalar::Text),
    ]
}

prop_compose! {
    fn event()(
        at: i64, title in name(), device in proptest::option::of(name()), user in proptest::option::of(name()),
        ones in proptest::collection::vec((name(), scalar()), 0..4),
        lists in proptest::collection::vec((name(), proptest::collection::vec(scalar(), 0..4)), 0..3),
    ) -> EventRecord {
        let mut attributes = Attributes::new();
        ones.into_iter().for_each(|(name, value)| attributes.insert(name, Attribute::One(value)));
        lists.into_iter().for_each(|(name, list)| attributes.insert(name, Attribute::List(list)));
        EventRecord {
            at: Timestamp::from_secs(at),
            name: EventName::new(title).unwrap(),
            device: device.map(|id| DeviceId::new(id).unwrap()),
            user: user.map(|id| UserId::new(id).unwrap()),
            attributes,
        }
    }
}

prop_compose! {
    fn header()(
        numbers: (u64, u64, u64), next in 256_u64.., sealed: bool, dead in (0..9_u64, 0..9_u64),
        ordinals in proptest::collection::vec((0..=1_u64 << 32, 0..9_u64), Platform::COUNT),
    ) -> Header {
        let mut header = Header {
            version: Version(numbers.0),
            sealed,
            log_end: EventSeq(numbers.1),
            next_number: next,
            last_drop: Version(numbers.2),
            dead: (dead.0, dead.0 + dead.1),
            ..Header::default()
        };
        for (platform, (next, free)) in Platform::ALL.into_iter().zip(ordinals) {
            header.set_ordinals(platform, Ordinals { next, free: free.min(next) });
        }
        header
    }
}

proptest! {
    #[test]
    fn a_device_reads_as_it_was_written(device in device()) {
        let bytes = device.encode();
        prop_assert_eq!(&Device::decode(device.record.id.clone(), &bytes).unwrap(), &device);
        let holds = Holds::decode(&bytes).unwrap();
        prop_assert_eq!((holds.place, holds.version, holds.tags), (device.place, device.version, device.tags.len() as u64));
        for tag in device.tags.iter() {
            prop_assert!(holds.holds(Relation::Tag, tag).unwrap() && device.holds(Relation::Tag, tag));
            let other = tag.wrapping_add(1);
            prop_assert_eq!(holds.holds(Relation::Tag, other).unwrap(), device.tags.contains(other));
        }
        prop_assert!(holds.holds(Relation::Alias, device.alias).unwrap());
        prop_assert!(holds.holds(Relation::Deletion, device.owner).unwrap());
    }

    #[test]
    fn an_event_reads_as_it_was_written(event in event()) {
        prop_assert_eq!(decode_event(event.at, &encode_event(&event)).unwrap(), event);
    }

    #[test]
    fn a_header_reads_as_it_was_written(header in header()) {
        prop_assert_eq!(Header::decode(&header.encode()).unwrap(), header);
    }

    #[test]
    fn a_chunk_reads_as_it_was_written(
        chunk: u16,
        low in proptest::collection::vec(any::<u16>(), 1..200),
        run in proptest::option::of(0..=u16::MAX),
    ) {
        let base = u32::from(chunk) << 16;
        let mut ordinals: RoaringBitmap = low.into_iter().map(|low| base | u32::from(low)).collect();
        run.iter().for_each(|&end| { ordinals.insert_range(base..=base | u32::from(end)); });
        let bytes = encode_chunk(&mut ordinals);
        prop_assert!(bytes.len() <= 8 * 1024 + 32, "{} bytes", bytes.len());
        prop_assert_eq!(&decode_chunk(&bytes, chunk).unwrap(), &ordinals);
        prop_assert!(decode_chunk(&bytes, chunk ^ 1).is_err() || ordinals.len() <= 64);
    }

    #[test]
    fn a_name_reads_as_it_was_written(
        homes in proptest::collection::btree_map(0..Platform::COUNT as u8, (any::<u64>(), proptest::collection::btree_set(any::<u32>(), 1..=4), 0..3_u64), 1..5)
    ) {
        let homes: SmallVec<[Home; 1]> = homes.into_iter().map(|(platform, (number, few, many))| Home {
            platform: Platform::from_number(platform).unwrap(),
            number,
            devices: if many > 0 { Devices::Chunked(many) } else { Devices::Few(few.into_iter().collect()) },
        }).collect();
        let record = NameRecord { homes };
        let bytes = record.encode();
        prop_assert_eq!(&NameRecord::decode(&bytes).unwrap(), &record);
        for platform in Platform::ALL {
            prop_assert_eq!(find_home(&bytes, platform).unwrap(), record.home(platform).cloned());
        }
    }

    #[test]
    fn small_values_read_as_they_were_written(a: u64, b: i64, c: u16, d: u32, id in name(), platform in platform()) {
        let id = DeviceId::new(id).unwrap();
        let slot = encode_slot(Version(a), &id);
        prop_assert_eq!(decode_slot(&slot).unwrap(), (Version(a), id.as_str()));
        let at = Timestamp::from_secs(b);
        prop_assert_eq!(decode_seen(&encode_seen(Version(a), at)).unwrap(), (Version(a), at));
        prop_assert_eq!(decode_time(&encode_time(at)).unwrap(), at);
        prop_assert_eq!(decode_free(&encode_free(d)).unwrap(), d);
        prop_assert_eq!(decode_dead(&encode_dead(a, c)).unwrap(), (a, c));
        let key = OwnedKey { relation: Relation::User, name: id.as_str().into() };
        let number = encode_number(&key, platform);
        prop_assert_eq!(decode_number(&number).unwrap(), (Relation::User, platform, id.as_str()));
    }

    #[test]
    fn any_bytes_read_without_a_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..80), with_version: bool) {
        if with_version && let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        crate::fuzzing::values(&bytes);
    }

    #[test]
    fn a_flipped_bit_reads_without_a_panic(device in device(), event in event(), header in header(), at: proptest::sample::Index, bit in 0..8_u8) {
        let mut many: RoaringBitmap = (0..3_000).map(|n| n * 7).collect();
        let mut runs: RoaringBitmap = (0..3_000).collect();
        let values = [device.encode(), encode_event(&event), header.encode(), encode_chunk(&mut many), encode_chunk(&mut runs)];
        for mut bytes in values {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            crate::fuzzing::values(&bytes);
            crate::fuzzing::values(&bytes[..at]);
        }
    }
}

#[test]
fn an_entry_reads_as_it_was_written() {
    let secret = |text: &str| Credential::new(&Secret::new(text).unwrap(), [7; 16]);
    let app = AppRecord {
        key: AppKey::new("shop").unwrap(),
        id: AppId(3),
        name: "The \"shop\"\u{0}新".into(),
        master: Some(secret("master")),
        tokens: vec![secret("one"), secret("two")],
        presence: true,
        limits: Limits { event_retention_secs: Some(u32::MAX), ..Limits::unlimited() },
        policies: Policies { presence_from: PresenceFrom::None, ..Policies::default() },
        code_salt: u64::MAX,
    };
    let event_type =
        EventType { name: EventName::new("login").unwrap(), declared_at: Timestamp::from_secs(-1) };
    let of_user = Deleted::User { user: UserId::new("ann").unwrap(), through: EventSeq(u64::MAX) };
    let of_nobody = Deleted::SignOut { user: UserId::new("ann").unwrap(), clears: OnUserChange::ClearAlias };
    let of_app = Deleted::App { key: AppKey::new("shop").unwrap(), id: AppId(9) };
    let entries = [
        Entry::App(Box::new(app)),
        Entry::NextApp(AppId(u32::MAX)),
        Entry::EventType(event_type),
        Entry::Deletion(Deletion { number: u64::MAX, of: of_user }),
        Entry::Deletion(Deletion { number: 0, of: of_app }),
        Entry::Deletion(Deletion { number: 8, of: of_nobody }),
    ];
    for entry in entries {
        let bytes = encode_entry(&entry, Version(5)).unwrap();
        assert_eq!(decode_entry(&bytes).unwrap(), (entry, Version(5)));
        for end in 0..bytes.len() {
            assert!(decode_entry(&bytes[..end]).is_err(), "cut at {end}");
        }
    }
}

#[test]
fn a_value_of_another_version_is_refused() {
    let header = Header::default().encode();
    for version in [0, 2, 255] {
        let mut other = header.clone();
        other[0] = version;
        assert!(Header::decode(&other).is_err());
    }
}
