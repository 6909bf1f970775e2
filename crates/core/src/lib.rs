//! The register behind a push service.
mod app;
mod audience;
mod error;
pub mod model;
mod picture;
mod registry;
pub mod store;
mod violation;

pub use app::{App, DeviceCursor, TagCount};
pub use audience::{Audience, ParseError};
pub use error::{BatchFailure, Error, ErrorKind, Subject};
pub use model::*;
pub use registry::{Registry, RegistryBuilder};
pub use violation::{Rule, Violation, Violations};
