//! The contents of a registry as comparable facts, without what differs between equal registries, such as versions.

use crate::workload::Workload;
use rollbook::{AppKey, DeviceId};
use rollbook_testkit::oracle::Answer;
use rollbook_testkit::survey::{AppSurvey, Survey};
use std::collections::BTreeMap;

/// The facts about one worker's part of a registry, with the number of times each occurs.
pub(crate) type Facts = BTreeMap<String, u32>;

/// Returns the facts of a registry by the worker that they belong to; `None` has those that belong to no worker.
pub(crate) fn facts(survey: &Survey, shared: &AppKey) -> BTreeMap<Option<usize>, Facts> {
    let mut all = BTreeMap::<_, Facts>::new();
    let mut add = |worker, fact| *all.entry(worker).or_default().entry(fact).or_default() += 1;
    for (key, info) in survey.apps.iter().filter(|(key, _)| *key != shared) {
        add(Workload::of(key.as_str()), format!("app {key} is {info:?}"));
    }
    for (key, app) in &survey.contents {
        let of = |name: &str| if key == shared { Workload::of(name) } else { Workload::of(key.as_str()) };
        app_facts(app, &mut |name, fact| add(of(name), format!("{key}: {fact}")));
    }
    all
}

fn app_facts(app: &AppSurvey, add: &mut impl FnMut(&str, String)) {
    let AppSurvey { devices, tags, aliases, users, event_types, events } = app;
    for device in devices {
        let Answer::Device(device) = Answer::Device(Box::new(device.clone())).comparable() else { continue };
        add(device.id.as_str(), format!("{device:?}"));
    }
    for (tag, (count, carriers)) in tags {
        if *count != carriers.len() as u64 {
            add("", format!("tag {tag} is on {} devices and counts {count}", carriers.len()));
        }
        each(carriers, |id| add(id, format!("tag {tag} is on {id}")));
    }
    for (alias, carriers) in aliases {
        each(carriers, |id| add(id, format!("alias {alias} leads to {id}")));
    }
    for (user, devices) in users {
        each(devices, |id| add(id, format!("user {user} has {id}")));
    }
    for kind in event_types {
        add(kind.name.as_str(), format!("{kind:?}"));
    }
    let Answer::Events(events) = Answer::Events(events.clone()).comparable() else { return };
    for event in events {
        add(event.name.as_str(), format!("{event:?}"));
    }
}

fn each(devices: &[DeviceId], mut add: impl FnMut(&str)) {
    devices.iter().for_each(|id| add(id.as_str()));
}

/// Returns the facts that one side has and the other lacks or has less often.
pub(crate) fn differences(expected: &Facts, actual: &Facts) -> Vec<String> {
    let lacking = |of: &Facts, than: &Facts, sign: &str| -> Vec<String> {
        let fewer = than.iter().filter(|(fact, times)| of.get(*fact).unwrap_or(&0) < *times);
        fewer.map(|(fact, _)| format!("{sign} {fact}")).collect()
    };
    [lacking(actual, expected, "in the ledger only:"), lacking(expected, actual, "in the store only:")]
        .concat()
}
