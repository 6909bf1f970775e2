//! One page of a longer answer.

use serde::{Deserialize, Serialize};

/// One page of a longer answer, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T, C> {
    /// The rows, in the order that the question documents.
    pub items: Vec<T>,
    /// Ask again with this to go on; absent when this was the last page.
    pub next: Option<C>,
}
