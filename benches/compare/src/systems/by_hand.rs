//! What a good engineer writes by hand for one service in an hour, with hash tables and bitmaps: one thread, no snapshots,
//! no limits, no validation, no persistence.
//!
//! Membership is two look-ups and a test of a bitmap. A device keeps the numbers of its tags, so that it can be shown and
//! removed without a search through every tag. Everything else is a `HashMap<Box<str>, …>`.

use crate::block::{Condition, ConditionKind, DeviceFields, TagUpdate, presence_of};
use crate::system::{Called, Direct, Footprint, Readers, System};
use hashbrown::HashMap;
use roaring::RoaringBitmap;
use rollbook::{Alias, DeviceId, Platform, Presence, Registration, TagName, Timestamp, UserId};
use rollbook_bench::{Failure, NOW, Workload};
use smallvec::SmallVec;

/// The devices of an alias or a user, in the order in which they were added.
type Few = SmallVec<[u32; 4]>;

#[derive(Debug, Default)]
pub(crate) struct ByHand {
    ordinals: HashMap<Box<str>, u32>,
    devices: Vec<Option<Device>>,
    vacant: Vec<u32>,
    platforms: HashMap<Platform, RoaringBitmap>,
    tags: HashMap<String, Tag>,
    /// By number. A deleted tag keeps its entry, and its number is not reused.
    tag_names: Vec<Box<str>>,
    aliases: HashMap<Box<str>, Few>,
    users: HashMap<Box<str>, Few>,
}

#[derive(Debug)]
struct Tag {
    number: u32,
    devices: RoaringBitmap,
}

#[derive(Debug)]
struct Device {
    id: Box<str>,
    platform: Platform,
    token: Option<Box<str>>,
    mobile: Option<Box<str>>,
    language: Option<Box<str>>,
    utc_offset: Option<i32>,
    alias: Option<Box<str>>,
    user: Box<str>,
    tags: Vec<u32>,
    last_seen: Option<Timestamp>,
}

/// The result of a look-up.
#[derive(Debug)]
pub(crate) struct Shown {
    id: Box<str>,
    platform: Platform,
    token: Option<Box<str>>,
    mobile: Option<Box<str>>,
    language: Option<Box<str>>,
    utc_offset: Option<i32>,
    alias: Option<Box<str>>,
    user: Box<str>,
    tags: Vec<Box<str>>,
    last_seen: Option<Timestamp>,
}

pub(super) fn build(workload: &Workload) -> Result<Vec<Box<dyn System>>, Failure> {
    let mut register = ByHand::default();
    for device in 0..workload.devices() {
        let registration = workload.registration(device)?;
        register.register(&registration)?;
        if let Some(at) = workload.seen(device, NOW) {
            register.touch(&registration.id, at)?;
        }
    }
    Ok(vec![Box::new(Called(register))])
}

fn unknown(id: &DeviceId) -> Failure {
    format!("unknown device {id}").into()
}

/// Adds a device to the list of this name, and creates the list if there is none.
fn join(lists: &mut HashMap<Box<str>, Few>, name: &str, ordinal: u32) {
    match lists.get_mut(name) {
        Some(list) => list.push(ordinal),
        None => {
            lists.insert(name.into(), Few::from_elem(ordinal, 1));
        }
    }
}

/// Removes a device from the list of this name, and an empty list from the map.
fn leave(lists: &mut HashMap<Box<str>, Few>, name: &str, ordinal: u32) {
    if let Some(list) = lists.get_mut(name) {
        list.retain(|other| *other != ordinal);
        if list.is_empty() {
            lists.remove(name);
        }
    }
}

impl ByHand {
    fn ordinal(&self, id: &DeviceId) -> Result<u32, Failure> {
        self.ordinals.get(id.as_str()).copied().ok_or_else(|| unknown(id))
    }

    fn at(&self, ordinal: u32) -> Option<&Device> {
        self.devices.get(ordinal as usize).and_then(Option::as_ref)
    }

    fn at_mut(&mut self, ordinal: u32) -> Option<&mut Device> {
        self.devices.get_mut(ordinal as usize).and_then(Option::as_mut)
    }

    fn has(&self, id: &DeviceId, tag: &TagName) -> Result<bool, Failure> {
        let ordinal = self.ordinal(id)?;
        Ok(self.tags.get(tag.as_str()).is_some_and(|tag| tag.devices.contains(ordinal)))
    }

