//! The outcome of a deletion.

use serde::{Deserialize, Serialize};

/// The number of devices and events that were deleted with a user.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// let deleted = shop.delete_user(&"ann".parse()?)?;
/// assert_eq!((deleted.devices, deleted.events), (2, 1)); // the event was posted on one of the devices
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeletedUser {
    /// The number of devices that the user had when the deletion began.
    pub devices: u64,
    /// The number of events, posted with the user or with one of these devices, that this call erased. If another
    /// worker continues the same deletion at the same time ([`App::resume_deletions`](crate::App::resume_deletions)),
    /// the events that it erases are not included.
    pub events: u64,
}
