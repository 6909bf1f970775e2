//! The bodies of the JPush face, as they are on the wire.

use crate::extract::{Members, object, wrong};
use rollbook::{Rule, Violation, Violations};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// What nothing is said with: `{}`.
///
/// ```
/// use rollbook_http::jpush::wire::Empty;
/// assert_eq!(serde_json::to_string(&Empty {})?, "{}");
/// assert!(serde_json::from_str::<Empty>("[1]").is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Empty {}

/// Every error.
///
/// ```
/// use rollbook_http::jpush::wire::ErrorBody;
/// let text = r#"{"error":{"code":7004,"message":"no"}}"#;
/// assert_eq!(serde_json::from_str::<ErrorBody>(text).unwrap().error.code, 7004);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The one member.
    pub error: ErrorDetail,
}

/// What an error tells.
///
/// ```
/// use rollbook_http::jpush::wire::ErrorDetail;
/// let detail = ErrorDetail { code: 7002, message: "tags.add: type: must be a list of strings: got 7".into() };
/// let text = r#"{"code":7002,"message":"tags.add: type: must be a list of strings: got 7"}"#;
/// assert_eq!(serde_json::to_string(&detail)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The vendor's code.
    pub code: u16,
    /// Field, rule, limit and what was sent, in one line.
    pub message: String,
}

/// A device as it is looked up.
///
/// ```
/// use rollbook_http::jpush::wire::DeviceState;
/// let text = r#"{"tags":["news","vip"],"alias":"ann","mobile":null}"#;
/// let state: DeviceState = serde_json::from_str(text)?;
/// assert_eq!((state.alias.as_deref(), &state.mobile), (Some("ann"), &None));
/// assert_eq!(serde_json::to_string(&state)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceState {
    /// Its tags in byte order.
    pub tags: Vec<String>,
    /// Its alias.
    pub alias: Option<String>,
    /// Its mobile number.
    pub mobile: Option<String>,
}

/// A change of a device: what is absent stays, and an empty text clears.
///
/// ```
/// use rollbook_http::jpush::wire::{DeviceChange, TagsMember};
/// let change: DeviceChange = serde_json::from_str(r#"{"tags":"","alias":"ann"}"#).unwrap();
/// assert_eq!(change.tags, Some(TagsMember::Clear));
/// assert!(serde_json::from_str::<DeviceChange>(r#"{"tags":"news"}"#).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct DeviceChange {
    /// Its tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<TagsMember>,
    /// Its alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Its mobile number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile: Option<String>,
}

/// The member `tags` of a change.
///
/// ```
/// use rollbook_http::jpush::wire::{ListChange, TagsMember};
/// assert_eq!(serde_json::to_string(&TagsMember::Clear)?, r#""""#);
/// let news = ListChange { add: Some(vec!["news".into()]), ..ListChange::default() };
/// assert_eq!(serde_json::to_string(&TagsMember::Change(news))?, r#"{"add":["news"]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagsMember {
    /// An empty text: all tags go.
    Clear,
    /// An object: some come, some go.
    Change(ListChange),
}

impl Serialize for TagsMember {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            TagsMember::Clear => serializer.serialize_str(""),
            TagsMember::Change(change) => change.serialize(serializer),
        }
    }
}

/// Two lists, either of which may be absent.
///
/// ```
/// use rollbook_http::jpush::wire::{DeviceChange, ListChange, TagsMember};
/// let change: DeviceChange = serde_json::from_str(r#"{"tags":{"add":["vip"],"remove":["news"]}}"#)?;
/// let expected = ListChange { add: Some(vec!["vip".into()]), remove: Some(vec!["news".into()]) };
/// assert_eq!(change.tags, Some(TagsMember::Change(expected)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ListChange {
    /// What is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add: Option<Vec<String>>,
    /// What is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove: Option<Vec<String>>,
}

impl ListChange {
    fn take(value: Value, field: &'static str, lists: [&'static str; 2]) -> Result<Self, Violations> {
        let [add, remove] = lists;
        let mut members = Members::new(object(field, value)?);
        let change = ListChange { add: members.texts("add", add), remove: members.texts("remove", remove) };
        members.finish(Some(change))
    }
}

impl TryFrom<Value> for DeviceChange {
    type Error = Violations;
    fn try_from(body: Value) -> Result<Self, Violations> {
        let mut members = Members::new(object("body", body)?);
        let tags = match members.take("tags") {
            None => None,
            Some(Value::String(text)) if text.is_empty() => Some(TagsMember::Clear),
            Some(change @ Value::Object(_)) => {
                let change = ListChange::take(change, "tags", ["tags.add", "tags.remove"]);
                members.keep(change).map(TagsMember::Change)
            }
            Some(other) => {
                members.found.push(wrong("tags", "must be an object or an empty string", &other));
                None
            }
        };
        let change = DeviceChange { tags, alias: members.text("alias"), mobile: members.text("mobile") };
        members.finish(Some(change))
    }
}

/// Devices that get or lose a tag, or lose an alias.
///
/// ```
/// use rollbook_http::jpush::wire::DevicesChange;
/// let text = r#"{"registration_ids":{"add":["d1"]}}"#;
/// let change: DevicesChange = serde_json::from_str(text).unwrap();
/// assert_eq!(change.registration_ids.remove, None);
/// assert_eq!(serde_json::to_string(&change).unwrap(), text);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct DevicesChange {
    /// The lists.
    pub registration_ids: ListChange,
}

