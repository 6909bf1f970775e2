//! Errors, classified by what the caller does next.
//!
//! A call that returns an error has changed nothing, with one explicit exception: [`ErrorKind::OutcomeUnknown`].

use crate::model::AppKey;
use crate::store::StoreError;
use crate::violation::{Violation, Violations, shown};
use std::fmt;

/// The kind of thing that an error is about.
///
/// ```
/// use rollbook::{Error, Subject};
/// let refused = rollbook_testkit::example::shop().device(&"unknown".parse()?).unwrap_err();
/// assert!(matches!(refused, Error::NotFound { subject: Subject::Device, .. }));
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// An app, by its key.
    App,
    /// A device, by its id.
    Device,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::App => "app",
            Subject::Device => "device",
        })
    }
}

/// One failed operation of a batch.
///
/// ```
/// use rollbook::{Command, Error};
/// let commands = [Command::Remove("watch".parse()?), Command::Remove("watch".parse()?)];
/// match rollbook_testkit::example::shop().batch(&commands) {
///     Err(Error::Batch(failures)) => assert_eq!(failures[0].index, 1),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug)]
pub struct BatchFailure {
    /// The operation's position in the batch, from 0.
    pub index: usize,
    /// Why it fails, judged as if the earlier operations that do not fail were applied.
    pub error: Error,
}

/// Why an operation was refused or failed.
///
/// Match on [`Error::kind`] to decide what to do next; the variants contain the details.
///
/// ```
/// use rollbook::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::Argument => "mend the arguments",
///         ErrorKind::Unavailable => "try again later",
///         ErrorKind::OutcomeUnknown => "read before you write again",
///         _ => "look at the message",
///     }
/// }
/// let refused = rollbook_testkit::example::shop().touch(&["unknown".parse()?]).unwrap_err();
/// assert_eq!(advice(&refused), "mend the arguments");
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Arguments break rules or limits.
    #[error("{0}")]
    Invalid(Violations),
    /// The named app or device is not in the register.
    #[error("{subject} not found: {name}")]
    NotFound {
        /// The kind of thing that was looked up.
        subject: Subject,
        /// Its name, quoted.
        name: String,
    },
    /// An app of this key exists already.
    #[error("app already exists: {key}")]
    AppExists {
        /// The key in question.
        key: AppKey,
    },
    /// The device has changed since the version that the update requires.
    #[error("device {device}: version: must be {}: got {based_on}", current_version(*current))]
    Stale {
        /// The device id, quoted.
        device: String,
        /// The version that the caller sent.
        based_on: u64,
        /// The version in the register; absent for a device that the same batch creates.
        current: Option<u64>,
    },
    /// The app lacks the capability that the operation needs.
    #[error("app {app}: {capability}: must be a capability of the app: got none")]
    Forbidden {
        /// The app.
        app: AppKey,
        /// The capability's name.
        capability: &'static str,
    },
    /// Operations of a batch fail. Nothing of the batch was applied.
    #[error("{}", batch_text(.0))]
    Batch(Vec<BatchFailure>),
    /// Other writers came first too often. Nothing was applied; try again.
    #[error("gave up after {attempts} attempts against other writers")]
    Contended {
        /// How often the operation was planned.
        attempts: u32,
    },
    /// The store refused or failed.
    #[error("the store could not {action}")]
    Store {
        /// What the store was doing.
        action: &'static str,
        /// The store's error.
        #[source]
        source: StoreError,
    },
}

fn current_version(current: Option<u64>) -> String {
    current.map_or("left out, as the same batch makes the device".to_owned(), |version| {
        format!("{version}, the current one")
    })
}

fn batch_text(failures: &[BatchFailure]) -> String {
    let parts: Vec<String> = failures.iter().map(|f| format!("operation {}: {}", f.index, f.error)).collect();
    parts.join("; ")
}

