//! The order in which aliases were bound, where it is not that of the devices' ids.
//!
//! An app that evicts takes an alias from the device that was bound first. The store keeps the order as a rank of each
//! device; a register's own interface does not show it, so it is read from the store's. An import binds devices in the
//! order of their ids, so an alias whose devices were bound in that order needs no line.

use crate::durable::space::{failed, space_of};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::record::AliasOrderLine;
use crate::register::Devices;
use rollbook::store::{BoxedStore, Key, Relation, Store, StoreError, View};
use rollbook::{Alias, AppId, DeviceId, PlatformSet};

/// How many names are read at a time.
const NAMES: usize = 4_096;

/// The maximum number of devices in one line; a long order takes several lines.
const DEVICES: usize = 1_000;

pub(super) struct Orders<'a> {
    store: &'a BoxedStore,
    app: Devices,
    space: AppId,
}

impl<'a> Orders<'a> {
    pub(super) fn new(store: &'a BoxedStore, app: &Devices) -> Result<Self, Failure> {
        Ok(Orders { store, app: app.clone(), space: space_of(store, app.key())? })
    }

    /// Calls `write` with every order that differs from that of the ids, in the order of the aliases.
    pub(super) fn each(
        &self,
        mut write: impl FnMut(&AliasOrderLine) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut progress = Progress::of_any("exporting aliases");
        let mut looked_at = 0;
        let view = self.store.view(self.space).map_err(failed("cannot read the app"))?;
        let mut behind: Option<Box<str>> = None;
        loop {
            let mut names: Vec<Box<str>> = Vec::new();
            view.names(Relation::Alias, behind.as_deref(), NAMES, &mut |name| names.push(name.into()))
                .map_err(failed("cannot list the aliases"))?;
            for name in &names {
                for line in self.order_of(&view, name)? {
                    write(&line)?;
                }
                looked_at += 1;
                progress.step(looked_at);
            }
            if names.len() < NAMES {
                return Ok(());
            }
            behind = names.pop();
        }
    }

    /// Returns the lines of one alias.
    fn order_of(&self, view: &impl View, name: &str) -> Result<Vec<AliasOrderLine>, Failure> {
        let several = || -> Result<bool, StoreError> {
            let key = Key::new(Relation::Alias, name);
            Ok(view.cardinality(key, PlatformSet::ALL)? > 1)
        };
        if !several().map_err(failed("cannot count the devices of an alias"))? {
            return Ok(Vec::new());
        }
        let alias = Alias::new(name)?;
        let devices = self.app.alias_devices(&alias, PlatformSet::ALL);
        let devices = devices.map_err(Failure::during("cannot read an alias"))?;
        let ranked = devices.into_iter().map(|id| Ok((rank(view, &id)?, id)));
        let ranked: Result<Vec<(u32, DeviceId)>, StoreError> = ranked.collect();
        let mut ranked = ranked.map_err(failed("cannot read a device of an alias"))?;
        // They are in the order of the ids, and a device without a rank is older than every device that has one.
        if ranked.is_sorted_by_key(|(rank, _)| *rank) {
            return Ok(Vec::new());
        }
        ranked.sort();
        let ids: Vec<DeviceId> = ranked.into_iter().map(|(_, id)| id).collect();
        let line =
            |devices: &[DeviceId]| AliasOrderLine { alias_order: alias.clone(), devices: devices.to_vec() };
        Ok(ids.chunks(DEVICES).map(line).collect())
    }
}

fn rank(view: &impl View, id: &DeviceId) -> Result<u32, StoreError> {
    let Some(place) = view.find(id)? else { return Ok(0) };
    Ok(view.device(place.slot)?.and_then(|device| device.record.alias_rank).unwrap_or(0))
}
