//! What a deletion removed.

use serde::{Deserialize, Serialize};

/// How much was deleted with a user.
///
/// ```
/// let shop = rollbook_testkit::example::shop();
/// let deleted = shop.delete_user(&"ann".parse()?)?;
/// assert_eq!((deleted.devices, deleted.events), (2, 1)); // the event was posted on one of the devices
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeletedUser {
    /// The devices that the user had when the deletion began.
    pub devices: u64,
    /// The events posted with the user or with one of these devices that the call erased. Another worker that goes on
    /// with the same deletion at the same time ([`App::resume_deletions`](crate::App::resume_deletions)) erases some
    /// in its stead, and those are not among them.
    pub events: u64,
}
