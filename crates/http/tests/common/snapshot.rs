//! Everything in an app that can be read.

use rollbook::store::Store;
use rollbook::{App, Audience, Device, DeviceId, Event, EventQuery, EventType, PlatformSet, TagCount};
use std::collections::BTreeMap;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Snapshot {
    pub(crate) devices: BTreeMap<DeviceId, Device>,
    pub(crate) tags: Vec<TagCount>,
    pub(crate) events: Vec<Event>,
    pub(crate) event_types: Vec<EventType>,
}

pub(crate) fn snapshot<S: Store>(app: &App<S>) -> Snapshot {
    let all = app.audience(&Audience::All, None, usize::MAX).unwrap().items;
    Snapshot {
        devices: all.into_iter().map(|id| (id.clone(), app.device(&id).unwrap())).collect(),
        tags: app.tags(PlatformSet::ALL, None, usize::MAX).unwrap().items,
        events: app.events(&EventQuery { limit: usize::MAX, ..EventQuery::default() }).unwrap().items,
        event_types: app.event_types().unwrap(),
    }
}
