//! A queue of jobs for one app in which one thread at a time, the leader, also does the jobs of the threads that
//! wait. It knows nothing of the jobs themselves.
//!
//! A thread that finds the gate free becomes the leader. A thread that finds it taken leaves its job in the queue and
//! sleeps until it has an outcome or becomes the leader itself. Each leader hands a value on to the next.

use crate::sync::{Condvar, Mutex, MutexGuard};
use std::fmt;
use std::sync::Arc;

/// A job that waits for the leader.
struct Waiter<J, O> {
    job: J,
    outcome: Mutex<Option<O>>,
}

/// Whether there is a leader, and which jobs wait.
struct Queue<J, O, H> {
    led: bool,
    waiting: Vec<Arc<Waiter<J, O>>>,
    /// What the last leader handed on; `None` if the next must find out for itself.
    handed: Option<H>,
}

/// A gate for jobs `J` with outcomes `O`, whose leaders hand on an `H`.
pub(crate) struct Gate<J, O, H: Copy> {
    queue: Mutex<Queue<J, O, H>>,
    opened: Condvar,
}

impl<J, O, H: Copy> fmt::Debug for Gate<J, O, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

/// The results of a leader's work.
pub(crate) struct Done<O, H, T> {
    /// The outcome of each job, in order.
    pub(crate) outcomes: Vec<O>,
    /// The value for the next leader.
    pub(crate) hand_on: Option<H>,
    /// The result for the leader itself.
    pub(crate) result: T,
}

impl<J: Clone, O, H: Copy> Gate<J, O, H> {
    pub(crate) fn new() -> Self {
        let queue = Queue { led: false, waiting: Vec::new(), handed: None };
        Gate { queue: Mutex::new(queue), opened: Condvar::new() }
    }

    /// Has a job done by the leader, which may be this thread, with at most `most` jobs at once. `lost` makes the
    /// outcome of a job whose leader ended without one.
    pub(crate) fn pass<T>(
        &self,
        job: &J,
        most: usize,
        lost: impl Fn() -> O,
        work: impl Fn(Option<H>, &[&J]) -> Done<O, H, T>,
    ) -> O {
        let mut queue = self.queue.lock();
        if !queue.led {
            let (own, _) = self.lead(queue, Some(job), most, &lost, work);
            return own.unwrap_or_else(lost);
        }
        let waiter = Arc::new(Waiter { job: job.clone(), outcome: Mutex::new(None) });
        queue.waiting.push(waiter.clone());
        loop {
            if let Some(outcome) = waiter.outcome.lock().take() {
                return outcome;
            }
            if queue.led {
                self.opened.wait(&mut queue);
            } else {
                // A leader serves waiting jobs only up to a limit, so this round may not include the own job; the
                // loop goes on.
                let _ = self.lead(queue, None, most, &lost, &work);
                queue = self.queue.lock();
            }
        }
    }

    /// Waits for its turn and leads without a job of its own.
    pub(crate) fn lead_next<T>(
        &self,
        most: usize,
        lost: impl Fn() -> O,
        work: impl FnOnce(Option<H>, &[&J]) -> Done<O, H, T>,
    ) -> T {
        let mut queue = self.queue.lock();
        while queue.led {
            self.opened.wait(&mut queue);
        }
        self.lead(queue, None, most, &lost, work).1
    }

    /// Runs `work` if there is no leader, and keeps every thread from leading meanwhile. `work` returns what is
    /// handed on.
    pub(crate) fn if_free<E>(&self, work: impl FnOnce() -> Result<Option<H>, E>) -> Result<(), E> {
        let mut queue = self.queue.lock();
        if !queue.led
            && let Some(handed) = work()?
        {
            queue.handed = Some(handed);
        }
        Ok(())
    }

    /// Leads with its own job, if there is one, and those that wait. Returns the outcome of its own job.
    fn lead<T>(
        &self,
        mut queue: MutexGuard<'_, Queue<J, O, H>>,
        own: Option<&J>,
        most: usize,
        lost: &impl Fn() -> O,
        work: impl FnOnce(Option<H>, &[&J]) -> Done<O, H, T>,
    ) -> (Option<O>, T) {
        queue.led = true;
        // The own job counts towards the limit.
        let waiting = queue.waiting.len().min(most.saturating_sub(usize::from(own.is_some())));
        let served: Vec<Arc<Waiter<J, O>>> = queue.waiting.drain(..waiting).collect();
        let handed = queue.handed.take();
        drop(queue);
        // However this ends, also by a panic, dropping `leading` opens the gate and leaves no thread asleep for ever.
        let mut leading = Leading { gate: self, served: &served, lost, hand_on: None };

        let jobs: Vec<&J> = own.into_iter().chain(served.iter().map(|waiter| &waiter.job)).collect();
        let Done { outcomes, hand_on, result } = work(handed, &jobs);
        leading.hand_on = hand_on;
        let mut outcomes = outcomes.into_iter();
        let answer = own.and_then(|_| outcomes.next());
        for (waiter, outcome) in served.iter().zip(outcomes) {
            *waiter.outcome.lock() = Some(outcome);
        }
        drop(leading);
        (answer, result)
    }
}

/// The present leader. Dropping it opens the gate and wakes all waiting threads; a job that a panic left without an
/// outcome gets the lost one.
struct Leading<'g, J, O, H: Copy, L: Fn() -> O> {
    gate: &'g Gate<J, O, H>,
    served: &'g [Arc<Waiter<J, O>>],
    lost: &'g L,
    hand_on: Option<H>,
}

impl<J, O, H: Copy, L: Fn() -> O> Drop for Leading<'_, J, O, H, L> {
    fn drop(&mut self) {
        for waiter in self.served {
            waiter.outcome.lock().get_or_insert_with(self.lost);
        }
        let mut queue = self.gate.queue.lock();
        queue.led = false;
        // After a panic this is `None`: the next leader reads what is stored.
        queue.handed = self.hand_on;
        self.gate.opened.notify_all();
    }
}
