//! Compares everything in a directory with the ledger.

use crate::Failure;
use crate::facts::facts;
use crate::ledger::{Expected, Ledger};
use crate::rng::Rng;
use crate::writer::options;
use rollbook::{ManualClock, Registry};
use rollbook_store_rocks::RocksStore;
use rollbook_testkit::check::perform;
use rollbook_testkit::check_register;
use rollbook_testkit::op::{Choices, Op};
use rollbook_testkit::oracle::{Answer, Answered};
use rollbook_testkit::survey::survey;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Number of audiences that are counted over all workers in one audit.
const AUDIENCES: usize = 20;
/// Maximum number of differences that are reported; the others are counted.
const MAX_REPORTED: usize = 12;

/// The result of an audit.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    /// Number of facts that were compared.
    pub(crate) facts: usize,
    /// For each worker, how many of the steps that it may have begun are in the store.
    pub(crate) done: Vec<usize>,
    /// Descriptions of the differences.
    pub(crate) differences: Vec<String>,
}

/// Opens a store as the writer left it, resumes deletions, compares everything and purges expired events. The store is
/// passed to `then` before it is closed.
pub(crate) fn audit(
    directory: &Path,
    ledger: &Ledger,
    mut expected: Vec<Expected>,
    rng: &Rng,
    then: impl FnOnce(&RocksStore) -> Result<(), Failure>,
) -> Result<Audited, Failure> {
    let now = expected
        .first()
        .map_or(ManualClock::at(rollbook::Timestamp::MIN), |one| ManualClock::at(one.model.now()));
    let clock = Arc::new(now);
    let registry =
        Registry::builder(RocksStore::open(directory, &options())?).clock(Arc::clone(&clock)).build();
    registry.resume_deletions()?;

    let mut audited = Audited::default();
    audited.differences.extend(check_register(registry.store())?.iter().map(ToString::to_string));
    let mut held = facts(&survey(&registry)?, &ledger.shared);
    audited.facts = held.values().map(BTreeMap::len).sum();
    for (worker, one) in expected.iter_mut().enumerate() {
        match one.advance_to(worker, &ledger.shared, &held.remove(&Some(worker)).unwrap_or_default()) {
            Ok(done) => audited.done.push(done),
            Err(different) => {
                let (reported, count) = (different.iter().take(MAX_REPORTED).cloned(), different.len());
                audited.differences.push(format!("worker {worker} differs in {count} facts"));
                audited.differences.extend(reported);
            }
        }
    }
    let unowned =
        held.into_values().flat_map(BTreeMap::into_keys).map(|fact| format!("of no worker: {fact}"));
    audited.differences.extend(unowned.take(MAX_REPORTED));
    if audited.differences.is_empty() {
        for _ in 0..AUDIENCES {
            let question = audience(ledger, rng)?;
            let (expected, actual) =
                (together(&mut expected, &question), perform(&registry, &clock, &question));
            if expected != actual {
                audited
                    .differences
                    .push(format!("{question:?}\nexpected: {expected:?}\nactual:   {actual:?}"));
            }
        }
        // No query shows an expired event, but a deletion counts those that are stored, so the ledger has to purge them too.
        drop(perform(&registry, &clock, &Op::PurgeEvents(ledger.shared.clone())));
        then(registry.store())?;
    }
    Ok(audited)
}

/// Returns a question for the number of devices of an audience of the shared app on each platform.
fn audience(ledger: &Ledger, rng: &Rng) -> Result<Op, Failure> {
    loop {
        let account = ledger
            .accounts
            .get(rng.below(ledger.accounts.len() as u64) as usize)
            .ok_or("there is no worker")?;
        let op = Op::choose(&mut Choices::new(&rng.bytes::<64>()), &account.workload.alphabet(rng)?);
        if matches!(&op, Op::CountByPlatform(app, _) if *app == ledger.shared) {
            return Ok(op);
        }
    }
}

