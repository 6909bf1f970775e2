//! The bodies of the JPush face, as they are on the wire.

pub use crate::extract::Texts;

use crate::extract::{Faults, Members, Piece, Place, Read, Request, deserialize};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
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
/// let message = "alias: type: must be a string: got 7".to_owned();
/// let detail = ErrorDetail { code: 7002, message, illegal_rids: Vec::new() };
/// let text = r#"{"code":7002,"message":"alias: type: must be a string: got 7"}"#;
/// assert_eq!(serde_json::to_string(&detail)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// The vendor's code.
    pub code: u16,
    /// Field, rule, limit and what was sent, in one line.
    pub message: String,
    /// The ids of a list that the app does not know, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub illegal_rids: Vec<String>,
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
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
/// use rollbook_http::jpush::wire::{ListChange, TagsMember, Texts};
/// assert_eq!(serde_json::to_string(&TagsMember::Clear)?, r#""""#);
/// let news = ListChange { add: Some(Texts::from_iter(["news"])), ..ListChange::default() };
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
/// use rollbook_http::jpush::wire::{DeviceChange, ListChange, TagsMember, Texts};
/// let change: DeviceChange = serde_json::from_str(r#"{"tags":{"add":["vip"],"remove":["news"]}}"#)?;
/// let (add, remove) = (Texts::from_iter(["vip"]), Texts::from_iter(["news"]));
/// let expected = ListChange { add: Some(add), remove: Some(remove) };
/// assert_eq!(change.tags, Some(TagsMember::Change(expected)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ListChange {
    /// What is added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub add: Option<Texts>,
    /// What is removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remove: Option<Texts>,
}

/// What is misspelt must not pass for done: no other members are allowed.
impl<'de> Request<'de> for ListChange {
    const PARTS: &'static [&'static str] = &["add", "remove"];
    const IS_PART: bool = true;
    type Part = Texts;
    fn make(mut members: Members<'_, 'de, Texts>) -> Option<Self> {
        Some(ListChange { add: members.part("add"), remove: members.part("remove") })
    }
}

impl<'de> Read<'de> for TagsMember {
    const EXPECTED: &'static str = "must be an object or an empty string";

    fn plain(piece: Piece<'de>, place: Place<'_>, faults: &mut Faults) -> Option<Self> {
        if matches!(&piece, Piece::Text(text) if text.is_empty()) {
            return Some(TagsMember::Clear);
        }
        faults.wrong(place, Self::EXPECTED, &piece);
        None
    }

    fn object<A: MapAccess<'de>>(
        members: A,
        place: Place<'_>,
        faults: &mut Faults,
    ) -> Result<Option<Self>, A::Error> {
        Ok(ListChange::object(members, place, faults)?.map(TagsMember::Change))
    }
}

impl<'de> Request<'de> for DeviceChange {
    const VALUES: &'static [&'static str] = &["alias", "mobile"];
    const PARTS: &'static [&'static str] = &["tags"];
    type Part = TagsMember;
    fn make(mut members: Members<'_, 'de, TagsMember>) -> Option<Self> {
        let (alias, mobile) = (members.text("alias"), members.text("mobile"));
        Some(DeviceChange {
            tags: members.part("tags"),
            alias: alias.map(Into::into),
            mobile: mobile.map(Into::into),
        })
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DevicesChange {
    /// The lists.
    pub registration_ids: ListChange,
}

impl<'de> Request<'de> for DevicesChange {
    const PARTS: &'static [&'static str] = &["registration_ids"];
    type Part = ListChange;
    fn make(mut members: Members<'_, 'de, ListChange>) -> Option<Self> {
        Some(DevicesChange { registration_ids: members.demand_part("registration_ids")? })
    }
}

/// Whose presence is asked.
///
/// ```
/// use rollbook_http::jpush::wire::StatusQuestion;
/// let question: StatusQuestion = serde_json::from_str(r#"{"registration_ids":["d1","d2"]}"#)?;
/// assert!(question.registration_ids.iter().eq(["d1", "d2"]));
/// let error = serde_json::from_str::<StatusQuestion>("{}").unwrap_err();
/// assert_eq!(error.to_string(), "registration_ids: present: must be given: got none");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct StatusQuestion {
    /// The devices.
    pub registration_ids: Texts,
}

impl<'de> Request<'de> for StatusQuestion {
    const PARTS: &'static [&'static str] = &["registration_ids"];
    type Part = Texts;
    fn make(mut members: Members<'_, 'de, Texts>) -> Option<Self> {
        Some(StatusQuestion { registration_ids: members.demand_part("registration_ids")? })
    }
}

macro_rules! read_strictly {
    ($($request:ident),*) => {$(
        impl<'de> Deserialize<'de> for $request {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer)
            }
        }
    )*};
}
read_strictly!(DeviceChange, DevicesChange, StatusQuestion);

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
/// let (registration_id, platform) = ("tablet".into(), Some("android".into()));
/// let device = AliasDevice { registration_id, platform, last_online_date: None };
/// assert_eq!(serde_json::to_string(&device)?, r#"{"registration_id":"tablet","platform":"android"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasDevice {
    /// Its id.
    pub registration_id: String,
    /// Its platform by JPush's name; absent where JPush has none, since its clients know no others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
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
