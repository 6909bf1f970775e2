//! Pages of devices in the order of their slots.

use crate::audience::Question;
use crate::error::Error;
use crate::live_view::{LiveView, decoded};
use crate::model::{AppRecord, DeviceId, Page, Platform, PlatformSet, Version};
use crate::store::{Key, Posting, Slot, View};
use crate::violation::{Rule, Violation, shown};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write};
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The end of a page or a batch of devices. It is opaque and only valid for continuing the same question to the same
/// app; anything else is refused. As text it has 28 characters, is safe in a URL, and can be kept across restarts.
///
/// Devices are ordered by platform, and on a platform by slot. A device that is present on one platform from the first
/// page to the last is on exactly one of them, whatever other devices come and go. A device that arrives in between is
/// on a page if its slot is after the cursor. A device that leaves and comes back, or that changes platform, may be on
/// two pages or on none.
///
/// ```
/// use rollbook::DeviceCursor;
/// assert!("from somewhere else".parse::<DeviceCursor>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceCursor {
    platform: Platform,
    ordinal: u32,
    mark: Mark,
}

impl DeviceCursor {
    /// Returns the slot after which to continue, if the cursor belongs to this question.
    fn checked(self, mark: Mark) -> Result<Slot, Error> {
        if self.mark == mark {
            return Ok(Slot { platform: self.platform, ordinal: self.ordinal });
        }
        let limit = "must come from the same question to the same app";
        Err(Violation::new("cursor", Rule::Known, limit, shown(&self.to_string())).into())
    }

    fn behind(slot: Slot, mark: Mark) -> Self {
        DeviceCursor { platform: slot.platform, ordinal: slot.ordinal, mark }
    }
}

impl fmt::Display for DeviceCursor {
    /// Writes the cursor as text that parses to the same cursor.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "d1{:02x}{:08x}{:016x}", self.platform.number(), self.ordinal, self.mark.0)
    }
}

impl FromStr for DeviceCursor {
    type Err = Violation;

    /// Parses the text of a cursor.
    ///
    /// # Errors
    /// A violation of the field `cursor` for a text that is not a cursor.
    fn from_str(text: &str) -> Result<Self, Violation> {
        read(text).ok_or_else(|| {
            Violation::new("cursor", Rule::Form, "must be a cursor as it was given", shown(text))
        })
    }
}

/// Reads exactly the form that `Display` writes, so that each cursor has one text.
fn read(text: &str) -> Option<DeviceCursor> {
    let digits = text.strip_prefix("d1").filter(|rest| rest.len() == 26)?;
    if !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    // Upper-case digits and signs, which `from_str_radix` also accepts, are refused above.
    let platform = u8::from_str_radix(digits.get(..2)?, 16).ok().and_then(Platform::from_number)?;
    let ordinal = u32::from_str_radix(digits.get(2..10)?, 16).ok()?;
    let mark = Mark(u64::from_str_radix(digits.get(10..)?, 16).ok()?);
    Some(DeviceCursor { platform, ordinal, mark })
}

impl TryFrom<String> for DeviceCursor {
    type Error = Violation;
    fn try_from(text: String) -> Result<Self, Violation> {
        text.parse()
    }
}

impl From<DeviceCursor> for String {
    fn from(cursor: DeviceCursor) -> String {
        cursor.to_string()
    }
}

/// A hash of a question, which is the same for the same question to the same app in every process.
///
/// It detects mistakes and is no protection: a cursor gives access to nothing that its question does not return anyway.
/// So a plain hash of 64 bits (FNV-1a) is enough, and it needs no allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Mark(u64);

impl Mark {
    /// Hashes a question, whose text is canonical, about some platforms.
    pub(super) fn new(
        app: &AppRecord,
        kind: char,
        question: &impl fmt::Display,
        platforms: PlatformSet,
    ) -> Self {
        let mut mark = Mark(0xcbf2_9ce4_8422_2325);
        // Writing to a mark does not fail.
        let _ = write!(mark, "{}/{:x}/{kind}{question}", app.id.0, app.code_salt);
        platforms.iter().for_each(|platform| mark.add(platform.number()));
        mark
    }

    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
}

