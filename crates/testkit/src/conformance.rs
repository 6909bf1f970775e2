//! Runs the table of cases: all of it with a report, or one case as a test.

use crate::cases::TABLE;
use crate::fixture::Fixture;
use crate::invariants::check_store_invariants;
use crate::subject::{APP, OTHER, Subject};
use rollbook::AppId;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// One entry of the table.
pub(crate) struct Case {
    /// The name, as `family::sentence`.
    pub(crate) name: &'static str,
    pub(crate) run: fn(&mut Subject<'_>),
}

/// A case that a store did not pass.
///
/// ```
/// use rollbook_testkit::{Call, Failed, Failure, Fault, FaultStore, ordered::OrderedStore, run_some};
///
/// let broken = || {
///     let store = FaultStore::new(OrderedStore::new());
///     store.arm(Fault::at(Call::Commit, 1, Failure::Corrupt));
///     store
/// };
/// let report = run_some(&broken, |case| case == "records::put_replaces_the_whole_record");
/// let Failed { case, message } = &report.failed[0];
/// assert_eq!(*case, "records::put_replaces_the_whole_record");
/// assert!(message.contains("stored data is corrupt"), "{message}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The case, as `family::sentence`.
    pub case: &'static str,
    /// What was expected and what was found.
    pub message: String,
}

/// The result of [`run_all`]. Its `Display` form is a list of failures and a line of numbers.
///
/// ```
/// use rollbook_testkit::{ordered::OrderedStore, run_some};
///
/// // A store in memory is not asked to open again.
/// let report = run_some(&OrderedStore::new, |case| case.starts_with("durability::"));
/// assert!(report.passed.is_empty() && report.failed.is_empty() && !report.skipped.is_empty());
/// assert!(report.to_string().starts_with("skipped durability::"), "{report}");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// The cases that the store passed.
    pub passed: Vec<&'static str>,
    /// The cases that do not apply, each with the capability that the store or the fixture lacks.
    pub skipped: Vec<(&'static str, &'static str)>,
    /// The cases that the store did not pass.
    pub failed: Vec<Failed>,
}

impl Report {
    /// Returns `true` if no case failed.
    ///
    /// ```
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore, run_some};
    ///
    /// let report = run_some(&OrderedStore::new, |case| case.starts_with("catalogue::"));
    /// assert!(report.is_clean(), "{report}");
    ///
    /// let broken = || {
    ///     let store = FaultStore::new(OrderedStore::new());
    ///     store.arm(Fault::at(Call::Commit, 1, Failure::Unavailable));
    ///     store
    /// };
    /// assert!(!run_some(&broken, |case| case.starts_with("catalogue::")).is_clean());
    /// ```
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.failed.is_empty()
    }

    /// Returns `true` if the case of this name failed.
    ///
    /// ```
    /// use rollbook_testkit::{Call, Failure, Fault, FaultStore, ordered::OrderedStore, run_some};
    ///
    /// let broken = || {
    ///     let store = FaultStore::new(OrderedStore::new());
    ///     store.arm(Fault::at(Call::Touch, 1, Failure::Unavailable));
    ///     store
    /// };
    /// let report = run_some(&broken, |case| case.starts_with("touch::"));
    /// assert!(report.failed_on("touch::a_heartbeat_is_shown"));
    /// assert!(!report.failed_on("touch::a_device_never_seen_has_no_time"));
    /// ```
    #[must_use]
    pub fn failed_on(&self, case: &str) -> bool {
        self.failed.iter().any(|failed| failed.case == case)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Failed { case, message } in &self.failed {
            writeln!(f, "FAILED {case}: {message}")?;
        }
        for (case, why) in &self.skipped {
            writeln!(f, "skipped {case}: {why}")?;
        }
        let (passed, skipped, failed) = (self.passed.len(), self.skipped.len(), self.failed.len());
        write!(f, "{passed} passed, {skipped} skipped, {failed} failed")
    }
}

/// Returns the names of all cases, as `family::sentence`, in the order of the table.
///
/// ```
/// assert!(rollbook_testkit::case_names().any(|name| name == "empty::a_key_never_linked_is_absent"));
/// ```
pub fn case_names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|case| case.name)
}

