//! Apps with the devices of a workload.

use crate::Workload;
use rollbook::store::Store;
use rollbook::{
    App, AppKey, AppSettings, Command, DeviceId, ManualClock, Platform, Registration, Registry,
    SeededEntropy, TagName, Timestamp,
};
use rollbook_store_mem::MemStore;

/// Any error of a benchmark. It is printed and ends the run.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The key of the app that the benchmarks fill.
pub const APP_KEY: &str = "bench";

/// The time at which every benchmark runs, so that results do not depend on the time of day.
pub const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Heartbeats in one call.
const HEARTBEATS: usize = 1_000;

/// Devices that get a tag in one call.
const TAGGED: usize = 1_000;

/// Creates an app with the presence capability on this store, registers all devices of the workload, `together` of them
/// in one call, and sends their heartbeats.
///
/// # Errors
/// Any error of the registry.
pub fn filled<S: Store>(store: S, workload: &Workload, together: usize) -> Result<App<S>, Failure> {
    let registry =
        Registry::builder(store).clock(ManualClock::at(NOW)).entropy(SeededEntropy::new(1)).build();
    let settings = AppSettings { presence: true, ..AppSettings::default() };
    let app = registry.create_app(&AppKey::new(APP_KEY)?, settings)?;
    let mut seen: Vec<(DeviceId, Timestamp)> = Vec::with_capacity(HEARTBEATS);
    let mut new = Vec::with_capacity(together);
    for device in 0..workload.devices() {
        new.push(Command::Register(workload.registration(device)?));
        if new.len() >= together {
            app.batch(&new)?;
            new.clear();
        }
    }
    app.batch(&new)?;
    for device in 0..workload.devices() {
        if let Some(at) = workload.seen(device, NOW) {
            seen.push((workload.id(device)?, at));
        }
        if seen.len() == HEARTBEATS {
            app.touch_at(&seen)?;
            seen.clear();
        }
    }
    app.touch_at(&seen)?;
    Ok(app)
}

/// Creates an app in memory with all devices of the workload.
///
/// # Errors
/// Any error of the registry.
pub fn memory_app(workload: &Workload) -> Result<App<MemStore>, Failure> {
    filled(MemStore::new(), workload, 1)
}

/// Creates an app in memory with these devices, all of one platform, and with tags, each given by the positions of its
/// devices in the list of ids.
///
/// # Errors
/// Any error of the registry, and a position outside the list of ids.
pub fn listed<'a>(
    ids: &[Box<str>],
    lists: impl IntoIterator<Item = (&'a TagName, impl Iterator<Item = u32>)>,
) -> Result<App<MemStore>, Failure> {
    let app = Registry::builder(MemStore::new())
        .build()
        .create_app(&AppKey::new(APP_KEY)?, AppSettings::default())?;
    for id in ids {
        app.register(&Registration::new(DeviceId::new(&**id)?, Platform::Android))?;
    }
    let id = |position: u32| -> Result<DeviceId, Failure> {
        let id = ids.get(position as usize).ok_or_else(|| format!("no device {position}"))?;
        Ok(DeviceId::new(&**id)?)
    };
    for (tag, list) in lists {
        let devices = list.map(id).collect::<Result<Vec<_>, _>>()?;
        for some in devices.chunks(TAGGED) {
            app.update_tag(tag, some, &[])?;
        }
    }
    Ok(app)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollbook::Audience;

    #[test]
    fn every_device_is_registered_and_as_seen_as_it_should_be() {
        let workload = Workload::new(300).unwrap();
        let app = memory_app(&workload).unwrap();
        assert_eq!(app.count(&Audience::All).unwrap(), 300);
        for number in 0..300 {
            let (expected, device) =
                (workload.registration(number).unwrap(), app.device(&workload.id(number).unwrap()).unwrap());
            assert_eq!((device.alias, Some(device.user)), (expected.alias, expected.user));
            assert_eq!(device.last_seen, workload.seen(number, NOW));
            assert_eq!(device.tags.len(), 10);
        }
    }
}
