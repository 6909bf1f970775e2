//! Tags: list, ask, change, delete.

use super::names::{self, Most, Names, narrowed, platforms};
use super::wire::{DevicesChange, Empty, Membership, TagList, Texts};
use super::{Call, Refusal};
use crate::exchange::Answer;
use crate::extract::{Place, Tally, decode as read, shown};
use crate::path::{Others, decode};
use rollbook::store::Store;
use rollbook::{Audience, DeviceId, Error, Rule, TagName, Violation, Violations};
use std::collections::BTreeSet;

/// How many tags of each platform the list holds.
const MOST: usize = 100;

impl<S: Store> Call<'_, S> {
    pub(super) fn tags(&self) -> Result<Answer, Refusal> {
        let mut tags = BTreeSet::new();
        for platform in self.app.count_by_platform(&Audience::All)?.into_keys() {
            let page = self.app.tags(platform.into(), None, MOST)?;
            tags.extend(page.items.into_iter().map(|item| String::from(item.tag)));
        }
        self.done(&TagList { tags: tags.into_iter().collect() })
    }

    pub(super) fn membership(&self, tag: &str, device: &str) -> Result<Answer, Refusal> {
        let (tag, device) = (names::tag(tag)?, names::device(device)?);
        self.done(&Membership { result: self.app.has_tag(&device, &tag)? })
    }

    pub(super) fn update_tag(&self, tag: &str) -> Result<Answer, Refusal> {
        let limits = self.app.limits();
        let tag = TagName::new(decode("tag", tag)?).map_err(|violation| narrowed(limits, violation))?;
        let lists = read::<DevicesChange>(self.body)?.registration_ids;
        let mut most = Most::new(limits.devices_per_list, self.body.len());
        let add = devices("registration_ids.add", lists.add, &mut most);
        let remove = devices("registration_ids.remove", lists.remove, &mut most);
        let refused = |error| Refusal::of_lists(error, [&add, &remove]);
        if add.blocked || remove.blocked || add.good.len() + remove.good.len() > LONG {
            let mut found = self.with_unknown(&add)?;
            found.extend(self.with_unknown(&remove)?);
            Violations::check(found).map_err(|violations| refused(violations.into()))?;
        }
        self.app.update_tag(&tag, &add.good, &remove.good).map_err(refused)?;
        self.done(&Empty {})
    }

    pub(super) fn delete_tag(&self, tag: &str) -> Result<Answer, Refusal> {
        self.app.delete_tag(&names::tag(tag)?, platforms(self.query, Others::Refused)?)?;
        self.done(&Empty {})
    }

    /// What is wrong with a list of which the register cannot be asked as a whole, the ids of no device included.
    pub(super) fn with_unknown(&self, names: &Names<DeviceId>) -> Result<Vec<Violation>, Refusal> {
        let Names { field, texts, bad, .. } = names;
        let (field, mut found, mut tally) = (*field, bad.clone(), Tally::naming(UNKNOWN));
        for (index, id) in texts.iter().enumerate() {
            let Ok(id) = DeviceId::new(id) else { continue };
            match self.app.last_seen(&id) {
                Ok(_) => {}
                Err(Error::NotFound { .. }) => {
                    if tally.names() {
                        let unknown = Violation::new(field, Rule::Known, DEVICE, shown(id.as_str()));
                        found.push(unknown.in_list(field, index));
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
        found.sort_by_key(|violation| violation.index().unwrap_or(usize::MAX));
        found.extend(tally.others(Place::of(field), Rule::Known, DEVICE));
        Ok(found)
    }
}

const DEVICE: &str = "must be a device of the app";

/// How many unknown devices of a list are named.
const UNKNOWN: usize = 1_000;

/// Lists above this are looked through before the register is asked: it names every device that it does not know, which
/// of an endless list takes many times what the list does.
pub(super) const LONG: usize = 2_000;

/// A list of devices.
pub(super) fn devices(field: &'static str, texts: Option<Texts>, most: &mut Most) -> Names<DeviceId> {
    Names::read(field, texts, most, |id| DeviceId::new(id), |_| Ok(()))
}
