//! A file to import: it is read or refused line by line, and a line that was read is written as it was.

use crate::record::{BadLine, DeviceLine, Input, Record, Records, device_lines};
use rollbook::{Device, Registration, Version};
use serde::Serialize;
use std::io::Cursor;

/// The maximum length of the report on a refused line, in bytes.
const TOLD: usize = 1 << 16;

/// Reads the bytes as a file.
pub fn run(bytes: &[u8]) {
    for read in records(bytes) {
        match read {
            Ok(Record::Device(line)) => device(*line),
            Ok(Record::App(line)) => same(&line),
            Ok(Record::EventType(line)) => same(&line),
            Ok(Record::AliasOrder(line)) => same(&line),
            Ok(Record::Event(line)) => same(&line),
            Ok(Record::End) => {}
            Err(bad) => {
                let told = bad.to_string();
                assert!(!told.is_empty() && told.len() < TOLD, "told in {} bytes: {told}", told.len());
            }
        }
    }
}

fn records(bytes: &[u8]) -> Vec<Result<Record, BadLine>> {
    let mut records = Records::new(Input::of("bytes", Cursor::new(bytes.to_vec())));
    let mut all = Vec::new();
    loop {
        match records.next() {
            Ok(Some(record)) => all.push(record),
            Ok(None) => return all,
            Err(failure) => panic!("bytes in memory cannot be read: {failure}"),
        }
    }
}

/// Asserts that a line of a kind with only one form is written and read as it was.
fn same(line: &(impl Serialize + std::fmt::Debug)) {
    let written = written(line);
    let again = records(&written);
    let told = match again.as_slice() {
        [Ok(Record::App(line))] => format!("{line:?}"),
        [Ok(Record::EventType(line))] => format!("{line:?}"),
        [Ok(Record::AliasOrder(line))] => format!("{line:?}"),
        [Ok(Record::Event(line))] => format!("{line:?}"),
        other => format!("{other:?}"),
    };
    assert_eq!(told, format!("{line:?}"), "written as {}", written.escape_ascii());
}

/// Asserts that a device of this line is written in lines that describe the same device.
fn device(line: DeviceLine) {
    let DeviceLine { registration, last_seen } = line;
    let Registration { id, platform, token, mobile, language, utc_offset, user, alias, tags } = registration;
    let user = user.unwrap_or_else(|| id.anonymous_user());
    let version = Version(0);
    let device = Device {
        id,
        platform,
        version,
        token,
        mobile,
        language,
        utc_offset,
        alias,
        user,
        tags,
        registered_at: None,
        last_seen,
    };
    let mut lines = device_lines(&device).map(|line| match records(&written(&line)).pop() {
        Some(Ok(Record::Device(line))) => *line,
        other => panic!("{device:?} is written as {other:?}"),
    });
    let Some(DeviceLine { registration: mut first, last_seen }) = lines.next() else {
        panic!("{device:?} is not written at all");
    };
    lines.for_each(|line| first.tags.extend(line.registration.tags));
    let Registration { id, platform, token, mobile, language, utc_offset, user, alias, tags } = first;
    let user = user.unwrap_or_else(|| id.anonymous_user());
    let again = Device {
        id,
        platform,
        version,
        token,
        mobile,
        language,
        utc_offset,
        alias,
        user,
        tags,
        registered_at: None,
        last_seen,
    };
    assert_eq!(again, device);
}

fn written(line: &impl Serialize) -> Vec<u8> {
    match serde_json::to_vec(line) {
        Ok(written) => written,
        Err(error) => panic!("a line that was read cannot be written: {error}"),
    }
}
