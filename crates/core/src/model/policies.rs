//! The behaviour of an app's operations where apps differ.

use super::named::named_members;
use serde::{Deserialize, Serialize};

/// The calls that count as being seen online, in addition to [`App::touch`](crate::App::touch), which always does.
///
/// ```
/// use rollbook::{Policies, Presence, PresenceFrom};
/// let registry = rollbook_testkit::example::registry();
/// let policies = Policies { presence_from: PresenceFrom::AppOpen, ..Policies::default() };
/// registry.set_policies(&"shop".parse()?, &policies)?;
/// let (shop, watch) = (registry.app(&"shop".parse()?)?, "watch".parse()?);
/// shop.device_called(&watch)?;
/// assert_eq!(shop.last_seen(&watch)?, None);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceFrom {
    /// Every call that a device itself makes: [`App::open`](crate::App::open) and
    /// [`App::device_called`](crate::App::device_called).
    #[default]
    DeviceCalls,
    /// Only [`App::open`](crate::App::open).
    AppOpen,
    /// No other call.
    None,
}

/// What a device loses when it changes to another user, by [`App::register_user`](crate::App::register_user) or any
/// other operation. What the former user left on it may be private.
///
/// Values that the same operation gives the device are kept in any case.
///
/// ```
/// use rollbook::{OnUserChange, Policies};
/// let registry = rollbook_testkit::example::registry();
/// let on_user_change = OnUserChange::ClearAliasAndTags;
/// registry.set_policies(&"shop".parse()?, &Policies { on_user_change, ..Policies::default() })?;
/// let (shop, phone) = (registry.app(&"shop".parse()?)?, "phone".parse()?);
/// shop.register_user(&phone, Some(&"bob".parse()?), None, None)?;
/// assert!(shop.device(&phone)?.tags.is_empty());
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnUserChange {
    /// Nothing.
    #[default]
    Keep,
    /// Its alias.
    ClearAlias,
    /// Its alias and all of its tags.
    ClearAliasAndTags,
}

/// The behaviour of an app's operations where apps differ.
///
/// ```
/// use rollbook::{OnUserChange, Policies, PresenceFrom};
/// let policies: Policies = serde_json::from_str(r#"{"on_user_change": "clear_alias"}"#)?;
/// assert_eq!(policies.on_user_change, OnUserChange::ClearAlias);
/// assert_eq!(policies.presence_from, PresenceFrom::DeviceCalls);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    /// The calls that count as being seen online. Default: every call that a device makes.
    #[serde(deserialize_with = "read::presence_from")]
    pub presence_from: PresenceFrom,
    /// What a device loses when it changes to another user. Default: nothing.
    #[serde(deserialize_with = "read::on_user_change")]
    pub on_user_change: OnUserChange,
}

mod read {
    use super::{OnUserChange, PresenceFrom, named_members};
    use crate::model::named::word;

    named_members! {
        presence_from: PresenceFrom = |from| word(from, "`device_calls`, `app_open` or `none`");
        on_user_change: OnUserChange = |from| word(from, "`keep`, `clear_alias` or `clear_alias_and_tags`");
    }
}
