//! What the register means, rule by rule: one file a subject, and each test named for the sentence that it shows.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod alias_limits;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod list_limits;
#[cfg(test)]
mod names;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod tag_limits;
