//! Paging through devices in the order of their slots.

use crate::error::Error;
use crate::model::{DeviceId, Page, Platform, PlatformSet, Version};
use crate::picture::{Picture, decoded};
use crate::store::{Key, Posting, Slot, View};
use serde::{Deserialize, Serialize};

/// Where a page of devices ends. Opaque: only good for asking for the next page of the same question.
///
/// Pages go by platform, and on a platform by the order in which slots were given. A device that is present from the
/// first page to the last, on one platform, is on exactly one of them, whatever comes and goes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeviceCursor {
    platform: Platform,
    ordinal: u32,
}

/// One page of the devices of `postings`, which gives the set of each platform as of the view.
pub(crate) fn page<V: View>(
    view: &V,
    as_of: Version,
    platforms: PlatformSet,
    after: Option<DeviceCursor>,
    limit: usize,
    mut posting: impl FnMut(Platform) -> Result<Posting, Error>,
) -> Result<Page<DeviceId, DeviceCursor>, Error> {
    let limit = limit.max(1);
    let mut items = Vec::new();
    let mut last = None;
    for platform in platforms.iter() {
        let from = match after {
            Some(cursor) if platform < cursor.platform => continue,
            Some(cursor) if platform == cursor.platform => match cursor.ordinal.checked_add(1) {
                Some(from) => from,
                None => continue,
            },
            _ => 0,
        };
        let room = limit.saturating_add(1) - items.len();
        let ordinals = posting(platform)?.chunk(from, room);
        let mut bad = None;
        let read =
            view.ids(platform, &ordinals, as_of, &mut |ordinal, id| match decoded(DeviceId::new(id)) {
                Ok(id) => items.push((id, Slot { platform, ordinal })),
                Err(error) => bad = Some(error),
            });
        read.map_err(Error::store("read the ids of devices"))?;
        if let Some(error) = bad {
            return Err(error);
        }
        if items.len() > limit {
            items.truncate(limit);
            last =
                items.last().map(|(_, slot)| DeviceCursor { platform: slot.platform, ordinal: slot.ordinal });
            break;
        }
    }
    Ok(Page { items: items.into_iter().map(|(id, _)| id).collect(), next: last })
}

/// The ids of all devices of a key on these platforms, in byte order.
pub(crate) fn all_ids<V: View>(
    picture: &Picture<V>,
    key: Key<'_>,
    platforms: PlatformSet,
) -> Result<Vec<DeviceId>, Error> {
    let mut ids = Vec::new();
    for platform in picture.platforms(key, platforms)?.iter() {
        let posting = picture.posting(key, platform)?;
        ids.reserve(usize::try_from(posting.len()).unwrap_or_default());
        let mut bad = None;
        let mut take = |_: u32, id: &str| match decoded(DeviceId::new(id)) {
            Ok(id) => ids.push(id),
            Err(error) => bad = Some(error),
        };
        let read = match &posting {
            Posting::Few(few) => picture.raw().ids(platform, few, picture.version(), &mut take),
            Posting::Many(many) => {
                let ordinals: Vec<u32> = many.iter().collect();
                picture.raw().ids(platform, &ordinals, picture.version(), &mut take)
            }
        };
        read.map_err(Error::store("read the ids of devices"))?;
        if let Some(error) = bad {
            return Err(error);
        }
    }
    ids.sort_unstable();
    Ok(ids)
}
