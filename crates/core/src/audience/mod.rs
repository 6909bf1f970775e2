//! Who is selected by a condition: the tree, its text form, and its evaluation over a store's postings.
//!
//! - [`Audience`]: the condition as a tree of leaves joined by and, or, not. It has a text form, both ways, and a form
//!   as plain data through serde.
//! - [`ParseError`]: where a text stops being a condition, and what would have been expected there.
//! - [`JpushAudience`]: the vendor's object form, both ways.
//! - `plan`, `evaluate`, `sets`: the answer over bitmaps, one platform at a time. Complements stay unmade: a part is
//!   "these" or "all but these" until the last moment, and the last operation of a count only counts.
//! - `count`, `select`, `overlap`, `Question`: that answer in the shapes that operations need.
//! - [`Explanation`]: the same evaluation, followed step by step.
//! - `matches`, [`Reason`]: the answer for one device, from the device's own keys, without a bitmap.
//! - [`SavedAudiences`]: that answer for thousands of conditions at once.
//!
//! Everything that walks a tree but [`Audience::check`] recurses, which is safe for a tree that passed the check. A
//! tree from a text or from serde is never deeper.

mod decode;
mod evaluate;
mod explain;
mod jpush;
mod matches;
mod overlap;
mod parse;
mod parse_error;
mod plan;
mod print;
mod question;
mod reason;
mod saved;
mod selection;
mod sets;
#[cfg(test)]
mod testing;
mod text;
mod tree;

pub use evaluate::Taken;
pub(crate) use explain::explain;
pub use explain::{ExplainedPart, Explanation};
pub use jpush::{JpushAudience, JpushMembers, JpushPlatforms};
pub(crate) use matches::matches;
pub use overlap::Overlap;
pub(crate) use overlap::overlap;
pub use parse_error::ParseError;
pub(crate) use question::{Question, count, count_each};
pub use reason::Reason;
pub(crate) use reason::reason;
pub use saved::SavedAudiences;
pub(crate) use selection::{Selection, select};
pub use tree::Audience;
