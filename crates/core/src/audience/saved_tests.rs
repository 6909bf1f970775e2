use super::super::testing::trees;
use super::*;
use crate::model::{Alias, DeviceId, TagName, UserId, Version};
use proptest::prelude::*;

fn device(id: &str, platform: Platform, tags: &[&str], alias: Option<&str>, user: &str) -> Device {
    Device {
        id: DeviceId::new(id).unwrap(),
        platform,
        version: Version(1),
        token: None,
        mobile: None,
        language: None,
        utc_offset: None,
        alias: alias.map(|name| Alias::new(name).unwrap()),
        user: UserId::new(user).unwrap(),
        tags: tags.iter().map(|tag| TagName::new(*tag).unwrap()).collect(),
        registered_at: None,
        last_seen: None,
    }
}

fn devices() -> impl Strategy<Value = Device> {
    let name = || prop::sample::select(vec!["a", "b", "c", "d", "all"]);
    let tags = prop::collection::vec(name(), 0..4);
    let platform = prop::sample::select(Platform::ALL.to_vec());
    (name(), platform, tags, prop::option::of(name()), name())
        .prop_map(|(id, platform, tags, alias, user)| device(id, platform, &tags, alias, user))
}

/// Evaluates every audience, without an index.
fn evaluated<'a>(audiences: &'a BTreeMap<usize, Audience>, device: &Device) -> Vec<&'a usize> {
    let mut tags: Vec<&str> = device.tags.iter().map(|tag| tag.as_str()).collect();
    tags.sort_unstable();
    let device = Loaded { device, tags };
    audiences
        .iter()
        .filter(|(_, audience)| selects(audience, &device) == Ok(true))
        .map(|(key, _)| key)
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_index_finds_what_an_evaluation_of_every_audience_finds(
        first in prop::collection::vec(trees(), 0..12),
        second in prop::collection::vec((0_usize..12, prop::option::of(trees())), 0..12),
        devices in prop::collection::vec(devices(), 1..6),
    ) {
        let mut saved = SavedAudiences::new();
        let mut plain = BTreeMap::new();
        let all = first.into_iter().map(Some).enumerate().chain(second);
        for (key, audience) in all {
            let (former, expected) = match audience {
                Some(audience) => {
                    (saved.insert(key, audience.clone()).unwrap(), plain.insert(key, audience))
                }
                None => (saved.remove(&key), plain.remove(&key)),
            };
            prop_assert_eq!(former, expected);
        }
        prop_assert_eq!(saved.len(), plain.len());
        prop_assert_eq!(saved.is_empty(), plain.is_empty());
        for device in &devices {
            prop_assert_eq!(saved.matching(device), evaluated(&plain, device));
        }
        for (key, audience) in &plain {
            prop_assert_eq!(saved.get(key), Some(audience));
        }
    }
}

#[test]
fn of_five_thousand_audiences_a_device_looks_at_those_that_ask_for_something_it_has() {
    let mut saved = SavedAudiences::new();
    for n in 0..5_000_u32 {
        let text = match n % 5 {
            0 => format!("t{n} && !muted && platform(ios)"),
            1 => format!("(t{n} || t{}) && news", n + 1),
            2 => format!("alias(a{n}) || user(u{n})"),
            3 => format!("!(!t{n} || muted)"),
            _ => format!("news && device(d{n})"),
        };
        saved.insert(n, text.parse().unwrap()).unwrap();
    }
    let one = device("d9", Platform::Ios, &["news", "t1", "t5", "t18"], Some("a7"), "u12");
    let device = Loaded { device: &one, tags: vec!["news", "t1", "t18", "t5"] };
    let looked_at = saved.index.candidates(&device).len();
    assert!(looked_at < 16, "{looked_at} of 5 000");
    assert_eq!(saved.matching(&one), [&1, &5, &7, &9, &12, &18]);
}

#[test]
fn what_can_never_match_is_never_looked_at_and_what_needs_nothing_always_is() {
    let mut saved = SavedAudiences::new();
    saved.insert("never", "none() && a".parse().unwrap()).unwrap();
    saved.insert("nobody", "platform()".parse().unwrap()).unwrap();
    saved.insert("always", "!a".parse().unwrap()).unwrap();
    saved.insert("there", "platform(ios) || !platform(ios, android)".parse().unwrap()).unwrap();
    let one = device("x", Platform::Android, &["a"], None, "x");
    let device = Loaded { device: &one, tags: vec!["a"] };
    assert_eq!(saved.index.candidates(&device), [2]);
    assert!(saved.matching(&one).is_empty());
}

#[test]
fn nothing_is_left_in_the_index_of_what_was_removed() {
    let mut saved = SavedAudiences::new();
    for n in 0..20 {
        saved.insert(n, format!("t{n} || alias(a) || platform(ios)").parse().unwrap()).unwrap();
        saved.insert(n + 100, "!x".parse().unwrap()).unwrap();
    }
    for n in 0..20 {
        saved.remove(&n).unwrap();
        saved.remove(&(n + 100)).unwrap();
    }
    assert!(saved.index.always.is_empty());
    assert!(saved.index.names.iter().all(HashMap::is_empty));
    assert!(saved.index.platforms.iter().all(Vec::is_empty));
    saved.insert(7, Audience::All).unwrap();
    assert!(saved.entries.len() <= 40, "numbers are given again");
}
