//! The lines of an input and of an export: one JSON object each, told apart by a member of their own.
//!
//! | own member | what the line says | further members |
//! |---|---|---|
//! | `id` | a device | `platform`; any of `tags`, `alias`, `user`, `token`, `mobile`, `language`, `utc_offset`, `last_seen` |
//! | `rollbook` | first line of an export, and its format: 1 | `app`, `name`, `presence`, `limits` |
//! | `event_type` | a declared event | `declared_at` |
//! | `alias_order` | an alias was bound to these devices in this order | `devices` |
//! | `event` | something happened | `at`, `attributes`; `device`, `user` or both |
//! | `end` | last line of an export: `true` | |
//!
//! Times are seconds since 1970, UTC. Devices alone are an input; the others are what an export adds, in the order of
//! the table but for the devices, which come after the declared events. A device of very many tags has several lines.
//!
//! - `lines`: the lines of an input, bounded in length;
//! - `device`, `kinds`: what one line says, and how it is written;
//! - `diagnose`: every reason why a line of a device says nothing;
//! - `bad_line`: such a reason;
//! - `sequence`: is a line where it belongs, and an export whole?
//! - `records`: an input, record by record.

mod bad_line;
mod device;
mod diagnose;
mod kinds;
mod lines;
mod records;
mod sequence;

pub(crate) use bad_line::BadLine;
pub(crate) use device::{DeviceLine, device_lines};
pub(crate) use kinds::{AliasOrderLine, AppLine, EventLine, EventTypeLine, FORMAT, end_line};
pub(crate) use records::{Input, Records};

/// The longest line that is read or written, in bytes without its end.
pub(crate) const LONGEST: usize = 1 << 22;

/// What a line says.
#[derive(Debug)]
pub(crate) enum Record {
    App(Box<AppLine>),
    EventType(EventTypeLine),
    Device(Box<DeviceLine>),
    AliasOrder(AliasOrderLine),
    Event(Box<EventLine>),
    End,
}

/// What a line says.
fn decode(line: &[u8]) -> Result<Record, BadLine> {
    let text = str::from_utf8(line).map_err(|error| BadLine::NotUtf8(error.valid_up_to()))?;
    // A list of the members' values would be taken for the object.
    if !text.starts_with('{') {
        return Err(diagnose::device(text, None));
    }
    // Nearly every line is a device, and one that is not shows it at its first member.
    match device::decode(text) {
        Ok(device) => device.map(|device| Record::Device(Box::new(device))).map_err(BadLine::Broken),
        Err(error) => kinds::decode(text).unwrap_or_else(|| Err(diagnose::device(text, Some(&error)))),
    }
}
