//! The bodies of the Pushwoosh face, as they are on the wire.

use super::fields::device_type;
use crate::extract::{Members, Piece, Request, deserialize};
use rollbook::{
    AppKey, AppOpen, Attributes, DeviceId, EventCode, EventName, Language, NewEvent, Platform, PushToken,
    Registration, Timestamp, UserId, UtcOffset,
};
use serde::{Deserialize, Deserializer, Serialize};
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
    ///
    /// ```
    /// use rollbook_http::pushwoosh::wire::{DeviceExists, Response};
    /// let done = Response::done(DeviceExists { exist: true, push_token_exist: false });
    /// let told = r#"{"exist":true,"push_token_exist":false}"#;
    /// let text = format!(r#"{{"status_code":200,"status_message":"OK","response":{told}}}"#);
    /// assert_eq!(serde_json::to_string(&done)?, text);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn done(response: T) -> Self {
        Response { status_code: 200, status_message: "OK".into(), response: Some(response) }
    }
}

/// What posting an event tells.
///
/// ```
/// use rollbook_http::pushwoosh::wire::EventPosted;
/// let posted: EventPosted = serde_json::from_str(r#"{"code":"61BC9-84DD0"}"#)?;
/// assert_eq!(posted.code.to_string(), "61BC9-84DD0");
/// assert!(serde_json::from_str::<EventPosted>(r#"{"code":"61bc9"}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPosted {
    /// The event's code.
    pub code: EventCode,
}

/// What `getInApps` returns: there are none.
///
/// ```
/// use rollbook_http::pushwoosh::wire::InApps;
/// assert_eq!(serde_json::to_string(&InApps::default())?, r#"{"inApps":[]}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InApps {
    /// Always empty.
    #[serde(rename = "inApps")]
    pub in_apps: [(); 0],
}

/// What `getConfig` returns: no features of the vendor's service.
///
/// ```
/// use rollbook_http::pushwoosh::wire::Config;
/// assert_eq!(serde_json::to_string(&Config::default())?, r#"{"features":{}}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// Always empty.
    pub features: Features,
}

/// The features of a [`Config`]: none.
///
/// ```
/// use rollbook_http::pushwoosh::wire::Features;
/// assert_eq!(serde_json::to_string(&Features {})?, "{}");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {}

/// What asking for a device tells.
///
/// ```
/// use rollbook_http::pushwoosh::wire::DeviceExists;
/// let unknown = DeviceExists { exist: false, push_token_exist: false };
/// let text = r#"{"exist":false,"push_token_exist":false}"#;
/// assert_eq!(serde_json::from_str::<DeviceExists>(text)?, unknown);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceExists {
    /// Is it registered?
    pub exist: bool,
    /// Has it a push token?
    pub push_token_exist: bool,
}

/// What encloses most requests.
///
/// ```
/// use rollbook_http::pushwoosh::wire::{DeviceName, Enclosed};
/// let text = r#"{"request":{"application":"shop","hwid":"phone"}}"#;
/// let enclosed: Enclosed<DeviceName> = serde_json::from_str(text)?;
/// assert_eq!(enclosed.request.hwid.as_str(), "phone");
/// assert_eq!(serde_json::to_string(&enclosed)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosed<T> {
    /// The request proper.
    pub request: T,
}

impl<'de, T: Request<'de>> Request<'de> for Enclosed<T> {
    const PARTS: &'static [&'static str] = &["request"];
    const DROPPABLE: &'static [&'static str] = T::DROPPABLE;
    type Part = T;
    fn make(mut members: Members<'_, 'de, T>) -> Option<Self> {
        Some(Enclosed { request: members.demand_part("request")? })
    }
}

