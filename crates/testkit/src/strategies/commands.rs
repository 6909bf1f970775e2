//! Operations as data.

use super::{
    alias, device_id, device_update, event, event_name, platform, platforms, registration, tag, user_id,
    utc_offset,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use rollbook::{Command, Version};

/// Operations of every kind, as an app takes them one by one or in a batch. Whether an app accepts one depends on its
/// content.
///
/// ```
/// use proptest::prelude::*;
/// use rollbook::Error;
/// use rollbook_testkit::{example, strategies};
///
/// let shop = example::shop();
/// proptest!(ProptestConfig::with_cases(20), |(command in strategies::command())| {
///     prop_assert!(matches!(shop.dry_run(&[command]), Ok(()) | Err(Error::Batch(_))));
/// });
/// ```
pub fn command() -> impl Strategy<Value = Command> {
    let devices = || vec(device_id(), 0..4);
    prop_oneof![
        registration().prop_map(Command::Register),
        device_id().prop_map(Command::Unregister),
        device_id().prop_map(Command::Remove),
        (device_id(), 0..9_u64)
            .prop_map(|(device, version)| Command::RemoveBasedOn { device, version: Version(version) }),
        device_id().prop_map(Command::SignOut),
        user_id().prop_map(Command::SignOutUser),
        (device_id(), device_update()).prop_map(|(device, update)| Command::Update { device, update }),
        (alias(), devices()).prop_map(|(alias, devices)| Command::UnbindAlias { alias, devices }),
        (alias(), platforms()).prop_map(|(alias, platforms)| Command::DeleteAlias { alias, platforms }),
        (tag(), devices(), devices()).prop_map(|(tag, add, remove)| Command::UpdateTag { tag, add, remove }),
        (tag(), platforms()).prop_map(|(tag, platforms)| Command::DeleteTag { tag, platforms }),
        (device_id(), of(user_id()), of(platform()), of(utc_offset())).prop_map(
            |(device, user, platform, utc_offset)| Command::RegisterUser {
                device,
                user,
                platform,
                utc_offset
            }
        ),
        user_id().prop_map(Command::DeleteUser),
        event_name().prop_map(Command::DeclareEvent),
        event().prop_map(Command::PostEvent),
    ]
}
