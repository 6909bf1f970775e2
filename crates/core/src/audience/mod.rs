//! Who is selected by a condition: the tree, its text form, and its evaluation over a store's postings.
//!
//! - [`Audience`]: the condition as a tree of leaves joined by and, or, not. It has a text form, both ways, and a form
//!   as plain data through serde.
//! - [`ParseError`]: where a text stops being a condition, and what would have been expected there.
//! - [`JpushAudience`]: the vendor's object form, both ways.
//! - `count`, `select`: the answer over bitmaps, one platform at a time. Complements stay unmade: a part is "these" or
//!   "all but these" until the last moment (`evaluate`), and the last operation of a count only counts (`sets`).
//! - `Question`: the same, platform by platform, for pages.
//! - `matches`: the answer for one device, from the device's own keys, without a bitmap.
//!
//! Everything that walks a tree but [`Audience::check`] recurses, which is safe for a tree that passed the check. A
//! tree from a text or from serde is never deeper.

mod decode;
mod evaluate;
mod jpush;
mod matches;
mod overlap;
mod parse;
mod parse_error;
mod plan;
mod print;
mod selection;
mod sets;
#[cfg(test)]
mod testing;
mod text;
mod tree;

pub(crate) use evaluate::{Question, count};
pub use jpush::{JpushAudience, JpushMembers, JpushPlatforms};
pub(crate) use matches::matches;
pub use overlap::Overlap;
pub(crate) use overlap::overlap;
pub use parse_error::ParseError;
pub(crate) use selection::{Selection, select};
pub use tree::Audience;
