//! The disk space of a new store with the same contents, to detect space that deletions do not free.

use crate::Failure;
use crate::writer::options;
use rollbook::store::{Durability, EventRecord, Operation, Store, WriteSet};
use rollbook::{
    AppId, AppSettings, Command, Device, DeviceId, Event, Limits, ManualClock, Registration, Registry,
    Timestamp,
};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::survey::survey;
use std::fs;
use std::path::Path;

/// Devices registered in one call.
const TOGETHER: usize = 1_000;

/// Returns the disk space of a store in percent of that of a new store with the same devices and events. Both are compacted.
/// The new one is created in the directory `scratch`, which is removed again.
pub(crate) fn percent_of_baseline(store: &Path, scratch: &Path, now: Timestamp) -> Result<u64, Failure> {
    // With the registry's own time, because events that have expired at that time are not in the survey.
    let registry =
        Registry::builder(RocksStore::open(store, &options())?).clock(ManualClock::at(now)).build();
    let contents = survey(&registry)?;
    let taken = compacted(registry.store())?;
    drop(registry);

    let options = RocksOptions { durability: Durability::Buffered, ..options() };
    let registry = Registry::builder(RocksStore::open(scratch, &options)?).build();
    // A new registry numbers its apps from 1.
    for (id, (key, content)) in (1..).map(AppId).zip(contents.contents) {
        let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
        let app = registry.create_app(&key, settings)?;
        for some in content.devices.chunks(TOGETHER) {
            app.batch(&some.iter().cloned().map(registration).collect::<Vec<_>>())?;
        }
        let seen = content.devices.into_iter().filter_map(|device| Some((device.id, device.last_seen?)));
        app.touch_at(&seen.collect::<Vec<(DeviceId, Timestamp)>>())?;
        // Appended directly, because posting an event requires its device or user, which may not exist any more.
        for some in content.events.chunks(TOGETHER) {
            let operations = some.iter().cloned().map(append).collect();
            registry.store().commit(id, &WriteSet { operations, ..WriteSet::default() })?;
        }
    }
    let baseline = compacted(registry.store())?;
    drop(registry);
    fs::remove_dir_all(scratch)?;
    Ok(taken * 100 / baseline.max(1))
}

fn registration(device: Device) -> Command {
    let Device { id, platform, token, mobile, language, utc_offset, alias, user, tags, .. } = device;
    let tags = tags.into_iter().collect();
    Command::Register(Registration {
        token,
        mobile,
        language,
        utc_offset,
        user: Some(user),
        alias,
        tags,
        ..Registration::new(id, platform)
    })
}

fn append(event: Event) -> Operation {
    let Event { at, name, device, user, attributes, code: _ } = event;
    Operation::Append { event: Box::new(EventRecord { at, name, device, user, attributes }) }
}

/// Compacts the store and returns the bytes of all tables.
fn compacted(store: &RocksStore) -> Result<u64, Failure> {
    store.compact()?;
    Ok(store.stats()?.families.iter().map(|family| family.table_bytes).sum())
}
