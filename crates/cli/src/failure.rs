//! Why the program stops before it is done, and how it says so.

use rollbook::{ErrorKind, Violation};
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why the program stops before it is done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line asks for something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// The input cannot be opened or read, the output cannot be written.
    #[error("cannot {action}")]
    Io { action: String, source: io::Error },
    /// A line of the input is wrong.
    #[error("{input}, line {line}: {reason}")]
    Line { input: String, line: u64, reason: String },
    /// The register refused or failed.
    #[error("{during}")]
    Register { during: String, source: rollbook::Error },
    /// The store cannot be opened, saved or restored.
    #[error("{during}")]
    Store { during: String, source: Box<dyn Error + Send + Sync> },
    /// What is there does not allow what was asked for.
    #[error("{0}")]
    Refused(String),
    /// The register answered what it must not.
    #[error("{during}: was accepted, but must be refused")]
    Accepted { during: String },
    /// Nobody reads the output any more. No fault of anyone's.
    #[error("the reader of the output is gone")]
    ReaderGone,
}

impl Failure {
    /// The failure of what was being done, for `map_err`.
    pub(crate) fn during<E: Into<rollbook::Error>>(during: impl Into<String>) -> impl FnOnce(E) -> Failure {
        move |error| Failure::Register { during: during.into(), source: error.into() }
    }

    /// The failure and all its causes.
    pub(crate) fn text(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// Tells the failure, and what the program exits with.
    pub(crate) fn report(&self) -> ExitCode {
        if matches!(self, Failure::ReaderGone) {
            return ExitCode::SUCCESS;
        }
        tell(&format!("error: {}", self.text()));
        ExitCode::from(if matches!(self, Failure::Usage(_)) { 2 } else { 1 })
    }
}

/// What the register refuses says itself what is wrong; only where it could not do its work has it failed.
impl From<rollbook::Error> for Failure {
    fn from(source: rollbook::Error) -> Self {
        match source.kind() {
            ErrorKind::Argument | ErrorKind::NotFound | ErrorKind::State | ErrorKind::Forbidden => {
                Failure::Refused(source.to_string())
            }
            _ => Failure::Register { during: "the register failed".into(), source },
        }
    }
}

impl From<Violation> for Failure {
    fn from(violation: Violation) -> Self {
        rollbook::Error::from(violation).into()
    }
}

/// One line for the person at the terminal. When nobody listens, there is nobody to tell that to.
pub(crate) fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
