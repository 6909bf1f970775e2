//! The register behind a push service.
mod error;
mod violation;
pub mod model;
pub mod store;

pub use error::{BatchFailure, Error, ErrorKind, Subject};
pub use model::*;
pub use violation::{Rule, Violation, Violations};
