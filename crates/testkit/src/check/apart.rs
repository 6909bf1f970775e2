//! Checks that two apps that share every name are isolated from each other.

use super::drive;
use crate::op::{Alphabet, Op};
use crate::oracle::Oracle;
use crate::survey::{AppSurvey, survey_app};
use rollbook::store::Store;
use rollbook::{AppKey, Error, ManualClock, Registry, SeededEntropy};
use std::fmt;
use std::sync::Arc;

/// A step in one app that was visible in another.
///
/// ```
/// use rollbook::{AppId, Command, Timestamp, store::*};
/// use rollbook_testkit::op::{Alphabet, Op, Settings};
/// use rollbook_testkit::{check::check_apart, ordered::{OrderedStore, OrderedView}};
///
/// /// A store that keeps all apps in one place.
/// struct Mixed(OrderedStore);
///
/// impl Store for Mixed {
///     fn view(&self, app: AppId) -> Result<OrderedView, StoreError> {
///         self.0.view(app.min(AppId(1)))
///     }
///     // And so for the others.
/// #   type View<'a> = OrderedView;
/// #   fn info(&self) -> StoreInfo { self.0.info() }
/// #   fn commit(&self, app: AppId, writes: &WriteSet) -> Result<Committed, StoreError> {
/// #       self.0.commit(app.min(AppId(1)), writes)
/// #   }
/// #   fn touch(&self, app: AppId, seen: &[(Place, Timestamp)]) -> Result<(), StoreError> {
/// #       self.0.touch(app.min(AppId(1)), seen)
/// #   }
/// }
///
/// let Alphabet { apps, events, .. } = Alphabet::default();
/// let create = |at: usize| Op::CreateApp { app: apps[at].clone(), settings: Settings::default() };
/// let declare = Op::Do(apps[1].clone(), Command::DeclareEvent(events[0].clone()));
/// let leak = check_apart(&[create(0), create(1), declare.clone()], || Mixed(OrderedStore::new())).unwrap_err();
/// assert_eq!((&leak.op, &leak.quiet), (&declare, &apps[0]));
/// assert_eq!(leak.after.unwrap().event_types.len(), 1);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The step.
    pub op: Op,
    /// The app that the step was not about.
    pub quiet: AppKey,
    /// What could be read of that app before; `None` when there was no such app.
    pub before: Option<AppSurvey>,
    /// What can be read of it now.
    pub after: Option<AppSurvey>,
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} changed {}", self.op, self.quiet)?;
        writeln!(f, "before: {:?}", self.before)?;
        writeln!(f, "after:  {:?}", self.after)
    }
}

impl std::error::Error for Leak {}

/// Checks that two apps that share every name are isolated: the steps of one app fill it, then the steps of the other
/// are performed, and after each of them the survey of the first app must be unchanged. Then the same with the apps
/// swapped.
///
/// ```
/// use rollbook_testkit::op::Op;
/// use rollbook_testkit::{check::check_apart, ordered::OrderedStore};
/// assert!(check_apart(&[Op::DeleteApp("shop".parse().unwrap())], OrderedStore::new).is_ok());
/// ```
///
/// # Errors
/// The first step in one app that changes the other.
///
/// # Panics
/// When an app cannot be read, although its store does not fail.
pub fn check_apart<S: Store>(ops: &[Op], store: impl Fn() -> S) -> Result<(), Box<Leak>> {
    let apps = Alphabet::default().apps;
    for quiet in &apps {
        let clock = Arc::new(ManualClock::at(Oracle::START));
        let registry =
            Registry::builder(store()).clock(Arc::clone(&clock)).entropy(SeededEntropy::new(1)).build();
        // Steps may be refused: only their effects matter.
        for op in ops.iter().filter(|op| op.app() == Some(quiet) || matches!(op, Op::MoveClock(_))) {
            drop(drive::call(&registry, &clock, op));
        }
        let before = told(&registry, quiet);
        // Time passes for all apps, so the clock is not moved from here on.
        for op in ops.iter().filter(|op| op.app() != Some(quiet) && !matches!(op, Op::MoveClock(_))) {
            drop(drive::call(&registry, &clock, op));
            let after = told(&registry, quiet);
            if after != before {
                return Err(Box::new(Leak { op: op.clone(), quiet: quiet.clone(), before, after }));
            }
        }
    }
    Ok(())
}

fn told<S: Store>(registry: &Registry<S>, app: &AppKey) -> Option<AppSurvey> {
    let asked = registry.app(app).and_then(|app| survey_app(&app));
    match asked {
        Ok(survey) => Some(survey),
        Err(Error::NotFound { .. }) => None,
        Err(error) => panic!("{app} cannot be asked: {error}"),
    }
}
