//! Rollbook, on any store.

use crate::block::{Condition, DeviceFields, TagUpdate};
use crate::system::{Called, Direct, Footprint, Live, Readers, System};
use rollbook::store::Store;
use rollbook::{
    Alias, App, Audience, Command, Device, DeviceId, DeviceUpdate, PlatformSet, Presence, Registration,
    TagName, TagsChange, Timestamp, UserId,
};
use rollbook_bench::{Failure, Workload, memory_app};
use rollbook_store_mem::MemStore;

/// Rollbook in memory.
pub(super) fn in_memory(workload: &Workload) -> Result<Vec<Box<dyn System>>, Failure> {
    Ok(vec![Box::new(Called(Rollbook { app: memory_app(workload)?, space: () }))])
}

/// A store that is compared.
pub(super) trait Compared: Store {
    const NAME: &'static str;
    /// Keeps the store's directory and reports its size.
    type Space;
    fn footprint(space: &Self::Space) -> Result<Footprint, Failure>;
}

impl Compared for MemStore {
    const NAME: &'static str = "rollbook-mem";
    type Space = ();
    fn footprint((): &()) -> Result<Footprint, Failure> {
        Ok(Footprint { counted: true, ..Footprint::default() })
    }
}

/// Rollbook on a store.
pub(super) struct Rollbook<S: Compared> {
    pub(super) app: App<S>,
    pub(super) space: S::Space,
}

/// An update that adds or removes one tag.
fn tags(add: Option<&TagName>, remove: Option<&TagName>) -> DeviceUpdate {
    let list = |tag: Option<&TagName>| tag.cloned().into_iter().collect();
    DeviceUpdate {
        tags: TagsChange::Change { add: list(add), remove: list(remove) },
        ..DeviceUpdate::default()
    }
}

impl<S: Compared> Direct for Rollbook<S> {
    type Ids = Vec<DeviceId>;
    type Device = Device;

    const NAME: &'static str = S::NAME;

    #[inline]
    fn has_tag(&mut self, device: &DeviceId, tag: &TagName) -> Result<bool, Failure> {
        Ok(self.app.has_tag(device, tag)?)
    }

    #[inline]
    fn alias_devices(&mut self, alias: &Alias) -> Result<Vec<DeviceId>, Failure> {
        Ok(self.app.alias_devices(alias, PlatformSet::ALL)?)
    }

    #[inline]
    fn user_devices(&mut self, user: &UserId) -> Result<Vec<DeviceId>, Failure> {
        Ok(self.app.user_devices(user, PlatformSet::ALL)?)
    }

    #[inline]
    fn device(&mut self, id: &DeviceId) -> Result<Device, Failure> {
        Ok(self.app.device(id)?)
    }

    #[inline]
    fn presence(&mut self, id: &DeviceId) -> Result<Option<Presence>, Failure> {
        let answers = self.app.presence(std::slice::from_ref(id))?;
        Ok(answers.into_iter().next().flatten())
    }

    #[inline]
    fn count(&mut self, condition: &Condition) -> Result<u64, Failure> {
        Ok(self.app.count(&condition.audience)?)
    }

    #[inline]
    fn touch(&mut self, id: &DeviceId, at: Timestamp) -> Result<(), Failure> {
        Ok(self.app.touch_at(&[(id.clone(), at)])?)
    }

    #[inline]
    fn register(&mut self, registration: &Registration) -> Result<bool, Failure> {
        Ok(self.app.register(registration)?.created)
    }

    #[inline]
    fn register_many(&mut self, new: &[Command]) -> Result<(), Failure> {
        self.app.batch(new)?;
        Ok(())
    }

    #[inline]
    fn remove(&mut self, id: &DeviceId) -> Result<(), Failure> {
        self.app.remove(id)?;
        Ok(())
    }

    #[inline]
    fn add_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        self.app.update(id, &tags(Some(tag), None))?;
        Ok(())
    }

    #[inline]
    fn remove_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        self.app.update(id, &tags(None, Some(tag)))?;
        Ok(())
    }

    #[inline]
    fn update_tag(&mut self, update: &TagUpdate) -> Result<(), Failure> {
        Ok(self.app.update_tag(&update.tag, &update.add, &update.remove)?)
    }

    #[inline]
    fn delete_tag(&mut self, tag: &TagName) -> Result<(), Failure> {
        Ok(self.app.delete_tag(tag, PlatformSet::ALL)?)
    }

    fn ids(ids: Vec<DeviceId>) -> Vec<String> {
        ids.into_iter().map(String::from).collect()
    }

    fn fields(device: Device) -> DeviceFields {
        DeviceFields {
            id: device.id.into(),
            platform: device.platform.name().to_owned(),
            token: device.token.map(String::from),
            mobile: device.mobile.map(String::from),
            language: device.language.map(String::from),
            utc_offset: device.utc_offset.map(|offset| offset.secs()),
            alias: device.alias.map(String::from),
            user: device.user.into(),
            tags: device.tags.into_iter().map(String::from).collect(),
            last_seen: device.last_seen.map(Timestamp::secs),
        }
    }

    fn footprint(&mut self) -> Result<Footprint, Failure> {
        S::footprint(&self.space)
    }

    fn readers(&self) -> Option<&dyn Readers> {
        Some(&self.app)
    }

    fn live(&self) -> Option<&dyn Live> {
        Some(&self.app)
    }
}

impl<S: Compared> Readers for App<S> {
    fn count_tagged(&self, asks: &[(DeviceId, TagName)]) -> usize {
        asks.iter().filter(|(device, tag)| App::has_tag(self, device, tag).is_ok_and(|has| has)).count()
    }
}

impl<S: Compared> Live for App<S> {
    fn stream(&self) -> Result<u64, Failure> {
        let mut devices = 0;
        self.select(&Audience::All)?.for_each(|_, _| devices += 1)?;
        Ok(devices)
    }

    fn write(&self, device: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        self.update(device, &tags(Some(tag), None))?;
        self.update(device, &tags(None, Some(tag)))?;
        Ok(())
    }
}