    fn ids_of(&self, list: Option<&Few>) -> Vec<Box<str>> {
        let Some(list) = list else { return Vec::new() };
        let mut ids: Vec<Box<str>> =
            list.iter().filter_map(|&ordinal| self.at(ordinal)).map(|device| device.id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// Returns the ordinal of the device, which is created if there is none, and whether it was.
    fn enter(&mut self, registration: &Registration) -> (u32, bool) {
        if let Some(&ordinal) = self.ordinals.get(registration.id.as_str()) {
            return (ordinal, false);
        }
        let id: Box<str> = registration.id.as_str().into();
        let device = Device {
            id: id.clone(),
            platform: registration.platform,
            token: None,
            mobile: None,
            language: None,
            utc_offset: None,
            alias: None,
            user: id.clone(),
            tags: Vec::with_capacity(registration.tags.len()),
            last_seen: None,
        };
        let ordinal = match self.vacant.pop() {
            Some(ordinal) => {
                if let Some(place) = self.devices.get_mut(ordinal as usize) {
                    *place = Some(device);
                }
                ordinal
            }
            None => {
                self.devices.push(Some(device));
                (self.devices.len() - 1) as u32
            }
        };
        self.platforms.entry(registration.platform).or_default().insert(ordinal);
        if registration.user.is_none() {
            join(&mut self.users, &id, ordinal);
        }
        self.ordinals.insert(id, ordinal);
        (ordinal, true)
    }

    fn put_tag(&mut self, ordinal: u32, name: &TagName) {
        if !self.tags.contains_key(name.as_str()) {
            let number = self.tag_names.len() as u32;
            self.tag_names.push(name.as_str().into());
            self.tags.insert(name.as_str().to_owned(), Tag { number, devices: RoaringBitmap::new() });
        }
        if let Some(tag) = self.tags.get_mut(name.as_str())
            && tag.devices.insert(ordinal)
        {
            let number = tag.number;
            if let Some(device) = self.at_mut(ordinal) {
                device.tags.push(number);
            }
        }
    }

    fn take_tag(&mut self, ordinal: u32, name: &TagName) {
        let Some(tag) = self.tags.get_mut(name.as_str()) else { return };
        if !tag.devices.remove(ordinal) {
            return;
        }
        let (number, last) = (tag.number, tag.devices.is_empty());
        if last {
            self.tags.remove(name.as_str());
        }
        if let Some(device) = self.at_mut(ordinal) {
            device.tags.retain(|other| *other != number);
        }
    }
}

impl Direct for ByHand {
    type Ids = Vec<Box<str>>;
    type Device = Shown;

    const NAME: &'static str = "by-hand";

    #[inline]
    fn has_tag(&mut self, device: &DeviceId, tag: &TagName) -> Result<bool, Failure> {
        self.has(device, tag)
    }

    #[inline]
    fn alias_devices(&mut self, alias: &Alias) -> Result<Vec<Box<str>>, Failure> {
        Ok(self.ids_of(self.aliases.get(alias.as_str())))
    }

    #[inline]
    fn user_devices(&mut self, user: &UserId) -> Result<Vec<Box<str>>, Failure> {
        Ok(self.ids_of(self.users.get(user.as_str())))
    }

    #[inline]
    fn device(&mut self, id: &DeviceId) -> Result<Shown, Failure> {
        let device = self.at(self.ordinal(id)?).ok_or_else(|| unknown(id))?;
        let name = |&number: &u32| self.tag_names.get(number as usize).cloned();
        let mut tags: Vec<Box<str>> = device.tags.iter().filter_map(name).collect();
        tags.sort_unstable();
        Ok(Shown {
            id: device.id.clone(),
            platform: device.platform,
            token: device.token.clone(),
            mobile: device.mobile.clone(),
            language: device.language.clone(),
            utc_offset: device.utc_offset,
            alias: device.alias.clone(),
            user: device.user.clone(),
            tags,
            last_seen: device.last_seen,
        })
    }

    #[inline]
    fn presence(&mut self, id: &DeviceId) -> Result<Option<Presence>, Failure> {
        let found = self.ordinals.get(id.as_str()).and_then(|&ordinal| self.at(ordinal));
        Ok(found.map(|device| presence_of(NOW, device.last_seen)))
    }

    #[inline]
    fn count(&mut self, condition: &Condition) -> Result<u64, Failure> {
        let none = RoaringBitmap::new();
        let of = |tag: &TagName| self.tags.get(tag.as_str()).map_or(&none, |tag| &tag.devices);
        Ok(match &condition.kind {
            ConditionKind::Tag(tag) => of(tag).len(),
            ConditionKind::And(one, other) => of(one).intersection_len(of(other)),
            ConditionKind::Or(one, other) => of(one).union_len(of(other)),
            ConditionKind::Without(one, other) => of(one).difference_len(of(other)),
            ConditionKind::On(tag, platform) => {
                self.platforms.get(platform).map_or(0, |on| of(tag).intersection_len(on))
            }
        })
    }

    #[inline]
    fn touch(&mut self, id: &DeviceId, at: Timestamp) -> Result<(), Failure> {
        let ordinal = self.ordinal(id)?;
        if let Some(device) = self.at_mut(ordinal) {
            device.last_seen = device.last_seen.max(Some(at));
        }
        Ok(())
    }

    #[inline]
    fn register(&mut self, registration: &Registration) -> Result<bool, Failure> {
        let (ordinal, new) = self.enter(registration);
        let Some(device) = self.devices.get_mut(ordinal as usize).and_then(Option::as_mut) else {
            return Err(unknown(&registration.id));
        };
        if let Some(token) = &registration.token {
            device.token = Some(token.as_str().into());
        }
        if let Some(mobile) = &registration.mobile {
            device.mobile = Some(mobile.as_str().into());
        }
        if let Some(language) = &registration.language {
            device.language = Some(language.as_str().into());
        }
        if let Some(offset) = registration.utc_offset {
            device.utc_offset = Some(offset.secs());
        }
        if device.platform != registration.platform {
            if let Some(old) = self.platforms.get_mut(&device.platform) {
                old.remove(ordinal);
            }
            self.platforms.entry(registration.platform).or_default().insert(ordinal);
            device.platform = registration.platform;
        }
        if let Some(user) = &registration.user
            && (new || *device.user != *user.as_str())
        {
            let old = std::mem::replace(&mut device.user, user.as_str().into());
            if !new {
                leave(&mut self.users, &old, ordinal);
            }
            join(&mut self.users, user.as_str(), ordinal);
        }
        if let Some(alias) = &registration.alias
            && device.alias.as_deref() != Some(alias.as_str())
        {
            if let Some(old) = device.alias.replace(alias.as_str().into()) {
                leave(&mut self.aliases, &old, ordinal);
            }
            join(&mut self.aliases, alias.as_str(), ordinal);
        }
        registration.tags.iter().for_each(|tag| self.put_tag(ordinal, tag));
        Ok(new)
    }

    #[inline]
    fn remove(&mut self, id: &DeviceId) -> Result<(), Failure> {
        let ordinal = self.ordinals.remove(id.as_str()).ok_or_else(|| unknown(id))?;
        let Some(device) = self.devices.get_mut(ordinal as usize).and_then(Option::take) else {
            return Err(unknown(id));
        };
        self.vacant.push(ordinal);
        if let Some(on) = self.platforms.get_mut(&device.platform) {
            on.remove(ordinal);
        }
        leave(&mut self.users, &device.user, ordinal);
        if let Some(alias) = &device.alias {
            leave(&mut self.aliases, alias, ordinal);
        }
        for number in device.tags {
            let Some(name) = self.tag_names.get(number as usize) else { continue };
            if let Some(tag) = self.tags.get_mut(&**name) {
                tag.devices.remove(ordinal);
                if tag.devices.is_empty() {
                    self.tags.remove(&**name);
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn add_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        let ordinal = self.ordinal(id)?;
        self.put_tag(ordinal, tag);
        Ok(())
    }

    #[inline]
    fn remove_tag(&mut self, id: &DeviceId, tag: &TagName) -> Result<(), Failure> {
        let ordinal = self.ordinal(id)?;
        self.take_tag(ordinal, tag);
        Ok(())
    }

    #[inline]
    fn update_tag(&mut self, update: &TagUpdate) -> Result<(), Failure> {
        // Look up all devices first: an unknown one must leave everything unchanged.
        let ordinals =
            |ids: &[DeviceId]| ids.iter().map(|id| self.ordinal(id)).collect::<Result<Vec<_>, _>>();
        let (remove, add) = (ordinals(&update.remove)?, ordinals(&update.add)?);
        remove.into_iter().for_each(|ordinal| self.take_tag(ordinal, &update.tag));
        add.into_iter().for_each(|ordinal| self.put_tag(ordinal, &update.tag));
        Ok(())
    }

    #[inline]
    fn delete_tag(&mut self, tag: &TagName) -> Result<(), Failure> {
        if let Some(Tag { number, devices }) = self.tags.remove(tag.as_str()) {
            for ordinal in devices {
                if let Some(device) = self.at_mut(ordinal) {
                    device.tags.retain(|other| *other != number);
                }
            }
        }
        Ok(())
    }

    fn ids(ids: Vec<Box<str>>) -> Vec<String> {
        ids.into_iter().map(String::from).collect()
    }

    fn fields(device: Shown) -> DeviceFields {
        let text = |field: Option<Box<str>>| field.map(String::from);
        DeviceFields {
            id: device.id.into(),
            platform: device.platform.name().to_owned(),
            token: text(device.token),
            mobile: text(device.mobile),
            language: text(device.language),
            utc_offset: device.utc_offset,
            alias: text(device.alias),
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
}

/// There is no lock: the upper bound for two threads when nothing is written.
impl Readers for ByHand {
    fn count_tagged(&self, asks: &[(DeviceId, TagName)]) -> usize {
        asks.iter().filter(|(device, tag)| self.has(device, tag).is_ok_and(|has| has)).count()
    }
}
