//! The lines of devices: read as registrations, written as many as a device needs.

use rollbook::{
    Alias, Device, DeviceId, Language, Mobile, Platform, PushToken, Registration, Rule, TagName, Timestamp,
    UserId, UtcOffset, Violation, Violations,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The members that a line may have.
pub(super) const MEMBERS: [&str; 10] =
    ["id", "platform", "tags", "alias", "user", "token", "mobile", "language", "utc_offset", "last_seen"];

/// The most tags that one line is written with: so many of the longest, each character escaped, fit.
const TAGS: usize = 1_000;

/// What a line says of a device.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeviceLine {
    pub(crate) registration: Registration,
    pub(crate) last_seen: Option<Timestamp>,
}

/// A text that borrows from the line where it holds no escapes.
#[derive(Serialize, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// A line of the right shape, its texts unchecked, so that all that are bad can be told at once.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    platform: Text<'a>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Text<'a>>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    alias: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    user: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    token: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    mobile: Option<Text<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    language: Option<Text<'a>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    utc_offset: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_seen: Option<i64>,
}

/// What a line says; an error when it has another shape than a line of a device.
pub(super) fn decode(text: &str) -> serde_json::Result<Result<DeviceLine, Violations>> {
    serde_json::from_str(text).map(checked)
}

/// The lines that say everything that is kept of a device: one, unless it has very many tags.
pub(crate) fn device_lines(device: &Device) -> impl Iterator<Item = impl Serialize> {
    let Device {
        id,
        platform: _,
        version: _,
        token,
        mobile,
        language,
        utc_offset,
        alias,
        user,
        tags,
        registered_at: _,
        last_seen,
    } = device;
    let mut parts = tags.chunks(TAGS);
    let first = Members {
        alias: alias.as_ref().map(|alias| text(alias.as_str())),
        // A device whose line names no user is nobody's but its own.
        user: (*user != id.anonymous_user()).then(|| text(user.as_str())),
        token: token.as_ref().map(|token| text(token.as_str())),
        mobile: mobile.as_ref().map(|mobile| text(mobile.as_str())),
        language: language.as_ref().map(|language| text(language.as_str())),
        utc_offset: utc_offset.map(|offset| offset.secs().into()),
        last_seen: last_seen.map(Timestamp::secs),
        ..tagged(device, parts.next())
    };
    std::iter::once(first).chain(parts.map(|tags| tagged(device, Some(tags))))
}

/// A device and some of its tags.
fn tagged<'a>(device: &'a Device, tags: Option<&'a [TagName]>) -> Members<'a> {
    Members {
        id: text(device.id.as_str()),
        platform: text(device.platform.name()),
        tags: tags.map(|tags| tags.iter().map(|tag| text(tag.as_str())).collect()),
        alias: None,
        user: None,
        token: None,
        mobile: None,
        language: None,
        utc_offset: None,
        last_seen: None,
    }
}

fn text(text: &str) -> Text<'_> {
    Text(text.into())
}

fn checked(members: Members<'_>) -> Result<DeviceLine, Violations> {
    let mut found = Vec::new();
    let id = keep(&mut found, DeviceId::new(&*members.id.0).map_err(|bad| bad.in_field("id")));
    let platform = keep(&mut found, Platform::from_name(&members.platform.0));
    let mut tags = Vec::new();
    for (index, tag) in members.tags.unwrap_or_default().iter().enumerate() {
        tags.extend(keep(&mut found, TagName::new(&*tag.0).map_err(|bad| bad.in_list("tags", index))));
    }
    let alias = optional(&mut found, members.alias, |text| Alias::new(text));
    let user = optional(&mut found, members.user, |text| UserId::new(text));
    let token = optional(&mut found, members.token, |text| PushToken::new(text));
    let mobile = optional(&mut found, members.mobile, |text| Mobile::stored(text));
    let language = optional(&mut found, members.language, |text| Language::stored(text));
    let utc_offset = members.utc_offset.and_then(|secs| {
        // What does not fit is further off than anything that does.
        let fitting = i32::try_from(secs).unwrap_or(i32::MAX);
        keep(&mut found, UtcOffset::new(fitting).map_err(|bad| out_of_range(&bad, secs)))
    });
    Violations::check(found)?;
    match (id, platform) {
        (Some(id), Some(platform)) => Ok(DeviceLine {
            registration: Registration {
                token,
                mobile,
                language,
                utc_offset,
                user,
                alias,
                tags,
                ..Registration::new(id, platform)
            },
            last_seen: members.last_seen.map(Timestamp::from_secs),
        }),
        _ => Err(missing("id").into()),
    }
}

