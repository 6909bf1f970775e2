//! Texts for a position or a number: printing what was read gives the same text.

use rollbook::{DeviceCursor, EventCode};
use std::fmt::Display;
use std::str::FromStr;

/// Reads the text as a cursor of devices, and as the code of an event.
pub fn run(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    printed::<DeviceCursor>(text);
    printed::<EventCode>(text);
}

fn printed<T: FromStr + Display>(text: &str) {
    if let Ok(read) = text.parse::<T>() {
        assert_eq!(read.to_string(), text);
    }
}