impl Write for Mark {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes().for_each(|byte| self.add(byte));
        Ok(())
    }
}

/// A request for a page: the platforms, the cursor to continue after, the limit, and the mark of the question.
#[derive(Clone, Copy)]
pub(super) struct Ask {
    pub(super) platforms: PlatformSet,
    pub(super) after: Option<DeviceCursor>,
    pub(super) limit: usize,
    pub(super) mark: Mark,
}

impl Ask {
    /// Returns the platforms that are left, each with the first ordinal that is left.
    pub(super) fn rest(&self) -> Result<Vec<(Platform, u32)>, Error> {
        let after = self.after.map(|cursor| cursor.checked(self.mark)).transpose()?;
        let from = |platform: Platform| match after {
            Some(slot) if platform < slot.platform => None,
            Some(slot) if platform == slot.platform => slot.ordinal.checked_add(1),
            _ => Some(0),
        };
        Ok(self.platforms.iter().filter_map(|platform| Some((platform, from(platform)?))).collect())
    }

    /// Returns the cursor for continuing after a slot.
    pub(super) fn behind(&self, slot: Slot) -> DeviceCursor {
        DeviceCursor::behind(slot, self.mark)
    }
}

/// Returns one page of the requested devices.
pub(super) fn page<V: View>(
    question: &Question<'_, V>,
    ask: Ask,
) -> Result<Page<DeviceId, DeviceCursor>, Error> {
    let (live, limit) = (question.live_view(), ask.limit.max(1));
    let mut items = Vec::new();
    for (platform, from) in ask.rest()? {
        // One more than the page holds shows whether there is a next page.
        let room = limit.saturating_add(1) - items.len();
        let ordinals = first(from, room, question.at_most(platform)?, |window| match window {
            Some(window) => question.posting_within(platform, window),
            None => question.posting(platform),
        })?;
        read_ids(live.raw(), platform, &ordinals, live.version(), |ordinal, id| {
            items.push((id, Slot { platform, ordinal }));
        })?;
        if items.len() > limit {
            break;
        }
    }
    let is_last = items.len() <= limit;
    items.truncate(limit);
    let next = items.last().filter(|_| !is_last).map(|(_, slot)| ask.behind(*slot));
    Ok(Page { items: items.into_iter().map(|(id, _)| id).collect(), next })
}

/// The sizes of the windows in which a page is searched, one after the other, in chunks of [`CHUNK`] ordinals. Usually
/// the first is enough, so a page of a large audience costs no more than one chunk.
const WINDOWS: [u32; 3] = [1, 8, 64];

/// The number of ordinals in one container of a bitmap.
const CHUNK: u32 = 1 << 16;

/// Returns the first `most` ordinals of a set that are at least `from`. `posting` returns the whole set, or a set that
/// is correct within a window.
fn first(
    mut from: u32,
    most: usize,
    at_most: u64,
    mut posting: impl FnMut(Option<RangeInclusive<u32>>) -> Result<Posting, Error>,
) -> Result<Vec<u32>, Error> {
    let mut found = Vec::new();
    // A set that may fit on the page as a whole is read as a whole.
    let windows = if at_most > most as u64 { &WINDOWS[..] } else { &[] };
    for chunks in windows {
        let last_chunk = (from / CHUNK).saturating_add(chunks - 1).min(u32::MAX / CHUNK);
        let last = last_chunk * CHUNK + (CHUNK - 1);
        let there = posting(Some(from..=last))?.chunk(from, most - found.len());
        found.extend(there.into_iter().take_while(|ordinal| *ordinal <= last));
        match last.checked_add(1) {
            Some(next) if found.len() < most => from = next,
            _ => return Ok(found),
        }
    }
    found.extend(posting(None)?.chunk(from, most - found.len()));
    Ok(found)
}

