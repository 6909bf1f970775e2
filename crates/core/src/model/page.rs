//! One page of a longer result.

use serde::{Deserialize, Serialize};

/// One page of a longer result, and the cursor of the next one.
///
/// ```
/// use rollbook::PlatformSet;
/// let shop = rollbook_testkit::example::shop();
/// let (mut tags, mut after) = (Vec::new(), None);
/// loop {
///     let page = shop.tags(PlatformSet::ALL, after.as_ref(), 1)?;
///     tags.extend(page.items.into_iter().map(|item| item.tag));
///     after = page.next;
///     if after.is_none() {
///         break;
///     }
/// }
/// assert_eq!(tags, ["news".parse()?, "vip".parse()?]);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T, C> {
    /// The rows, in the order that the method documents.
    pub items: Vec<T>,
    /// The cursor of the next page; absent if this is the last one.
    pub next: Option<C>,
}