/// A few kinds of errors, chosen by what the caller does next.
///
/// ```
/// use rollbook::ErrorKind;
/// let refused = rollbook_testkit::example::shop().device(&"unknown".parse()?).unwrap_err();
/// assert_eq!(refused.kind(), ErrorKind::NotFound);
/// # Ok::<(), rollbook::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The arguments are wrong: fix them. Nothing was applied.
    Argument,
    /// The named thing does not exist. Nothing was applied.
    NotFound,
    /// The state of the register does not allow it: something exists already, or it has changed. Read again, then
    /// decide.
    State,
    /// The operation is not allowed for this app.
    Forbidden,
    /// The operation cannot be done now: try again later. Nothing was applied.
    Unavailable,
    /// The operation may or may not have been applied: read before you write again.
    OutcomeUnknown,
    /// Stored data is damaged, or the store is closed or misused: an operator has to look.
    Fault,
}

impl ErrorKind {
    /// Returns the kind's name in snake case, as it is serialised and as logs and responses show it.
    ///
    /// ```
    /// use rollbook::ErrorKind;
    /// assert_eq!(ErrorKind::OutcomeUnknown.name(), "outcome_unknown");
    /// assert_eq!(serde_json::to_value(ErrorKind::NotFound)?, ErrorKind::NotFound.name());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            ErrorKind::Argument => "argument",
            ErrorKind::NotFound => "not_found",
            ErrorKind::State => "state",
            ErrorKind::Forbidden => "forbidden",
            ErrorKind::Unavailable => "unavailable",
            ErrorKind::OutcomeUnknown => "outcome_unknown",
            ErrorKind::Fault => "fault",
        }
    }
}

impl Error {
    /// Returns the error's kind, which says what the caller does next.
    ///
    /// ```
    /// use rollbook::{Error, ErrorKind, TagName};
    /// let refused = Error::from(TagName::new("").unwrap_err());
    /// assert_eq!(refused.kind(), ErrorKind::Argument);
    /// ```
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::Invalid(_) => ErrorKind::Argument,
            Error::Batch(failures) => failures.first().map_or(ErrorKind::Argument, |f| f.error.kind()),
            Error::NotFound { .. } => ErrorKind::NotFound,
            Error::AppExists { .. } | Error::Stale { .. } => ErrorKind::State,
            Error::Forbidden { .. } => ErrorKind::Forbidden,
            Error::Contended { .. } => ErrorKind::Unavailable,
            Error::Store { source, .. } => match source {
                StoreError::Conflict { .. } | StoreError::Unavailable { .. } => ErrorKind::Unavailable,
                StoreError::OutcomeUnknown { .. } => ErrorKind::OutcomeUnknown,
                StoreError::TooLarge { .. } | StoreError::Corrupt { .. } | StoreError::Closed => {
                    ErrorKind::Fault
                }
            },
        }
    }

    /// Returns the broken rules if the arguments are wrong, otherwise an empty slice.
    ///
    /// ```
    /// let shop = rollbook_testkit::example::shop();
    /// let refused = shop.touch(&["watch".parse()?, "one".parse()?, "two".parse()?]).unwrap_err();
    /// let indexes: Vec<_> = refused.violations().iter().map(|violation| violation.index()).collect();
    /// assert_eq!(indexes, [Some(1), Some(2)]);
    /// # Ok::<(), rollbook::Error>(())
    /// ```
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        match self {
            Error::Invalid(all) => all.as_slice(),
            _ => &[],
        }
    }

    pub(crate) fn not_found(subject: Subject, name: &str) -> Self {
        Error::NotFound { subject, name: shown(name) }
    }

    /// Converts a store's error into the register's, with the action that failed.
    pub(crate) fn store(action: &'static str) -> impl FnOnce(StoreError) -> Error {
        move |source| Error::Store { action, source }
    }
}

impl From<Violation> for Error {
    fn from(one: Violation) -> Self {
        Error::Invalid(one.into())
    }
}

impl From<Violations> for Error {
    fn from(all: Violations) -> Self {
        Error::Invalid(all)
    }
}
