//! What the register means, rule by rule: one file a subject, and each test named for the sentence that it shows.

#[cfg(test)]
#[path = "../common/mod.rs"]
mod common;

#[cfg(test)]
mod alias_limits;
#[cfg(test)]
mod aliases;
#[cfg(test)]
mod apps;
#[cfg(test)]
mod audiences_native;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod batches;
#[cfg(test)]
mod deletions;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod events;
#[cfg(test)]
mod handed_over;
#[cfg(test)]
mod isolation;
#[cfg(test)]
mod list_limits;
#[cfg(test)]
mod names;
#[cfg(test)]
mod openings;
#[cfg(test)]
mod plain_types;
#[cfg(test)]
mod platforms;
#[cfg(test)]
mod preconditions;
#[cfg(test)]
mod presence;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod retries;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod sign_out;
#[cfg(test)]
mod steps;
#[cfg(test)]
mod tag_limits;
#[cfg(test)]
mod tags;
#[cfg(test)]
mod unseen;
#[cfg(test)]
mod users;
