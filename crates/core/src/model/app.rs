//! An app: its stored record, its listing, and the settings it is created with.

use super::named::named_members;
use super::{AppId, AppKey, Credential, EventName, Limits, Policies, Secret, Set, Timestamp, hidden};
use crate::violation::{Rule, Violation};
use serde::{Deserialize, Serialize};

/// The settings with which an app is created.
///
/// ```
/// use rollbook::{AppSettings, Limits};
/// let settings = AppSettings { name: "shop".into(), limits: Limits::relaxed(), ..AppSettings::default() };
/// assert!(!settings.presence);
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AppSettings {
    /// A name for people: at most 255 bytes.
    #[serde(deserialize_with = "read::name")]
    pub name: String,
    /// The secret with which the app's own servers authenticate.
    pub master_secret: Option<Secret>,
    /// The tokens with which devices and integrations authenticate. One token may be valid for several apps.
    #[serde(deserialize_with = "hidden::secrets")]
    pub api_tokens: Vec<Secret>,
    /// Whether the app has the presence capability.
    #[serde(deserialize_with = "read::presence")]
    pub presence: bool,
    /// Its limits.
    pub limits: Limits,
    /// The behaviour of its operations where apps differ.
    pub policies: Policies,
}

mod read {
    use super::named_members;
    use serde::Deserialize;

    named_members! {
        name: String = String::deserialize;
        presence: bool = bool::deserialize;
    }
}

/// A change of an app's settings, all of it in one commit. A member that is not given leaves the setting as it is.
///
/// ```
/// use rollbook::{AppUpdate, Limits};
/// let registry = rollbook_testkit::example::registry();
/// let update = AppUpdate { presence: Some(false), limits: Some(Limits::relaxed()), ..AppUpdate::default() };
/// registry.update_app(&"shop".parse()?, &update)?;
/// assert_eq!(registry.app(&"shop".parse()?)?.limits(), &Limits::relaxed());
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct AppUpdate {
    /// A new name for people.
    pub name: Option<String>,
    /// A new master secret. [`Set::Clear`] leaves the app without one, and then no secret is accepted.
    pub master_secret: Set<Secret>,
    /// New API tokens, which replace all of the former ones.
    pub api_tokens: Option<Vec<Secret>>,
    /// Whether the app has the presence capability.
    pub presence: Option<bool>,
    /// New limits.
    pub limits: Option<Limits>,
    /// New policies.
    pub policies: Option<Policies>,
}

/// The maximum length of an app's name in bytes.
const NAME_BYTES: usize = 255;

impl AppSettings {
    /// Checks an app's name for people.
    ///
    /// ```
    /// use rollbook::AppSettings;
    /// assert!(AppSettings::check_name("Books and more").is_ok());
    /// assert_eq!(AppSettings::check_name(&"x".repeat(256)).unwrap_err().field(), "name");
    /// ```
    ///
    /// # Errors
    /// A violation of the field `name`.
    pub fn check_name(name: &str) -> Result<(), Violation> {
        if name.len() > NAME_BYTES {
            let limit = format!("must be at most {NAME_BYTES}");
            return Err(Violation::new("name", Rule::Bytes, limit, name.len()));
        }
        Ok(())
    }
}

/// An app as a store keeps it. Only salted hashes of secrets are in it.
///
/// ```
/// use rollbook::AppId;
/// use rollbook::store::{Entry, EntryKey, Store, View};
/// let registry = rollbook_testkit::example::registry();
/// let directory = registry.store().view(AppId::DIRECTORY).unwrap();
/// let Ok(Some((Entry::App(shop), _))) = directory.entry(&EntryKey::App("shop".parse()?)) else { panic!() };
/// assert_eq!((shop.key.as_str(), shop.id, shop.presence), ("shop", AppId(1), true));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppRecord {
    /// Its key.
    pub key: AppKey,
    /// Its number in the register. It is never given to another app.
    pub id: AppId,
    /// A name for people.
    pub name: String,
    /// The master secret's hash.
    pub master: Option<Credential>,
    /// The API tokens' hashes.
    pub tokens: Vec<Credential>,
    /// Whether it has the presence capability.
    pub presence: bool,
    /// Its limits.
    pub limits: Limits,
    /// The behaviour of its operations where apps differ. A record that was written before policies existed has the
    /// defaults.
    #[serde(default)]
    pub policies: Policies,
    /// The salt of its event codes.
    pub code_salt: u64,
}

/// An app as a listing shows it.
///
/// ```
/// let page = rollbook_testkit::example::registry().apps(None, 10)?;
/// assert_eq!((page.items[0].key.as_str(), page.items[0].presence), ("shop", true));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppInfo {
    /// Its key.
    pub key: AppKey,
    /// A name for people.
    pub name: String,
    /// Whether it has the presence capability.
    pub presence: bool,
    /// Its limits.
    pub limits: Limits,
    /// The behaviour of its operations where apps differ.
    #[serde(default)]
    pub policies: Policies,
}

impl From<AppRecord> for AppInfo {
    fn from(record: AppRecord) -> Self {
        let AppRecord { key, name, presence, limits, policies, id: _, master: _, tokens: _, code_salt: _ } =
            record;
        AppInfo { key, name, presence, limits, policies }
    }
}

/// A declared type of event.
///
/// ```
/// let types = rollbook_testkit::example::shop().event_types()?;
/// assert_eq!((types[0].name.as_str(), types[0].declared_at.secs()), ("opened", 1_700_000_000));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventType {
    /// Its name.
    pub name: EventName,
    /// When it was declared.
    pub declared_at: Timestamp,
}
