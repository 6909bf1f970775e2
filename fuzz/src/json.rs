//! JSON that is stored, sent or used as settings: it is read or refused, and what is written again reads as the same.

use rollbook::store::WriteSet;
use rollbook::{
    Command, Device, DeviceCursor, DeviceUpdate, Event, EventQuery, Limits, NewEvent, Outcome, Registration,
};
use rollbook_http::{FaceOptions, ServeOptions};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;

/// Reads the bytes as each type that has a form in JSON.
pub fn run(bytes: &[u8]) {
    same::<Registration>(bytes);
    same::<DeviceUpdate>(bytes);
    same::<Command>(bytes);
    same::<Outcome>(bytes);
    same::<Device>(bytes);
    same::<NewEvent>(bytes);
    same::<Event>(bytes);
    same::<EventQuery>(bytes);
    same::<Limits>(bytes);
    same::<DeviceCursor>(bytes);
    same::<WriteSet>(bytes);
    same::<FaceOptions>(bytes);
    same::<ServeOptions>(bytes);
}

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_vec(&read).map(|written| serde_json::from_slice::<T>(&written));
    assert!(matches!(&written, Ok(Ok(again)) if *again == read), "{read:?} reads again as {written:?}");
}
