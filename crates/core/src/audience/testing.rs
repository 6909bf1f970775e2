//! Random trees for the tests of this module.

use super::{Audience, Checked};
use crate::model::{Alias, DeviceId, Limits, Platform, PlatformSet, TagName, UserId};
use proptest::prelude::*;

/// Panics if the audience is not within the default limits.
pub(super) fn checked(audience: &Audience) -> Checked<'_> {
    audience.checked(&Limits::default()).unwrap()
}

/// Generates names from a small alphabet, so that they collide, and some that need quotes.
fn names() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-d]", 1 => "[^\\p{Cc}]{1,6}", 1 => "(all|tag|none|and|a b|\"|\\\\u)"]
}

fn platforms() -> impl Strategy<Value = PlatformSet> {
    prop::collection::vec(prop::sample::select(Platform::ALL.to_vec()), 0..4).prop_map(PlatformSet::from_iter)
}

/// Generates trees of every kind of node, including lists without members and with one.
pub(super) fn trees() -> impl Strategy<Value = Audience> {
    let leaf = prop_oneof![
        1 => Just(Audience::All),
        6 => names().prop_map(|name| TagName::new(name).unwrap().into()),
        1 => names().prop_map(|name| Alias::new(name).unwrap().into()),
        1 => names().prop_map(|name| UserId::new(name).unwrap().into()),
        1 => names().prop_map(|name| DeviceId::new(name).unwrap().into()),
        1 => platforms().prop_map(Audience::Platforms),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 0..5).prop_map(Audience::And),
            3 => prop::collection::vec(inner.clone(), 0..5).prop_map(Audience::Or),
            2 => inner.prop_map(|inner| !inner),
        ]
    })
}
