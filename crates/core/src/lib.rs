//! The register behind a push service.
mod audience;
mod error;
pub mod model;
#[allow(dead_code, reason = "the verbs follow")]
mod picture;
pub mod store;
mod violation;

pub use audience::{Audience, ParseError};
pub use error::{BatchFailure, Error, ErrorKind, Subject};
pub use model::*;
pub use violation::{Rule, Violation, Violations};
