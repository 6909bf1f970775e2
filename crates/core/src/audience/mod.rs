//! Conditions that select devices: the tree, its text form, and its evaluation over the postings of a store.
//!
//! - [`Audience`]: the condition as a tree of leaves joined by and, or, not. It converts to and from text, and to and
//!   from plain data through serde.
//! - [`ParseError`]: the position at which a text is not a condition, and what was expected there.
//! - [`JpushAudience`]: the object form of JPush, to and from the tree.
//! - `plan`, `evaluate`, `sets`: evaluation over bitmaps, one platform at a time. Complements are not computed: a set
//!   is "these" or "all but these" until the end, and the last operation of a count only counts.
//! - `count`, `select`, `overlap`, `Question`: the results in the forms that the operations of an app need.
//! - [`Explanation`]: the steps of an evaluation.
//! - `matches`, [`Reason`]: evaluation for one device from the device's own keys, without a bitmap.
//! - [`SavedAudiences`]: the same for thousands of conditions at once.
//!
//! [`Audience::check`] works on a tree of any depth. Everything else that walks a tree recurses, so the functions that
//! operations call take a `Checked` tree. A tree from a text or from serde is within the depth limit already.

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
pub(crate) use tree::Checked;
