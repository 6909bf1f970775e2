//! Tags: what a list of them may be, and updating and deleting one as a whole.

use super::{Pending, resolve};
use crate::error::Error;
use crate::model::{DeviceId, Limits, PlatformSet, TagName, TagsChange, check_items};
use crate::registry::plan_error::PlanError;
use crate::registry::transaction::{Handle, KeyId, KeyIds, Transaction};
use crate::small_table::BitSet;
use crate::store::{Key, Relation, View};
use crate::violation::{Rule, Violation, Violations};
use smallvec::SmallVec;

/// Checks a list of tags of a device: how many, how many bytes, and for an add list the names.
pub(super) fn check_list(
    limits: &Limits,
    field: &'static str,
    tags: &[TagName],
    adds: bool,
    found: &mut Vec<Violation>,
) {
    found.extend(check_items(field, tags.len(), limits.tags_per_list).err());
    let bytes: usize = tags.iter().map(|tag| tag.as_str().len()).sum();
    if let Some(most) = limits.tag_list_bytes.filter(|&most| bytes > most as usize) {
        found.push(Violation::new(field, Rule::TotalBytes, format!("must be at most {most}"), bytes));
    }
    if adds {
        let bad = tags.iter().enumerate().filter_map(|(n, tag)| Some((n, limits.check_tag(tag).err()?)));
        found.extend(bad.map(|(n, violation)| violation.in_list(field, n)));
    }
}

/// Those of the tags that the device lacks; the commit rests on its having the others. A new device lacks all.
pub(super) fn missing<V: View>(
    tx: &mut Transaction<'_, V>,
    device: Option<Handle>,
    tags: &[KeyId],
) -> Result<KeyIds, Error> {
    let mut missing = KeyIds::with_capacity(tags.len());
    if let Some(device) = device {
        tx.expect_tags(device, tags.len())?;
    }
    for &tag in tags {
        let has = match device {
            Some(device) => tx.is_already(device, tag, true)?,
            None => false,
        };
        if !has {
            missing.push(tag);
        }
    }
    Ok(missing)
}

/// Has the device room for so many more tags?
pub(super) fn check_room<V: View>(
    tx: &Transaction<'_, V>,
    device: Option<Handle>,
    field: &'static str,
    more: usize,
) -> Result<Option<Violation>, Error> {
    let Some(most) = tx.app.limits.tags_per_device else { return Ok(None) };
    if more == 0 {
        return Ok(None);
    }
    let has = match device {
        Some(device) => tx.tag_count(device)?,
        None => 0,
    };
    Ok(too_many(field, has + more, most))
}

fn too_many(field: &'static str, tags: usize, most: u32) -> Option<Violation> {
    let over = tags > most as usize;
    over.then(|| Violation::new(field, Rule::TagsPerDevice, format!("must be at most {most}"), tags))
}

/// Tags that a device gets or loses.
pub(super) type TagChanges = SmallVec<[(KeyId, bool); 8]>;

/// What an update changes of a device's tags: those that differ afterwards, and whether it has them then.
pub(super) fn plan_change<V: View>(
    tx: &mut Transaction<'_, V>,
    device: Handle,
    tags: &TagsChange,
    found: &mut Vec<Violation>,
) -> Result<TagChanges, Error> {
    let TagsChange::Change { add, remove } = tags else { return Ok(TagChanges::new()) };
    let limits = &tx.app.limits;
    check_list(limits, "tags.add", add, true, found);
    check_list(limits, "tags.remove", remove, false, found);
    let most_tags = limits.tags_per_device;
    let mut change = TagChanges::new();
    // Removal first, then addition: a tag in both lists ends up present.
    let (added, removed) = (tx.tags(add), tx.tags(remove));
    let stays: BitSet = added.iter().map(|tag| tag.index()).collect();
    tx.expect_tags(device, added.len() + removed.len())?;
    for tag in removed {
        if !stays.contains(tag.index()) && !tx.is_already(device, tag, false)? {
            change.push((tag, false));
        }
    }
    let gone = change.len();
    let fresh = missing(tx, Some(device), &added)?;
    if let Some(most) = most_tags
        // A device that has more tags than a limit that was lowered since may change them, but not get more of them.
        && fresh.len() > gone
    {
        let after = tx.tag_count(device)? - gone + fresh.len();
        found.extend(too_many("tags.add", after, most));
    }
    change.extend(fresh.into_iter().map(|tag| (tag, true)));
    Ok(change)
}

/// Puts one tag on devices and takes it off others.
pub(crate) fn update<V: View>(
    tx: &mut Transaction<'_, V>,
    tag: &TagName,
    add: &[DeviceId],
    remove: &[DeviceId],
) -> Result<Pending, PlanError> {
    let limits = &tx.app.limits;
    let mut found = Vec::new();
    if add.is_empty() && remove.is_empty() {
        found.push(Violation::new("add or remove", Rule::Present, "one of them must name devices", "none"));
    }
    if !add.is_empty() {
        found.extend(limits.check_tag(tag).err());
    }
    found.extend(check_items("add", add.len(), limits.devices_per_list).err());
    found.extend(check_items("remove", remove.len(), limits.devices_per_list).err());
    // A list over its limit is not looked up: the answer must not cost what the limit forbids.
    Violations::check(found)?;

    let tag = tx.key(Key::new(Relation::Tag, tag.as_str()));
    let mut found = Vec::new();
    let added = resolve(tx, "add", add, &mut found)?;
    check_each_room(tx, tag, &added, &mut found)?;
    found.sort_by_key(Violation::index);
    let removed = resolve(tx, "remove", remove, &mut found)?;
    Violations::check(found)?;

    // A device in both lists ends up with the tag.
    let mut done = BitSet::default();
    for (devices, present) in [(added, true), (removed, false)] {
        for (_, device) in devices {
            if done.insert(device.index()) && !tx.is_already(device, tag, present)? {
                tx.set_tag(device, tag, present);
            }
        }
    }
    Ok(Pending::Done)
}

/// Every known device of the list that lacks the tag and has no room for it is a violation.
fn check_each_room<V: View>(
    tx: &Transaction<'_, V>,
    tag: KeyId,
    devices: &[(usize, Handle)],
    found: &mut Vec<Violation>,
) -> Result<(), Error> {
    let Some(most) = tx.app.limits.tags_per_device else { return Ok(()) };
    for &(index, device) in devices {
        let count = tx.tag_count(device)?;
        if count >= most as usize && !tx.has_tag(device, tag)? {
            found.extend(too_many("add", count + 1, most).map(|violation| violation.in_list("add", index)));
        }
    }
    Ok(())
}

/// Deletes a tag on some platforms.
pub(crate) fn delete<V: View>(
    tx: &mut Transaction<'_, V>,
    tag: &TagName,
    platforms: PlatformSet,
) -> Result<Pending, PlanError> {
    tx.drop_key(Key::new(Relation::Tag, tag.as_str()), platforms)?;
    Ok(Pending::Done)
}
