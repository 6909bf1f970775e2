//! The same register made anew: what it would take of the disk if nothing had ever left it.

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

/// Devices registered together.
const TOGETHER: usize = 1_000;

/// What a store takes of the disk, in percent of what a new one with the same devices and events takes. Both are
/// compacted, the new one in `beside`, which is removed again.
pub(crate) fn percent_of_new(store: &Path, beside: &Path, now: Timestamp) -> Result<u64, Failure> {
    // Events are told as long as they are not too old for the register's own clock.
    let registry =
        Registry::builder(RocksStore::open(store, &options())?).clock(ManualClock::at(now)).build();
    let told = survey(&registry)?;
    let taken = compacted(registry.store())?;
    drop(registry);

    let options = RocksOptions { durability: Durability::Buffered, ..options() };
    let registry = Registry::builder(RocksStore::open(beside, &options)?).build();
    // A new register numbers its apps from 1.
    for (id, (key, told)) in (1..).map(AppId).zip(told.contents) {
        let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
        let app = registry.create_app(&key, settings)?;
        for some in told.devices.chunks(TOGETHER) {
            app.batch(&some.iter().cloned().map(registration).collect::<Vec<_>>())?;
        }
        let seen = told.devices.into_iter().filter_map(|device| Some((device.id, device.last_seen?)));
        app.touch_at(&seen.collect::<Vec<(DeviceId, Timestamp)>>())?;
        // Not posted: that asks for the device or user, who may be gone by now.
        for some in told.events.chunks(TOGETHER) {
            let operations = some.iter().cloned().map(append).collect();
            registry.store().commit(id, &WriteSet { operations, ..WriteSet::default() })?;
        }
    }
    let anew = compacted(registry.store())?;
    drop(registry);
    fs::remove_dir_all(beside)?;
    Ok(taken * 100 / anew.max(1))
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

/// Bytes of all tables.
fn compacted(store: &RocksStore) -> Result<u64, Failure> {
    store.compact()?;
    Ok(store.stats()?.families.iter().map(|family| family.table_bytes).sum())
}
