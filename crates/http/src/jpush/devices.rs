//! Devices: look up, change.

use super::names::{self, Most, Names, narrowed};
use super::wire::{DeviceChange, DeviceState, Empty, ListChange, TagsMember};
use super::{Call, Refusal};
use crate::exchange::Answer;
use crate::extract::decode;
use rollbook::store::Store;
use rollbook::{Alias, DeviceUpdate, Limits, Mobile, Set, TagName, TagsChange, Violation, Violations};

impl<S: Store> Call<'_, S> {
    pub(super) fn look_up(&self, device: &str) -> Result<Answer, Refusal> {
        let device = self.app.device(&names::device(device)?)?;
        self.done(&DeviceState {
            tags: device.tags.into_iter().map(String::from).collect(),
            alias: device.alias.map(String::from),
            mobile: device.mobile.map(String::from),
        })
    }

    pub(super) fn update(&self, device: &str) -> Result<Answer, Refusal> {
        let device = names::device(device)?;
        let change = decode(self.body)?;
        self.app.update(&device, &update_of(self.app.limits(), change, self.body.len())?)?;
        self.done(&Empty {})
    }
}

fn update_of(limits: &Limits, change: DeviceChange, body: usize) -> Result<DeviceUpdate, Violations> {
    let mut found = Vec::new();
    let mut blocked = false;
    let tags = match change.tags {
        None => TagsChange::default(),
        Some(TagsMember::Clear) => TagsChange::Clear,
        Some(TagsMember::Change(ListChange { add, remove })) => {
            let mut most = Most::new(limits.tags_per_list, body);
            let added = |text: &str| TagName::new(text).map_err(|violation| narrowed(limits, violation));
            let add = Names::read("tags.add", add, &mut most, added, |tag| limits.check_tag(tag));
            let remove = Names::read("tags.remove", remove, &mut most, |tag| TagName::new(tag), |_| Ok(()));
            blocked = add.blocked || remove.blocked;
            found.extend(add.bad.into_iter().chain(remove.bad));
            TagsChange::Change { add: add.good, remove: remove.good }
        }
    };
    let alias = |text| Alias::new(text).map_err(|violation| narrowed(limits, violation));
    let alias = keep(set(change.alias, alias), &mut found);
    let mobile = keep(set(change.mobile, Mobile::new), &mut found);
    match (alias, mobile) {
        // The rules of the app are the register's to tell, together with all that only it knows.
        (Some(alias), Some(mobile)) if !blocked => Ok(DeviceUpdate { tags, alias, mobile, based_on: None }),
        (alias, _) => {
            if let Some(Set::To(alias)) = alias {
                found.extend(limits.check_alias(&alias).err());
            }
            // Something was found, or nothing would be in the way.
            Violations::check(found).map(|()| DeviceUpdate::default())
        }
    }
}

/// An absent member keeps, an empty text clears.
fn set<T>(
    member: Option<String>,
    name: impl FnOnce(String) -> Result<T, Violation>,
) -> Result<Set<T>, Violation> {
    match member {
        None => Ok(Set::Keep),
        Some(text) if text.is_empty() => Ok(Set::Clear),
        Some(text) => name(text).map(Set::To),
    }
}

fn keep<T>(made: Result<T, Violation>, found: &mut Vec<Violation>) -> Option<T> {
    made.map_err(|violation| found.push(violation)).ok()
}
