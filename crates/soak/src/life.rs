//! One life of the writer, seen by the auditor: what it acknowledges, what it uses, how it ends.

use crate::Failure;
use crate::args::Orders;
use crate::books::{Books, Expected};
use crate::meter::{Usage, usage};
use crate::writer::{BEGUN, DONE};
use rollbook::{Clock, SystemClock};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How long the writer lives and how it ends.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// A writer that has hardly begun lives on.
    pub(crate) seconds: u64,
    /// Killed, or asked to end.
    pub(crate) kill: bool,
    /// Where the writer backs the store up to, at half its time.
    pub(crate) backup: Option<PathBuf>,
}

/// What came of a life.
#[derive(Debug, Default)]
pub(crate) struct Lived {
    pub(crate) steps: u64,
    /// Steps that the rules refused.
    pub(crate) refused: u64,
    /// Once a second.
    pub(crate) usage: Vec<Usage>,
    /// What the backup may hold, when there is one.
    pub(crate) backup: Option<Vec<Expected>>,
    /// Answers that are not those of the books, in words.
    pub(crate) differences: Vec<String>,
}

/// The part of a second after which the auditor looks up.
const TICK: Duration = Duration::from_millis(100);
const TICKS_PER_SECOND: u64 = 10;
/// Steps without which no life ends, and seconds after which nobody waits for them.
const LEAST: u64 = 50;
const PATIENCE: u64 = 300;

/// What the auditor's two threads tell each other.
#[derive(Debug, Default)]
struct Seen {
    steps: AtomicU64,
    /// Nothing more is read.
    over: AtomicBool,
}

/// Lets a writer live, and does every step that it acknowledges to the books.
pub(crate) fn live(plan: &Plan, orders: &Orders, books: &mut Books) -> Result<Lived, Failure> {
    let mut child = start(orders)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err("the writer has no pipes".into()) };
    let seen = Seen::default();
    let mut lived = Lived::default();
    let (read, watched) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&mut child, stdin, plan, &seen));
        let read = listen(BufReader::new(stdout), books, &mut lived, &seen);
        seen.over.store(true, Ordering::SeqCst);
        (read, watching.join())
    });
    // Before anything else is judged: the directory must have no owner.
    child.kill()?;
    let status = child.wait()?;
    read?;
    let (used, ended) = watched.map_err(|_| "the watcher panicked")??;
    lived.usage = used;
    if !ended && lived.differences.is_empty() {
        lived.differences.push(format!("the writer ended by itself: {status}"));
    }
    if lived.steps < LEAST && lived.differences.is_empty() {
        lived.differences.push(format!("the writer stood still after {} steps", lived.steps));
    }
    Ok(lived)
}

fn start(orders: &Orders) -> Result<Child, Failure> {
    let from: Vec<String> = orders.from.iter().map(ToString::to_string).collect();
    let child = Command::new(std::env::current_exe()?)
        .arg("write")
        .arg("--directory")
        .arg(&orders.directory)
        .args(["--seed", &orders.seed.to_string()])
        .args(["--devices", &orders.devices.to_string()])
        .args(["--now", &orders.now.to_string()])
        .args(["--pause", &orders.pause.to_string()])
        .args(["--from", &from.join(",")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

/// Measures, asks for the backup, and ends the life when its time is up; whether it was ended here.
fn watch(
    child: &mut Child,
    stdin: ChildStdin,
    plan: &Plan,
    seen: &Seen,
) -> Result<(Vec<Usage>, bool), Failure> {
    let mut used = Vec::new();
    let mut stdin = Some(stdin);
    let ends = plan.seconds * TICKS_PER_SECOND;
    for tick in 0..ends + PATIENCE * TICKS_PER_SECOND {
        if seen.over.load(Ordering::SeqCst) {
            return Ok((used, false));
        }
        if tick >= ends && seen.steps.load(Ordering::SeqCst) >= LEAST {
            break;
        }
        if tick % TICKS_PER_SECOND == 0 {
            used.extend(usage(child.id()));
        }
        if let (true, Some(to), Some(stdin)) = (tick == ends / 2, &plan.backup, &mut stdin) {
            writeln!(stdin, "{}", to.display())?;
        }
        SystemClock.pause(TICK);
    }
    if plan.kill {
        child.kill()?;
    }
    // A writer whose input ends comes to an end, too.
    drop(stdin.take());
    Ok((used, true))
}

/// Reads acknowledgements to the end. A line that was cut by the end is none.
fn listen(mut lines: impl BufRead, books: &mut Books, lived: &mut Lived, seen: &Seen) -> Result<(), Failure> {
    let mut under_way: Option<Vec<Expected>> = None;
    let mut line = Vec::new();
    while lived.differences.is_empty() {
        line.clear();
        lines.read_until(b'\n', &mut line)?;
        let Some(whole) = line.strip_suffix(b"\n") else { break };
        match String::from_utf8_lossy(whole).as_ref() {
            BEGUN => under_way = Some(books.expected(false)?),
            // What is begun when the backup is done may be in it.
            DONE => {
                for (one, begun) in under_way.iter_mut().flatten().zip(books.expected(true)?) {
                    one.steps.extend(begun.steps);
                }
                lived.backup = under_way.take();
            }
            acknowledged => {
                let (lane, n, answer) =
                    parts(acknowledged).ok_or_else(|| format!("what is {acknowledged:?}?"))?;
                let page = books.pages.get_mut(lane).ok_or("a lane that is none")?;
                if let Some(one) = under_way.as_mut().and_then(|expected| expected.get_mut(lane)) {
                    one.steps.push(page.lane.op(n)?);
                }
                lived.differences.extend(page.acknowledge(n, answer)?);
                lived.steps += 1;
                seen.steps.store(lived.steps, Ordering::SeqCst);
                lived.refused += u64::from(answer.starts_with("Err"));
            }
        }
    }
    Ok(())
}

fn parts(line: &str) -> Option<(usize, u64, &str)> {
    let (lane, rest) = line.split_once(' ')?;
    let (n, answer) = rest.split_once(' ')?;
    Some((lane.parse().ok()?, n.parse().ok()?, answer))
}
