//! The bodies of the Pushwoosh face, as they are on the wire.

use super::fields::{Fields, device_type};
use rollbook::{
    AppKey, Attributes, DeviceId, EventCode, EventName, Language, NewEvent, Platform, PushToken,
    Registration, Timestamp, UserId, UtcOffset, Violations,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Every answer.
///
/// ```
/// use rollbook_http::pushwoosh::wire::Response;
/// let text = serde_json::to_string(&Response::<()>::DONE).unwrap();
/// assert_eq!(text, r#"{"status_code":200,"status_message":"OK","response":null}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response<T> {
    /// 200 for success.
    pub status_code: u16,
    /// `OK`, or what is wrong.
    pub status_message: Cow<'static, str>,
    /// What is told.
    pub response: Option<T>,
}

impl Response<()> {
    /// Success with nothing to tell.
    pub const DONE: Self = Response { status_code: 200, status_message: Cow::Borrowed("OK"), response: None };
}

impl<T> Response<T> {
    /// Success.
    #[must_use]
    pub fn done(response: T) -> Self {
        Response { status_code: 200, status_message: "OK".into(), response: Some(response) }
    }
}

/// What posting an event tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPosted {
    /// The event's code.
    pub code: EventCode,
}

/// What asking for a device tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceExists {
    /// Is it registered?
    pub exist: bool,
    /// Has it a push token?
    pub push_token_exist: bool,
}

/// What encloses most requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed<T> {
    /// The request proper.
    pub request: T,
}

macro_rules! from_value {
    ($($name:ident),*) => {$(
        impl TryFrom<Value> for $name {
            type Error = Violations;
            fn try_from(request: Value) -> Result<Self, Violations> {
                crate::extract::object("request", request)?.try_into()
            }
        }
    )*};
}
from_value!(NewUser, DeletedUser, DeviceName, NewDevice, PostedEvent);

/// `registerUser`.
///
/// ```
/// use rollbook_http::pushwoosh::wire::{Enclosed, NewUser};
/// let text = r#"{"request":{"application":"XXXXX-XXXXX","hwid":"8f65b16d","userId":7,"device_type":3}}"#;
/// let new: Enclosed<NewUser> = serde_json::from_str(text).unwrap();
/// assert_eq!(new.request.user_id.unwrap().as_str(), "7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct NewUser {
    /// The app.
    pub application: AppKey,
    /// The device.
    pub hwid: DeviceId,
    /// The user; absent: the device's anonymous one.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The device's offset from UTC in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tz_offset: Option<UtcOffset>,
    /// The device's platform.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "device_type")]
    pub device_type: Option<Platform>,
}

impl TryFrom<Map<String, Value>> for NewUser {
    type Error = Violations;
    fn try_from(members: Map<String, Value>) -> Result<Self, Violations> {
        let mut fields = Fields::new(members);
        let (application, hwid) = (fields.application(), fields.hwid());
        let user_id = fields.user("userId");
        let (tz_offset, device_type) = (fields.offset("tz_offset"), fields.platform());
        fields.finish(application.zip(hwid).map(|(application, hwid)| NewUser {
            application,
            hwid,
            user_id,
            tz_offset,
            device_type,
        }))
    }
}

/// `deleteUser`; it is not enclosed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct DeletedUser {
    /// The app.
    pub application: AppKey,
    /// The user.
    pub user_id: UserId,
}

impl TryFrom<Map<String, Value>> for DeletedUser {
    type Error = Violations;
    fn try_from(members: Map<String, Value>) -> Result<Self, Violations> {
        let mut fields = Fields::new(members);
        let (application, user_id) = (fields.application(), fields.user("user_id"));
        let user_id = fields.demand("user_id", user_id);
        fields.finish(
            application.zip(user_id).map(|(application, user_id)| DeletedUser { application, user_id }),
        )
    }
}

/// `unregisterDevice`, `deleteDevice`, `checkDevice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct DeviceName {
    /// The app.
    pub application: AppKey,
    /// The device.
    pub hwid: DeviceId,
}