/// Returns the sum of the results of all models: workers have no device in common, so counts add up.
fn together(expected: &mut [Expected], question: &Op) -> Answered {
    let mut sum = BTreeMap::new();
    for one in expected {
        if let Answer::ByPlatform(counts) = one.model.answer(question)? {
            counts.into_iter().for_each(|(platform, count)| *sum.entry(platform).or_insert(0) += count);
        }
    }
    Ok(Answer::ByPlatform(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::rendered;

    const STEPS: u64 = 40;

    /// Returns a store that has done `done` steps of two workers, and a ledger of the first `acknowledged` of them.
    fn fixture(done: u64, acknowledged: u64) -> (tempfile::TempDir, Ledger) {
        let directory = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::new(2, 1, 200).unwrap();
        let clock = Arc::new(ManualClock::at(ledger.accounts[0].model.now()));
        let store = RocksStore::open(directory.path().join("store"), &options()).unwrap();
        let registry = Registry::builder(store).clock(Arc::clone(&clock)).build();
        perform(&registry, &clock, &crate::workload::shared_app().unwrap().1).unwrap();
        for account in &mut ledger.accounts {
            for n in 0..done {
                let answer = rendered(perform(&registry, &clock, &account.workload.op(n).unwrap()));
                if n < acknowledged {
                    assert_eq!(account.acknowledge(n, &answer).unwrap(), None);
                }
            }
        }
        (directory, ledger)
    }

    fn audited(directory: &tempfile::TempDir, ledger: &Ledger, killed: bool) -> Audited {
        let expected = ledger.expected(killed).unwrap();
        audit(&directory.path().join("store"), ledger, expected, &Rng::of(&[1]), |_| Ok(())).unwrap()
    }

    /// Returns the number of a step after the first [`STEPS`] that changes the facts of worker 0.
    fn changing_step() -> u64 {
        let (_directory, ledger) = fixture(0, 0);
        let mut account = ledger.accounts[0].clone();
        let facts_after = |account: &mut crate::ledger::Account, n| {
            drop(account.model.answer(&account.workload.op(n).unwrap()));
            facts(&account.model.survey(), &ledger.shared)
        };
        let mut before = BTreeMap::new();
        (0..)
            .find(|&n| {
                let after = facts_after(&mut account, n);
                let changed = after != before;
                before = after;
                n >= STEPS && changed
            })
            .unwrap()
    }

    #[test]
    fn a_store_that_did_what_was_acknowledged_equals_the_ledger() {
        let (directory, ledger) = fixture(STEPS, STEPS);
        for killed in [false, true] {
            let audited = audited(&directory, &ledger, killed);
            assert!(audited.differences.is_empty(), "{:?}", audited.differences);
            assert_eq!(audited.done, [0, 0]);
            assert!(audited.facts > 200, "{}", audited.facts);
        }
    }

    #[test]
    fn one_step_more_than_was_acknowledged_may_be_done_after_a_kill_and_only_then() {
        let n = changing_step();
        let (directory, ledger) = fixture(n + 1, n);
        let after_kill = audited(&directory, &ledger, true);
        assert!(after_kill.differences.is_empty(), "{:?}", after_kill.differences);
        assert_eq!(after_kill.done[0], 1);
        assert!(audited(&directory, &ledger, false).differences[0].starts_with("worker 0 differs"));
    }

    #[test]
    fn a_step_that_was_acknowledged_and_is_missing_is_reported() {
        let n = changing_step();
        let (directory, mut ledger) = fixture(n, n);
        let account = &mut ledger.accounts[0];
        drop(account.model.answer(&account.workload.op(n).unwrap()));
        account.next += 1;
        let differences = audited(&directory, &ledger, true).differences;
        assert!(differences[0].starts_with("worker 0 differs"), "{differences:?}");
        assert!(differences[1].contains("only: "), "{differences:?}");
    }
}
