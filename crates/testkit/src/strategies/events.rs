//! Events and queries for them.

use super::{device_id, event_name, timestamp, user_id};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rollbook::{Attribute, Attributes, EventOrder, EventQuery, EventScope, NewEvent, Scalar};

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(Scalar::Integer),
        prop::num::f64::NORMAL.prop_map(Scalar::Float),
        "[ -~]{0,12}".prop_map(Scalar::Text),
        "新{0,5}".prop_map(Scalar::Text),
    ]
}

/// Attributes that the default limits accept.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::NewEvent;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(attributes in strategies::attributes())| {
///     let (name, user) = ("opened".parse().unwrap(), "ann".parse().ok());
///     shop.post_event(&NewEvent { attributes: attributes.clone(), user, ..NewEvent::new(name) }).unwrap();
///     prop_assert_eq!(&shop.events(&Default::default()).unwrap().items[0].attributes, &attributes);
/// });
/// ```
pub fn attributes() -> impl Strategy<Value = Attributes> {
    let value = prop_oneof![3 => scalar().prop_map(Attribute::One), 1 => vec(scalar(), 0..4).prop_map(Attribute::List)];
    vec(("[a-d]{1,3}", value), 0..5).prop_map(|members| members.into_iter().collect())
}

/// Events with a device, a user or both.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(event in strategies::event())| {
///     prop_assert!(event.device.is_some() || event.user.is_some());
/// });
/// ```
pub fn event() -> impl Strategy<Value = NewEvent> {
    let owner = prop_oneof![
        device_id().prop_map(|id| (Some(id), None)),
        user_id().prop_map(|user| (None, Some(user))),
        (device_id(), user_id()).prop_map(|(id, user)| (Some(id), Some(user))),
    ];
    (event_name(), attributes(), owner, of(timestamp()), of(timestamp())).prop_map(
        |(name, attributes, (device, user), timestamp_utc, timestamp_current)| NewEvent {
            attributes,
            device,
            user,
            timestamp_utc,
            timestamp_current,
            ..NewEvent::new(name)
        },
    )
}

/// Queries for history, from its beginning.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(query in strategies::event_query())| {
///     let page = shop.events(&query).unwrap();
///     prop_assert!(page.items.len() <= query.limit);
/// });
/// ```
pub fn event_query() -> impl Strategy<Value = EventQuery> {
    let scope = prop_oneof![
        Just(EventScope::All),
        device_id().prop_map(EventScope::Device),
        user_id().prop_map(EventScope::User),
        event_name().prop_map(EventScope::Name),
    ];
    let order = prop_oneof![Just(EventOrder::NewestFirst), Just(EventOrder::OldestFirst)];
    (scope, of(timestamp()), of(timestamp()), order, 1_usize..5).prop_map(
        |(scope, from, until, order, limit)| {
            let every = EventQuery::default();
            EventQuery {
                scope,
                from: from.unwrap_or(every.from),
                until: until.unwrap_or(every.until),
                order,
                after: None,
                limit,
            }
        },
    )
}
