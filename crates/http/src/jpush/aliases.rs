//! Aliases: look up, unbind, delete.

use super::names::{self, Most, platforms};
use super::status::date;
use super::tags::{LONG, devices};
use super::wire::{AliasData, AliasDevice, AliasDevices, DevicesChange, Empty};
use super::{Call, Refusal};
use crate::exchange::Answer;
use crate::extract::decode;
use crate::path::{Others, values};
use rollbook::store::Store;
use rollbook::{DeviceId, Error, Rule, Violation, Violations};

/// How many devices a look-up answers: of more, those whose slots are first, so that the others need not be read. They are
/// told in byte order.
const MOST: usize = 10;

impl<S: Store> Call<'_, S> {
    pub(super) fn alias_devices(&self, alias: &str) -> Result<Answer, Refusal> {
        let alias = names::alias(alias)?;
        let page = self.app.alias_page(&alias, platforms(self.query, Others::Ignored)?, None, MOST)?;
        let mut devices = page.items;
        devices.sort_unstable();
        if values(self.query, "new_format").any(|value| value == "true") {
            return self.done(&AliasData { data: self.told(&devices)? });
        }
        self.done(&AliasDevices { registration_ids: devices.into_iter().map(String::from).collect() })
    }

    fn told(&self, devices: &[DeviceId]) -> Result<Vec<AliasDevice>, Refusal> {
        let mut told = Vec::with_capacity(devices.len());
        for id in devices {
            match self.app.device(id) {
                Ok(device) => told.push(AliasDevice {
                    registration_id: device.id.into(),
                    platform: device.platform.jpush_name().map(str::to_owned),
                    last_online_date: device.last_seen.map(|seen| date(seen, self.options.utc_offset)),
                }),
                // Removed since the alias was read.
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(told)
    }

    pub(super) fn unbind_alias(&self, alias: &str) -> Result<Answer, Refusal> {
        let alias = names::alias(alias)?;
        let lists = decode::<DevicesChange>(self.body)?.registration_ids;
        if let Some(add) = lists.add.filter(|add| !add.is_empty()) {
            let limit = "must be absent: an alias is set on the device";
            return Err(Violation::new("registration_ids.add", Rule::Items, limit, add.len()).into());
        }
        if lists.remove.is_none() {
            let field = "registration_ids.remove";
            return Err(Violation::new(field, Rule::Present, "must be given", "none").into());
        }
        let mut most = Most::new(self.app.limits().devices_per_list, self.body.len());
        let remove = devices("registration_ids.remove", lists.remove, &mut most);
        let refused = |error| Refusal::of_lists(error, [&remove]);
        if remove.blocked || remove.good.len() > LONG {
            let found = self.with_unknown(&remove)?;
            Violations::check(found).map_err(|violations| refused(violations.into()))?;
        }
        self.app.unbind_alias(&alias, &remove.good).map_err(refused)?;
        self.done(&Empty {})
    }

    pub(super) fn delete_alias(&self, alias: &str) -> Result<Answer, Refusal> {
        self.app.delete_alias(&names::alias(alias)?, platforms(self.query, Others::Refused)?)?;
        self.done(&Empty {})
    }
}
