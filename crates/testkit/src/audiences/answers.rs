//! Compares every result about an audience with the judgement of each device.

use super::holds;
use rollbook::store::Store;
use rollbook::{
    App, Audience, Device, DeviceCursor, DeviceId, JpushAudience, Overlap, Platform, Reason, SavedAudiences,
};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

type Checked = Result<(), String>;

fn same<T: PartialEq + Debug>(what: &str, actual: &T, expected: &T) -> Checked {
    if actual == expected { Ok(()) } else { Err(format!("{what}: expected {expected:?}, got {actual:?}")) }
}

fn ok<T, E: ToString>(what: &str, answer: Result<T, E>) -> Result<T, String> {
    answer.map_err(|error| format!("{what}: {}", error.to_string()))
}

fn sorted(mut ids: Vec<DeviceId>) -> Vec<DeviceId> {
    ids.sort();
    ids
}

pub(super) fn check<S: Store>(app: &App<S>, devices: &[Device], audience: &Audience) -> Checked {
    let expected: Vec<&Device> = devices.iter().filter(|device| holds(audience, device)).collect();
    let ids: Vec<DeviceId> = sorted(expected.iter().map(|device| device.id.clone()).collect());
    let mut by_platform: BTreeMap<Platform, u64> = BTreeMap::new();
    expected.iter().for_each(|device| *by_platform.entry(device.platform).or_default() += 1);

    same("count", &ok("count", app.count(audience))?, &(ids.len() as u64))?;
    same("count by platform", &ok("count", app.count_by_platform(audience))?, &by_platform)?;
    let selected = ok("select", app.select(audience))?;
    same("selected", &selected.len(), &(ids.len() as u64))?;
    let streamed = ok("stream", selected.ids())?;
    same("streamed", &sorted(streamed.clone()), &ids)?;
    for limit in [1, 3, 100] {
        same("pages in the order of the stream", &pages(app, audience, limit)?, &streamed)?;
    }
    for size in [1, 4, 100] {
        batches(app, audience, size, &streamed, devices)?;
    }
    samples(app, audience, &ids)?;
    explained(app, audience, &by_platform)?;
    for device in devices {
        let is_in = holds(audience, device);
        same("contains", &ok("contains", app.contains(audience, &device.id))?, &is_in)?;
        let why = ok("why not", app.why_not(audience, &device.id))?;
        same("a reason is given", &why.is_none(), &is_in)?;
        why.map_or(Ok(()), |why| reason(&why, audience, device))?;
    }
    let text = audience.to_string();
    same("printed and parsed", &ok("parse", text.parse::<Audience>())?, audience)?;
    if let Ok(form) = JpushAudience::try_from(audience) {
        let again = ok("JPush form", Audience::try_from(&form))?;
        let chosen = devices.iter().filter(|device| holds(&again, device)).map(|device| device.id.clone());
        same("selected by the JPush form", &sorted(chosen.collect()), &ids)?;
    }
    Ok(())
}

fn pages<S: Store>(app: &App<S>, audience: &Audience, limit: usize) -> Result<Vec<DeviceId>, String> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = ok("page", app.audience(audience, after, limit))?;
        if page.items.len() > limit || (page.items.is_empty() && page.next.is_some()) {
            return Err(format!("a page of {} with limit {limit}", page.items.len()));
        }
        all.extend(page.items);
        let Some(next) = page.next else { return Ok(all) };
        let text: DeviceCursor = ok("cursor", next.to_string().parse())?;
        same("cursor as text", &text, &next)?;
        let other = !audience.clone();
        if app.audience(&other, Some(next), limit).is_ok() || app.batches(&other, 1, Some(next)).is_ok() {
            return Err("a cursor of another question is accepted".into());
        }
        after = Some(text);
    }
}

