//! The result of a soak.

use crate::args::Options;
use crate::audit::Audited;
use crate::child::RunPlan;
use crate::metrics::{Trend, Unit, Usage};
use std::fmt;

/// Counts, trends and differences.
#[derive(Debug)]
pub(crate) struct Report {
    options: Options,
    pub(crate) runs: u64,
    pub(crate) kills: u64,
    pub(crate) steps: u64,
    pub(crate) refused: u64,
    pub(crate) unacknowledged: u64,
    pub(crate) audits: u64,
    pub(crate) facts: usize,
    pub(crate) restores: u64,
    pub(crate) differences: Vec<String>,
    /// The resources of the writer, by run, once a second.
    pub(crate) writer: Vec<Vec<Usage>>,
    /// Files that the auditor had open after each audit.
    pub(crate) auditor: Vec<u64>,
    /// Bytes of the store after each audit.
    pub(crate) disk: Vec<u64>,
    /// The disk space of restored backups, in percent of that of a new store with the same contents.
    pub(crate) of_baseline: Vec<u64>,
}

/// Upper limit of the disk space of a store compared with a new one. Free slots take space until they are reused: as many as
/// there ever were devices at one time on each platform. Unlimited growth exceeds this limit soon.
const MAX_PERCENT_OF_BASELINE: u64 = 200;

/// Minimum length in seconds of a run whose memory is checked for a trend.
const LONG: usize = 20;

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Report {
            options: options.clone(),
            runs: 0,
            kills: 0,
            steps: 0,
            refused: 0,
            unacknowledged: 0,
            audits: 0,
            facts: 0,
            restores: 0,
            differences: Vec::new(),
            writer: Vec::new(),
            auditor: Vec::new(),
            disk: Vec::new(),
            of_baseline: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, audited: &Audited) {
        self.audits += 1;
        self.facts += audited.facts;
        self.differences.extend(audited.differences.iter().cloned());
    }

    pub(crate) fn passed(&self) -> bool {
        self.differences.is_empty() && self.trends().iter().all(Trend::is_flat)
    }

    /// Formats the progress line of a run.
    pub(crate) fn progress(&self, number: u64, plan: &RunPlan, steps: u64, devices: usize) -> String {
        let end = if plan.kill { "killed" } else { "stopped" };
        let verdict = if self.differences.is_empty() { "equal" } else { "DIFFERENT" };
        let disk =
            self.disk.last().map_or_else(String::new, |&bytes| format!(", {}", Unit::Bytes.shown(bytes)));
        format!(
            "run {number}: {} s, {steps} steps, {end}; {devices} devices{disk}; {verdict} to the ledger",
            plan.seconds
        )
    }

    fn trends(&self) -> Vec<Trend> {
        let mut longest: Vec<&Vec<Usage>> = self.writer.iter().filter(|used| used.len() >= LONG).collect();
        longest.sort_by_key(|used| used.len());
        let within: Vec<u64> =
            longest.last().into_iter().flat_map(|used| used.iter()).map(|u| u.memory).collect();
        // Buffers and caches fill during the first third of a run.
        let warm = within.get(within.len() / 3..).unwrap_or_default();
        let files: Vec<u64> =
            longest.last().into_iter().flat_map(|used| used.iter()).map(|used| used.files).collect();
        let warm_files = files.get(files.len() / 3..).unwrap_or_default();
        [
            Trend::of("memory of the writer, in its longest run", Unit::Bytes, warm, 10, 8 << 20),
            Trend::of("open files of the writer, in its longest run", Unit::Files, warm_files, 0, 24),
            Trend::of("open files of the auditor", Unit::Files, &self.auditor, 0, 0),
            Trend::of("disk after each run", Unit::Bytes, &self.disk, 25, 8 << 20),
            Trend::within(
                "disk compared with a new store",
                Unit::Percent,
                &self.of_baseline,
                MAX_PERCENT_OF_BASELINE,
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Options { minutes, seed, workers, devices, rate, .. } = &self.options;
        writeln!(
            f,
            "{minutes} minutes, seed {seed}, {workers} workers, {devices} device ids, {rate} steps per second"
        )?;
        writeln!(f, "runs of the writer             {:>10}, {} of them killed", self.runs, self.kills)?;
        writeln!(f, "steps acknowledged             {:>10}, {} of them refused", self.steps, self.refused)?;
        writeln!(f, "done, but not acknowledged     {:>10}", self.unacknowledged)?;
        writeln!(f, "backups restored               {:>10}", self.restores)?;
        writeln!(f, "audits                         {:>10}, {} facts compared", self.audits, self.facts)?;
        for trend in self.trends() {
            let Trend { what, unit, first, last, values, most } = &trend;
            let (first, last, most) = (unit.shown(*first), unit.shown(*last), unit.shown(*most));
            let verdict = if trend.is_flat() { "flat" } else { "RISING" };
            writeln!(f, "{what}: {verdict}, from {first} to {last} (at most {most}; {values} values)")?;
        }
        if self.differences.is_empty() {
            return write!(f, "the store equals the ledger");
        }
        writeln!(f, "THE STORE DIFFERS FROM THE LEDGER:")?;
        for difference in &self.differences {
            writeln!(f, "  {}", difference.replace('\n', "\n  "))?;
        }
        write!(f, "to repeat the steps: --seed {seed} --workers {workers} --devices {devices} --rate {rate}")
    }
}
