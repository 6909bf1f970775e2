//! Rollbook, on any store.

use crate::block::{Condition, TagUpdate, Told};
use crate::system::{Called, Direct, Footprint, Live, Readers, System};
use rollbook::store::Store;
use rollbook::{
    Alias, App, Audience, Device, DeviceId, DeviceUpdate, PlatformSet, Presence, Registration, TagName,
    TagsChange, Timestamp, UserId,
};
use rollbook_bench::{Failure, Workload, memory_app};
use rollbook_store_mem::MemStore;

/// Rollbook in memory.
pub(super) fn in_memory(workload: &Workload) -> Result<Vec<Box<dyn System>>, Failure> {
    Ok(vec![Box::new(Called(memory_app(workload)?))])
}

/// What Rollbook on a store is called here.
trait Named: Store {
    const NAME: &'static str;
}

impl Named for MemStore {
    const NAME: &'static str = "rollbook-mem";
}

/// One tag more, or one less.
fn tags(add: Option<&TagName>, remove: Option<&TagName>) -> DeviceUpdate {
    let list = |tag: Option<&TagName>| tag.cloned().into_iter().collect();
    DeviceUpdate {
        tags: TagsChange::Change { add: list(add), remove: list(remove) },
        ..DeviceUpdate::default()
    }
}

impl<S: Named> Direct for App<S> {
    type Ids = Vec<DeviceId>;
    type Device = Device;

    const NAME: &'static str = S::NAME;

    #[inline]
    fn has_tag(&mut self, device: &DeviceId, tag: &TagName) -> Result<bool, Failure> {
        Ok(App::has_tag(self, device, tag)?)
    }

    #[inline]
    fn alias_devices(&mut self, alias: &Alias) -> Result<Vec<DeviceId>, Failure> {
        Ok(App::alias_devices(self, alias, PlatformSet::ALL)?)
    }

    #[inline]
    fn user_devices(&mut self, user: &UserId) -> Result<Vec<DeviceId>, Failure> {
        Ok(App::user_devices(self, user, PlatformSet::ALL)?)
    }

    #[inline]
    fn device(&mut self, id: &DeviceId) -> Result<Device, Failure> {
        Ok(App::device(self, id)?)
    }

    #[inline]
    fn presence(&mut self, id: &DeviceId) -> Result<Option<Presence>, Failure> {
        let answers = App::presence(self, std::slice::from_ref(id))?;
        Ok(answers.into_iter().next().flatten())
    }

    #[inline]
    fn count(&mut self, condition: &Condition) -> Result<u64, Failure> {
        Ok(App::count(self, &condition.audience)?)
    }

    #[inline]
    fn touch(&mut self, id: &DeviceId, at: Timestamp) -> Result<(), Failure> {
        Ok(self.touch_at(&[(id.clone(), at)])?)
    }

    #[inline]
    fn register(&mut self, registration: &Registration) -> Result<bool, Failure> {
        Ok(App::register(self, registration)?.created)
    }

    #[inline]
    fn remove(&mut self, id: &DeviceId) -> Result<(), Failure> {
        App::remove(self, id)?;
        Ok(())
    }

    #[inline]
    fn add_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        self.update(id, &tags(Some(tag), None))?;
        Ok(())
    }

    #[inline]
    fn remove_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        self.update(id, &tags(None, Some(tag)))?;
        Ok(())
    }

    #[inline]
    fn update_tag(&mut self, update: &TagUpdate) -> Result<(), Failure> {
        Ok(App::update_tag(self, &update.tag, &update.add, &update.remove)?)
    }

    #[inline]
    fn delete_tag(&mut self, tag: &TagName) -> Result<(), Failure> {
        Ok(App::delete_tag(self, tag, PlatformSet::ALL)?)
    }

    fn ids(ids: Vec<DeviceId>) -> Vec<String> {
        ids.into_iter().map(String::from).collect()
    }

    fn told(device: Device) -> Told {
        Told {
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
        Ok(Footprint { counted: true, ..Footprint::default() })
    }

    fn readers(&self) -> Option<&dyn Readers> {
        Some(self)
    }

    fn live(&self) -> Option<&dyn Live> {
        Some(self)
    }

    fn begin(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<S: Named> Readers for App<S> {
    fn count_tagged(&self, asks: &[(DeviceId, TagName)]) -> usize {
        asks.iter().filter(|(device, tag)| App::has_tag(self, device, tag).is_ok_and(|has| has)).count()
    }
}

impl<S: Named> Live for App<S> {
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
