//! Tags: list, ask, change, delete.

use super::names::{self, Names, narrowed};
use super::wire::{DevicesChange, Empty, Membership, TagList};
use super::{Call, Refusal};
use crate::exchange::Answer;
use crate::extract::{parse, shown};
use crate::path::{decode, platforms};
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
        let lists = DevicesChange::try_from(parse(self.body)?)?.registration_ids;
        let read =
            |field, texts| Names::read(field, texts, limits.devices_per_list, DeviceId::new, |_| Ok(()));
        let add = read("registration_ids.add", lists.add);
        let remove = read("registration_ids.remove", lists.remove);
        if add.blocked || remove.blocked {
            let mut found = self.with_unknown("registration_ids.add", add)?;
            found.extend(self.with_unknown("registration_ids.remove", remove)?);
            Violations::check(found)?;
            return self.done(&Empty {});
        }
        self.app.update_tag(&tag, &add.into_names(), &remove.into_names())?;
        self.done(&Empty {})
    }

    pub(super) fn delete_tag(&self, tag: &str) -> Result<Answer, Refusal> {
        self.app.delete_tag(&names::tag(tag)?, platforms(self.query)?)?;
        self.done(&Empty {})
    }

    /// What is wrong with a list that holds texts that are no ids, the ids of no device included.
    pub(super) fn with_unknown(
        &self,
        field: &'static str,
        names: Names<DeviceId>,
    ) -> Result<Vec<Violation>, Refusal> {
        let mut found = names.bad;
        for (index, id) in &names.good {
            match self.app.last_seen(id) {
                Ok(_) => {}
                Err(Error::NotFound { .. }) => {
                    let limit = "must be a device of the app";
                    let unknown = Violation::new(field, Rule::Known, limit, shown(id.as_str()));
                    found.push(unknown.in_list(field, *index));
                }
                Err(error) => return Err(error.into()),
            }
        }
        found.sort_by_key(Violation::index);
        Ok(found)
    }
}
