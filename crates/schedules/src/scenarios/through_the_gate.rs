//! The gate of an app of the durable store: there is one leader at a time, and every waiting job is done.

use crate::gate::{Done, Gate};
use shuttle::sync::Mutex;
use shuttle::thread;
use std::sync::Arc;

/// Stands for the engine: the jobs in the order in which they were written, and the number of writes.
#[derive(Default)]
struct Written {
    jobs: Vec<u32>,
    writes: u32,
}

/// The outcome of a job: how many had been written, including it.
type Outcome = Result<usize, Lost>;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Lost;

struct Desk {
    gate: Gate<u32, Outcome, usize>,
    written: Mutex<Written>,
}

impl Desk {
    fn new() -> Arc<Self> {
        Arc::new(Desk { gate: Gate::new(), written: Mutex::new(Written::default()) })
    }

    /// The work of a leader: numbers the jobs from what was handed on, and writes them together.
    fn work(&self, handed: Option<usize>, jobs: &[&u32], most: usize) -> Done<Outcome, usize, ()> {
        assert!(jobs.len() <= most, "no more jobs at once than allowed");
        let stored = self.written.lock().expect("the engine").jobs.len();
        let first = handed.unwrap_or(stored);
        assert_eq!(first, stored, "what is handed on is what is written: nobody else leads meanwhile");
        // If there were a second leader, it would interfere here.
        thread::yield_now();
        let mut written = self.written.lock().expect("the engine");
        assert_eq!(written.jobs.len(), first, "only one leads at a time");
        written.jobs.extend(jobs.iter().copied());
        written.writes += 1;
        let outcomes = (1..=jobs.len()).map(|n| Ok(first + n)).collect();
        Done { outcomes, hand_on: Some(first + jobs.len()), result: () }
    }

    fn pass(&self, job: u32, most: usize) -> Outcome {
        self.gate.pass(&job, most, || Err(Lost), |handed, jobs| self.work(handed, jobs, most))
    }
}

/// Runs jobs of four threads, with at most `most` of them at once. Each job is done once, each thread gets the
/// outcome of its own job, the numbers have no gap, and no thread waits for ever.
fn each_job_is_done_once(most: usize) {
    let desk = Desk::new();
    let threads = [10, 11, 12, 13].map(|job| {
        let desk = Arc::clone(&desk);
        thread::spawn(move || (job, desk.pass(job, most)))
    });
    let outcomes = threads.map(|thread| thread.join().expect("no panic"));
    let written = desk.written.lock().expect("the engine");
    assert_eq!(written.jobs.len(), outcomes.len());
    assert!(written.writes as usize <= outcomes.len());
    for (job, outcome) in outcomes {
        let number = outcome.expect("no leader was lost");
        assert_eq!(written.jobs[number - 1], job, "everyone gets the outcome of its own job");
    }
}

/// The limit is above the number of jobs.
pub fn jobs_share_a_write() {
    each_job_is_done_once(64);
}

/// Fewer jobs at once than wait: those left over lead in their turn.
pub fn jobs_beyond_the_limit_wait_for_another_round() {
    each_job_is_done_once(2);
}

/// One job at once: a waiting thread must lead without being served by the leader before it.
pub fn jobs_one_by_one() {
    each_job_is_done_once(1);
}

/// Housekeeping takes its turn among the jobs, and `if_free` never runs during the work of a leader.
pub fn housekeeping_takes_its_turn() {
    let desk = Desk::new();
    let jobs = [10, 11].map(|job| {
        let desk = Arc::clone(&desk);
        thread::spawn(move || {
            desk.pass(job, 8).expect("no leader was lost");
        })
    });
    let keeper = {
        let desk = Arc::clone(&desk);
        thread::spawn(move || desk.gate.lead_next(8, || Err(Lost), |handed, jobs| desk.work(handed, jobs, 8)))
    };
    let looker = {
        let desk = Arc::clone(&desk);
        thread::spawn(move || {
            let look = || {
                let before = desk.written.lock().expect("the engine").jobs.len();
                thread::yield_now();
                assert_eq!(
                    desk.written.lock().expect("the engine").jobs.len(),
                    before,
                    "nobody leads during a look"
                );
                Ok::<_, Lost>(Some(before))
            };
            desk.gate.if_free(look).expect("a look");
        })
    };
    jobs.into_iter().chain([keeper, looker]).for_each(|thread| thread.join().expect("no panic"));
    assert_eq!(desk.written.lock().expect("the engine").jobs.len(), 2);
}

/// A leader returns no outcomes: the jobs that it served are reported as lost, and the gate opens for the others.
pub fn jobs_of_a_lost_leader_are_told() {
    let desk = Desk::new();
    let keeper = {
        let desk = Arc::clone(&desk);
        thread::spawn(move || {
            let loses =
                |_: Option<usize>, _: &[&u32]| Done { outcomes: Vec::new(), hand_on: None, result: () };
            desk.gate.lead_next(8, || Err(Lost), loses);
        })
    };
    let threads = [10, 11, 12].map(|job| {
        let desk = Arc::clone(&desk);
        thread::spawn(move || desk.pass(job, 8))
    });
    keeper.join().expect("no panic");
    let outcomes = threads.map(|thread| thread.join().expect("no panic"));
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(desk.written.lock().expect("the engine").jobs.len(), done, "lost is what was not written");
}
