//! How much work a request may be, judged from its operation, its length and the app's limits before any of it is done.
//!
//! Work that these bound to about 2 ms may be done on a thread that reads requests; everything else would make the
//! requests of others wait.

use rollbook::Limits;

/// A body above this is not taken apart where it was read, in bytes.
pub(crate) const SMALL_BODY: usize = 16 << 10;

/// Tags of one device that are read, changed or moved to another platform in one small piece of work.
const TAGS: u32 = 1_000;

/// Devices of one alias that are read or changed in one small piece of work.
const CARRIERS: u32 = 100;

/// The length of a body whose list of devices is worked off in one small piece of work: an id takes 4 bytes or more.
const LISTED: usize = 4 << 10;

/// Whether no device has more tags than a small piece of work may touch.
pub(crate) fn few_tags(limits: &Limits) -> bool {
    limits.tags_per_device.is_some_and(|most| most <= TAGS)
}

/// Whether no alias names more devices than a small piece of work may touch.
pub(crate) fn few_carriers(limits: &Limits) -> bool {
    limits.devices_per_alias.is_some_and(|most| most <= CARRIERS)
}

/// Whether a body of this length lists no more devices than a small piece of work may touch.
pub(crate) fn few_listed(body: usize) -> bool {
    body <= LISTED
}