/// Requests without parts, of which these members are known, the last of them such as may be dropped.
macro_rules! requests {
    ($($request:ident: $($member:literal)* $(, and $($droppable:literal)*)?;)*) => {$(
        impl<'de> Request<'de> for $request {
            const VALUES: &'static [&'static str] = &[$($member,)* $($($droppable),*)?];
            const DROPPABLE: &'static [&'static str] = &[$($($droppable),*)?];
            type Part = Piece<'de>;
            fn make(members: Members<'_, 'de, Piece<'de>>) -> Option<Self> {
                $request::of(members)
            }
        }
    )*};
}
requests! {
    Addressed: "application";
    NewUser: "application" "hwid" "userId" "tz_offset" "device_type";
    DeletedUser: "application" "user_id";
    DeviceName: "application" "hwid";
    NewDevice: "application" "hwid" "device_type" "push_token" "userId", and "language" "timezone";
    OpenedApp: "application" "hwid" "device_type" "push_token" "userId", and "language" "timezone";
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
read_strictly!(NewUser, DeletedUser, DeviceName, NewDevice, OpenedApp, PostedEvent);

/// The app that a request names, read before anything else of it.
pub(super) struct Addressed(pub(super) AppKey);

impl Addressed {
    fn of<P>(mut members: Members<'_, '_, P>) -> Option<Self> {
        members.application().map(Addressed)
    }
}

/// `registerUser`.
///
/// ```
/// use rollbook_http::pushwoosh::wire::{Enclosed, NewUser};
/// let text = r#"{"request":{"application":"XXXXX-XXXXX","hwid":"8f65b16d","userId":7,"device_type":3}}"#;
/// let new: Enclosed<NewUser> = serde_json::from_str(text).unwrap();
/// assert_eq!(new.request.user_id.unwrap().as_str(), "7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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

impl NewUser {
    fn of<P>(mut members: Members<'_, '_, P>) -> Option<Self> {
        let (application, hwid) = (members.application(), members.hwid());
        let user_id = members.user("userId");
        let (tz_offset, device_type) = (members.offset("tz_offset"), members.platform());
        Some(NewUser { application: application?, hwid: hwid?, user_id, tz_offset, device_type })
    }
}

/// `deleteUser`; it is not enclosed.
///
/// ```
/// use rollbook_http::pushwoosh::wire::DeletedUser;
/// let deleted: DeletedUser = serde_json::from_str(r#"{"application":"shop","user_id":"ann"}"#)?;
/// assert_eq!(deleted.user_id.as_str(), "ann");
/// let error = serde_json::from_str::<DeletedUser>(r#"{"application":"shop"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "user_id: present: must be given: got none");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeletedUser {
    /// The app.
    pub application: AppKey,
    /// The user.
    pub user_id: UserId,
}

impl DeletedUser {
    fn of<P>(mut members: Members<'_, '_, P>) -> Option<Self> {
        let (application, user_id) = (members.application(), members.user("user_id"));
        let user_id = members.demand("user_id", user_id);
        Some(DeletedUser { application: application?, user_id: user_id? })
    }
}

/// `unregisterDevice`, `deleteDevice`, `checkDevice`.
///
/// ```
/// use rollbook_http::pushwoosh::wire::DeviceName;
/// let name = DeviceName { application: "shop".parse()?, hwid: "phone".parse()? };
/// assert_eq!(serde_json::to_string(&name)?, r#"{"application":"shop","hwid":"phone"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceName {
    /// The app.
    pub application: AppKey,
    /// The device.
    pub hwid: DeviceId,
}

impl DeviceName {
    fn of<P>(mut members: Members<'_, '_, P>) -> Option<Self> {
        let (application, hwid) = (members.application(), members.hwid());
        Some(DeviceName { application: application?, hwid: hwid? })
    }
}

/// `registerDevice`.
///
/// ```
/// use rollbook::{Platform, Registration};
/// use rollbook_http::pushwoosh::wire::NewDevice;
/// let text = r#"{"application":"shop","hwid":"phone","device_type":1,"timezone":3600,"userId":"ann"}"#;
/// let registration = Registration::from(serde_json::from_str::<NewDevice>(text)?);
/// assert_eq!((registration.platform, registration.user), (Platform::Ios, Some("ann".parse()?)));
///
/// let text = r#"{"application":"shop","hwid":"phone","device_type":"1","timezone":"3600","language":"?"}"#;
/// let device: NewDevice = serde_json::from_str(text)?;
/// assert_eq!((device.timezone.map(|offset| offset.secs()), device.dropped), (Some(3_600), vec!["language"]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
    /// The members that were sent and are none of this: a device is not lost for its language or its clock.
    #[serde(skip)]
    pub dropped: Vec<&'static str>,
}

