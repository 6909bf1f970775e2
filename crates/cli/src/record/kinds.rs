//! The lines that an export adds to those of devices.

use super::Record;
use super::bad_line::{BadLine, reason};
use rollbook::{Alias, AppKey, Attributes, DeviceId, EventName, Limits, Policies, Timestamp, UserId};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// The format of exports that this release writes and reads.
pub(crate) const FORMAT: u32 = 1;

/// Whose export this is. No secret of the app is in it, nor anything made of one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppLine {
    pub(crate) rollbook: u32,
    pub(crate) app: AppKey,
    pub(crate) name: String,
    pub(crate) presence: bool,
    pub(crate) limits: Limits,
    /// Left out where they are the defaults, as in every export that is older than they are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) policies: Policies,
}

fn is_default(policies: &Policies) -> bool {
    *policies == Policies::default()
}

/// A declared event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTypeLine {
    pub(crate) event_type: EventName,
    pub(crate) declared_at: Timestamp,
}

/// The order in which an alias was bound to devices: the first is the first to lose it where an app evicts the oldest.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AliasOrderLine {
    pub(crate) alias_order: Alias,
    pub(crate) devices: Vec<DeviceId>,
}

/// An event.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventLine {
    pub(crate) event: EventName,
    pub(crate) at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<DeviceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<UserId>,
    pub(crate) attributes: Attributes,
}

/// The end.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: bool,
}

/// The last line of an export.
pub(crate) fn end_line() -> impl Serialize {
    EndLine { end: true }
}

/// The members that tell these lines apart, whatever else a line has.
#[derive(Deserialize)]
struct Own {
    rollbook: Option<IgnoredAny>,
    event_type: Option<IgnoredAny>,
    alias_order: Option<IgnoredAny>,
    event: Option<IgnoredAny>,
    end: Option<IgnoredAny>,
}

/// What a line of one of these kinds says; nothing when it is of none of them.
pub(super) fn decode(text: &str) -> Option<Result<Record, BadLine>> {
    let own: Own = serde_json::from_str(text).ok()?;
    Some(match own {
        Own { rollbook: Some(_), .. } => app(text),
        Own { event_type: Some(_), .. } => read("event_type", text, Record::EventType),
        Own { alias_order: Some(_), .. } => read("alias_order", text, Record::AliasOrder),
        Own { event: Some(_), .. } => read("event", text, |line| Record::Event(Box::new(line))),
        Own { end: Some(_), .. } => match read("end", text, |line: EndLine| line) {
            Ok(EndLine { end: true }) => Ok(Record::End),
            Ok(_) => Err(BadLine::Malformed { kind: "end", why: "must be true: got false".into() }),
            Err(bad) => Err(bad),
        },
        _ => return None,
    })
}

fn read<'a, T: Deserialize<'a>, R>(
    kind: &'static str,
    text: &'a str,
    wrap: impl FnOnce(T) -> R,
) -> Result<R, BadLine> {
    serde_json::from_str(text).map(wrap).map_err(|error| BadLine::Malformed {
        kind,
        why: match wrong_member::<T>(text) {
            Some((path, why)) if path == kind => why,
            Some((path, why)) => format!("{path}: {why}"),
            None => reason(&error),
        },
    })
}

/// The member that a line is refused for, by its path, and what is wrong with it; nothing when it is not a member's value.
fn wrong_member<'a, T: Deserialize<'a>>(text: &'a str) -> Option<(String, String)> {
    let mut json = serde_json::Deserializer::from_str(text);
    let error = serde_path_to_error::deserialize::<_, T>(&mut json).err()?;
    let path = error.path().to_string();
    let why = reason(error.inner());
    // A value that says its own member says it once.
    let member = path.rsplit('.').next().unwrap_or_default();
    let once = why.strip_prefix(member).and_then(|why| why.strip_prefix(": ")).map(str::to_owned);
    (path != ".").then(|| (path.clone(), once.unwrap_or(why)))
}

