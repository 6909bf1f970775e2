//! A directory against the books: everything it holds, and nothing else.

use crate::Failure;
use crate::books::{Books, Expected};
use crate::draw::Draw;
use crate::facts::facts;
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

/// Questions about all lanes together, in one audit.
const AUDIENCES: usize = 20;
/// Differences that are told; the rest is counted.
const TOLD: usize = 12;

/// What came of an audit.
#[derive(Debug, Default)]
pub(crate) struct Audited {
    /// How many facts were compared.
    pub(crate) facts: usize,
    /// For each lane, how many of the steps that might have been done were.
    pub(crate) done: Vec<usize>,
    /// What differs, in words.
    pub(crate) differences: Vec<String>,
}

/// Opens a store as it was left, takes up what was begun, compares everything and clears expired events away. The store
/// is handed to `then` before it is closed.
pub(crate) fn audit(
    directory: &Path,
    books: &Books,
    mut expected: Vec<Expected>,
    draw: &Draw,
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
    let mut held = facts(&survey(&registry)?, &books.shared);
    audited.facts = held.values().map(BTreeMap::len).sum();
    for (lane, one) in expected.iter_mut().enumerate() {
        match one.settle(lane, &books.shared, &held.remove(&Some(lane)).unwrap_or_default()) {
            Ok(done) => audited.done.push(done),
            Err(different) => {
                let (told, most) = (different.iter().take(TOLD).cloned(), different.len());
                audited.differences.push(format!("lane {lane} differs in {most} facts"));
                audited.differences.extend(told);
            }
        }
    }
    let strangers =
        held.into_values().flat_map(BTreeMap::into_keys).map(|fact| format!("of no lane: {fact}"));
    audited.differences.extend(strangers.take(TOLD));
    if audited.differences.is_empty() {
        for _ in 0..AUDIENCES {
            let question = audience(books, draw)?;
            let (should, does) = (together(&mut expected, &question), perform(&registry, &clock, &question));
            if should != does {
                audited.differences.push(format!("{question:?}\nexpected: {should:?}\nactual:   {does:?}"));
            }
        }
        // Nobody sees them any more; what is left is what the books hold.
        drop(perform(&registry, &clock, &Op::PurgeEvents(books.shared.clone())));
        then(registry.store())?;
    }
    Ok(audited)
}

/// How many devices of each platform are in some audience of the shared app.
fn audience(books: &Books, draw: &Draw) -> Result<Op, Failure> {
    loop {
        let page =
            books.pages.get(draw.below(books.pages.len() as u64) as usize).ok_or("there is no lane")?;
        let op = Op::choose(&mut Choices::new(&draw.bytes::<64>()), &page.lane.alphabet(draw)?);
        if matches!(&op, Op::CountByPlatform(app, _) if *app == books.shared) {
            return Ok(op);
        }
    }
}

/// What the books of all lanes say together: lanes have no device in common, so counts add up.
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
    use crate::books::told;

    const STEPS: u64 = 40;

    /// A store that has done so many steps of two lanes, and books of as many.
    fn stand(done: u64, acknowledged: u64) -> (tempfile::TempDir, Books) {
        let directory = tempfile::tempdir().unwrap();
        let mut books = Books::new(2, 1, 200).unwrap();
        let clock = Arc::new(ManualClock::at(books.pages[0].model.now()));
        let store = RocksStore::open(directory.path().join("store"), &options()).unwrap();
        let registry = Registry::builder(store).clock(Arc::clone(&clock)).build();
        perform(&registry, &clock, &crate::lane::shop().unwrap().1).unwrap();
        for page in &mut books.pages {
            for n in 0..done {
                let answer = told(perform(&registry, &clock, &page.lane.op(n).unwrap()));
                if n < acknowledged {
                    assert_eq!(page.acknowledge(n, &answer).unwrap(), None);
                }
            }
        }
        (directory, books)
    }

    fn judged(directory: &tempfile::TempDir, books: &Books, killed: bool) -> Audited {
        let expected = books.expected(killed).unwrap();
        audit(&directory.path().join("store"), books, expected, &Draw::of(&[1]), |_| Ok(())).unwrap()
    }

    /// The number of a step behind the first [`STEPS`] which changes what the books of lane 0 say.
    fn telling() -> u64 {
        let (_directory, books) = stand(0, 0);
        let mut page = books.pages[0].clone();
        let facts_after = |page: &mut crate::books::Page, n| {
            drop(page.model.answer(&page.lane.op(n).unwrap()));
            facts(&page.model.survey(), &books.shared)
        };
        let mut before = BTreeMap::new();
        (0..)
            .find(|&n| {
                let after = facts_after(&mut page, n);
                let changed = after != before;
                before = after;
                n >= STEPS && changed
            })
            .unwrap()
    }

    #[test]
    fn a_store_that_did_what_was_acknowledged_is_as_the_books_say() {
        let (directory, books) = stand(STEPS, STEPS);
        for killed in [false, true] {
            let audited = judged(&directory, &books, killed);
            assert!(audited.differences.is_empty(), "{:?}", audited.differences);
            assert_eq!(audited.done, [0, 0]);
            assert!(audited.facts > 200, "{}", audited.facts);
        }
    }

    #[test]
    fn one_step_more_than_was_acknowledged_may_be_done_after_a_kill_and_only_then() {
        let n = telling();
        let (directory, books) = stand(n + 1, n);
        let audited = judged(&directory, &books, true);
        assert!(audited.differences.is_empty(), "{:?}", audited.differences);
        assert_eq!(audited.done[0], 1);
        assert!(judged(&directory, &books, false).differences[0].starts_with("lane 0 differs"));
    }

    #[test]
    fn a_step_that_was_acknowledged_and_is_not_there_is_told() {
        let n = telling();
        let (directory, mut books) = stand(n, n);
        let page = &mut books.pages[0];
        drop(page.model.answer(&page.lane.op(n).unwrap()));
        page.next += 1;
        let differences = judged(&directory, &books, true).differences;
        assert!(differences[0].starts_with("lane 0 differs"), "{differences:?}");
        assert!(differences[1].contains("only: "), "{differences:?}");
    }
}