impl NewDevice {
    fn of<P>(mut members: Members<'_, '_, P>) -> Option<Self> {
        let (application, hwid) = (members.application(), members.hwid());
        let device_type = members.platform();
        let device_type = members.demand("device_type", device_type);
        let push_token = members.hidden_name("push_token", PushToken::new);
        let (language, timezone) = members.surroundings();
        let (user_id, dropped) = (members.user("userId"), members.dropped);
        let (application, hwid) = (application?, hwid?);
        Some(NewDevice { application, hwid, device_type, push_token, language, timezone, user_id, dropped })
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

/// `applicationOpen`, which the SDKs send at each start, before anything else.
///
/// ```
/// use rollbook::{AppOpen, Platform};
/// use rollbook_http::pushwoosh::wire::OpenedApp;
/// let text = r#"{"application":"shop","hwid":"phone","device_type":1,"timezone":"25200","app_version":"1.2"}"#;
/// let open = AppOpen::from(serde_json::from_str::<OpenedApp>(text)?);
/// assert_eq!((open.platform, open.utc_offset.map(|offset| offset.secs())), (Some(Platform::Ios), Some(25_200)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenedApp {
    /// The app.
    pub application: AppKey,
    /// The device.
    pub hwid: DeviceId,
    /// Its platform.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "device_type")]
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
    /// The user it belongs to, if it is new.
    #[serde(rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// The members that were sent and are none of this: a device is not lost for its language or its clock.
    #[serde(skip)]
    pub dropped: Vec<&'static str>,
}

impl OpenedApp {
    fn of<P>(mut members: Members<'_, '_, P>) -> Option<Self> {
        let (application, hwid) = (members.application(), members.hwid());
        let device_type = members.platform();
        let push_token = members.hidden_name("push_token", PushToken::new);
        let (language, timezone) = members.surroundings();
        let (user_id, dropped) = (members.user("userId"), members.dropped);
        let (application, hwid) = (application?, hwid?);
        Some(OpenedApp { application, hwid, device_type, push_token, language, timezone, user_id, dropped })
    }
}

impl From<OpenedApp> for AppOpen {
    fn from(opened: OpenedApp) -> Self {
        AppOpen {
            platform: opened.device_type,
            user: opened.user_id,
            token: opened.push_token,
            language: opened.language,
            utc_offset: opened.timezone,
            ..AppOpen::new(opened.hwid)
        }
    }
}

/// `postEvent`.
///
/// ```
/// use rollbook::NewEvent;
/// use rollbook_http::pushwoosh::wire::PostedEvent;
/// let text = r#"{"application":"shop","event":"opened","attributes":{"page":3},"hwid":"phone"}"#;
/// let event = NewEvent::from(serde_json::from_str::<PostedEvent>(text)?);
/// assert_eq!((event.name.as_str(), event.device), ("opened", Some("phone".parse()?)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
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

impl<'de> Request<'de> for PostedEvent {
    const VALUES: &'static [&'static str] =
        &["application", "event", "hwid", "userId", "timestampUTC", "timestampCurrent", "device_type"];
    const PARTS: &'static [&'static str] = &["attributes"];
    type Part = Attributes;
    fn make(mut members: Members<'_, 'de, Attributes>) -> Option<Self> {
        let application = members.application();
        let event = members.name("event", EventName::new);
        let event = members.demand("event", event);
        let attributes = members.part("attributes");
        let attributes = members.demand("attributes", attributes);
        let (hwid, user_id) = (members.name("hwid", DeviceId::new), members.user("userId"));
        let timestamp_utc = members.whole("timestampUTC").map(Timestamp::from_secs);
        let timestamp_current = members.whole("timestampCurrent").map(Timestamp::from_secs);
        // Nothing is kept of it, but what is wrong is told.
        members.platform();
        let (application, event, attributes) = (application?, event?, attributes?);
        Some(PostedEvent { application, event, attributes, hwid, user_id, timestamp_utc, timestamp_current })
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