impl TryFrom<Map<String, Value>> for DeviceName {
    type Error = Violations;
    fn try_from(members: Map<String, Value>) -> Result<Self, Violations> {
        let mut fields = Fields::new(members);
        let (application, hwid) = (fields.application(), fields.hwid());
        fields.finish(application.zip(hwid).map(|(application, hwid)| DeviceName { application, hwid }))
    }
}

/// `registerDevice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct NewDevice {
    /// The app.
    pub application: AppKey,
    /// The device.
    pub hwid: DeviceId,
    /// Its platform; required.
    #[serde(serialize_with = "device_type")]
    pub device_type: Option<Platform>,
    /// What a gateway reaches it by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub push_token: Option<PushToken>,
    /// Its language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// Its offset from UTC in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<UtcOffset>,
    /// The user it belongs to from now on.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
}

impl TryFrom<Map<String, Value>> for NewDevice {
    type Error = Violations;
    fn try_from(members: Map<String, Value>) -> Result<Self, Violations> {
        let mut fields = Fields::new(members);
        let (application, hwid) = (fields.application(), fields.hwid());
        let device_type = fields.platform();
        let device_type = fields.demand("device_type", device_type);
        let push_token = fields.hidden_name("push_token", PushToken::new);
        let language = fields.name("language", Language::new);
        let (timezone, user_id) = (fields.offset("timezone"), fields.user("userId"));
        fields.finish(application.zip(hwid).map(|(application, hwid)| NewDevice {
            application,
            hwid,
            device_type,
            push_token,
            language,
            timezone,
            user_id,
        }))
    }
}

impl From<NewDevice> for Registration {
    fn from(new: NewDevice) -> Self {
        Registration {
            token: new.push_token,
            language: new.language,
            utc_offset: new.timezone,
            user: new.user_id,
            ..Registration::new(new.hwid, new.device_type.unwrap_or(Platform::Unknown))
        }
    }
}

/// `postEvent`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct PostedEvent {
    /// The app.
    pub application: AppKey,
    /// The event's name.
    pub event: EventName,
    /// What is said about it.
    pub attributes: Attributes,
    /// The device it happened on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hwid: Option<DeviceId>,
    /// The user it happened to.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// When it happened.
    #[serde(rename = "timestampUTC", skip_serializing_if = "Option::is_none")]
    pub timestamp_utc: Option<Timestamp>,
    /// When it happened by the device's clock.
    #[serde(rename = "timestampCurrent", skip_serializing_if = "Option::is_none")]
    pub timestamp_current: Option<Timestamp>,
}

impl TryFrom<Map<String, Value>> for PostedEvent {
    type Error = Violations;
    fn try_from(members: Map<String, Value>) -> Result<Self, Violations> {
        let mut fields = Fields::new(members);
        let application = fields.application();
        let event = fields.name("event", EventName::new);
        let event = fields.demand("event", event);
        let attributes = fields.attributes();
        let hwid = fields.name("hwid", DeviceId::new);
        let user_id = fields.user("userId");
        let timestamp_utc = fields.members.integer("timestampUTC").map(Timestamp::from_secs);
        let timestamp_current = fields.members.integer("timestampCurrent").map(Timestamp::from_secs);
        // Nothing is kept of it, but what is wrong is told.
        fields.platform();
        fields.finish(application.zip(event).zip(attributes).map(|((application, event), attributes)| {
            PostedEvent { application, event, attributes, hwid, user_id, timestamp_utc, timestamp_current }
        }))
    }
}

impl From<PostedEvent> for NewEvent {
    fn from(posted: PostedEvent) -> Self {
        NewEvent {
            name: posted.event,
            attributes: posted.attributes,
            device: posted.hwid,
            user: posted.user_id,
            timestamp_utc: posted.timestamp_utc,
            timestamp_current: posted.timestamp_current,
        }
    }
}
