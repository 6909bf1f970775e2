//! The same register made anew: what its devices would take of the disk if nothing had ever happened to them.

use crate::Failure;
use crate::writer::options;
use rollbook::store::Durability;
use rollbook::{AppSettings, Command, Device, DeviceId, Limits, Registration, Registry, Timestamp};
use rollbook_store_rocks::{RocksOptions, RocksStore};
use rollbook_testkit::survey::survey;
use std::fs;
use std::path::Path;

/// Devices registered together.
const TOGETHER: usize = 1_000;

/// Families of history, which is not made anew.
const HISTORY: [&str; 3] = ["entry", "event", "event_index"];

/// What the devices of a store take of the disk, in percent of what a new one with the same devices takes. Both are
/// compacted, the new one in `beside`, which is removed again.
pub(crate) fn percent_of_new(store: &Path, beside: &Path) -> Result<u64, Failure> {
    let registry = Registry::builder(RocksStore::open(store, &options())?).build();
    let told = survey(&registry)?;
    let now = compacted(registry.store())?;
    drop(registry);

    let options = RocksOptions { durability: Durability::Buffered, ..options() };
    let registry = Registry::builder(RocksStore::open(beside, &options)?).build();
    for (key, told) in told.contents {
        let settings = AppSettings { limits: Limits::unlimited(), ..AppSettings::default() };
        let app = registry.create_app(&key, settings)?;
        for some in told.devices.chunks(TOGETHER) {
            app.batch(&some.iter().cloned().map(registration).collect::<Vec<_>>())?;
        }
        let seen = told.devices.into_iter().filter_map(|device| Some((device.id, device.last_seen?)));
        app.touch_at(&seen.collect::<Vec<(DeviceId, Timestamp)>>())?;
    }
    let anew = compacted(registry.store())?;
    drop(registry);
    fs::remove_dir_all(beside)?;
    Ok(now * 100 / anew.max(1))
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

/// Bytes of the tables of devices and keys.
fn compacted(store: &RocksStore) -> Result<u64, Failure> {
    store.compact()?;
    let families = store.stats()?.families;
    Ok(families.iter().filter(|family| !HISTORY.contains(&family.name.as_str())).map(|f| f.table_bytes).sum())
}
