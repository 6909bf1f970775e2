//! Audiences, as trees and as texts.

use super::{alias, device_id, platforms, tag, user_id, wide_tag};
use proptest::collection::vec;
use proptest::prelude::*;
use rollbook::Audience;

/// Trees of up to five levels and about thirty nodes; some of their names need quotes as text.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(audience in strategies::audience())| {
///     let (within, without) = (shop.count(&audience).unwrap(), shop.count(&!audience).unwrap());
///     prop_assert_eq!(within + without, 3);
/// });
/// ```
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
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Audience;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(text in strategies::audience_text())| {
///     let read = text.parse::<Audience>().unwrap();
///     prop_assert_eq!(read.to_string(), text);
/// });
/// ```
pub fn audience_text() -> impl Strategy<Value = String> {
    audience().prop_map(|audience| audience.to_string())
}
