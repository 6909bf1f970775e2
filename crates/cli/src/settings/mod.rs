//! Settings as a person writes them: in a file, or on the command line.
//!
//! - `document`: a TOML file as tables and values that know their lines; every mistake is collected;
//! - `options`: plain data that other crates define, member by member;
//! - `limits`: an app's limits, by the name of a profile, in a table, in a file, or one by one.

pub(crate) mod document;
pub(crate) mod limits;
pub(crate) mod options;
