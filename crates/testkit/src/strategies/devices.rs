//! Registrations and updates.

use super::{alias, device_id, language, mobile, platform, tag, user_id, utc_offset};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rollbook::{DeviceUpdate, PushToken, Registration, Set, TagsChange};

fn push_token() -> impl Strategy<Value = PushToken> {
    "[0-9a-f]{8,64}".prop_filter_map("no token", |text| PushToken::new(text).ok())
}

/// Registrations that the default limits accept.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// proptest!(ProptestConfig::with_cases(20), |(registration in strategies::registration())| {
///     prop_assert!(example::shop().register(&registration).is_ok());
/// });
/// ```
pub fn registration() -> impl Strategy<Value = Registration> {
    let named = (device_id(), platform(), of(user_id()), of(alias()), vec(tag(), 0..5));
    let fields = (of(push_token()), of(mobile()), of(language()), of(utc_offset()));
    (named, fields).prop_map(|((id, platform, user, alias, tags), (token, mobile, language, utc_offset))| {
        Registration { id, platform, token, mobile, language, utc_offset, user, alias, tags }
    })
}

fn set<T: Clone + std::fmt::Debug>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Set<T>> {
    prop_oneof![2 => Just(Set::Keep), 1 => Just(Set::Clear), 3 => value.prop_map(Set::To)]
}

/// Updates that the default limits accept, based on no version.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// proptest!(ProptestConfig::with_cases(20), |(update in strategies::device_update())| {
///     prop_assert!(example::shop().update(&"phone".parse().unwrap(), &update).is_ok());
/// });
/// ```
pub fn device_update() -> impl Strategy<Value = DeviceUpdate> {
    let change =
        (vec(tag(), 0..5), vec(tag(), 0..5)).prop_map(|(add, remove)| TagsChange::Change { add, remove });
    let tags = prop_oneof![7 => change, 1 => Just(TagsChange::Clear)];
    (tags, set(alias()), set(mobile())).prop_map(|(tags, alias, mobile)| DeviceUpdate {
        tags,
        alias,
        mobile,
        based_on: None,
    })
}