fn app(text: &str) -> Result<Record, BadLine> {
    #[derive(Deserialize)]
    struct Format {
        rollbook: u64,
    }
    // A later format may have other members: its number is what a person has to know.
    let Format { rollbook } = read("rollbook", text, |format| format)?;
    if rollbook != u64::from(FORMAT) {
        let why = format!("must be {FORMAT}, the format of exports that this release reads: got {rollbook}");
        return Err(BadLine::Malformed { kind: "rollbook", why });
    }
    read("rollbook", text, |line| Record::App(Box::new(line)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::Attribute;

    fn refused(line: &str) -> String {
        super::super::decode(line.as_bytes()).unwrap_err().to_string()
    }

    fn taken(line: &str) -> Record {
        super::super::decode(line.as_bytes()).unwrap()
    }

    #[test]
    fn every_kind_reads_back_as_it_is_written() {
        let limits = serde_json::to_string(&Limits::relaxed()).unwrap();
        let app =
            format!(r#"{{"rollbook":1,"app":"shop","name":"A \"shop\"","presence":true,"limits":{limits}}}"#);
        let event_type = r#"{"event_type":"log in","declared_at":-5}"#;
        let alias_order = r#"{"alias_order":"ann","devices":["d2","d1"]}"#;
        let event = r#"{"event":"log in","at":7,"user":"ann","attributes":{"a":[1,"x",true],"b":1.0}}"#;
        let policies = r#"{"presence_from":"app_open","on_user_change":"clear_alias_and_tags"}"#;
        let with_policies = app.replace(&limits, &format!(r#"{limits},"policies":{policies}"#));
        for line in [app.as_str(), &with_policies, event_type, alias_order, event] {
            let written = match taken(line) {
                Record::App(line) => serde_json::to_string(&line),
                Record::EventType(line) => serde_json::to_string(&line),
                Record::AliasOrder(line) => serde_json::to_string(&line),
                Record::Event(line) => serde_json::to_string(&line),
                other => panic!("{other:?}"),
            };
            assert_eq!(written.unwrap(), line);
        }
        let end = serde_json::to_string(&end_line()).unwrap();
        assert_eq!(end, r#"{"end":true}"#);
        assert!(matches!(taken(&end), Record::End));
    }

    #[test]
    fn a_number_of_an_event_is_read_to_its_last_bit() {
        for bits in
            [0x3FB9_9999_9999_999A_u64, 0x7FEF_FFFF_FFFF_FFFF, 0x0000_0000_0000_0001, 0x4340_0000_0000_0001]
        {
            let number = f64::from_bits(bits);
            let attributes = [("n", Attribute::from(number))].into_iter().collect::<Attributes>();
            let text = serde_json::to_string(&attributes).unwrap();
            assert_eq!(serde_json::from_str::<Attributes>(&text).unwrap(), attributes, "{text}");
        }
        // Ten thousand more, drawn by a fixed rule.
        let mut state = 1_u64;
        for _ in 0..10_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let number = f64::from_bits(state);
            if number.is_finite() {
                let text = serde_json::to_string(&number).unwrap();
                assert_eq!(serde_json::from_str::<f64>(&text).unwrap().to_bits(), number.to_bits(), "{text}");
            }
        }
    }

    #[test]
    fn a_line_of_a_kind_that_is_not_as_it_must_be_is_told_by_its_kind() {
        for (line, reason) in [
            (
                r#"{"rollbook":2,"wings":true}"#,
                "rollbook: must be 1, the format of exports that this release reads: got 2",
            ),
            (r#"{"rollbook":"x"}"#, "rollbook: invalid type: string \"x\", expected u64"),
            (
                r#"{"rollbook":1,"app":"a b","name":"","presence":true,"limits":{}}"#,
                "rollbook: app: characters: must hold only A-Z a-z 0-9 - _: got \"a b\" at column",
            ),
            (
                r#"{"rollbook":1,"app":"a","name":"","presence":true,"limits":{"wings":2}}"#,
                "rollbook: limits.wings: unknown field `wings`",
            ),
            (
                r#"{"rollbook":1,"app":"a","name":"","presence":true,"limits":{"tags_per_device":"x"}}"#,
                "rollbook: limits.tags_per_device: invalid value: string \"x\", expected a whole number",
            ),
            (
                r#"{"rollbook":1,"app":"a","name":"","presence":true,"limits":{"names":"x"}}"#,
                "rollbook: limits.names: unknown variant `x`, expected one of `jpush`",
            ),
            (
                r#"{"rollbook":1,"app":"a","name":7,"presence":true,"limits":{}}"#,
                "rollbook: name: invalid type: integer `7`",
            ),
            (r#"{"event_type":"x"}"#, "event_type: missing field `declared_at`"),
            (r#"{"event_type":"","declared_at":1}"#, "event_type: bytes: must be 1 to 255"),
            (
                r#"{"alias_order":"a","devices":["d",7]}"#,
                "alias_order: devices[1]: invalid type: integer `7`",
            ),
            (r#"{"event":"x","at":"y","attributes":{}}"#, "event: at: invalid type: string \"y\""),
            (r#"{"event":"x","at":1,"user":"a\nb","attributes":{}}"#, "event: user: characters: must hold"),
            (r#"{"event":"","at":1,"attributes":{}}"#, "event: bytes: must be 1 to 255"),
            (r#"{"event":"x","at":1}"#, "event: missing field `attributes`"),
            (r#"{"event":"x","at":1,"attributes":{},"colour":1}"#, "event: colour: unknown field `colour`"),
            (r#"{"event":"x","at":1,"attributes":{"a":null}}"#, "event: attributes.a: invalid type: null"),
            (r#"{"end":false}"#, "end: must be true: got false"),
            (r#"{"end":true,"more":1}"#, "end: more: unknown field `more`"),
        ] {
            let said = refused(line);
            assert!(said.starts_with(reason), "{line}\n{said}\n{reason}");
        }
    }
}