/// Checks that the batches together are the stream, also when reading resumes after any of them.
fn batches<S: Store>(
    app: &App<S>,
    audience: &Audience,
    size: usize,
    streamed: &[DeviceId],
    devices: &[Device],
) -> Checked {
    let collect = |after: Option<DeviceCursor>| -> Result<Vec<_>, String> {
        ok("batches", app.batches(audience, size, after))?.map(|batch| ok("batch", batch)).collect()
    };
    let whole = collect(None)?;
    let mut behind = 0;
    for batch in &whole {
        if batch.devices.is_empty() || batch.devices.len() > size {
            return Err(format!("a batch of {} with size {size}", batch.devices.len()));
        }
        let platform = |id: &DeviceId| devices.iter().find(|device| device.id == *id).map(|d| d.platform);
        if batch.devices.iter().any(|id| platform(id) != Some(batch.platform)) {
            return Err(format!("a batch of {} holds another platform's device", batch.platform));
        }
        behind += batch.devices.len();
        let resumed = collect(Some(ok("cursor", batch.cursor.to_string().parse())?))?;
        let rest: Vec<DeviceId> = resumed.into_iter().flat_map(|batch| batch.devices).collect();
        same("batches taken up again", &rest.as_slice(), &streamed.get(behind..).unwrap_or_default())?;
    }
    let sum: Vec<DeviceId> = whole.into_iter().flat_map(|batch| batch.devices).collect();
    same("sum of the batches", &sum.as_slice(), &streamed)
}

fn samples<S: Store>(app: &App<S>, audience: &Audience, ids: &[DeviceId]) -> Checked {
    for k in [0, 1, ids.len() / 2, ids.len(), ids.len() + 5] {
        let drawn = ok("sample", app.sample(audience, k, 7))?;
        same("the same seed", &ok("sample", app.sample(audience, k, 7))?, &drawn)?;
        let different: BTreeSet<&DeviceId> = drawn.iter().collect();
        same("sample without repetition", &different.len(), &k.min(ids.len()))?;
        same("sample", &drawn.len(), &different.len())?;
        if !drawn.iter().all(|id| ids.contains(id)) {
            return Err(format!("a sample of {drawn:?} out of {ids:?}"));
        }
    }
    Ok(())
}

fn explained<S: Store>(app: &App<S>, audience: &Audience, by_platform: &BTreeMap<Platform, u64>) -> Checked {
    let explanation = ok("explain", app.explain(audience))?;
    same("explained", &explanation.devices(), &by_platform.values().sum())?;
    for (platform, part) in &explanation.platforms {
        let expected = by_platform.get(platform).copied().unwrap_or_default();
        same("explained on a platform", &part.devices, &expected)?;
    }
    let lines = explanation.to_string().lines().count();
    if lines < explanation.platforms.len() * 2 + 1 {
        return Err(format!("an explanation of {lines} lines: {explanation}"));
    }
    Ok(())
}

/// Checks that the reason is true of every part that it names, and that these parts are enough to explain the result.
fn reason(why: &Reason<'_>, audience: &Audience, device: &Device) -> Checked {
    same("the part a reason is about", &why.part, &audience)?;
    same("what a reason says", &why.holds, &holds(audience, device))?;
    let members: &[Audience] = match audience {
        Audience::And(members) | Audience::Or(members) => members,
        Audience::Not(inner) => std::slice::from_ref(inner),
        _ => &[],
    };
    let enough = match audience {
        Audience::And(_) if why.holds => why.because.len() == members.len(),
        Audience::Or(_) if !why.holds => why.because.len() == members.len(),
        Audience::And(_) | Audience::Or(_) | Audience::Not(_) => !why.because.is_empty(),
        _ => why.because.is_empty(),
    };
    if !enough {
        return Err(format!("a reason that does not suffice: {why}"));
    }
    for below in &why.because {
        if !members.iter().any(|member| std::ptr::eq(member, below.part)) {
            return Err(format!("a reason about a part that is not there: {below}"));
        }
        reason(below, below.part, device)?;
    }
    Ok(())
}

pub(super) fn check_several<S: Store>(app: &App<S>, devices: &[Device], audiences: &[Audience]) -> Checked {
    let times = |device: &Device| audiences.iter().filter(|audience| holds(audience, device)).count();
    let count = |least: usize| devices.iter().filter(|device| times(device) >= least).count() as u64;
    let each = audiences.iter().map(|audience| devices.iter().filter(|d| holds(audience, d)).count() as u64);
    let expected = Overlap { each: each.collect(), any: count(1), several: count(2) };
    same("overlap", &ok("overlap", app.overlap(audiences))?, &expected)?;

    let mut saved = SavedAudiences::new();
    for (n, audience) in audiences.iter().enumerate() {
        ok("save", saved.insert(n, audience.clone()))?;
    }
    for device in devices {
        let found: Vec<usize> =
            ok("matching", app.matching(&saved, &device.id))?.into_iter().copied().collect();
        let expected: Vec<usize> = (0..audiences.len())
            .filter(|n| audiences.get(*n).is_some_and(|audience| holds(audience, device)))
            .collect();
        same("matching", &found, &expected)?;
    }
    Ok(())
}