fn keep<T>(found: &mut Vec<Violation>, result: Result<T, Violation>) -> Option<T> {
    result.map_err(|violation| found.push(violation)).ok()
}

fn optional<T>(
    found: &mut Vec<Violation>,
    text: Option<Text<'_>>,
    check: impl Fn(&str) -> Result<T, Violation>,
) -> Option<T> {
    text.and_then(|text| keep(found, check(&text.0)))
}

pub(super) fn missing(member: &'static str) -> Violation {
    Violation::new(member, Rule::Present, "must be given", "none")
}

pub(super) fn out_of_range(bad: &Violation, actual: impl fmt::Display) -> Violation {
    Violation::new(bad.field().to_owned(), bad.rule(), bad.limit().to_owned(), actual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::Version;

    fn read(line: &str) -> DeviceLine {
        decode(line).unwrap().unwrap()
    }

    #[test]
    fn a_line_may_have_every_member() {
        let line = r#"{"id":"d","platform":"winphone","tags":["a","\u0062"],"alias":"x","user":"u","token":"t",
            "mobile":"+1","language":"en","utc_offset":-43200,"last_seen":-1}"#;
        let DeviceLine { registration, last_seen } = read(line);
        assert_eq!(registration.platform, Platform::WindowsPhone);
        assert_eq!(registration.tags.iter().map(TagName::as_str).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(registration.utc_offset.unwrap().secs(), -43_200);
        assert!(registration.alias.is_some() && registration.user.is_some() && registration.token.is_some());
        assert!(registration.mobile.is_some() && registration.language.is_some());
        assert_eq!(last_seen, Some(Timestamp::from_secs(-1)));
    }

    #[test]
    fn a_member_that_is_null_is_not_given() {
        let line =
            r#"{"id":"d","platform":"ios","tags":null,"alias":null,"utc_offset":null,"last_seen":null}"#;
        let registration = Registration::new(DeviceId::new("d").unwrap(), Platform::Ios);
        assert_eq!(read(line), DeviceLine { registration, last_seen: None });
    }

    fn device(tags: usize) -> Device {
        let id = DeviceId::new("d \"1\"").unwrap();
        Device {
            platform: Platform::Ios,
            version: Version(7),
            token: None,
            mobile: None,
            language: None,
            utc_offset: None,
            alias: None,
            user: id.anonymous_user(),
            tags: (0..tags).map(|n| TagName::new(format!("t{n:05}")).unwrap()).collect(),
            registered_at: None,
            last_seen: None,
            id,
        }
    }

    fn written(device: &Device) -> Vec<String> {
        device_lines(device).map(|line| serde_json::to_string(&line).unwrap()).collect()
    }

    #[test]
    fn a_device_is_written_without_what_it_does_not_have() {
        assert_eq!(written(&device(0)), [r#"{"id":"d \"1\"","platform":"ios"}"#]);
        let full = Device {
            token: Some(PushToken::new("t").unwrap()),
            mobile: Some(Mobile::new("+1").unwrap()),
            language: Some(Language::new("en").unwrap()),
            utc_offset: Some(UtcOffset::UTC),
            alias: Some(Alias::new("a").unwrap()),
            user: UserId::new("u").unwrap(),
            last_seen: Some(Timestamp::from_secs(9)),
            ..device(1)
        };
        let line = r#"{"id":"d \"1\"","platform":"ios","tags":["t00000"],"alias":"a","user":"u","token":"t","mobile":"+1","language":"en","utc_offset":0,"last_seen":9}"#;
        assert_eq!(written(&full), [line]);
        let DeviceLine { registration, last_seen } = read(line);
        assert_eq!(
            (registration.id, registration.user, last_seen),
            (full.id, Some(full.user), full.last_seen)
        );
    }

    #[test]
    fn a_device_of_very_many_tags_has_several_lines_and_the_first_says_the_rest() {
        let device = Device { alias: Some(Alias::new("a").unwrap()), ..device(2 * TAGS + 1) };
        let lines: Vec<Registration> = written(&device).iter().map(|line| read(line).registration).collect();
        assert_eq!(lines.iter().map(|line| line.tags.len()).collect::<Vec<_>>(), [TAGS, TAGS, 1]);
        assert_eq!(lines.iter().map(|line| line.alias.is_some()).collect::<Vec<_>>(), [true, false, false]);
        assert_eq!(lines.into_iter().flat_map(|line| line.tags).collect::<Vec<_>>(), device.tags);
    }
}
