//! A cache of the key numbers of popular tags, for checking whether a device carries one. Without it every such check
//! would first read the record of the tag's name, only to find the same number again.
//!
//! A number is never given twice, and a tag with chunks keeps its number on a platform until the tag ends there,
//! which is when it is dropped or loses its last device. An app publishes the version at which that last happened to
//! any of its tags (`AppState::ended`) before the commit becomes visible. So a number that was read in a view holds
//! in every later view as long as no tag has ended since.

use hashbrown::{Equivalent, HashMap};
use parking_lot::RwLock;
use rollbook::{AppId, Platform, Version};

/// Bytes that one number is estimated at: its name, its entry in the table, and the unused room of the table.
const BYTES: usize = 256;

type Tag = (AppId, Platform, Box<str>);

/// Numbers by app, platform and tag.
#[derive(Debug)]
pub(crate) struct Numbers {
    known: RwLock<HashMap<Tag, Known>>,
    most: usize,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    number: u64,
    /// The version of the view that read the number.
    since: Version,
}

/// A borrowed key of the table.
#[derive(Hash)]
struct Of<'a>(AppId, Platform, &'a str);

impl Equivalent<Tag> for Of<'_> {
    fn equivalent(&self, (app, platform, tag): &Tag) -> bool {
        self.0 == *app && self.1 == *platform && self.2 == &**tag
    }
}

impl Numbers {
    /// Makes a cache of about `bytes` bytes at most.
    pub(crate) fn new(bytes: usize) -> Self {
        Numbers { known: RwLock::default(), most: bytes / BYTES }
    }

    /// Returns the number of a tag in a view of version `view`, given that tags of the app have last ended at
    /// `ended`.
    pub(crate) fn get(
        &self,
        app: AppId,
        platform: Platform,
        tag: &str,
        ended: Version,
        view: Version,
    ) -> Option<u64> {
        let known = *self.known.read().get(&Of(app, platform, tag))?;
        (ended <= known.since && known.since <= view).then_some(known.number)
    }

    /// Notes that a view of version `view` has read the number of a tag with chunks.
    pub(crate) fn put(&self, app: AppId, platform: Platform, tag: &str, number: u64, view: Version) {
        let mut known = self.known.write();
        if known.len() >= self.most {
            // Clearing everything is cheap, and popular tags are read again soon.
            known.clear();
        }
        let now = Known { number, since: view };
        match known.get_mut(&Of(app, platform, tag)) {
            // The entry is from a later view than this one, and so more useful to the views that follow.
            Some(before) if before.since > view => {}
            Some(before) => *before = now,
            None => {
                known.insert((app, platform, tag.into()), now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: AppId = AppId(7);

    fn ask(numbers: &Numbers, ended: u64, view: u64) -> Option<u64> {
        numbers.get(APP, Platform::Ios, "news", Version(ended), Version(view))
    }

    #[test]
    fn a_number_holds_in_later_views_until_a_tag_ends() {
        let numbers = Numbers::new(1 << 20);
        numbers.put(APP, Platform::Ios, "news", 40, Version(5));
        assert_eq!((ask(&numbers, 0, 5), ask(&numbers, 5, 9)), (Some(40), Some(40)));
        assert_eq!((ask(&numbers, 6, 9), ask(&numbers, 0, 4)), (None, None));
        numbers.put(APP, Platform::Ios, "news", 41, Version(9));
        numbers.put(APP, Platform::Ios, "news", 40, Version(5));
        assert_eq!((ask(&numbers, 6, 9), ask(&numbers, 0, 5)), (Some(41), None));
        assert_eq!(numbers.get(APP, Platform::Android, "news", Version(0), Version(9)), None);
        assert_eq!(numbers.get(AppId(8), Platform::Ios, "news", Version(0), Version(9)), None);
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let numbers = Numbers::new(10 * BYTES);
        (0..100).for_each(|n| numbers.put(APP, Platform::Ios, &n.to_string(), n, Version(1)));
        assert!(numbers.known.read().len() <= 10);
        assert_eq!(numbers.get(APP, Platform::Ios, "99", Version(0), Version(1)), Some(99));
    }
}
