//! One run of the writer process, supervised by the auditor: its acknowledgements, its resources, its end.

use crate::Failure;
use crate::args::WriterArgs;
use crate::ledger::{Expected, Ledger};
use crate::metrics::{Usage, usage};
use crate::writer::{BEGUN, DONE};
use rollbook::{Clock, SystemClock};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// How long the writer runs and how it ends.
#[derive(Debug, Clone)]
pub(crate) struct RunPlan {
    /// Extended for a writer that has done only a few steps.
    pub(crate) seconds: u64,
    /// Whether it is killed or asked to end.
    pub(crate) kill: bool,
    /// The directory of a backup that the writer makes at half of its time.
    pub(crate) backup: Option<PathBuf>,
}

/// The result of a run.
#[derive(Debug, Default)]
pub(crate) struct RunResult {
    pub(crate) steps: u64,
    /// Steps that the registry refused.
    pub(crate) refused: u64,
    /// Measured once a second.
    pub(crate) usage: Vec<Usage>,
    /// The allowed states of the backup, if there is one.
    pub(crate) backup: Option<Vec<Expected>>,
    /// Descriptions of results that differ from the ledger.
    pub(crate) differences: Vec<String>,
}

/// Interval of the supervision.
const TICK: Duration = Duration::from_millis(100);
const TICKS_PER_SECOND: u64 = 10;
/// Steps without which no run ends, and the seconds that it gets in addition to reach them.
const MIN_STEPS: u64 = 50;
const MAX_EXTRA_SECONDS: u64 = 300;

/// Shared by the two threads of the auditor.
#[derive(Debug, Default)]
struct Progress {
    steps: AtomicU64,
    /// Nothing more is read from the writer.
    over: AtomicBool,
}

/// Runs a writer and does every step that it acknowledges to the ledger.
pub(crate) fn run(
    plan: &RunPlan,
    writer_args: &WriterArgs,
    ledger: &mut Ledger,
) -> Result<RunResult, Failure> {
    let mut child = start(writer_args)?;
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (Some(stdin), Some(stdout)) = (stdin, stdout) else { return Err("the writer has no pipes".into()) };
    let progress = Progress::default();
    let mut result = RunResult::default();
    let (read, supervised) = std::thread::scope(|scope| {
        let supervising = scope.spawn(|| supervise(&mut child, stdin, plan, &progress));
        let read = read_acknowledgements(BufReader::new(stdout), ledger, &mut result, &progress);
        progress.over.store(true, Ordering::SeqCst);
        (read, supervising.join())
    });
    // Before anything else fails: the directory must not be in use any more.
    child.kill()?;
    let status = child.wait()?;
    read?;
    let (used, ended) = supervised.map_err(|_| "the supervising thread panicked")??;
    result.usage = used;
    if !ended && result.differences.is_empty() {
        result.differences.push(format!("the writer ended by itself: {status}"));
    }
    if result.steps < MIN_STEPS && result.differences.is_empty() {
        result.differences.push(format!("the writer stopped making progress after {} steps", result.steps));
    }
    Ok(result)
}

fn start(writer_args: &WriterArgs) -> Result<Child, Failure> {
    let from: Vec<String> = writer_args.from.iter().map(ToString::to_string).collect();
    let child = Command::new(std::env::current_exe()?)
        .arg("write")
        .arg("--directory")
        .arg(&writer_args.directory)
        .args(["--seed", &writer_args.seed.to_string()])
        .args(["--devices", &writer_args.devices.to_string()])
        .args(["--now", &writer_args.now.to_string()])
        .args(["--pause", &writer_args.pause.to_string()])
        .args(["--from", &from.join(",")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    Ok(child)
}

/// Measures the writer, requests the backup, and ends the run when its time is up. Returns `false` if the writer ended by
/// itself.
fn supervise(
    child: &mut Child,
    stdin: ChildStdin,
    plan: &RunPlan,
    progress: &Progress,
) -> Result<(Vec<Usage>, bool), Failure> {
    let mut used = Vec::new();
    let mut stdin = Some(stdin);
    let ends = plan.seconds * TICKS_PER_SECOND;
    for tick in 0..ends + MAX_EXTRA_SECONDS * TICKS_PER_SECOND {
        if progress.over.load(Ordering::SeqCst) {
            return Ok((used, false));
        }
        if tick >= ends && progress.steps.load(Ordering::SeqCst) >= MIN_STEPS {
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
    // The writer ends when its input ends.
    drop(stdin.take());
    Ok((used, true))
}

/// Reads acknowledgements until the output ends. An incomplete last line does not count.
fn read_acknowledgements(
    mut lines: impl BufRead,
    ledger: &mut Ledger,
    result: &mut RunResult,
    progress: &Progress,
) -> Result<(), Failure> {
    let mut under_way: Option<Vec<Expected>> = None;
    let mut line = Vec::new();
    while result.differences.is_empty() {
        line.clear();
        lines.read_until(b'\n', &mut line)?;
        let Some(whole) = line.strip_suffix(b"\n") else { break };
        match String::from_utf8_lossy(whole).as_ref() {
            BEGUN => under_way = Some(ledger.expected(false)?),
            // Steps that were begun when the backup was done may be in it.
            DONE => {
                for (one, begun) in under_way.iter_mut().flatten().zip(ledger.expected(true)?) {
                    one.steps.extend(begun.steps);
                }
                result.backup = under_way.take();
            }
            acknowledged => {
                let (worker, n, answer) = parts(acknowledged)
                    .ok_or_else(|| format!("unexpected output of the writer: {acknowledged:?}"))?;
                let account = ledger.accounts.get_mut(worker).ok_or("an unknown worker")?;
                if let Some(one) = under_way.as_mut().and_then(|expected| expected.get_mut(worker)) {
                    one.steps.push(account.workload.op(n)?);
                }
                result.differences.extend(account.acknowledge(n, answer)?);
                result.steps += 1;
                progress.steps.store(result.steps, Ordering::SeqCst);
                result.refused += u64::from(answer.starts_with("Err"));
            }
        }
    }
    Ok(())
}

fn parts(line: &str) -> Option<(usize, u64, &str)> {
    let (worker, rest) = line.split_once(' ')?;
    let (n, answer) = rest.split_once(' ')?;
    Some((worker.parse().ok()?, n.parse().ok()?, answer))
}
