//! Why an operation is refused, in a form that two sides can be compared by.
//!
//! The texts of errors are for people and may change. The kind, the name that was refused, and the whole set of broken
//! rules must agree.

use rollbook::{AppKey, DeviceId, Error, Rule, Subject, Violation};
use std::collections::BTreeMap;

/// One broken rule without its wording.
///
/// ```
/// use rollbook::{Rule, TagName};
/// use rollbook_testkit::oracle::Broken;
///
/// let refused = TagName::new("").unwrap_err();
/// assert_eq!(Broken::from(&refused), Broken { field: "tag".to_owned(), index: None, rule: Rule::Bytes });
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The field, by the name it has in the operation.
    pub field: String,
    /// The position in the list, when the field is a list and one of its items is wrong.
    pub index: Option<usize>,
    /// The rule.
    pub rule: Rule,
}

impl From<&Violation> for Broken {
    fn from(violation: &Violation) -> Self {
        Broken { field: violation.field().to_owned(), index: violation.index(), rule: violation.rule() }
    }
}

/// Why an operation is refused.
///
/// ```
/// use rollbook::{Error, Rule, TagName};
/// use rollbook_testkit::oracle::Refusal;
///
/// let error = Error::from(TagName::new("").unwrap_err());
/// assert_eq!(Refusal::from(&error), Refusal::one("tag", None, Rule::Bytes));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Arguments break rules: all of them, sorted.
    Invalid(Vec<Broken>),
    /// Something is not in the register: the kind of thing, and its name as errors quote it.
    NotFound(Subject, String),
    /// The app already exists.
    AppExists(AppKey),
    /// The device, as errors quote it, has changed since the version that the update was based on.
    Stale(String),
    /// The app lacks a capability.
    Forbidden(AppKey),
    /// Operations of a batch fail; by index.
    Batch(BTreeMap<usize, Refusal>),
    /// A failure that no rule of the domain explains. A model never returns it.
    Failure(String),
}

impl Refusal {
    /// Returns a broken rule.
    ///
    /// ```
    /// use rollbook::{Error, Rule, TagName, parse_list};
    /// use rollbook_testkit::oracle::Refusal;
    ///
    /// let error = Error::from(parse_list::<TagName>("tags", &["news", ""]).unwrap_err());
    /// assert_eq!(Refusal::from(error), Refusal::one("tags", Some(1), Rule::Bytes));
    /// ```
    #[must_use]
    pub fn one(field: &str, index: Option<usize>, rule: Rule) -> Self {
        Refusal::Invalid(vec![Broken { field: field.to_owned(), index, rule }])
    }

    /// Returns all of `broken` as a refusal, whatever its order; `Ok` when it is empty.
    ///
    /// ```
    /// use rollbook::Rule;
    /// use rollbook_testkit::oracle::{Broken, Refusal};
    ///
    /// let tag = |n| Broken { field: "tags".to_owned(), index: Some(n), rule: Rule::Characters };
    /// assert_eq!(Refusal::check(vec![tag(1), tag(0)]), Err(Refusal::Invalid(vec![tag(0), tag(1)])));
    /// assert_eq!(Refusal::check(Vec::new()), Ok(()));
    /// ```
    ///
    /// # Errors
    /// All of `broken`.
    pub fn check(mut broken: Vec<Broken>) -> Result<(), Refusal> {
        if broken.is_empty() {
            return Ok(());
        }
        sort(&mut broken);
        Err(Refusal::Invalid(broken))
    }

    pub(crate) fn no_app(key: &AppKey) -> Self {
        Refusal::NotFound(Subject::App, format!("{:?}", key.as_str()))
    }

    pub(crate) fn no_device(id: &DeviceId) -> Self {
        Refusal::NotFound(Subject::Device, format!("{:?}", id.as_str()))
    }
}

fn sort(broken: &mut [Broken]) {
    broken.sort_by(|a, b| (&a.field, a.index, a.rule.name()).cmp(&(&b.field, b.index, b.rule.name())));
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        match error {
            Error::Invalid(all) => {
                let mut broken: Vec<Broken> = all.iter().map(Broken::from).collect();
                sort(&mut broken);
                Refusal::Invalid(broken)
            }
            Error::NotFound { subject, name } => Refusal::NotFound(*subject, name.clone()),
            Error::AppExists { key } => Refusal::AppExists(key.clone()),
            Error::Stale { device, .. } => Refusal::Stale(device.clone()),
            Error::Forbidden { app, .. } => Refusal::Forbidden(app.clone()),
            Error::Batch(failures) => {
                Refusal::Batch(failures.iter().map(|f| (f.index, Refusal::from(&f.error))).collect())
            }
            other => Refusal::Failure(format!("{other:?}")),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::from(&error)
    }
}
