//! Strategies for property tests of programs that use a register: names, limits, registrations, whole registers.
//!
//! Names come in three sizes: ordinary ones that collide, ones exactly at their limit, and texts one byte above it.
//!
//! ```
//! use proptest::prelude::*;
//! use rollbook::{Limits, TagName};
//! use rollbook_testkit::strategies;
//!
//! proptest!(|(text in strategies::at_limit(40))| {
//!     prop_assert!(Limits::jpush().check_tag(&TagName::new(text).unwrap()).is_ok());
//! });
//! proptest!(|(text in strategies::one_above(255))| prop_assert!(TagName::new(text).is_err()));
//! ```

mod audiences;
mod commands;
mod devices;
mod events;

pub use audiences::{audience, audience_text};
pub use commands::command;
pub use devices::{device_update, registration};
pub use events::{attributes, event, event_query};

use crate::op::{Op, ops_strategy};
use crate::oracle::Oracle;
use proptest::prelude::*;
use proptest::sample::select;
use rollbook::{
    Alias, AliasOverflow, AppKey, DeviceId, EventName, Language, Limits, Mobile, NameRule, OnUserChange,
    Platform, PlatformSet, Policies, PresenceFrom, TagName, Timestamp, UserId, UtcOffset,
};

/// Texts that every rule for names allows: short, and few enough to collide.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::{Alias, Limits};
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(text in strategies::plain_text())| {
///     prop_assert!(Limits::jpush().check_alias(&Alias::new(text).unwrap()).is_ok());
/// });
/// ```
pub fn plain_text() -> impl Strategy<Value = String> {
    prop_oneof![6 => "[a-c][0-3]?", 2 => "[A-Za-z0-9_]{1,20}", 1 => select(vec!["新闻", "用户_1", "a.b+c"]).prop_map(str::to_owned)]
}

/// Texts of exactly this many bytes, which every rule for names with that limit allows; some are of Han characters.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::{Limits, TagName};
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(text in strategies::at_limit(40))| {
///     prop_assert_eq!(text.len(), 40);
///     prop_assert!(Limits::jpush().check_tag(&TagName::new(text).unwrap()).is_ok());
/// });
/// ```
pub fn at_limit(bytes: usize) -> impl Strategy<Value = String> {
    any::<bool>().prop_map(move |han| {
        let han = if han { "新".repeat(bytes / 3) } else { String::new() };
        let rest = bytes - han.len();
        han + &"a".repeat(rest)
    })
}

/// Texts that are one byte longer than this limit.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::{Limits, TagName};
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(text in strategies::one_above(40))| {
///     prop_assert!(Limits::jpush().check_tag(&TagName::new(text).unwrap()).is_err());
/// });
/// ```
pub fn one_above(bytes: usize) -> impl Strategy<Value = String> {
    at_limit(bytes + 1)
}

/// A validated name, either ordinary or of `most` bytes.
fn name<T: std::fmt::Debug, E>(most: usize, make: fn(String) -> Result<T, E>) -> impl Strategy<Value = T> {
    prop_oneof![9 => plain_text(), 1 => at_limit(most)]
        .prop_filter_map("the text is no such name", move |text| make(text).ok())
}

/// Keys of apps.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::AppSettings;
/// use rollbook_testkit::{example, strategies};
///
/// proptest!(ProptestConfig::with_cases(20), |(key in strategies::app_key())| {
///     let app = example::registry().create_app(&key, AppSettings::default()).unwrap();
///     prop_assert_eq!(app.key(), &key);
/// });
/// ```
pub fn app_key() -> impl Strategy<Value = AppKey> {
    prop_oneof!["[A-F0-9]{5}-[A-F0-9]{5}", "[a-z0-9]{24}", "[A-Za-z0-9_-]{64}"]
        .prop_filter_map("the text is no key", |text| AppKey::new(text).ok())
}

/// Device ids up to their limit; some look like phone numbers or e-mail addresses.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::{Platform, Registration};
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(id in strategies::device_id())| {
///     shop.register(&Registration::new(id.clone(), Platform::Ios)).unwrap();
///     prop_assert_eq!(shop.device(&id).unwrap().id, id);
/// });
/// ```
pub fn device_id() -> impl Strategy<Value = DeviceId> {
    prop_oneof![4 => name(255, DeviceId::new), 1 => odd(DeviceId::new)]
}

/// User ids up to their limit, made of the same texts as device ids.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(user in strategies::user_id())| {
///     shop.register_user(&"watch".parse().unwrap(), Some(&user), None, None).unwrap();
///     prop_assert_eq!(shop.device(&"watch".parse().unwrap()).unwrap().user, user);
/// });
/// ```
pub fn user_id() -> impl Strategy<Value = UserId> {
    prop_oneof![4 => name(255, UserId::new), 1 => odd(UserId::new)]
}

/// Tags that the strictest rule allows, up to its limit.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Limits;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(tag in strategies::tag())| {
///     prop_assert!(Limits::jpush().check_tag(&tag).is_ok());
/// });
/// ```
pub fn tag() -> impl Strategy<Value = TagName> {
    name(40, TagName::new)
}

/// Aliases that the strictest rule allows, up to its limit.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Limits;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(alias in strategies::alias())| {
///     prop_assert!(Limits::jpush().check_alias(&alias).is_ok());
/// });
/// ```
pub fn alias() -> impl Strategy<Value = Alias> {
    name(40, Alias::new)
}

/// Tags that the strictest rule refuses and the widest allows: odd characters, or too long.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Limits;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(tag in strategies::wide_tag())| {
///     prop_assert!(Limits::jpush().check_tag(&tag).is_err());
///     prop_assert!(Limits::unlimited().check_tag(&tag).is_ok());
/// });
/// ```
pub fn wide_tag() -> impl Strategy<Value = TagName> {
    let long = prop_oneof![at_limit(41), at_limit(128), at_limit(129), at_limit(255)];
    prop_oneof![odd(TagName::new), long.prop_filter_map("no tag", |text| TagName::new(text).ok())]
}

/// Names of events.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(name in strategies::event_name())| {
///     shop.declare_event(&name).unwrap();
///     prop_assert!(shop.event_types().unwrap().iter().any(|declared| declared.name == name));
/// });
/// ```
pub fn event_name() -> impl Strategy<Value = EventName> {
    name(255, EventName::new)
}

fn odd<T: std::fmt::Debug, E>(make: fn(String) -> Result<T, E>) -> impl Strategy<Value = T> {
    let texts =
        vec!["+86-130@example.org", "two words", "a/b?c=d&e", "\"quoted\" \\", "\u{1f600}", "&&||!()"];
    select(texts).prop_filter_map("the text is no such name", move |text| make(text.to_owned()).ok())
}

/// Mobile numbers.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::{DeviceUpdate, Set};
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(mobile in strategies::mobile())| {
///     let update = DeviceUpdate { mobile: Set::To(mobile.clone()), ..DeviceUpdate::default() };
///     shop.update(&"phone".parse().unwrap(), &update).unwrap();
///     prop_assert_eq!(shop.device(&"phone".parse().unwrap()).unwrap().mobile, Some(mobile));
/// });
/// ```
pub fn mobile() -> impl Strategy<Value = Mobile> {
    prop_oneof!["[+0-9][0-9-]{0,12}", "[+][0-9]{19}"]
        .prop_filter_map("no number", |text| Mobile::new(text).ok())
}

/// Languages: primary parts alone and with regions, scripts and variants.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::{Platform, Registration};
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(language in strategies::language())| {
///     let id = "phone".parse().unwrap();
///     let phone = Registration { language: Some(language.clone()), ..Registration::new(id, Platform::Ios) };
///     shop.register(&phone).unwrap();
///     prop_assert_eq!(shop.device(&phone.id).unwrap().language, Some(language));
/// });
/// ```
pub fn language() -> impl Strategy<Value = Language> {
    prop_oneof!["[a-z]{2,3}([-_][A-Z]{2})?", "[a-z]{2}-[A-Z][a-z]{3}(-[0-9]{3})?(-[a-z]{5,8})?"]
        .prop_filter_map("no language", |text| Language::new(text).ok())
}

/// Offsets from UTC, including both ends of the range.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(offset in strategies::utc_offset())| {
///     shop.register_user(&"watch".parse().unwrap(), None, None, Some(offset)).unwrap();
///     prop_assert_eq!(shop.device(&"watch".parse().unwrap()).unwrap().utc_offset, Some(offset));
/// });
/// ```
pub fn utc_offset() -> impl Strategy<Value = UtcOffset> {
    prop_oneof![select(vec![-43_200, 0, 28_800, 50_400]), -43_200..=50_400]
        .prop_filter_map("no offset", |secs| UtcOffset::new(secs).ok())
}

/// Every platform.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Platform;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(platform in strategies::platform())| {
///     prop_assert_eq!(Platform::from_name(platform.name()), Ok(platform));
/// });
/// ```
pub fn platform() -> impl Strategy<Value = Platform> {
    select(Platform::ALL.to_vec())
}

/// Sets of platforms; most are all of them.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Audience;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(platforms in strategies::platforms())| {
///     let (on, off) = (Audience::Platforms(platforms), Audience::Platforms(platforms.complement()));
///     prop_assert_eq!(shop.count(&on).unwrap() + shop.count(&off).unwrap(), 3);
/// });
/// ```
pub fn platforms() -> impl Strategy<Value = PlatformSet> {
    let some = prop::collection::vec(platform(), 0..4);
    prop_oneof![Just(PlatformSet::ALL), some.prop_map(|list| PlatformSet::of(&list))]
}

/// Times within a few minutes, so that many are equal and others lie before and after them; occasionally the first or
/// last time that there is.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Timestamp;
/// use rollbook_testkit::strategies;
///
/// proptest!(ProptestConfig::with_cases(20), |(at in strategies::timestamp())| {
///     let near = (900..1_100).contains(&at.secs());
///     prop_assert!(near || at == Timestamp::MIN || at == Timestamp::MAX);
/// });
/// ```
pub fn timestamp() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        18 => (900_i64..1_100).prop_map(Timestamp::from_secs),
        1 => Just(Timestamp::MIN),
        1 => Just(Timestamp::MAX),
    ]
}

/// Limits: the named profiles, and small ones that a few operations reach.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let registry = example::registry();
/// proptest!(ProptestConfig::with_cases(20), |(limits in strategies::limits())| {
///     registry.set_limits(&"shop".parse().unwrap(), &limits).unwrap();
///     let shop = registry.app(&"shop".parse().unwrap()).unwrap();
///     prop_assert_eq!(shop.limits(), &limits);
/// });
/// ```
pub fn limits() -> impl Strategy<Value = Limits> {
    let profiles = select(vec![Limits::jpush(), Limits::relaxed(), Limits::unlimited()]);
    let few = || proptest::option::of(1_u32..5);
    let small = (few(), few(), few(), few(), any::<bool>(), any::<bool>(), 0_usize..3);
    let small = small.prop_map(|(tags, list, devices, alias, evict, lenient, names)| Limits {
        names: [NameRule::Jpush, NameRule::Relaxed, NameRule::Any]
            .get(names)
            .copied()
            .unwrap_or(NameRule::Any),
        tags_per_device: tags,
        tags_per_list: list,
        devices_per_list: devices,
        devices_per_alias: alias,
        alias_overflow: if evict { AliasOverflow::EvictOldest } else { AliasOverflow::Refuse },
        declare_on_first_use: lenient,
        ..Limits::jpush()
    });
    prop_oneof![profiles, small]
}

/// Policies, in every combination.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{example, strategies};
///
/// let registry = example::registry();
/// proptest!(ProptestConfig::with_cases(20), |(policies in strategies::policies())| {
///     registry.set_policies(&"shop".parse().unwrap(), &policies).unwrap();
///     let shop = registry.app(&"shop".parse().unwrap()).unwrap();
///     prop_assert_eq!(shop.policies(), &policies);
/// });
/// ```
pub fn policies() -> impl Strategy<Value = Policies> {
    let presence_from = select(vec![PresenceFrom::DeviceCalls, PresenceFrom::AppOpen, PresenceFrom::None]);
    let on_user_change =
        select(vec![OnUserChange::Keep, OnUserChange::ClearAlias, OnUserChange::ClearAliasAndTags]);
    (presence_from, on_user_change)
        .prop_map(|(presence_from, on_user_change)| Policies { presence_from, on_user_change })
}

/// Whole registers: the operations that fill one, all of them accepted, and the model that they result in.
///
/// Apply them to a register of your own ([`check`](crate::check::check) shows how), or read the model.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook_testkit::{oracle::Oracle, strategies};
///
/// proptest!(ProptestConfig::with_cases(20), |((ops, oracle) in strategies::register(10))| {
///     let mut again = Oracle::new();
///     prop_assert!(ops.iter().all(|op| again.answer(op).is_ok()));
///     prop_assert_eq!(again.survey(), oracle.survey());
/// });
/// ```
pub fn register(operations: usize) -> impl Strategy<Value = (Vec<Op>, Oracle)> {
    ops_strategy(operations..=operations).prop_map(|ops| {
        let mut oracle = Oracle::new();
        let accepted = ops.into_iter().filter(|op| !op.is_question() && oracle.answer(op).is_ok()).collect();
        (accepted, oracle)
    })
}