impl TryFrom<Value> for DevicesChange {
    type Error = Violations;
    fn try_from(body: Value) -> Result<Self, Violations> {
        let mut members = Members::new(object("body", body)?);
        let Some(lists) = members.take("registration_ids") else {
            return Err(absent("registration_ids").into());
        };
        let fields = ["registration_ids.add", "registration_ids.remove"];
        Ok(DevicesChange { registration_ids: ListChange::take(lists, "registration_ids", fields)? })
    }
}

/// Whose presence is asked.
///
/// ```
/// use rollbook_http::jpush::wire::StatusQuestion;
/// let question: StatusQuestion = serde_json::from_str(r#"{"registration_ids":["d1","d2"]}"#)?;
/// assert_eq!(question.registration_ids, ["d1", "d2"]);
/// let error = serde_json::from_str::<StatusQuestion>("{}").unwrap_err();
/// assert_eq!(error.to_string(), "registration_ids: present: must be given: got none");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct StatusQuestion {
    /// The devices.
    pub registration_ids: Vec<String>,
}

impl TryFrom<Value> for StatusQuestion {
    type Error = Violations;
    fn try_from(body: Value) -> Result<Self, Violations> {
        let mut members = Members::new(object("body", body)?);
        let ids = members.texts("registration_ids", "registration_ids");
        if ids.is_none() && members.found.is_empty() {
            members.found.push(absent("registration_ids"));
        }
        members.finish(ids.map(|registration_ids| StatusQuestion { registration_ids }))
    }
}

fn absent(field: &'static str) -> Violation {
    Violation::new(field, Rule::Present, "must be given", "none")
}

/// Whether a device is online, or when it was.
///
/// ```
/// use rollbook_http::jpush::wire::Status;
/// let online = Status { online: true, last_online_time: None };
/// assert_eq!(serde_json::to_string(&online)?, r#"{"online":true}"#);
/// let lately = r#"{"online":false,"last_online_time":"2024-02-29 08:00:00"}"#;
/// assert!(!serde_json::from_str::<Status>(lately)?.online);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Is it online?
    pub online: bool,
    /// When it was last, if that was lately: `yyyy-MM-dd HH:mm:ss`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_online_time: Option<String>,
}

/// An object keyed by device, in the order asked; nothing for a device that the app does not know.
///
/// ```
/// use rollbook_http::jpush::wire::StatusAnswer;
/// let text = r#"{"phone":{"online":true},"nobody":null}"#;
/// let StatusAnswer(devices) = serde_json::from_str(text)?;
/// assert_eq!(devices[1], ("nobody".to_owned(), None));
/// assert_eq!(serde_json::to_string(&StatusAnswer(devices))?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusAnswer(pub Vec<(String, Option<Status>)>);

impl Serialize for StatusAnswer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(id, status)| (id, status)))
    }
}

impl<'de> Deserialize<'de> for StatusAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = StatusAnswer;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object keyed by device")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StatusAnswer, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(StatusAnswer(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// The devices of an alias.
///
/// ```
/// use rollbook_http::jpush::wire::AliasDevices;
/// let devices = AliasDevices { registration_ids: vec!["phone".into(), "tablet".into()] };
/// assert_eq!(serde_json::to_string(&devices)?, r#"{"registration_ids":["phone","tablet"]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasDevices {
    /// Their ids.
    pub registration_ids: Vec<String>,
}

/// The devices of an alias in the newer form.
///
/// ```
/// use rollbook_http::jpush::wire::AliasData;
/// let text = r#"{"data":[{"registration_id":"phone","platform":"ios","last_online_date":"2024-02-29"}]}"#;
/// let AliasData { data } = serde_json::from_str(text)?;
/// assert_eq!(data[0].last_online_date.as_deref(), Some("2024-02-29"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasData {
    /// The devices.
    pub data: Vec<AliasDevice>,
}

/// One device of an alias.
///
/// ```
/// use rollbook_http::jpush::wire::AliasDevice;
/// let (registration_id, platform) = ("tablet".into(), "android".into());
/// let device = AliasDevice { registration_id, platform, last_online_date: None };
/// assert_eq!(serde_json::to_string(&device)?, r#"{"registration_id":"tablet","platform":"android"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasDevice {
    /// Its id.
    pub registration_id: String,
    /// Its platform by JPush's name, or by the register's where JPush has none.
    pub platform: String,
    /// The day it was last seen, `yyyy-MM-dd`; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_online_date: Option<String>,
}

/// The tags of an app.
///
/// ```
/// use rollbook_http::jpush::wire::TagList;
/// let list: TagList = serde_json::from_str(r#"{"tags":["news","vip"]}"#)?;
/// assert_eq!(list.tags, ["news", "vip"]);
/// assert_eq!(serde_json::to_string(&TagList::default())?, r#"{"tags":[]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagList {
    /// In byte order.
    pub tags: Vec<String>,
}

/// Whether a device carries a tag.
///
/// ```
/// use rollbook_http::jpush::wire::Membership;
/// assert_eq!(serde_json::to_string(&Membership { result: true })?, r#"{"result":true}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// Does it?
    pub result: bool,
}
