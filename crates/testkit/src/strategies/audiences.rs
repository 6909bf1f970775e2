//! Conditions, as trees and as texts.

use super::{alias, device_id, platforms, tag, user_id, wide_tag};
use proptest::collection::vec;
use proptest::prelude::*;
use rollbook::Audience;

/// Trees of up to five levels and about thirty nodes; some of their names need quotes as text.
pub fn audience() -> impl Strategy<Value = Audience> {
    let leaf = prop_oneof![
        4 => tag().prop_map(Audience::Tag),
        1 => wide_tag().prop_map(Audience::Tag),
        1 => alias().prop_map(Audience::Alias),
        1 => user_id().prop_map(Audience::User),
        1 => device_id().prop_map(Audience::Device),
        1 => platforms().prop_map(Audience::Platforms),
        1 => Just(Audience::All),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Audience::And),
            vec(inner.clone(), 0..4).prop_map(Audience::Or),
            inner.prop_map(|part| Audience::Not(Box::new(part))),
        ]
    })
}

/// The texts of such trees.
pub fn audience_text() -> impl Strategy<Value = String> {
    audience().prop_map(|audience| audience.to_string())
}