/// Reads the ids of ordinals.
pub(super) fn read_ids<V: View>(
    view: &V,
    platform: Platform,
    ordinals: &[u32],
    as_of: Version,
    mut each: impl FnMut(u32, DeviceId),
) -> Result<(), Error> {
    let mut bad = None;
    let read = view.ids(platform, ordinals, as_of, &mut |ordinal, id| match decoded(DeviceId::new(id)) {
        Ok(id) => each(ordinal, id),
        Err(error) => bad = Some(error),
    });
    read.map_err(Error::store("read the ids of devices"))?;
    bad.map_or(Ok(()), Err)
}

/// Returns the ids of all devices of a key on these platforms, in byte order.
pub(super) fn all_ids<V: View>(
    live: &LiveView<V>,
    key: Key<'_>,
    platforms: PlatformSet,
) -> Result<Vec<DeviceId>, Error> {
    let mut ids = Vec::new();
    for platform in live.platforms(key, platforms)?.iter() {
        let posting = live.posting(key, platform)?;
        ids.reserve(usize::try_from(posting.len()).unwrap_or_default());
        let mut read =
            |ordinals: &[u32]| read_ids(live.raw(), platform, ordinals, live.version(), |_, id| ids.push(id));
        match &posting {
            Posting::Few(few) => read(few)?,
            Posting::Many(many) => read(&many.iter().collect::<Vec<u32>>())?,
        }
    }
    ids.sort_unstable();
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn cursor() -> impl Strategy<Value = DeviceCursor> {
        (prop::sample::select(Platform::ALL.to_vec()), any::<u32>(), any::<u64>())
            .prop_map(|(platform, ordinal, mark)| DeviceCursor { platform, ordinal, mark: Mark(mark) })
    }

    /// Generates scattered ordinals, also in the chunks that end a window and after all windows.
    fn ordinals() -> impl Strategy<Value = BTreeSet<u32>> {
        let chunk = prop::sample::select(vec![0, 1, 2, 8, 9, 10, 72, 73, 74, 80, 65_535_u32]);
        let within = prop::sample::select(vec![0, 1, 7, 40_000, 65_534, 65_535_u32]);
        prop::collection::btree_set((chunk, within).prop_map(|(chunk, n)| chunk * CHUNK + n), 0..40)
    }

    proptest! {
        #[test]
        fn through_windows_the_first_ordinals_are_found_and_no_others(
            set in ordinals(),
            start in ordinals(),
            most in 1..12_usize,
            known in any::<bool>(),
        ) {
            let from = start.first().copied().unwrap_or(0);
            let expected: Vec<u32> = set.range(from..).take(most).copied().collect();
            let at_most = if known { set.len() as u64 } else { u64::MAX };
            let found = first(from, most, at_most, |window| {
                // Outside of a window the posting may be anything.
                let there = |n: &u32| window.as_ref().is_none_or(|window| window.contains(n));
                let garbage = start.iter().filter(|n| !there(n));
                Ok(set.iter().filter(|n| there(n)).chain(garbage).copied().collect())
            });
            prop_assert_eq!(found.unwrap(), expected);
        }

        #[test]
        fn a_cursor_reads_back_from_its_text(cursor in cursor()) {
            let text = cursor.to_string();
            prop_assert_eq!(text.len(), 28);
            prop_assert_eq!(text.parse::<DeviceCursor>().unwrap(), cursor);
            let json = serde_json::to_string(&cursor).unwrap();
            prop_assert_eq!(serde_json::from_str::<DeviceCursor>(&json).unwrap(), cursor);
        }

        #[test]
        fn any_text_is_the_cursor_that_prints_it_or_an_error(
            text in prop_oneof!["\\PC{0,40}", "d1[0-9a-f]{26}", "d1[0-9a-fA-F+ -]{26}", "d1é[0-9a-f]{24}"],
        ) {
            if let Ok(cursor) = text.parse::<DeviceCursor>() {
                prop_assert_eq!(cursor.to_string(), text);
            }
        }
    }
}