/// Runs the whole table, each case on a fresh store, as [`conformance!`](crate::conformance) does, but without a test
/// harness. The panic of a case that fails is printed as well.
///
/// ```
/// use rollbook_testkit::{case_names, ordered::OrderedStore, run_all};
///
/// let report = run_all(&OrderedStore::new);
/// assert!(report.is_clean(), "{report}");
/// assert_eq!(report.passed.len() + report.skipped.len(), case_names().count());
/// ```
pub fn run_all<F: Fixture>(fixture: &F) -> Report {
    run_some(fixture, |_| true)
}

/// Runs the cases for whose names `wanted` returns `true`.
///
/// ```
/// use rollbook_testkit::{ordered::OrderedStore, run_some};
/// let report = run_some(&OrderedStore::new, |name| name.starts_with("empty::"));
/// assert!(report.is_clean(), "{report}");
/// ```
pub fn run_some<F: Fixture>(fixture: &F, wanted: impl Fn(&str) -> bool) -> Report {
    let mut report = Report::default();
    for case in TABLE.iter().filter(|case| wanted(case.name)) {
        match catch_unwind(AssertUnwindSafe(|| run(fixture, case))) {
            Ok(None) => report.passed.push(case.name),
            Ok(Some(why)) => report.skipped.push((case.name, why)),
            Err(panic) => report.failed.push(Failed { case: case.name, message: message(&*panic) }),
        }
    }
    report
}

/// Runs one case on a fresh store.
///
/// ```
/// use rollbook_testkit::{ordered::OrderedStore, run_case};
/// use std::panic::catch_unwind;
///
/// run_case(&OrderedStore::new, "seal::a_sealed_app_says_so");
/// assert!(catch_unwind(|| run_case(&OrderedStore::new, "seal::no_such_sentence")).is_err());
/// ```
///
/// # Panics
/// When the store does not pass, or when there is no case of this name.
pub fn run_case<F: Fixture>(fixture: &F, name: &str) {
    match TABLE.iter().find(|case| case.name == name) {
        Some(case) => drop(run(fixture, case)),
        None => panic!("there is no case named {name}"),
    }
}

/// Runs a case, and then checks the invariants of everything that it left in the store.
fn run<F: Fixture>(fixture: &F, case: &Case) -> Option<&'static str> {
    let mut subject = Subject::fresh(fixture);
    (case.run)(&mut subject);
    for app in [APP, OTHER, AppId::DIRECTORY] {
        let look = subject.store().look_at(app);
        match check_store_invariants(&look.0) {
            Ok(breaches) if breaches.is_empty() => {}
            Ok(breaches) => {
                let all: Vec<String> = breaches.iter().map(ToString::to_string).collect();
                panic!("app {} is left inconsistent: {}", app.0, all.join("; "));
            }
            Err(error) => panic!("app {} must be read: {error}", app.0),
        }
    }
    subject.skipped()
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}

/// Expands the table of cases into one `#[test]` per case, in a module per family, each on a fresh store.
///
/// The argument is an expression that makes a [`Fixture`](crate::Fixture); each test evaluates it once. For two stores
/// in one file, put each call into a module of its own.
///
/// ```
/// # mod my_store { pub use rollbook_testkit::ordered::OrderedStore as MyStore; }
/// use my_store::MyStore;
///
/// rollbook_testkit::conformance!(MyStore::new);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! conformance {
    ($fixture:expr) => {
        $crate::__case_table! { __conformance_tests $fixture; }
    };
}

/// Expands the table into tests.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    ($fixture:expr; $($family:ident { $($case:ident)* })*) => {$(
        mod $family {
            #[allow(unused_imports, reason = "the fixture may be named by a full path")]
            use super::*;
            $(
                #[test]
                fn $case() {
                    $crate::run_case(&$fixture, concat!(stringify!($family), "::", stringify!($case)));
                }
            )*
        }
    )*};
}

/// Expands the table into data.
#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_list {
    ($list:ident; $($family:ident { $($case:ident)* })*) => {
        pub(crate) static $list: &[$crate::conformance::Case] = &[$($(
            $crate::conformance::Case {
                name: concat!(stringify!($family), "::", stringify!($case)),
                run: $family::$case,
            },
        )*)*];
    };
}
